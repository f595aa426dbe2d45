"""The best plan: an order of uses, each of which takes its pieces from those that are left.

Offers that share no piece and no stacking group decide nothing for each other, so a basket falls
into groups that are searched one by one, and each group again into smaller ones as pieces go. What
is best from some pieces onwards is remembered, and a branch whose bound is no better than what is
found is left out. Past the allowed steps the rest is done greedily.

The chain's own offers come before coupons wherever they share pieces. Nothing is withheld: a plan
ends when nothing more can be used.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promo.checkout.basket.bounds import Bound
from promo.checkout.basket.ways import Offer, Way
from promo.checkout.basket.worth import Worth

DEEPEST = 150  # uses one after the other that are searched; more are made greedily
MOST_SPARED = 4  # neighbours of whose pieces every set is spared; of more, each one and all

Step = tuple[Offer, Way]
Made = tuple[tuple[int, int], ...]  # offers by place that may still be used, and uses made


@dataclass(frozen=True, slots=True)
class Plan:
    """Uses in their order, and what they are worth together."""

    worth: int
    steps: tuple[Step, ...]

    def __add__(self, other: "Plan") -> "Plan":
        return Plan(self.worth + other.worth, self.steps + other.steps)


NOTHING = Plan(0, ())


class Search:
    """The search on one belt. `steps` counts uses looked at; `exact` holds until it gives up."""

    def __init__(self, offers: Sequence[Offer], worth: Worth, work: int) -> None:
        self.offers = {offer.place: offer for offer in offers}
        self.bounds = {offer.place: Bound(offer) for offer in offers}
        self.worth, self.work = worth, work
        self.steps, self.exact = 0, True
        self._known: dict[tuple[Made, int], Plan] = {}

    def best(self, free: int) -> Plan:
        """The best plan on free pieces, no worse than the greedy one."""
        made = tuple((place, 0) for place in sorted(self.offers))
        return self._groups(made, free, 0)

    def greedy(self, free: int) -> Plan:
        """The plan that makes the use worth most, again and again."""
        return self._greedily(tuple((place, 0) for place in sorted(self.offers)), free)

    def _groups(self, made: Made, free: int, depth: int) -> Plan:
        plan = NOTHING
        for group, pieces in self._split(self._possible(made, free), free):
            plan += self._best(group, pieces, depth)
        return plan

    def _best(self, made: Made, free: int, depth: int) -> Plan:
        """The best plan of a group of offers that hang together."""
        key = made, free
        if key in self._known:
            return self._known[key]
        if len(made) == 1 or depth > DEEPEST or self.steps > self.work:
            if len(made) > 1:
                self.exact = False
            return self._greedily(made, free)
        plan = self._alone(made, free, depth) or self._branch(made, free, depth)
        if self.exact:
            self._known[key] = plan
        return plan

    def _alone(self, made: Made, free: int, depth: int) -> Plan | None:
        """The plan that begins with a use which is nobody else's business, if there is one."""
        for offer, way in self._next(made, free):
            others = (self.offers[place] for place, _ in made if place != offer.place)
            if offer.plain and not any(_meet(offer, way.mask, other) for other in others):
                self.steps += 1
                return self._after(made, free, offer, way, depth)
        return None

    def _branch(self, made: Made, free: int, depth: int) -> Plan:
        best = self._greedily(made, free)
        for offer, way in self._moves(made, free):
            self.steps += 1
            rest, left = self._rest(made, offer), free & ~way.mask
            if self.worth.of_way(offer, way) + self._at_most(rest, left) <= best.worth:
                continue
            plan = self._after(made, free, offer, way, depth)
            if plan.worth > best.worth:
                best = plan
        return best

    def _after(self, made: Made, free: int, offer: Offer, way: Way, depth: int) -> Plan:
        first = Plan(self.worth.of_way(offer, way), ((offer, way),))
        return first + self._groups(self._rest(made, offer), free & ~way.mask, depth + 1)

    def _greedily(self, made: Made, free: int) -> Plan:
        worth, steps = 0, list[Step]()
        while ways := self._next(made, free):
            offer, way = max(ways, key=lambda step: self.worth.of_way(*step))
            worth += self.worth.of_way(offer, way)
            steps.append((offer, way))
            made, free = self._rest(made, offer), free & ~way.mask
        return Plan(worth, tuple(steps))

    def _next(self, made: Made, free: int) -> list[Step]:
        """The uses that may come next, each taking its pieces in its own order."""
        ways: list[Step] = []
        for place, uses in made:
            offer = self.offers[place]
            way = offer.way(free, uses) if uses < offer.most else None
            if way is not None and way.gives:
                ways.append((offer, way))
        return [step for step in ways if not step[0].held.coupon] or ways

    def _moves(self, made: Made, free: int) -> Iterable[Step]:
        """The same and those that spare pieces for others; what is worth most comes first."""
        found: dict[tuple[int, int], Step] = {}
        counts = dict(made)
        for offer, way in self._next(made, free):
            found.setdefault((offer.place, way.mask), (offer, way))
            for spare in self._spared(offer, way, made):
                other = offer.way(free, counts[offer.place], spare)
                if other is not None and other.gives:
                    found.setdefault((offer.place, other.mask), (offer, other))
        return sorted(found.values(), key=lambda step: -self.worth.of_way(*step))

    def _spared(self, offer: Offer, way: Way, made: Made) -> list[int]:
        """Sets of pieces that an offer may leave to others."""
        if not offer.yields:
            return []
        others = (self.offers[place] for place, _ in made if place != offer.place)
        masks = {
            other.mask & offer.mask
            for other in others
            if other.mask & way.mask and not _rivals(other, offer)
        }
        wanted = sorted(masks)
        if len(wanted) <= MOST_SPARED:
            return [_union(wanted, chosen) for chosen in range(1, 1 << len(wanted))]
        return [*wanted, _union(wanted, -1)]

    def _rest(self, made: Made, used: Offer) -> Made:
        """The offers that may be used after one has been: none else of its stacking group."""
        return tuple(
            (place, uses + (place == used.place))
            for place, uses in made
            if place == used.place or not _rivals(self.offers[place], used)
        )

    def _possible(self, made: Made, free: int) -> Made:
        """Of offers those that can be used at all."""
        return tuple(
            (place, uses)
            for place, uses in made
            if uses < self.offers[place].most and self.offers[place].way(free, uses) is not None
        )

    def _at_most(self, made: Made, free: int) -> int:
        return sum(
            self.worth.at_most(offer, self.bounds[place], free, offer.most - uses)
            for place, uses in made
            if (offer := self.offers[place]).most > uses
        )

    def _split(self, made: Made, free: int) -> list[tuple[Made, int]]:
        """Offers in groups that share pieces or a stacking group, each with its pieces."""
        groups: list[tuple[list[tuple[int, int]], int, set[str]]] = []
        for one in made:
            offer = self.offers[one[0]]
            members, mask = [one], offer.mask & free
            names = {offer.group} if offer.group else set[str]()
            apart = []
            for group in groups:
                if group[1] & mask or group[2] & names:
                    members, mask, names = group[0] + members, group[1] | mask, group[2] | names
                else:
                    apart.append(group)
            groups = [*apart, (members, mask, names)]
        return [(tuple(sorted(members)), mask) for members, mask, _ in groups]


def _rivals(one: Offer, other: Offer) -> bool:
    return one.group is not None and one.group == other.group


def _meet(offer: Offer, mask: int, other: Offer) -> bool:
    return bool(other.mask & mask) or _rivals(offer, other)


def _union(masks: Sequence[int], chosen: int) -> int:
    union = 0
    for n, mask in enumerate(masks):
        if chosen >> n & 1:
            union |= mask
    return union
