"""The best plan: an order of uses, each of which takes its pieces from those that are left.

Offers that share no piece and no stacking group decide nothing for each other, so a basket falls
into groups that are searched one by one, and each group again into smaller ones as pieces go. What
is best from some pieces onwards is remembered. A branch is left out that cannot come to more than
what is found, at first the greedy plan. Past the allowed steps the rest is done greedily.

The chain's own offers come before coupons wherever they share pieces. Nothing is withheld: a plan
ends when nothing more can be used.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from promo.checkout.basket.bounds import Bound
from promo.checkout.basket.groups import Live, Step, contested, next_choices, next_uses, split
from promo.checkout.basket.ways import Offer

DEEPEST = 150  # uses one after the other that are searched; more are made greedily

Made = tuple[tuple[int, int], ...]  # offers by place that may still be used, and uses made
State = tuple[Made, int]  # and the free pieces that they want


@dataclass(frozen=True, slots=True)
class Plan:
    """Uses in their order, and what they are worth together."""

    worth: int
    steps: tuple[Step, ...]

    def __add__(self, other: "Plan") -> "Plan":
        return Plan(self.worth + other.worth, self.steps + other.steps)


NOTHING = Plan(0, ())


class Search:
    """The search on one belt. `steps` counts uses tried; `exact` holds until it gives up."""

    def __init__(self, offers: Sequence[Offer], work: int) -> None:
        self.offers = {offer.place: offer for offer in offers}
        self.work, self.steps, self.exact = work, 0, True
        self._shared = contested([offer.mask for offer in offers])
        self._bounds: dict[int, Bound] = {}
        self._known: dict[State, Plan] = {}
        self._never: dict[State, int] = {}  # what nothing is worth more than
        for offer in offers:
            offer.meet(offers)

    def best(self, free: int) -> Plan:
        """The best plan on free pieces, no worse than the greedy one."""
        greedy = self.greedy(free)
        return self._groups(self._unused(), free, 0, greedy.worth) or greedy

    def greedy(self, free: int) -> Plan:
        """The plan that makes the use worth most, again and again."""
        return self._greedily(self._unused(), free)

    def _unused(self) -> Made:
        return tuple((place, 0) for place in sorted(self.offers))

    def _groups(self, made: Made, free: int, depth: int, floor: int) -> Plan | None:
        """The best plan of offers, each group of those that hang together by itself.

        None where it is not worth more than `floor`.
        """
        plan, waiting, more = NOTHING, [], 0
        for group in split(self._live(made, free), free):
            state = _state(group, free)
            if len(group) == 1 and not group[0][0].may_spare(free):
                plan += self._greedily(*state)
            elif state in self._known:
                plan += self._known[state]
            else:
                most = self._at_most(*state)
                most = min(most, self._never.get(state, most))
                waiting.append((most, state, group))
                more += most
        for most, state, group in waiting:
            more -= most
            need = floor - plan.worth - more
            found = self._best(group, state, depth, need) if most > need else None
            if found is None:
                return None
            plan += found
        return plan if plan.worth > floor else None

    def _best(self, group: Sequence[Live], state: State, depth: int, floor: int) -> Plan | None:
        """The best plan of a group of offers that hang together, if worth more than `floor`."""
        made, free = state
        if depth > DEEPEST or self.steps >= self.work:
            self.exact = False
            plan = self._greedily(made, free)
            return plan if plan.worth > floor else None
        best, choices = None, sorted(next_choices(group, free), key=_by_worth)
        bar = floor
        for offer, way in choices:
            rest, left = self._rest(made, offer), free & ~way.mask
            if way.worth + self._at_most(rest, left) > bar:
                self.steps += 1
                after = self._groups(rest, left, depth + 1, bar - way.worth)
                if after is not None:
                    best = Plan(way.worth, ((offer, way),)) + after
                    bar = best.worth
        if not choices and floor < 0:
            best = NOTHING
        if best is None:
            self._never[state] = min(floor, self._never.get(state, floor))
        else:
            self._known[state] = best
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
        while ways := next_uses(self._live(made, free)):
            offer, way = max(ways, key=_worth)
            worth += way.worth
            steps.append((offer, way))
            made, free = self._rest(made, offer), free & ~way.mask
        return Plan(worth, tuple(steps))

    def _rest(self, made: Made, used: Offer) -> Made:
        """The offers that may be used after one has been: none else of its stacking group."""
        place = used.place
        return tuple(
            [
                (n, uses + (n == place))
                for n, uses in made
                if n == place or used.group is None or not self.offers[n].rivals(used)
            ]
        )

    def _at_most(self, made: Made, free: int) -> int:
        """A number that no plan of these offers is worth more than: one of a stacking group."""
        most, of_group = 0, dict[str, int]()
        for place, uses in made:
            offer = self.offers[place]
            bound = self._bounds.get(place)
            if bound is None:
                bound = self._bounds[place] = Bound(offer, offer.mask & ~self._shared)
            each = bound(free, uses)
            if offer.group is None:
                most += each
            elif each > of_group.get(offer.group, 0):
                of_group[offer.group] = each
        return most + sum(of_group.values())


def _state(group: Sequence[Live], free: int) -> State:
    pieces = 0
    for offer, _, _ in group:
        pieces |= offer.mask
    return tuple([(offer.place, uses) for offer, uses, _ in group]), free & pieces


def _worth(step: Step) -> int:
    return step[1].worth


def _by_worth(step: Step) -> tuple[int, int, int]:
    return -step[1].worth, step[0].place, step[1].mask
