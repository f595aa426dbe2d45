"""Complete Journey's campaigns of types B and C: who held which coupon, what a plain model would
have said of it before, and whether it was redeemed.

The model is a table: the rate at which coupons of earlier campaigns were redeemed, by the days on
which the household had bought one of the coupon's products (none, one, two or three, more) and the
redemptions it had made before (none, one or two, more), drawn to the rate of all. It learns only
from campaigns that had ended before this one began.
"""

from datetime import date
from functools import cache

import polars as pl

from promo.scans import complete_journey

FIRST = date(2017, 5, 15)  # before, too few campaigns have ended to learn from
PULL = 200  # pairs at the rate of all, added to each cell
LAST_DAY = date(2017, 12, 31)  # of the data; of a campaign that runs on, not all is seen
KEY = ("household_id", "coupon_upc")


def pairs() -> pl.DataFrame:
    """Every holder of every coupon: campaign, coupon, household_id, p and redeemed (0 or 1)."""
    told = _told()
    seen = pl.concat([_campaign(*row) for row in told.iter_rows()])
    found = []
    whole = told.filter(pl.col("starts") >= FIRST, pl.col("ends") <= LAST_DAY)
    for number, starts, _ in whole.iter_rows():
        past = seen.filter(pl.col("ends") < starts)
        rate = past["redeemed"].sum() / past.height
        cells = past.group_by("days", "uses").agg(
            p=(pl.col("redeemed").sum() + PULL * rate) / (pl.len() + PULL)
        )
        now = seen.filter(pl.col("campaign") == number)
        scored = now.join(cells, on=["days", "uses"], how="left", maintain_order="left")
        found.append(scored.with_columns(pl.col("p").fill_null(rate)))
    return pl.concat(found).with_columns(
        coupon=pl.concat_str("campaign", "coupon_upc", separator=" ")
    )


@cache
def _read(name: str) -> pl.DataFrame:
    source = complete_journey.folder(complete_journey.INSTALLED)
    return pl.read_parquet(source / f"{name}.parquet")


def _told() -> pl.DataFrame:
    """Campaigns of types B and C: number, first and last day, by their first day."""
    told = _read("campaign_descriptions").filter(~pl.col("campaign_type").str.ends_with("A"))
    days = told.select(
        "campaign_id",
        starts=pl.col("start_date").cast(pl.Date),
        ends=pl.col("end_date").cast(pl.Date),
    )
    return days.sort("starts", "campaign_id")


def _campaign(number: int, starts: date, ends: date) -> pl.DataFrame:
    """Every pair of a campaign with what was known when it began."""
    items = _read("coupons").filter(pl.col("campaign_id") == number)
    holders = _read("campaigns").filter(pl.col("campaign_id") == number).select("household_id")
    used = _read("coupon_redemptions").with_columns(pl.col("redemption_date").cast(pl.Date))
    before = used.filter(pl.col("redemption_date") < starts)
    past = before.group_by("household_id").agg(uses=pl.len())
    bought = _bought(starts).join(items, on="product_id").group_by(KEY)
    hit = used.filter(pl.col("campaign_id") == number).select(KEY).unique()
    every = holders.unique().join(items.select("coupon_upc").unique(), how="cross")
    return (
        every.join(bought.agg(days=pl.col("day").n_unique()), on=KEY, how="left")
        .join(past, on="household_id", how="left")
        .join(hit.with_columns(redeemed=1), on=KEY, how="left")
        .with_columns(pl.col("days", "uses", "redeemed").fill_null(0).cast(pl.Int64))
        .with_columns(pl.col("days").cut([0, 1, 3]), pl.col("uses").cut([0, 2]))
        .with_columns(pl.col("days", "uses").cast(pl.String), campaign=number, ends=ends)
        .sort(KEY)
    )


def _bought(before: date) -> pl.DataFrame:
    """Household, product and day of purchases before a day."""
    return _purchases().filter(pl.col("day") < before)


@cache
def _purchases() -> pl.DataFrame:
    local = pl.col("transaction_timestamp").dt.replace_time_zone("UTC")
    day = local.dt.convert_time_zone(complete_journey.ZONE).dt.date()
    return _read("transactions").select("household_id", "product_id", day=day).unique()
