"""`promo backtest`: a till log in, forecasts of days it already has, and how good they were.

No house and no database: a log and its product file are enough.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from promo.config import Settings
from promo.errors import Sentence
from promo.files import replacing, write_text
from promo.progress import Progress
from promo.scans import till_log
from promo.scans.columns import LINE
from promo.shoppers import backtest, boosting, households, pictures, profiles, universe
from promo.shoppers.backtest import Question
from promo.shoppers.baselines import Due, Frequency, Poisson
from promo.shoppers.best import Best
from promo.shoppers.boosting import LightGbm
from promo.shoppers.forecaster import Forecaster
from promo.shoppers.learning import Learned
from promo.shoppers.metrics import BINS, DRAWS, METRICS
from promo.shoppers.mixtures import BgNbd, GammaPoisson

Make = Callable[[str, int], Forecaster]  # from the level and the days of a window

MODELS: dict[str, Make] = {"default": Learned, "best": Best}
BASELINES: dict[str, Make] = {
    "frequency": Frequency,
    "due": Due,
    "Poisson": Poisson,
    "Gamma-Poisson": GammaPoisson,
    "BG/NBD": BgNbd,
}
BOOSTED = "LightGBM"
NO_BOOSTING = "LightGBM is not installed and was left out: pip install 'promo[boosting]'."
UNKNOWN = "a product of the product file; the line counts as a product without a category"


class BacktestError(Sentence):
    """What was asked cannot be held against the log; the message says why."""


@dataclass(frozen=True)
class Request:
    """What is to be measured, on what, and where the answers go."""

    scans: Path
    products: Path
    cuts: tuple[date, ...]
    horizon: int
    level: str
    model: str
    baselines: bool
    predictions: Path | None = None
    summary: Path | None = None
    pictures: Path | None = None

    @property
    def beside(self) -> Path:
        """The folder for what was set aside: where the answers go."""
        return next((p.parent for p in (self.predictions, self.summary) if p), Path())


@dataclass(frozen=True)
class Log:
    """Profile rows of a log with category, its days, and what was wrong with its lines."""

    days: pl.DataFrame
    first: date
    last: date
    facts: dict[str, int]
    rejects: pl.DataFrame
    notices: pl.DataFrame


@dataclass(frozen=True)
class Result:
    """What was measured, and sentences about what was left out on the way."""

    summary: dict[str, Any]
    notices: list[str]
    set_aside: int


def run(request: Request, settings: Settings, progress: Progress) -> Result:
    """Read, check, forecast, measure, write. Raises SourceError, ModelError or BacktestError."""
    with progress.stage("read") as facts:
        log = read(request, settings)
        facts.update(log.facts)
    _check_cuts(request, log)
    answers: dict[str, list[pl.DataFrame]] = {name: [] for name in forecasters(request)}
    for cut in progress.each("cut", request.cuts):
        keep = settings.profiles.keep_days
        question = Question.at(log.days, request.level, cut, request.horizon, keep)
        for name, make in forecasters(request).items():
            answers[name].append(question.answers(make(request.level, request.horizon)))
    with progress.stage("measure"):
        summary = _summary(request, log, answers, settings.seed)
    with progress.stage("write"):
        _write(request, answers[request.model], summary)
        notices = _left_out(request, log)
    return Result(summary, notices, log.facts["set_aside"])


def forecasters(request: Request) -> dict[str, Make]:
    """The model asked for and, beside it, the baselines that can run here."""
    beside: dict[str, Make] = BASELINES if request.baselines else {}
    if request.baselines and boosting.installed():
        beside = beside | {BOOSTED: LightGbm}
    return {request.model: MODELS[request.model]} | beside


def read(request: Request, settings: Settings) -> Log:
    """The log as profile rows with category. Raises SourceError, or BacktestError when empty."""
    products = till_log.read_products(request.products, settings)
    scans = till_log.read_scans(request.scans, settings)
    known = products.rows.select("id", "category", "store_brand")
    unknown = scans.rows.join(known, left_on="product", right_on="id", how="anti")
    sold = universe.sold(scans.rows)
    folded = profiles.fold(profiles.empty(), sold)
    days = universe.grocery(
        households.with_products(folded, known), settings.categories.not_grocery
    )
    if days.is_empty():
        raise BacktestError(
            f"{scans.name}: no line of {scans.lines:,} can be tested on; expected sales of "
            "groceries with a card, amount and quantity above zero."
        )
    facts = {
        "lines": scans.lines,
        "set_aside": scans.set_aside + products.set_aside,
        "unknown_products": unknown.height,
        "households": days["shopper"].n_unique(),
    }
    faulty = pl.concat([products.rejects, scans.rejects])
    first, last = scans.rows["business_day"].min(), scans.rows["business_day"].max()
    assert isinstance(first, date)
    assert isinstance(last, date)
    lines = unknown.sort(LINE).select(
        file=pl.lit(scans.name), line=LINE, field=pl.lit("product"), value="product",
        expected=pl.lit(UNKNOWN),
    )  # fmt: skip
    return Log(days, first, last, facts, faulty, lines)


def _check_cuts(request: Request, log: Log) -> None:
    """Every cut stands once, has days before it and a whole window after it."""
    if len(set(request.cuts)) < len(request.cuts):
        said = ", ".join(map(str, request.cuts))
        raise BacktestError(f"--cut {said}: a day stands twice; expected each cut once.")
    horizon = timedelta(request.horizon)
    latest = log.last - horizon + timedelta(1)
    for cut in request.cuts:
        if cut <= log.first:
            raise BacktestError(
                f"--cut {cut}: {request.scans.name} begins on {log.first}, so nothing is known "
                f"before that day; expected a day after {log.first}, up to {latest}."
            )
        if cut > latest:
            raise BacktestError(
                f"--cut {cut} --horizon {request.horizon}: {request.scans.name} ends on "
                f"{log.last}, before the last of the days to be forecast, "
                f"{cut + horizon - timedelta(1)}; expected a cut up to {latest}."
            )


def _summary(
    request: Request, log: Log, answers: dict[str, list[pl.DataFrame]], seed: int
) -> dict[str, Any]:
    scored = {name: backtest.scored(parts) for name, parts in answers.items()}
    if request.pictures:
        pictures.draw(request.pictures, scored, request.level, request.horizon)
    found = backtest.compare(scored, seed)
    asked = [
        {
            "cut": cut.isoformat(),
            "pairs": part.height,
            "households": part["shopper"].n_unique(),
            "bought": round(float(part["bought"].sum()) / part.height, 5),
        }
        for cut, part in zip(request.cuts, answers[request.model], strict=True)
    ]
    found["cuts"] = [
        of | {"metrics": metrics} for of, metrics in zip(asked, found["cuts"], strict=True)
    ]
    return {
        "scans": request.scans.name,
        "level": request.level,
        "horizon": request.horizon,
        "model": request.model,
        "log": {"first_day": str(log.first), "last_day": str(log.last), **log.facts},
        "intervals": f"95 %, households drawn {DRAWS} times, seed {seed}",
        "calibration_bins": BINS,
        **found,
    }


def _write(request: Request, answers: list[pl.DataFrame], summary: dict[str, Any]) -> None:
    if request.predictions:
        with replacing(request.predictions) as temporary:
            pl.concat(answers).write_parquet(temporary)
    if request.summary:
        write_text(request.summary, json.dumps(summary, indent=2) + "\n")


def _left_out(request: Request, log: Log) -> list[str]:
    """Write the lines set aside, and those of unknown products, and say where they are."""
    said = [NO_BOOSTING] if request.baselines and not boosting.installed() else []
    for name, frame, words in (
        ("rejects", log.rejects, "faults of lines that were set aside"),
        ("notices", log.notices, "lines name products that the product file lacks, and count as "
         "products without a category"),
    ):  # fmt: skip
        path = request.beside / f"{request.scans.stem}.{name}.csv"
        path.unlink(missing_ok=True)
        if frame.height:
            with replacing(path) as temporary:
                frame.write_csv(temporary)
            said.append(f"{frame.height:,} {words}: {path}\n{till_log.in_words(frame)}")
    return said


def table(summary: dict[str, Any]) -> str:
    """The means over cuts as lines of text: a model a line, each metric with its interval."""
    lines = [" " * 14 + "".join(f"{_words(name):<24}" for name in METRICS).rstrip()]
    for model, metrics in summary["mean"].items():
        cells = (_cell(**metrics[name]) for name in METRICS)
        lines.append(f"{model:<14}{''.join(f'{cell:<24}' for cell in cells)}".rstrip())
    return "\n".join(lines)


def _words(metric: str) -> str:
    return metric.replace("_", " ")


def _cell(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.4f} ({low:.4f} {high:.4f})" if low is not None else f"{value:.4f}"
