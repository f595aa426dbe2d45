"""`promo offers preview FILE`: what offers would do, before anything is printed.

Makes the lists of a whole fortnight on paper, once without the offers of the file and once with
them, and compares. Nothing is stored: the file is taken in inside a transaction that is taken back.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from promo import nightly
from promo.calendar import BUCKETS, Wave
from promo.choosing import Chosen, choose
from promo.errors import Sentence
from promo.house import House
from promo.offers import catalogue, live
from promo.progress import Progress
from promo.shoppers import models, prices

DRAWS = 4000
SPAN = (0.05, 0.95)  # of the draws: nine in ten lie between
WHOLE = Wave(0, tuple(range(BUCKETS)))


class NothingToPreview(Sentence):
    """No offer of the file could be taken in."""


@dataclass(frozen=True)
class Previewed:
    """What would come of each offer of a file, and what was refused of it."""

    offers: list[dict[str, Any]]
    refused: list[str]
    notices: list[str]
    households: int


def preview(
    house: House, raw: Iterable[tuple[str, Any]], day: date, progress: Progress
) -> Previewed:
    """Hold the lists of the fortnight from `day` with the file's offers against those without.

    Every household of the house counts as if its list were made on `day`. Each offer gives id,
    title, eligible (households that could get it, by grid cell), lists, redemptions, cost,
    funder_cost, incremental (minor units; expected, low and high each), displaced (lists lost, by
    offer) and why (households that could get it and do not, by reason).
    """
    settings = house.settings
    window, model = settings.window(day), models.in_use(settings.paths.models, day)
    typical = prices.load(settings.paths.models, model)
    with house.engine.connect() as connection:
        before = live.live(connection, window, day, typical)
        taken = catalogue.import_offers(connection, settings, raw)
        offers = live.live(connection, window, day, typical)
        connection.rollback()
    new = [name for name in taken.taken if name in set(offers.offers["id"])]
    todo = nightly.Plan(day, WHOLE, window, model)
    with progress.stage("forecast") as facts:
        found = nightly.forecasts(house, todo, offers)
        facts["households"] = found.households.height
    with progress.stage("allocate"):
        held = nightly.held(house, todo)
        with_them = choose(day, found.households, found.candidates, offers, held, settings)
        without = _without(found, offers, before, day, held, house)
    rows = [_of(name, found, offers, with_them, without, house) for name in new]
    return Previewed(rows, taken.refused, taken.notices, found.households.height)
