"""The most that an offer could give on a set of pieces, however its uses take them.

Sound and nearly sharp: a use takes at least and at most so many pieces that no other use touches;
what it gives is no more than its pieces could bring one by one, and no more than it gives in all.
"""

from collections.abc import Sequence

from promo.checkout.basket.belt import bits
from promo.checkout.basket.gains import Gains
from promo.checkout.basket.needs import enough, on_top, reach
from promo.checkout.basket.ways import Offer


class Bound:
    """Bounds of one offer, each reckoned once. `sure`: its pieces that no other offer wants."""

    def __init__(self, offer: Offer, sure: int) -> None:
        self.offer, self.sure = offer, sure
        self.gains, self.reach = Gains(offer, sure), reach(offer)
        self._known: dict[tuple[int, int], int] = {}

    def __call__(self, free: int, made: int) -> int:
        """The most that the uses left after `made` ones are worth on free pieces."""
        key = (free & self.offer.mask, made)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._most(key[0], self.offer.most - made)
        return found

    def _most(self, free: int, uses: int) -> int:
        indices: Sequence[int] = list(bits(free))  # the dearest come first
        uses = min(uses, enough(self.offer, indices))
        if not self.offer.yields:
            indices = self._within_reach(free, indices, uses)
        dearest = sorted([self.gains.of[n] for n in indices], reverse=True)
        worths = [self._worth(indices, dearest, count) for count in range(1, uses + 1)]
        return max([0, *worths])

    def _worth(self, indices: Sequence[int], dearest: Sequence[int], uses: int) -> int:
        """What so many uses are worth at most, in whole minor units or points."""
        worth = sum(dearest if self.reach is None else dearest[: self.reach * uses])
        in_all = self.gains.most(indices, uses)
        if in_all is not None:
            worth = min(worth, in_all)
        worth += uses * self.gains.each
        return worth - worth % self.gains.grid + uses * self.offer.worth.use

    def _within_reach(self, free: int, indices: Sequence[int], uses: int) -> Sequence[int]:
        """Of an offer that takes the cheapest: no piece dearer than those it comes to first.

        Others may take what they want as well from under it, but not the pieces it is sure of.
        """
        single = self.offer.single
        if single is None or single.takes_all or single.need in ("pounds", "kilograms"):
            return indices
        count, spend = (self.reach or on_top(self.offer)) * uses, 0
        if single.need == "spend" and indices:
            spend = single.amount * uses + self.offer.belt.prices[indices[0]] * (uses - 1)
        found = []
        for n, piece in self.offer.own:
            if count <= 0 and spend <= 0:
                break
            if free >> n & 1:
                found.append(n)
                if self.sure >> n & 1:
                    count, spend = count - (spend <= 0), spend - piece.price
        return sorted(found)
