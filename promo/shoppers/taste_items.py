"""What taste knows of the items: who starts buying them, what they are, what they are like.

A table as of a day, one row a category or product that at least two households bought of late.
It holds sums over households and nothing of any one of them.
"""

from datetime import date

import numpy as np
import polars as pl
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix  # implicit knows only the latter
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float32]
WIDTHS = {"category": (8, 16, 32), "product": (32,)}  # ALS models; their scores are averaged
DRAG = 500.0  # ridge of the item-item regression, on squared log counts
RECENT = 56  # days; what nobody bought in them is no longer on the shelf
LEAST = 2  # households that bought an item in them, so that a table tells of nobody
ROUNDS = 8  # of alternating least squares
FORTNIGHT = 14
GROUPS = ("category", "type", "maker")
FACTS = ("product", "category", "description", "brand_owner", "store_brand", "units", "paid")


def coded(days: pl.DataFrame) -> pl.DataFrame:
    """The columns that taste reads, with ids as enums: a join or a sort of numbers is cheaper."""
    ids = ("shopper", "product", "category")
    enums = [pl.col(name).cast(pl.Enum(days[name].drop_nulls().unique().sort())) for name in ids]
    return days.select("shopper", "day", *FACTS).with_columns(enums)


def events(days: pl.DataFrame, level: str) -> pl.DataFrame:
    """One row a shopper, item and day: net units; of `coded` rows that have a category."""
    known = days.filter(pl.col("category").is_not_null()).rename({level: "item"})
    return known.group_by("shopper", "item", "day").agg(pl.col("units").sum())


def pairs(events: pl.DataFrame) -> pl.DataFrame:
    """One row a shopper and item: n purchase days (0: all went back), first and last of them."""
    home = pl.col("day").filter(pl.col("units") > 0)
    return events.group_by("shopper", "item").agg(n=home.len(), first=home.min(), last=home.max())


def table(
    events: pl.DataFrame, facts: pl.DataFrame, level: str, day: date, seed: int
) -> pl.DataFrame:
    """The items as of `day`, sorted by item; `events` are all households' before it.

    Returns item, category, what `_within` says of a product, and the logarithms of: `buyers`;
    `hazard` and `hazard_now`, the share of active households which had not bought the item that
    begin to within fourteen days (mean of the last 56 and 14); `age`, days since it was first
    sold. And `factors`, for categories `neighbours`: see the functions of these names.
    """
    bought = pairs(events).filter(pl.col("n") > 0)
    since = (pl.lit(day) - pl.col("first")).dt.total_days()
    recent = (pl.lit(day) - pl.col("last")).dt.total_days() <= RECENT
    active = bought.filter(recent)["shopper"].unique()
    bought = bought.with_columns(since=since, active=pl.col("shopper").is_in(active.implode()))
    counts = (
        bought.group_by("item")
        .agg(
            buyers=pl.len(),
            known=(pl.col("active") & (pl.col("since") > RECENT)).sum(),
            begun=(pl.col("since") <= RECENT).sum(),
            now=(pl.col("since") <= FORTNIGHT).sum(),
            age=pl.col("since").max(),
            recent=recent.sum(),
        )
        .filter(pl.col("recent") >= LEAST)
        .sort("item")
    )
    fresh = pl.max_horizontal(len(active) - pl.col("known"), pl.lit(1))
    items = counts.select(
        "item",
        buyers=pl.col("buyers").log(),
        hazard=((pl.col("begun") + 0.3) / fresh * FORTNIGHT / RECENT).log(),
        hazard_now=((pl.col("now") + 0.3) / fresh).log(),
        age=pl.col("age").log1p(),
    )
    counted = matrix(bought, items)
    items = items.with_columns(factors=factors(counted, WIDTHS[level], seed))
    if level == "product":
        items = _within(items, facts)
    else:
        items = items.with_columns(category="item", neighbours=neighbours(counted))
    return items.with_columns(pl.col("item", "category").cast(pl.String))


def facts(days: pl.DataFrame) -> pl.DataFrame:
    """One row a product of `coded` rows: what it is, and its logarithmic mean price per piece."""
    return days.group_by("product").agg(
        pl.col("category", "description", "brand_owner", "store_brand").first(),
        price=(pl.col("paid").sum().clip(1) / pl.col("units").sum().clip(1)).log(),
    )


