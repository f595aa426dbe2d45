"""Segments: the nine-cell grid of a household in a category, and its tier in the pyramid."""

from collections.abc import Mapping

import polars as pl

from promo.config import Segments
from promo.shoppers.models import POOL, Model

LOYALTY = ("national", "switcher", "store_brand")
VOLUME = ("heavy", "medium", "light")


def grid(days: pl.DataFrame, model: Model, settings: Segments) -> pl.DataFrame:
    """Loyalty and volume of each household in each category it bought in the kept year.

    `days` are as-of profile rows with category and store_brand. Loyalty comes from the store
    brand's share of what was paid, with `prior_purchases` average purchases at the category's own
    share added, because two purchases do not make a loyalist. Volume compares what was paid with
    the category's buyers. Returns shopper, category, loyalty, volume, sorted.
    """
    own = pl.col("paid").filter(pl.col("store_brand"))
    spent = (
        days.filter(pl.col("category").is_not_null())
        .group_by("shopper", "category")
        .agg(paid=pl.col("paid").sum(), own=own.sum(), n=pl.col("day").n_unique())
    )
    known = _with_pool(spent, model)
    average = pl.col("paid") / pl.col("n") * settings.prior_purchases
    mixed = (pl.col("own") + average * pl.col("store_brand_share")) / (pl.col("paid") + average)
    # Where everything went back, 0 / 0 must not make a loyalist.
    share = pl.when(pl.col("paid") > 0).then(mixed).otherwise(pl.col("store_brand_share"))
    loyalty = (
        pl.when(share >= settings.loyal_share).then(pl.lit("store_brand"))
        .when(share <= 1 - settings.loyal_share).then(pl.lit("national"))
        .otherwise(pl.lit("switcher"))
    )  # fmt: skip
    volume = (
        pl.when(pl.col("paid") >= pl.col("heavy_from")).then(pl.lit("heavy"))
        .when(pl.col("paid") >= pl.col("medium_from")).then(pl.lit("medium"))
        .otherwise(pl.lit("light"))
    )  # fmt: skip
    cells = known.select("shopper", "category", loyalty=loyalty, volume=volume)
    return cells.sort("shopper", "category")


def _with_pool(spent: pl.DataFrame, model: Model) -> pl.DataFrame:
    names = ("store_brand_share", "medium_from", "heavy_from")
    pool = model.categories.filter(pl.col("category") == POOL)
    known = spent.join(model.categories.select("category", *names), on="category", how="left")
    return known.with_columns(pl.col(name).fill_null(pool[name].item()) for name in names)


def tier(spend_year: pl.Expr, lowest: Mapping[str, int]) -> pl.Expr:
    """The tier of a yearly spend; `lowest` is the least spend of `top` and of `high`."""
    return (
        pl.when(spend_year >= lowest["top"]).then(pl.lit("top"))
        .when(spend_year >= lowest["high"]).then(pl.lit("high"))
        .otherwise(pl.lit("base"))
    )  # fmt: skip


def two_digits(value: pl.Expr) -> pl.Expr:
    """Round minor units down to two significant digits: bins whose counts add up over buckets."""
    size = pl.max_horizontal(value, pl.lit(1)).cast(pl.Float64).log10().floor() - 1
    step = pl.lit(10).pow(pl.max_horizontal(size, pl.lit(0.0))).round().cast(pl.Int64)
    return (value // step) * step


def lowest_of_share(bins: pl.DataFrame, share: float) -> int:
    """The least value, of a histogram (bin, count), that belongs to the top `share` of counts.

    The largest value always does, however many have it; 0 when there are none.
    """
    falling = bins.sort("bin", descending=True)
    within = falling.filter(pl.col("count").cum_sum() <= share * pl.col("count").sum())
    lowest = within if within.height else falling.head(1)
    return int(lowest["bin"][-1]) if lowest.height else 0
