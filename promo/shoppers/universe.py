"""What a forecast is held to: which pairs, of which households, and what became of them.

A pair is a household and an item (a category or a product) that it bought on at least two days
before the cut. Its household shopped on at least four days, and on one of the last 56. What is no
grocery (petrol) is left out, as are lines without an amount or a quantity above zero. A pair is
bought when it was bought on a day of the window that begins at the cut.
"""

from collections.abc import Iterable
from datetime import date

import polars as pl

from promo.calendar import Window
from promo.shoppers import profiles

PAIR_DAYS = 2  # purchase days that make a pair
TRIP_DAYS = 4  # shopping days that make a household known
RECENT_DAYS = 56  # since when it must have come once


def sold(scans: pl.DataFrame) -> pl.DataFrame:
    """The canonical scans by which the chain took money for something: no returns, no gifts.

    The amount is what the chain took, the manufacturer's money included: an article that a coupon
    paid for entirely was bought.
    """
    taken = pl.col("paid") + pl.col("manufacturer_discount")
    return scans.filter(pl.col("quantity") > 0, taken > 0)


def grocery(days: pl.DataFrame, not_grocery: Iterable[str]) -> pl.DataFrame:
    """Profile rows with category, without those of categories that are no grocery.

    A product without a category stays: it counts as a product.
    """
    other = pl.col("category").is_in(list(not_grocery)).fill_null(value=False)
    return days.filter(~other)


def pairs(days: pl.DataFrame, level: str, cut: date) -> pl.DataFrame:
    """The pairs at a cut, sorted by shopper and item; `days` are grocery profile rows.

    Returns shopper, `level`, category (of a product; for categories the item itself), n (purchase
    days), first, last, units, paid, and of the household trips (shopping days), trip_first and
    trip_last. Only days before the cut are looked at.
    """
    before = days.filter(pl.col("day") < cut)
    found = profiles.purchases(before, level).filter(pl.col("n") >= PAIR_DAYS)
    if level == "product":
        categories = before.select("product", "category").unique("product", keep="first")
        found = found.join(categories, on="product", how="left", maintain_order="left")
    return found.join(_households(before, cut), on="shopper", how="inner", maintain_order="left")


def _households(before: pl.DataFrame, cut: date) -> pl.DataFrame:
    came = before.group_by("shopper").agg(
        trips=pl.col("day").n_unique().cast(pl.Int64),
        trip_first=pl.col("day").min(),
        trip_last=pl.col("day").max(),
    )
    ago = (pl.lit(cut) - pl.col("trip_last")).dt.total_days()
    return came.filter(pl.col("trips") >= TRIP_DAYS, ago <= RECENT_DAYS)


def bought(found: pl.DataFrame, days: pl.DataFrame, level: str, window: Window) -> pl.Series:
    """Whether each pair was bought in the window: 1.0 or 0.0, in the order of the pairs."""
    inside = days.filter(pl.col("day").is_between(window.first, window.last))
    after = profiles.purchases(inside, level).select("shopper", level, bought=pl.lit(1.0))
    joined = found.select("shopper", level).join(
        after, on=["shopper", level], how="left", maintain_order="left"
    )
    return joined["bought"].fill_null(0.0)
