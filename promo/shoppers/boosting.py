"""LightGBM on 24 numbers of a pair: what a general learner makes of the same days.

A yardstick, not what the night runs on: it needs the extra `boosting`, and its trees are megabytes
that nobody can read.
"""

from dataclasses import dataclass, field
from datetime import date
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from promo.calendar import Window
from promo.shoppers.baselines import age, answer, examples
from promo.shoppers.metrics import Array, Indices
from promo.shoppers.models import ModelError

if TYPE_CHECKING:
    from lightgbm import Booster

WINDOWS = 6
RECENT = (14, 28, 56, 112)  # days looked back over
ROUNDS = 300
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}


def installed() -> bool:
    """Whether the extra is here."""
    return find_spec("lightgbm") is not None


def check() -> None:
    """Raise ModelError when the extra is not here."""
    if not installed():
        raise ModelError("LightGBM is not installed: pip install 'promo[boosting]'.")


def grow(x: NDArray[np.floating], y: Array, rounds: int, settings: dict[str, Any]) -> "Booster":
    """Trees for outcomes y of 0 and 1, shape (n,), by x, shape (n, p); `settings` over ours."""
    import lightgbm

    return lightgbm.train(SETTINGS | settings, lightgbm.Dataset(x, y), num_boost_round=rounds)


@dataclass
class LightGbm:
    """Boosted trees on `features`, learned from the six newest label windows."""

    level: str
    horizon: int
    threads: int = 1
    seed: int = 1
    booster: "Booster | None" = field(default=None, repr=False)

    def fit(self, days: pl.DataFrame, day: date) -> None:
        """Grow the trees. Raises ModelError when lightgbm is not installed."""
        check()
        found = list(examples(days, self.level, day, self.horizon, WINDOWS))
        columns = [features(days, pairs, self.level, cut) for cut, pairs, _ in found]
        x, y = np.concatenate(columns), np.concatenate([y for _, _, y in found])
        self.booster = grow(x, y, ROUNDS, {"num_threads": self.threads, "seed": self.seed})

    def predict(
        self, days: pl.DataFrame, pairs: pl.DataFrame, day: date, window: Window
    ) -> pl.DataFrame:
        """See Forecaster."""
        assert self.booster is not None
        columns = features(days, pairs, self.level, day)
        found = self.booster.predict(columns, num_threads=self.threads)
        return answer(np.asarray(found, dtype=np.float64), day)


def features(days: pl.DataFrame, pairs: pl.DataFrame, level: str, day: date) -> Array:
    """24 numbers of each pair, of shape (n, 24); a gap that never was is NaN."""
    before = days.filter(pl.col("day") < day)
    bought = before.filter(pl.col(level).is_not_null())
    items = _codes(bought[level], pairs[level])
    shoppers = _codes(bought["shopper"], pairs["shopper"])
    ago = age(bought, "day", day).astype(np.int64)
    width, span = int(max(c.max() for c in items)) + 1, int(ago.max()) + 1
    # One number for shopper, item and day: sorting it sorts all three, the newest day first.
    events = np.unique((shoppers[0] * width + items[0]) * span + ago)
    keys, starts = np.unique(events // span, return_index=True)
    own = _of_pairs(events % span, starts)
    place = np.searchsorted(keys, shoppers[1] * width + items[1])
    of_item = _of_items(keys % width, own, width)[items[1]]
    n, units, paid, trips = (pairs[c].to_numpy() for c in ("n", "units", "paid", "trips"))
    since, tenure = age(pairs, "last", day), age(pairs, "trip_first", day)
    gap = age(pairs, "first", "last") / (n - 1)
    columns = (
        n, since, gap, since / gap, n / tenure, n / trips, units / n, paid / n,
        trips, tenure, tenure / trips, age(pairs, "trip_last", day),
    )  # fmt: skip
    found = np.column_stack(
        [*columns, own[place, 1:7], _of_households(before, pairs, day), of_item]
    )
    return found.astype(np.float64)


def _codes(*columns: pl.Series) -> list[NDArray[np.int64]]:
    """Whole numbers for the words of several columns, the same for the same word."""
    words = pl.concat([c.rename("word") for c in columns]).cast(pl.Categorical)
    found = words.to_physical().cast(pl.Int64).to_numpy()
    return list(np.split(found, np.cumsum([len(c) for c in columns])[:-1]))


def _of_pairs(ago: NDArray[np.int64], starts: Indices) -> Array:
    """Of each pair purchase days, those in RECENT spans, last gap, spread of gaps, oldest day."""
    n = np.diff(starts, append=len(ago))
    gaps = np.append(np.diff(ago), 0).astype(np.float64)
    gaps[np.append(starts[1:], len(ago)) - 1] = 0  # from one pair to the next
    repeats = np.where(n > 1, n - 1.0, np.nan)
    mean, square = (np.add.reduceat(g, starts) / repeats for g in (gaps, gaps**2))
    spread = np.sqrt(np.maximum(square - mean**2, 0)) / mean
    recent = [np.add.reduceat(ago <= d, starts, dtype=np.int64) for d in RECENT]
    last_gap = np.where(n > 1, gaps[starts], np.nan)
    return np.column_stack([n, *recent, last_gap, spread, np.maximum.reduceat(ago, starts)])


def _of_items(item: NDArray[np.int64], own: Array, width: int) -> Array:
    """Of each item buyers, purchase days of a buyer, share of the last 28 days, days a purchase."""

    def total(weights: Array | None = None) -> Array:
        return np.bincount(item, weights, minlength=width).astype(np.float64)

    buyers, bought = total(), np.maximum(total(own[:, 0]), 1)
    recent = total(own[:, 1 + RECENT.index(28)])
    repeats = bought / np.maximum(buyers, 1)
    return np.column_stack([buyers, repeats, recent / bought, total(own[:, -1]) / bought])


def _of_households(before: pl.DataFrame, pairs: pl.DataFrame, day: date) -> Array:
    """Of each pair's household shopping days in the last 28, and products a shopping day."""
    ago = (pl.lit(day) - pl.col("day")).dt.total_days()
    trips = before.group_by("shopper", "day").agg(products=pl.len()).group_by("shopper")
    found = trips.agg((ago <= 28).sum().alias("recent"), basket=pl.col("products").mean())
    own = pairs.select("shopper").join(found, on="shopper", how="left", maintain_order="left")
    return own.select("recent", "basket").cast(pl.Float64).to_numpy()
