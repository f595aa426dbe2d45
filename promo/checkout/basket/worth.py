"""What a plan is worth under a policy, as one whole number.

Its leading digits are money in millionths of a minor unit; the last ones the priorities of the
uses, so that of plans worth the same the one with the higher priorities is made.
"""

from dataclasses import dataclass

from promo.checkout.basket.bounds import Bound
from promo.checkout.basket.model import Rules
from promo.checkout.basket.ways import Offer, Way
from promo.offers.values import WHOLE

MILLION = 10**6
PLACES = 10**7  # room for the priorities of all uses of a basket


@dataclass(frozen=True)
class Worth:
    """The scale on which a policy weighs uses."""

    rules: Rules

    def of(self, offer: Offer, discount: int, points: int, uses: int = 1) -> int:
        """What some uses of an offer are worth, which together give so much."""
        money = discount * MILLION + points * self.rules.point
        if self.rules.policy == "best_for_chain":
            bears = 2 * offer.terms.funder_percent - WHOLE  # paid to the chain, less borne by it
            money = money * bears + uses * offer.terms.handling * MILLION * WHOLE
        return money * PLACES + uses * offer.terms.priority

    def of_way(self, offer: Offer, way: Way) -> int:
        """What one use is worth."""
        return self.of(offer, way.discount, way.points)

    def at_most(self, offer: Offer, bound: Bound, free: int, uses: int) -> int:
        """A number that no uses of free pieces are worth more than."""
        return max(self.of(offer, *bound(free, uses), uses=uses), self.of(offer, 0, 0, uses), 0)
