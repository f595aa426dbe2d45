"""Which pieces one use of an offer takes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from promo.offers.basket import POUND, Piece
from promo.offers.conditions import Purchase
from promo.offers.rewards import FreeItem, Get, Reward
from promo.offers.terms import Terms

TARGETS = {"first": 1, "second": 2, "third": 3}


@dataclass(frozen=True)
class Taken:
    """One use: the pieces it takes, and those of them that the reward comes off."""

    pieces: tuple[Piece, ...]
    target: tuple[Piece, ...]
    whole_basket: bool = False  # the reward comes off everything, whatever was taken


def ways_to_take(
    terms: Terms, reward: Reward, free: Sequence[Piece], basket: int
) -> Iterator[Taken]:
    """The uses that could be made of free pieces, in their order, in the order of `terms.ways`.

    basket: minor units of the basket that no earlier use has counted. Where a piece counts to
    several purchases, they are served in every order, and pieces that fit fewer of them first as
    well as in their own order; the caller takes what gives most.
    """
    for way in terms.ways:
        orders = list(permutations(way)) if _overlap(way, free) else [way]
        for order in orders:
            for sparing in (False, True)[: len(orders)]:
                taken = _take(terms, reward, order, free, basket, sparing=sparing)
                if taken is not None:
                    yield taken


def _overlap(way: Iterable[int], free: Sequence[Piece]) -> bool:
    wanted = frozenset(way)
    return any(len(piece.purchases & wanted) > 1 for piece in free)


def _take(
    terms: Terms,
    reward: Reward,
    order: tuple[int, ...],
    free: Sequence[Piece],
    basket: int,
    *,
    sparing: bool,
) -> Taken | None:
    """One use with the purchases served in this order; None where one of them is not met."""
    used: dict[int, list[Piece]] = {}
    left, purchases = list(free), terms.purchases
    for n, number in enumerate(order):
        fitting = [piece for piece in left if number in piece.purchases]
        if sparing:
            later = frozenset(order[n + 1 :])
            fitting.sort(key=lambda piece: len(piece.purchases & later))
        found = needed(purchases[number], fitting, basket)
        if found is None:
            return None
        used[number] = found
        left = _without(left, found)
    pool = _pool(reward, order)
    extra = _extra(reward, pool, left)
    if extra is None:
        return None
    left = _without(left, extra)
    for number in order:
        if purchases[number].takes_all:
            more = [piece for piece in left if number in piece.purchases]
            used[number] += more
            left = _without(left, more)
    if reward.applies_to == "basket":
        return Taken(_in_order(free, *used.values(), extra), (), whole_basket=True)
    if not any(purchases[number].named for number in order):
        return Taken((), (), whole_basket=reward.applies_to == "bought")
    aimed = [piece for number in pool & used.keys() for piece in used[number]] + extra
    target = _target(reward, _in_order(free, aimed))
    return Taken(_in_order(free, *used.values(), extra), target) if target else None


def needed(purchase: Purchase, fitting: Sequence[Piece], basket: int) -> list[Piece] | None:
    """The first pieces that meet a purchase's need; None where they are too few."""
    match purchase.need:
        case "basket":
            enough = basket >= purchase.amount and (fitting or not purchase.named)
            return list(fitting[:1]) if enough else None
        case "nothing":
            return list(fitting[:1])
        case "buy":
            return _until(purchase.amount, [(piece, 1) for piece in fitting])
        case "spend":
            return _until(purchase.amount, [(piece, piece.price) for piece in fitting])
    unit = POUND if purchase.need == "pounds" else Fraction(1)
    weighed = [(piece, piece.weight) for piece in fitting if piece.weight is not None]
    return _until(Fraction(purchase.amount, 1000) * unit, weighed)


def _until(
    wanted: int | Fraction, measured: Sequence[tuple[Piece, int | Fraction]]
) -> list[Piece] | None:
    found: list[Piece] = []
    have: int | Fraction = 0
    for piece, measure in measured:
        if have >= wanted:
            break
        found.append(piece)
        have += measure
    return found if have >= wanted else None


def _without(pieces: Iterable[Piece], gone: Iterable[Piece]) -> list[Piece]:
    units = {piece.unit for piece in gone}
    return [piece for piece in pieces if piece.unit not in units]


def _pool(reward: Reward, order: tuple[int, ...]) -> frozenset[int]:
    """The purchases whose pieces the reward comes off."""
    if reward.applies_to in TARGETS:
        return frozenset({TARGETS[reward.applies_to]})
    return frozenset(order)


def _extra(reward: Reward, pool: frozenset[int], left: Sequence[Piece]) -> list[Piece] | None:
    """The pieces that a reward gives on top of those bought; None where they are too few."""
    if not isinstance(reward, Get | FreeItem) or reward.among:
        return []
    more = [piece for piece in left if piece.purchases & pool][: _pieces_given(reward)]
    return more if len(more) == _pieces_given(reward) else None


def _pieces_given(reward: Get | FreeItem) -> int:
    return reward.get if isinstance(reward, Get) else 1


def _in_order(free: Sequence[Piece], *some: Iterable[Piece]) -> tuple[Piece, ...]:
    units = {piece.unit for pieces in some for piece in pieces}
    return tuple(piece for piece in free if piece.unit in units)


def _target(reward: Reward, aimed: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """What a reward comes off: all it is aimed at, or the cheapest pieces where it gives some."""
    if not isinstance(reward, Get | FreeItem):
        return aimed
    cheapest = sorted(aimed, key=lambda piece: piece.price)[: _pieces_given(reward)]
    return _in_order(aimed, cheapest)
