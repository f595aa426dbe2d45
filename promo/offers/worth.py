"""Worth: what an offer is worth to a shopper in each cell of the grid, at typical prices.

It is the price of the smallest basket that the offer is given on, so it is never more than what
the items of that basket cost. Where the price of an item is unknown, an amount off counts as it
is written; for all other rewards the item is taken to cost `unknown`.
"""

from collections.abc import Mapping
from decimal import Decimal

from promo.offers.basket import Line
from promo.offers.cells import CELLS, Cell
from promo.offers.pricing import price
from promo.offers.rewards import AmountOff, FreeItem, Get, Reward
from promo.offers.taking import TARGETS
from promo.offers.terms import Terms
from promo.offers.values import MOST

REST = "the rest of the basket"


def ladder(
    terms: Terms, typical: Mapping[int, int], *, unknown: int = 0, point: Decimal = Decimal(0)
) -> dict[Cell, int]:
    """Minor units off in each of cells.CELLS, each a (loyalty, volume).

    typical: the median price of a piece, in minor units, of the products of the first, second and
    third purchase; a purchase whose prices are unknown is not in it. unknown: the minor units that
    such a piece is taken to cost. point: what a point is worth to the shopper, in minor units.
    """
    numbers = {cell: terms.number(cell) for cell in CELLS}
    distinct = set(numbers.values())
    found = {number: _worth(terms, number, typical, unknown, point) for number in distinct}
    return {cell: found[number] for cell, number in numbers.items()}


def _worth(
    terms: Terms, number: int, typical: Mapping[int, int], unknown: int, point: Decimal
) -> int:
    reward = terms.reward.at(number)
    way = terms.ways[0]
    each = {n: typical.get(n, MOST if _as_written(reward) else unknown) for n in way}
    lines = [
        _line(terms, reward, n, each[n]) for n in way if terms.purchases[n].named and each[n] > 0
    ]
    lines += _rest(terms, lines)
    priced = price(terms, number, lines, {str(n): (n,) for n in way}, most=1)
    return priced.discount + int(priced.points * point)


def _as_written(reward: Reward) -> bool:
    """Whether a reward's worth can be told from its number alone."""
    return isinstance(reward, AmountOff | FreeItem) or (
        isinstance(reward, Get) and reward.amount_off is not None
    )


def _line(terms: Terms, reward: Reward, number: int, each: int) -> Line:
    """The least of a purchase, at so much a piece; a piece weighs a pound or a kilogram."""
    purchase = terms.purchases[number]
    pounds = purchase.need == "pounds" or getattr(reward, "per", "") == "lb"
    if purchase.need in ("pounds", "kilograms"):
        quantity = -(-purchase.amount // 1000)
    elif purchase.need == "spend":
        quantity = -(-purchase.amount // each)
    else:
        quantity = purchase.buy or 1
    if isinstance(reward, Get | FreeItem) and TARGETS.get(reward.applies_to, 1) == number:
        given = reward.get if isinstance(reward, Get) else 1
        quantity = max(quantity, given) if reward.among else quantity + given
    weight = 1000 * quantity
    return Line(str(number), quantity, quantity * each, weight, "lb" if pounds else "kg")


def _rest(terms: Terms, lines: list[Line]) -> list[Line]:
    """What the basket lacks to cost enough."""
    wanted = max((p.amount for p in terms.purchases.values() if p.need == "basket"), default=0)
    lacking = wanted - sum(line.amount for line in lines)
    return [Line(REST, 1, lacking)] if lacking > 0 else []
