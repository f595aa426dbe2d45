"""Three worlds whose law is known, and the forecaster who knows it: the truth to be measured by.

In every world each household buys each of CATEGORIES with a chance of one half, and every pair
of the two has a pace of its own, for ever: one of PACES equally likely ones, the quantiles of a
gamma whose mean is the category's (a purchase every 8 days in the first, every 72 in the last).
Days are whole. What comes next depends on the pair's pace and its last purchase only:

- Poisson: on every day the same chance 1 - exp(-pace).
- clockwork, with lapsing: the pace is a period of days. A gap is a normal of that mean and a tenth
  of it as standard deviation, rounded; after 4 % of purchases the household never comes again.
  The first purchase falls on any day of the first period.
- two-packs: 40 % of purchases are of two pieces, and each piece is used up before the next is
  bought: on every day after a purchase of k pieces the chance is 1 - exp(-pace / k).

The truth is Bayes' rule over the paces, given all that the pair did since the first day; it knows
the category's mean and the law, but not the pair's pace. No forecast from histories is better.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

FIRST = date(2017, 1, 2)
DAYS = 364  # before the cut
CUT = FIRST + timedelta(DAYS)
HORIZON = 14
CATEGORIES = 40
PACES = 200
TINY = 1e-300
PACKS = (1, 2)


@dataclass(frozen=True)
class Law:
    """How pairs of a world buy.

    `paces` gives the PACES paces of a category from its mean gap in days; `waits` the chance,
    given days, paces and pieces, that a gap is of so many days or more; `begins` the same of the
    days before the first purchase.
    """

    paces: Callable[[float], Array]
    waits: Callable[[Array, Array, int], Array]
    begins: Callable[[Array, Array], Array]
    lapses: float = 0.0  # the chance after each purchase
    two_packs: float = 0.0  # of purchases


def _rates(mean_gap: float) -> Array:
    rates: Array = stats.gamma.ppf((np.arange(PACES) + 0.5) / PACES, 2, scale=0.5 / mean_gap)
    return rates


def _faster(mean_gap: float) -> Array:
    return 1.4 * _rates(mean_gap)  # as many pieces as the other worlds' purchases


def _periods(mean_gap: float) -> Array:
    periods: Array = stats.gamma.ppf((np.arange(PACES) + 0.5) / PACES, 8, scale=mean_gap / 8)
    return np.clip(periods, 3, 200)


def _chance_a_day(days: Array, rate: Array, pieces: int) -> Array:
    waits: Array = np.exp(-rate * np.maximum(days - 1, 0) / pieces)
    return waits


def _normal(days: Array, period: Array, pieces: int) -> Array:
    waits: Array = np.where(days <= 1, 1.0, ndtr((period - days + 0.5) / (0.1 * period)))
    return waits


def _from_the_first_day(days: Array, rate: Array) -> Array:
    begins: Array = np.exp(-rate * days)
    return begins


def _in_the_first_period(days: Array, period: Array) -> Array:
    begins: Array = np.maximum(1 - days / period, 0)
    return begins


LAWS = {
    "Poisson": Law(_rates, _chance_a_day, _from_the_first_day),
    "clockwork": Law(_periods, _normal, _in_the_first_period, lapses=0.04),
    "two-packs": Law(_faster, _chance_a_day, _from_the_first_day, two_packs=0.4),
}


@dataclass(frozen=True)
class Tables:
    """A category's law in numbers; all of shape (DAYS + HORIZON + 1, PACES), by days from 0 on."""

    begins: Array  # the chance that so many days or more lie before the first purchase
    waits: dict[int, Array]  # by pieces: that a gap is of so many days or more


@cache
def tables(law: Law, category: int) -> Tables:
    """Of a category, by its number from 0; computed once, looked up for every purchase."""
    days = np.arange(DAYS + HORIZON + 1, dtype=np.float64)[:, None]
    mean_gap = 8 * 9 ** (category / (CATEGORIES - 1))
    paces = law.paces(mean_gap)[None]
    waits = {pieces: law.waits(days, paces, pieces) for pieces in PACKS}
    return Tables(law.begins(days, paces), waits)


