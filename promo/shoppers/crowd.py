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
ACTIVE = (14, 28)  # days
MOMENTA = ((7, 56), (14, 56), (28, 112))  # days now, and days that they are held against
NAMES = (
    "buyers",  # log of households that ever bought the item
    "repeats",  # log of their mean purchase days
    "repeaters",  # log of the share of them that bought it twice
    *(f"active_{days}" for days in ACTIVE),  # log of the share that bought it in the last days
    # log of purchases a shopping day in the last days over those in the longer time before
    *(f"momentum_{now}" for now, _ in MOMENTA),
    # log of purchases in past fortnights over those that BG/NBD expected at their beginning
    "item_surprise_14",  # the item's, in the last fortnight
    "item_surprise_56",  # in the last four
    "household_surprise_14",
    "household_surprise_56",
)


@dataclass(frozen=True)
class Past:
    """One fortnight that is over: for each pair known when it began, what was and was expected."""

    pairs: Indices
    expected: Array  # probability of a purchase by BG/NBD
    bought: Array  # 0 or 1


def columns(h: Histories, pasts: tuple[Past, ...]) -> NDArray[np.float32]:
    """NAMES of each pair, of shape (pairs, NAMES); `h` is of all households."""
    found = {**_habits(h), **_momenta(h), **_surprises(h, pasts)}
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


def _habits(h: Histories) -> dict[str, Array]:
    item = items(h)
    buyers = _total(item, np.ones(len(item)))
    repeaters = _total(item, (h.n > 1).astype(np.float64))
    found = {
        "buyers": np.log(buyers),
        "repeats": np.log(_total(item, h.n) / buyers),
        "repeaters": np.log((repeaters + 1) / (buyers + 3)),
    }
    for days in ACTIVE:
        active = _total(item, (h.last <= days).astype(np.float64))
        found[f"active_{days}"] = np.log((active + 0.3) / (buyers + 1))
    return {name: values[item] for name, values in found.items()}


def _momenta(h: Histories) -> dict[str, Array]:
    item = items(h)

    def sold(days: int) -> tuple[Array, float]:
        bought = h.sum((h.age <= days).astype(np.float64))
        return _total(item, bought), float((h.visits.age <= days).sum()) + 1

    found = {}
    for now, base in MOMENTA:
        (lately, trips_lately), (usually, trips) = sold(now), sold(base)
        share = (lately + 2 * now / base) / (usually + 2)
        found[f"momentum_{now}"] = np.log(share * trips / trips_lately)[item]
    return found


def _surprises(h: Histories, pasts: tuple[Past, ...]) -> dict[str, Array]:
    found = {}
    for name, of, prior in (
        ("item", items(h), ITEM_PRIOR),
        ("household", h.household, HOUSEHOLD_PRIOR),
    ):
        for some in (pasts[:1], pasts):
            bought = expected = np.full(int(of.max(initial=-1)) + 1, prior)
            for past in some:
                bought = bought + _total(of, past.bought, past.pairs)
                expected = expected + _total(of, past.expected, past.pairs)
            found[f"{name}_surprise_{FORTNIGHT * len(some)}"] = np.log(bought / expected)[of]
    return found


def _total(of: Indices, values: Array, pairs: Indices | None = None) -> Array:
    """The sum of the values of pairs, those of all or of some, by item or by household."""
    size = int(of.max(initial=-1)) + 1
    which = of if pairs is None else of[pairs]
    return np.bincount(which, values, size).astype(np.float64)
