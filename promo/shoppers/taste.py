"""Taste: what a household has never bought, and the chance that it begins within a fortnight.

Item factors (alternating least squares, package `implicit`) and, for categories, an item-item
regression say what goes with what it buys; how often active households begin an item says how
popular it is; for products there are the household's categories, makers, price level and
store-brand habit beside them. A logistic regression on past fortnights weighs all that, drawn to
popularity where it has little to learn from. `Taste` is made once a night from all households, or
a sample of them, and holds no household.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits

from promo.shoppers import taste_items
from promo.shoppers.taste_features import Households, features, names
from promo.shoppers.taste_items import FORTNIGHT, RECENT, Floats

LEVELS = ("category", "product")
BLOCK = 128  # households scored at a time: a matrix of so many rows and a column an item
PAST = {"category": 6, "product": 1}  # fortnights before the night that the weights come from
LEAST_DAYS = 4  # shopping days that a household needs to be learned from
SAMPLE = 400_000  # pairs that were not bought, a fortnight, at the most
RIDGE = 10.0  # precision of a standardised weight about popularity alone
POPULAR = "hazard"
INTERCEPT = "one"
ITEMS = {"item": pl.String, "category": pl.String, "score": pl.Float64, "probability": pl.Float64}


@dataclass(frozen=True)
class Taste:
    """The artefact: for each level a table of items, and the weights (level, feature, weight)."""

    day: date
    items: dict[str, pl.DataFrame]
    weights: pl.DataFrame

    @staticmethod
    def fit(days: pl.DataFrame, day: date, seed: int) -> "Taste":
        """Learn from the rows before `day`; equal input and seed give equal bytes.

        `days` are profile rows with product facts: shopper, product, store, day, units, paid,
        category, description, brand_owner, store_brand. What must not be said is left out before.
        """
        known = taste_items.coded(days.filter(pl.col("day") < day))
        facts, items, weights = taste_items.facts(known), {}, []
        for level in LEVELS:
            events = taste_items.events(known, level)
            items[level] = taste_items.table(events, facts, level, day, seed)
            weights.append(_learn(events, facts, level, day, seed))
        return Taste(day, items, pl.concat(weights))

    def unseen(
        self,
        days: pl.DataFrame,
        level: str,
        top: int,
        among: Collection[str] | None = None,
        day: date | None = None,
    ) -> pl.DataFrame:
        """The best `top` items at a level that each household had never bought when `day` began.

        `day` is the day of the fit where none is given; a later one sees what was bought since.

        Only items sold of late to two households, and only those `among`, where given. Returns
        shopper, item, category, score (log-odds), probability (a first purchase within fourteen
        days), rank (from 1), sorted by shopper and rank. One household's rows do not depend on
        the others'; ties go by item.
        """
        day = day or self.day
        known = taste_items.coded(days.filter(pl.col("day") < day))
        items = self.items[level]
        some = Households.of(taste_items.events(known, level), level, day, items)
        allowed = np.ones(items.height, bool)
        if among is not None:
            allowed = items["item"].is_in(list(among)).to_numpy()
        w = self.weights.filter(pl.col("level") == level)["weight"].to_numpy()
        parts = [
            _best(part, _scores(part, items, level, w, allowed), items, top)
            for part in _blocks(some)
        ]
        empty = pl.DataFrame(schema={"shopper": pl.String, **ITEMS, "rank": pl.Int64})
        return pl.concat([empty, *parts])

    def save(self, folder: Path) -> None:
        """Write category.parquet, product.parquet and weights.csv into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for level, items in self.items.items():
            items.write_parquet(folder / f"{level}.parquet")
        self.weights.with_columns(day=pl.lit(self.day)).write_csv(folder / "weights.csv")

    @staticmethod
    def load(folder: Path) -> "Taste":
        """Read what `save` wrote."""
        weights = pl.read_csv(folder / "weights.csv", schema_overrides={"day": pl.Date})
        items = {level: pl.read_parquet(folder / f"{level}.parquet") for level in LEVELS}
        return Taste(weights["day"][0], items, weights.drop("day"))


def _blocks(some: Households) -> Iterator[Households]:
    for start in range(0, len(some.shoppers), BLOCK):
        yield some[start : start + BLOCK]


def _scores(
    part: Households, items: pl.DataFrame, level: str, w: NDArray[np.float64], allowed: np.ndarray
) -> Floats:
    """Log-odds, households x items; minus infinity where it was bought or is not allowed."""
    total = np.full(part.counts.shape, w[-1], np.float32)
    for weight, values in zip(w[:-1], features(part, items, level), strict=True):
        total += np.float32(weight) * values
    total[part.had.nonzero()] = -np.inf
    total[:, ~allowed] = -np.inf
    return total


