"""Forecasting: what a night knows of its households, and the offers that they could get.

Every step is a function of some buckets' columns; only the lists of offers and the model are
common to all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl
from sqlalchemy import Connection

from promo.calendar import Wave, Window
from promo.config import Settings
from promo.house import House
from promo.lists import register
from promo.lists.compose import due_items
from promo.offers import at_store, candidates, live, response
from promo.offers.at_store import AtStore
from promo.shoppers import (
    LEVELS,
    clubs,
    cycles,
    households,
    models,
    prices,
    profile_store,
    profiles,
    segments,
    settled,
)
from promo.shoppers.clubs import Clubs
from promo.stocking import Stocking

BATCH_BYTES = 64 * 2**20  # of profiles on disk, worked on at a time


@dataclass(frozen=True)
class Plan:
    """What a night is going to do."""

    night: date
    wave: Wave
    window: Window
    model: models.Model
    response: response.Response
    prices: pl.DataFrame | None  # shoppers.prices
    served: bool = False  # also households with a list of another night less than a fortnight away
    clubs: Clubs | None = None  # of the categories that may be said
    every: bool = False  # whether all candidates are wanted, not a household's best only


@dataclass(frozen=True)
class Forecasts:
    """What the stages know of the eligible households of some buckets."""

    households: pl.DataFrame  # shopper, name, language, store, spend, spend_year, tier, club
    due: pl.DataFrame  # compose.due_items
    candidates: pl.DataFrame  # candidates.Found
    missed: pl.DataFrame = field(default_factory=at_store.empty)  # at_store.MISSED
    lost: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=at_store.LOST))

    def lost_by_store(self) -> dict[tuple[str, str], frozenset[str]]:
        """The categories of offers of which a store has nothing, by store and offer."""
        found = self.lost.group_by("store", "id").agg("category").iter_rows()
        return {(store, offer): frozenset(categories) for store, offer, categories in found}

    @staticmethod
    def concat(parts: Sequence["Forecasts"]) -> "Forecasts":
        """The forecasts of several groups of buckets as one."""
        names = ("households", "due", "candidates", "missed", "lost")
        return Forecasts(*(pl.concat([getattr(part, name) for part in parts]) for name in names))


def plan(house: House, night: date) -> Plan:
    """What is known before a night begins; its wave is the calendar's. Raises ModelError."""
    settings = house.settings
    root, model = settings.paths.models, models.in_use(settings.paths.models, night)
    answers, paid = response.load(root, model.name), prices.load(root, model.name)
    window = settings.window(night)
    fitted = models.clubs(root, model.name)
    said = fitted.without(settings.categories.never_due) if fitted else None
    return Plan(night, settings.wave(night), window, model, answers, paid, clubs=said)


def offers_of(connection: Connection, house: House, todo: Plan) -> live.Catalogue:
    """The offers that the night's lists may hold."""
    late = house.settings.offers.late_days
    return live.live(connection, todo.window, todo.night, todo.prices, late_days=late)


def forecasts(house: House, todo: Plan, offers: live.Catalogue) -> Forecasts:
    """What is known of all households of the night's buckets, group after group of them."""
    groups = _groups(house, todo.wave.buckets)
    priced = prices.with_margins(house.products, todo.prices, house.settings.margin)
    stores = Stocking(house, offers, priced, todo.window.first)
    return Forecasts.concat(
        [forecast(house, todo, offers, group, priced, stores) for group in groups]
    )


def _groups(house: House, buckets: Sequence[int]) -> list[list[int]]:
    """The wave's buckets in groups that fit into memory; at least one group."""
    groups: list[list[int]] = [[]]
    size = 0
    for bucket in buckets:
        size += profile_store.size(house.settings.paths.lake, bucket)
        if size > BATCH_BYTES and groups[-1]:
            groups.append([])
            size = 0
        groups[-1].append(bucket)
    return groups


def forecast(
    house: House,
    todo: Plan,
    offers: live.Catalogue,
    buckets: Sequence[int],
    priced: pl.DataFrame,
    stores: Stocking,
) -> Forecasts:
    """Eligible households of some buckets, what they are due to buy, offers they could get.

    priced: the product table, `prices.with_margins`.
    """
    settings = house.settings
    past = house.days(buckets, todo.night, more=settled.REACH)
    days = profiles.as_of(past, todo.night, settings.profiles.keep_days)
    eligible = _eligible(house, todo, buckets, past, days)
    at = stores.at(eligible)
    unsaid = pl.col("category").is_in(list(settings.categories.never_said))
    past, days = (
        frame.join(eligible, on="shopper", how="semi").filter(~unsaid) for frame in (past, days)
    )
    by_category, by_product = (
        cycles.forecast(days, level, todo.model, todo.night, todo.window) for level in LEVELS
    )
    cells = segments.grid(
        past, todo.model, settings.segments, todo.night, settings.profiles.keep_days
    )
    redeemed = house.redeemed(buckets, todo.night)
    uses = house.uses(buckets, todo.night)
    told = candidates.Households(
        todo.night, days, by_product, by_category, cells, redeemed, uses, at
    )
    found = candidates.find(told, offers, priced, todo.response, _asking(todo, settings))
    due = _due(by_category, by_product, house.products, at, settings)
    lost = pl.DataFrame(schema=at_store.LOST) if at is None else at.lost(offers.offers)
    return Forecasts(eligible, due, found.kept, found.missed, lost)


def _eligible(
    house: House, todo: Plan, buckets: Sequence[int], past: pl.DataFrame, days: pl.DataFrame
) -> pl.DataFrame:
    """The households that get a list, with what is known of each as a whole."""
    settings = house.settings
    shoppers = house.shoppers(buckets, todo.night)
    facts = households.facts(days, settings, todo.night)
    if not todo.served:
        with house.engine.connect() as connection:
            served = register.served(connection, todo.night, buckets)
        facts = facts.filter(~pl.col("shopper").is_in(served))
    tiers = segments.tiers(past, todo.model.card["tiers_from"], settings, todo.night)
    eligible = households.eligible(facts, shoppers, settings.min_spend).join(
        tiers, on="shopper", how="left", maintain_order="left"
    )
    return eligible.join(
        _clubs(todo, past, settings), on="shopper", how="left", maintain_order="left"
    )


def _due(
    by_category: pl.DataFrame,
    by_product: pl.DataFrame,
    products: pl.DataFrame,
    at: AtStore | None,
    settings: Settings,
) -> pl.DataFrame:
    """What the lists say is due; nothing that the household's store has not."""
    there = pl.lit(value=True) if at is None else at.has(by_product, products)
    known = by_product.with_columns(there=there).join(
        products.drop("category"), left_on="product", right_on="id", how="left"
    )
    return due_items(by_category if at is None else at.due(by_category), known, settings)


def _clubs(todo: Plan, past: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Each household's club by name, of those that have one: shopper, club."""
    if todo.clubs is None:
        return pl.DataFrame(schema={"shopper": pl.String, "club": pl.String})
    keep_days = settings.profiles.keep_days
    known = clubs.assign(past, todo.clubs, settings.clubs, todo.night, keep_days)
    return known.select("shopper", club="name")


def _asking(todo: Plan, settings: Settings) -> Settings:
    """The settings with the number of candidates that the plan wants of a household."""
    if not todo.every:
        return settings
    most = settings.response.model_copy(update={"candidates": 2**31 - 1})
    return settings.model_copy(update={"response": most})
