"""`promo fit`: fold every bucket, count, gather examples, learn, backtest, write the card."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from promo.calendar import BUCKETS, FORTNIGHT
from promo.house import House
from promo.progress import Progress
from promo.scans import lake
from promo.shoppers import LEVELS, backtest, cycles, examples, fitting, histories, learning, models
from promo.shoppers.features import Span
from promo.shoppers.histories import Histories
from promo.shoppers.models import Model, ModelError

GROUP = 32  # buckets read at a time
FIT_COLUMNS = ("shopper", "product", "store", "day", "units", "paid", "category", "store_brand")


@dataclass(frozen=True)
class Lesson:
    """What a model is fitted from: a house on a day; the spans wanted, the one printed first."""

    house: House
    day: date
    spans: tuple[Span, ...]

    def days(self, more: int = 0) -> Iterator[pl.DataFrame]:
        """Profile rows of what may be said, group after group of buckets."""
        said = ~pl.col("category").is_in(list(self.house.settings.categories.never_said))
        for start in range(0, BUCKETS, GROUP):
            found = self.house.days(range(start, start + GROUP), self.day, more=more)
            yield found.select(FIT_COLUMNS).filter(said)

    def histories(self, level: str) -> Iterator[Histories]:
        """The histories that examples are gathered from, group after group of buckets."""
        return (histories.of(d, level, self.day) for d in self.days(examples.FARTHEST))

    def learn(self, model: Model, counts: pl.DataFrame) -> Model:
        """The model with weights, each drawn to the shipped prior's."""
        settings = self.house.settings
        prior = models.prior(settings.paths.models)
        fitted = model.fitted
        for level in LEVELS:
            every = examples.strides(learning.of_kinds(counts, level), self.spans[0], self.spans)
            gathered = learning.gather(
                self.histories(level),
                lambda h: learning.parameters(model, h),
                settings.profiles.keep_days,
                every,
            )
            fitted = fitted | learning.fit(gathered, level, prior.fitted if prior else None)
        return model.with_weights(fitted)


def run(house: House, day: date, progress: Progress) -> Path:
    """Fit a model for the nights from `day` on, from what was known when that day began.

    The card's metrics come from a second model, fitted a fortnight earlier and held against the
    fortnight that followed.
    """
    settings, cut = house.settings, day - timedelta(FORTNIGHT)
    with progress.stage("fold") as facts:
        facts["scans"] = house.fold(range(BUCKETS), day)
    with progress.stage("count") as facts:
        past, now = (_count(house, on) for on in (cut, day))
        facts["pairs"] = now.pairs["count"].sum()
    if not past.pairs.height:
        raise ModelError(
            f"There are no scans with a card before {cut}: a fit for {day} needs at least a "
            "fortnight of history besides the fortnight it is tested on."
        )
    with progress.stage("test"):
        tested = _test(house, past, cut, day)
    with progress.stage("fit") as facts:
        grid, tiers = fitting.fit_segments(now, _sales(house, day), settings)
        card = _card(house, day) | {
            "backtest": tested, "households": now.households, "tiers_from": tiers,
        }  # fmt: skip
        unlearned = Model(day.isoformat(), fitting.fit_cycles(now.pairs), grid, card)
        model = Lesson(house, day, _spans(house, day)).learn(unlearned, now.pairs)
        facts["weights"] = sum(len(w.theta) for w in model.fitted.values())
        return models.save(settings.paths.models, model)


def _spans(house: House, day: date) -> tuple[Span, ...]:
    """All spans, the one nearest to the lists' own first."""
    window = house.settings.window(day)
    main = cycles.nearest(Span((window.first - day).days, window.days))
    return tuple(dict.fromkeys((main, *examples.SPANS)))


def _count(house: House, day: date) -> fitting.Statistics:
    groups = (house.days(buckets, day).select(FIT_COLUMNS) for buckets in _buckets())
    return fitting.Statistics.total(
        fitting.statistics(days, house.settings, day) for days in groups
    )


def _test(
    house: House, past: fitting.Statistics, cut: date, day: date
) -> dict[str, dict[str, object]]:
    """A model of the day of the cut, held against the fortnight that followed."""
    unlearned = Model(cut.isoformat(), fitting.fit_cycles(past.pairs), pl.DataFrame(), {})
    earlier = Lesson(house, cut, (Span(0, FORTNIGHT),)).learn(unlearned, past.pairs)
    days = pl.concat(Lesson(house, day, ()).days())
    keep = house.settings.profiles.keep_days
    return {level: backtest.score(days, level, earlier, cut, keep) for level in LEVELS}


def _buckets() -> Iterable[range]:
    return (range(start, start + GROUP) for start in range(0, BUCKETS, GROUP))


def _sales(house: House, day: date) -> pl.DataFrame:
    oldest = day - timedelta(house.settings.profiles.keep_days)
    parts = lake.parts(house.settings.paths.lake, until=house.last_delivery)
    recent = [p for p in parts if oldest <= date.fromisoformat(p.parent.name) < day]
    return fitting.category_sales((pl.scan_parquet(p) for p in recent), house.products)


def _card(house: House, day: date) -> dict[str, object]:
    days = pl.concat([house.days(b, day).select("day", "lines") for b in _buckets()])
    return {
        "fitted_for": day.isoformat(),
        "model": "logistic regression with crosses on features of pair and household, "
        "BG/NBD by category among them (docs/model.md)",
        "units": {
            "alpha": "days", "medium_from": "minor units", "heavy_from": "minor units",
            "weight": "logits a standard deviation",
        },
        "first_day": str(days["day"].min()),
        "last_day": str(days["day"].max()),
        "scans": int(days["lines"].sum()),
        "keep_days": house.settings.profiles.keep_days,
        "seed": house.settings.seed,
    }  # fmt: skip
