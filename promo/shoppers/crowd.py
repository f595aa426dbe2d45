"""Crowd: what all households' purchases say of an item, and of a household as a whole.

Beside a pair's own history (`features`) it matters how habit-forming the item is, whether its
buyers still buy it, whether it sells better than it did, and whether item and household have
lately done more or less than BG/NBD expected of them. Logarithms are natural.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promo.calendar import FORTNIGHT
from promo.shoppers import bgnbd
from promo.shoppers.bgnbd import Parameters
from promo.shoppers.histories import SPAN, Array, Histories, Indices

PASTS = tuple(FORTNIGHT * n for n in (1, 2, 3, 4))  # days back to where past windows begin
ITEM_PRIOR, HOUSEHOLD_PRIOR = 5.0, 3.0  # purchases added to what was and what was expected
RECENT, LONGER = 28, 112  # days; with shorter ones a past holiday stands for what is to come
NAMES = (
    "buyers",  # log of households that ever bought the item
    "repeats",  # log of their mean purchase days
    "repeaters",  # log of the share of them that bought it twice
    "active",  # log of the share that bought it in the last RECENT days
    "momentum",  # log of purchases a shopping day in RECENT days over those in LONGER ones
    # log of purchases in the past fortnights over those that BG/NBD expected when they began
    "item_surprise",  # the item's
    "household_surprise",  # the household's
)


@dataclass(frozen=True)
class Past:
    """One fortnight that is over: for each pair known when it began, what was and was expected."""

    pairs: Indices
    expected: Array  # probability of a purchase by BG/NBD
    bought: Array  # 0 or 1


def columns(h: Histories, pasts: tuple[Past, ...]) -> NDArray[np.float32]:
    """NAMES of each pair, of shape (pairs, NAMES); `h` is of all households."""
    item = items(h)
    found = {
        **_habits(h, item),
        "momentum": _momentum(h, item),
        "item_surprise": _surprise(item, pasts, ITEM_PRIOR),
        "household_surprise": _surprise(h.household, pasts, HOUSEHOLD_PRIOR),
    }
    return np.column_stack([found[name] for name in NAMES]).astype(np.float32)


def pasts(h: Histories, p: Parameters) -> Iterator[Past]:
    """The last fortnights before the histories' day, the latest first."""
    for back in PASTS:
        then, which = h.before(back, SPAN)
        of = p.take(which)
        expected = bgnbd.p_purchase(of, then.n - 1, then.first - then.last, then.first, FORTNIGHT)
        bought = h.bought(back, 0, FORTNIGHT)[which].astype(np.float64)
        yield Past(which, expected, bought)


def items(h: Histories) -> Indices:
    """Each pair's item as a number from 0, of shape (pairs,)."""
    numbers: Indices = h.names[h.level].rank("dense").to_numpy().astype(np.int64) - 1
    return numbers


def _habits(h: Histories, item: Indices) -> dict[str, Array]:
    buyers = _total(item, np.ones(len(item)))
    repeaters = _total(item, (h.n > 1).astype(np.float64))
    active = _total(item, (h.last <= RECENT).astype(np.float64))
    found = {
        "buyers": np.log(buyers),
        "repeats": np.log(_total(item, h.n) / buyers),
        "repeaters": np.log((repeaters + 1) / (buyers + 3)),
        "active": np.log((active + 0.3) / (buyers + 1)),
    }
    return {name: values[item] for name, values in found.items()}


def _momentum(h: Histories, item: Indices) -> Array:
    lately, usually = (
        _total(item, h.sum((h.age <= days).astype(np.float64))) for days in (RECENT, LONGER)
    )
    trips_lately, trips = ((h.visits.age <= days).sum() + 1 for days in (RECENT, LONGER))
    share = (lately + 2 * RECENT / LONGER) / (usually + 2)
    found: Array = np.log(share * trips / trips_lately)[item]
    return found


def _surprise(of: Indices, pasts: tuple[Past, ...], prior: float) -> Array:
    """By items or by households, in the numbers `of` each pair's; small ones drawn to none."""
    bought = expected = np.full(int(of.max(initial=-1)) + 1, prior)
    for past in pasts:
        bought = bought + _total(of, past.bought, past.pairs)
        expected = expected + _total(of, past.expected, past.pairs)
    found: Array = np.log(bought / expected)[of]
    return found


def _total(of: Indices, values: Array, pairs: Indices | None = None) -> Array:
    """The sum of the values of pairs, those of all or of some, by item or by household."""
    size = int(of.max(initial=-1)) + 1
    which = of if pairs is None else of[pairs]
    return np.bincount(which, values, size).astype(np.float64)