def draw(law: Law, households: int, seed: int) -> pl.DataFrame:
    """Profile rows of a world from FIRST to the end of the fortnight after CUT."""
    random = np.random.default_rng(seed)
    found = []
    for category in range(CATEGORIES):
        who = np.flatnonzero(random.random(households) < 0.5)
        bought = _purchases(law, tables(law, category), who, random)
        found.append(np.column_stack([*bought, np.full(len(bought[0]), category)]))
    names = ["days", "household", "units", "number"]
    name = pl.format("c{}", pl.col("number").cast(pl.String).str.zfill(2))
    return (
        pl.DataFrame(np.concatenate(found), names, orient="row")
        .select(
            shopper=pl.format("h{}", pl.col("household").cast(pl.String).str.zfill(6)),
            product=name,
            category=name,
            day=pl.lit(FIRST) + pl.duration(days="days"),
            units="units",
            paid=100 * pl.col("units"),
        )
        .sort("shopper", "category", "day")
    )


def _purchases(
    law: Law, of: Tables, who: Indices, random: np.random.Generator
) -> tuple[Indices, Indices, Indices]:
    """Days, households and pieces: one purchase of all after the other, until all are done."""
    pace = random.integers(0, PACES, len(who))
    waits = {pieces: _rising(waits) for pieces, waits in of.waits.items()}
    day = _drawn(_rising(of.begins), pace, random)
    found = []
    while (going := day < DAYS + HORIZON).any():
        who, pace, day = who[going], pace[going], day[going]
        pieces = 1 + (random.random(len(who)) < law.two_packs).astype(np.int64)
        found.append((day, who, pieces))
        one, two = (_drawn(waits[k], pace, random) for k in PACKS)
        lapsed = random.random(len(who)) < law.lapses
        day = np.where(lapsed, DAYS + HORIZON, day + np.where(pieces == 1, one, two))
    days, households, units = (np.concatenate(column) for column in zip(*found, strict=True))
    return days, households, units


def _rising(waits: Array) -> Array:
    """Pace after pace the chance of fewer days: from 0 to 1, then from 1 to 2, and so on."""
    rising: Array = (np.arange(PACES)[:, None] + (1 - waits.T)).ravel()
    return rising


def _drawn(rising: Array, pace: Indices, random: np.random.Generator) -> Indices:
    """A number of days for each pace."""
    place = np.searchsorted(rising, pace + random.random(len(pace)), side="right") - 1
    return place - pace * (DAYS + HORIZON + 1)


def truth(law: Law, days: pl.DataFrame, pairs: pl.DataFrame) -> Array:
    """The chance that each pair is bought in the fortnight from CUT on, in their order; (n,).

    `pairs` have shopper and category, bought at least once before CUT.
    """
    bought = days.filter(pl.col("day") < CUT).select(
        "shopper", "category", "units", age=(pl.lit(CUT) - pl.col("day")).dt.total_days()
    )
    parts = []
    for (category,), some in bought.partition_by("category", as_dict=True).items():
        of = tables(law, int(str(category)[1:]))
        parts.append(_posterior(law, of, some.sort("shopper", "age", descending=[False, True])))
    return (
        pairs.select("shopper", "category")
        .join(pl.concat(parts), on=["shopper", "category"], how="left", maintain_order="left")["p"]
        .to_numpy()
    )


def _posterior(law: Law, of: Tables, bought: pl.DataFrame) -> pl.DataFrame:
    """shopper, category and p of one category's pairs; `bought` lies in order of time."""
    age, units = (bought[name].to_numpy() for name in ("age", "units"))
    start = np.flatnonzero(bought["shopper"].ne_missing(bought["shopper"].shift()).to_numpy())
    last = np.append(start[1:], len(age)) - 1
    gap = np.append(age[:-1] - age[1:], 0)
    begins = -np.diff(of.begins, axis=0)
    seen = np.log(np.maximum(begins[DAYS - age[start]], TINY))
    for pieces, waits in of.waits.items():
        ended = np.log(np.maximum((1 - law.lapses) * -np.diff(waits, axis=0), TINY))
        each = np.where((units == pieces)[:, None], ended[gap], 0.0)
        each[last] = 0.0
        seen += np.add.reduceat(each, start)
    two = (units[last] == 2)[:, None]
    waited, after = (
        np.where(two, of.waits[2][days], of.waits[1][days])
        for days in (age[last], age[last] + HORIZON)
    )
    seen = np.exp(seen - seen.max(axis=1, keepdims=True))
    alive = (1 - law.lapses) * waited + law.lapses
    buys = (1 - law.lapses) * (waited - after)
    p = (seen * buys).sum(axis=1) / (seen * alive).sum(axis=1)
    return bought[start].select("shopper", "category").with_columns(p=pl.Series(p))
