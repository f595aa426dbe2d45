"""A plan made real: what comes off each piece, who pays it, and the points.

Rewards on pieces come first. What comes off the whole basket comes last, on what is left to pay:
the chain's own before coupons, percentages before amounts, because so they give most.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promo.checkout.basket.belt import Belt
from promo.checkout.basket.groups import Step
from promo.checkout.basket.model import Part, Use
from promo.checkout.basket.ways import Offer
from promo.offers.basket import Piece, Unit, apportion
from promo.offers.giving import given
from promo.offers.values import WHOLE


@dataclass(frozen=True)
class Made:
    """The uses of each offer by its place; offers whose uses came to nothing have none."""

    uses: dict[int, list[Use]]
    taken: dict[int, int]  # the set of pieces that each offer's uses took
    discount: int


class _Till:
    """What is left to pay, piece by piece and in all."""

    def __init__(self, belt: Belt) -> None:
        self.left = {piece.unit: piece.price for piece in belt.pieces}
        self.room = belt.total
        self.uses, self.taken = defaultdict[int, list[Use]](list), Counter[int]()

    def book(self, offer: Offer, step: Step, off: dict[Unit, int]) -> None:
        """Make one use, if anything comes of it."""
        _, way = step
        if not any(off.values()) and not way.points:
            return
        for unit, share in off.items():
            self.left[unit] -= share
        self.room -= sum(off.values())
        uses = self.uses[offer.place]
        bearing = way.target or way.pieces or offer.all_pieces
        uses.append(
            Use(
                number=len(uses) + 1,
                units=tuple(sorted(piece.unit for piece in way.pieces)),
                parts=_parts(offer, off, _points(bearing, way.points)),
                handling=offer.terms.handling,
                counted=offer.counts * (len(uses) + 1),
            )
        )
        self.taken[offer.place] |= way.mask

    def off_the_basket(self, offer: Offer) -> dict[Unit, int]:
        """What an offer takes off the whole basket as it stands."""
        target = offer.all_pieces
        shares = given(offer.reward, target, [self.left[piece.unit] for piece in target])
        room = max(self.room, 0)
        if sum(shares) > room:  # returns in the basket lower its sum
            shares = apportion(room, shares)
        return {piece.unit: share for piece, share in zip(target, shares, strict=True) if share}


def make(steps: Iterable[Step], belt: Belt, *, in_turn: bool = False) -> Made:
    """Make a plan's uses; in_turn: those on the whole basket in the plan's order."""
    steps = list(steps)
    till = _Till(belt)
    for step in steps:
        offer, way = step
        if not way.whole:
            off = zip((piece.unit for piece in way.target), way.off, strict=True)
            till.book(offer, step, {unit: share for unit, share in off if share})
    for step in sorted((step for step in steps if step[1].whole), key=lambda s: _turn(s, in_turn)):
        till.book(step[0], step, till.off_the_basket(step[0]))
    discount = sum(use.discount for uses in till.uses.values() for use in uses)
    return Made(dict(till.uses), dict(till.taken), discount)


def _turn(step: Step, in_turn: bool) -> tuple[bool, bool, int]:
    offer = step[0]
    return (offer.held.coupon, False, 0) if in_turn else (
        offer.held.coupon, not offer.percent, offer.place)  # fmt: skip


def _points(pieces: Sequence[Piece], earned: int) -> dict[Unit, int]:
    """Points by piece, so that a return can take back what it earned."""
    shares = apportion(earned, [piece.price for piece in pieces])
    return {piece.unit: share for piece, share in zip(pieces, shares, strict=True) if share}


def _parts(offer: Offer, off: dict[Unit, int], earned: dict[Unit, int]) -> dict[Unit, Part]:
    """Each piece's part; the funder pays its percentage of the use, half a minor unit upwards."""
    whole = sum(off.values())
    paid = (whole * offer.terms.funder_percent * 2 + WHOLE) // (2 * WHOLE)
    funder = dict(zip(off, apportion(paid, list(off.values())), strict=True))
    return {
        unit: Part(off.get(unit, 0), funder.get(unit, 0), earned.get(unit, 0))
        for unit in sorted(off.keys() | earned.keys())
    }
