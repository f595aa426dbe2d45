"""How steady segments are: clubs a fortnight apart, cells and tiers that change in a fortnight.

Clubs are fitted at each cut and, beginning with those, a fortnight later; households get the club
that each fit gives them on its own day. Cells and tiers go by the lines fitted at the cut, on a
year that is still filling and on a rolling half-year; intervals are over households.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np
import polars as pl
from kit import ROOT, note, report

from promo import config
from promo.calendar import FORTNIGHT
from promo.config import Settings
from promo.scans import complete_journey
from promo.shoppers import club_fitting, clubs, fitting, households, profiles, segments, settled
from promo.shoppers.clubs import Clubs
from promo.shoppers.models import CYCLES, Model

CUTS = (date(2017, 9, 3), date(2017, 10, 29), date(2017, 12, 10))
SPANS = (364, 182)  # days kept; only the second is a full rolling window in one year's data
LEAST = 0.8
RESAMPLES = 1000
SEED = 20171106


def adjusted_rand(one: np.ndarray, other: np.ndarray) -> float:
    """How far two partitions agree beyond chance (Hubert & Arabie, "Comparing partitions", 1985).

    The labels, each of shape (n,), may be any; 1 is the same partition, 0 what chance gives.
    """
    rows, columns = (np.unique(labels, return_inverse=True)[1] for labels in (one, other))
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)

    def pairs(counts: np.ndarray) -> float:
        return float((counts * (counts - 1) / 2).sum())

    by_row, by_column = pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = by_row * by_column / (len(one) * (len(one) - 1) / 2)
    return (pairs(table) - expected) / ((by_row + by_column) / 2 - expected)


@cache
def year() -> pl.DataFrame:
    """The year's profile rows with what the product file says."""
    source = complete_journey.folder(complete_journey.INSTALLED)
    scans = complete_journey.table(source, "scans", None, None).with_columns(
        (pl.col("quantity") * 1000).round().cast(pl.Int64), shopper="card"
    )
    known = complete_journey.table(source, "products", None, None)
    facts = known.select("category", "category_words", "store_brand", id="code")
    return households.with_products(profiles.fold(profiles.empty(), scans), facts)


@dataclass(frozen=True)
class Clubbed:
    """Clubs fitted at a cut, and who belongs to them."""

    clubs: Clubs
    members: pl.DataFrame

    @staticmethod
    def at(day: date, settings: Settings, before: Clubs | None = None) -> "Clubbed":
        """Fit on what was known when `day` began, and assign on the same day."""
        keep, rules = settings.profiles.keep_days, settings.clubs
        unsaid = settings.categories.never_due
        named = year().filter(pl.col("category").is_not_null())
        named = named.filter(~pl.col("category").is_in(list(unsaid)))
        grouped = named.group_by("category").agg(words=pl.col("category_words").drop_nulls().min())
        spoken = grouped.sort("category").select("category", pl.coalesce("words", "category"))
        words: dict[str, str] = dict(spoken.rows())
        bought = clubs.bought(profiles.as_of(year(), day, keep), unsaid)
        found = club_fitting.moments(bought, list(words), rules.least_purchases)
        fitted = club_fitting.fit(found, words, rules, settings.seed, before)
        if fitted is None:
            raise SystemExit("bench: too few households for clubs")
        past = profiles.as_of(year(), day, keep + settled.REACH)
        return Clubbed(fitted, clubs.assign(past, fitted, rules, day, keep))


def judge_clubs(cuts: Sequence[date] = CUTS) -> None:
    """Adjusted Rand of the clubs a fortnight apart; beside it, of a fit that begins anew."""
    settings = _settings(SPANS[0])
    for cut in cuts:
        first = Clubbed.at(cut, settings)
        later = cut + timedelta(FORTNIGHT)
        again, anew = (Clubbed.at(later, settings, start) for start in (first.clubs, None))
        value, low, high = _agreement(first, again)
        bar = f"clubs {cut} and a fortnight later: adjusted Rand (95 % interval)"
        report(bar, [value, low, high], LEAST, ok=value >= LEAST)
        told = _agreement(first, anew)
        report(f"clubs {cut}: the same, fitted anew", told, None, ok=None)
        sizes = again.members.group_by("name").len().sort("len", descending=True).rows()
        same = sum(a == b for a, b in zip(first.clubs.names, again.clubs.names, strict=True))
        note(f"{later}: {same} of {len(again.clubs.names)} names kept; {sizes}")
        unsaid = settings.categories.never_due
        wrong = len(set(again.clubs.categories) & unsaid)
        report(f"clubs {later}: categories that must not be said", wrong, 0, ok=not wrong)


