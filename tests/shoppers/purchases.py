"""Profile rows for tests, written by hand or drawn."""

from datetime import date, timedelta

import numpy as np
import polars as pl

CUT = date(2017, 11, 6)
SCHEMA = {
    "shopper": pl.String, "product": pl.String, "category": pl.String, "day": pl.Date,
    "units": pl.Int64, "paid": pl.Int64,
}  # fmt: skip


def days(*rows: tuple[str, str, int], units: int = 1) -> pl.DataFrame:
    """Profile rows of (household, category, days after the cut); a product a category."""
    found = [(h, f"a {c}", c, CUT + timedelta(day), units, 100 * units) for h, c, day in rows]
    return pl.DataFrame(found, SCHEMA, orient="row")


def chain(households: int = 120, length: int = 300, seed: int = 1) -> pl.DataFrame:
    """Households that buy three categories, two products each, as gamma, Poisson and chance say.

    They stop buying a category for good with some probability after each purchase, so that what
    has not come for long is likely not to come. The last day is the thirteenth after the cut.
    """
    random = np.random.default_rng(seed)
    found: list[tuple[str, str, str, date, int, int]] = []
    for number in range(households):
        for category, mean_gap in (("MILK", 7.0), ("BREAD", 12.0), ("COFFEE", 30.0)):
            rate = random.gamma(2.0, 1 / (2 * mean_gap))
            usual, day = random.choice(["1", "2"]), random.uniform(0, 40)
            while day < length:
                when = CUT + timedelta(14 - length + int(day))
                found.append((f"h{number:03}", category + usual, category, when, 1, 199))
                stopped = random.random() < 0.06
                day += length if stopped else random.exponential(1 / rate)
    frame = pl.DataFrame(found, SCHEMA, orient="row")
    keys = ["shopper", "product", "category", "day"]
    return frame.group_by(keys).agg(pl.col("units", "paid").sum()).sort(keys)
