"""Habits: what a household's past purchases say about an offer, in one number a pair.

    habit = log(1 + sqrt(paid x purchases))     what it paid for the offer's products, how often
          + .60 log(1 + coupon purchases)       those it bought with a manufacturer's coupon
          + .05 log(1 + kin purchases)          products of the same maker and type
          + .25 log(days since the first one)   where it bought any
          - 1.5 (store brand's share of the offer's products)
          - 1.5 log(shopping days + 10)         the same for all offers of a household

A purchase is a product on a day on which more came home than went back, `paid` is in minor units.
The order of a household's offers by it was chosen on what households redeemed in Complete
Journey's four type-A campaigns; docs/model.md says how well it does, and how little is sure.
"""

from datetime import date

import polars as pl

COUPONS, KIN, LONG, OWN, TRIPS = 0.60, 0.05, 0.25, -1.5, -1.5
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
    as-of profile rows; items: offer, product; products: id, brand_owner, description, store_brand.
    Returns shopper, offer, SUMS, first_ago (days since the first purchase, 1 where there is none)
    and own (store brand's share of the offer's products); pairs without purchases are left out.
    """
    ago = (pl.lit(night) - pl.col("first")).dt.total_days()
    coupons = days.filter(pl.col("manufacturer_discount") > 0).group_by("shopper", "product")
    known = bought.join(
        coupons.agg(coupon=pl.col("day").n_unique()), on=["shopper", "product"], how="left"
    )
    own = known.join(items, on="product").group_by(PAIR).agg(
        paid=pl.col("paid").sum(),
        purchases=pl.col("n").sum(),
        coupon_purchases=pl.col("coupon").fill_null(0).sum(),
        first_ago=ago.max(),
    )  # fmt: skip
    found = own.join(_kin(bought, items, products), on=PAIR, how="full", coalesce=True)
    return (
        found.join(_own(items, products), on="offer", how="left")
        .with_columns(pl.col(SUMS).fill_null(0).cast(pl.Int64), pl.col("first_ago").fill_null(1))
        .select(*PAIR, *SUMS, "first_ago", "own")
        .sort(PAIR)
    )


def habit() -> pl.Expr:
    """The number above, from the columns of `pairs` and trips."""
    paid = pl.col("paid").clip(lower_bound=0)  # more may have been given back than was paid
    return (
        (paid * pl.col("purchases")).sqrt().log1p()
        + COUPONS * pl.col("coupon_purchases").log1p()
        + KIN * pl.col("kin_purchases").log1p()
        + LONG * pl.col("first_ago").clip(lower_bound=1).log()
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


def _own(items: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    brands = items.join(products.select("id", "store_brand"), left_on="product", right_on="id")
    return brands.group_by("offer").agg(own=pl.col("store_brand").fill_null(value=False).mean())
