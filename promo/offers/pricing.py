"""The price of one offer on given lines: pure, and the same for preview, settlement and till.

Pieces are taken the dearest first (or the cheapest, where the terms say so), use after use. A
use's discount is spread over its pieces by largest remainder; no piece goes below zero.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from promo.offers import taking
from promo.offers.basket import Line, Piece, Unit, apportion, pieces, total
from promo.offers.giving import given, points
from promo.offers.rewards import AmountOff, Reward
from promo.offers.terms import Terms

__all__ = ["Line", "Priced", "Unit", "WhyNot", "price"]


@dataclass(frozen=True)
class WhyNot:
    """Why an offer gives nothing: a code, and a sentence for whoever asks."""

    code: str
    sentence: str


@dataclass(frozen=True)
class Priced:
    """What an offer gives on some lines: minor units off, the share of each line, points.

    `units` are the pieces that the uses took: none of them may pay for another offer. `off` holds
    what came off each piece, those of a whole basket included.
    """

    uses: int
    discount: int
    shares: tuple[int, ...]
    units: tuple[Unit, ...]
    off: Mapping[Unit, int]
    points: int
    why_not: WhyNot | None


def price(
    terms: Terms,
    number: int,
    lines: Sequence[Line],
    purchase_of: Mapping[str, Collection[int]],
    *,
    taken: Collection[Unit] = (),
    most: int | None = None,
) -> Priced:
    """What an offer gives on some lines.

    number: the reward's number, such as `terms.number(cell)`; purchase_of: the purchases (1, 2, 3)
    that a product counts to; taken: pieces that other offers have used; most: uses that are left,
    the terms' own per list where it is None.
    """
    everything = pieces(lines, purchase_of, dearest=terms.choose == "dearest")
    most = terms.uses.per_list if most is None else most
    till = _Till(terms, terms.reward.at(number), everything, total(lines), taken)
    uses = 0
    while uses < most and till.use():
        uses += 1
    by_line = Counter[int]()
    for (line, _), share in till.off.items():
        by_line[line] += share
    return Priced(
        uses=uses,
        discount=till.off.total(),
        shares=tuple(by_line[number] for number in range(len(lines))),
        units=tuple(till.units),
        off=dict(till.off),
        points=till.points,
        why_not=None if uses else _why_not(till, most),
    )


class _Till:
    """One offer at work on a basket, use after use."""

    def __init__(
        self,
        terms: Terms,
        reward: Reward,
        everything: list[Piece],
        basket: int,
        taken: Collection[Unit],
    ) -> None:
        self.terms, self.reward, self.everything = terms, reward, everything
        self.free = [piece for piece in everything if piece.unit not in taken]
        self.left = {piece.unit: piece.price for piece in everything}
        self.basket = basket  # minor units that no use has counted as its own
        self.room = basket  # minor units that may still come off the basket as a whole
        self.off, self.units, self.points = Counter[Unit](), list[Unit](), 0
        self.again = True

    def use(self) -> bool:
        """Use the offer once more, in the way that gives most, the first of equals."""
        best: tuple[taking.Taken, dict[Unit, int], int] | None = None
        worth = (0, 0)
        for use in taking.ways_to_take(self.terms, self.reward, self.free, self.basket):
            shares, earned = self._given(use)
            if (sum(shares.values()), earned) > worth:
                worth = sum(shares.values()), earned
                best = use, shares, earned
        if best is None or not self.again:
            return False
        self._book(*best)
        return True

    def _given(self, use: taking.Taken) -> tuple[dict[Unit, int], int]:
        target = self.everything if use.whole_basket else use.target
        shares = given(self.reward, target, [self.left[piece.unit] for piece in target])
        if use.whole_basket and sum(shares) > self.room:  # returns in the basket lower its sum
            shares = apportion(self.room, shares)
        off = {p.unit: share for p, share in zip(target, shares, strict=True) if share}
        return off, points(self.reward, target)

    def _book(self, use: taking.Taken, shares: dict[Unit, int], earned: int) -> None:
        counted = _counted(self.terms)
        gone = {piece.unit for piece in use.pieces}
        self.off.update(shares)
        for unit, share in shares.items():
            self.left[unit] -= share
        self.points += earned
        self.basket -= counted
        self.room -= sum(shares.values())
        self.units += sorted(gone)
        self.free = [piece for piece in self.free if piece.unit not in gone]
        self.again = bool(gone or counted)  # what asks for nothing is given once


def _counted(terms: Terms) -> int:
    """Minor units of the basket that a use counts as its own."""
    return max((p.amount for p in terms.purchases.values() if p.need == "basket"), default=0)


def _why_not(till: _Till, most: int) -> WhyNot:
    if most <= 0:
        return WhyNot("no_uses", "The offer has been used as often as it may be.")
    terms, reward = till.terms, till.reward
    if any(True for _ in taking.ways_to_take(terms, reward, till.free, till.basket)):
        return worthless(reward)
    if any(True for _ in taking.ways_to_take(terms, reward, till.everything, till.basket)):
        return WhyNot("taken", "Other offers have used the items.")
    return unmet(terms, till.everything, till.basket)


def worthless(reward: Reward) -> WhyNot:
    """Why a reward gives nothing on pieces that meet the needs."""
    if isinstance(reward, AmountOff) and reward.over_value == "nothing":
        return WhyNot("over_value", "The items cost less than the offer takes off.")
    return WhyNot("no_saving", "There is nothing that the offer could take off.")


UNMET = {
    "buy": ("too_few", "Too few of the items are in the basket."),
    "spend": ("too_little", "The items in the basket cost too little."),
    "basket": ("basket_too_small", "The basket costs too little."),
    "pounds": ("too_light", "The items in the basket weigh too little."),
    "kilograms": ("too_light", "The items in the basket weigh too little."),
}


def unmet(terms: Terms, everything: Sequence[Piece], basket: int) -> WhyNot:
    """The first need that the basket's pieces, which cost `basket` together, do not meet."""
    purchases = terms.purchases
    found = frozenset[int]().union(*(piece.purchases for piece in everything))
    if not found & purchases.keys() and any(p.named for p in purchases.values()):
        return WhyNot("not_bought", "None of the items is in the basket.")
    for number, purchase in purchases.items():
        fitting = [piece for piece in everything if number in piece.purchases]
        if taking.needed(purchase, fitting, basket) is None:
            return WhyNot(*UNMET[purchase.need])
    return WhyNot("too_few", "Too few of the items are in the basket.")
