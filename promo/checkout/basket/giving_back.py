"""What a return gives back: the stored amounts of the pieces that come back, nothing new.

With the pieces goes what the offers took off them, what the funder paid of it, and their points.
Each offer's terms say what becomes of a use whose pieces come back:

keep     what was taken off the pieces that stay remains, and the use stays used
restore  the same, and a use all of whose pieces are back may be made again
reclaim  where the pieces that stay no longer meet the offer's needs, what came off them is taken
         back as well, out of what the return pays and never beyond it; so are their points
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from promo.checkout.basket.model import Matches, Part, Use
from promo.checkout.basket.sale import Sale, Sold, parts_from, stored_parts
from promo.offers import taking
from promo.offers.basket import Piece, Unit, apportion
from promo.offers.terms import Terms

NOTHING = Part(0, 0, 0)


@dataclass(frozen=True)
class Back:
    """What one use gives up, piece by piece; `uses` is one where it may be made again.

    handling: the funder's sum for the use, taken back once none of its discount is left.
    """

    key: str
    offer: str
    number: int
    parts: Mapping[Unit, Part]
    uses: int
    handling: int

    @property
    def discount(self) -> int:
        """Minor units of the discount taken back."""
        return sum(part.off for part in self.parts.values())

    @property
    def funder(self) -> int:
        """What goes back to the funder."""
        return sum(part.funder for part in self.parts.values())

    @property
    def points(self) -> int:
        """Points taken back."""
        return sum(part.points for part in self.parts.values())

    def stored(self) -> dict[str, Any]:
        """The same as JSON."""
        return vars(self) | {"parts": stored_parts(self.parts)}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """What `stored` wrote."""
        return cls(**{**stored, "parts": parts_from(stored["parts"])})


@dataclass(frozen=True)
class Returned:
    """One return: its pieces, what the shopper is paid for them, and what each use gives up."""

    units: tuple[Unit, ...]
    refund: int
    uses: tuple[Back, ...]

    def stored(self) -> dict[str, Any]:
        """The return as JSON."""
        return {
            "units": [list(unit) for unit in self.units],
            "refund": self.refund,
            "uses": [back.stored() for back in self.uses],
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Self:
        """The return that `stored` wrote; keys it does not know are left alone."""
        units = tuple((line, n) for line, n in stored["units"])
        backs = tuple(Back.from_stored(each) for each in stored["uses"])
        return cls(units, stored["refund"], backs)


def give_back(
    sale: Sale,
    units: Collection[Unit],
    earlier: Sequence[Returned],
    terms: Mapping[str, Terms],
    matches: Matches,
) -> Returned:
    """What a return of pieces gives back after earlier returns of the same sale.

    terms: by offer's id; matches: the offers that products count to. Pieces
    that are back already, or were never sold, are left out; the returns of a sale together give
    back exactly what was paid.
    """
    gone = {unit for each in earlier for unit in each.units}
    now = sorted((set(units) & sale.prices.keys()) - gone)
    after = gone | set(now)
    uses = [(sold, use) for sold in sale.offers for use in sold.uses]
    left = [_left(sold, use, earlier) for sold, use in uses]
    backs = [{unit: parts[unit] for unit in now if unit in parts} for parts in left]
    refund = sum(sale.prices[unit] for unit in now)
    refund -= sum(part.off for back in backs for part in back.values())
    found = []
    for (sold, use), parts, back in zip(uses, left, backs, strict=True):
        offer = terms[sold.offer]
        if offer.returns == "reclaim" and not _holds(sale, sold, use, offer, after, matches):
            kept = {unit: part for unit, part in parts.items() if unit not in back}
            more = _reclaimed(kept, refund)
            refund -= sum(part.off for part in more.values())
            back.update(more)
        found.append(_back(sold, use, parts, back, offer, after, earlier))
    return Returned(tuple(now), refund, tuple(each for each in found if each is not None))


def _left(sold: Sold, use: Use, earlier: Sequence[Returned]) -> dict[Unit, Part]:
    """What earlier returns have left of a use, piece by piece."""
    left = dict(use.parts)
    for each in earlier:
        for back in each.uses:
            if (back.key, back.number) == (sold.key, use.number):
                for unit, part in back.parts.items():
                    was = left[unit]
                    left[unit] = Part(
                        was.off - part.off, was.funder - part.funder, was.points - part.points
                    )
    return {unit: part for unit, part in left.items() if part != NOTHING}


def _holds(
    sale: Sale, sold: Sold, use: Use, terms: Terms, gone: Collection[Unit], matches: Matches
) -> bool:  # fmt: skip
    """Whether what stays of a use still meets the offer's needs."""
    kept, units = [], set(use.units)
    for piece in sale.pieces:
        if piece.unit in units and piece.unit not in gone:
            pairs = matches.get(sale.products[piece.unit[0]], ())
            numbers = frozenset(purchase for offer, purchase in pairs if offer == sold.offer)
            kept.append(replace(piece, purchases=numbers))
    if len(kept) == len(use.units) and not use.counted:
        return True
    counts = use.counted // use.number if use.number else 0
    left = sale.total - sum(sale.prices[unit] for unit in gone) - use.counted + counts
    return _met(terms, sold.number, kept, left)


def _met(terms: Terms, number: int, kept: Sequence[Piece], basket: int) -> bool:
    return any(True for _ in taking.ways_to_take(terms, terms.reward.at(number), kept, basket))


def _reclaimed(kept: Mapping[Unit, Part], room: int) -> dict[Unit, Part]:
    """What is taken back of pieces that stay, up to `room` minor units; points whole."""
    off = [part.off for part in kept.values()]
    taken = apportion(max(min(sum(off), room), 0), off)
    found = {}
    for (unit, part), share in zip(kept.items(), taken, strict=True):
        funder = part.funder * share // part.off if part.off else 0
        found[unit] = Part(share, funder, part.points)
    return {unit: part for unit, part in found.items() if part != NOTHING}


def _back(
    sold: Sold, use: Use, left: Mapping[Unit, Part], back: Mapping[Unit, Part], terms: Terms,
    gone: Collection[Unit], earlier: Sequence[Returned],
) -> Back | None:  # fmt: skip
    """What a use gives up in this return; None where nothing of it does."""
    before = Counter[str]()
    for other in (other for each in earlier for other in each.uses):
        if (other.key, other.number) == (sold.key, use.number):
            before.update(uses=other.uses, handling=other.handling)
    over = all(back.get(unit, NOTHING) == part for unit, part in left.items())
    all_back = over and set(use.units) <= set(gone) if terms.returns == "restore" else over
    again = int(all_back and terms.returns != "keep" and not before["uses"])
    handling = use.handling - before["handling"] if over else 0
    if not back and not again and not handling:
        return None
    return Back(sold.key, sold.offer, use.number, dict(back), again, handling)
