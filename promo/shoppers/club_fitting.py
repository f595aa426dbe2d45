"""How clubs are found: categories that stand high in the same households' mixes belong together.

The positive correlations of the mixes, categories x categories, are explained by a few factors
that are not negative (symmetric non-negative factorisation; Ding, He & Simon, "On the Equivalence
of Nonnegative Matrix Factorization and Spectral Clustering", SDM 2005), the diagonal left out. A
factor is a club. Correlations come from sums of integers, so a fit needs one pass over the
buckets, whatever the number of households, and is the same however they are cut. A refit begins
with the clubs in use, so that a club stays itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import sparse
from threadpoolctl import threadpool_limits

from promo.sections import Clubs as Rules
from promo.shoppers.clubs import Clubs, Whole, names
from promo.shoppers.settled import Floats

UNIT = 1000  # a mix's square roots are whole thousandths, so that sums are exact
LEAST_BUYERS = 0.02  # of the households, that a category needs to be part of the mix
LEAST_HOUSEHOLDS = 20  # a club: what fewer have in common is chance
STARTS = 8  # drawn beginnings of a first fit; the best end counts
ROUNDS = {"first": 600, "again": 100}  # multiplicative updates


@dataclass(frozen=True)
class Moments:
    """Sums over households: how many there are, buyers and mix by category, and its products."""

    households: int
    buyers: Whole  # (c,)
    mix: Whole  # (c,)
    products: Whole  # (c, c)

    def __add__(self, other: "Moments") -> "Moments":
        return Moments(
            self.households + other.households,
            self.buyers + other.buyers,
            self.mix + other.mix,
            self.products + other.products,
        )


def moments(purchases: pl.DataFrame, categories: Sequence[str], least: int) -> Moments:
    """The sums of some households; those with fewer than `least` purchase days tell too little.

    `purchases` are as `bought` gives them, `categories` all there are, of all buckets.
    """
    counts = purchases.group_by("shopper", "category").agg(n=pl.len().cast(pl.Int64))
    total = pl.col("n").sum().over("shopper")
    places = pl.Series("category", categories, pl.String)
    own = (
        counts.filter(pl.col("category").is_in(places.to_list()), total >= least)
        .with_columns(share=pl.col("n") / pl.col("n").sum().over("shopper"))
        .sort("shopper", "category")
    )
    column = own["category"].cast(pl.Enum(places)).to_physical().to_numpy()
    row = own["shopper"].rank("dense").to_numpy().astype(np.int64) - 1
    mix = np.rint(UNIT * np.sqrt(own["share"].to_numpy())).astype(np.int64)
    households = own["shopper"].n_unique()
    found = sparse.csr_array((mix, (row, column)), shape=(households, len(categories)))
    return Moments(
        households,
        np.bincount(column, minlength=len(categories)).astype(np.int64),
        np.asarray(found.sum(axis=0), np.int64),
        (found.T @ found).toarray(),
    )


def fit(
    found: Moments, words: Mapping[str, str], rules: Rules, seed: int, before: Clubs | None = None
) -> Clubs | None:
    """The clubs of a chain; None where households or categories are too few.

    `words` names every category that `found` counts, in its order. `before` are the clubs in use:
    the fit begins with them, if they are as many.
    """
    enough = (found.buyers >= max(LEAST_BUYERS * found.households, 2)).nonzero()[0]
    if found.households < LEAST_HOUSEHOLDS * rules.number or len(enough) < 2 * rules.number:
        return None
    n, every = found.households, tuple(words)
    mean = found.mix[enough] / n / UNIT
    covariance = found.products[np.ix_(enough, enough)] / n / UNIT**2 - np.outer(mean, mean)
    sd = np.sqrt(np.maximum(np.diag(covariance), UNIT**-2.0))
    likeness = covariance / np.outer(sd, sd)
    categories = tuple(every[i] for i in enough)
    if before is not None and len(before.names) != rules.number:
        before = None
    with threadpool_limits(1, "blas"):  # so that a fit gives the same bytes
        weights = _factors(likeness, rules.number, seed, _carried(before, categories))
        variance = np.einsum("ck,cd,dk->k", weights, likeness, weights)
    spread = np.sqrt(np.maximum(variance, 1e-12))
    named = names(weights, categories, before.names if before else ())
    spoken = tuple(words[category] for category in categories)
    return Clubs(named, spread, categories, spoken, mean, sd, weights)


def _carried(before: Clubs | None, categories: Sequence[str]) -> Floats | None:
    """The weights in use for these categories; a new one begins small, and equal, on all clubs."""
    if before is None:
        return None
    place = {category: i for i, category in enumerate(before.categories)}
    small = np.full(len(before.names), before.weights.mean())
    # A weight of zero could never rise again.
    least = before.weights.mean() / 100
    rows = [before.weights[place[c]] if c in place else small for c in categories]
    carried: Floats = np.maximum(np.array(rows), least)
    return carried


def _factors(likeness: Floats, k: int, seed: int, start: Floats | None) -> Floats:
    """Weights (c, k) >= 0 whose products of rows come nearest to the positive likenesses."""
    positive = np.maximum(likeness, 0)
    np.fill_diagonal(positive, 0)
    if start is not None:
        return _descend(positive, start, ROUNDS["again"])[0]
    random = np.random.default_rng(seed)
    size = np.sqrt(positive.mean() / k)
    starts = [size * random.random((len(positive), k)) for _ in range(STARTS)]
    ends = [_descend(positive, one, ROUNDS["first"]) for one in starts]
    best = min(ends, key=lambda end: end[1])[0]
    order: Floats = best[:, np.argsort(-(best**2).sum(axis=0), kind="stable")]
    return order


def _descend(positive: Floats, weights: Floats, rounds: int) -> tuple[Floats, float]:
    """Damped multiplicative updates, the diagonal left out; the weights and their squared error."""
    for _ in range(rounds):
        own = weights * (weights**2).sum(axis=1, keepdims=True)
        fitted = weights @ (weights.T @ weights) - own
        weights = weights * (0.5 + 0.5 * (positive @ weights) / np.maximum(fitted, 1e-12))
    apart = positive - weights @ weights.T
    np.fill_diagonal(apart, 0)
    return weights, float((apart**2).sum())
