"""Cycles: when will this household buy this item again?

A logistic regression with crosses (`quadratic`) on features of the pair and its household
(`features`), among them BG/NBD's and a renewal's own answers. Weights are fitted for windows of
7, 14 and 28 days that begin at once or in a week; any other window takes the nearest ones, and
its length is made up for in proportion to the purchases that BG/NBD expects in both.
"""

from datetime import date

import numpy as np
import polars as pl

from promo.calendar import Window
from promo.shoppers import bgnbd, examples, features, histories
from promo.shoppers.bgnbd import Parameters
from promo.shoppers.features import Renewal, Span
from promo.shoppers.histories import Array, Histories
from promo.shoppers.models import Model

QUANTITY_PRIOR = 2.0  # purchase days at the category's mean added to a household's own
FURTHEST = 364  # days; an expected day beyond a year says nothing
NEVER_SURE = 1e-4  # nothing is less likely than this, or more likely than all but this


def forecast(
    days: pl.DataFrame, level: str, model: Model, day: date, window: Window
) -> pl.DataFrame:
    """What each household will buy in a window: one row a pair, sorted by shopper and item.

    `days` are as-of profile rows with product facts, `level` is `category` or `product`. Returns
    `Histories.table` with

    - probability: of a purchase on a day of the window;
    - expected_day: the median day of the next purchase, if the household still buys;
    - expected_quantity: pieces on that day;
    - lapsed: whether the household has more likely than not stopped buying the item.
    """
    h = histories.of(days, level, day)
    p, mean_units = model.parameters(level, h.names["category"])
    quantity = (h.sum(h.units) + QUANTITY_PRIOR * mean_units) / (h.n + QUANTITY_PRIOR)
    return h.table().with_columns(
        probability=pl.Series(probability(h, p, model, window)),
        expected_day=expected_day(h, p),
        expected_quantity=pl.Series(quantity),
        lapsed=pl.Series(alive(h, p) < 0.5),
    )


def expected_day(h: Histories, p: Parameters) -> pl.Series:
    """The median day of the next purchase of each pair, if the household still buys."""
    wait = np.clip(Renewal.of(h, p).median_wait(h.last), 0, FURTHEST)
    first = (h.day - date(1970, 1, 1)).days
    return pl.Series(first + wait.astype(np.int32)).cast(pl.Int32).cast(pl.Date)


def probability(h: Histories, p: Parameters, model: Model, window: Window) -> Array:
    """Of a purchase in a window that begins on the histories' day or later; shape (pairs,)."""
    if window.first < h.day:
        raise ValueError(f"The window begins {window.first}, before {h.day}")
    asked = Span((window.first - h.day).days, window.days)
    near = nearest(asked)
    x = features.matrix(h, p, Span(asked.lead, near.days))
    found = _chance(h, p, near.days)  # where nothing has been learned BG/NBD's answer stands
    for kind, rows in (("repeat", h.n > 1), ("once", h.n == 1)):
        if weights := model.fitted.get((h.level, kind, near)):
            found[rows] = weights.probability(x[rows])
    if asked.days != near.days:
        expected = (np.log1p(-_chance(h, p, span.days)) for span in (asked, near))
        found = -np.expm1(np.log1p(-found) * np.divide(*expected))
    return np.clip(found, NEVER_SURE, 1 - NEVER_SURE)


def _chance(h: Histories, p: Parameters, days: int) -> Array:
    chance = bgnbd.p_purchase(p, h.n - 1, h.first - h.last, h.first, days)
    return np.clip(chance, 1e-9, 1 - 1e-9)


def nearest(asked: Span) -> Span:
    """The span with weights that is nearest to one asked for: in its lead, then its length."""
    return min(
        examples.SPANS,
        key=lambda s: (abs(s.lead - asked.lead), abs(np.log(s.days / asked.days)), s.days),
    )


def alive(h: Histories, p: Parameters) -> Array:
    """That the household still buys the item: the smaller of BG/NBD's and the renewal's answers.

    BG/NBD knows how often a household bought, the renewal also how regularly; whoever bought like
    clockwork is missed by the renewal within weeks. To the renewal only the days up to the
    household's last visit count: who is away on holiday has stopped nothing.
    """
    by_rate = bgnbd.p_alive(p, h.n - 1, h.first - h.last, h.first)
    missed = h.last - h.visited[h.household] + 1
    by_habit = Renewal.of(h, p).alive(missed)
    found: Array = np.where(h.n > 1, np.minimum(by_rate, by_habit), by_rate)
    return found
