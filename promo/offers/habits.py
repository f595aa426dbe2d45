"""Habits: what a household's past purchases say about an offer, in one number a pair.

    habit = log(1 + sqrt(paid x purchases))     what it paid for the offer's products, how often
          + .60 log(1 + coupon purchases)       those it bought with a manufacturer's coupon
          + .05 log(1 + kin purchases)          products of the same maker and type
          + .25 log(days since the first one)   where it bought any
          - 1.5 (store brand's share of the offer's products)
          - 1.8 log(shopping days + 10)         the same for all offers of a household

A purchase is a product on a day on which more came home than went back, `paid` is in minor units.
The order of a household's offers by it was chosen on what households redeemed in Complete
Journey's four type-A campaigns; docs/model.md says how well it does, and how little is sure.
"""

import math
from datetime import date

import polars as pl

COUPONS, KIN, LONG, OWN, TRIPS = 0.60, 0.05, 0.25, -1.5, -1.8
FEW_TRIPS = 10.0  # shopping days added to a household's own
SHARE, FEW = 0.06, 5.0  # shopping days with a coupon: usual share, days added at that share
PAIR = ("shopper", "offer")
SUMS = ("paid", "purchases", "coupon_purchases", "kin_purchases")


def households(days: pl.DataFrame, redeemed: pl.DataFrame | None = None) -> pl.DataFrame:
    """Of each household: trips (shopping days) and proneness, sorted by shopper.

    days: as-of profile rows; redeemed: shopper, day of redemptions of our own offers, which count
    as coupons wherever the till names no manufacturer's money. Proneness is the logarithm of the
    share of shopping days with a coupon, drawn to SHARE by FEW days.
    """
    used = days.filter(pl.col("manufacturer_discount") > 0).select("shopper", "day")
    if redeemed is not None:
        used = pl.concat([used, redeemed.select("shopper", "day")])
    trips = days.group_by("shopper").agg(trips=pl.col("day").n_unique())
    with_coupon = used.group_by("shopper").agg(used=pl.col("day").n_unique())
    share = (pl.col("used").fill_null(0) + FEW * SHARE) / (pl.col("trips") + FEW)
    return (
        trips.join(with_coupon, on="shopper", how="left")
        .select("shopper", "trips", proneness=share.log())
        .sort("shopper")
    )


def pairs(
    bought: pl.DataFrame,
    days: pl.DataFrame,
    items: pl.DataFrame,
    products: pl.DataFrame,
    night: date,
) -> pl.DataFrame:
    """What each household bought of each offer's products and their kin before `night`.

    bought: shopper, product, n (purchase days), first, paid, as `Histories.table` has them; days:
    as-of profile rows; items: offer, product; products: id, brand_owner, description. Returns
    shopper, offer, SUMS and first_ago (days since the first purchase, null where there is none);
    pairs without purchases are left out.
    """
    ago = (pl.lit(night) - pl.col("first")).dt.total_days()
    coupons = days.filter(pl.col("manufacturer_discount") > 0).group_by("shopper", "product")
    used = coupons.agg(coupon=pl.col("day").n_unique())
    own = (
        bought.join(items, on="product")
        .join(used, on=["shopper", "product"], how="left")
        .group_by(PAIR)
        .agg(
            paid=pl.col("paid").sum(),
            purchases=pl.col("n").sum(),
            coupon_purchases=pl.col("coupon").fill_null(0).sum(),
            first_ago=ago.max(),
        )
    )
    found = own.join(_kin(bought, items, products), on=PAIR, how="full", coalesce=True)
    sums = (pl.col(name).fill_null(0).cast(pl.Int64) for name in SUMS)
    return found.select(*PAIR, *sums, pl.col("first_ago").cast(pl.Int64))


def attach(
    wanted: pl.DataFrame,
    sums: pl.DataFrame,
    homes: pl.DataFrame,
    items: pl.DataFrame,
    products: pl.DataFrame,
) -> pl.DataFrame:
    """The wanted pairs (shopper, offer, ...) with habit and proneness, in their order.

    sums: `pairs`; homes: `households`; items: offer, product; products: id, store_brand. A
    household that never came has no trips and the usual proneness.
    """
    stamped = items.join(products.select("id", "store_brand"), left_on="product", right_on="id")
    own = stamped.group_by("offer").agg(own=pl.col("store_brand").fill_null(value=False).mean())
    return (
        wanted.join(sums, on=PAIR, how="left", maintain_order="left")
        .join(own, on="offer", how="left", maintain_order="left")
        .join(homes, on="shopper", how="left", maintain_order="left")
        .with_columns(pl.col("own", "trips", *SUMS).fill_null(0))
        .with_columns(habit=_habit(), proneness=pl.col("proneness").fill_null(math.log(SHARE)))
        .select(*wanted.columns, "habit", "proneness")
    )


def _habit() -> pl.Expr:
    """The number above."""
    paid = pl.col("paid").clip(lower_bound=0)  # more may have been given back than was paid
    return (
        (paid * pl.col("purchases")).sqrt().log1p()
        + COUPONS * pl.col("coupon_purchases").log1p()
        + KIN * pl.col("kin_purchases").log1p()
        + LONG * pl.col("first_ago").fill_null(1).clip(lower_bound=1).log()
        + OWN * pl.col("own")
        + TRIPS * (pl.col("trips") + FEW_TRIPS).log()
    )


def _kin(bought: pl.DataFrame, items: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Purchases of products that share maker and type with one of an offer's: kin_purchases."""
    kinds = products.drop_nulls(["brand_owner", "description"]).select(
        product="id", kind=pl.struct("brand_owner", "description").rank("dense")
    )
    of_offer = items.join(kinds, on="product").select("offer", "kind").unique()
    by_kind = bought.join(kinds, on="product").group_by("shopper", "kind").agg(pl.col("n").sum())
    near = by_kind.join(of_offer, on="kind")
    return near.group_by(PAIR).agg(kin_purchases=pl.col("n").sum())