def _best(part: Households, scores: Floats, items: pl.DataFrame, top: int) -> pl.DataFrame:
    """The `top` items a household, by score rounded to six digits and then by item."""
    scores = np.round(scores, 6)
    width = min(top, scores.shape[1])
    if not width:
        return pl.DataFrame(schema={"shopper": pl.String, **ITEMS, "rank": pl.Int64})
    least = np.partition(scores, -width, axis=1)[:, -width][:, None]
    row, column = np.nonzero((scores >= least) & np.isfinite(scores))
    score = pl.Series("score", scores[row, column].astype(np.float64)).round(6)
    found = pl.DataFrame({"row": row, "column": column}).with_columns(score)
    found = found.sort("row", "score", "column", descending=[False, True, False])
    found = found.with_columns(rank=pl.int_range(1, pl.len() + 1).over("row"))
    found = found.filter(pl.col("rank") <= top)
    picked = items.select("item", "category")[found["column"].to_numpy()]
    probability = pl.Series("probability", expit(found["score"].to_numpy())).round(6)
    return picked.select(
        part.shoppers[found["row"].to_numpy()].cast(pl.String).alias("shopper"),
        "item", "category", found["score"], probability, found["rank"],
    )  # fmt: skip


def _learn(
    events: pl.DataFrame, facts: pl.DataFrame, level: str, day: date, seed: int
) -> pl.DataFrame:
    """The level's weights: what was begun in past fortnights, seen from before each of them."""
    parts = [
        _sample(events, facts, level, day - timedelta(FORTNIGHT * back), seed)
        for back in range(1, PAST[level] + 1)
    ]
    x, begun, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
    with threadpool_limits(1, "blas"):
        w = logistic(x, begun, weight, names(level).index(POPULAR))
    return pl.DataFrame({"feature": [*names(level), INTERCEPT], "weight": w}).select(
        pl.lit(level).alias("level"), "feature", "weight"
    )


def _sample(
    events: pl.DataFrame, facts: pl.DataFrame, level: str, cut: date, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Features (n, f), 0/1 and weight of pairs unseen at `cut`: all begun, some of the others."""
    known = events.filter(pl.col("day") < cut)
    items = taste_items.table(known, facts, level, cut, seed)
    after = events.filter(pl.col("day").is_between(cut, cut + timedelta(FORTNIGHT - 1)))
    some = Households.of(_regular(known, cut), level, cut, items)
    news = taste_items.pairs(after).filter(pl.col("n") > 0)
    label = taste_items.matrix(news, items, some.shoppers)
    cells = max(1, label.shape[0] * label.shape[1])
    rate = min(1.0, SAMPLE / cells)
    chance = np.random.default_rng(seed)
    x, y = [np.zeros((0, len(names(level))), np.float32)], [np.zeros(0)]
    for start, part in zip(range(0, cells, BLOCK), _blocks(some), strict=False):
        begun = label[start : start + BLOCK].toarray() > 0
        keep = begun | (chance.random(begun.shape) < rate)
        keep[part.had.nonzero()] = False
        columns = [np.broadcast_to(v, keep.shape)[keep] for v in features(part, items, level)]
        x.append(np.stack(columns, axis=1))
        y.append(begun[keep].astype(np.float64))
    bought = np.concatenate(y)
    return np.concatenate(x), bought, np.where(bought > 0, 1.0, 1 / rate)


def _regular(events: pl.DataFrame, cut: date) -> pl.DataFrame:
    """The rows of households with a few shopping days, one of them of late."""
    shops = events.group_by("shopper").agg(n=pl.col("day").n_unique(), last=pl.col("day").max())
    late = pl.col("last") >= cut - timedelta(RECENT)
    return events.join(shops.filter(late, pl.col("n") >= LEAST_DAYS), on="shopper", how="semi")


def logistic(
    x: NDArray[np.float32], y: NDArray[np.float64], weight: NDArray[np.float64], popular: int
) -> NDArray[np.float64]:
    """Weights (f + 1,), the intercept last, of a ridge logistic regression by damped Newton.

    The ridge draws to the log-odds `x[:, popular]` alone; that is also the answer without data.
    """
    f = x.shape[1]
    prior = np.zeros(f + 1)
    prior[popular] = 1.0
    if not y.any():
        return prior
    total = weight.sum()
    mean = weight @ x / total
    # What hardly varies tells nothing, and must not be blown up.
    scale = np.sqrt(np.maximum(weight @ np.square(x - mean) / total, 1e-4))
    z = np.column_stack([(x - mean) / scale, np.ones(len(x))])
    unit = np.append(scale, 1.0)
    centre = prior * unit
    centre[-1] = np.log(weight @ y / total)
    ridge = np.append(np.full(f, RIDGE), 0.0)

    def loss(b: NDArray[np.float64]) -> float:
        odds = z @ b
        fit = weight @ (np.logaddexp(0, odds) - y * odds)
        return float(fit + 0.5 * ridge @ np.square(b - centre))

    b, least = centre, loss(centre)
    for _ in range(30):
        p = expit(z @ b)
        slope = z.T @ (weight * (p - y)) + ridge * (b - centre)
        curve = (z * (weight * p * (1 - p))[:, None]).T @ z + np.diag(ridge + 1e-9)
        step = np.linalg.solve(curve, slope)
        while (now := loss(b - step)) > least + 1e-9 and np.abs(step).max() > 1e-6:
            step = step / 2
        b, gain, least = b - step, least - now, now
        if gain < 1e-6:
            break
    w: NDArray[np.float64] = b / unit
    w[-1] = b[-1] - w[:-1] @ mean
    return w
