"""A lesson: what a model is fitted from, a house as it was known when a day began."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add

import polars as pl

from promo.calendar import BUCKETS
from promo.house import House
from promo.shoppers import (
    LEVELS,
    club_fitting,
    clubs,
    examples,
    fitting,
    histories,
    learning,
    models,
)
from promo.shoppers.clubs import Clubs
from promo.shoppers.features import Span
from promo.shoppers.histories import Histories
from promo.shoppers.models import Model
from promo.shoppers.taste import Taste

GROUP = 32  # buckets read at a time
FIT_COLUMNS = (
    "shopper", "product", "store", "day", "units", "paid", "lines", "category", "store_brand",
    "description", "brand_owner",
)  # fmt: skip
MOST_ROWS = 4_000_000  # profile rows that taste is fitted on


@dataclass(frozen=True)
class Lesson:
    """A house on a day."""

    house: House
    day: date

    def days(self, more: int = 0) -> Iterator[pl.DataFrame]:
        """Profile rows with what fitting needs to know, group after group of buckets."""
        for start in range(0, BUCKETS, GROUP):
            found = self.house.days(range(start, start + GROUP), self.day, more=more)
            yield found.select(FIT_COLUMNS)

    def said(self, more: int = 0) -> Iterator[pl.DataFrame]:
        """The same without the categories of which nothing may be said."""
        unsaid = list(self.house.settings.categories.never_said)
        return (days.filter(~pl.col("category").is_in(unsaid)) for days in self.days(more))

    def count(self) -> fitting.Statistics:
        """The sums over all buckets."""
        settings = self.house.settings
        return fitting.Statistics.total(
            fitting.statistics(days, settings, self.day) for days in self.days()
        )

    def learn(self, model: Model, counts: pl.DataFrame, spans: tuple[Span, ...]) -> Model:
        """The model with weights for the spans, the one printed first; drawn to the prior's."""
        settings = self.house.settings
        prior = models.prior(settings.paths.models)
        fitted = model.fitted
        for level in LEVELS:
            every = examples.strides(learning.of_kinds(counts, level), spans[0], spans)
            gathered = learning.gather(
                self._histories(level),
                lambda h: learning.parameters(model, h),
                settings.profiles.keep_days,
                every,
            )
            fitted = fitted | learning.fit(gathered, level, prior.fitted if prior else None)
        return model.with_weights(fitted)

    def taste(self) -> Taste:
        """What households begin to buy that never did, from as many buckets as memory holds."""
        parts, rows = [], 0
        for days in self.said():
            parts.append(days.drop("lines"))
            rows += days.height
            if rows > MOST_ROWS:
                break
        return Taste.fit(pl.concat(parts), self.day, self.house.settings.seed)

    def clubs(self, before: Clubs | None) -> Clubs | None:
        """The chain's life-styles, from sums over all buckets, beginning with those in use."""
        settings = self.house.settings
        words = self._words()
        found = reduce(
            add,
            (
                club_fitting.moments(
                    clubs.bought(days, settings.categories.never_due),
                    list(words),
                    settings.clubs.least_purchases,
                )
                for days in self.days()
            ),
        )
        return club_fitting.fit(found, words, settings.clubs, settings.seed, before)

    def _words(self) -> dict[str, str]:
        """The words of every category that may be named, by its name, sorted."""
        unsaid = self.house.settings.categories.never_due
        named = (
            self.house.products.filter(pl.col("category").is_not_null())
            .filter(~pl.col("category").is_in(list(unsaid)))
            .group_by("category")
            .agg(words=pl.col("category_words").drop_nulls().min())
            .sort("category")
        )
        words = named.select("category", pl.col("words").fill_null(pl.col("category")))
        return dict(words.rows())

    def _histories(self, level: str) -> Iterator[Histories]:
        return (histories.of(d, level, self.day) for d in self.said(examples.FARTHEST))
