"""`promo offers preview FILE`: what offers would do, before anything is printed.

Makes the lists of a whole fortnight in memory, once without the offers of the file and once with
them, and compares. Nothing is stored: the file is taken in inside a transaction that is taken back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import Connection

from promo import forecasting
from promo.calendar import BUCKETS, FORTNIGHT, Wave, Window
from promo.choosing import Chosen, choose
from promo.config import Settings
from promo.counting import counted
from promo.forecasting import Forecasts, Plan
from promo.house import House
from promo.lists import register
from promo.offers import candidates, catalogue
from promo.offers.live import Catalogue
from promo.offers.shelves import KEPT
from promo.progress import Progress
from promo.shoppers import profile_store

WHOLE = Wave(0, tuple(range(BUCKETS)))
BEHIND = "behind"  # the household has so many better candidates that it is not looked at
DRAWS = 4000
Floats = NDArray[np.float64]
SPAN = (0.05, 0.95)  # nine in ten draws lie between


@dataclass(frozen=True)
class Preview:
    """What would come of each offer of a file, and what was refused of it."""

    offers: list[dict[str, Any]]
    refused: list[str]
    notices: list[str]
    not_live: list[str]  # taken in, but not good for lists of that day
    households: int


def preview(house: House, raw: Iterable[tuple[str, Any]], day: date, progress: Progress) -> Preview:
    """Hold the lists of the fortnight from `day` with the file's offers against those without.

    Every household counts as if its list were made on `day`. Each offer gives id, title, eligible
    (households that could get it, by grid cell), lists; redemptions, cost, funder_cost and
    incremental_margin (expected, low, high; money in minor units); displaced (lists that another
    offer loses, by its id) and why (households that could get it and do not, by reason).
    """
    todo = replace(forecasting.plan(house, day), wave=WHOLE, served=True, every=True)
    with house.engine.connect() as connection:
        elsewhere = _still_open(connection, todo)
        taken = catalogue.import_offers(connection, house.settings, raw)
        offers = forecasting.offers_of(connection, house, todo)
        connection.rollback()
    new = [name for name in taken.taken if name in set(offers.offers["id"])]
    with progress.stage("forecast") as facts:
        found = forecasting.forecasts(house, todo, offers)
        facts["households"] = found.households.height
    with progress.stage("allocate"):
        rows = offers.offers.filter(pl.col("id").is_in(new))["offer"].to_list()
        is_new = pl.col("offer").is_in(rows)
        after, before = (
            choose(day, _best(found, house, some), offers, house, elsewhere, buckets=BUCKETS)
            for some in (pl.lit(value=True), ~is_new)
        )
    eligible = found.candidates.filter(is_new).join(
        offers.offers.select("offer", "id"), on="offer", how="left"
    )
    told = [_of(name, eligible, after, before, offers, house.settings) for name in new]
    left = sorted(set(taken.taken) - set(new))
    notices = [*taken.notices, *_unfolded(house)]
    return Preview(told, taken.refused, notices, left, found.households.height)


def _unfolded(house: House) -> Iterator[str]:
    """Said where scans were never folded in, as in a new house: folding would store something."""
    root = house.settings.paths.lake
    never = sum(profile_store.folded_through(root, bucket) == 0 for bucket in range(BUCKETS))
    if never and house.last_delivery:
        yield (
            f"{never} of {BUCKETS} buckets of households were never folded: nothing is known of "
            "what these buy, and none of them counts here. `promo fit` folds all."
        )


def _still_open(connection: Connection, todo: Plan) -> set[tuple[str, str]]:
    """(household, offer) on lists that will be open when the household's next list begins.

    Lists of the last fortnight: each household's next one comes a fortnight after its last.
    """
    first = todo.window.first + timedelta(FORTNIGHT - 1)
    window = Window(first, max(first, todo.window.last))
    return register.open_elsewhere(connection, todo.night, window, WHOLE.buckets)


def _best(found: Forecasts, house: House, some: pl.Expr) -> Forecasts:
    """The same households with the best of some of their candidates, as many as a night takes."""
    rules = house.settings.response
    kept = candidates.keep_best(
        found.candidates.filter(some), rules.candidates, rules.discovery_candidates
    )
    return replace(found, candidates=kept, missed=found.missed.filter(some))


def _of(
    name: str,
    eligible: pl.DataFrame,
    after: Chosen,
    before: Chosen,
    offers: Catalogue,
    settings: Settings,
) -> dict[str, Any]:
    """What would come of one offer."""
    could = eligible.filter(pl.col("id") == name)
    mine = after.decisions.filter(pl.col("offer") == name)
    given = mine.filter("chosen")
    own = offers.offers.row(by_predicate=pl.col("id") == name, named=True)
    why = dict(mine.filter(~pl.col("chosen"))["why"].value_counts().sort("why").iter_rows())
    if behind := could.height - mine.filter(~pl.col("why").is_in(KEPT)).height:
        why[BEHIND] = behind
    return {
        "id": name,
        "title": own["title"],
        "eligible": could.height,
        "lists": given.height,
        "cells": _cells(could, given),
        **_expected(given, own["funder_share"], settings),
        "displaced": _displaced(given, after.decisions, before.decisions),
        "why": why,
    }


def _cells(could: pl.DataFrame, given: pl.DataFrame) -> list[dict[str, Any]]:
    """Households that could get it, and lists that would hold it, by cell of the grid."""
    cell = ["loyalty", "volume"]
    lists = given.group_by(cell).agg(lists=pl.len())
    counted = could.group_by(cell).agg(eligible=pl.len()).join(lists, on=cell, how="left")
    return counted.with_columns(pl.col("lists").fill_null(0)).sort(cell).to_dicts()


def _expected(given: pl.DataFrame, funder_share: float, settings: Settings) -> dict[str, Any]:
    """Expectation and nine-in-ten interval of what is redeemed, costs and brings.

    Intervals hold the chance of each redemption and the common shock of the response model; they
    do not hold what nobody has measured yet, the priors under `response:`.
    """
    p, worth = given["probability"].to_numpy(), given["worth"].to_numpy().astype(np.float64)
    brings = given["incremental_margin"].to_numpy()
    each = np.divide(brings, p, out=np.zeros(len(p)), where=p > 0)  # of a redemption
    return {
        "redemptions": _span(p, np.ones(len(p)), settings),
        "cost": _span(p, worth, settings),
        "funder_cost": _span(p, worth * funder_share, settings),
        "incremental_margin": _span(p, each, settings),
    }


def _span(p: Floats, of_each: Floats, settings: Settings) -> dict[str, float]:
    """Expected sum, and SPAN of its draws: a Poisson number of redemptions, of `of_each` each."""
    chance = np.random.default_rng(settings.seed)
    cv = settings.allocation.response_cv
    spread = np.sqrt(np.log1p(cv**2))
    shock = np.exp(chance.normal(-(spread**2) / 2, spread, DRAWS))
    number = chance.poisson(p.sum() * shock)
    if not number.any():
        return {"expected": float(p @ of_each), "low": 0.0, "high": 0.0}
    mean = p @ of_each / p.sum()
    sd = np.sqrt(max(p @ of_each**2 / p.sum() - mean**2, 0.0))
    sums = number * mean + np.sqrt(number) * sd * chance.normal(size=DRAWS)
    low, high = np.quantile(sums, SPAN)
    return {"expected": float(p @ of_each), "low": float(low), "high": float(high)}


def _displaced(given: pl.DataFrame, after: pl.DataFrame, before: pl.DataFrame) -> dict[str, int]:
    """Lists of those that get the new offer that lose another for it, by that offer's id."""
    key = ["shopper", "offer"]
    held = before.filter("chosen").join(given.select("shopper"), on="shopper", how="semi")
    gone = held.join(after.filter("chosen"), on=key, how="anti")["offer"].value_counts(sort=True)
    return dict(gone.sort("count", "offer", descending=[True, False]).iter_rows())


