"""A household as a whole: what it spent, where it shops, and whether it gets a list."""

from datetime import date

import polars as pl

from promo.config import Settings


def with_products(days: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Profile rows with what the product table says; unknown products stay, with nulls."""
    return days.join(products, left_on="product", right_on="id", how="left", maintain_order="left")


def is_grocery(settings: Settings) -> pl.Expr:
    """Whether a row is money spent on groceries; a product that nobody knows is."""
    other = pl.col("category").is_in(list(settings.categories.not_grocery))
    return ~other.fill_null(value=False)


def facts(days: pl.DataFrame, settings: Settings, day: date) -> pl.DataFrame:
    """One row a household: shopper, spend, spend_year (minor units), store.

    `days` are as-of profile rows with category. `spend` is what was paid on grocery lines in the
    `spend_days` before `day`, `spend_year` the same over all days kept, `store` where most of
    `spend` was paid (the smallest id of several).
    """
    age = (pl.lit(day) - pl.col("day")).dt.total_days()
    recent = age <= settings.eligibility.spend_days
    by_store = (
        days.filter(is_grocery(settings))
        .group_by("shopper", "store")
        .agg(spend=pl.col("paid").filter(recent).sum(), spend_year=pl.col("paid").sum())
        .sort("shopper", "store")
    )
    best = pl.col("store").sort_by("spend", descending=True, maintain_order=True).first()
    return (
        by_store.group_by("shopper")
        .agg(pl.col("spend", "spend_year").sum(), store=best)
        .sort("shopper")
    )


def eligible(facts: pl.DataFrame, shoppers: pl.DataFrame, min_spend: int) -> pl.DataFrame:
    """The households that get a list: consented, not suppressed, enough spent; sorted by id.

    `shoppers` has id, name, language, suppressed, consented.
    """
    allowed = shoppers.filter(pl.col("consented"), ~pl.col("suppressed"))
    joined = facts.join(allowed, left_on="shopper", right_on="id", how="inner")
    return joined.filter(pl.col("spend") >= min_spend).sort("shopper")
