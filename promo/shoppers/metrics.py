"""How good a forecast was: log-loss, AUC, calibration, precision at 12, and how sure that is.

All take probabilities and 0/1 outcomes of the same pairs. What a household does on one day it does
in many categories, so pairs are no independent draws: intervals come from drawing households,
with all their pairs and in every cut at once (a cluster bootstrap; Efron & Tibshirani 1993).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
# From the weights of households, of shape (draws, households), to the metric, of shape (draws,).
Statistic = Callable[[Array], Array]

TINY = 1e-6
BINS = 10
TOP = 12
DRAWS = 1000
AT_ONCE = 4_000_000  # weights in memory
METRICS = ("log_loss", "auc", f"precision_at_{TOP}", "calibration_error")


@dataclass(frozen=True)
class Scored:
    """Forecasts held against what happened; all of shape (n,).

    `household` numbers each pair's household from 0, the same number in every cut.
    """

    household: Indices
    probability: Array
    bought: Array


def log_loss(probability: Array, bought: Array) -> float:
    """Mean negative log-likelihood; no certainty costs more than -log(1e-6)."""
    return float(_losses(probability, bought).mean())


def _losses(probability: Array, bought: Array) -> Array:
    p = np.clip(probability, TINY, 1 - TINY)
    losses: Array = -np.log(np.where(bought > 0, p, 1 - p))
    return losses


def auc(probability: Array, bought: Array) -> float:
    """The chance that a pair that was bought stands above one that was not (ties count half)."""
    above = _placements(probability, bought)[bought > 0]
    return float(above.mean()) if len(above) else float("nan")


def _placements(probability: Array, bought: Array) -> Array:
    """Of each pair the share of the other kind that it stands on the right side of, shape (n,).

    NaN where there is no other kind. Their mean over either kind is the AUC (DeLong, DeLong &
    Clarke-Pearson, Biometrics 44, 1988).
    """
    frame = pl.DataFrame({"p": probability, "bought": bought > 0})
    among_all, own = pl.col("p").rank("average"), pl.col("p").rank("average").over("bought")
    below = frame.select(among_all - own).to_series().to_numpy()
    ones = bought.sum()
    others = np.where(bought > 0, len(bought) - ones, ones)
    with np.errstate(invalid="ignore"):
        share = below / others
    found: Array = np.where(bought > 0, share, 1 - share)
    return found


def calibration_error(probability: Array, bought: Array, bins: int = BINS) -> float:
    """Expected calibration error over `bins` equally filled bins of rising probability."""
    gaps = np.bincount(_bins(probability, bins), weights=probability - bought)
    return float(np.abs(gaps).sum() / max(len(probability), 1))


def _bins(probability: Array, bins: int) -> Indices:
    """The bin, from 0, that each pair falls into."""
    found = np.empty(len(probability), dtype=np.intp)
    for number, part in enumerate(np.array_split(np.argsort(probability, kind="stable"), bins)):
        found[part] = number
    return found


def precision_at(household: Indices, probability: Array, bought: Array, k: int = TOP) -> float:
    """Mean over households of the share bought among its k most probable pairs.

    Households with fewer than k pairs are left out: they are given no choice. Where the k-th place
    is shared, each of those who share it stands there equally often, so the order of rows is
    without effect. NaN when no household has k pairs.
    """
    hits, households = _top_hits(household, probability, bought, k)
    return float(hits.sum() / households.sum()) if households.any() else float("nan")


def _top_hits(household: Indices, probability: Array, bought: Array, k: int) -> tuple[Array, Array]:
    """For each household its precision (0 without k pairs) and whether it has k pairs (0 or 1)."""
    size = int(household.max(initial=-1)) + 1
    order = np.lexsort((-probability, household))
    counts = np.bincount(household, minlength=size)
    enough = counts >= k
    kth = (np.cumsum(counts) - counts + k - 1)[enough]  # where the k-th best of each one stands
    bar = np.full(size, np.inf)
    bar[enough] = probability[order[kth]]

    def total(where: NDArray[np.bool_], of: Array | None = None) -> Array:
        weights = None if of is None else of[where]
        return np.bincount(household[where], weights, minlength=size).astype(np.float64)

    above, level = probability > bar[household], probability == bar[household]
    places = (k - total(above)) / np.maximum(total(level), 1)
    hits = (total(above, bought) + places * total(level, bought)) / k
    return np.where(enough, hits, 0.0), enough.astype(np.float64)


def measure(metric: str, scored: Scored) -> float:
    """One of METRICS."""
    size = int(scored.household.max(initial=0)) + 1
    return float(_statistic(metric, scored, size)(np.ones((1, size)))[0])


def replicates(metric: str, cuts: Sequence[Scored], draws: int = DRAWS, seed: int = 1) -> Array:
    """The metric over again, of shape (draws, cuts), each draw with other households.

    A draw has the same households in every cut; with the same seed it has the same ones for every
    forecast of the same pairs, so that of a difference only what differs remains. The bins of the
    calibration error stay where they are in the sample; its replicates lie above the sample's own,
    because what is drawn by chance adds to every gap.
    """
    size = 1 + max(int(scored.household.max(initial=0)) for scored in cuts)
    statistics = [_statistic(metric, scored, size) for scored in cuts]
    chunks = _weights(size, draws, seed)
    return np.concatenate([np.column_stack([s(weights) for s in statistics]) for weights in chunks])


def _weights(size: int, draws: int, seed: int) -> Iterator[Array]:
    """How often each household is drawn, of shape (some draws, size), until all are made."""
    random = np.random.default_rng(seed)
    some = max(AT_ONCE // size, 1)
    for start in range(0, draws, some):
        rows = range(start, min(start + some, draws))
        drawn = (np.bincount(random.integers(0, size, size), minlength=size) for _ in rows)
        yield np.array(list(drawn), dtype=np.float64)


def interval(values: Array) -> tuple[float, float]:
    """The middle 95 % of replicates, of shape (draws,); NaN where there is none.

    For the mean over cuts give `replicates(...).mean(axis=1)`, for the difference of two forecasts
    of the same pairs the difference of theirs.
    """
    if np.isnan(values).all():
        return float("nan"), float("nan")
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def _statistic(metric: str, s: Scored, size: int) -> Statistic:
    """The metric as a function of household weights, through sums by household."""

    def total(values: Array | None = None) -> Array:
        return np.bincount(s.household, values, minlength=size).astype(np.float64)

    if metric == "log_loss":
        return _ratio(total(_losses(s.probability, s.bought)), total())
    if metric == "auc":
        return _auc_of_weights(total, _placements(s.probability, s.bought), s.bought)
    if metric == "calibration_error":
        cell = s.household * BINS + _bins(s.probability, BINS)
        gap = np.bincount(cell, s.probability - s.bought, minlength=size * BINS)
        gaps, count = gap.reshape(size, BINS), total()
        return lambda weights: np.abs(weights @ gaps).sum(axis=1) / (weights @ count)
    hits, enough = _top_hits(s.household, s.probability, s.bought, TOP)
    return _ratio(*(np.pad(a, (0, size - len(a))) for a in (hits, enough)))


def _ratio(above: Array, below: Array) -> Statistic:
    def statistic(weights: Array) -> Array:
        whole = weights @ below
        found: Array = np.where(whole > 0, weights @ above / np.where(whole > 0, whole, 1), np.nan)
        return found

    return statistic


def _auc_of_weights(
    total: Callable[[Array | None], Array], placements: Array, bought: Array
) -> Statistic:
    """First order in the weights: where a pair stands among the others of the sample is kept."""
    kinds = (bought, 1 - bought)
    means = [_ratio(total(kind * placements), total(kind)) for kind in kinds]
    middle = float(placements[bought > 0].mean()) if bought.any() else float("nan")
    return lambda weights: means[0](weights) + means[1](weights) - middle