def _within(items: pl.DataFrame, facts: pl.DataFrame) -> pl.DataFrame:
    """Add category, type, maker, store_brand, and what a product is within its category.

    `own_share` is the store brand's share of the category's buyers, `price` how many standard
    deviations the product's price lies from the category's mean; `share_*` is the product's share
    of the buyers of its category, type and maker (logarithms).
    """
    nameless = pl.lit("?") + pl.col("item").cast(pl.String)
    found = items.join(
        facts, left_on="item", right_on="product", how="left", maintain_order="left"
    ).with_columns(
        type=pl.concat_str(
            pl.col("category").cast(pl.String), pl.lit("/"), pl.col("description").fill_null("")
        ),
        maker=pl.coalesce("brand_owner", nameless),
        store_brand=pl.col("store_brand").fill_null(value=False).cast(pl.Float64),
        w=pl.col("buyers").exp(),
    )

    def mean(value: pl.Expr) -> pl.Expr:
        return ((value * pl.col("w")).sum() / pl.col("w").sum()).over("category")

    found = found.with_columns(price=pl.col("price") - mean(pl.col("price")))
    return found.with_columns(
        (pl.col("price") / (mean(pl.col("price") ** 2) + 0.05).sqrt()).clip(-2.5, 2.5),
        own_share=mean(pl.col("store_brand")),
        **{f"share_{g}": (pl.col("w") / pl.col("w").sum().over(g)).log() for g in GROUPS},
    ).drop("description", "brand_owner", "w").sort("item")  # fmt: skip


def matrix(
    pairs: pl.DataFrame, items: pl.DataFrame, shoppers: pl.Series | None = None
) -> csr_array:
    """Households x items, log(1 + purchase days); a row a shopper, sorted."""
    shoppers = pairs["shopper"].unique().sort() if shoppers is None else shoppers
    index = items.select(pl.col("item").cast(pairs.schema["item"], strict=False))
    index = index.with_row_index("column")
    rows = shoppers.to_frame("shopper").with_row_index("row")
    found = pairs.select("shopper", "item", "n").join(index, on="item").join(rows, on="shopper")
    counts = found["n"].log1p().cast(pl.Float32).to_numpy()
    where = (found["row"].to_numpy(), found["column"].to_numpy())
    return csr_array((counts, where), shape=(len(shoppers), items.height), dtype=np.float32)


def _als(width: int, seed: int = 0) -> AlternatingLeastSquares:
    with threadpool_limits(1, "blas"):  # on one thread the same input gives the same bytes
        return AlternatingLeastSquares(
            factors=width, regularization=1.0, iterations=ROUNDS, num_threads=1, random_state=seed
        )


def factors(counts: csr_array, widths: tuple[int, ...], seed: int) -> pl.Series:
    """The items' ALS factors (Hu, Koren & Volinsky 2008), models of several widths side by side."""
    parts = [np.zeros((counts.shape[1], width), np.float32) for width in widths]
    if counts.nnz:
        for at, width in enumerate(widths):
            model = _als(width, seed)
            with threadpool_limits(1, "blas"):
                model.fit(csr_matrix(counts), show_progress=False)
            parts[at] = model.item_factors
    return pl.Series(np.hstack(parts), dtype=pl.Array(pl.Float32, sum(widths)))


def fold_in(counts: csr_array, items: pl.DataFrame, widths: tuple[int, ...]) -> Floats:
    """The households' factors, given the items'; each row depends on its own purchases only."""
    edges = np.cumsum(widths)[:-1]
    every, parts = np.arange(counts.shape[0]), []
    for part in np.split(items["factors"].to_numpy(), edges, axis=1):
        model = _als(part.shape[1])
        model.item_factors = np.array(part, dtype=np.float32, order="C")
        with threadpool_limits(1, "blas"):
            parts.append(model.recalculate_user(every, csr_matrix(counts)))
    return np.hstack(parts)


def neighbours(counts: csr_array) -> pl.Series:
    """Item x item weights of a ridge regression of each item on all others (Steck 2019, EASE)."""
    n = counts.shape[1]
    with threadpool_limits(1, "blas"):
        inverse = np.linalg.inv((counts.T @ counts).toarray().astype(np.float64) + DRAG * np.eye(n))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return pl.Series(weights.astype(np.float32), dtype=pl.Array(pl.Float32, n))
