"""Repurchase cycles on Complete Journey: how good the forecasts are, and what they cost.

    .venv/bin/python scripts/bench/cycles.py            four cuts, both levels; some ten minutes
    .venv/bin/python scripts/bench/cycles.py --quick    the last cut, categories

Every fit and every forecast runs on one thread; seconds are processor seconds of this process, so
that what else the machine does is without effect. Pairs and purchases are counted here a second
time, by code of the bench's own, from the raw data set.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from kit import ROOT, note, report

from promo import config
from promo.scans import complete_journey
from promo.shoppers import LEVELS, backtest, households, metrics, profiles, universe
from promo.shoppers.backtest import Question
from promo.shoppers.baselines import Due, Poisson
from promo.shoppers.boosting import LightGbm
from promo.shoppers.forecaster import Forecaster
from promo.shoppers.metrics import METRICS, Scored
from promo.shoppers.mixtures import BgNbd, GammaPoisson

CUTS = (date(2017, 9, 3), date(2017, 10, 1), date(2017, 10, 29), date(2017, 11, 26))
HORIZON = 14
PETROL = ("COUPON/MISC ITEMS", "FUEL")
# What was measured on these cuts before promo had a line of this (log-loss, category and product).
KNOWN = {
    "due": (0.517, 0.314),
    "Poisson": (0.4530, 0.3020),
    "Gamma-Poisson": (0.4507, 0.2850),
    "BG/NBD": (0.4474, 0.2738),
    "LightGBM": (0.4394, 0.2696),
}
NEAR = 0.001  # of log-loss, within which a yardstick is the one that was known
FORECASTERS: dict[str, Callable[[str, int], Forecaster]] = {
    "due": Due,
    "Poisson": Poisson,
    "Gamma-Poisson": GammaPoisson,
    "BG/NBD": BgNbd,
    "LightGBM": LightGbm,
}


@dataclass(frozen=True)
class Outcome:
    """One forecaster at one level: its answers cut by cut, and processor seconds a cut."""

    scored: list[Scored]
    fit: float
    predict: float


def journey() -> pl.DataFrame:
    """The year as grocery profile rows with category, by promo's own definitions."""
    source = complete_journey.folder(complete_journey.INSTALLED)
    scans = complete_journey.table(source, "scans", None, None).with_columns(
        (pl.col("quantity") * 1000).round().cast(pl.Int64), shopper="card"
    )
    known = complete_journey.table(source, "products", None, None)
    folded = profiles.fold(profiles.empty(), universe.sold(scans))
    days = households.with_products(folded, known.select("category", "store_brand", id="code"))
    settings = config.load(ROOT / "config.yaml")
    return universe.grocery(days, settings.categories.not_grocery)


def count_again(level: str, cut: date) -> tuple[int, int]:
    """Pairs at a cut and how many of them were bought, from the raw data set alone."""
    source = complete_journey.folder(complete_journey.INSTALLED)
    raw = pl.scan_parquet(source / "transactions.parquet").join(
        pl.scan_parquet(source / "products.parquet"), on="product_id", how="left"
    )
    local = pl.col("transaction_timestamp").dt.convert_time_zone("America/New_York")
    item = "product_category" if level == "category" else "product_id"
    lines = (
        raw.filter(
            pl.col("quantity") > 0,
            pl.col("sales_value") > 0,
            ~pl.col("product_category").is_in(PETROL).fill_null(value=False),
        )
        .select("household_id", item=item, day=local.dt.date())
        .unique()
        .collect()
    )
    before = lines.filter(pl.col("day") < cut)
    came = before.group_by("household_id").agg(pl.col("day").n_unique(), last=pl.col("day").max())
    known = came.filter(pl.col("day") >= 4, pl.col("last") >= cut - timedelta(56))
    pairs = (
        before.drop_nulls("item")
        .group_by("household_id", "item")
        .len()
        .filter(pl.col("len") >= 2)
        .join(known, on="household_id", how="semi")
    )
    after = lines.filter(pl.col("day").is_between(cut, cut + timedelta(HORIZON - 1)))
    bought = pairs.join(after, on=["household_id", "item"], how="semi")
    return pairs.height, bought.height


def questions(days: pl.DataFrame, level: str, cuts: tuple[date, ...]) -> Iterator[Question]:
    """What is asked at each cut; a bar says whether the bench counts the same pairs."""
    for cut in cuts:
        question = Question.at(days, level, cut, HORIZON, 364)
        found = question.pairs.height, int(question.bought.sum())
        again = count_again(level, cut)
        report(f"pairs and purchases, {level} {cut}", found, again, ok=found == again)
        yield question


def timed(make: Callable[[str, int], Forecaster], asked: list[Question]) -> Outcome:
    """Fit and forecast at each cut on one thread."""
    answers, fit, predict = [], 0.0, 0.0
    for question in asked:
        forecaster = make(question.level, HORIZON)
        began = time.process_time()
        forecaster.fit(question.days, question.cut)
        fitted = time.process_time()
        answers.append(question.predict(forecaster))
        predict += time.process_time() - fitted
        fit += fitted - began
    return Outcome(backtest.scored(answers), fit / len(asked), predict / len(asked))


def judge(level: str, name: str, outcome: Outcome) -> None:
    """Bars of one forecaster: its metrics with intervals, its seconds, and what was known."""
    for metric in METRICS:
        values = [metrics.measure(metric, part) for part in outcome.scored]
        low, high = metrics.interval(metrics.replicates(metric, outcome.scored).mean(axis=1))
        value, known = sum(values) / len(values), None
        ok = None
        if metric == "log_loss" and name in KNOWN and len(outcome.scored) == len(CUTS):
            known = KNOWN[name][LEVELS.index(level)]
            ok = abs(value - known) <= NEAR
        shown = [round(number, 5) for number in (value, low, high)]
        report(f"{level} {name}: {metric} (95 % interval)", shown, known, ok=ok)
    seconds = [round(outcome.fit, 2), round(outcome.predict, 2)]
    report(f"{level} {name}: processor seconds to fit and to forecast", seconds, None, ok=None)


def on_one_thread() -> None:
    """Start again with one thread everywhere: libraries ask the environment when imported."""
    wanted = dict.fromkeys(("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    if not wanted.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the last cut, categories")
    quick = parser.parse_args().quick
    note("reading the year")
    days = journey()
    for level in LEVELS[: 1 if quick else 2]:
        asked = list(questions(days, level, CUTS[-1:] if quick else CUTS))
        for name, make in FORECASTERS.items():
            note(f"{level}: {name}")
            judge(level, name, timed(make, asked))


if __name__ == "__main__":
    on_one_thread()
    main()
