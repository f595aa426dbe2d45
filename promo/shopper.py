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
    clubs,
    cycles,
    explain,
    households,
    models,
    profile_store,
    profiles,
    segments,
    settled,
    states,
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
    past = _past(house, shopper, day)
    return {
        "shopper": shopper,
        "day": day.isoformat(),
        "first_day": window.first.isoformat(),
        "last_day": window.last.isoformat(),
        "model": model.name,
        **_household(house, shopper, past, day, model, name=name),
        **_segments(house, past, day, model),
        "categories": _categories(house, past, day, model),
    }


def _past(house: House, shopper: str, day: date) -> pl.DataFrame:
    """The household's profile rows, as if every delivery had been folded in.

    As many days as are kept, and those more that segments need to be settled.
    """
    settings = house.settings
    bucket, last = calendar.bucket(shopper), house.last_delivery
    profile = profile_store.as_if_folded(settings.paths.lake, bucket, last)
    own = profile.filter(pl.col("shopper") == shopper)
    known = profiles.as_of(own, day, settings.profiles.keep_days + settled.REACH)
    return households.with_products(known, house.products)


def _household(
    house: House, shopper: str, past: pl.DataFrame, day: date, model: Model, *, name: bool
) -> dict[str, Any]:
    settings = house.settings
    days = profiles.as_of(past, day, settings.profiles.keep_days)
    who = house.shoppers([calendar.bucket(shopper)], day).row(
        by_predicate=pl.col("id") == shopper, named=True
    )
    tiers = segments.tiers(past, model.card["tiers_from"], settings, day)
    # Whoever bought no groceries in the kept year has no store and stands at the pyramid's foot.
    nothing: dict[str, Any] = {"spend": 0, "store": None, "tier": "base"}
    found = households.facts(days, settings, day).join(tiers, on="shopper").to_dicts()
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


def _segments(house: House, past: pl.DataFrame, day: date, model: Model) -> dict[str, Any]:
    """State, kind and club, each with its numbers and a sentence; a club may be None."""
    settings, keep_days = house.settings, house.settings.profiles.keep_days
    days = profiles.as_of(past, day, keep_days)
    state = _first(states.states(days, settings, day))
    kind = _first(states.kinds(days, settings))
    club = None
    if fitted := models.clubs(settings.paths.models, model.name):
        allowed = fitted.without(settings.categories.never_due)
        club = _first(clubs.assign(past, allowed, settings.clubs, day, keep_days))
    return {
        "state": state and state | {"words": explain.state(state, settings)},
        "kind": kind and kind | {"words": explain.kind(kind, settings)},
        "club": club and club | {"words": explain.club(club)},
    }


def _first(frame: pl.DataFrame) -> dict[str, Any] | None:
    """The only row, without the household's id and rounded; None where there is none."""
    for row in frame.drop("shopper").iter_rows(named=True):
        return {name: round(v, 4) if isinstance(v, float) else v for name, v in row.items()}
    return None


def _categories(house: House, past: pl.DataFrame, day: date, model: Model) -> list[dict[str, Any]]:
    settings, keep_days = house.settings, house.settings.profiles.keep_days
    rules, least = settings.categories, settings.lists.min_due
    known = past.filter(~pl.col("category").is_in(list(rules.never_said)))
    said = profiles.as_of(known, day, keep_days)
    cells = segments.grid(known, model, settings.segments, day, keep_days)
    forecasts = cycles.forecast(said, LEVEL, model, day, settings.window(day))
    listed = ~pl.col("category").is_in(list(rules.never_due))
    words = said.group_by("category").agg(words=pl.col("category_words").drop_nulls().min())
    rows = (
        forecasts.join(explain.habits(said), on=["shopper", "category"], how="left")
        .join(words, on="category", how="left")
        .join(cells, on=["shopper", "category"], how="left")
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
    # What is no grocery has no brands to be loyal to.
    buyer = explain.cell(row["loyalty"], row["volume"]) if row["listed"] else ""
    return plain | {
        "loyalty": row["loyalty"] if row["listed"] else None,
        "volume": row["volume"] if row["listed"] else None,
        "buyer": buyer,
        "last": row["last"].isoformat(),
        "expected_day": row["expected_day"].isoformat(),
        "why": explain.why(row) + never,
    }
