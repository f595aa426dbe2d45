"""`promo due`: the forecasts behind the lists, for every household, category and product."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import polars as pl

from promo.calendar import BUCKETS
from promo.house import House
from promo.scans import lake
from promo.shoppers import LEVELS, cycles, models

GROUP = 32  # buckets at a time
COLUMNS = ("n", "last", "probability", "expected_day", "expected_quantity", "lapsed")


def write(house: House, day: date, output: Path) -> int:
    """Write shopper, level, item, category and COLUMNS as Parquet; returns the rows.

    `probability` is that of a purchase in the window of a list made on `day`. Profiles are read
    as they stand; sensitive and restricted categories are left out.
    """
    found = pl.concat(_groups(house, day))
    lake.write(output, found)
    return found.height


def _groups(house: House, day: date) -> Iterator[pl.DataFrame]:
    settings = house.settings
    model, window = models.in_use(settings.paths.models, day), settings.window(day)
    unsaid = pl.col("category").is_in(list(settings.categories.never_said))
    for start in range(0, BUCKETS, GROUP):
        days = house.days(range(start, start + GROUP), day).filter(~unsaid)
        for level in LEVELS:
            found = cycles.forecast(days, level, model, day, window)
            yield found.select(
                "shopper", pl.lit(level).alias("level"), pl.col(level).alias("item"),
                pl.col("category").alias("category"), *COLUMNS,
            )  # fmt: skip
