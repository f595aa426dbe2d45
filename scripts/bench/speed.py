"""What the default model costs: beside LightGBM, by the second, and in memory.

Processor seconds of one thread stand for both learners, so that what else the machine does counts
little. Pairs a second are wall time on all cores: judge them on a quiet machine only.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import journey
import lightgbm
import numpy as np
import polars as pl
from kit import note, report

from promo.shoppers import (
    LEVELS,
    baselines,
    boosting,
    examples,
    features,
    fitting,
    histories,
    learning,
    models,
    profiles,
    quadratic,
)
from promo.shoppers.backtest import Question
from promo.shoppers.features import Span
from promo.shoppers.learning import Learned
from promo.shoppers.models import CATEGORIES, Model

FIT, PREDICT = 15, 20  # times as fast as LightGBM
PAIRS_A_SECOND = 300_000
MEMORY = 2.2  # at most, for twice the households
DAY = date(2018, 1, 1)  # the whole year is known
CHILD = Path(__file__).with_name("speed_child.py")
THREADS = ("POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
REPEATS = 3  # of what takes a second; the fastest counts


def judge_learners(levels: tuple[str, ...] = LEVELS) -> None:
    """Both learners on feature matrices that are ready, for the pairs of one cut."""
    for level in levels:
        note(f"{level}: LightGBM and the default model, alone")
        question = Question.at(
            journey.year(), level, journey.CUTS[-1], journey.HORIZON, journey.KEEP
        )
        theirs, ours = _boosted(question), _quadratic(question)
        for number, (what, least) in enumerate((("fits", FIT), ("predicts", PREDICT))):
            ratio = theirs[number] / ours[number]
            value = {
                "times": round(ratio, 1),
                "seconds": round(ours[number], 3),
                "lightgbm_seconds": round(theirs[number], 3),
                "rows": [ours[2 + number], theirs[2 + number]],
            }
            report(f"{level}: {what} faster than LightGBM", value, least, ok=ratio >= least)


def _seconds(work: Callable[[], object], repeats: int = 1) -> float:
    """Processor seconds of the fastest of several runs."""
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return min(taken)


def _boosted(q: Question) -> tuple[float, float, int, int]:
    """LightGBM's seconds to fit and predict, and rows of both."""
    past = list(baselines.examples(q.days, q.level, q.cut, journey.HORIZON, boosting.WINDOWS))
    x = np.concatenate([boosting.features(q.days, pairs, q.level, cut) for cut, pairs, _ in past])
    y = np.concatenate([bought for _, _, bought in past])
    asked = boosting.features(q.days, q.pairs, q.level, q.cut)
    settings = boosting.SETTINGS | {"num_threads": 1, "seed": 1}
    grown = []

    def fit() -> None:
        data = lightgbm.Dataset(x, y)
        grown.append(lightgbm.train(settings, data, num_boost_round=boosting.ROUNDS))

    seconds = _seconds(fit)
    predicts = _seconds(lambda: grown[0].predict(asked, num_threads=1))
    return seconds, predicts, len(x), len(asked)


def _quadratic(q: Question) -> tuple[float, float, int, int]:
    """The default learner's seconds to fit and predict repeats, and rows of both."""
    h = histories.of(profiles.as_of(q.days, q.cut, histories.OLDEST), q.level, q.cut)
    counts = fitting.pair_counts(h)
    model = Model("bench", fitting.fit_cycles(counts), pl.DataFrame(), {})
    p, span = learning.parameters(model, h), Span(0, journey.HORIZON)
    every = examples.strides(learning.of_kinds(counts, q.level), span, [span])
    some = examples.gather(h, p, histories.OLDEST, every)["repeat", span]
    asked = features.matrix(h, p, span)[examples.of_kinds(h)["repeat"]]
    core, like = len(features.CORE), features.NAMES.index("chance")

    def fit() -> quadratic.Quadratic:
        return quadratic.fit(some.x, some.y, quadratic.start(some.x, core, like))

    fitted = fit()
    seconds = _seconds(fit, REPEATS), _seconds(lambda: fitted.probability(asked), REPEATS)
    return *seconds, len(some.y), len(asked)


def judge_night() -> None:
    """From folded profiles to probabilities, both levels: pairs a second, and memory."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models.save(folder, _model())
        days = journey.year()
        again = days.with_columns(pl.format("again {}", pl.col("shopper")).alias("shopper"))
        for times, frame in enumerate((days.clear(), days, pl.concat([days, again]))):
            frame.write_parquet(folder / f"{times}.parquet")
        note("pairs a second: wall time on all cores; true on a quiet machine only")
        _report_pairs(_child(folder, 1, workers=1), _child(folder, 1, workers=2))
        _report_memory([_child(folder, times, workers=1)["peak_mb"] for times in range(3)])


def _model() -> Model:
    """Fitted at the last cut, for both levels."""
    learned = []
    for level in LEVELS:
        one = Learned(level, journey.HORIZON)
        one.fit(journey.year(), journey.CUTS[-1])
        assert one.model is not None
        learned.append(one.model)
    cycles = pl.concat([m.cycles for m in learned])
    fitted = learned[0].fitted | learned[1].fitted
    return Model("bench", cycles, pl.DataFrame(schema=CATEGORIES), {"tiers_from": {}}, fitted)


def _child(folder: Path, times: int, *, workers: int) -> dict[str, float]:
    """A forecast in a process of its own, that may use all cores."""
    free = {name: value for name, value in os.environ.items() if name not in THREADS}
    words = [sys.executable, str(CHILD), str(folder), str(times), str(workers), DAY.isoformat()]
    done = subprocess.run(words, env=free, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _report_pairs(whole: dict[str, float], halves: dict[str, float]) -> None:
    rate = {name: round(one["pairs"] / one["seconds"]) for name, one in
            (("whole", whole), ("halves on two threads", halves))}  # fmt: skip
    value = {
        **rate,
        "seconds": [round(whole["seconds"], 2), round(halves["seconds"], 2)],
        "processor_seconds": [round(whole["processor"], 2), round(halves["processor"], 2)],
        "pairs": halves["pairs"],
        "bought_twice_or_more": halves["repeats"],
        "of_those_a_second": round(halves["repeats"] / halves["seconds"]),
        "cores": os.cpu_count(),
    }
    good = max(rate.values()) >= PAIRS_A_SECOND
    report("from profiles to probabilities: pairs a second", value, PAIRS_A_SECOND, ok=good)


def _report_memory(peaks: list[float]) -> None:
    ratio = (peaks[2] - peaks[0]) / (peaks[1] - peaks[0])
    value = {"ratio": round(ratio, 3), "peak_mb": [round(peak) for peak in peaks]}
    bar = "memory above a process without households, twice the households against once"
    report(bar, value, MEMORY, ok=ratio <= MEMORY)
