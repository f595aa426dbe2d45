"""The most that an offer could give on a set of pieces, however its uses take them.

Sound and nearly sharp: a use takes at least and at most so many pieces that no other use touches;
what it gives is no more than its pieces could bring one by one, and no more than it gives at all.
Pieces that several offers want may have a price: a use then counts what it gives less the prices
of what it takes, and the prices of all pieces come on top (a Lagrangian bound).
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from itertools import accumulate

from promo.checkout.basket.belt import bits
from promo.checkout.basket.ways import Offer
from promo.offers.basket import POUND, Piece
from promo.offers.conditions import Purchase
from promo.offers.giving import given
from promo.offers.rewards import (
    AmountOff,
    BundlePrice,
    FreeItem,
    Get,
    GivePoints,
    NewPrice,
    PercentOff,
)  # fmt: skip
from promo.offers.values import WHOLE

Bounded = tuple[int, int]  # the most that uses are worth less the pieces' prices; those pieces


class Bound:
    """Bounds of one offer, each reckoned once; `prices` of the belt's pieces may be set."""

    def __init__(self, offer: Offer, sure: int) -> None:
        self.offer = offer
        self.sure = sure
        self.gains = _Gains(offer, self.sure)
        self.fewest, self.reach = _fewest(offer), _reach(offer)
        purchases = [*offer.terms.purchases.values()]
        self.single = purchases[0] if len(purchases) == 1 else None
        self.all = self.single is not None and self.single.named and self.single.takes_all
        self._known: dict[tuple[int, int], int] = {}

    def __call__(self, free: int, made: int) -> int:
        """The most that the uses left after `made` ones are worth on free pieces."""
        key = (free & self.offer.mask, made)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._most(key[0], made)
        return found

    def _most(self, free: int, made: int) -> int:
        gains, indices, best = self.gains, list(bits(free & self.offer.mask)), 0
        most = self._uses(indices, self.offer.most - made)
        if not most:
            return best
        if not self.offer.yields:
            indices = self._cheapest(free, indices, most)
        single = sorted([gains.of[n] for n in indices], reverse=True)
        for uses in range(1, most + 1):
            reached = single if self.reach is None else single[: self.reach * uses]
            value = sum(reached) + uses * gains.each
            cap = gains.cap(indices, uses)
            if cap is not None:
                value = min(value, cap + uses * gains.each)
            value -= value % gains.grid
            best = max(best, value + uses * gains.use)
        return best

    def _uses(self, indices: Sequence[int], uses: int) -> int:
        """How many uses the pieces are enough for, at most."""
        if self.fewest:
            uses = min(uses, len(indices) // self.fewest)
        if self.all:
            uses = min(uses, 1)
        terms = self.offer.terms
        if uses and len(terms.ways) == 1:
            purchases = terms.purchases
            own = self.own
            for number in terms.ways[0]:
                fitting = indices if self.single else [n for n in indices if number in own[n].purchases]
                uses = min(uses, _enough(purchases[number], self.offer, fitting, uses))
        return uses

    @cached_property
    def own(self) -> dict[int, Piece]:
        return dict(self.offer.own)

    def _cheapest(self, free: int, indices: list[int], uses: int) -> list[int]:
        """Pieces that an offer can reach that takes the cheapest: none behind those it is sure of."""
        need = self.single
        if need is None or need.takes_all or need.need not in ("buy", "spend", "basket", "nothing"):
            return indices
        count, spend = (self.reach or _extra(self.offer)) * uses, 0
        if need.need == "spend":
            dearest = self.offer.belt.prices[indices[0]] if indices else 0
            spend = need.amount * uses + dearest * (uses - 1)
        found = []
        for n, piece in self.offer.own:
            if not free >> n & 1:
                continue
            if count <= 0 and spend <= 0:
                break
            found.append(n)
            if self.sure >> n & 1:
                if spend > 0:
                    spend -= piece.price
                else:
                    count -= 1
        return sorted(found)


class _Gains:
    """What a use may bring: by piece (`of`), `each` use whatever it takes, and by `cap` at most."""

    def __init__(self, offer: Offer, sure: int) -> None:
        self.offer, self.reward, self.sure = offer, offer.reward, sure
        [*purchases] = offer.terms.purchases.values()
        self.all = len(purchases) == 1 and purchases[0].takes_all
        self.until = purchases[0].amount if (
            len(purchases) == 1 and purchases[0].need == "spend" and not self.all) else None
        self.money, self.point = max(offer.worth.money, 0), max(offer.worth.point, 0)
        whole = _off_the_basket(offer)
        self.use, self.grid = offer.worth.use, self.money or 1
        self.each = self.money * whole[0] + self.point * whole[1]
        self.of = {index: 0 for index, _ in offer.own}
        self.pool = 1
        if offer.reward.applies_to == "basket":
            return
        pieces = dict(offer.own)
        by_piece = {index: self._of(piece) for index, piece in pieces.items()}
        match offer.reward:
            case PercentOff() | AmountOff(per="kg" | "lb"):
                self.each += self.money // 2  # each use rounds by itself
            case GivePoints() as reward:
                self.grid = self.point or 1
                self.each += self.point * reward.points if reward.per == "use" else self.point // 2
            case BundlePrice() as reward:
                self.each -= self.money * reward.bundle_price
            case Get() | FreeItem():
                count = self._pieces_given
                self.pool = max(_aimed(offer), count)
                by_piece = {n: -(-gain * count // self.pool) for n, gain in by_piece.items()}
        self.of = by_piece

    def _of(self, piece: Piece) -> int:
        """What one piece may bring, in worth; fractions of a minor unit count."""
        match self.reward:
            case AmountOff(per="use") as reward:
                return self.money * min(reward.amount_off, piece.price)
            case AmountOff(per="kg" | "lb") as reward:
                return _up(self.money * reward.amount_off * _weight(piece, reward.per))
            case AmountOff() | NewPrice() as reward:
                return self.money * given(reward, [piece], [piece.price])[0]
            case PercentOff() as reward:
                return self.money * piece.price * reward.percent_off // WHOLE
            case Get() as reward:
                uncapped = reward.model_copy(update={"at_most": None})
                return self.money * given(uncapped, [piece], [piece.price])[0]
            case FreeItem() as reward:
                return self.money * min(reward.free_item, piece.price)
            case GivePoints(per="unit") as reward:
                return self.point * reward.points
            case GivePoints(per="kg" | "lb") as reward:
                return _up(self.point * reward.points * _weight(piece, reward.per))
            case GivePoints():
                return 0
        return self.money * piece.price

    @property
    def _pieces_given(self) -> int:
        return self.reward.get if isinstance(self.reward, Get) else 1

    def cap(self, indices: Sequence[int], uses: int) -> int | None:
        """What so many uses bring at most on pieces, the dearest first; None where nothing says."""
        own = 0
        match self.reward:
            case AmountOff(per="use", applies_to="bought" | "first" | "second" | "third") as reward:
                return own + uses * self.money * reward.amount_off
            case PercentOff(at_most=int(at_most), applies_to="bought" | "first" | "second" | "third"):
                return own + uses * self.money * at_most
            case Get() | FreeItem():
                most = self._given_at_most(indices, uses)
                at_most = getattr(self.reward, "at_most", None)
                return own + (most if at_most is None else min(most, uses * self.money * at_most))
            case PercentOff(applies_to="bought") as reward if self.until is not None:
                most = self._spent(indices, uses)
                return own + self.money * -(-most * reward.percent_off // WHOLE)
            case NewPrice() | BundlePrice() if self.until is not None:
                return own + self.money * self._spent(indices, uses)
        return None

    def _spent(self, indices, uses):
        prices = self.offer.belt.prices
        return uses * (self.until - 1) + sum([prices[n] for n in indices[:uses]])

    def _given_at_most(self, indices: Sequence[int], uses: int) -> int:
        """Of every so many pieces, the dearest together, the cheapest are given."""
        pieces, count = self.offer.belt.pieces, self._pieces_given
        most = 0
        if self.all:
            sure = [n for n in indices if self.sure >> n & 1][-count:]
            if len(sure) == count:
                return sum([self._of(pieces[n]) for n in sure])
        for start in range(0, self.pool * uses, self.pool):
            block = indices[start : start + self.pool]
            most += sum([self._of(pieces[n]) for n in block[self.pool - count :]])
        return most


def _up(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)


def _weight(piece: Piece, per: str) -> Fraction:
    weight = piece.weight or Fraction(0)
    return weight / POUND if per == "lb" else weight


def _enough(purchase: Purchase, offer: Offer, indices: Sequence[int], uses: int) -> int:
    """How often pieces meet one purchase's need, at most."""
    pieces = offer.belt.pieces
    if purchase.need == "buy":
        return len(indices) // purchase.amount
    if purchase.need == "spend" and purchase.amount:
        return sum([pieces[n].price for n in indices]) // purchase.amount
    if purchase.need in ("pounds", "kilograms"):
        per = "lb" if purchase.need == "pounds" else "kg"
        weight = sum([_weight(pieces[n], per) for n in indices], Fraction(0))
        return int(weight * 1000 / purchase.amount)
    return uses


def _fewest(offer: Offer) -> int:
    """The fewest pieces that one use takes."""
    purchases = offer.terms.purchases
    return min(sum(_least(purchases[n]) for n in way) for way in offer.terms.ways) + _extra(offer)


def _aimed(offer: Offer) -> int:
    """The fewest pieces of which a use gives the cheapest."""
    targets = {"first": {1}, "second": {2}, "third": {3}}
    purchases, found = offer.terms.purchases, []
    for way in offer.terms.ways:
        aimed = targets.get(offer.reward.applies_to, set(way)) & set(way)
        found.append(sum(_least(purchases[n]) for n in aimed))
    return min(found) + _extra(offer)


def _least(purchase: Purchase) -> int:
    if purchase.need == "buy":
        return purchase.amount
    return int(purchase.named and purchase.need != "nothing")


def _extra(offer: Offer) -> int:
    """The pieces that a use gives on top of those bought."""
    reward = offer.reward
    if not isinstance(reward, Get | FreeItem) or reward.among:
        return 0
    return reward.get if isinstance(reward, Get) else 1


def _reach(offer: Offer) -> int | None:
    """The most pieces that one use takes; None where no number bounds them."""
    purchases = offer.terms.purchases
    if any(not _counted(purchase) for purchase in purchases.values()):
        return None
    counts = {n: p.amount if p.need == "buy" else int(p.named) for n, p in purchases.items()}
    return max(sum(counts[n] for n in way) for way in offer.terms.ways) + _extra(offer)


def _counted(purchase: Purchase) -> bool:
    return purchase.need in ("buy", "basket", "nothing") and not purchase.takes_all


def _off_the_basket(offer: Offer) -> tuple[int, int]:
    """What a use gives where it may come off the whole basket, else nothing."""
    terms = offer.terms
    bare = any(not any(terms.purchases[n].named for n in way) for way in terms.ways)
    return offer.off_the_basket if bare or offer.reward.applies_to == "basket" else (0, 0)
