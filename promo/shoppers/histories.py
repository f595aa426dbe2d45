"""Histories: when each household bought each item, as arrays the features are counted on.

A history is of some households (a bucket or more), of one level (category or product), as of the
beginning of one day. A purchase day is a day on which more came home than went back.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]

SPAN = 1024  # more days than any profile holds
OLDEST = SPAN - 1  # days before the histories' day
NEVER = 400.0  # days; longer ago than any profile holds


@dataclass(frozen=True)
class Visits:
    """The shopping days of the households, sorted by household and day; arrays of shape (v,)."""

    household: Indices  # index, 0 to households - 1
    age: Array  # days before the day the history is of; 1 = the day before
    categories: Array  # categories bought on that day
    households: int

    @cached_property
    def count(self) -> Array:
        """Shopping days of each household."""
        return self.total(np.ones(len(self.age)))

    def total(self, of: Array) -> Array:
        """The sum of something over each household's visits."""
        summed: Array = np.bincount(self.household, of, self.households).astype(np.float64)
        return summed


@dataclass(frozen=True)
class Histories:
    """The pairs (household and item), and every purchase day of each.

    Purchases lie pair after pair, each pair's in order of time; pair i's begin at `start[i]`.
    """

    level: str
    day: date
    names: pl.DataFrame  # of each pair: shopper, `level`, category; sorted by shopper and item
    household: Indices  # of each pair, index into the visits' households
    family: Indices  # of each pair: its household's purchases of the product's category; or all
    start: Indices  # of each pair, index of its first purchase
    age: Array  # of each purchase, days before `day`
    units: Array  # of each purchase
    paid: Array  # of each purchase, minor units
    visits: Visits

    @cached_property
    def n(self) -> Array:
        """Purchase days of each pair."""
        counted: Array = np.diff(np.append(self.start, len(self.age))).astype(np.float64)
        return counted

    @cached_property
    def first(self) -> Array:
        """Days since the first purchase of each pair."""
        return self.age[self.start]

    @cached_property
    def last(self) -> Array:
        """Days since the last purchase of each pair."""
        return self.age[self.end]

    @cached_property
    def end(self) -> Indices:
        """Of each pair, the index of its last purchase."""
        return np.append(self.start[1:], len(self.age))[: len(self.start)] - 1

    @cached_property
    def pair(self) -> Indices:
        """Of each purchase, its pair."""
        return np.repeat(np.arange(len(self.start)), self.n.astype(np.int64))

    @cached_property
    def gap(self) -> Array:
        """Of each purchase, days since the one before it; 0 for the first of a pair."""
        gap: Array = -np.diff(self.age, prepend=0.0)
        gap[self.start] = 0.0
        return gap

    @cached_property
    def visited(self) -> Array:
        """Days since each household's last shopping day."""
        newest = np.full(self.visits.households, NEVER)
        np.minimum.at(newest, self.visits.household, self.visits.age)
        return newest

    def sum(self, of: Array) -> Array:
        """The sum of something over each pair's purchases."""
        summed: Array = np.add.reduceat(of, self.start) if len(self.start) else np.empty(0)
        return summed

    def table(self) -> pl.DataFrame:
        """The pairs with n (purchase days), first, last, units and paid (minor units)."""
        return self.names.with_columns(
            n=pl.Series(self.n.astype(np.int64)),
            first=_days_before(self.day, self.first),
            last=_days_before(self.day, self.last),
            units=pl.Series(self.sum(self.units).astype(np.int64)),
            paid=pl.Series(self.sum(self.paid).astype(np.int64)),
        )

    def before(self, back: int, keep: int) -> "tuple[Histories, Indices]":
        """What was known `back` days earlier, of `keep` days; and which pairs those were."""
        kept = (self.age > back) & (self.age <= back + keep)
        begin, pair = _runs(self.pair[kept])
        visits = self.visits
        seen = (visits.age > back) & (visits.age <= back + keep)
        earlier = Visits(
            visits.household[seen], visits.age[seen] - back, visits.categories[seen],
            visits.households,
        )  # fmt: skip
        return Histories(
            self.level, self.day - timedelta(back), self.names[pair], self.household[pair],
            self.family[pair], begin, self.age[kept] - back, self.units[kept], self.paid[kept],
            earlier,
        ), pair  # fmt: skip

    def one_in(self, stride: int) -> "tuple[Histories, Indices]":
        """The histories of one household in so many; and which pairs those are."""
        if stride == 1:
            return self, np.arange(len(self.start))
        kept = self.household % stride == 0
        pairs, purchases = np.flatnonzero(kept), kept[self.pair]
        counts = self.n[pairs].astype(np.int64)
        return replace(
            self, names=self.names[pairs], household=self.household[pairs],
            family=self.family[pairs], start=np.cumsum(counts) - counts,
            age=self.age[purchases], units=self.units[purchases], paid=self.paid[purchases],
        ), pairs  # fmt: skip

    def bought(self, back: int, lead: int, days: int) -> NDArray[np.bool_]:
        """Whether each pair was bought in the `days` days from `lead` days after `back` ago on."""
        inside = (self.age <= back - lead) & (self.age > back - lead - days)
        return self.sum(inside.astype(np.float64)) > 0


