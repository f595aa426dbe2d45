"""`promo fit`: fold every bucket, count, test, compare, learn, write the card."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from promo import answers
from promo.calendar import BUCKETS, FORTNIGHT
from promo.house import House
from promo.lesson import Lesson
from promo.offers import response
from promo.progress import Progress
from promo.scans import lake
from promo.shoppers import LEVELS, backtest, care, cycles, examples, fitting, models, prices, shelf
from promo.shoppers.clubs import Clubs
from promo.shoppers.features import Span
from promo.shoppers.models import Model, ModelError


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
        past, now = (Lesson(house, on).count() for on in (cut, day))
        facts["pairs"] = now.pairs["count"].sum()
    if not past.pairs.height:
        raise ModelError(
            f"There are no scans with a card before {cut}: a fit for {day} needs at least a "
            "fortnight of history besides the fortnight it is tested on."
        )
    with progress.stage("test"):
        days = pl.concat(Lesson(house, day).said())
        tested = _scores(house, days, _earlier(house, cut, past), cut)
    with progress.stage("compare") as facts:
        verdict = _verdict(house, days, cut, day, tested)
        aside = _aside(house, day, verdict)
        facts["with"] = verdict.rival if verdict else None
    with progress.stage("fit") as facts:
        forced = force and aside is not None
        compared = {"compared": verdict.as_card() if verdict else None, "forced": forced}
        model = _model(house, day, now, {"backtest": tested, **compared})
        facts["set_aside"], facts["forced"] = aside is not None and not force, forced
    with progress.stage("taste"):
        taste = Lesson(house, day).taste()
    with progress.stage("response") as facts:
        paid = answers.typical_prices(house, day)
        answered = answers.learn(house, day, paid)
        facts["redemptions"] = answered.redemptions if answered else 0
    with progress.stage("clubs") as facts:
        clubs = Lesson(house, day).clubs(_clubs_in_use(house, day))
        facts["clubs"] = len(clubs.names) if clubs else 0
    beside = {prices.FILE: prices.as_bytes(paid)}
    if answered:
        beside[response.FILE] = answered.as_json().encode()
    aside = None if force else aside
    return models.save(settings.paths.models, model, aside, taste, clubs, beside)


def _clubs_in_use(house: House, day: date) -> Clubs | None:
    """The clubs that a fit for `day` begins with; None where there are none that can be read."""
    root = house.settings.paths.models
    name = shelf.newest(root, day, besides=day.isoformat())
    try:
        return models.clubs(root, name) if name else None
    except ModelError:  # a broken model must not stop a new one
        return None


def _earlier(house: House, cut: date, past: fitting.Statistics) -> Model:
    """The new model's twin: the same recipe on what was known a fortnight before."""
    unlearned = Model(cut.isoformat(), fitting.fit_cycles(past.pairs), pl.DataFrame(), {})
    return Lesson(house, cut).learn(unlearned, past.pairs, (Span(0, FORTNIGHT),))


def _scores(house: House, days: pl.DataFrame, model: Model, cut: date) -> care.Scores:
    keep = house.settings.profiles.keep_days
    return {level: backtest.score(days, level, model, cut, keep) for level in LEVELS}


def _model(house: House, day: date, now: fitting.Statistics, card: dict[str, object]) -> Model:
    grid, tiers = fitting.fit_segments(now, _sales(house, day), house.settings)
    card = _card(house, day) | card | {"households": now.households, "tiers_from": tiers}
    unlearned = Model(day.isoformat(), fitting.fit_cycles(now.pairs), grid, card)
    window = house.settings.window(day)
    main = cycles.nearest(Span((window.first - day).days, window.days))
    spans = tuple(dict.fromkeys((main, *examples.SPANS)))
    return Lesson(house, day).learn(unlearned, now.pairs, spans)


def _verdict(
    house: House, days: pl.DataFrame, cut: date, day: date, tested: care.Scores
) -> care.Verdict | None:
    """The model in use held against the same days; None where none can be."""
    settings = house.settings
    rival = shelf.rival(settings.paths.models, day)
    if rival is None:
        return None
    seen = care.seen_days(rival.card, cut)
    if seen == FORTNIGHT:  # it knows every answer: a comparison would show nothing
        return None
    try:
        old = _scores(house, days, rival, cut)
    except ModelError:  # a broken model must not stop a new one
        return None
    return care.Verdict(rival.name, cut, seen, tested, old, settings.models.worse_by)


def _aside(house: House, day: date, verdict: care.Verdict | None) -> dict[str, str] | None:
    """Why the new model is to be set aside; None when it is not."""
    before = shelf.set_aside(house.settings.paths.models / day.isoformat())
    if before and before["by"] == "operator":
        return before  # fitting the same day again must not undo what a person decided
    if verdict is None or not verdict.worse:
        return None
    return shelf.note(day, f"Worse than the model in use: {verdict.in_words()}.", "fit")


def _sales(house: House, day: date) -> pl.DataFrame:
    oldest = day - timedelta(house.settings.profiles.keep_days)
    parts = lake.parts(house.settings.paths.lake, until=house.last_delivery)
    recent = [p for p in parts if oldest <= date.fromisoformat(p.parent.name) < day]
    return fitting.category_sales(lake.by_day(recent), house.products)


def _card(house: House, day: date) -> dict[str, object]:
    days = pl.concat(d.select("day", "lines") for d in Lesson(house, day).days())
    return {
        "fitted_for": day.isoformat(),
        "model": "logistic regression with crosses on features of pair and household, BG/NBD by "
        "category among them; drawn to the shipped prior",
        "units": {
            "alpha": "days",
            "weight": "logits a standard deviation",
            "medium_from": "minor units",
            "heavy_from": "minor units",
        },
        "first_day": str(days["day"].min()),
        "last_day": str(days["day"].max()),
        "scans": int(days["lines"].sum()),
        "keep_days": house.settings.profiles.keep_days,
        "seed": house.settings.seed,
    }
