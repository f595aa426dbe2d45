"""Complete Journey's campaigns as the response benches see them.

A campaign of type A dealt sixteen coupons of its pool to each of its households, one of type B or
C all of them. Only rows of days before a campaign began are looked at. Days count in the store's
zone, petrol is in: a coupon that names it would count it.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl

from promo.offers import habits
from promo.scans import complete_journey
from promo.shoppers import households, profiles, universe

LAST_DAY = date(2017, 12, 31)  # of the data; redemptions after it are not seen
FIRST = date(2017, 3, 1)  # campaigns that began before have no past to be seen
KEEP = 364
WIDE = 1000  # products; a coupon on more is on a department
DEPTH = 0.30  # worth over price, geometric mean; one for all: 87 of 100 were worth 1.00


@dataclass(frozen=True)
class Campaign:
    """What was printed for whom, and what became of it."""

    number: int
    kind: str
    starts: date
    ends: date
    households: pl.DataFrame  # shopper
    items: pl.DataFrame  # offer (the coupon's UPC), product
    redeemed: pl.DataFrame  # shopper, offer, day of the first use

    @property
    def seen_days(self) -> int:
        """Days of the campaign on which a redemption would have been seen."""
        return (min(self.ends, LAST_DAY) - self.starts).days + 1


@cache
def days() -> pl.DataFrame:
    """The year as profile rows with product facts, by promo's own definitions."""
    source = complete_journey.folder(complete_journey.INSTALLED)
    scans = complete_journey.table(source, "scans", None, None).with_columns(
        (pl.col("quantity") * 1000).round().cast(pl.Int64), shopper="card"
    )
    folded = profiles.fold(profiles.empty(), universe.sold(scans))
    return households.with_products(folded, products())


@cache
def products() -> pl.DataFrame:
    """The product table: id, category, brand_owner, description, store_brand."""
    source = complete_journey.folder(complete_journey.INSTALLED)
    known = complete_journey.table(source, "products", None, None)
    return known.select("category", "brand_owner", "description", "store_brand", id="code")


@cache
def campaigns(types: str) -> tuple[Campaign, ...]:
    """The campaigns of the types in `types`, such as "A" or "BC", by the day they began."""
    source = complete_journey.folder(complete_journey.INSTALLED)
    text, day = pl.String, pl.Date

    def read(name: str) -> pl.DataFrame:
        return pl.read_parquet(source / f"{name}.parquet")

    told = read("campaign_descriptions").select(
        "campaign_id", pl.col("campaign_type").str.slice(-1),
        pl.col("start_date", "end_date").cast(day),
    )  # fmt: skip
    dealt = read("campaigns").select("campaign_id", shopper=pl.col("household_id").cast(text))
    items = read("coupons").select(
        "campaign_id", offer=pl.col("coupon_upc").cast(text),
        product=pl.col("product_id").cast(text),
    )  # fmt: skip
    used = read("coupon_redemptions").select(
        "campaign_id", shopper=pl.col("household_id").cast(text),
        offer=pl.col("coupon_upc").cast(text), day=pl.col("redemption_date").cast(day),
    )  # fmt: skip
    return tuple(
        Campaign(
            number, kind, starts, ends,
            _of(dealt, number).unique().sort("shopper"),
            _of(items, number).unique().sort("offer", "product"),
            _of(used, number).group_by("shopper", "offer").agg(pl.col("day").min()),
        )
        for number, kind, starts, ends in told.sort("start_date", "campaign_id").iter_rows()
        if kind in types
    )  # fmt: skip


def _of(frame: pl.DataFrame, number: int) -> pl.DataFrame:
    return frame.filter(pl.col("campaign_id") == number).drop("campaign_id")


def known(campaign: Campaign) -> pl.DataFrame:
    """Every (household, coupon) pair of a campaign: what was known when it began, and the outcome.

    Columns: shopper, offer, wide (a coupon on a department rather than a brand), lines (past scans
    of its products), bought_days, response.FACTS,
    redeemed (0 or 1), campaign, starts and ends.
    """
    past = profiles.as_of(days(), campaign.starts, KEEP).join(
        campaign.households, on="shopper", how="semi"
    )
    bought = profiles.purchases(past, "product")
    sums = habits.pairs(bought, past, campaign.items, products(), campaign.starts)
    counted = past.join(campaign.items, on="product").group_by("shopper", "offer").agg(
        lines=pl.col("lines").sum(), bought_days=pl.col("day").n_unique()
    )  # fmt: skip
    size = campaign.items.group_by("offer").agg(wide=pl.len() > WIDE)
    every = campaign.households.join(size, how="cross").sort(habits.PAIR)
    homes = habits.households(past)
    return (
        habits.attach(every, sums, homes, campaign.items, products())
        .join(counted, on=habits.PAIR, how="left", maintain_order="left")
        .join(
            campaign.redeemed.select(*habits.PAIR, redeemed=1.0),
            on=habits.PAIR, how="left", maintain_order="left",
        )
        .fill_null(0)
        .with_columns(
            depth=DEPTH, days=campaign.seen_days, campaign=campaign.number,
            starts=campaign.starts, ends=campaign.ends,
        )
    )  # fmt: skip
