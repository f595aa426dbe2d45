"""Gamma-Poisson and BG/NBD as forecasters: a household's own rate, drawn to its category's.

Both see x repeat purchases since the first one, the second also when the last of them was. Every
category has parameters of its own, themselves drawn to the pool of all where it is small.
"""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl
from scipy.special import digamma, gammaln

from promo.calendar import Window
from promo.shoppers import bgnbd, profiles
from promo.shoppers.baselines import age, answer
from promo.shoppers.bgnbd import History
from promo.shoppers.metrics import Array
from promo.shoppers.models import ModelError

Fitted = dict[str | None, Array]  # by category; None is the pool of all
SPREAD = 0.5  # sd of a category's log-parameters around the pool's
START = np.log([0.5, 30.0])
BOUNDS = [(-7.0, 7.0), (-7.0, 9.0)]


@dataclass
class BgNbd:
    """BG/NBD by category; see bgnbd.py."""

    level: str
    horizon: int
    found: pl.DataFrame = field(default_factory=pl.DataFrame)

    def fit(self, days: pl.DataFrame, day: date) -> None:
        """Maximum likelihood on all that was bought before `day`, once or more."""
        histories = _histories(days, self.level, day)
        pool = bgnbd.fit(histories[None])
        own: Fitted = {
            category: np.exp(bgnbd.fit(history, prior=pool, spread=SPREAD).logs)
            for category, history in histories.items()
            if category is not None
        }
        self.found = _table({None: np.exp(pool.logs), **own})

    def predict(
        self, days: pl.DataFrame, pairs: pl.DataFrame, day: date, window: Window
    ) -> pl.DataFrame:
        """See Forecaster."""
        p = bgnbd.Parameters(*_parameters(self.found, pairs))
        x, t_x, T = _times(pairs, day)
        probability = bgnbd.p_purchase(p, x, t_x, T, window.days)
        return answer(probability, day, bgnbd.median_wait(p, x, T))


@dataclass
class GammaPoisson:
    """Poisson purchases at rates that a gamma spreads over a category's households.

    "PG" in Bhagat et al., "Buy It Again", KDD 2018, here by category at both levels: most products
    have too few buyers for two numbers of their own.
    """

    level: str
    horizon: int
    found: pl.DataFrame = field(default_factory=pl.DataFrame)

    def fit(self, days: pl.DataFrame, day: date) -> None:
        """Maximum likelihood on all that was bought before `day`, once or more."""
        histories = _histories(days, self.level, day)
        pool = _fit_gamma(histories[None], None)
        own: Fitted = {
            category: np.exp(_fit_gamma(history, pool))
            for category, history in histories.items()
            if category is not None
        }
        self.found = _table({None: np.exp(pool), **own})

    def predict(
        self, days: pl.DataFrame, pairs: pl.DataFrame, day: date, window: Window
    ) -> pl.DataFrame:
        """See Forecaster."""
        r, alpha = _parameters(self.found, pairs)
        x, _, T = _times(pairs, day)
        none = np.exp((r + x) * np.log((alpha + T) / (alpha + T + window.days)))
        wait = (alpha + T) * (np.exp2(np.minimum(1 / (r + x), 1000)) - 1)
        return answer(1 - none, day, wait)


def gamma_log_likelihood(theta: Array, h: History) -> tuple[float, Array]:
    """Sum of log-likelihoods of x in T days (but for x!) at log r and log alpha; its gradient."""
    r, alpha = np.exp(theta)
    late = np.log(alpha + h.T)
    each = gammaln(r + h.x) - gammaln(r) + r * np.log(alpha) - (r + h.x) * late
    of_r = digamma(r + h.x) - digamma(r) + np.log(alpha) - late
    of_alpha = r / alpha - (r + h.x) / (alpha + h.T)
    return float(h.weight @ each), np.array([r * (h.weight @ of_r), alpha * (h.weight @ of_alpha)])


def _fit_gamma(h: History, pool: Array | None) -> Array:
    """Log r and log alpha, by maximum likelihood, drawn to the pool's."""
    from scipy.optimize import minimize  # slow to import, and only fitting needs it

    centre, precision = (START, 0.0) if pool is None else (pool, 1 / SPREAD**2)

    def loss(theta: Array) -> tuple[float, Array]:
        value, gradient = gamma_log_likelihood(theta, h)
        away = theta - centre
        return -value + 0.5 * precision * float(away @ away), -gradient + precision * away

    found: Array = minimize(loss, centre, jac=True, method="L-BFGS-B", bounds=BOUNDS).x
    return found


def _times(pairs: pl.DataFrame, day: date) -> tuple[Array, Array, Array]:
    x = pairs["n"].to_numpy().astype(np.float64) - 1
    return x, age(pairs, "first", "last"), age(pairs, "first", day)


def _histories(days: pl.DataFrame, level: str, day: date) -> dict[str | None, History]:
    """What every household did in each category before a day; None: in all of them."""
    before = days.filter(pl.col("day") < day)
    found = profiles.purchases(before, level)
    if found.is_empty():
        raise ModelError(f"There is nothing to learn from before {day}: take in more history.")
    if level == "product":
        categories = before.select("product", "category").unique("product", keep="first")
        found = found.join(categories, on="product", how="left", maintain_order="left")
    times = dict(zip(("x", "t_x", "T"), _times(found, day), strict=True))
    counted = found.select("category").with_columns(**{k: pl.Series(v) for k, v in times.items()})
    counted = counted.group_by("category", *times).agg(weight=pl.len()).sort("category", *times)
    of_category = counted.partition_by("category", as_dict=True)
    parts = {None: counted} | {str(c): p for (c,), p in of_category.items() if c is not None}
    names = (*times, "weight")
    return {c: History(*p.select(names).cast(pl.Float64).to_numpy().T) for c, p in parts.items()}


def _table(found: Fitted) -> pl.DataFrame:
    """One row a category with its numbers; the first one, without a name, is the pool's."""
    rows = [{"category": c, **{str(i): v for i, v in enumerate(p)}} for c, p in found.items()]
    return pl.DataFrame(rows, schema_overrides={"category": pl.String}, infer_schema_length=None)


def _parameters(found: pl.DataFrame, pairs: pl.DataFrame) -> list[Array]:
    """The numbers of each pair's category, each of shape (n,)."""
    own = pairs.select("category").join(found, on="category", how="left", maintain_order="left")
    pool = found.row(0, named=True)
    return [own[name].fill_null(pool[name]).to_numpy() for name in found.columns[1:]]
