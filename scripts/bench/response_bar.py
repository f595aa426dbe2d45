"""The bar of response: who redeems, learned from earlier campaigns, held against later ones.

    .venv/bin/python scripts/bench/offers.py --only response

Complete Journey's campaigns of types B and C, whose households held every coupon. For every
campaign the model has learned from those that had ended when it began; the first ones, before
FEWEST redemptions were to be learned from, are left out. Rivals: the same model without
proneness ("purchases alone"); counted days; the rate by cell of bought days and past coupon use.
Intervals: 1,000 resamples over households.
"""

import numpy as np
import polars as pl
from campaigns import FIRST, campaigns, known
from kit import report

from promo.offers import response
from promo.shoppers import metrics
from promo.shoppers.metrics import Scored

FEWEST = 50
TENTH = 10
ELASTICITY = 0.5  # without effect: all depths are equal here
GAIN, WITHIN = 0.04, 0.20
DAYS, USES = (0.5, 1.5, 3.5, 7.5), (-3.2, -2.6, -2.0)  # where cells of bought days, proneness end


def printed() -> pl.DataFrame:
    """Every pair of the campaigns, with what was known and what became of it."""
    return pl.concat([known(c) for c in campaigns("BC") if c.starts >= FIRST])


def forward(pairs: pl.DataFrame) -> pl.DataFrame:
    """Pairs of later campaigns, each with the answers of models that learned from earlier ones."""
    found = []
    for (starts,), later in pairs.partition_by("starts", as_dict=True).items():
        earlier = pairs.filter(pl.col("ends") < starts)
        if earlier["redeemed"].sum() >= FEWEST:
            found.append(
                later.with_columns(
                    full=answers(earlier, later),
                    alone=answers(flat(earlier), flat(later)),
                    cell=cells(earlier, later, ("days",)),
                    cells=cells(earlier, later, ("days", "uses")),
                )
            )
    return pl.concat(found)


def answers(earlier: pl.DataFrame, later: pl.DataFrame) -> pl.Series:
    """What a model that learned from the earlier pairs says of the later ones."""
    model = response.fit(earlier, response.unlearned(earlier), ELASTICITY)
    return pl.Series(model.probability(later, ELASTICITY))


def flat(pairs: pl.DataFrame) -> pl.DataFrame:
    """The same pairs with nothing known of how households use coupons."""
    return pairs.with_columns(proneness=pl.lit(0.0))


def cells(earlier: pl.DataFrame, later: pl.DataFrame, by: tuple[str, ...]) -> pl.Series:
    """The earlier pairs' rate in the later pair's cell, ten pairs at the whole rate added."""
    days, uses = (
        pl.sum_horizontal(pl.col(name) > edge for edge in edges)
        for name, edges in (("bought_days", DAYS), ("proneness", USES))
    )
    whole = earlier["redeemed"].mean()
    rate = (pl.col("redeemed").sum() + 10 * pl.lit(whole)) / (pl.len() + 10)
    rates = (
        earlier.with_columns(days_=days, uses_=uses).group_by(*(f"{b}_" for b in by)).agg(rate=rate)
    )
    placed = later.with_columns(days_=days, uses_=uses)
    joined = placed.join(rates, on=[f"{b}_" for b in by], how="left", maintain_order="left")
    return joined["rate"].fill_null(whole)


def judge() -> None:
    """The bar, over all later campaigns together."""
    _judge(forward(printed()))


def judge_quickly() -> None:
    """The same: it takes a minute."""
    judge()


def _judge(later: pl.DataFrame) -> None:
    household = later["shopper"].rank("dense").to_numpy().astype(np.intp) - 1
    y = later["redeemed"].to_numpy()
    names = ("full", "alone", "bought_days", "cell", "cells")
    scored = {n: Scored(household, later[n].cast(pl.Float64).to_numpy(), y) for n in names}
    auc = {n: round(metrics.measure("auc", s), 4) for n, s in scored.items()}
    draws = {n: metrics.replicates("auc", [scored[n]])[:, 0] for n in ("full", "alone")}
    low, high = metrics.interval(draws["full"] - draws["alone"])
    gain = auc["full"] - auc["alone"]
    value = {"gain": round(gain, 4), "low": round(low, 4), "high": round(high, 4)} | auc
    report("response: AUC gain over purchases", value, GAIN, ok=gain >= GAIN and low > 0)
    _judge_top(scored["full"])
    losses = {
        n: round(metrics.measure("log_loss", scored[n]), 5) for n in names if n != "bought_days"
    }
    less = {n: metrics.replicates("log_loss", [scored[n]])[:, 0] for n in ("full", "cells")}
    low, high = metrics.interval(less["full"] - less["cells"])
    against = losses | {"low": round(low, 5), "high": round(high, 5)}
    better = losses["full"] < min(losses["cell"], losses["cells"])
    report("response: log-loss less cells'", against, "below cell and cells", ok=better)


def _judge_top(scored: Scored) -> None:
    """What was said of the most probable tenth, and what it did; by household draws as well."""
    p, y = scored.probability, scored.bought
    top = np.argsort(-p, kind="stable")[: len(p) // TENTH]
    said, did = float(p[top].mean()), float(y[top].mean())
    size = int(scored.household.max()) + 1
    sums = [np.bincount(scored.household[top], v[top], size) for v in (p, y)]
    drawn = np.random.default_rng(1).multinomial(size, np.full(size, 1 / size), metrics.DRAWS)
    low, high = np.quantile((drawn @ sums[0]) / (drawn @ sums[1]), [0.025, 0.975]).tolist()
    value = {
        "said": round(said, 4), "redeemed": round(did, 4), "ratio": round(said / did, 3),
        "low": round(low, 3), "high": round(high, 3), "pairs": len(p), "redemptions": int(y.sum()),
    }  # fmt: skip
    report("response: top tenth", value, WITHIN, ok=abs(said / did - 1) <= WITHIN)
