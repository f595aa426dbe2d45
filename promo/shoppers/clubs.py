"""Clubs: about a dozen life-styles, read from the mix of categories that a household buys.

A household's mix is the square root of each category's share of its purchase days. Categories
that stand high in the same mixes belong together: the positive correlations of the mixes, C x C,
are explained by a few non-negative factors (symmetric non-negative factorisation; Ding, He &
Simon, "On the Equivalence of Nonnegative Matrix Factorization and Spectral Clustering", SDM 2005),
the diagonal left out. A factor is a club; a household belongs to the one on which it stands
highest above the average household. Correlations come from sums of integers, so a fit needs one
pass over the buckets, whatever the number of households, and is the same however they are cut.
A refit begins with the clubs in use, so that a club stays itself.

Categories that are never said, never due or no groceries are no input, and so never in a name.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from promo.config import Clubs as Rules
from promo.shoppers import settled
from promo.shoppers.settled import Floats

UNIT = 1000  # a mix's square roots are whole thousandths, so that sums are exact
LEAST_BUYERS = 0.02  # of the households, that a category needs to be part of the mix
LEAST_HOUSEHOLDS = 20  # a club: what fewer have in common is chance
STARTS = 8  # drawn beginnings of a first fit; the best end counts
ROUNDS = {"first": 600, "again": 100}  # multiplicative updates
NAMED_BY = 2  # categories in a club's name
STILL_NAMED = 6  # places down to which they may fall until it is named anew
Whole = NDArray[np.int64]


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


@dataclass(frozen=True)
class Clubs:
    """The fitted clubs, k of them, over the mix of c categories."""

    names: tuple[tuple[str, ...], ...]  # (k,): the categories that each is named by
    spread: Floats  # (k,): standard deviation of the households' scores
    categories: tuple[str, ...]  # (c,), sorted
    words: tuple[str, ...]  # (c,)
    mean: Floats  # (c,): of the households' mixes
    sd: Floats  # (c,)
    weights: Floats  # (c, k), not negative

    def said(self, club: int) -> str:
        """A club's name in words, for instance `Cat food, cat litter`."""
        words = dict(zip(self.categories, self.words, strict=True))
        return " · ".join(words[category] for category in self.names[club])

    def without(self, unsaid: Collection[str]) -> "Clubs":
        """The clubs for settings by which some of the categories may no longer be said."""
        keep = np.array([category not in unsaid for category in self.categories], bool)
        if keep.all():
            return self
        some = [i for i in range(len(keep)) if keep[i]]
        weights = self.weights[keep]
        left = [tuple(c for c in name if c not in unsaid) for name in self.names]
        categories = tuple(self.categories[i] for i in some)
        fresh = _names(weights, categories, None)
        names = tuple(a or b for a, b in zip(left, fresh, strict=True))
        words = tuple(self.words[i] for i in some)
        return Clubs(
            names, self.spread, categories, words, self.mean[keep], self.sd[keep], weights
        )


def bought(days: pl.DataFrame, unsaid: Collection[str]) -> pl.DataFrame:
    """Purchase days, net units above zero, of what clubs are read from: shopper, category, day."""
    listed = ~pl.col("category").is_in(list(unsaid))
    by_day = days.filter(pl.col("category").is_not_null(), listed)
    net = by_day.group_by("shopper", "category", "day").agg(pl.col("units").sum())
    return net.filter(pl.col("units") > 0).drop("units")


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
    weights = _factors(likeness, rules.number, seed, _carried(before, categories))
    spread = np.sqrt(np.maximum(np.einsum("ck,cd,dk->k", weights, likeness, weights), 1e-12))
    names = _names(weights, categories, before)
    spoken = tuple(words[category] for category in categories)
    return Clubs(names, spread, categories, spoken, mean, sd, weights)


