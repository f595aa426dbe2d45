"""The bar of the replay: of the coupons that were redeemed, how many stand in our sixteen?

    .venv/bin/python scripts/bench/offers.py --only replay

Complete Journey's four type-A campaigns: the chain chose sixteen coupons a household from a pool
of about two hundred. Here a household's pool is put in order by `habits`, as the night orders
offers of equal worth, from scans before the campaign began; one setting for all four. Counting
orders by past scans of the coupon's products. Ties are broken by chance, 10 seeds. It rewards
imitating the chain: read it as "would not have lost what people used", never as lift.
"""

import numpy as np
import polars as pl
from campaigns import campaigns, known
from kit import ROOT, note, report
from numpy.typing import NDArray

from promo.offers import response
from promo.shoppers import metrics
from promo.shoppers.models import PRIOR

SEEDS = 10
SHORT, LONG = 8, 16
LIMITS = {"recall@16": 0.66, "gain": 0.02, "brand": 0.56, "recall@8": 0.46}
Array = NDArray[np.float64]


def pools() -> pl.DataFrame:
    """The pools of all households that redeemed something, with what was known of each pair."""
    found = pl.concat([known(campaign) for campaign in campaigns("A")])
    used = found.filter(pl.col("redeemed") > 0).select("campaign", "shopper").unique()
    return found.join(used, on=["campaign", "shopper"], how="semi", maintain_order="left")


def chosen(pairs: pl.DataFrame, score: Array, most: int) -> Array:
    """How often, over the seeds, each pair stands among the best of its household; shape (n,)."""
    pool = pairs.select(pl.struct("campaign", "shopper").rank("dense")).to_series().to_numpy()
    total = np.zeros(len(score))
    first = np.searchsorted(np.sort(pool), np.arange(pool.max() + 2))
    for seed in range(SEEDS):
        order = np.lexsort((np.random.default_rng(seed).random(len(score)), -score, pool))
        place = np.arange(len(score)) - first[pool[order]]
        total[order] += place < most
    return total / SEEDS


def column(pairs: pl.DataFrame, name: str) -> Array:
    """A column as floats."""
    return pairs[name].cast(pl.Float64).to_numpy()


def judge() -> None:
    """The bars, and what else could have been chosen by."""
    pairs = pools()
    used = pairs["redeemed"].to_numpy()
    brand = used * ~pairs["wide"].to_numpy()
    score = as_the_night(pairs)
    ours, count = (used * chosen(pairs, s, LONG) for s in (score, column(pairs, "lines")))
    short = used * chosen(pairs, score, SHORT)
    for (number,), rows in pairs.with_row_index().partition_by("campaign", as_dict=True).items():
        at = rows["index"].to_numpy()
        share = ours[at].sum() / used[at].sum()
        note(f"campaign {number}: {share:.3f} of {used[at].sum():.0f}, counting "
             f"{count[at].sum() / used[at].sum():.3f}")  # fmt: skip
    days = used * chosen(pairs, column(pairs, "bought_days"), LONG)
    note(f"counting days {days.sum() / used.sum():.4f}")
    _report("recall@16", pairs, ours, used)
    _report("brand", pairs, ours * brand, brand)
    _report("recall@8", pairs, short, used)
    _report("gain", pairs, ours - count, used)


def judge_quickly() -> None:
    """The same: it takes a minute."""
    judge()


def as_the_night(pairs: pl.DataFrame) -> Array:
    """The probability of a redemption at equal depth, by the shipped prior's weights.

    Within a household it is in the order of the habit alone, whatever the weights.
    """
    model = response.load(ROOT / "models", PRIOR)
    return model.probability(pairs, 0.0)


def _report(name: str, pairs: pl.DataFrame, hits: Array, of: Array) -> None:
    """A share with its interval over households drawn anew."""
    household = pairs["shopper"].rank("dense").to_numpy() - 1
    size = int(household.max()) + 1
    sums = [np.bincount(household, values, size) for values in (hits, of)]
    drawn = np.random.default_rng(1).multinomial(size, np.full(size, 1 / size), metrics.DRAWS)
    low, high = metrics.interval((drawn @ sums[0]) / (drawn @ sums[1]))
    share = float(hits.sum() / of.sum())
    value = {"value": round(share, 4), "low": round(low, 4), "high": round(high, 4)}
    good = share >= LIMITS[name] and (name != "gain" or low > 0)
    report(f"replay: {name}", value, LIMITS[name], ok=good)
