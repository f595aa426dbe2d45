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


def write(house: House, day: date, output: Path, unseen: int = 0) -> int:
    """Write shopper, level, item, category and COLUMNS as Parquet; returns the rows.

    `probability` is that of a purchase in the window of a list made on `day`. Profiles are read
    as they stand; sensitive and restricted categories are left out. With `unseen`, so many
    categories and products follow that each household has never bought: their n is 0, and their
    probability that of a first purchase within a fortnight.
    """
    found: pl.DataFrame = pl.concat(
        [*_groups(house, day), *(_unseen(house, day, unseen) if unseen else ())]
    )
    lake.write(output, found)
    return found.height


def _unseen(house: House, day: date, top: int) -> Iterator[pl.DataFrame]:
    folder = house.settings.paths.models
    taste = models.taste(folder, models.in_use(folder, day))
    for days in _days(house, day):
        for level in LEVELS:
            found = taste.unseen(days, level, top, day=day)
            yield found.select(
                "shopper", pl.lit(level).alias("level"), "item", "category",
                n=pl.lit(0, pl.Int64), last=pl.lit(None, pl.Date), probability="probability",
                expected_day=pl.lit(None, pl.Date), expected_quantity=pl.lit(None, pl.Float64),
                lapsed=pl.lit(value=False),
            )  # fmt: skip


def _days(house: House, day: date) -> Iterator[pl.DataFrame]:
    unsaid = pl.col("category").is_in(list(house.settings.categories.never_said))
    for start in range(0, BUCKETS, GROUP):
        yield house.days(range(start, start + GROUP), day).filter(~unsaid)


def _groups(house: House, day: date) -> Iterator[pl.DataFrame]:
    settings = house.settings
    model, window = models.in_use(settings.paths.models, day), settings.window(day)
    for days in _days(house, day):
        for level in LEVELS:
            found = cycles.forecast(days, level, model, day, window)
            yield found.select(
                "shopper", pl.lit(level).alias("level"), pl.col(level).alias("item"),
                pl.col("category").alias("category"), *COLUMNS,
            )  # fmt: skip
