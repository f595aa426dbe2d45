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
    due = shown.filter(pl.col("kind") == "due").select("shopper", "item", "probability")
    return due.join(bought, on=["shopper", "item"], how="left", maintain_order="left").with_columns(
        pl.col("bought").fill_null(0)
    )


def sums(found: pl.DataFrame) -> Sums:
    """The sums of `outcomes`: rows, log_loss, and by BINS equal steps of probability the rows,
    predicted (millionths) and bought.
    """  # fmt: skip
    p, y = found["probability"].to_numpy(), found["bought"].to_numpy()
    which = np.minimum((p * BINS).astype(np.int64), BINS - 1)
    millionths = np.rint(p * MILLION).astype(np.int64)
    q = np.clip(p, TINY, 1 - TINY)
    loss = -np.log(np.where(y == 1, q, 1 - q))
    return {
        "rows": len(p),
        "log_loss": round(float(loss.sum()), 6),
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
        "log_loss": round(sum(part["log_loss"] for part in parts), 6),
        "bins": [
            {name: sum(part["bins"][b][name] for part in parts) for name in
             ("rows", "predicted", "bought")}
            for b in range(BINS)
        ],
    }  # fmt: skip


def measures(found: Sums) -> dict[str, Any]:
    """rows, predicted and bought (means), log_loss (mean), calibration_error; None of no rows."""
    rows, bins = found["rows"], found["bins"]
    if not rows:
        return dict.fromkeys(("predicted", "bought", "log_loss", "calibration_error")) | {"rows": 0}
    gaps = [abs(b["predicted"] / MILLION - b["bought"]) for b in bins]
    return {
        "rows": rows,
        "predicted": round(sum(b["predicted"] for b in bins) / MILLION / rows, 4),
        "bought": round(sum(b["bought"] for b in bins) / rows, 4),
        "log_loss": round(found["log_loss"] / rows, 4),
        "calibration_error": round(sum(gaps) / rows, 4),
    }


def warning(night: str, found: Mapping[str, Any], tolerance: float, rows: int) -> str | None:
    """A sentence where a night's `measures` are further apart than `tolerance`; else None."""
    if found["rows"] < rows or abs(found["predicted"] - found["bought"]) <= tolerance:
        return None
    return (
        f"The lists of {night} said that {found['predicted']:.1%} of their {found['rows']:,} due "
        f"items would be bought; {found['bought']:.1%} were. Compare the models with `promo models "
        "list`, and fit anew with `promo fit`."
    )
