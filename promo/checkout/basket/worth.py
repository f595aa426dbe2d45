"""What uses are worth under a policy, as one whole number.

Its leading digits are money in millionths of a minor unit; the last ones the priorities of the
uses, so that of plans worth the same the one with the higher priorities is made.
"""

from dataclasses import dataclass

from promo.checkout.basket.model import Rules
from promo.offers.terms import Terms
from promo.offers.values import WHOLE

MILLION = 10**6
PLACES = 10**7  # room for the priorities of all uses of a basket


@dataclass(frozen=True)
class Worth:
    """One offer's scale: what its uses are worth that together give so much."""

    money: int  # a minor unit's worth
    point: int  # a point's
    use: int  # a use's own, whatever it gives

    @classmethod
    def under(cls, rules: Rules, terms: Terms) -> "Worth":
        """The scale of an offer under a policy."""
        money, point, use = MILLION, rules.point, 0
        if rules.policy == "best_for_chain":
            bears = 2 * terms.funder_percent - WHOLE  # paid to the chain, less borne by it
            money, point = money * bears, point * bears
            use = terms.handling * MILLION * WHOLE
        return cls(money * PLACES, point * PLACES, use * PLACES + terms.priority)

    def __call__(self, discount: int, points: int, uses: int = 1) -> int:
        """What some uses are worth that give so many minor units and points together."""
        return discount * self.money + points * self.point + uses * self.use

    def at_most(self, discount: int, points: int, uses: int) -> int:
        """What uses are worth at most that give no more than this."""
        return max(self(discount, points, uses), self(0, 0, uses))