def _agreement(one: Clubbed, other: Clubbed) -> list[float]:
    """Adjusted Rand and its interval over resampled households."""
    both = one.members.join(other.members, on="shopper", suffix="_other").sort("shopper")
    labels = both.select("club", "club_other").to_numpy()
    chance = np.random.default_rng(SEED)
    drawn = []
    for _ in range(RESAMPLES):
        some = labels[chance.integers(len(labels), size=len(labels))]
        drawn.append(adjusted_rand(some[:, 0], some[:, 1]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return [round(float(v), 3) for v in (adjusted_rand(labels[:, 0], labels[:, 1]), low, high)]


def judge_cells(cuts: Sequence[date] = CUTS) -> None:
    """Share of cells and tiers that change in a fortnight, with hysteresis and without."""
    for keep in SPANS:
        for cut in cuts:
            settings = _settings(keep)
            model = lines(cut, settings)
            plain = settings.segments.model_copy(update={"hysteresis": 0.0})
            without = settings.model_copy(update={"segments": plain})
            flips = {
                how: _flips(cut, some, model) for how, some in (("with", settings), ("no", without))
            }
            for kind, place in (("cells", 0), ("tiers", 1)):
                steady, raw = (flips[how][place] for how in ("with", "no"))
                bar = (
                    f"{kind} that change from {cut} in a fortnight, {keep} days kept: with, without"
                )
                report(bar, [steady, raw], None, ok=None)


def _flips(cut: date, settings: Settings, model: Model) -> tuple[list[float], list[float]]:
    """Shares of cells and of tiers that differ a fortnight later, with intervals."""
    (grid, tiers), (grid_later, tiers_later) = (
        _segments(day, settings, model) for day in (cut, cut + timedelta(FORTNIGHT))
    )
    cells = grid.join(grid_later, on=["shopper", "category"], suffix="_later")
    moved = cells.select(
        "shopper",
        flip=(pl.col("loyalty") != pl.col("loyalty_later"))
        | (pl.col("volume") != pl.col("volume_later")),
    )
    both = tiers.join(tiers_later, on="shopper", suffix="_later")
    risen = both.select("shopper", flip=pl.col("tier") != pl.col("tier_later"))
    return _share(moved), _share(risen)


def _share(moved: pl.DataFrame) -> list[float]:
    """The share of rows that flipped, and its interval over resampled households."""
    sums = moved.group_by("shopper").agg(pl.col("flip").sum(), n=pl.len()).sort("shopper")
    counts = sums.select("flip", "n").to_numpy().astype(np.float64)
    chance = np.random.default_rng(SEED)
    even = np.full(len(counts), 1 / len(counts))
    drawn = chance.multinomial(len(counts), even, size=RESAMPLES) @ counts
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    whole = counts[:, 0].sum() / counts[:, 1].sum()
    return [round(float(v), 4) for v in (whole, low, high)]


def _segments(day: date, settings: Settings, model: Model) -> tuple[pl.DataFrame, pl.DataFrame]:
    keep = settings.profiles.keep_days
    past = profiles.as_of(year(), day, keep + settled.REACH)
    said = past.filter(~pl.col("category").is_in(list(settings.categories.never_said)))
    grid = segments.grid(said, model, settings.segments, day, keep)
    return grid, segments.tiers(past, model.card["tiers_from"], settings, day)


def lines(day: date, settings: Settings) -> Model:
    """A model of the grid's and the pyramid's lines alone."""
    days = profiles.as_of(year(), day, settings.profiles.keep_days)
    known = fitting.statistics(days.with_columns(lines=pl.lit(1)), settings, day)
    own = pl.col("paid").filter(pl.col("store_brand")).sum()
    sales = days.drop_nulls("category").group_by("category").agg(pl.col("paid").sum(), own=own)
    grid, tiers = fitting.fit_segments(known, sales, settings)
    return Model("bench", pl.DataFrame(schema=CYCLES), grid, {"tiers_from": tiers})


def _settings(keep: int) -> Settings:
    found = config.load(ROOT / "config.yaml")
    kept = found.profiles.model_copy(update={"keep_days": keep})
    return found.model_copy(update={"profiles": kept})


def judge() -> None:
    """Clubs, cells and tiers at three cuts."""
    judge_clubs()
    judge_cells()


def judge_quickly() -> None:
    """The same at one cut."""
    judge_clubs(CUTS[1:2])
    judge_cells(CUTS[1:2])
