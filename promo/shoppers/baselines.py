"""The simplest forecasters to stand beside: how often, due, and the household's own rate.

Each is told the level (category or product) and the days of the windows it will be asked about.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from promo.calendar import Window
from promo.shoppers import universe
from promo.shoppers.metrics import Array, Indices
from promo.shoppers.models import ModelError

FURTHEST = 364  # days; an expected day beyond a year says nothing
ROUNDS = 25  # of Newton's method on two numbers


def examples(
    days: pl.DataFrame, level: str, day: date, horizon: int, windows: int = 1
) -> Iterator[tuple[date, pl.DataFrame, Array]]:
    """The newest label windows that end by `day`: each one's cut, its pairs, what was bought.

    Windows without a pair are left out. Raises ModelError when none has any.
    """
    found = 0
    for number in range(1, windows + 1):
        cut = day - timedelta(horizon * number)
        pairs = universe.pairs(days, level, cut)
        if pairs.height:
            found += 1
            window = Window(cut, cut + timedelta(horizon - 1))
            yield cut, pairs, universe.bought(pairs, days, level, window).to_numpy()
    if not found:
        raise ModelError(
            f"There is nothing to learn from before {day}: no known household had bought the same "
            f"{level} on two days by {day - timedelta(horizon)}. Take in more history."
        )


def age(found: pl.DataFrame, since: str, until: str | date) -> Array:
    """Days from one column of days to another, or to a day, of shape (n,)."""
    end = pl.lit(until) if isinstance(until, date) else pl.col(until)
    days: Array = found.select((end - pl.col(since)).dt.total_days()).to_series().to_numpy()
    return days.astype(np.float64)


def answer(probability: Array, day: date, wait: Array | None = None) -> pl.DataFrame:
    """The columns of a forecast; `wait` is the median days until the next purchase."""
    if wait is None:
        expected = pl.Series([None] * len(probability), dtype=pl.Date)
    else:
        whole = pl.Series(np.minimum(wait, FURTHEST).astype(np.int64))
        expected = pl.select(pl.lit(day) + pl.duration(days=pl.lit(whole))).to_series()
    return pl.DataFrame({"probability": probability, "expected_day": expected})


@dataclass
class Frequency:
    """How often: a logistic curve of log n, the purchase days, learned from the last window."""

    level: str
    horizon: int
    line: Array | None = None  # intercept and slope

    def fit(self, days: pl.DataFrame, day: date) -> None:
        """Maximum likelihood of the two numbers."""
        ((_, pairs, bought),) = examples(days, self.level, day, self.horizon)
        x = self._columns(pairs)
        line = np.zeros(2)
        for _ in range(ROUNDS):
            p = 1 / (1 + np.exp(-x @ line))
            curve = (x * (p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(2)
            line = line + np.linalg.solve(curve, x.T @ (bought - p) - 1e-3 * line)
        self.line = line

    def predict(
        self, days: pl.DataFrame, pairs: pl.DataFrame, day: date, window: Window
    ) -> pl.DataFrame:
        """See Forecaster."""
        assert self.line is not None
        return answer(1 / (1 + np.exp(-self._columns(pairs) @ self.line)), day)

    def _columns(self, pairs: pl.DataFrame) -> Array:
        n = pairs["n"].to_numpy()
        return np.column_stack([np.ones(len(n)), np.log(n)])


@dataclass
class Due:
    """Due when the time since the last purchase has reached the mean gap.

    Each of the two answers has the share bought of the last window's pairs that gave it.
    """

    level: str
    horizon: int
    shares: Array | None = None

    def fit(self, days: pl.DataFrame, day: date) -> None:
        """Count the share bought among those due and not due."""
        ((cut, pairs, bought),) = examples(days, self.level, day, self.horizon)
        due = self._due(pairs, cut)
        counts = np.bincount(due, minlength=2) + 2
        self.shares = (np.bincount(due, bought, minlength=2) + 2 * bought.mean()) / counts

    def predict(
        self, days: pl.DataFrame, pairs: pl.DataFrame, day: date, window: Window
    ) -> pl.DataFrame:
        """See Forecaster."""
        assert self.shares is not None
        gap = age(pairs, "first", "last") / (pairs["n"].to_numpy() - 1)
        left = np.maximum(gap - age(pairs, "last", day), 0)
        return answer(self.shares[self._due(pairs, day)], day, left)

    def _due(self, pairs: pl.DataFrame, day: date) -> Indices:
        gap = age(pairs, "first", "last") / (pairs["n"].to_numpy() - 1)
        due: Indices = (age(pairs, "last", day) >= gap).astype(np.intp)
        return due


@dataclass
class Poisson:
    """The household's own rate: purchase days by the days since it first shopped at all."""

    level: str
    horizon: int

    def fit(self, days: pl.DataFrame, day: date) -> None:
        """Nothing to learn."""

    def predict(
        self, days: pl.DataFrame, pairs: pl.DataFrame, day: date, window: Window
    ) -> pl.DataFrame:
        """See Forecaster."""
        rate = pairs["n"].to_numpy() / np.maximum(age(pairs, "trip_first", day), 1)
        return answer(1 - np.exp(-rate * window.days), day, np.log(2) / rate)
