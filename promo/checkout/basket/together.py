"""Which offers a basket gets together, and what each takes off which line.

One piece pays for one offer. What must be bought is measured at the prices that the till sends, so
that no offer moves another's threshold; what comes off never exceeds what a piece still costs. The
chain's own offers come before coupons that are handed over, rewards on pieces before those on the
whole basket.
"""

from collections.abc import Sequence
from datetime import datetime

from promo.checkout.basket import reasons
from promo.checkout.basket.belt import Belt
from promo.checkout.basket.making import Made, make
from promo.checkout.basket.model import USUAL, Answer, Held, Matches, Rules, Together
from promo.checkout.basket.search import Search
from promo.checkout.basket.turns import in_turn
from promo.checkout.basket.ways import Offer
from promo.offers.basket import Line


def together(
    lines: Sequence[Line],
    held: Sequence[Held],
    matches: Matches,
    *,
    at: datetime,
    store: str,
    rules: Rules = USUAL,
) -> Together:
    """Which offers a basket gets, and what comes off each line.

    lines: as the till sends them, returns among them; held: the offers, in the list's order, then
    coupons, with keys that are unique; matches: the offers that the basket's products count to; at:
    a moment in the store's own time. Under `best_*` neither the order of lines nor that of offers
    moves a minor unit.
    """
    belt = Belt.of(lines)
    refused = {
        each.key: why
        for each in held
        if (why := reasons.closed(each, at, store) or reasons.used_up(each)) is not None
    }
    open_ = [each for each in held if each.key not in refused]
    ordered = sorted(open_, key=lambda h: _order(h, by_key=rules.policy != "in_order"))
    wanted = belt.wanted(matches)
    offers = [Offer(place, each, belt, wanted, rules) for place, each in enumerate(ordered)]
    plan = _Choice(offers, belt, rules)
    of_key = {offer.held.key: offer for offer in offers}
    answers = [
        Answer(each.key, (), refused[each.key])
        if each.key in refused
        else _answer(of_key[each.key], offers, plan.made)
        for each in held
    ]
    return Together(tuple(answers), plan.exact, plan.work)


def _order(held: Held, *, by_key: bool) -> tuple[bool, int, str]:
    """Own offers first, by priority; then by key, or as the list has them."""
    return held.coupon, -held.terms.priority, held.key if by_key else ""


def _answer(offer: Offer, offers: Sequence[Offer], made: Made) -> Answer:
    uses = tuple(made.uses.get(offer.place, ()))
    return Answer(offer.held.key, uses, None if uses else reasons.unused(offer, offers, made))


class _Choice:
    """The plan that a policy makes: `made`, whether it is exact, and the work it took."""

    def __init__(self, offers: Sequence[Offer], belt: Belt, rules: Rules) -> None:
        self.offers, self.belt = offers, belt
        self.exact, self.work = True, 0
        if rules.policy == "in_order":
            self.made = make(in_turn(offers, belt.whole), belt, in_turn=True)
        else:
            self.made = self._best(rules.work)

    def _best(self, work: int) -> Made:
        """The best of: all offers that go together, and each exclusive one by itself.

        The greedy plan is held against it at what both really take off: they are chosen by what a
        reward on the whole basket would be if nothing else came off.
        """
        sociable = [offer for offer in self.offers if not offer.exclusive]
        search = Search(sociable, work)
        greedy = search.greedy(self.belt.whole)
        plan = search.better(greedy, self.belt.whole)
        plans = [plan]
        if plan is not greedy and any(way.whole for _, way in plan.steps):
            plans.append(greedy)
        for offer in self.offers:
            if offer.exclusive:
                plans.append(Search([offer], work).greedy(self.belt.whole))
        self.exact, self.work = search.exact, search.steps
        return max([make(each.steps, self.belt) for each in plans], key=self._score)

    def _score(self, made: Made) -> tuple[bool, int]:
        """Nothing is withheld: something used comes before nothing used, then the worth."""
        worth = 0
        for offer in self.offers:
            uses = made.uses.get(offer.place, ())
            discount, points = sum(u.discount for u in uses), sum(u.points for u in uses)
            worth += offer.worth(discount, points, len(uses))
        return bool(made.uses), worth