def in_words(found: Preview, settings: Settings) -> str:
    """A preview for people: a paragraph an offer."""
    said = [f"{counted(found.households, 'household')} would get a list."]
    for name in found.not_live:
        said.append(f"{name}: not good for lists of that day, or without budget; nothing to show.")
    said += ["\n".join(_paragraph(offer, settings)) for offer in found.offers]
    return "\n\n".join(said)


def _paragraph(offer: dict[str, Any], settings: Settings) -> Iterator[str]:
    def sum_of(name: str) -> str:
        told = (settings.in_words(round(offer[name][part])) for part in ("expected", "low", "high"))
        return "{} ({} to {})".format(*told)

    uses = offer["redemptions"]
    yield f"{offer['id']}: {offer['title']}"
    yield (
        f"  {counted(offer['eligible'], 'household')} could get it, "
        f"{counted(offer['lists'], 'list')} would."
    )
    yield (
        f"  Redemptions {uses['expected']:.1f} ({uses['low']:.0f} to {uses['high']:.0f}), cost "
        f"{sum_of('cost')}, of which the funder {sum_of('funder_cost')};"
    )
    yield f"  incremental margin {sum_of('incremental_margin')}. Nine in ten lie between."
    yield "  By cell, lists of households that could: " + ", ".join(
        f"{cell['loyalty']}/{cell['volume']} {cell['lists']:,} of {cell['eligible']:,}"
        for cell in offer["cells"]
    )
    if offer["why"]:
        told = ", ".join(f"{reason} {count:,}" for reason, count in offer["why"].items())
        yield f"  Why the others do not: {told}."
    if offer["displaced"]:
        first = list(offer["displaced"].items())
        more = f" and {len(first) - 5} more offers" if len(first) > 5 else ""
        told = ", ".join(f"{name} {count:,}" for name, count in first[:5])
        yield f"  It takes the place of: {told}{more}."
