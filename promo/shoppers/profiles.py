"""Profiles: what a household bought, product by product and day by day, in integers that fold.

A profile row is (household, product, store, day) with sums over the day's scans. Sums commute,
so `fold(fold(P, a), b) == fold(P, a ++ b)` whatever the split and the order, late lines and
returns included; a repeat never reaches the fold, because the lake holds a scan's identity once.
A line that a correction took back is subtracted, and leaves no trace.
Per-category facts are sums of per-product ones and are made when they are read, so that a product
that moves to another category takes its past along.
"""

from datetime import date

import polars as pl

KEYS = ("shopper", "product", "store", "day")
SUMS = (
    "units",  # pieces; a weighed line counts as one
    "quantity",  # thousandths of a unit or of the unit of weight
    "paid",
    "regular",
    "store_discount",
    "manufacturer_discount",
    "lines",
)
SCHEMA: dict[str, pl.DataType] = {
    "shopper": pl.String(),
    "product": pl.String(),
    "store": pl.String(),
    "day": pl.Date(),
    **dict.fromkeys(SUMS, pl.Int64()),
}


def empty() -> pl.DataFrame:
    """The profile of a household that never came."""
    return pl.DataFrame(schema=SCHEMA)


def of_scans(scans: pl.DataFrame) -> pl.DataFrame:
    """Scans of the lake as unfolded profile rows; lines without a household are left out."""
    whole = pl.col("quantity") // 1000
    return scans.filter(pl.col("shopper").is_not_null()).select(
        "shopper",
        "product",
        "store",
        day="business_day",
        units=pl.when(pl.col("unit") == "each").then(whole).otherwise(pl.col("quantity").sign()),
        quantity="quantity",
        paid="paid",
        regular="regular",
        store_discount="store_discount",
        manufacturer_discount="manufacturer_discount",
        lines=pl.lit(1, pl.Int64),
    )


def fold(
    profile: pl.DataFrame, scans: pl.DataFrame, taken_back: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Add scans to a profile and take others from it, which were added before or are among them.

    The result is sorted, so equal profiles are equal frames.
    """
    rows = [profile, of_scans(scans)]
    if taken_back is not None:
        rows.append(of_scans(taken_back).with_columns(-pl.col(SUMS)))
    sums = pl.concat(rows).group_by(KEYS).agg(pl.col(SUMS).sum())
    return sums.filter(pl.col("lines") > 0).sort(KEYS).select(list(SCHEMA))


def as_of(profile: pl.DataFrame, day: date, keep_days: int) -> pl.DataFrame:
    """What was known when `day` began: the days in [day - keep_days, day)."""
    age = pl.lit(day) - pl.col("day")
    return profile.filter(age.dt.total_days().is_between(1, keep_days))


def purchases(days: pl.DataFrame, item: str) -> pl.DataFrame:
    """One row a household and item (`product` or `category`) that it bought on some day.

    `days` are as-of profile rows, with the column `item`. A purchase day is a day on which more
    came home than went back. Returns shopper, item, n (purchase days), first, last, units and
    paid (net, over the purchase days), sorted by shopper and item.
    """
    by_day = (
        days.filter(pl.col(item).is_not_null())
        .group_by("shopper", item, "day")
        .agg(pl.col("units", "paid").sum())
        .filter(pl.col("units") > 0)
    )
    return (
        by_day.group_by("shopper", item)
        .agg(
            n=pl.len().cast(pl.Int64),
            first=pl.col("day").min(),
            last=pl.col("day").max(),
            units=pl.col("units").sum(),
            paid=pl.col("paid").sum(),
        )
        .sort("shopper", item)
    )
