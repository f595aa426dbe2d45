"""The seam between what forecasts and what measures it."""

from datetime import date
from typing import Protocol

import polars as pl

from promo.calendar import Window


class Forecaster(Protocol):
    """Anything that says how likely each pair is to be bought in a window.

    `days` are grocery profile rows with category; a forecaster may look only at those before `day`,
    and learn only from label windows that end by it.
    """

    def fit(self, days: pl.DataFrame, day: date) -> None:
        """Learn from what was known when `day` began. Raises ModelError when that is too little."""

    def predict(
        self, days: pl.DataFrame, pairs: pl.DataFrame, day: date, window: Window
    ) -> pl.DataFrame:
        """One row a pair, in their order: probability, and expected_day (a date, or null).

        `pairs` are those of `universe.pairs` at `day`. `probability` is that of a purchase on a day
        of the window, `expected_day` the median day of the next purchase.
        """
        ...
