"""How good the forecasts are: the default model, the best one, and the baselines beside them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import journey
from kit import note, report

from promo.backtesting import MODELS
from promo.calendar import Window
from promo.shoppers import LEVELS, backtest, examples, metrics, universe
from promo.shoppers.backtest import Question
from promo.shoppers.baselines import Due, Poisson
from promo.shoppers.boosting import LightGbm
from promo.shoppers.forecaster import Forecaster
from promo.shoppers.learning import Learned
from promo.shoppers.metrics import METRICS, Scored
from promo.shoppers.mixtures import BgNbd, GammaPoisson

Limits = dict[tuple[str, str], tuple[float, ...]]  # by model and metric: category, product
LIMITS: Limits = {
    ("default", "log_loss"): (0.4370, 0.2688),
    ("default", "calibration_error"): (0.008, 0.0045),
    ("default", "precision_at_12"): (0.401, 0.255),
    ("best", "log_loss"): (0.4355, 0.2675),
}
RISING = ("auc", "precision_at_12")  # the more the better
# What the baselines measured on these cuts before promo had a line of them (log-loss).
KNOWN = {
    "due": (0.517, 0.314),
    "Poisson": (0.4530, 0.3020),
    "Gamma-Poisson": (0.4507, 0.2850),
    "BG/NBD": (0.4474, 0.2738),
    "LightGBM": (0.4394, 0.2696),
}
NEAR = 0.001  # of log-loss, within which a yardstick is the one that was known
BESIDE: dict[str, Callable[[str, int], Forecaster]] = {
    "due": Due,
    "Poisson": Poisson,
    "Gamma-Poisson": GammaPoisson,
    "BG/NBD": BgNbd,
    "LightGBM": LightGbm,
}
DIFFERENCES = (("default", "BG/NBD"), ("default", "LightGBM"), ("best", "default"))
SPANS_CUT = date(2017, 10, 29)
CALIBRATED = 0.01  # at every span


@dataclass(frozen=True)
class Outcome:
    """One forecaster at one level: its answers cut by cut, and processor seconds a cut."""

    scored: list[Scored]
    fit: float
    predict: float


def judge() -> None:
    """Every model on all cuts, at both levels."""
    for level in LEVELS:
        asked = list(journey.questions(level, journey.CUTS))
        outcomes = {name: answer(name, asked) for name in (*BESIDE, *MODELS)}
        for name, outcome in outcomes.items():
            _judge(level, name, outcome)
        if "best" not in outcomes:
            limit = LIMITS["best", "log_loss"][LEVELS.index(level)]
            report(f"{level} best: no such model", None, limit, ok=False)
        _differences(level, outcomes)


def judge_quickly() -> None:
    """Categories at one cut: the differences that the same run can tell."""
    asked = list(journey.questions("category", journey.CUTS[-1:]))
    outcomes = {name: answer(name, asked) for name in ("BG/NBD", "LightGBM", "default")}
    for name, outcome in outcomes.items():
        _seconds("category", name, outcome)
    _differences("category", outcomes, better=True)
    report("both levels, all cuts, best", "quick", None, ok=None)


def answer(name: str, asked: list[Question]) -> Outcome:
    """Fit and forecast at each cut."""
    make = (BESIDE | MODELS)[name]
    answers, fit, predict = [], 0.0, 0.0
    for question in asked:
        note(f"{question.level} {question.cut}: {name}")
        forecaster = make(question.level, journey.HORIZON)
        began = time.process_time()
        forecaster.fit(question.days, question.cut)
        fitted = time.process_time()
        answers.append(question.predict(forecaster))
        predict += time.process_time() - fitted
        fit += fitted - began
    return Outcome(backtest.scored(answers), fit / len(asked), predict / len(asked))


def _judge(level: str, name: str, outcome: Outcome) -> None:
    """Bars of one model: each metric with its interval, against its limit or what was known."""
    for metric in METRICS:
        values = [metrics.measure(metric, part) for part in outcome.scored]
        value = sum(values) / len(values)
        drawn = metrics.replicates(metric, outcome.scored).mean(axis=1)
        limit, ok = _limit(level, name, metric, value)
        shown = [round(number, 5) for number in (value, *metrics.interval(drawn))]
        report(f"{level} {name}: {metric} (95 % interval)", shown, limit, ok=ok)
    _seconds(level, name, outcome)


def _limit(level: str, name: str, metric: str, value: float) -> tuple[float | None, bool | None]:
    """The limit and whether it is kept; None and None where there is none."""
    place = LEVELS.index(level)
    if (name, metric) in LIMITS:
        limit = LIMITS[name, metric][place]
        return limit, value >= limit if metric in RISING else value <= limit
    if metric == "log_loss" and name in KNOWN:
        return KNOWN[name][place], abs(value - KNOWN[name][place]) <= NEAR
    return None, None


def _seconds(level: str, name: str, outcome: Outcome) -> None:
    seconds = [round(outcome.fit, 2), round(outcome.predict, 2)]
    bar = f"{level} {name}: processor seconds from profile rows, to fit and to forecast"
    report(bar, seconds, None, ok=None)


def _differences(level: str, outcomes: dict[str, Outcome], *, better: bool = False) -> None:
    """Log-loss of one model less another's; `better` asks that the interval lie below zero."""
    for name, other in DIFFERENCES:
        if name in outcomes and other in outcomes:
            one, two = (outcomes[n].scored for n in (name, other))
            value = sum(
                metrics.measure("log_loss", a) - metrics.measure("log_loss", b)
                for a, b in zip(one, two, strict=True)
            ) / len(one)
            drawn = metrics.replicates("log_loss", one) - metrics.replicates("log_loss", two)
            low, high = metrics.interval(drawn.mean(axis=1))
            shown = [round(number, 5) for number in (value, low, high)]
            bar = f"{level}: log-loss of {name} less {other} (95 % interval)"
            report(bar, shown, 0 if better else None, ok=high < 0 if better else None)


def judge_spans(levels: tuple[str, ...] = LEVELS) -> None:
    """Calibration of windows of 7, 14 and 28 days that begin at once or in a week."""
    cut = SPANS_CUT
    for level in levels:
        note(f"{level}: all spans")
        model = Learned(level, journey.HORIZON, examples.SPANS)
        question = Question.at(journey.year(), level, cut, journey.HORIZON, journey.KEEP)
        model.fit(question.days, cut)
        for span in examples.SPANS:
            first = cut + timedelta(span.lead)
            window = Window(first, first + timedelta(span.days - 1))
            said = model.predict(question.days, question.pairs, cut, window)["probability"]
            bought = universe.bought(question.pairs, journey.year(), level, window)
            error = metrics.calibration_error(said.to_numpy(), bought.to_numpy())
            bar = f"{level}: calibration error, {span.days} days from day {span.lead} on"
            report(bar, round(error, 5), CALIBRATED, ok=error <= CALIBRATED)
