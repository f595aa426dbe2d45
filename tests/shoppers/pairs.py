"""Invented purchases for the tests of the cycle model, as as-of profile rows."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from promo.shoppers import bgnbd
from promo.shoppers.histories import Histories

DAY = date(2017, 11, 6)
SCHEMA: dict[str, pl.DataType] = {
    "shopper": pl.String(), "product": pl.String(), "category": pl.String(), "day": pl.Date(),
    "store": pl.String(), "units": pl.Int64(), "paid": pl.Int64(), "store_brand": pl.Boolean(),
}  # fmt: skip
CATEGORY_OF = {"1": "MILK", "2": "MILK", "3": "SALT", "4": "BREAD", "5": None, "6": "BREAD"}
Row = tuple[str, str, int, int]  # shopper, product, age in days, units


def days(rows: list[Row], day: date = DAY) -> pl.DataFrame:
    """Profile rows, a unit at 99 cents."""
    found = [
        (shopper, product, CATEGORY_OF.get(product), day - timedelta(age), "s", units, 99 * units,
         product == "1")
        for shopper, product, age, units in rows
    ]  # fmt: skip
    return pl.DataFrame(found, SCHEMA, orient="row")


def regular(shopper: str, product: str, n: int, first: int, last: int, units: int = 1) -> list[Row]:
    """`n` purchases at even gaps, from `first` to `last` days ago."""
    return [(shopper, product, round(age), units) for age in np.linspace(first, last, n)]


def random_rows(households: int = 30, rows: int = 1500, oldest: int = 500) -> list[Row]:
    """Purchases at random, some of them given back."""
    random = np.random.default_rng(1)
    names = random.integers(0, households, rows)
    return list(
        zip(
            [f"h{name:02}" for name in names],
            random.choice(list(CATEGORY_OF), rows).tolist(),
            np.minimum(random.geometric(0.02, rows), oldest).tolist(),
            random.choice([-1, 1, 1, 2, 3], rows).tolist(),
            strict=True,
        )
    )


def parameters(h: Histories) -> bgnbd.Parameters:
    """The same for all pairs."""
    one = np.ones(len(h.start))
    return bgnbd.Parameters(0.8 * one, 30.0 * one, 0.2 * one, 3.0 * one)
