"""The bar of taste: what households begin to buy, found better than by popularity.

    .venv/bin/python scripts/bench/taste_bar.py            four cuts of Complete Journey
    .venv/bin/python scripts/bench/taste_bar.py --quick    one cut

For each household the items it has never bought are ranked; counted is the share of its first
purchases in the fortnight after the cut that stand in the first ten categories or fifty products.
The rival ranks by how many households bought the item in the last 28, 56 or all days, whichever
does best over all cuts. Intervals: 1,000 resamples over households.
"""

import argparse
import time
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl
from kit import note, report

from promo.calendar import FORTNIGHT
from promo.scans import complete_journey
from promo.shoppers.taste import Taste

CUTS = [date(2017, 9, 3), date(2017, 10, 1), date(2017, 10, 29), date(2017, 11, 26)]
TOP = {"category": 10, "product": 50}
LIMIT = {"category": 1.08, "product": 1.15}
BEYOND = 400  # popular items looked at for a household's unseen ones; nobody bought so many of them
POPULAR = (28, 56, 400)
RESAMPLES = 1000
SEED = 20171106


def read_days() -> pl.DataFrame:
    """What each household bought of each product on each store-local day, petrol left out."""
    source = complete_journey.folder("installed")
    products = complete_journey.table(source, "products", None, None)
    facts = products.select(
        "category", "description", "brand_owner", "store_brand", product=pl.col("code")
    )
    scans = complete_journey.table(source, "scans", None, None)
    return (
        scans.filter(pl.col("paid") > 0, pl.col("quantity") > 0)
        .select("product", "store", "paid", shopper="card", day="business_day",
                units=pl.col("quantity").ceil().cast(pl.Int64))
        .join(facts, on="product", how="left", maintain_order="left")
        .filter((pl.col("category") != complete_journey.PETROL).fill_null(value=True))
    )  # fmt: skip


def households(known: pl.DataFrame, cut: date) -> pl.DataFrame:
    """Those with four shopping days before the cut, and one in the last 56."""
    shops = known.group_by("shopper").agg(n=pl.col("day").n_unique(), last=pl.col("day").max())
    good = shops.filter(pl.col("n") >= 4, pl.col("last") >= cut - timedelta(56))
    return good.select("shopper").sort("shopper")


def popular(known: pl.DataFrame, who: pl.DataFrame, level: str, cut: date, n: int) -> pl.DataFrame:
    """The most popular items that each household has never bought."""
    recent = known.filter(pl.col("day") >= cut - timedelta(n), pl.col(level).is_not_null())
    buyers = recent.group_by(item=level).agg(n=pl.col("shopper").n_unique())
    best = buyers.sort("n", "item", descending=[True, False]).head(BEYOND).with_row_index()
    had = known.select("shopper", item=level).unique()
    unseen = who.join(best, how="cross").join(had, on=["shopper", "item"], how="anti")
    ranked = unseen.with_columns(rank=pl.col("index").rank("ordinal").over("shopper"))
    return ranked.filter(pl.col("rank") <= TOP[level])


def one_cut(days: pl.DataFrame, cut: date) -> list[pl.DataFrame]:
    """Hits a household, level and ranking at a cut, and how many first purchases there were."""
    known = days.filter(pl.col("day") < cut)
    began = time.perf_counter()
    taste = Taste.fit(known, cut, SEED)
    fitted = time.perf_counter()
    who = households(known, cut)
    after = days.filter(pl.col("day").is_between(cut, cut + timedelta(FORTNIGHT - 1)))
    lists = {level: taste.unseen(known, level, TOP[level]) for level in TOP}
    scored = time.perf_counter()
    note(f"{cut}: fitted in {fitted - began:.0f} s, scored in {scored - fitted:.0f} s")
    found = []
    for level in TOP:
        had = known.select("shopper", item=level).unique()
        bought = after.select("shopper", item=level).drop_nulls().unique()
        new = bought.join(had, on=["shopper", "item"], how="anti").join(who, on="shopper")
        mine = lists[level].join(who, on="shopper")
        hits = who.join(new.group_by("shopper").agg(total=pl.len()), on="shopper", how="left")
        rivals = {f"popular{n}": popular(known, who, level, cut, n) for n in POPULAR}
        for name, ranking in {"taste": mine, **rivals}.items():
            hit = ranking.join(new, on=["shopper", "item"]).group_by("shopper")
            hits = hits.join(hit.agg(pl.len().alias(name)), on="shopper", how="left")
        right = mine.join(new, on=["shopper", "item"]).height
        sums = mine.select(said=pl.col("probability").sum(), shown=pl.len())
        note(f"{cut} {level}: said {sums['said'].item():.0f}, bought {right} of {mine.height}")
        found.append(hits.fill_null(0).with_columns(level=pl.lit(level), cut=cut))
    return found


def ratios(hits: pl.DataFrame) -> tuple[str, float, np.ndarray, dict[str, float]]:
    """The best rival, taste's share over its share, resamples of that, and all shares."""
    names = ["taste", *(f"popular{n}" for n in POPULAR)]
    by_household = hits.group_by("shopper").agg(pl.col("total", *names).sum()).sort("shopper")
    sums = by_household.select("total", *names).to_numpy()
    shares = dict(zip(names, sums[:, 1:].sum(axis=0) / sums[:, 0].sum(), strict=True))
    rival = max(names[1:], key=lambda name: shares[name])
    chance = np.random.default_rng(SEED)
    drawn = chance.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=RESAMPLES) @ sums
    spread = drawn[:, 1] / drawn[:, 1 + names.index(rival)]
    return rival, float(shares["taste"] / shares[rival]), spread, shares


def judge(cuts: Sequence[date] = CUTS) -> None:
    """Both bars, over all cuts together; every cut's ratio is noted."""
    days = read_days()
    hits = pl.concat([frame for cut in cuts for frame in one_cut(days, cut)])
    for level in TOP:
        some = hits.filter(pl.col("level") == level)
        for cut in cuts:
            rival, ratio, _, _ = ratios(some.filter(pl.col("cut") == cut))
            note(f"{level} {cut}: {ratio:.3f} times {rival}")
        rival, ratio, spread, shares = ratios(some)
        low, high = np.quantile(spread, [0.025, 0.975]).tolist()
        value = {"ratio": round(ratio, 3), "low": round(low, 3), "high": round(high, 3)}
        told = {name: round(float(share), 4) for name, share in shares.items()}
        good = bool(ratio >= LIMIT[level] and low > 1)
        report(f"never bought: {level}", value | {"rival": rival} | told, LIMIT[level], ok=good)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--quick", action="store_true", help="one cut")
    judge(CUTS[2:3] if words.parse_args().quick else CUTS)


if __name__ == "__main__":
    main()