def of(days: pl.DataFrame, level: str, day: date) -> Histories:
    """The histories in as-of profile rows with product facts (see `households.with_products`).

    No row may be on `day` or later, or more than OLDEST days before it.

    Names become numbers in their own order first, because sorting a million rows by one integer
    takes a tenth of the time that three columns of text do.
    """
    household, shoppers, _ = _numbered(days["shopper"])
    item, items, example = _numbered(days[level])
    age = _age(days["day"], day)
    known = np.flatnonzero(item >= 0)  # an unknown product has no category
    key = ((household * max(len(items), 1) + item) * SPAN + SPAN - 1 - age)[known]
    order = known[np.argsort(key, kind="stable")]
    begin, number = _runs(np.sort(key))
    units, paid = (_sums(days[name].to_numpy()[order], begin) for name in ("units", "paid"))
    number, units, paid = (values[units > 0] for values in (number, units, paid))
    pair, later = np.divmod(number, SPAN)
    start, of_pair = _runs(pair)
    who, what = np.divmod(of_pair, max(len(items), 1))
    group = days["category"][example[what]]
    names = pl.DataFrame({"shopper": shoppers[who], level: items[what], "category": group})
    family = who
    if level == "product":
        category, categories, _ = _numbered(group)
        family = _ranked(who * (len(categories) + 1) + category + 1)
    visits = _visits(household, age, _numbered(days["category"])[0], len(shoppers))
    return Histories(
        level, day, names, who, family, start, (SPAN - 1 - later).astype(np.float64),
        units.astype(np.float64), paid.astype(np.float64), visits,
    )  # fmt: skip


def _visits(household: Indices, age: Indices, group: Indices, households: int) -> Visits:
    """Shopping days; what belongs to no known category counts as one more."""
    size = int(group.max(initial=0)) + 2
    on = household * SPAN + SPAN - 1 - age
    seen = np.sort(on * size + group + 1)
    seen = seen[_runs(seen)[0]]  # np.unique hashes, which takes ten times as long
    start, number = _runs(seen // size)
    who, later = np.divmod(number, SPAN)
    categories = np.diff(np.append(start, len(seen))).astype(np.float64)
    return Visits(who, (SPAN - 1 - later).astype(np.float64), categories, households)


def _numbered(names: pl.Series) -> tuple[Indices, pl.Series, Indices]:
    """Each name's place in the order of names (-1 for none), the names, a row that has each."""
    physical = names.cast(pl.Categorical).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
    example = np.full(physical.max(initial=-1) + 1, -1)
    rows = np.flatnonzero(physical >= 0)
    example[physical[rows]] = rows
    example = example[example >= 0]
    order = names[example].arg_sort().to_numpy()
    place = np.full(physical.max(initial=-1) + 2, -1)
    place[physical[example[order]]] = np.arange(len(order))
    return place[physical], names[example[order]], example[order]


def _runs(values: Indices) -> tuple[Indices, Indices]:
    """Where each run of equal values begins, and its value."""
    changed = np.ones(len(values), dtype=np.bool_)
    changed[1:] = values[1:] != values[:-1]
    start = np.flatnonzero(changed)
    return start, values[start]


def _ranked(values: Indices) -> Indices:
    """Each value's place among the different values."""
    order = np.argsort(values, kind="stable")
    ranked = np.empty_like(order)
    fresh = np.diff(values[order], prepend=-1) != 0
    ranked[order] = np.cumsum(fresh) - 1
    return ranked


def _sums(values: Indices, start: Indices) -> Indices:
    """The sum of each run."""
    summed: Indices = np.add.reduceat(values, start) if len(start) else values[:0]
    return summed


def _epoch(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _age(days: pl.Series, day: date) -> Indices:
    age: Indices = _epoch(day) - days.to_physical().to_numpy().astype(np.int64)
    return age


def _days_before(day: date, age: Array) -> pl.Series:
    return pl.Series(_epoch(day) - age.astype(np.int32)).cast(pl.Int32).cast(pl.Date)
