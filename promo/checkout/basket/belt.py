"""The belt: a basket's pieces in one fixed order, so that sets of them are bits of a number."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from promo.checkout.basket.model import Matches
from promo.offers.basket import Line, Piece, Unit, pieces, total

# By offer: its pieces on the belt, and the purchases that each counts to.
Wanted = Mapping[str, Mapping[int, set[int]]]


@dataclass(frozen=True)
class Belt:
    """All pieces that may pay for an offer, the dearest first; equals by what their lines say."""

    lines: tuple[Line, ...]
    pieces: tuple[Piece, ...]
    total: int  # minor units that the lines which count cost together, returns taken off

    @classmethod
    def of(cls, lines: Sequence[Line]) -> "Belt":
        """Lay out a basket; pieces that its own returns take away are not on the belt."""
        gone = taken_away(lines)
        everything = pieces(lines, {}, dearest=True)
        kept = tuple(piece for piece in everything if piece.unit not in gone)
        return cls(tuple(lines), kept, total(lines))

    @cached_property
    def prices(self) -> tuple[int, ...]:
        """Minor units of each piece, falling."""
        return tuple(piece.price for piece in self.pieces)

    @cached_property
    def whole(self) -> int:
        """The set of all pieces."""
        return (1 << len(self.pieces)) - 1

    @cached_property
    def by_product(self) -> dict[str, list[int]]:
        """The pieces of each product, as indices."""
        found: dict[str, list[int]] = defaultdict(list)
        for index, piece in enumerate(self.pieces):
            found[self.lines[piece.unit[0]].product].append(index)
        return dict(found)

    def wanted(self, matches: Matches) -> Wanted:
        """The pieces that each offer wants, as indices, and the purchases that they count to."""
        found: dict[str, dict[int, set[int]]] = {}
        for product, indices in self.by_product.items():
            for offer, purchase in matches.get(product, ()):
                own = found.setdefault(offer, {})
                for index in indices:
                    own.setdefault(index, set()).add(purchase)
        return found

    def cheapest_first(self, indices: Sequence[int]) -> list[int]:
        """Pieces by rising price, equals still by what their lines say."""
        return sorted(indices, key=lambda index: (self.prices[index], index))


def bits(mask: int) -> Iterator[int]:
    """The members of a set, rising."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def taken_away(lines: Sequence[Line]) -> set[Unit]:
    """The pieces that lines of negative quantity take out of the same basket.

    A return takes pieces of its own product: first those of its own price a piece, then the
    dearest, of which it says least that the shopper meant to keep them. What finds no piece was
    bought another day and only lowers the basket's sum.
    """
    wanted: dict[str, Counter[int]] = defaultdict(Counter)
    for line in lines:
        if line.quantity < 0 and not line.excluded:
            wanted[line.product][line.amount // line.quantity] -= line.quantity
    gone: set[Unit] = set()
    if wanted:
        for piece in pieces(lines, {}, dearest=True):
            price = wanted.get(lines[piece.unit[0]].product, Counter())
            if price[piece.price] > 0:
                price[piece.price] -= 1
                gone.add(piece.unit)
        for piece in pieces(lines, {}, dearest=True):
            price = wanted.get(lines[piece.unit[0]].product, Counter())
            if piece.unit not in gone and price.total() > 0:
                price[next(each for each, count in sorted(price.items()) if count)] -= 1
                gone.add(piece.unit)
    return gone
