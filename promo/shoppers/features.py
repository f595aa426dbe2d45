"""Features: what is known of a pair when its day begins, one row a pair, one column a feature.

Every feature is read from the household's own history and from the category's four BG/NBD
parameters, so a bucket needs nothing of another. Logarithms are natural; `logit(p)` is
log(p / (1 - p)); decayed sums halve every so many days.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promo.shoppers import bgnbd
from promo.shoppers.histories import NEVER, Array, Histories

Matrix = NDArray[np.float32]

# Products of every two of these are features too: see `quadratic`.
CORE = (
    "alive",  # logit of BG/NBD's probability that the household still buys
    "renewal",  # logit of a renewal's probability, by the pair's own regularity
    "renewal_alive",  # logit of the renewal's probability that the household still buys
    "regularity",  # log of the shape of the pair's gaps, drawn to a random buyer's
    "rate",  # log of purchases a day, BG/NBD's posterior mean
    "count",  # log of purchase days
    "last",  # log of days since the last purchase
    "first",  # log of days since the first
    "spread",  # standard deviation of the gaps over their mean
    "overdue",  # log of days since the last purchase over the mean gap
    "hazard",  # log of the share of those that ended within the window
    "share_28",  # log of the share of shopping days with the item, halving every 28 days
    "share_112",
    "visit_last",  # log of days since the household shopped
    "basket_28",  # log of categories a day, halving every 28 days
    "trend",  # basket_14 less basket_112
    "family_lead",  # log of days since the family's last purchase over those since the pair's
    "family_share",  # log of the pair's share of the family's, halving every 112 days
)
OTHERS = (
    "chance",  # logit of BG/NBD's probability of a purchase in the window
    "longer",  # share of the own gaps longer than the current one
    *(f"decayed_{half}" for half in (7, 14, 28, 56, 112)),  # log of decayed purchase days
    *(f"share_{half}" for half in (7, 14, 56)),
    "units",  # log of units a purchase day
    "units_last",  # log of units on the last day over that
    "family_last",  # log of days since the household bought any of the family
    "family_28",  # log of the family's purchase days, halving every 28 days
    "family_size",  # log of items of the family that the household has bought
    "visits",  # log of shopping days
    "items",  # log of pairs of the household
    "basket",  # log of mean categories a shopping day
    "big_last",  # log of days since a shopping day larger than the mean
    "big_28",  # log of such days in the last 28
    "category_rate",  # log of the category's mean purchases a day
    "category_shape",  # log of the shape of its rates over households
)
NAMES = CORE + OTHERS
HALF_LIVES = (7, 14, 28, 56, 112)
TIMED = ("chance", "renewal", "hazard")  # those that depend on the window


@dataclass(frozen=True)
class Span:
    """A window as days from the history's day on: [lead, lead + days)."""

    lead: int
    days: int


def matrix(h: Histories, p: bgnbd.Parameters, span: Span, columns: Matrix | None = None) -> Matrix:
    """All features of shape (pairs, NAMES), in the order of NAMES.

    `columns`, an earlier answer for the same history and another span, is copied but for what
    depends on the span.
    """
    if columns is None:
        found = np.empty((len(h.start), len(NAMES)), np.float32)
        for part in (_counts, _alive, _gaps, _decayed, _units, _family, _visits):
            _put(found, part(h, p))
    else:
        found = columns.copy()
    _put(found, _timed(h, p, span))
    return found


def _put(columns: Matrix, values: dict[str, Array]) -> None:
    for name, of in values.items():
        columns[:, NAMES.index(name)] = of


def _logit(p: Array, least: float) -> Array:
    found: Array = np.log(p + least) - np.log(1 - p + least)
    return found


def rate(h: Histories, p: bgnbd.Parameters) -> Array:
    """Purchases a day while the household still buys, of shape (pairs,)."""
    found: Array = (p.r + h.n - 1) / (p.alpha + h.first)
    return found


def _counts(h: Histories, p: bgnbd.Parameters) -> dict[str, Array]:
    gap = _mean_gap(h)
    return {
        "rate": np.log(rate(h, p)),
        "category_rate": np.log(p.r / p.alpha),
        "category_shape": np.log(p.r),
        "count": np.log(h.n),
        "last": np.log(h.last),
        "first": np.log(h.first),
        "overdue": np.log((h.last + 1) / (gap + 1)),
        "spread": np.sqrt(_squares(h) / np.maximum(h.n - 1, 1)) / (gap + 3),
    }


def _mean_gap(h: Histories) -> Array:
    """Mean days between purchases; of pairs bought once, two months."""
    return np.where(h.n > 1, (h.first - h.last) / np.maximum(h.n - 1, 1), 60.0)


def _squares(h: Histories) -> Array:
    """The sum of squared deviations of the gaps from their mean."""
    mean = (h.first - h.last) / np.maximum(h.n - 1, 1)
    return np.maximum(h.sum(h.gap**2) - (h.n - 1) * mean**2, 0.0)


def _alive(h: Histories, p: bgnbd.Parameters) -> dict[str, Array]:
    alive = bgnbd.p_alive(p, h.n - 1, h.first - h.last, h.first)
    renewal = Renewal.of(h, p)
    return {
        "alive": _logit(alive, 1e-3),
        "renewal_alive": _logit(renewal.alive(h.last), 1e-3),
        "regularity": np.log(renewal.shape),
    }


