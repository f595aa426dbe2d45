"""Fitting: from the profiles of all buckets to a model, through sums only.

Each bucket gives histograms whose counts add up over buckets: of (level, category, x, t_x, T),
of a category's yearly spends, of households' yearly spends. What crosses the buckets is small.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from promo.config import Settings
from promo.sections import Segments
from promo.shoppers import LEVELS, bgnbd, histories, households, segments
from promo.shoppers.histories import Histories
from promo.shoppers.models import CATEGORIES, CYCLES, POOL


@dataclass(frozen=True)
class Statistics:
    """Histograms of one or more buckets."""

    pairs: pl.DataFrame  # level, category, x, t_x, T, count, units, n
    spends: pl.DataFrame  # category, bin, count
    totals: pl.DataFrame  # bin, count
    households: int

    @staticmethod
    def total(parts: Iterable["Statistics"]) -> "Statistics":
        """The histograms of all parts added up."""
        parts = list(parts)

        def add(name: str, keys: list[str]) -> pl.DataFrame:
            both: pl.DataFrame = pl.concat([getattr(part, name) for part in parts])
            return both.group_by(keys).sum().sort(keys)

        return Statistics(
            add("pairs", ["level", "category", "x", "t_x", "T"]),
            add("spends", ["category", "bin"]),
            add("totals", ["bin"]),
            sum(part.households for part in parts),
        )


def statistics(days: pl.DataFrame, settings: Settings, day: date) -> Statistics:
    """The histograms of some households. `days` are as-of profile rows with category."""
    said = days.filter(~pl.col("category").is_in(list(settings.categories.never_said)))
    pairs = pl.concat([pair_counts(histories.of(said, level, day)) for level in LEVELS])
    spent = said.group_by("shopper", "category").agg(pl.col("paid").sum())
    facts = households.facts(days, settings, day)
    totals = facts.filter(pl.col("spend_year") > 0)
    return Statistics(
        pairs,
        _bins(spent.filter(pl.col("paid") > 0), ["category"], "paid"),
        _bins(totals, [], "spend_year"),
        facts.height,
    )


def pair_counts(h: Histories) -> pl.DataFrame:
    """How many pairs of each level and category have each x, t_x and T; with units and n."""
    times = {"x": h.n - 1, "t_x": h.first - h.last, "T": h.first, "n": h.n, "units": h.sum(h.units)}
    keys = ["level", "category", "x", "t_x", "T"]
    return (
        h.names.select("category", level=pl.lit(h.level))
        .with_columns(pl.Series(name, values.astype(np.int64)) for name, values in times.items())
        .group_by(keys)
        .agg(pl.len().cast(pl.Int64).alias("count"), pl.col("units", "n").sum())
        .sort(keys)
    )


def _bins(spent: pl.DataFrame, keys: list[str], value: str) -> pl.DataFrame:
    binned = spent.select(*keys, segments.two_digits(pl.col(value)).alias("bin"))
    counts = binned.group_by([*keys, "bin"]).agg(pl.len().cast(pl.Int64).alias("count"))
    return counts.sort([*keys, "bin"])


def fit_cycles(pairs: pl.DataFrame) -> pl.DataFrame:
    """BG/NBD of each level and category, drawn to the level's pool where a category is small."""
    rows = []
    for (level,), of_level in pairs.partition_by("level", as_dict=True).items():
        pool = bgnbd.fit(_history(of_level))
        rows.append(_row(str(level), POOL, of_level, pool))
        for (category,), some in of_level.partition_by("category", as_dict=True).items():
            if category is not None:
                fitted = bgnbd.fit(_history(some), prior=pool)
                rows.append(_row(str(level), str(category), some, fitted))
    return pl.DataFrame(rows, schema=CYCLES, orient="row").sort("level", "category")


def _history(pairs: pl.DataFrame) -> bgnbd.History:
    columns = ("x", "t_x", "T", "count")
    return bgnbd.History(*(pairs[c].to_numpy().astype(np.float64) for c in columns))


def _row(level: str, category: str, pairs: pl.DataFrame, p: bgnbd.Parameters) -> list[object]:
    units = int(pairs["units"].sum()) / max(int(pairs["n"].sum()), 1)
    return [level, category, int(pairs["count"].sum()),
            float(p.r), float(p.alpha), float(p.a), float(p.b), units]  # fmt: skip


def fit_categories(spends: pl.DataFrame, sales: pl.DataFrame, settings: Segments) -> pl.DataFrame:
    """The grid's lines: store-brand share of all sales, and where heavy and medium begin.

    `sales` has category, paid, own (paid on store brands), sales without a card included.
    """
    rows = [_category(POOL, spends.group_by("bin").agg(pl.col("count").sum()), sales, settings)]
    of_category = sales.partition_by("category", as_dict=True)
    for (category,), bins in spends.partition_by("category", as_dict=True).items():
        sold = of_category.get((category,), sales.clear())
        rows.append(_category(str(category), bins, sold, settings))
    return pl.DataFrame(rows, schema=CATEGORIES, orient="row").sort("category")


def _category(
    name: str, bins: pl.DataFrame, sales: pl.DataFrame, settings: Segments
) -> list[object]:
    share = int(sales["own"].sum()) / max(int(sales["paid"].sum()), 1)
    medium, heavy = (
        segments.lowest_of_share(bins, part)
        for part in (settings.medium_share, settings.heavy_share)
    )
    return [name, int(bins["count"].sum()), min(max(share, 0.0), 1.0), medium, heavy]


def fit_segments(
    found: Statistics, sales: pl.DataFrame, settings: Settings
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The grid's lines by category, and the least yearly spend of each tier."""
    tiers = {
        name: segments.lowest_of_share(found.totals, share)
        for name, share in settings.segments.tiers.items()
    }
    return fit_categories(found.spends, sales, settings.segments), tiers


def category_sales(scans: Iterable[pl.LazyFrame], products: pl.DataFrame) -> pl.DataFrame:
    """Paid in all and on store brands by category, from all scans, with a card or without."""
    by_product = pl.concat([s.group_by("product").agg(pl.col("paid").sum()) for s in scans])
    sold = by_product.group_by("product").agg(pl.col("paid").sum()).collect()
    known = sold.join(products, left_on="product", right_on="id", how="inner")
    own = pl.col("paid").filter(pl.col("store_brand")).sum()
    return known.group_by("category").agg(own=own, paid=pl.col("paid").sum()).sort("category")
