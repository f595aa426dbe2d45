"""Candidates: which offers could stand on whose list, and what each is worth there."""

import math

import polars as pl

from promo.offers.allocation import Candidates
from promo.offers.live import Catalogue

NEVER = math.log(1e-12)


def find(
    products: pl.DataFrame,
    categories: pl.DataFrame,
    cells: pl.DataFrame,
    catalogue: Catalogue,
    known: pl.DataFrame,
) -> pl.DataFrame:
    """All (household, offer) pairs worth a thought.

    products: forecast rows (shopper, product, category, paid, probability); categories: forecast
    rows by category; cells: segments.grid; known: the product table (id, category).
    A pair's probability is that of buying one of the offer's products the household has bought
    before; where it has bought none, that of its category times the share of the category's
    products that the offer covers. Its worth comes from the ladder, its value is probability
    times worth. Returns shopper, offer (row number in the catalogue), category, probability, new,
    loyalty, volume, worth (minor units) and value, sorted by shopper and offer.
    """
    scored = pl.concat([_familiar(products, catalogue), _unfamiliar(categories, catalogue, known)])
    best = scored.sort("shopper", "offer", "new").unique(
        ["shopper", "offer"], keep="first", maintain_order=True
    )
    return (
        best.join(cells, on=["shopper", "category"], how="left")
        .join(_ladder(catalogue), on="offer")
        .with_columns(worth=_worth())
        .with_columns(value=pl.col("probability") * pl.col("worth"))
        .drop("heavy", "medium", "light")
        .sort("shopper", "offer")
    )


def as_arrays(found: pl.DataFrame, shoppers: pl.Series) -> Candidates:
    """Candidates in the order of `found`; a household's number is its row in `shoppers`, sorted."""
    numbers = pl.DataFrame({"shopper": shoppers}).with_row_index("row")
    rows = found.join(numbers, on="shopper", maintain_order="left").select(
        pl.col("row", "offer", "worth").cast(pl.Int64),
        "value",
        "probability",
        category=pl.col("category").rank("dense").cast(pl.Int64),
    )
    return Candidates(
        shopper=rows["row"].to_numpy(),
        offer=rows["offer"].to_numpy(),
        category=rows["category"].to_numpy(),
        value=rows["value"].to_numpy(),
        worth=rows["worth"].to_numpy(),
        probability=rows["probability"].to_numpy(),
    )


def _familiar(products: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Offers on products the household has bought; their category carries most of its spend."""
    pairs = products.join(catalogue.items, on="product")
    none = pl.col("probability").clip(upper_bound=1 - 1e-12).neg().log1p()
    by_category = (
        pairs.group_by("shopper", "offer", "category")
        .agg(none=none.sum(), paid=pl.col("paid").sum())
        .sort("shopper", "offer", "paid", "category", descending=[False, False, True, False])
    )
    return by_category.group_by("shopper", "offer", maintain_order=True).agg(
        category=pl.col("category").first(),
        probability=1 - pl.col("none").sum().clip(lower_bound=NEVER).exp(),
        new=pl.lit(value=False),
    )


def _unfamiliar(
    categories: pl.DataFrame, catalogue: Catalogue, known: pl.DataFrame
) -> pl.DataFrame:
    """Offers in a category the household buys, on products it has not bought."""
    sizes = known.group_by("category").agg(size=pl.len())
    covered = (
        catalogue.items.join(known.select("id", "category"), left_on="product", right_on="id")
        .group_by("offer", "category")
        .agg(n=pl.len())
        .join(sizes, on="category")
        .sort("offer", "n", "category", descending=[False, True, False])
        .unique("offer", keep="first", maintain_order=True)
        .select("offer", "category", share=pl.col("n") / pl.col("size"))
    )
    return categories.join(covered, on="category").select(
        "shopper",
        "offer",
        "category",
        probability=pl.col("probability") * pl.col("share"),
        new=pl.lit(value=True),
    )


def _ladder(catalogue: Catalogue) -> pl.DataFrame:
    return catalogue.offers.select("offer", "heavy", "medium", "light")


def _worth() -> pl.Expr:
    volume = pl.col("volume")
    return (
        pl.when(volume == "heavy").then(pl.col("heavy"))
        .when(volume == "medium").then(pl.col("medium"))
        .otherwise(pl.col("light"))
    )  # fmt: skip
