"""Households in their first four weeks: better forecast than by their categories' base rates.

Asked is every category that such a household has bought at least once. Few households are new at
any time, so cuts every fortnight from March to December are pooled; the model is fitted afresh at
every second one, and never on days after its own. The rival is the share of pairs of a category
that were bought in past fortnights, among newcomers or among all households: whichever does best.
"""

from datetime import date, timedelta
from functools import cache

import journey
import numpy as np
import polars as pl
from kit import note, report

from promo.calendar import Window
from promo.shoppers import backtest, metrics, profiles, universe
from promo.shoppers.backtest import Question
from promo.shoppers.learning import Learned

NEW = 28  # days since the household's first trip
FIRST, LAST = date(2017, 3, 12), date(2017, 12, 17)
CUTS = tuple(FIRST + timedelta(14 * i) for i in range((LAST - FIRST).days // 14 + 1))
EARLIEST = date(2017, 1, 8)  # before it nobody has a past
REFIT = 2  # cuts
WINDOWS = 6  # past fortnights that base rates are counted over
DRAWN = 20  # pairs at the mean of all categories that are added to each one's own
RIVALS = ("newcomers", "bought once", "all")


def ask(cut: date, *, new: bool = True) -> Question:
    """Every category bought before a cut, by newcomers or by all who came in the last 56 days."""
    known = profiles.as_of(journey.year(), cut, journey.KEEP)
    came = known.group_by("shopper").agg(begun=pl.col("day").min(), last=pl.col("day").max())
    who = came.filter(
        pl.col("begun") >= cut - timedelta(NEW) if new else pl.col("last") >= cut - timedelta(56)
    )
    pairs = profiles.purchases(known, "category").join(who, on="shopper", how="semi")
    window = Window(cut, cut + timedelta(journey.HORIZON - 1))
    bought = universe.bought(pairs, journey.year(), "category", window)
    return Question("category", cut, window, known, pairs, bought)


def past(cut: date) -> pl.DataFrame:
    """What was seen at the past cuts whose fortnights are over."""
    cuts = (cut - timedelta(14 * back) for back in range(1, WINDOWS + 1))
    return pl.concat([seen(before) for before in cuts if before > EARLIEST])


@cache
def seen(cut: date) -> pl.DataFrame:
    """category, n, bought, and whether the household was new, of all pairs at a cut."""
    asked = ask(cut, new=False)
    begun = asked.days.group_by("shopper").agg(begun=pl.col("day").min())
    new = pl.col("begun") >= cut - timedelta(NEW)
    pairs = asked.pairs.join(begun, on="shopper", how="left", maintain_order="left")
    return pairs.select("category", "n", new=new, bought=asked.bought)


def base_rates(before: pl.DataFrame, question: Question) -> pl.DataFrame:
    """Of each pair asked about, its category's share bought, as each of RIVALS counts it."""
    kinds = {"newcomers": pl.col("new"), "bought once": pl.col("n") == 1, "all": pl.lit(value=True)}
    found = question.pairs.select("category")
    for name, kind in kinds.items():
        of = before.filter(kind)
        mean = float(of["bought"].sum()) / of.height
        share = (pl.col("bought").sum() + DRAWN * mean) / (pl.len() + DRAWN)
        shares = of.group_by("category").agg(share.alias(name))
        found = found.join(shares, on="category", how="left", maintain_order="left")
        found = found.with_columns(pl.col(name).fill_null(mean))
    return found


def answers(cuts: tuple[date, ...]) -> dict[str, list[pl.DataFrame]]:
    """The model's forecasts and the rivals', cut by cut, with what was bought."""
    found: dict[str, list[pl.DataFrame]] = {name: [] for name in ("model", *RIVALS)}
    for number, cut in enumerate(cuts):
        if number % REFIT == 0:
            model = Learned("category", journey.HORIZON)
            model.fit(journey.year(), cut)
        question = ask(cut)
        said = question.predict(model)
        rates = base_rates(past(cut), question)
        found["model"].append(said)
        for name in RIVALS:
            found[name].append(said.with_columns(probability=rates[name]))
        note(f"newcomers {cut}: {question.pairs['shopper'].n_unique()} households")
    return found


def judge(cuts: tuple[date, ...] = CUTS) -> None:
    """The bar: log-loss of all cuts' pairs together, with the interval of its difference."""
    pooled = {name: backtest.scored([pl.concat(parts)])[0] for name, parts in answers(cuts).items()}
    loss = {name: metrics.measure("log_loss", s) for name, s in pooled.items()}
    rival = min(RIVALS, key=lambda name: loss[name])
    drawn = {name: metrics.replicates("log_loss", [pooled[name]])[:, 0] for name in pooled}
    low, high = metrics.interval(drawn["model"] - drawn[rival])
    model = pooled["model"]
    value = {
        "pairs": len(model.bought),
        "households": len(np.unique(model.household)),
        "bought": round(float(model.bought.mean()), 4),
        "log_loss": {name: round(value, 4) for name, value in loss.items()},
        "calibration_error": round(metrics.measure("calibration_error", model), 4),
        "less_than": rival,
        "difference": [round(x, 4) for x in (loss["model"] - loss[rival], low, high)],
    }
    judged = cuts == CUTS  # a few cuts have too few households
    report("newcomers: log-loss less than by base rates", value, 0, ok=high < 0 if judged else None)


if __name__ == "__main__":
    judge()
