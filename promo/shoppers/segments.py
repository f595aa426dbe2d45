"""Segments: the nine-cell grid of a household in a category, and its tier in the pyramid."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from promo.config import Settings
from promo.sections import Segments
from promo.shoppers import households, settled
from promo.shoppers.models import POOL, Model
from promo.shoppers.settled import Floats

LOYALTY = ("national", "switcher", "store_brand")  # by rising share of the store brand
VOLUME = ("heavy", "medium", "light")
TIERS = ("base", "high", "top")  # by rising spend


def grid(
    days: pl.DataFrame, model: Model, settings: Segments, day: date, keep_days: int
) -> pl.DataFrame:
    """Loyalty and volume of each household in each category it bought in the kept year.

    `days` are profile rows of [day - keep_days - settled.REACH, day) with category and
    store_brand. Loyalty comes from the store brand's share of what was paid, with
    `prior_purchases` average purchases at the category's own share added, because two purchases
    do not make a loyalist. Volume compares what was paid with the category's buyers. Both change
    only past a line by the `hysteresis` (see settled). Returns shopper, category, loyalty,
    volume, sorted.
    """
    paid = pl.col("paid").sum()
    own = pl.col("paid").filter(pl.col("store_brand")).sum()
    bought = (
        days.filter(pl.col("category").is_not_null())
        .group_by("shopper", "category", "day")
        .agg(paid=paid, own=own, n=pl.lit(1, pl.Int64))
    )
    keys = ("shopper", "category")
    known = _with_pool(settled.sums(bought, keys, ("paid", "own", "n"), day, keep_days), model)
    paid_then, own_then, n = (settled.looks_of(known[name]) for name in ("paid", "own", "n"))
    pool = known["store_brand_share"].to_numpy()[:, None]
    share = _share(paid_then, own_then, n, pool, settings.prior_purchases)
    lines = known.select("medium_from", "heavy_from").to_numpy().astype(np.float64)
    least = 1 - settings.loyal_share
    loyalty = settled.side(
        share, np.array([least, settings.loyal_share]), np.full(2, settings.hysteresis * least)
    )
    spent = np.where(n > 0, paid_then, np.nan)
    volume = settled.side(spent, lines, settings.hysteresis * lines)
    return known.select(
        "shopper",
        "category",
        loyalty=pl.Series(np.array(LOYALTY)[loyalty]),
        volume=pl.Series(np.array(VOLUME)[2 - volume]),
    )


def _share(paid: Floats, own: Floats, n: Floats, pool: Floats, prior: float) -> Floats:
    """The store brand's share, shrunk to the category; NaN where nothing was bought yet."""
    average = paid / np.maximum(n, 1) * prior
    # Where everything went back, 0 / 0 must not make a loyalist.
    mixed = (own + average * pool) / np.where(paid > 0, paid + average, 1)
    return np.where(n > 0, np.where(paid > 0, mixed, pool), np.nan)


def _with_pool(spent: pl.DataFrame, model: Model) -> pl.DataFrame:
    names = ("store_brand_share", "medium_from", "heavy_from")
    pool = model.categories.filter(pl.col("category") == POOL)
    known = spent.join(model.categories.select("category", *names), on="category", how="left")
    return known.with_columns(pl.col(name).fill_null(pool[name].item()) for name in names)


def tiers(
    days: pl.DataFrame, lowest: Mapping[str, int], settings: Settings, day: date
) -> pl.DataFrame:
    """The tier of each household that bought groceries in the kept year.

    `days` are as for `grid`; `lowest` is the least yearly spend of `top` and of `high`. Returns
    shopper, tier, sorted.
    """
    grocery = days.filter(households.is_grocery(settings))
    keep_days = settings.profiles.keep_days
    found = settled.sums(grocery, ("shopper",), ("paid", "lines"), day, keep_days)
    spent = np.where(settled.looks_of(found["lines"]) > 0, settled.looks_of(found["paid"]), np.nan)
    lines = np.array([lowest["high"], lowest["top"]], np.float64)
    place = settled.side(spent, lines, settings.segments.hysteresis * lines)
    return found.select("shopper", tier=pl.Series(np.array(TIERS)[place]))


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