@dataclass(frozen=True)
class Renewal:
    """Log-logistic gaps that end with every purchase by the chance `stop`; arrays of (pairs,).

    The survival of a gap is 1 / (1 + (t / scale)^shape): the one renewal whose every probability
    is closed. Scale and shape are the pair's own mean gap and spread, drawn to what the category
    leads one to expect by one gap, and to a random buyer's spread by half of one: more, and
    whoever buys like clockwork would be taken for one until a year has passed.
    """

    scale: Array  # days
    shape: Array
    stop: Array

    @classmethod
    def of(cls, h: Histories, p: bgnbd.Parameters) -> "Renewal":
        """Each pair's own."""
        gaps = h.n - 1
        scale = (h.first - h.last + 1 / np.maximum(rate(h, p), 1e-3)) / (gaps + 1)
        squares = _squares(h) / np.maximum(scale, 1) ** 2
        drawn = (squares + 0.5 * 0.8) / (np.maximum(gaps - 1, 0) + 0.5)
        # The coefficient of variation of a log-logistic is about 1.8 over its shape.
        shape = 1.8 / np.sqrt(drawn + 0.003)
        return cls(np.maximum(scale, 0.5), shape, p.a / (p.a + p.b) + np.zeros_like(scale))

    def odds(self, t: Array) -> Array:
        """Of a gap that it has ended by `t` days against that it has not."""
        found: Array = np.exp(np.clip(self.shape * np.log(t / self.scale), -30, 30))
        return found

    def alive(self, t: Array) -> Array:
        """That a household still buys that has not for `t` days."""
        going = (1 - self.stop) / (1 + self.odds(t))
        found: Array = going / (going + self.stop)
        return found

    def buys(self, t: Array, lead: float, days: float) -> Array:
        """That the next purchase, not come for `t` days, comes `lead` to `lead + days` from now."""
        waited, begin, end = (self.odds(t + more) for more in (0.0, lead, lead + days))
        found: Array = self.alive(t) * (1 + waited) * (1 / (1 + begin) - 1 / (1 + end))
        return found

    def median_wait(self, t: Array) -> Array:
        """Days until half of those still buying, who have not for `t` days, have bought."""
        found: Array = self.scale * (1 + 2 * self.odds(t)) ** (1 / self.shape) - t
        return found


def _timed(h: Histories, p: bgnbd.Parameters, span: Span) -> dict[str, Array]:
    chance = bgnbd.p_purchase(p, h.n - 1, h.first - h.last, h.first, span.days)
    renewal = Renewal.of(h, p).buys(h.last, span.lead, span.days)
    waited = h.last[h.pair] + span.lead
    longer, ended = (
        h.sum(((h.gap > waited) & (h.gap <= waited + days)).astype(np.float64))
        for days in (NEVER, span.days)
    )
    return {
        "chance": _logit(chance, 1e-4),
        "renewal": _logit(np.clip(renewal, 0, 1), 3e-3),
        "hazard": np.log((ended + 0.3) / (longer + 1)),
    }


def _gaps(h: Histories, p: bgnbd.Parameters) -> dict[str, Array]:
    longer = h.sum((h.gap > h.last[h.pair]).astype(np.float64))
    return {"longer": (longer + 0.5) / h.n}


def _decayed(h: Histories, p: bgnbd.Parameters) -> dict[str, Array]:
    found = {}
    for half in HALF_LIVES:
        bought = h.sum(np.exp2((1 - h.age) / half))
        visits = h.visits.total(np.exp2((1 - h.visits.age) / half))[h.household]
        found[f"decayed_{half}"] = np.log(bought + 0.02)
        found[f"share_{half}"] = np.log((bought + 0.05) / (visits + 0.5))
    return found


def _units(h: Histories, p: bgnbd.Parameters) -> dict[str, Array]:
    mean = h.sum(h.units) / h.n
    return {"units": np.log(mean), "units_last": np.log(h.units[h.end] / mean)}


def _family(h: Histories, p: bgnbd.Parameters) -> dict[str, Array]:
    families = int(h.family.max(initial=-1)) + 1
    newest = np.full(families, NEVER)
    np.minimum.at(newest, h.family, h.last)
    last = newest[h.family]
    size = np.bincount(h.family, minlength=families)[h.family]
    of_28, of_112 = (h.sum(np.exp2((1 - h.age) / half)) for half in (28, 112))
    in_28, in_112 = (np.bincount(h.family, of, families)[h.family] for of in (of_28, of_112))
    return {
        "family_last": np.log(last),
        "family_lead": np.log((h.last + 1) / (last + 1)),
        "family_28": np.log(in_28 + 0.05),
        "family_share": np.log((of_112 + 0.05) / (in_112 + 0.2)),
        "family_size": np.log(size),
    }


def _visits(h: Histories, p: bgnbd.Parameters) -> dict[str, Array]:
    v = h.visits
    count = np.maximum(v.count, 1)
    mean = v.total(v.categories) / count
    big = v.categories >= mean[v.household]
    last, big_last = np.full(v.households, NEVER), np.full(v.households, NEVER)
    np.minimum.at(last, v.household, v.age)
    np.minimum.at(big_last, v.household[big], v.age[big])
    baskets = {
        half: np.log(v.total(v.categories * np.exp2((1 - v.age) / half)) + 1)
        for half in (14, 28, 112)
    }
    items = np.bincount(h.household, minlength=v.households)
    of_households = {
        "visit_last": np.log(last),
        "basket_28": baskets[28],
        "trend": baskets[14] - baskets[112],
        "visits": np.log(count),
        "items": np.log(np.maximum(items, 1)),
        "basket": np.log(np.maximum(mean, 1)),
        "big_last": np.log(big_last),
        "big_28": np.log(v.total((big & (v.age <= 28)).astype(np.float64)) + 0.5),
    }
    return {name: values[h.household] for name, values in of_households.items()}
