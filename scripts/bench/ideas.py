"""What each idea of the best model wins over the default on Complete Journey, in log-loss.

    .venv/bin/python scripts/bench/ideas.py             four cuts, both levels; a quarter of an hour
    .venv/bin/python scripts/bench/ideas.py category    one level

A line an idea: mean log-loss over the cuts, and by how much it lies above that of the logistic on
each pair's own features, with a 95 % interval over households. Nothing here is a bar.
"""

import sys
from collections.abc import Iterator

import numpy as np
import polars as pl
from cycles import on_one_thread
from journey import CUTS, HORIZON, year
from kit import note, report

from promo.shoppers import (
    LEVELS,
    backtest,
    best,
    crowd,
    features,
    fitting,
    histories,
    learning,
    metrics,
    neighbours,
    quadratic,
)
from promo.shoppers.backtest import Question
from promo.shoppers.best import Both
from promo.shoppers.cycles import NEVER_SURE
from promo.shoppers.examples import Examples
from promo.shoppers.features import CORE, Matrix, Span
from promo.shoppers.metrics import Array
from promo.shoppers.models import Model

SPAN, SEED, KEEP = Span(0, HORIZON), 1, 364
OWN = "the pair's own features (default)"
IDEAS: dict[str, tuple[str, ...]] = {
    OWN: (),
    "how habit-forming the item is": ("buyers", "repeats", "repeaters"),
    "share of its buyers active in 28 days": ("active",),
    "its momentum, 28 days over 112": ("momentum",),
    "the item's surprise": ("item_surprise",),
    "the household's surprise": ("household_surprise",),
    "the crowd: all of these": crowd.NAMES,
    "SVD of all purchases": ("usual",),
    "SVD of decayed purchases": ("recent",),
    "surprise of like items and households": ("like_items", "like_households"),
    "neighbours: all of these": neighbours.NAMES,
    "crowd and neighbours": crowd.NAMES + neighbours.NAMES,
}


def answers(question: Question) -> Iterator[tuple[str, Array]]:
    """What each idea says of the question's pairs, in their order."""
    h = histories.of(question.days, question.level, question.cut)
    counts = fitting.pair_counts(h)
    model = Model("ideas", fitting.fit_cycles(counts), pl.DataFrame(), {})
    some = best.past(h, model, SPAN, SEED)
    keys = ["shopper", question.level]
    rows = question.pairs.select(keys).join(
        h.names.select(keys).with_row_index("row"), on=keys, how="left", maintain_order="left"
    )["row"]
    x = best.columns(h, learning.parameters(model, h), SPAN, SEED)[rows.to_numpy()]
    for name, beside in IDEAS.items():
        yield name, _logistic(some, x, features.NAMES + beside)
    both = Both.fit(some, SEED)
    yield "the same, `active` and `recent` crossed", both.quadratic.probability(x)
    yield "boosted trees on all columns", np.asarray(both.trees.predict(x, num_threads=1))
    yield "mean of both logits (best)", both.probability(x)


def _logistic(some: Examples, x: Matrix, names: tuple[str, ...]) -> Array:
    """A logistic with crosses of the core, on some columns."""
    which = [best.NAMES.index(name) for name in names]
    mine = np.take(some.x, which, axis=1)
    centre = quadratic.start(mine, len(CORE), names.index("chance"))
    return quadratic.fit(mine, some.y, centre).probability(np.take(x, which, axis=1))


def main() -> None:
    days = year()
    for level in sys.argv[1:] or LEVELS:
        found: dict[str, list[pl.DataFrame]] = {}
        for cut in CUTS:
            note(f"{level} {cut}")
            question = Question.at(days, level, cut, HORIZON, KEEP)
            for name, said in answers(question):
                one = question.pairs.select("shopper").with_columns(
                    probability=pl.Series(np.clip(said, NEVER_SURE, 1 - NEVER_SURE)),
                    bought=question.bought,
                )
                found.setdefault(name, []).append(one)
        judge(level, found)


def judge(level: str, found: dict[str, list[pl.DataFrame]]) -> None:
    """A line an idea."""
    drawn = {}
    for name, parts in found.items():
        scored = backtest.scored(parts)
        drawn[name] = metrics.replicates("log_loss", scored).mean(axis=1)
        by_cut = [round(metrics.measure("log_loss", part), 5) for part in scored]
        value: dict[str, object] = {"log_loss": round(float(np.mean(by_cut)), 5), "cuts": by_cut}
        for metric in metrics.METRICS[1:]:
            value[metric] = round(float(np.mean([metrics.measure(metric, s) for s in scored])), 5)
        above = drawn[name] - drawn[OWN]
        value["above default"] = [round(v, 5) for v in (above.mean(), *metrics.interval(above))]
        report(f"{level}: {name}", value, None, ok=None)


if __name__ == "__main__":
    on_one_thread()
    main()