def _carried(before: Clubs | None, categories: Sequence[str]) -> Floats | None:
    """The weights in use for these categories; a new one begins small, and equal, on all clubs."""
    if before is None:
        return None
    place = {category: i for i, category in enumerate(before.categories)}
    small = np.full(len(before.names), before.weights.mean())
    # A weight of zero could never rise again.
    least = before.weights.mean() / 100
    rows = [before.weights[place[c]] if c in place else small for c in categories]
    return np.maximum(np.array(rows), least)


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


def _names(
    weights: Floats, categories: Sequence[str], before: Clubs | None
) -> tuple[tuple[str, ...], ...]:
    """The categories that each club is named by: its heaviest of those that are nobody's more.

    So no category stands in two names. A club in use keeps its name while the name's categories
    stay near the top.
    """
    owner = weights.argmax(axis=1)
    names: list[tuple[str, ...]] = []
    for club in range(weights.shape[1]):
        own = [i for i in np.argsort(-weights[:, club], kind="stable") if owner[i] == club]
        top = [categories[i] for i in own[:STILL_NAMED]]
        kept = before is not None and set(before.names[club]) <= set(top)
        names.append(before.names[club] if before and kept else tuple(top[:NAMED_BY]))
    return tuple(names)


def assign(
    days: pl.DataFrame, clubs: Clubs, rules: Rules, day: date, keep_days: int
) -> pl.DataFrame:
    """The club of each household with enough purchases; sorted by shopper.

    `days` are profile rows of [day - keep_days - settled.REACH, day). A household leaves the
    club it was in a fortnight before (see settled) only for one on which it stands higher by
    `hysteresis`. Returns shopper, club (from 1), name, share (of the mix that falls to the club).
    """
    purchases = bought(days, ()).filter(pl.col("category").is_in(list(clubs.categories)))
    keys = ("shopper", "category")
    counts = settled.sums(
        purchases.with_columns(n=pl.lit(1, pl.Int64)), keys, ("n",), day, keep_days
    )
    shoppers = counts["shopper"].unique().sort()
    row = counts["shopper"].rank("dense").to_numpy().astype(np.int64) - 1
    column = counts["category"].cast(pl.Enum(clubs.categories)).to_physical().to_numpy()
    club = np.full(len(shoppers), -1)
    shares = np.zeros((len(shoppers), len(clubs.categories)))
    for n in settled.looks_of(counts["n"]).T:
        cells = np.zeros_like(shares)
        cells[row, column] = n
        total = cells.sum(axis=1)
        enough = total >= rules.least_purchases
        shares = cells / np.maximum(total, 1)[:, None]
        club = np.where(enough, _stay(_scores(shares, clubs), club, rules.hysteresis), -1)
    member = (club >= 0).nonzero()[0]
    part = clubs.weights / np.maximum(clubs.weights.sum(axis=1, keepdims=True), 1e-12)
    falls = (shares[member] * part.T[club[member]]).sum(axis=1)
    names = np.array([clubs.said(k) for k in range(len(clubs.names))])
    return pl.DataFrame(
        {
            "shopper": shoppers.gather(member),
            "club": club[member] + 1,
            "name": names[club[member]],
            "share": falls.round(6),
        },
        {"shopper": pl.String, "club": pl.Int64, "name": pl.String, "share": pl.Float64},
    )


def _scores(shares: Floats, clubs: Clubs) -> Floats:
    """How far above the average household each stands on each club, in standard deviations.

    Added up category by category: a matrix product's last bits depend on the rows beside.
    """
    scores = np.zeros((len(shares), len(clubs.names)))
    for i, weights in enumerate(clubs.weights):
        scores += ((np.sqrt(shares[:, i]) - clubs.mean[i]) / clubs.sd[i])[:, None] * weights
    scored: Floats = scores / clubs.spread
    return scored


def _stay(scores: Floats, club: Whole, margin: float) -> Whole:
    """The best club, or the club in which a household is, where the best is not far above."""
    best = scores.argmax(axis=1)
    rows = np.arange(len(scores))
    stays = (club >= 0) & (scores[rows, club] >= scores[rows, best] - margin)
    return np.where(stays, club, best)
