"""How good a forecast was on days it had not seen: log-loss, AUC, calibration, and a baseline."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from promo.calendar import FORTNIGHT, Window
from promo.shoppers import cycles, fitting, profiles
from promo.shoppers.models import Model, ModelError

TINY = 1e-6


def log_loss(probability: np.ndarray, bought: np.ndarray) -> float:
    """Mean negative log-likelihood of 0/1 outcomes, both of shape (n,)."""
    p = np.clip(probability, TINY, 1 - TINY)
    return float(-np.mean(bought * np.log(p) + (1 - bought) * np.log(1 - p)))


def auc(probability: np.ndarray, bought: np.ndarray) -> float:
    """The chance that a pair that was bought stands above one that was not (ties count half)."""
    ones = bought.sum()
    zeros = len(bought) - ones
    if not ones or not zeros:
        return float("nan")
    ranks = pl.Series(probability).rank("average").to_numpy()
    return float((ranks[bought == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


def calibration_error(probability: np.ndarray, bought: np.ndarray, bins: int = 20) -> float:
    """Expected calibration error over equally filled bins."""
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    gaps = [len(i) * abs(probability[i].mean() - bought[i].mean()) for i in parts if len(i)]
    return float(sum(gaps) / max(len(probability), 1))


def score(
    days: pl.DataFrame, level: str, model: Model, cut: date, keep_days: int
) -> dict[str, object]:
    """Forecast the fortnight from `cut` for pairs bought on two days or more, and score it.

    `days` are profile rows with category that reach beyond the cut; the forecast sees only the
    days before it. Beside the model stands the Poisson rate, (n - 1) over the time observed.
    Raises ModelError when there is nothing to forecast, or nothing to hold it against.
    """
    window = Window(cut, cut + timedelta(FORTNIGHT - 1))
    known = fitting.items(profiles.as_of(days, cut, keep_days), level).filter(pl.col("n") >= 2)
    if known.is_empty():
        raise ModelError(
            f"No household bought the same {level} on two days before {cut}, so there is nothing "
            "to test a model on: take in more history."
        )
    after = days.filter(pl.col("day").is_between(window.first, window.last))
    bought = fitting.items(after, level).select("shopper", level, bought=pl.lit(1.0))
    forecast = cycles.forecast(known, level, model, cut, window).join(
        bought, on=["shopper", level], how="left", maintain_order="left"
    )
    y = forecast["bought"].fill_null(0.0).to_numpy()
    if not y.any():
        raise ModelError(
            f"Of what households buy nothing was bought from {window.first} to {window.last}, the "
            "days a model is tested on: take in their scans, or fit for an earlier day."
        )
    p = forecast["probability"].to_numpy()
    x, _, T = cycles.repeats(known, cut)
    poisson = 1 - np.exp(-x / np.maximum(T, 1) * FORTNIGHT)
    return {
        "cut": cut.isoformat(),
        "pairs": len(y),
        "bought": round(float(y.mean()), 4),
        "log_loss": round(log_loss(p, y), 4),
        "auc": round(auc(p, y), 4),
        "calibration_error": round(calibration_error(p, y), 4),
        "poisson_log_loss": round(log_loss(poisson, y), 4),
        "poisson_auc": round(auc(poisson, y), 4),
    }
