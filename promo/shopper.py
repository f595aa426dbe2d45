"""`promo shopper`: what is known of one household, what it is due to buy, and why.

Reads only: it may be asked while a night is at work. Sensitive and restricted categories are left
out, always: the answer is read aloud at a service desk.
"""

from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import select

from promo import calendar, tables
from promo.errors import Sentence
from promo.house import House
from promo.shoppers import (
    cycles,
    explain,
    households,
    models,
    profile_store,
    profiles,
    segments,
)
from promo.shoppers.models import Model

LEVEL = "category"
SHOWN_FROM = 0.05  # probability from which a category is shown unasked, though it is not due
ROUNDED = {"cycle_days": 1, "spread_days": 1, "probability": 4, "expected_quantity": 2}


class UnknownCard(Sentence):
    """No household carries the card."""


def of_card(house: House, card: str, day: date, *, name: bool = False) -> dict[str, Any]:
    """A card's household as of the beginning of `day`: what it spends, and each category.

    Its name is in the answer only when asked for.

    Days are ISO strings, money is minor units, categories stand by falling probability of a
    purchase in the window of a list made on `day`. Raises UnknownCard, ModelError.
    """
    with house.engine.connect() as connection:
        shopper = connection.execute(
            select(tables.Card.shopper).where(tables.Card.card == card.strip())
        ).scalar()
    if shopper is None:
        raise UnknownCard(f"No household carries the card {card.strip()[:64]!r}.")
    settings, window = house.settings, house.settings.window(day)
    model = models.in_use(settings.paths.models, day)
    days = _days(house, shopper, day)
    return {
        "shopper": shopper,
        "day": day.isoformat(),
        "first_day": window.first.isoformat(),
        "last_day": window.last.isoformat(),
        "model": model.name,
        **_household(house, shopper, days, day, model, name=name),
        "categories": _categories(house, days, day, model),
    }


def _days(house: House, shopper: str, day: date) -> pl.DataFrame:
    """The household's profile rows, as if every delivery had been folded in."""
    settings = house.settings
    bucket, last = calendar.bucket(shopper), house.last_delivery
    profile = profile_store.as_if_folded(settings.paths.lake, bucket, last)
    own = profile.filter(pl.col("shopper") == shopper)
    known = profiles.as_of(own, day, settings.profiles.keep_days)
    return households.with_products(known, house.products)


def _household(
    house: House, shopper: str, days: pl.DataFrame, day: date, model: Model, *, name: bool
) -> dict[str, Any]:
    settings = house.settings
    who = house.shoppers([calendar.bucket(shopper)], day).row(
        by_predicate=pl.col("id") == shopper, named=True
    )
    tier = segments.tier(pl.col("spend_year"), model.card["tiers_from"])
    # Whoever bought no groceries in the kept year has no store and stands at the pyramid's foot.
    nothing: dict[str, Any] = {"spend": 0, "store": None, "tier": "base"}
    found = households.facts(days, settings, day).with_columns(tier=tier).to_dicts()
    facts = found[0] if found else nothing
    eligible, why = explain.eligibility(facts["spend"], who, settings)
    return {
        **({"name": who["name"]} if name else {}),
        "tier": facts["tier"],
        "spend_a_week": round(facts["spend"] * 7 / settings.eligibility.spend_days),
        "store": facts["store"],
        "eligible": eligible,
        "why": why,
    }


def _categories(house: House, days: pl.DataFrame, day: date, model: Model) -> list[dict[str, Any]]:
    settings = house.settings
    rules, least = settings.categories, settings.lists.min_due
    said = days.filter(~pl.col("category").is_in(list(rules.never_said)))
    forecasts = cycles.forecast(said, LEVEL, model, day, settings.window(day))
    listed = ~pl.col("category").is_in(list(rules.never_due))
    words = said.group_by("category").agg(words=pl.col("category_words").drop_nulls().min())
    rows = (
        forecasts.join(explain.habits(said), on=["shopper", "category"], how="left")
        .join(words, on="category", how="left")
        .sort("probability", "category", descending=[True, False])
        .with_columns(
            pl.col("words").fill_null(pl.col("category")),
            days_ago=(pl.lit(day) - pl.col("last")).dt.total_days(),
            due=listed & (pl.col("probability") >= least),
            shown=pl.col("probability") >= min(least, SHOWN_FROM),
            listed=listed,
        )
    )
    return [_category(row) for row in rows.iter_rows(named=True)]


def _category(row: dict[str, Any]) -> dict[str, Any]:
    names = (
        "category", "words", "n", "days_ago", "cycle_days", "spread_days", "probability",
        "expected_quantity", "lapsed", "due", "shown",
    )  # fmt: skip
    plain = {name: row[name] for name in names}
    for name, digits in ROUNDED.items():
        plain[name] = None if plain[name] is None else round(plain[name], digits)
    never = "" if row["listed"] else "; never a due item"
    return plain | {
        "last": row["last"].isoformat(),
        "expected_day": row["expected_day"].isoformat(),
        "why": explain.why(row) + never,
    }
