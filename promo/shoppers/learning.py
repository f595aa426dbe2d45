"""Learning: from histories to the weights of the cycle model, and the model as a forecaster."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

import polars as pl

from promo.calendar import Window
from promo.shoppers import cycles, examples, features, fitting, histories, profiles, quadratic
from promo.shoppers.bgnbd import Parameters
from promo.shoppers.examples import Examples, Key
from promo.shoppers.features import Span
from promo.shoppers.histories import Histories
from promo.shoppers.models import Fitted, Model, ModelError

Gathered = dict[Key, Examples]


def gather(
    parts: Iterable[Histories],
    parameters: Callable[[Histories], Parameters],
    keep: int,
    every: Mapping[Key, int],
) -> Gathered:
    """The examples of the households of all parts; see `examples.gather`."""
    found: dict[Key, list[Examples]] = {key: [] for key in every}
    for h in parts:
        for key, some in examples.gather(h, parameters(h), keep, every).items():
            found[key].append(some)
    return {key: Examples.concat(some) for key, some in found.items()}


def fit(gathered: Gathered, level: str, prior: Fitted | None) -> Fitted:
    """The weights of one level, each drawn to the prior's; without one, to BG/NBD's own answer.

    A chain with little history so begins with what another chain's households taught.
    """
    fitted: Fitted = {}
    for (kind, span), some in gathered.items():
        key = (level, kind, span)
        centre = prior.get(key) if prior else None
        if centre is None and len(some.y):
            centre = quadratic.start(some.x, len(features.CORE), features.NAMES.index("chance"))
        if centre is not None:
            fitted[key] = quadratic.fit(some.x, some.y, centre) if len(some.y) else centre
    return fitted


class Learned:
    """The default model as a `forecaster.Forecaster`, learned from nothing but what it is given.

    It has weights for the span nearest to `horizon` days from the cut on, or for `spans`, some of
    `examples.SPANS`; any other window takes the nearest one's.
    """

    def __init__(self, level: str, horizon: int, spans: Sequence[Span] = ()) -> None:
        self.level = level
        self.spans = tuple(spans) or (cycles.nearest(Span(0, horizon)),)
        self.model: Model | None = None

    def fit(self, days: pl.DataFrame, day: date) -> None:
        """Learn from the rows before `day`. Raises ModelError when that is too little."""
        h = histories.of(profiles.as_of(days, day, histories.OLDEST), self.level, day)
        counts = fitting.pair_counts(h)
        if counts.is_empty():
            raise ModelError(f"Nothing was bought before {day}: take in more history.")
        model = Model(day.isoformat(), fitting.fit_cycles(counts), pl.DataFrame(), {})
        every = examples.strides(of_kinds(counts, self.level), self.spans[0], self.spans)
        gathered = gather([h], lambda h: parameters(model, h), histories.OLDEST, every)
        self.model = model.with_weights(fit(gathered, self.level, None))

    def predict(
        self, days: pl.DataFrame, pairs: pl.DataFrame, day: date, window: Window
    ) -> pl.DataFrame:
        """Probability and expected_day of each pair, in their order."""
        if self.model is None:
            raise ModelError("The model has not been fitted yet.")
        known = profiles.as_of(days, day, histories.OLDEST)
        found = cycles.forecast(known, self.level, self.model, day, window)
        return pairs.select("shopper", self.level).join(
            found.select("shopper", self.level, "probability", "expected_day"),
            on=["shopper", self.level], how="left", maintain_order="left",
        ).select("probability", "expected_day")  # fmt: skip


def parameters(model: Model, h: Histories) -> Parameters:
    """The BG/NBD parameters of each pair."""
    return model.parameters(h.level, h.names["category"])[0]


def of_kinds(counts: pl.DataFrame, level: str) -> dict[str, int]:
    """How many pairs of each kind `fitting.pair_counts` have."""
    of_level = counts.filter(pl.col("level") == level)
    once = pl.col("x") == 0
    return {
        "repeat": int(of_level.filter(~once)["count"].sum()),
        "once": int(of_level.filter(once)["count"].sum()),
    }
