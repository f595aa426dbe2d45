"""A sale as it is stored: each piece's price and what every use took off it, frozen.

What a return gives back is read from here and never reckoned anew.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Self

from promo.checkout.basket.belt import Belt
from promo.checkout.basket.model import Held, Part, Together, Use
from promo.offers.basket import Line, Piece, Unit


@dataclass(frozen=True)
class Sold:
    """One offer's uses in a sale, with the reward's number that they were priced at."""

    key: str
    offer: str
    number: int
    uses: tuple[Use, ...]


@dataclass(frozen=True)
class Sale:
    """The pieces of a basket and the offers used on them.

    total: what its lines cost together; products: of each line.
    """

    total: int
    products: tuple[str, ...]
    pieces: tuple[Piece, ...]
    offers: tuple[Sold, ...]

    @classmethod
    def of(cls, lines: Sequence[Line], held: Iterable[Held], given: Together) -> Self:
        """The sale that an answer makes of a basket."""
        belt, of_key = Belt.of(lines), {each.key: each for each in held}
        offers = [
            Sold(each.key, of_key[each.key].terms.id, of_key[each.key].number, each.uses)
            for each in given.answers
            if each.uses
        ]
        products = tuple(line.product for line in lines)
        return cls(belt.total, products, belt.pieces, tuple(offers))

    @cached_property
    def prices(self) -> dict[Unit, int]:
        """Each piece's price before offers."""
        return {piece.unit: piece.price for piece in self.pieces}

    def stored(self) -> dict[str, Any]:
        """The sale as JSON."""
        return {
            "total": self.total,
            "products": list(self.products),
            "pieces": [
                [*p.unit, p.price, None if p.weight is None else str(p.weight)] for p in self.pieces
            ],
            "offers": [
                vars(sold) | {"uses": [_stored(use) for use in sold.uses]} for sold in self.offers
            ],
        }

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> Self:
        """The sale that `stored` wrote."""
        pieces = tuple(
            Piece((line, n), price, None if weight is None else Fraction(weight), frozenset())
            for line, n, price, weight in stored["pieces"]
        )
        offers = tuple(
            Sold(**sold | {"uses": tuple(_use(use) for use in sold["uses"])})
            for sold in stored["offers"]
        )
        return cls(stored["total"], tuple(stored["products"]), pieces, offers)

    def pick(self, line: int, quantity: int, gone: Iterable[Unit] = ()) -> list[Unit]:
        """The pieces that a return of so many of a line means, fewer where fewer are left.

        Those that no offer touched go back first, then those that least came off.
        """
        off = dict.fromkeys((p.unit for p in self.pieces if p.unit[0] == line), 0)
        taken = set[Unit]()
        for use in (use for sold in self.offers for use in sold.uses):
            taken |= set(use.units)
            for unit, part in use.parts.items():
                if unit in off:
                    off[unit] += part.off
        left = sorted(off.keys() - set(gone), key=lambda u: (u in taken, off[u], u))
        return left[:quantity]


def _stored(use: Use) -> dict[str, Any]:
    units = [list(unit) for unit in use.units]
    return vars(use) | {"units": units, "parts": stored_parts(use.parts)}


def _use(stored: dict[str, Any]) -> Use:
    units = tuple((line, n) for line, n in stored["units"])
    return Use(**stored | {"units": units, "parts": parts_from(stored["parts"])})


def stored_parts(parts: Mapping[Unit, Part]) -> list[list[int]]:
    """Parts as JSON: line, piece, off, funder, points of each."""
    return [[*unit, *part] for unit, part in parts.items()]


def parts_from(stored: Iterable[Sequence[int]]) -> dict[Unit, Part]:
    """The parts that `stored_parts` wrote."""
    return {(line, n): Part(*figures) for line, n, *figures in stored}
