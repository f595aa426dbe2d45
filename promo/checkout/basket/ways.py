"""An offer held against a belt: what its next use would take of the pieces that are left."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from promo.checkout.basket.belt import Belt, Wanted, bits
from promo.checkout.basket.model import Held, Rules
from promo.checkout.basket.worth import Worth
from promo.offers import taking
from promo.offers.basket import Piece, Unit
from promo.offers.giving import given, points
from promo.offers.rewards import PercentOff
from promo.offers.terms import Terms

MOST_SPARED = 32  # sets of neighbours' pieces that a use tries to spare


@dataclass(frozen=True, slots=True)
class Way:
    """One use: the set of pieces it takes, minor units off, points.

    target, off: the pieces that the reward comes off, and how much off each. Of a reward on the
    whole basket `discount` is what it would be if nothing else came off, and `off` is not known.
    """

    mask: int
    pieces: tuple[Piece, ...]
    target: tuple[Piece, ...]
    off: tuple[int, ...]
    discount: int
    points: int
    worth: int
    whole: bool

    @property
    def gives(self) -> bool:
        """Whether anything comes of it."""
        return self.discount > 0 or self.points > 0


@dataclass(frozen=True, slots=True)
class Ways:
    """What an offer may take next: `gives` those that give something, `mask` all their pieces."""

    gives: tuple[Way, ...]
    mask: int


UNKNOWN = Way(0, (), (), (), 0, 0, 0, whole=False)


class Offer:
    """An offer on one belt; what it finds is kept, so that each question is answered once."""

    def __init__(self, place: int, held: Held, belt: Belt, wanted: Wanted, rules: Rules) -> None:
        self.place, self.held, self.belt = place, held, belt
        self.worth = Worth.under(rules, held.terms)
        self.terms: Terms = held.terms
        self.reward = held.terms.reward.at(held.number)
        self.group, self.exclusive = held.terms.stacking, held.terms.exclusive
        self.most = held.terms.uses.per_list
        for left in held.left:
            self.most = self.most if left is None else max(min(self.most, left), 0)
        self.own = self._own(wanted.get(self.terms.id, {}))
        self.mask = sum(1 << index for index, _ in self.own)
        self.purchases = self.terms.purchases
        [*purchases] = self.purchases.values()
        self.counts = max((p.amount for p in purchases if p.need == "basket"), default=0)
        self.single = purchases[0] if len(purchases) == 1 else None
        self.takes_all = self.single is not None and self.single.named and self.single.takes_all
        # What is taken next stays the same while others leave it alone.
        self.stable = self.single is not None
        # May leave a piece to another offer, unless it takes all that there is.
        self.yields = self.terms.choose == "dearest"
        self.spares = self.yields and not self.takes_all
        self.neighbours: tuple[int, ...] = ()
        self._ways: dict[tuple[int, int, int], Way | None] = {}
        self._found: list[tuple[int, int, Way]] = []
        self._choices: dict[tuple[int, int], Ways] = {}

    def _own(self, purchases: Mapping[int, set[int]]) -> tuple[tuple[int, Piece], ...]:
        """The pieces that count to a purchase, in the order in which the offer takes them."""
        ordered: Iterable[int] = sorted(purchases)
        if self.terms.choose == "cheapest":
            ordered = self.belt.cheapest_first(list(purchases))
        return tuple((index, self._piece(index, purchases[index])) for index in ordered)

    def _piece(self, index: int, purchases: set[int]) -> Piece:
        piece = self.belt.pieces[index]
        return Piece(piece.unit, piece.price, piece.weight, frozenset(purchases))

    @cached_property
    def all_pieces(self) -> tuple[Piece, ...]:
        """Every piece of the basket, in the order in which the offer takes them."""
        if self.yields:
            return self.belt.pieces
        order = self.belt.cheapest_first(range(len(self.belt.pieces)))
        return tuple(self.belt.pieces[index] for index in order)

    def way(self, free: int, made: int, spare: int = 0) -> Way | None:
        """The next use of free pieces after `made` uses; None where there is none to be had.

        spare: pieces to be taken last. A way that gives nothing now may do so later, where others
        take the pieces that come first.
        """
        key = (free & self.mask, made if self.counts else min(made, 1), spare & free & self.mask)
        way = self._ways.get(key, UNKNOWN)
        if way is UNKNOWN:
            way = self._ways[key] = self._same(*key) or self._way(*key)
            if way is not None and not key[2]:
                self._found.append((key[0], key[1], way))
        return way

    def meet(self, others: Iterable["Offer"]) -> None:
        """Get to know those that it may leave pieces to: those that the basket is enough for."""
        masks = {
            other.mask & self.mask
            for other in others
            if other is not self
            and not self.rivals(other)
            and other.way(self.belt.whole, 0) is not None
        }
        self.neighbours = tuple(sorted(masks - {0}))

    def rivals(self, other: "Offer") -> bool:
        """Whether a basket gets one of the two."""
        return self.group is not None and self.group == other.group

    def may_spare(self, free: int) -> bool:
        """Whether it could leave free pieces to another offer."""
        return self.spares and any(mask & free for mask in self.neighbours)

    def ways(self, free: int, made: int) -> Ways:
        """All that the next use may take: as the terms say, or leaving pieces to others."""
        key = free & self.mask, made
        found = self._choices.get(key)
        if found is None:
            ways = dict[int, Way]()
            for way in self._sparing(*key):  # the same pieces may pay for other purchases
                if way.mask not in ways or way.worth > ways[way.mask].worth:
                    ways[way.mask] = way
            gives = tuple(way for way in ways.values() if way.gives)
            mask = 0
            for each in ways:
                mask |= each
            found = self._choices[key] = Ways(gives, mask)
        return found

    def _sparing(self, free: int, made: int) -> Iterator[Way]:
        """The use that spares nothing, then those that spare neighbours' pieces it would take."""
        waiting, seen = deque([0]), {0}
        while waiting:
            spare = waiting.popleft()
            way = self.way(free, made, spare)
            if way is None:
                continue
            yield way
            for mask in self.neighbours if self.spares else ():
                more = spare | mask & free
                if mask & way.mask and more not in seen and len(seen) < MOST_SPARED:
                    seen.add(more)
                    waiting.append(more)

    def _same(self, free: int, made: int, spare: int) -> Way | None:
        """A way found among more pieces, if all that it takes is there: it took the first ones."""
        if self.single is None or spare:
            return None
        for before, uses, way in self._found:
            if uses == made and not free & ~before and not way.mask & ~free:
                return way
        return None

    def _way(self, free: int, made: int, spare: int) -> Way | None:
        left = [piece for index, piece in self.own if free >> index & 1]
        if spare:
            late = {self.belt.pieces[index].unit for index in bits(spare)}
            left.sort(key=lambda piece: piece.unit in late)
        sum_left = self.belt.total - made * self.counts
        best: Way | None = None
        for taken in taking.ways_to_take(self.terms, self.reward, left, sum_left):
            if made and not taken.pieces and not self.counts:
                continue  # what asks for nothing is given once
            way = self._given(taken)
            if best is None or (way.discount, way.points) > (best.discount, best.points):
                best = way
        return best

    def _given(self, taken: taking.Taken) -> Way:
        if taken.whole_basket:
            discount, earned = self.off_the_basket
            mask, worth = self._set(taken.pieces), self.worth(discount, earned)
            return Way(mask, taken.pieces, (), (), discount, earned, worth, whole=True)
        target = self._in_order(taken.target)
        off = tuple(given(self.reward, target, [piece.price for piece in target]))
        earned = points(self.reward, target)
        mask, worth = self._set(taken.pieces), self.worth(sum(off), earned)
        return Way(mask, taken.pieces, target, off, sum(off), earned, worth, whole=False)

    @cached_property
    def off_the_basket(self) -> tuple[int, int]:
        """What comes off the whole basket where nothing else does, and its points."""
        everything = self.all_pieces
        off = sum(given(self.reward, everything, [piece.price for piece in everything]))
        return min(off, self.belt.total), points(self.reward, everything)

    @cached_property
    def _index(self) -> dict[Unit, int]:
        return {piece.unit: n for n, (_, piece) in enumerate(self.own)}

    @cached_property
    def piece(self) -> dict[int, Piece]:
        """Its pieces by their places on the belt."""
        return dict(self.own)

    def _set(self, some: Iterable[Piece]) -> int:
        return sum(1 << self.own[self._index[piece.unit]][0] for piece in some)

    def _in_order(self, some: Sequence[Piece]) -> tuple[Piece, ...]:
        """Pieces as the offer takes them, whatever was spared: equal remainders go by it."""
        return tuple(sorted(some, key=lambda piece: self._index[piece.unit]))

    @property
    def percent(self) -> bool:
        """Whether its reward is a percentage."""
        return isinstance(self.reward, PercentOff)
