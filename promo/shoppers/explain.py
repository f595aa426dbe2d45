"""Says why: the sentences behind a household's forecasts, and behind its getting a list or none."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from promo.config import Settings

ENOUGH = 3  # purchase days; fewer have at most one gap between them, and one gap is no cycle
NUMBERS = (
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def habits(days: pl.DataFrame) -> pl.DataFrame:
    """How regularly, and how many at a time, each household bought each category.

    `days` are as-of profile rows with category. Returns shopper, category, cycle_days (mean of the
    days between purchase days), spread_days (their standard deviation) and at_once (pieces), the
    largest number that was bought on at least half of the purchase days; all three null under
    ENOUGH purchase days. Sorted by shopper and category.
    """
    bought = (
        days.filter(pl.col("category").is_not_null())
        .group_by("shopper", "category", "day")
        .agg(pl.col("units").sum())
        .filter(pl.col("units") > 0)
        .sort("shopper", "category", "day")
    )
    gap = pl.col("day").diff().dt.total_days()
    told = {
        "cycle_days": gap.mean(),
        "spread_days": gap.std(),
        "at_once": pl.col("units").sort().get(pl.len() // 2),
    }
    return (
        bought.group_by("shopper", "category", maintain_order=True)
        .agg(n=pl.len(), **told)
        .with_columns(pl.when(pl.col("n") >= ENOUGH).then(pl.col(name)) for name in told)
        .drop("n")
    )


def why(row: Mapping[str, Any]) -> str:
    """The sentence behind a forecast: when it was bought, how regularly, how many at a time.

    `row` has n, days_ago, lapsed, cycle_days and at_once.
    """
    n, ago, cycle = row["n"], in_days(row["days_ago"]), row["cycle_days"]
    if n == 1:
        text = f"bought once, {ago}"
    elif cycle is None:
        text = f"bought twice, last {ago}"
    elif row["lapsed"]:
        text = f"used to come {_every(cycle)}, not for {_days(row['days_ago'])}"
    else:
        text = f"about {_every(cycle)}, last {ago}"
    if row["lapsed"]:
        return f"{text}: probably stopped"
    at_once = row["at_once"] or 1
    return f"{text}, often {_number(at_once)} at a time" if at_once > 1 else text


def state(row: Mapping[str, Any], settings: Settings) -> str:
    """The sentence behind a household's state; `row` is one of states.states."""
    name, rules = row["state"], settings.states
    if name == "lapsed":
        return f"Lapsed: last seen {in_days(row['days_ago'])}."
    if name == "new":
        return f"New: first seen {in_days(row['first_ago'])}."
    spends = (settings.in_words(round(row[f"spend_{when}"])) for when in ("recent", "before"))
    trips = (f"{row[f'trips_{when}']:.1f}" for when in ("recent", "before"))
    told = " against ".join(f"{s} and {t} trips" for s, t in zip(spends, trips, strict=True))
    weeks = f"{rules.recent_days} days to the {rules.before_days} before"
    return f"{name.capitalize()}: {told} a week, the last {weeks}."


KINDS = {"deal_seeker": "Deal-seeker", "big_basket": "Big-basket household", "regular": "Regular"}


def kind(row: Mapping[str, Any], settings: Settings) -> str:
    """The sentence behind how a household shops; `row` is one of states.kinds."""
    return (
        f"{KINDS[row['kind']]}: {settings.in_words(round(row['basket']))} a trip, "
        f"{row['deal_share']:.0%} of it at a discount, {row['coupon_share']:.0%} with coupons."
    )


def club(row: Mapping[str, Any]) -> str:
    """The sentence on a household's life-style; `row` is one of clubs.assign."""
    return f"Club: {row['name']} ({row['share']:.0%} of its purchases)."


LOYALTIES = {"national": "national", "store_brand": "store brand", "switcher": "any brand"}


def cell(loyalty: str, volume: str) -> str:
    """A cell of the grid in words: `heavy, store brand`."""
    return f"{volume}, {LOYALTIES[loyalty]}"


def in_days(ago: int) -> str:
    """How long ago, in words."""
    return "yesterday" if ago == 1 else f"{_days(ago)} ago"


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def _every(cycle: float) -> str:
    whole = int(np.floor(cycle + 0.5))
    return "every day" if whole <= 1 else f"every {whole} days"


def _number(number: int) -> str:
    return NUMBERS[number - 2] if number - 2 < len(NUMBERS) else str(number)


def eligibility(spend: int, shopper: Mapping[str, Any], settings: Settings) -> tuple[bool, str]:
    """Whether a household gets a list, and the sentence that says why (not).

    `spend` is in minor units over `eligibility.spend_days`; `shopper` has suppressed, consented.
    """
    paid = f"{settings.in_words(spend)} in {settings.eligibility.spend_days} days"
    least = settings.in_words(settings.min_spend)
    if shopper["suppressed"]:
        return False, "It gets no list: it is suppressed."
    if not shopper["consented"]:
        return False, "It gets no list: it has not agreed to lists, or took its consent back."
    if spend < settings.min_spend:
        return False, f"It gets no list: it paid {paid}, less than {least}."
    return True, f"It gets lists: it agreed to, and paid {paid}, no less than {least}."
