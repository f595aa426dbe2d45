"""Cycles: when will this household buy this item again?

For now BG/NBD, a Gamma-Poisson with drop-out, by category: each household's rate from how often
(x), how recently (t_x) and for how long (T) it has bought. The form of the answer is final; the
model behind it may change.
"""

from datetime import date

import numpy as np
import polars as pl

from promo.calendar import Window
from promo.shoppers import bgnbd
from promo.shoppers.models import Model

QUANTITY_PRIOR = 2.0  # purchase days at the category's mean added to a household's own
FURTHEST = 364  # days; an expected day beyond a year says nothing


def forecast(
    items: pl.DataFrame, level: str, model: Model, day: date, window: Window
) -> pl.DataFrame:
    """Add probability, expected_day and expected_quantity to `profiles.purchases` rows.

    `items` needs shopper, `level` (product or category), category, n, first, last, units.
    `probability` is that of a purchase on a day of the window; `expected_day` the median day of
    the next purchase, if the household still buys; `expected_quantity` pieces on that day.
    """
    parameters, mean_units = model.parameters(level, items["category"])
    n = items["n"].to_numpy().astype(np.float64)
    x, t_x, T = repeats(items, day)
    wait = np.minimum(bgnbd.median_wait(parameters, x, T), FURTHEST)
    units = items["units"].to_numpy()
    quantity = (units + QUANTITY_PRIOR * mean_units) / (n + QUANTITY_PRIOR)
    return items.with_columns(
        probability=pl.Series(bgnbd.p_purchase(parameters, x, t_x, T, window.days)),
        expected_day=pl.lit(day) + pl.duration(days=pl.lit(pl.Series(wait.astype(np.int64)))),
        expected_quantity=pl.Series(quantity),
    )


def repeats(items: pl.DataFrame, day: date) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, t_x and T of each pair as of the beginning of `day`, in days, each of shape (n,)."""
    times = items.select(
        x=pl.col("n") - 1,
        t_x=(pl.col("last") - pl.col("first")).dt.total_days(),
        T=(pl.lit(day) - pl.col("first")).dt.total_days(),
    )
    x, t_x, T = (times[name].to_numpy().astype(np.float64) for name in ("x", "t_x", "T"))
    return x, t_x, T
