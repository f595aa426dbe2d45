"""`promo fit`: fold every bucket, add up the statistics, fit, backtest, write the card."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from promo.calendar import BUCKETS, FORTNIGHT
from promo.house import House
from promo.progress import Progress
from promo.scans import lake
from promo.shoppers import backtest, care, fitting, models, shelf
from promo.shoppers.models import ModelError

GROUP = 32  # buckets read at a time
FIT_COLUMNS = ("shopper", "product", "store", "day", "units", "paid", "category", "store_brand")


def run(house: House, day: date, progress: Progress, *, force: bool = False) -> Path:
    """Fit a model for the nights from `day` on, from what was known when that day began.

    The card's metrics come from a second model, fitted a fortnight earlier and held against the
    fortnight that followed; so is the model in use. Where that one is better, the new one is set
    aside, unless `force`.
    """
    settings, cut = house.settings, day - timedelta(FORTNIGHT)
    with progress.stage("fold") as facts:
        facts["scans"] = house.fold(range(BUCKETS), day)
    with progress.stage("count") as facts:
        past, now = (
            fitting.Statistics.total(fitting.statistics(d, settings, on) for d in _days(house, on))
            for on in (cut, day)
        )
        facts["pairs"] = now.pairs["count"].sum()
    if not past.pairs.height:
        raise ModelError(
            f"There are no scans with a card before {cut}: a fit for {day} needs at least a "
            "fortnight of history besides the fortnight it is tested on."
        )
    sales = _sales(house, day)
    with progress.stage("test"):
        earlier = fitting.fit(past, sales, settings, cut, {})
        said = ~pl.col("category").is_in(list(settings.categories.never_said))
        days = pl.concat([d.filter(said) for d in _days(house, day)])
        tested = {
            level: backtest.score(days, level, earlier, cut, settings.profiles.keep_days)
            for level in fitting.LEVELS
        }
    with progress.stage("compare") as facts:
        verdict = _verdict(house, days, cut, day, tested)
        aside = _aside(house, day, verdict)
        facts["with"] = verdict.rival if verdict else None
    with progress.stage("fit") as facts:
        forced = force and aside is not None
        compared = {"compared": verdict.as_card() if verdict else None, "forced": forced}
        card = _card(house, day) | {"backtest": tested} | compared
        model = fitting.fit(now, sales, settings, day, card)
        facts["set_aside"], facts["forced"] = aside is not None and not force, forced
        return models.save(settings.paths.models, model, None if force else aside)


def _verdict(
    house: House, days: pl.DataFrame, cut: date, day: date, tested: care.Scores
) -> care.Verdict | None:
    """The model in use held against the same days; None where there is none that works."""
    settings = house.settings
    rival = shelf.rival(settings.paths.models, day)
    if rival is None:
        return None
    try:
        old = {
            level: backtest.score(days, level, rival, cut, settings.profiles.keep_days)
            for level in fitting.LEVELS
        }
    except ModelError:  # a broken model must not stop a new one
        return None
    seen = care.seen_days(rival.card, cut)
    return care.Verdict(rival.name, cut, seen, tested, old, settings.models.worse_by)


def _aside(house: House, day: date, verdict: care.Verdict | None) -> dict[str, str] | None:
    """Why the new model is to be set aside; None when it is not."""
    before = shelf.set_aside(house.settings.paths.models / day.isoformat())
    if before and before["by"] == "operator":
        return before  # fitting the same day again must not undo what a person decided
    if verdict is None or not verdict.worse:
        return None
    return shelf.note(day, f"Worse than the model in use: {verdict.in_words()}.", "fit")


def _groups(house: House, day: date) -> Iterator[pl.DataFrame]:
    for start in range(0, BUCKETS, GROUP):
        yield house.days(range(start, start + GROUP), day)


def _days(house: House, day: date) -> Iterator[pl.DataFrame]:
    return (days.select(FIT_COLUMNS) for days in _groups(house, day))


def _sales(house: House, day: date) -> pl.DataFrame:
    oldest = day - timedelta(house.settings.profiles.keep_days)
    parts = lake.parts(house.settings.paths.lake, until=house.last_delivery)
    recent = [p for p in parts if oldest <= date.fromisoformat(p.parent.name) < day]
    return fitting.category_sales((pl.scan_parquet(p) for p in recent), house.products)


def _card(house: House, day: date) -> dict[str, object]:
    days = pl.concat([d.select("day", "lines") for d in _groups(house, day)])
    return {
        "fitted_for": day.isoformat(),
        "model": "BG/NBD by category (Fader, Hardie & Lee 2005), drawn to the pool of all",
        "units": {"alpha": "days", "medium_from": "minor units", "heavy_from": "minor units"},
        "first_day": str(days["day"].min()),
        "last_day": str(days["day"].max()),
        "scans": int(days["lines"].sum()),
        "keep_days": house.settings.profiles.keep_days,
        "seed": house.settings.seed,
    }
