"""The best plan: an order of uses, each of which takes its pieces from those that are left.

Offers that share no piece and no stacking group decide nothing for each other, so a basket falls
into groups that are searched one by one, and each group again into smaller ones as pieces go. What
is best from some pieces onwards is remembered, and a branch whose bound is no better than what is
found is left out. Past the allowed steps the rest is done greedily.

The chain's own offers come before coupons wherever they share pieces. Nothing is withheld: a plan
ends when nothing more can be used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from promo.checkout.basket.bounds import Bound
from promo.checkout.basket.ways import Offer, Way

DEEPEST = 150  # uses one after the other that are searched; more are made greedily
MOST_SPARED = 4  # neighbours of whose pieces every set is spared; of more, each one and all

Step = tuple[Offer, Way]
Made = tuple[tuple[int, int], ...]  # offers by place that may still be used, and uses made
Live = tuple[Offer, int, Way]  # an offer that can be used, its uses so far, and the next one
NOBODY = 0


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

    def __init__(self, offers: Sequence[Offer], work: int) -> None:
        self.offers = {offer.place: offer for offer in offers}
        self.bounds = {offer.place: Bound(offer) for offer in offers}
        self.work, self.steps, self.exact = work, 0, True
        self._known: dict[tuple[Made, int], Plan] = {}

    def best(self, free: int) -> Plan:
        """The best plan on free pieces, no worse than the greedy one."""
        plan, greedy = self._groups(self._unused(), free, 0), self.greedy(free)
        return greedy if not self.exact and greedy.worth > plan.worth else plan

    def greedy(self, free: int) -> Plan:
        """The plan that makes the use worth most, again and again."""
        return self._greedily(self._unused(), free)

    def _unused(self) -> Made:
        return tuple((place, 0) for place in sorted(self.offers))

    def _groups(self, made: Made, free: int, depth: int) -> Plan:
        """The best plan of offers, each group of those that hang together by itself."""
        live = self._live(made, free)
        plan = NOTHING
        for group in _split(live, free):
            if len(group) == 1:
                plan += self._greedily(_made(group), free)
            else:
                plan += self._best(group, free, depth)
        return plan

    def _live(self, made: Made, free: int) -> list[Live]:
        live = []
        for place, uses in made:
            offer = self.offers[place]
            way = offer.way(free, uses) if uses < offer.most else None
            if way is not None:
                live.append((offer, uses, way))
        return live

    def _best(self, group: Sequence[Live], free: int, depth: int) -> Plan:
        """The best plan of a group of offers that hang together."""
        made = _made(group)
        key = made, free & _pieces(group)
        if key in self._known:
            return self._known[key]
        if depth > DEEPEST or self.steps >= self.work:
            self.exact = False
            return self._greedily(made, free)
        moves = self._alone(group, free) or self._moves(group, free)
        best: Plan | None = None
        for offer, way in moves:
            self.steps += 1
            rest, left = self._rest(made, offer), free & ~way.mask
            if best is not None and way.worth + self._at_most(rest, left) <= best.worth:
                continue
            plan = Plan(way.worth, ((offer, way),)) + self._groups(rest, left, depth + 1)
            if best is None or plan.worth > best.worth:
                best = plan
        self._known[key] = best or NOTHING
        return best or NOTHING

    def _alone(self, group: Sequence[Live], free: int) -> list[Step]:
        """A use that is nobody else's business, if there is one: it may as well be made first."""
        contested = _contested(group, free)
        for offer, way in _next(group):
            if offer.plain and not offer.group and not way.mask & contested:
                return [(offer, way)]
        return []

    def _greedily(self, made: Made, free: int) -> Plan:
        worth, steps = 0, list[Step]()
        while ways := _next(self._live(made, free)):
            offer, way = max(ways, key=_worth)
            worth += way.worth
            steps.append((offer, way))
            made, free = self._rest(made, offer), free & ~way.mask
        return Plan(worth, tuple(steps))

    def _moves(self, group: Sequence[Live], free: int) -> list[Step]:
        """The next uses and those that spare pieces for others; what is worth most comes first."""
        found: dict[tuple[int, int], Step] = {}
        counts = {offer.place: uses for offer, uses, _ in group}
        for offer, way in _next(group):
            found.setdefault((offer.place, way.mask), (offer, way))
            for spare in _spared(offer, way, group):
                other = offer.way(free, counts[offer.place], spare)
                if other is not None and other.gives:
                    found.setdefault((offer.place, other.mask), (offer, other))
        return sorted(found.values(), key=_worth, reverse=True)

    def _rest(self, made: Made, used: Offer) -> Made:
        """The offers that may be used after one has been: none else of its stacking group."""
        place = used.place
        if used.group is None:
            return tuple([(n, uses + 1) if n == place else (n, uses) for n, uses in made])
        return tuple(
            (n, uses + (n == place))
            for n, uses in made
            if n == place or not _rivals(self.offers[n], used)
        )

    def _at_most(self, made: Made, free: int) -> int:
        """A number that no plan of these offers is worth more than."""
        return sum([self.bounds[place](free, uses) for place, uses in made])


def _worth(step: Step) -> int:
    return step[1].worth


def _made(group: Sequence[Live]) -> Made:
    return tuple([(offer.place, uses) for offer, uses, _ in group])


def _pieces(group: Sequence[Live]) -> int:
    pieces = NOBODY
    for offer, _, _ in group:
        pieces |= offer.mask
    return pieces


def _contested(live: Sequence[Live], free: int) -> int:
    """The free pieces that more than one offer wants."""
    once = twice = NOBODY
    for offer, _, _ in live:
        wanted = offer.mask & free
        twice |= once & wanted
        once |= wanted
    return twice


def _next(group: Sequence[Live]) -> list[Step]:
    """The uses that may come next: the chain's own before coupons."""
    ways = [(offer, way) for offer, _, way in group if way.gives]
    return [step for step in ways if not step[0].held.coupon] or ways


def _split(live: Sequence[Live], free: int) -> list[list[Live]]:
    """Offers in groups that share pieces or a stacking group."""
    contested = _contested(live, free)
    groups: list[tuple[list[Live], int, set[str]]] = []
    for one in live:
        offer = one[0]
        members, mask = [one], offer.mask & contested
        names = {offer.group} if offer.group else set[str]()
        apart = []
        for group in groups:
            if group[1] & mask or group[2] & names:
                members, mask, names = group[0] + members, group[1] | mask, group[2] | names
            else:
                apart.append(group)
        groups = [*apart, (members, mask, names)]
    return [sorted(members, key=_place) for members, _, _ in groups]


def _place(live: Live) -> int:
    return live[0].place


def _spared(offer: Offer, way: Way, group: Sequence[Live]) -> list[int]:
    """Sets of pieces that an offer may leave to others."""
    if not offer.yields:
        return []
    masks = {
        other.mask & offer.mask
        for other, _, _ in group
        if other is not offer and other.mask & way.mask and not _rivals(other, offer)
    }
    wanted = sorted(masks)
    if len(wanted) <= MOST_SPARED:
        return [_union(wanted, chosen) for chosen in range(1, 1 << len(wanted))]
    return [*wanted, _union(wanted, -1)]


def _rivals(one: Offer, other: Offer) -> bool:
    return one.group is not None and one.group == other.group


def _union(masks: Sequence[int], chosen: int) -> int:
    union = NOBODY
    for n, mask in enumerate(masks):
        if chosen >> n & 1:
            union |= mask
    return union
