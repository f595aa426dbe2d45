"""The most that an offer could give on a set of pieces, however its uses take them.

Sound, never sharp: each use takes off some pieces that no other use touches, so that the dearest
pieces, as many as the uses may reach, bound what comes off them.
"""

from fractions import Fraction
from itertools import islice

from promo.checkout.basket.belt import bits
from promo.checkout.basket.ways import Offer
from promo.offers.basket import half_up
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
    Reward,
)  # fmt: skip
from promo.offers.values import WHOLE


class Bound:
    """Bounds of one offer, each reckoned once."""

    def __init__(self, offer: Offer) -> None:
        self.offer, self.reach = offer, _reach(offer)
        self.whole = _off_the_basket(offer)
        self._known: dict[tuple[int, int], int] = {}

    def __call__(self, free: int, made: int) -> int:
        """The most that the uses left after `made` ones are worth on free pieces."""
        key = (free & self.offer.mask, made)
        found = self._known.get(key)
        if found is None:
            uses = self.offer.most - made
            found = self.offer.worth.at_most(*self._most(key[0], uses), uses)
            self._known[key] = found
        return found

    def _most(self, free: int, uses: int) -> tuple[int, int]:
        most = uses * self.whole[0], uses * self.whole[1]
        if not free:
            return most
        reach = free.bit_count() if self.reach is None else self.reach * uses
        indices = list(islice(bits(free), reach))  # the dearest come first on the belt
        prices = [self.offer.belt.prices[index] for index in indices]
        off = min(sum(prices), self._off(prices, indices, uses))
        return most[0] + off, most[1] + self._points(free, uses)

    def _off(self, prices: list[int], indices: list[int], uses: int) -> int:
        """Minor units off the dearest pieces that the uses reach."""
        reward = self.offer.reward
        match reward:
            case AmountOff(per="use"):
                return reward.amount_off * uses
            case AmountOff(per="unit"):
                return sum(min(reward.amount_off, price) for price in prices)
            case NewPrice(per="unit"):
                return sum(given(reward, [self.offer.belt.pieces[n] for n in indices], prices))
            case PercentOff():  # each use rounds by itself
                off = sum(prices) * reward.percent_off // WHOLE + uses
                return off if reward.at_most is None else min(off, reward.at_most * uses)
            case BundlePrice() if self.reach is not None:
                starts = range(0, len(prices), self.reach)
                sums = [sum(prices[n : n + self.reach]) for n in starts]
                return sum(max(each - reward.bundle_price, 0) for each in sums)
        return _of_free_pieces(reward, prices, uses)

    def _points(self, free: int, uses: int) -> int:
        match self.offer.reward:
            case GivePoints(per="use") as reward:
                return reward.points * uses
            case GivePoints(per="unit") as reward:
                return reward.points * free.bit_count()
            case GivePoints() as reward:  # each use rounds by itself; a pound is less
                none = Fraction(0)
                weights = [self.offer.belt.pieces[index].weight or none for index in bits(free)]
                return half_up(reward.points * sum(weights, none) * 3) + uses
        return 0


def _of_free_pieces(reward: Reward, prices: list[int], uses: int) -> int:
    """The most off where uses give some pieces; of other rewards, all that the pieces cost."""
    if isinstance(reward, FreeItem):
        return sum(min(reward.free_item, price) for price in prices[:uses])
    if not isinstance(reward, Get):
        return sum(prices)
    each = given(reward.model_copy(update={"at_most": None}), (), prices)
    most = sum(each[: reward.get * uses])
    return most if reward.at_most is None else min(most, reward.at_most * uses)


def _reach(offer: Offer) -> int | None:
    """The most pieces that one use comes off; None where no number bounds them."""
    purchases = offer.terms.purchases
    if any(not _counted(purchase) for purchase in purchases.values()):
        return None
    pieces = sum(p.amount if p.need == "buy" else 1 for p in purchases.values())
    more = offer.reward.get if isinstance(offer.reward, Get) else 1
    return pieces + more if isinstance(offer.reward, Get | FreeItem) else pieces


def _counted(purchase: Purchase) -> bool:
    return purchase.need in ("buy", "basket", "nothing") and not purchase.takes_all


def _off_the_basket(offer: Offer) -> tuple[int, int]:
    """What a use gives where it may come off the whole basket, else nothing."""
    terms = offer.terms
    bare = any(not any(terms.purchases[n].named for n in way) for way in terms.ways)
    return offer.off_the_basket if bare or offer.reward.applies_to == "basket" else (0, 0)
