"""The best plan by trying every order: a second implementation, without bounds or groups.

Every plan that the rules allow is walked: any usable offer next, the chain's own before coupons,
each in its own order or leaving what any set of other offers wants until last.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, combinations

from promo.checkout.basket.belt import taken_away
from promo.checkout.basket.model import Held, Matches
from promo.offers import taking
from promo.offers.basket import Line, Piece, Unit, half_up, pieces, total
from promo.offers.giving import given, points
from promo.offers.rewards import PercentOff
from promo.offers.values import WHOLE

Taken = frozenset[Unit]


class TooMany(Exception):
    """There are more states than anybody wants to wait for."""


def most_off(
    lines: Sequence[Line], held: Sequence[Held], matches: Matches, states: int = 10**9
) -> int:
    """The most minor units that all offers together can take off. Raises TooMany."""
    sociable = [each for each in held if not each.terms.exclusive]
    alone = [[each] for each in held if each.terms.exclusive]
    return max(_Walk(lines, some, matches).most(states) for some in [sociable, *alone])


class _Walk:
    def __init__(self, lines: Sequence[Line], held: Sequence[Held], matches: Matches) -> None:
        gone = taken_away(lines)
        self.total, self.held = total(lines), held
        self.rewards = [each.terms.reward.at(each.number) for each in held]
        self.everything: list[list[Piece]] = []
        for each in held:
            purchase_of: dict[str, list[int]] = {}
            for product, pairs in matches.items():
                purchase_of[product] = [p for offer, p in pairs if offer == each.terms.id]
            found = pieces(lines, purchase_of, dearest=each.terms.choose == "dearest")
            self.everything.append([piece for piece in found if piece.unit not in gone])
        self.wanted = [Taken(p.unit for p in found if p.purchases) for found in self.everything]
        self._known: dict[tuple[int, Taken, int, Taken], list[tuple[Taken, int]]] = {}
        self.late = [self._late(o) for o in range(len(held))]

    def _late(self, o: int) -> list[Taken]:
        """The sets of pieces that a use may leave to others which could be used as well."""
        if self.held[o].terms.choose == "cheapest":
            return [Taken()]
        near = [
            self.wanted[n] & self.wanted[o]
            for n in range(len(self.held))
            if n != o and not self._rivals(n, o) and self._could_be_used(n)
        ]
        near = [pieces for pieces in set(near) if pieces]
        sets = chain.from_iterable(combinations(near, n) for n in range(len(near) + 1))
        return list(dict.fromkeys(Taken().union(*some) for some in sets))

    def _rivals(self, one: int, other: int) -> bool:
        group = self.held[one].terms.stacking
        return group is not None and group == self.held[other].terms.stacking

    def _most(self, o: int) -> int:
        left = [self.held[o].terms.uses.per_list, *self.held[o].left]
        return min(n for n in left if n is not None)

    def _could_be_used(self, o: int) -> bool:
        own = [piece for piece in self.everything[o] if piece.unit in self.wanted[o]]
        return self._most(o) > 0 and any(
            taking.ways_to_take(self.held[o].terms, self.rewards[o], own, self.total)
        )

    def most(self, states: int) -> int:
        """Over all plans; of those that reach one state the dearest alone goes on."""
        best = 0
        front: dict[tuple[Taken, tuple[int, ...]], int] = {(Taken(), (0,) * len(self.held)): 0}
        while front:
            after: dict[tuple[Taken, tuple[int, ...]], int] = {}
            for (taken, made), off in front.items():
                best = max(best, off + self._off_the_basket(made, off))
                for state, more in self._next(taken, made):
                    after[state] = max(after.get(state, 0), off + more)
            front = after
            states -= len(after)
            if states < 0:
                raise TooMany
        return best

    def _next(
        self, taken: Taken, made: tuple[int, ...]
    ) -> Iterator[tuple[tuple[Taken, tuple[int, ...]], int]]:
        found = {
            o: {use for late in self.late[o] for use in self._uses(o, taken, made, late)}
            for o in range(len(self.held))
        }
        usable = [o for o, uses in found.items() if uses]
        own = [o for o in usable if not self.held[o].coupon]
        for o in own or usable:
            counts = tuple(count + (n == o) for n, count in enumerate(made))
            for gone, off in found[o]:
                yield (taken | gone, counts), off

    def _uses(
        self, o: int, taken: Taken, made: tuple[int, ...], late: Taken
    ) -> list[tuple[Taken, int]]:
        """The use that gives most, as the pieces it takes and what comes off them."""
        rivals = (n for n, count in enumerate(made) if count and n != o)
        if made[o] >= self._most(o) or any(self._rivals(n, o) for n in rivals):
            return []
        mine = self.wanted[o]
        key = o, taken & mine, made[o], late - taken
        if key not in self._known:
            self._known[key] = self._best_use(*key)
        return self._known[key]

    def _best_use(self, o: int, taken: Taken, uses: int, late: Taken) -> list[tuple[Taken, int]]:
        terms = self.held[o].terms
        counts = max((p.amount for p in terms.purchases.values() if p.need == "basket"), default=0)
        free = [p for p in self.everything[o] if p.unit not in taken and p.unit in self.wanted[o]]
        free.sort(key=lambda piece: piece.unit in late)
        best: list[tuple[Taken, int]] = []
        worth = (0, 0)
        for way in taking.ways_to_take(terms, self.rewards[o], free, self.total - uses * counts):
            if uses and not way.pieces and not counts:
                continue
            whole = way.whole_basket
            aimed = {piece.unit for piece in way.target}
            target = [p for p in self.everything[o] if whole or p.unit in aimed]
            off = sum(given(self.rewards[o], target, [piece.price for piece in target]))
            earned = points(self.rewards[o], target)
            if (off, earned) > worth:
                worth = off, earned
                units = Taken(piece.unit for piece in way.pieces)
                best = [(units, 0 if whole else off)]
        return best

    def _off_the_basket(self, made: tuple[int, ...], off: int) -> int:
        """What percentages and amounts on the whole basket take off the rest, in that order."""
        uses = [o for o, count in enumerate(made) for _ in range(count) if self._is_whole(o)]
        uses.sort(key=self._turn)
        left = sum(piece.price for piece in self.everything[0]) - off if uses else 0
        room, whole = max(self.total - off, 0), 0  # returns lower the basket's sum
        for o in uses:
            reward = self.rewards[o]
            if isinstance(reward, PercentOff):
                wanted = half_up(Fraction(left * reward.percent_off, WHOLE))
                wanted = wanted if reward.at_most is None else min(wanted, reward.at_most)
            else:
                wanted = reward.number
            taken = min(wanted, left, room)
            left, room, whole = left - taken, room - taken, whole + taken
        return whole

    def _turn(self, o: int) -> tuple[bool, bool, int, str]:
        held = self.held[o]
        percent = isinstance(self.rewards[o], PercentOff)
        return held.coupon, not percent, -held.terms.priority, held.key

    def _is_whole(self, o: int) -> bool:
        terms = self.held[o].terms
        named = any(purchase.named for purchase in terms.purchases.values())
        return terms.reward.applies_to == "basket" or not named
