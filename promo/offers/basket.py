"""A basket as pricing sees it: lines, the pieces they are made of, and shares to the minor unit."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

Unit = tuple[int, int]  # a line's number in the basket, and the piece's in the line
POUND = Fraction(45_359_237, 100_000_000)  # kilograms, exactly


@dataclass(frozen=True)
class Line:
    """A line of a basket: `amount` minor units are to be paid for `quantity` pieces.

    What other offers took off is off already. `weight` is thousandths of `unit` for the whole line,
    None where it is not weighed. `excluded` lines count for nothing: petrol, deposits, `no_coupon`.
    A line of no or negative quantity or amount is no purchase; it lowers the basket's sum.
    """

    product: str
    quantity: int
    amount: int
    weight: int | None = None
    unit: Literal["kg", "lb"] = "kg"
    excluded: bool = False


@dataclass(frozen=True)
class Piece:
    """One piece: its price in minor units, its weight in kilograms, the purchases it counts to."""

    unit: Unit
    price: int
    weight: Fraction | None
    purchases: frozenset[int]


def pieces(
    lines: Sequence[Line], purchase_of: Mapping[str, Collection[int]], *, dearest: bool
) -> list[Piece]:
    """All pieces that count, in the order in which an offer takes them.

    A line's amount is spread over its pieces so that their prices differ by one at most. Pieces of
    one price are ordered by what their lines say, so that the lines' order decides nothing.
    """
    found = []
    for number, line in enumerate(lines):
        if line.excluded or line.quantity <= 0 or line.amount <= 0:
            continue
        each, dearer = divmod(line.amount, line.quantity)
        weight = _kilograms(line)
        purchases = frozenset(purchase_of.get(line.product, ()))
        said = (line.product, line.amount, line.quantity, weight or 0, number)
        found += [
            (said, Piece((number, n), each + (n < dearer), weight, purchases))
            for n in range(line.quantity)
        ]
    sign = -1 if dearest else 1
    found.sort(key=lambda pair: (sign * pair[1].price, *pair[0], pair[1].unit[1]))
    return [piece for _, piece in found]


def _kilograms(line: Line) -> Fraction | None:
    """The weight of one piece of a line."""
    if line.weight is None or line.weight <= 0:
        return None
    return Fraction(line.weight, 1000 * line.quantity) * (POUND if line.unit == "lb" else 1)


def total(lines: Sequence[Line]) -> int:
    """What the lines that count cost together, never below zero."""
    return max(0, sum(line.amount for line in lines if not line.excluded))


def apportion(amount: int, prices: Sequence[int]) -> list[int]:
    """Shares of an amount in proportion to prices, by largest remainder; ties go to the first.

    They add up to `amount`, which may not be more than the prices' sum; none is above its price.
    """
    whole = sum(prices)
    if not whole:
        return [0] * len(prices)
    shares = [amount * price // whole for price in prices]
    rest = [amount * price % whole for price in prices]
    order = sorted(range(len(prices)), key=lambda n: -rest[n])
    for n in order[: amount - sum(shares)]:
        shares[n] += 1
    return shares


def half_up(amount: Fraction) -> int:
    """To the nearest whole number, a half upwards."""
    return int(amount + Fraction(1, 2))
