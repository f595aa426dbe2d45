"""Complete Journey as the cycle benches see it: the year, and what is asked of it.

Pairs and purchases are counted here a second time, by code of the bench's own, from the raw data.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import polars as pl
from kit import ROOT, report

from promo import config
from promo.scans import complete_journey
from promo.shoppers import households, profiles, universe
from promo.shoppers.backtest import Question

CUTS = (date(2017, 9, 3), date(2017, 10, 1), date(2017, 10, 29), date(2017, 11, 26))
HORIZON = 14
KEEP = 364
PETROL = ("COUPON/MISC ITEMS", "FUEL")


@cache
def year() -> pl.DataFrame:
    """The year as grocery profile rows with category, by promo's own definitions."""
    source = complete_journey.folder(complete_journey.INSTALLED)
    scans = complete_journey.table(source, "scans", None, None).with_columns(
        (pl.col("quantity") * 1000).round().cast(pl.Int64), shopper="card"
    )
    known = complete_journey.table(source, "products", None, None)
    folded = profiles.fold(profiles.empty(), universe.sold(scans))
    days = households.with_products(folded, known.select("category", "store_brand", id="code"))
    settings = config.load(ROOT / "config.yaml")
    return universe.grocery(days, settings.categories.not_grocery)


def questions(level: str, cuts: tuple[date, ...]) -> Iterator[Question]:
    """What is asked at each cut; a bar says whether the bench counts the same pairs."""
    for cut in cuts:
        question = Question.at(year(), level, cut, HORIZON, KEEP)
        found = question.pairs.height, int(question.bought.sum())
        again = count_again(level, cut)
        report(f"pairs and purchases, {level} {cut}", found, again, ok=found == again)
        yield question


def count_again(level: str, cut: date) -> tuple[int, int]:
    """Pairs at a cut and how many of them were bought, from the raw data set alone."""
    source = complete_journey.folder(complete_journey.INSTALLED)
    raw = pl.scan_parquet(source / "transactions.parquet").join(
        pl.scan_parquet(source / "products.parquet"), on="product_id", how="left"
    )
    local = pl.col("transaction_timestamp").dt.convert_time_zone("America/New_York")
    item = "product_category" if level == "category" else "product_id"
    lines = (
        raw.filter(
            pl.col("quantity") > 0,
            pl.col("sales_value") > 0,
            ~pl.col("product_category").is_in(PETROL).fill_null(value=False),
        )
        .select("household_id", item=item, day=local.dt.date())
        .unique()
        .collect()
    )
    before = lines.filter(pl.col("day") < cut)
    came = before.group_by("household_id").agg(pl.col("day").n_unique(), last=pl.col("day").max())
    known = came.filter(pl.col("day") >= 4, pl.col("last") >= cut - timedelta(56))
    pairs = (
        before.drop_nulls("item")
        .group_by("household_id", "item")
        .len()
        .filter(pl.col("len") >= 2)
        .join(known, on="household_id", how="semi")
    )
    after = lines.filter(pl.col("day").is_between(cut, cut + timedelta(HORIZON - 1)))
    bought = pairs.join(after, on=["household_id", "item"], how="semi")
    return pairs.height, bought.height
