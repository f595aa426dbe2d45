"""Calibration watch: what lists forecast beside what was bought, in sums that add up over nights.

A due item is on a list because its forecast was high, and the list reminds of it. A calibrated
model is still calibrated there; what the list itself sells shows as bought above predicted.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl

from promo.shoppers import profiles

BINS = 10
MILLION = 1_000_000  # probabilities are added up in millionths: exact, in whatever order
TINY = 1e-6
Sums = dict[str, Any]


def outcomes(shown: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """The due items among `shown` with `bought`, 0 or 1, in their order.

    `shown` has shopper, kind, item, probability; `days` are profile rows of the window's days,
    with category. Bought is what came home and did not go back on the same day.
    """
    bought = profiles.purchases(days, "category").select("shopper", item="category", bought=1)
    due = shown.filter(pl.col("kind") == "due", pl.col("shopper").is_not_null())
    due = due.select("shopper", "item", "probability")  # of who was forgotten nobody knows any more
    return due.join(bought, on=["shopper", "item"], how="left", maintain_order="left").with_columns(
        pl.col("bought").fill_null(0)
    )


def sums(found: pl.DataFrame) -> Sums:
    """The sums of `outcomes`: rows, log_loss, squares (of each household's predicted - bought),
    and by BINS equal steps of probability the rows, predicted (millionths) and bought.
    """
    p, y = found["probability"].to_numpy(), found["bought"].to_numpy()
    millionths = np.rint(p * MILLION).astype(np.int64)
    which = np.minimum(millionths * BINS // MILLION, BINS - 1)
    q = np.clip(p, TINY, 1 - TINY)
    loss = -np.log(np.where(y == 1, q, 1 - q))
    gaps = found.select("shopper", gap=pl.Series(millionths - y * MILLION, dtype=pl.Int64))
    by_household = gaps.group_by("shopper").agg(pl.col("gap").sum()).sort("shopper")
    return {
        "rows": len(p),
        "log_loss": round(float(loss.sum()), 6),
        "squares": round(float(((by_household["gap"].to_numpy() / MILLION) ** 2).sum()), 6),
        "bins": [
            {
                "rows": int((which == b).sum()),
                "predicted": int(millionths[which == b].sum()),
                "bought": int(y[which == b].sum()),
            }
            for b in range(BINS)
        ],
    }


def total(parts: Iterable[Sums]) -> Sums:
    """The sums of several nights as one."""
    parts = list(parts)
    return {
        "rows": sum(part["rows"] for part in parts),
        **{k: round(sum(part[k] for part in parts), 6) for k in ("log_loss", "squares")},
        "bins": [
            {name: sum(part["bins"][b][name] for part in parts) for name in
             ("rows", "predicted", "bought")}
            for b in range(BINS)
        ],
    }  # fmt: skip


def measures(found: Sums) -> dict[str, Any]:
    """rows, predicted and bought (means), standard_error (of their difference), log_loss (mean)
    and calibration_error; all but rows None where there are none.

    What a household does on one day it does in many categories, so its items are no independent
    draws: the standard error is that of households drawn anew.
    """
    rows, bins = found["rows"], found["bins"]
    if not rows:
        names = ("predicted", "bought", "standard_error", "log_loss", "calibration_error")
        return {"rows": 0} | dict.fromkeys(names)
    gaps = [abs(b["predicted"] / MILLION - b["bought"]) for b in bins]
    return {
        "rows": rows,
        "predicted": round(sum(b["predicted"] for b in bins) / MILLION / rows, 4),
        "bought": round(sum(b["bought"] for b in bins) / rows, 4),
        "standard_error": round(float(np.sqrt(found["squares"])) / rows, 4),
        "log_loss": round(found["log_loss"] / rows, 4),
        "calibration_error": round(sum(gaps) / rows, 4),
    }


def warning(night: str, found: Mapping[str, Any], tolerance: float, errors: float) -> str | None:
    """A sentence where a night's `measures` are too far apart; else None.

    Too far is more than `tolerance` and more than `errors` standard errors.
    """
    if not found["rows"]:
        return None
    gap = abs(found["predicted"] - found["bought"])
    if gap <= tolerance or gap <= errors * found["standard_error"]:
        return None
    return (
        f"The lists of {night} said that {found['predicted']:.1%} of their {found['rows']:,} due "
        f"items would be bought; {found['bought']:.1%} were. Compare the models with `promo models "
        "list`, and fit anew with `promo fit`."
    )
