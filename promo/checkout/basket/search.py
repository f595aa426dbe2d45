"""The best plan: an order of uses, each of which takes its pieces from those that are left.

Offers that share no piece and no stacking group decide nothing for each other, so a basket falls
into groups that are searched one by one, and each group again into smaller ones as pieces go. What
is best from some pieces onwards is remembered, and a branch whose bound is no better than what is
found is left out. Past the allowed steps the rest is done greedily.

The chain's own offers come before coupons wherever they share pieces. Nothing is withheld: a plan
ends when nothing more can be used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from promo.checkout.basket.bounds import Bound
from promo.checkout.basket.ways import Offer, Way, Ways

DEEPEST = 150  # uses one after the other that are searched; more are made greedily

Step = tuple[Offer, Way]
Made = tuple[tuple[int, int], ...]  # offers by place that may still be used, and uses made
Live = tuple[Offer, int, Way]  # an offer that can be used, its uses so far, and the next one
NOBODY = 0
INF = 10**40


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
        self.bounds = {offer.place: Bound(offer, _others(offer, offers)) for offer in offers}
        for offer in offers:
            offer.meet(offers)
        self.work, self.steps, self.exact = work, 0, True
        self._known: dict[tuple[Made, int], Plan] = {}
        self._never: dict[tuple[Made, int], int] = {}

    def best(self, free: int) -> Plan:
        """The best plan on free pieces, no worse than the greedy one."""
        made, greedy = self._unused(), self.greedy(free)
        self.root = self._at_most(made, free)
        return self._groups(made, free, 0, greedy.worth) or greedy

    def greedy(self, free: int) -> Plan:
        """The plan that makes the use worth most, again and again."""
        return self._greedily(self._unused(), free)

    def _unused(self) -> Made:
        return tuple((place, 0) for place in sorted(self.offers))

    def _groups(self, made: Made, free: int, depth: int, floor: int) -> Plan | None:
        """The best plan of offers, each group of those that hang together by itself."""
        live = self._live(made, free)
        groups, plan, rest = [], NOTHING, 0
        for group in _split(live, free):
            own = _made(group)
            if len(group) == 1:
                plan += self._greedily(own, free)
                continue
            pieces = free & _pieces(group)
            key = own, pieces
            if key in self._known:
                plan += self._known[key]
                continue
            most = min(self._at_most(own, pieces), self._never.get(key, INF))
            rest += most
            groups.append((most, key, group))
        for most, key, group in groups:
            if plan.worth + rest <= floor:
                return None
            rest -= most
            found = self._best(group, key, free, depth, floor - plan.worth - rest)
            if found is None:
                return None
            plan += found
        return plan if plan.worth > floor else None

    def _best(self, group: Sequence[Live], key, free: int, depth: int, floor: int) -> Plan | None:
        """The best plan of a group of offers that hang together."""
        made = key[0]
        if depth > DEEPEST or self.steps >= self.work:
            self.exact = False
            plan = self._greedily(made, free)
            return plan if plan.worth > floor else None
        moves = self._moves(group, free)
        best: Plan | None = None
        bar = floor
        for offer, way in moves:
            rest, left = self._rest(made, offer), free & ~way.mask
            if way.worth + self._at_most(rest, left) <= bar:
                continue
            self.steps += 1
            more = self._groups(rest, left, depth + 1, bar - way.worth)
            if more is not None:
                best = Plan(way.worth, ((offer, way),)) + more
                bar = best.worth
        if not moves:
            best = NOTHING if floor < 0 else None
        if best is None:
            self._never[key] = min(floor, self._never.get(key, INF))
        else:
            self._known[key] = best
        return best

    def _live(self, made: Made, free: int) -> list[Live]:
        live = []
        for place, uses in made:
            offer = self.offers[place]
            way = offer.way(free, uses) if uses < offer.most else None
            if way is not None:
                live.append((offer, uses, way))
        return live

    def _greedily(self, made: Made, free: int) -> Plan:
        worth, steps = 0, list[Step]()
        while ways := _next(self._live(made, free)):
            offer, way = max(ways, key=_worth)
            worth += way.worth
            steps.append((offer, way))
            made, free = self._rest(made, offer), free & ~way.mask
        return Plan(worth, tuple(steps))

    def _moves(self, group: Sequence[Live], free: int) -> list[Step]:
        """The uses of which one may as well come next; what is worth most comes first.

        Uses that touch neither each other's pieces nor groups come to the same in any order, so
        that it is enough to begin with those that hang together with one of them: the fewest.
        """
        turn = _turn(group)
        ways = {place: self.offers[place].ways(free, uses) for place, uses in turn}
        best: list[Step] = []
        left = {place for place, found in ways.items() if found.gives}
        while left and len(best) != 1:
            together = self._together(min(left), ways, free)
            left -= together
            steps = [(self.offers[place], way) for place in together for way in ways[place].gives]
            if not best or len(steps) < len(best):
                best = steps
        return sorted(best, key=_by_worth)

    def _together(self, place: int, ways: Mapping[int, Ways], free: int) -> set[int]:
        """An offer with all that could touch what it or one of them may take next."""
        inside, touched, names = set[int](), NOBODY, set[str | None]()
        new = {place}
        while new:
            inside |= new
            for each in new:
                offer = self.offers[each]
                touched |= ways[each].mask if offer.stable else offer.mask & free
                names |= {offer.group} - {None}
            new = {
                each
                for each in ways.keys() - inside
                if self.offers[each].mask & touched or self.offers[each].group in names
            }
        return inside

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
        most, of_group = 0, dict[str, int]()
        for place, uses in made:
            each = self.bounds[place](free, uses)
            if each:
                offer = self.offers[place]
                if offer.group is None:
                    most += each
                else:
                    of_group[offer.group] = max(of_group.get(offer.group, 0), each)
        for each in of_group.values():
            most += each
        return most


def _worth(step: Step) -> int:
    return step[1].worth


def _by_worth(step: Step) -> tuple[int, int, int]:
    return -step[1].worth, step[0].place, step[1].mask


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


def _turn(group: Sequence[Live]) -> list[tuple[int, int]]:
    """Whose turn it is: the chain's own offers as long as one gives something, then coupons."""
    own = [(offer.place, uses) for offer, uses, _ in group if not offer.held.coupon]
    gives = any(way.gives for offer, _, way in group if not offer.held.coupon)
    return own if gives else [(o.place, uses) for o, uses, _ in group if o.held.coupon]


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


def _rivals(one: Offer, other: Offer) -> bool:
    return one.group is not None and one.group == other.group


def _others(offer: Offer, offers: Sequence[Offer]) -> int:
    """The pieces that any other offer wants."""
    pieces = NOBODY
    for other in offers:
        if other is not offer:
            pieces |= other.mask
    return pieces
