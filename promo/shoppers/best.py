"""The best forecasts we have, whatever they cost: what the model of the night is held against.

Beside each pair's own features it sees what the whole chain's purchases say (`crowd`,
`neighbours`), so a household's forecast depends on every other; and the mean of two learners'
logits, the logistic with crosses and boosted trees, is better than either. It needs the extra
`boosting`, keeps nothing on disk, and makes no lists: it is there for `promo backtest`.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from scipy.special import expit, logit

from promo.calendar import Window
from promo.shoppers import (
    boosting,
    crowd,
    cycles,
    examples,
    features,
    fitting,
    histories,
    learning,
    neighbours,
    profiles,
    quadratic,
)
from promo.shoppers.bgnbd import Parameters
from promo.shoppers.examples import Examples
from promo.shoppers.features import Matrix, Span
from promo.shoppers.histories import Array, Histories
from promo.shoppers.models import Model, ModelError
from promo.shoppers.quadratic import Quadratic

if TYPE_CHECKING:
    from lightgbm import Booster

# These too are crossed with the core and with each other.
FIRST = (*features.CORE, "active", "recent")
GIVEN = (*features.NAMES, *crowd.NAMES, *neighbours.NAMES)
NAMES = (*FIRST, *(name for name in GIVEN if name not in FIRST))
ORDER = [GIVEN.index(name) for name in NAMES]
# Twice the columns of the yardstick, so fewer a tree; half as many trees, at twice the rate.
ROUNDS = 150
TREES = {"learning_rate": 0.1, "max_bin": 63, "feature_fraction": 0.5, "lambda_l2": 10.0}


@dataclass(frozen=True)
class Both:
    """The two learners; x is of shape (n, NAMES)."""

    quadratic: Quadratic
    trees: "Booster"

    @classmethod
    def fit(cls, some: Examples, seed: int) -> "Both":
        """Both learned from the same examples."""
        centre = quadratic.start(some.x, len(FIRST), NAMES.index("chance"))
        settings = TREES | {"num_threads": 1, "seed": seed}
        trees = boosting.grow(some.x, some.y, ROUNDS, settings)
        return cls(quadratic.fit(some.x, some.y, centre), trees)

    def probability(self, x: Matrix) -> Array:
        """The logistic of the mean of both logits, of shape (n,)."""
        trees = np.asarray(self.trees.predict(x, num_threads=1), dtype=np.float64)
        found: Array = expit((self.quadratic.logits(x) + logit(trees)) / 2)
        return np.clip(found, cycles.NEVER_SURE, 1 - cycles.NEVER_SURE)


class Best:
    """The best model as a `forecaster.Forecaster`, for windows of `horizon` days from the cut."""

    def __init__(self, level: str, horizon: int, seed: int = 1) -> None:
        self.level, self.seed = level, seed
        self.span = Span(0, horizon)
        self.model: Model | None = None
        self.both: Both | None = None

    def fit(self, days: pl.DataFrame, day: date) -> None:
        """Learn from the rows before `day`. Raises ModelError when they, or LightGBM, are not."""
        boosting.check()
        h = self._histories(days, day)
        counts = fitting.pair_counts(h)
        if counts.is_empty():
            raise ModelError(f"Nothing was bought before {day}: take in more history.")
        model = Model(day.isoformat(), fitting.fit_cycles(counts), pl.DataFrame(), {})
        some = past(h, model, self.span, self.seed)
        if not 0 < some.y.sum() < len(some.y):
            raise ModelError(
                f"There is nothing to learn from before {day}: no pair bought twice was bought "
                f"again, or not, in {self.span.days} days. Take in more history, or name a later "
                "day."
            )
        self.model, self.both = model, Both.fit(some, self.seed)

    def predict(
        self, days: pl.DataFrame, pairs: pl.DataFrame, day: date, window: Window
    ) -> pl.DataFrame:
        """Probability and expected_day of each pair, in their order."""
        if self.model is None or self.both is None:
            raise ModelError("The model has not been fitted yet.")
        if (window.first, window.days) != (day, self.span.days):
            raise ModelError(f"The model was fitted for {self.span.days} days from the cut on.")
        h = self._histories(days, day)
        p = learning.parameters(self.model, h)
        x = columns(h, p, self.span, self.seed)
        found = h.names.select("shopper", self.level).with_columns(
            probability=pl.Series(self.both.probability(x)),
            expected_day=cycles.expected_day(h, p),
        )
        return pairs.select("shopper", self.level).join(
            found, on=["shopper", self.level], how="left", maintain_order="left"
        ).select("probability", "expected_day")  # fmt: skip

    def _histories(self, days: pl.DataFrame, day: date) -> Histories:
        return histories.of(profiles.as_of(days, day, histories.OLDEST), self.level, day)


def columns(h: Histories, p: Parameters, span: Span, seed: int) -> Matrix:
    """NAMES of each pair as of the histories' day, of shape (pairs, NAMES)."""
    return np.take(np.hstack([features.matrix(h, p, span), _beside(h, p, seed)]), ORDER, axis=1)


def past(h: Histories, model: Model, span: Span, seed: int) -> Examples:
    """The pairs bought twice or more on past days, and whether they were bought in the span."""
    key = ("repeat", span)
    pairs = {"repeat": int((h.n > 1).sum()), "once": 0}
    stride = examples.strides(pairs, span, [span])[key]
    p = learning.parameters(model, h)
    some = examples.gather(
        h, p, histories.OLDEST, {key: stride}, lambda then, p: _beside(then, p, seed)
    )[key]
    return Examples(np.take(some.x, ORDER, axis=1), some.y)


def _beside(h: Histories, p: Parameters, seed: int) -> Matrix:
    pasts = tuple(crowd.pasts(h, p))
    return np.hstack([crowd.columns(h, pasts), neighbours.columns(h, pasts, seed)])
