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
from promo.checkout.basket.groups import (
    Live,
    Step,
    at_most,
    contested,
    next_choices,
    next_uses,
    split,
)  # fmt: skip
from promo.checkout.basket.ways import Offer, Way

DEEPEST = 150  # uses one after the other that are searched; more are made greedily

State = tuple[tuple[tuple[int, int], ...], int]  # offers' places and uses, and their free pieces


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
        self.offers = offers
        self.work, self.steps, self.exact = work, 0, True
        self._shared = contested([offer.mask for offer in offers])
        self._bounds: dict[int, Bound] = {}
        self._known: dict[State, Plan] = {}
        self._never: dict[State, int] = {}  # what nothing is worth more than
        for offer in offers:
            offer.meet(offers)

    def greedy(self, free: int) -> Plan:
        """The plan that makes the use worth most, again and again."""
        return self._greedily(self._all(free, bounded=False), free)

    def better(self, plan: Plan, free: int) -> Plan:
        """The best plan on free pieces, or the one given where none is worth more."""
        return self._groups(self._all(free, bounded=True), free, 0, plan.worth) or plan

    def _groups(self, live: Sequence[Live], free: int, depth: int, floor: int) -> Plan | None:
        """The best plan of offers, each group of those that hang together by itself.

        None where it is not worth more than `floor`.
        """
        plan, waiting, more = NOTHING, [], 0
        for group in split(live, free):
            if len(group) == 1 and not group[0].offer.may_spare(free):
                plan += self._greedily(group, free)
                continue
            state = _state(group, free)
            known = self._known.get(state)
            if known is not None:
                plan += known
                continue
            most = at_most(group)
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
        free = state[1]
        if depth > DEEPEST or self.steps >= self.work:
            self.exact = False
            plan = self._greedily(group, free)
            return plan if plan.worth > floor else None
        best, choices = None, sorted(next_choices(group, free), key=_by_worth)
        bar = floor
        for offer, way in choices:
            left = free & ~way.mask
            rest = self._after(group, offer, way, left, bounded=True)
            if way.worth + at_most(rest) > bar:
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

    def _greedily(self, live: Sequence[Live], free: int) -> Plan:
        worth, steps = 0, list[Step]()
        while ways := next_uses(live):
            offer, way = max(ways, key=_worth)
            worth += way.worth
            steps.append((offer, way))
            free &= ~way.mask
            live = self._after(live, offer, way, free, bounded=False)
        return Plan(worth, tuple(steps))

    def _all(self, free: int, *, bounded: bool) -> list[Live]:
        """The offers that can be used on free pieces."""
        live = [self._live(offer, 0, free, bounded=bounded) for offer in self.offers]
        return [each for each in live if each is not None]

    def _after(
        self, live: Sequence[Live], used: Offer, way: Way, free: int, *, bounded: bool
    ) -> list[Live]:
        """Those that still can be after a use: of its stacking group none else."""
        found = []
        for each in live:
            after: Live | None = each
            offer = each.offer
            if offer is used:
                after = self._live(offer, each.uses + 1, free, bounded=bounded)
            elif used.group is not None and offer.rivals(used):
                continue
            elif offer.mask & way.mask:
                after = self._live(offer, each.uses, free, bounded=bounded)
            if after is not None:
                found.append(after)
        return found

    def _live(self, offer: Offer, uses: int, free: int, *, bounded: bool) -> Live | None:
        way = offer.way(free, uses) if uses < offer.most else None
        if way is None:
            return None
        if not bounded:
            return Live(offer, uses, way, 0)
        bound = self._bounds.get(offer.place)
        if bound is None:
            bound = self._bounds[offer.place] = Bound(offer, offer.mask & ~self._shared)
        return Live(offer, uses, way, bound(free, uses))


def _state(group: Sequence[Live], free: int) -> State:
    pieces = 0
    for each in group:
        pieces |= each.offer.mask
    return tuple([(each.offer.place, each.uses) for each in group]), free & pieces


def _worth(step: Step) -> int:
    return step[1].worth


def _by_worth(step: Step) -> tuple[int, int, int]:
    return -step[1].worth, step[0].place, step[1].mask
