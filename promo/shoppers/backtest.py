"""A forecaster held against days that it had not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from promo.calendar import FORTNIGHT, Window
from promo.shoppers import cycles, metrics, profiles, universe
from promo.shoppers.forecaster import Forecaster
from promo.shoppers.metrics import METRICS, Array, Scored
from promo.shoppers.models import Model, ModelError

COLUMNS = ("cut", "shopper", "item", "n", "probability", "expected_day", "bought")
Report = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """What is asked at a cut: grocery profile rows, the pairs and what became of them."""

    level: str
    cut: date
    window: Window
    days: pl.DataFrame  # those before the cut: no forecaster can see further
    pairs: pl.DataFrame
    bought: pl.Series

    @classmethod
    def at(cls, days: pl.DataFrame, level: str, cut: date, horizon: int, keep: int) -> "Question":
        """Ask for `horizon` days from `cut`; `keep` is how many days before it are known.

        Raises ModelError when there is no pair to ask about.
        """
        window = Window(cut, cut + timedelta(horizon - 1))
        known = profiles.as_of(days, cut, keep)
        pairs = universe.pairs(known, level, cut)
        if pairs.is_empty():
            raise ModelError(
                f"There are no pairs to forecast on {cut}: no household with "
                f"{universe.TRIP_DAYS} shopping days, one in the last {universe.RECENT_DAYS}, "
                f"bought the same {level} on {universe.PAIR_DAYS} days before. Take in more "
                f"history, or name a later day."
            )
        return cls(level, cut, window, known, pairs, universe.bought(pairs, days, level, window))

    def answers(self, forecaster: Forecaster) -> pl.DataFrame:
        """Fit a forecaster at the cut, and ask it."""
        forecaster.fit(self.days, self.cut)
        return self.predict(forecaster)

    def predict(self, forecaster: Forecaster) -> pl.DataFrame:
        """COLUMNS of every pair: what a forecaster that is fitted says, and what happened."""
        said = forecaster.predict(self.days, self.pairs, self.cut, self.window)
        asked = self.pairs.select("shopper", item=pl.col(self.level), n="n")
        return asked.hstack(said.select("probability", "expected_day")).select(
            pl.lit(self.cut).alias("cut"), pl.all(), self.bought.alias("bought")
        )


def scored(answers: Sequence[pl.DataFrame]) -> list[Scored]:
    """One forecaster's answers, cut by cut, ready for the metrics; households get numbers."""
    shoppers = pl.concat([a.select("shopper") for a in answers]).unique().sort("shopper")
    numbers = shoppers.with_row_index("number")
    return [
        Scored(
            a.join(numbers, on="shopper", how="left", maintain_order="left")["number"]
            .to_numpy()
            .astype(np.intp),
            a["probability"].to_numpy(),
            a["bought"].to_numpy(),
        )
        for a in answers
    ]


@dataclass(frozen=True)
class Measured:
    """A metric at each cut, of shape (cuts,), and its replicates, of shape (draws, cuts)."""

    values: Array
    drawn: Array

    def __sub__(self, other: "Measured") -> "Measured":
        return Measured(self.values - other.values, self.drawn - other.drawn)

    def at(self, cut: int) -> Report:
        """The value at one cut with its 95 % interval."""
        return _entry(self.values[cut], self.drawn[:, cut])

    def mean(self) -> Report:
        """The mean over cuts with its 95 % interval."""
        return _entry(self.values.mean(), self.drawn.mean(axis=1))


def _entry(value: float, drawn: Array) -> Report:
    numbers = zip(("value", "low", "high"), (value, *metrics.interval(drawn)), strict=True)
    return {name: None if np.isnan(v) else round(float(v), 5) for name, v in numbers}


def compare(models: Mapping[str, Sequence[Scored]], seed: int) -> Report:
    """Every metric of every model, at each cut (`cuts`) and as the mean over them (`mean`).

    `difference` is by how much the first model stands above each other one, on the same pairs.
    """
    found = {
        name: {
            metric: Measured(
                np.array([metrics.measure(metric, part) for part in parts]),
                metrics.replicates(metric, parts, seed=seed),
            )
            for metric in METRICS
        }
        for name, parts in models.items()
    }
    first, *others = found
    cuts = range(len(models[first]))
    return {
        "cuts": [
            {name: {k: m.at(i) for k, m in of.items()} for name, of in found.items()} for i in cuts
        ],
        "mean": {name: {k: m.mean() for k, m in of.items()} for name, of in found.items()},
        "difference": {
            other: {k: (found[first][k] - m).mean() for k, m in found[other].items()}
            for other in others
        },
    }


def score(
    days: pl.DataFrame, level: str, model: Model, cut: date, keep_days: int
) -> dict[str, object]:
    """Forecast the fortnight from `cut` for pairs bought on two days or more, and score it.

    `days` are profile rows with category that reach beyond the cut; the forecast sees only the
    days before it. Beside the model stands the Poisson rate, (n - 1) over the time observed.
    Raises ModelError when there is nothing to forecast, or nothing to hold it against.
    """
    window = Window(cut, cut + timedelta(FORTNIGHT - 1))
    before = profiles.as_of(days, cut, keep_days)
    known = cycles.forecast(before, level, model, cut, window).filter(pl.col("n") >= 2)
    if known.is_empty():
        raise ModelError(
            f"No household bought the same {level} on two days before {cut}, so there is nothing "
            "to test a model on: take in more history."
        )
    y = universe.bought(known, days, level, window).to_numpy()
    if not y.any():
        raise ModelError(
            f"Of what households buy nothing was bought from {window.first} to {window.last}, the "
            "days a model is tested on: take in their scans, or fit for an earlier day."
        )
    p = known["probability"].to_numpy()
    rate = known.select((pl.col("n") - 1) / (pl.lit(cut) - pl.col("first")).dt.total_days())
    poisson = 1 - np.exp(-rate.to_series().to_numpy() * FORTNIGHT)
    return {
        "cut": cut.isoformat(),
        "pairs": len(y),
        "bought": round(float(y.mean()), 4),
        "log_loss": round(metrics.log_loss(p, y), 4),
        "auc": round(metrics.auc(p, y), 4),
        "calibration_error": round(metrics.calibration_error(p, y), 4),
        "poisson_log_loss": round(metrics.log_loss(poisson, y), 4),
        "poisson_auc": round(metrics.auc(poisson, y), 4),
    }
