"""Clubs: about a dozen life-styles, read from the mix of categories that a household buys.

A household's mix is the square root of each category's share of its purchase days. A club is a
list of weights, not negative, over the categories (see club_fitting); a household belongs to the
club on which it stands highest above the average household. Categories that are never said, never
due or no groceries are no input, and so never in a name.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from promo.files import write_text
from promo.sections import Clubs as Rules
from promo.shoppers import settled
from promo.shoppers.settled import Floats

CLUBS, WEIGHTS, CLUB = "clubs.csv", "club_weights.csv", "club_"
NAMED_BY = 2  # categories in a club's name
STILL_NAMED = 6  # places down to which they may fall until it is named anew
Whole = NDArray[np.int64]


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
        left = self.table().filter(keep)
        categories, weights = tuple(left["category"]), self.weights[keep]
        fresh = names(weights, categories)
        kept = (
            name if not set(name) & set(unsaid) else new
            for name, new in zip(self.names, fresh, strict=True)
        )
        return Clubs._of(left, tuple(kept), self.spread)

    def table(self) -> pl.DataFrame:
        """A row a category: category, words, mean, sd, and a column a club: `club_1`..."""
        columns = {
            "category": self.categories,
            "words": self.words,
            "mean": self.mean,
            "sd": self.sd,
        }
        weights = {f"{CLUB}{k}": column for k, column in enumerate(self.weights.T, 1)}
        return pl.DataFrame(columns | weights)

    def save(self, folder: Path) -> None:
        """Write clubs.csv, a row a club, and club_weights.csv, a row a category."""
        told = {
            "club": range(1, len(self.names) + 1),
            "name": [self.said(club) for club in range(len(self.names))],
            "named_by": ["|".join(name) for name in self.names],
            "spread": self.spread,
        }
        for file, table in ((CLUBS, pl.DataFrame(told)), (WEIGHTS, self.table())):
            write_text(folder / file, table.write_csv(float_precision=6))

    @staticmethod
    def load(folder: Path) -> "Clubs":
        """Read what `save` wrote. Raises OSError, ValueError, PolarsError."""
        clubs = pl.read_csv(folder / CLUBS, schema_overrides={"named_by": pl.String})
        texts = {"category": pl.String, "words": pl.String}
        table = pl.read_csv(folder / WEIGHTS, schema_overrides=texts)
        named = tuple(tuple(n.split("|")) if n else () for n in clubs["named_by"].fill_null(""))
        found = Clubs._of(table, named, clubs["spread"].to_numpy())
        if found.weights.shape[1] != len(named) or not {*sum(named, ())} <= {*found.categories}:
            raise ValueError(f"{CLUBS} and {WEIGHTS} do not belong together")
        return found

    @staticmethod
    def _of(table: pl.DataFrame, named: tuple[tuple[str, ...], ...], spread: Floats) -> "Clubs":
        return Clubs(
            named,
            spread,
            tuple(table["category"]),
            tuple(table["words"]),
            table["mean"].to_numpy(),
            table["sd"].to_numpy(),
            table.select(pl.col(f"^{CLUB}\\d+$")).to_numpy(),
        )


def bought(days: pl.DataFrame, unsaid: Collection[str]) -> pl.DataFrame:
    """Purchase days, net units above zero, of what clubs are read from: shopper, category, day."""
    listed = ~pl.col("category").is_in(list(unsaid))
    by_day = days.filter(pl.col("category").is_not_null(), listed)
    net = by_day.group_by("shopper", "category", "day").agg(pl.col("units").sum())
    return net.filter(pl.col("units") > 0).drop("units")


def names(
    weights: Floats, categories: Sequence[str], before: Sequence[tuple[str, ...]] = ()
) -> tuple[tuple[str, ...], ...]:
    """The categories that each club is named by: its heaviest of those that are nobody's more.

    So no category stands in two names. A club named `before` keeps its name while the name's
    categories stay near the top.
    """
    owner = weights.argmax(axis=1)
    found: list[tuple[str, ...]] = []
    for club in range(weights.shape[1]):
        own = [i for i in np.argsort(-weights[:, club], kind="stable") if owner[i] == club]
        top = [categories[i] for i in own[:STILL_NAMED]]
        kept = bool(before) and set(before[club]) <= set(top)
        found.append(before[club] if kept else tuple(top[:NAMED_BY]))
    return tuple(found)


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
