"""States and kinds: how a household's shopping changes, and how it shops.

A state is read from trips and spend of late against the weeks before them; a kind from the share
of its money that it spends at a discount and from what it spends on a trip. A trip is a day on
which it came. Only groceries count; the thresholds stand in `config.yaml` under `states`.
"""

from datetime import date

import polars as pl

from promo.config import Settings
from promo.sections import States as Rules
from promo.shoppers import households

STATES = ("new", "growing", "steady", "fading", "lapsed")
KINDS = ("deal_seeker", "big_basket", "regular")


def states(days: pl.DataFrame, settings: Settings, day: date) -> pl.DataFrame:
    """The state of each household that bought groceries in the kept year, and what it is read from.

    `days` are as-of profile rows with category. Lapsed: no visit for `lapsed_days`; new: the first
    kept visit within `new_days`; growing or fading: spend a week moved by `change` against
    the `before_days` before the `recent_days`, and trips moved the same way by `sure` standard
    deviations, were they Poisson; else steady. Returns shopper, state, days_ago (last visit),
    first_ago, spend_recent, spend_before (minor units a week), trips_recent, trips_before (a
    week), sorted by shopper.
    """
    rules = settings.states
    lengths = {"recent": rules.recent_days, "before": rules.before_days}
    a_week = (
        (pl.col(f"{name}_{when}") * 7 / length).alias(f"{name}_{when}")
        for name in ("spend", "trips")
        for when, length in lengths.items()
    )
    return (
        _visits(days.filter(households.is_grocery(settings)), rules, day)
        .with_columns(state=_state(rules))
        .select("shopper", "state", "days_ago", "first_ago", *a_week)
        .sort("shopper")
    )


def _visits(grocery: pl.DataFrame, rules: Rules, day: date) -> pl.DataFrame:
    """First and last visit, spend and trips of late and before, in whole numbers."""
    age = (pl.lit(day) - pl.col("day")).dt.total_days()
    visits = grocery.group_by("shopper", "day").agg(pl.col("paid").sum()).with_columns(age=age)
    recent = pl.col("age") <= rules.recent_days
    before = ~recent & (pl.col("age") <= rules.recent_days + rules.before_days)
    return visits.group_by("shopper").agg(
        days_ago=pl.col("age").min(),
        first_ago=pl.col("age").max(),
        spend_recent=pl.col("paid").filter(recent).sum(),
        spend_before=pl.col("paid").filter(before).sum(),
        trips_recent=recent.sum().cast(pl.Int64),
        trips_before=before.sum().cast(pl.Int64),
    )


def _state(rules: Rules) -> pl.Expr:
    """The state, from what `_visits` counts."""
    times = rules.recent_days / rules.before_days
    usual = pl.col("spend_before") * times
    spend, much = pl.col("spend_recent") - usual, usual * rules.change
    trips = pl.col("trips_recent") - pl.col("trips_before") * times
    variance = pl.col("trips_recent") + pl.col("trips_before") * times**2
    chance = variance.sqrt() * rules.sure
    return (
        pl.when(pl.col("days_ago") > rules.lapsed_days).then(pl.lit("lapsed"))
        .when(pl.col("first_ago") <= rules.new_days).then(pl.lit("new"))
        .when(spend >= much, trips > chance).then(pl.lit("growing"))
        .when(spend <= -much, trips < -chance).then(pl.lit("fading"))
        .otherwise(pl.lit("steady"))
    )  # fmt: skip


def kinds(days: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """How each household that bought groceries in the kept year shops.

    `days` are as-of profile rows with category. `deal_share` is the share of what it paid on
    purchase rows with a discount of the chain or a manufacturer, the doubling of coupons included:
    the till log tells that there was one, not whether it made the household buy. `basket` is what
    it paid a trip, in minor units. Who seeks deals is a deal-seeker whatever the basket. Returns
    shopper, kind, deal_share, coupon_share (manufacturers' discounts alone), basket; sorted.
    """
    rules = settings.states
    coupon = pl.col("manufacturer_discount") > 0
    deal = coupon | (pl.col("store_discount") > 0)
    paid = pl.col("paid")
    facts = (
        days.filter(households.is_grocery(settings))
        .group_by("shopper")
        .agg(
            paid=paid.sum(),
            deal_share=paid.filter(deal).sum(),
            coupon_share=paid.filter(coupon).sum(),
            basket=paid.sum() / pl.col("day").n_unique(),
        )
    )
    whole = pl.max_horizontal("paid", pl.lit(1))
    shares = facts.with_columns(
        (pl.col(name) / whole).clip(0, 1) for name in ("deal_share", "coupon_share")
    )
    kind = (
        pl.when(pl.col("deal_share") >= rules.deal_share).then(pl.lit("deal_seeker"))
        .when(pl.col("basket") >= settings.minor(rules.big_basket)).then(pl.lit("big_basket"))
        .otherwise(pl.lit("regular"))
    )  # fmt: skip
    return shares.select(
        "shopper", kind.alias("kind"), "deal_share", "coupon_share", "basket"
    ).sort("shopper")
