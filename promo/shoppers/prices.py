"""Prices: what is typically paid for a piece of each product, and what the chain earns on it.

The typical price is the median of what the chain took for a piece, the manufacturer's money
included, over the pieces sold. It is counted as a histogram whose sums add up over days and
deliveries.
"""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import polars as pl

from promo.sections import Margin

FILE = "prices.parquet"
RECENT_DAYS = 91  # of scans that are counted
SCHEMA = {"product": pl.String, "price": pl.Int64, "n": pl.Int64}


def histogram(parts: Iterable[pl.LazyFrame]) -> pl.DataFrame:
    """Pieces sold by product and price of a piece: product, price (minor units), n.

    parts: scans as the lake holds them. A weighed line counts as a piece; what was given back or
    given away is no sale.
    """
    taken = pl.col("paid") + pl.col("manufacturer_discount")
    pieces = pl.when(pl.col("unit") == "each").then(pl.col("quantity") // 1000).otherwise(1)
    counted = [
        part.filter(pl.col("quantity") > 0, taken > 0)
        .with_columns(pieces=pieces.clip(lower_bound=1).cast(pl.Int64))
        .group_by("product", price=((taken + pl.col("pieces") // 2) // pl.col("pieces")))
        .agg(n=pl.col("pieces").sum())
        .collect()
        for part in parts
    ]
    counted.append(pl.DataFrame(schema=SCHEMA))
    return pl.concat(counted).group_by("product", "price").agg(pl.col("n").sum())


def typical(counted: pl.DataFrame) -> pl.DataFrame:
    """The lower median of a `histogram`: product, price (minor units), n (pieces), by product."""
    through = pl.col("n").cum_sum().over("product")
    whole = pl.col("n").sum().over("product")
    return (
        counted.sort("product", "price")
        .with_columns(through=through, whole=whole)
        .filter(2 * pl.col("through") >= pl.col("whole"))
        .unique("product", keep="first", maintain_order=True)
        .select("product", "price", n="whole")
    )


def as_bytes(prices: pl.DataFrame) -> bytes:
    """What `prices.parquet` holds."""
    buffer = BytesIO()
    prices.write_parquet(buffer, compression="zstd")
    return buffer.getvalue()


def load(root: Path, name: str) -> pl.DataFrame | None:
    """The prices in a model's folder; None where it has none, as the shipped prior."""
    path = root / name / FILE
    return pl.read_parquet(path).select(list(SCHEMA)) if path.is_file() else None


def with_margins(
    products: pl.DataFrame, prices: pl.DataFrame | None, margin: Margin
) -> pl.DataFrame:
    """Products with price, margin (minor units a piece, floats) and sold (pieces), in their order.

    products: id, category, cost (minor units or null), margin_rate (or null), and more. A product
    without a price takes its category's median; without one there, price and margin stay null. The
    margin is the price less the cost; without a cost the product's rate of the price, else its
    category's, else the default.
    """
    known = prices if prices is not None else pl.DataFrame(schema=SCHEMA)
    rate = pl.col("category").replace_strict(
        margin.by_category, default=margin.default, return_dtype=pl.Float64
    )
    typical_price = pl.col("price").cast(pl.Float64)
    filled = typical_price.fill_null(typical_price.median().over("category"))
    by_rate = pl.col("price") * pl.coalesce("margin_rate", rate.fill_null(margin.default))
    return (
        products.join(known, left_on="id", right_on="product", how="left", maintain_order="left")
        .with_columns(price=filled, sold=pl.col("n").fill_null(0))
        .with_columns(margin=pl.coalesce(pl.col("price") - pl.col("cost"), by_rate))
        .drop("n")
    )
