from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from promo.config import Settings
from promo.shoppers import LEVELS, bgnbd, fitting, profiles
from promo.shoppers.fitting import Statistics
from promo.shoppers.models import POOL

DAY = date(2017, 11, 6)
PAIRS = {
    "level": pl.String, "category": pl.String,
    **dict.fromkeys(("x", "t_x", "T", "count", "units", "n"), pl.Int64),
}  # fmt: skip
DAYS = {
    "shopper": pl.String, "product": pl.String, "category": pl.String, "day": pl.Date,
    "store": pl.String, "units": pl.Int64, "paid": pl.Int64, "store_brand": pl.Boolean,
}  # fmt: skip
CATEGORY_OF = {"1": "MILK", "2": "MILK", "3": "SALT", "4": "LAXATIVES", "5": None}


def some_days(households: int = 40, rows: int = 900) -> pl.DataFrame:
    """As-of profile rows of some households, returns among them."""
    random = np.random.default_rng(1)
    found = [
        (f"h{shopper:02}", product, CATEGORY_OF[product], DAY - timedelta(age), "s", pieces,
         99 * pieces, product == "1")
        for shopper, product, age, pieces in zip(
            random.integers(0, households, rows).tolist(),
            random.choice(list(CATEGORY_OF), rows).tolist(),
            random.integers(1, 365, rows).tolist(),
            random.choice([-1, 1, 1, 2], rows).tolist(),
            strict=True,
        )
    ]  # fmt: skip
    return pl.DataFrame(found, DAYS, orient="row")


def same(a: Statistics, b: Statistics) -> None:
    assert_frame_equal(a.pairs, b.pairs)
    assert_frame_equal(a.spends, b.spends)
    assert_frame_equal(a.totals, b.totals)
    assert a.households == b.households


def test_the_statistics_of_parts_add_up_to_those_of_the_whole(settings: Settings) -> None:
    days = some_days()
    whole = fitting.statistics(days, settings, DAY)
    number = pl.col("shopper").str.slice(1).cast(pl.Int64) % 3
    one, two, three = (
        fitting.statistics(days.filter(number == part), settings, DAY) for part in range(3)
    )
    none = fitting.statistics(days.clear(), settings, DAY)
    total = fitting.Statistics.total
    same(total([one, two, three]), whole)
    same(total([three, total([none, one]), two]), whole)


def test_statistics_count_every_pair_once(settings: Settings) -> None:
    days = some_days()
    found = fitting.statistics(days, settings, DAY)
    said = days.filter(pl.col("category") != "LAXATIVES")
    for level in LEVELS:
        bought = profiles.purchases(said, level)
        of_level = found.pairs.filter(pl.col("level") == level)
        sums = of_level.select(pl.col("count", "n", "units").sum()).row(0)
        assert sums == (bought.height, bought["n"].sum(), bought["units"].sum())
    assert found.households == days["shopper"].n_unique()


def test_unsaid_categories_are_no_input_but_count_as_spend(settings: Settings) -> None:
    rows = [("h", "4", "LAXATIVES", DAY - timedelta(age), "s", 1, 500, False) for age in (9, 30)]
    found = fitting.statistics(pl.DataFrame(rows, DAYS, orient="row"), settings, DAY)
    assert found.pairs.is_empty()
    assert found.spends.is_empty()
    assert found.totals.rows() == [(1000, 1)]


def pairs_of(p: bgnbd.Parameters, category: str, households: int, seed: int) -> pl.DataFrame:
    """Histogram rows of households that buy as the parameters say, day by day."""
    random = np.random.default_rng(seed)
    T = random.integers(100, 365, households)
    rate, stop = random.gamma(p.r, 1 / p.alpha, households), random.beta(p.a, p.b, households)
    x, t_x = np.zeros(households, dtype=np.int64), np.zeros(households)
    alive = np.ones(households, dtype=bool)
    while alive.any():
        then = t_x + random.exponential(1 / rate)
        bought = alive & (then <= T)
        x, t_x = x + bought, np.where(bought, then, t_x)
        alive = bought & (random.random(households) >= stop)
    columns = {"x": x, "t_x": t_x.astype(np.int64), "T": T, "n": x + 1, "units": 2 * (x + 1)}
    both = [pl.DataFrame({"level": lv, "category": category, **columns}) for lv in LEVELS]
    return pl.concat(both).with_columns(count=pl.lit(1, pl.Int64)).select(list(PAIRS))


def test_cycles_are_found_again_by_category() -> None:
    truths = {
        "MILK": bgnbd.Parameters(*np.array([1.5, 20.0, 0.4, 4.0])),
        "SALT": bgnbd.Parameters(*np.array([0.6, 60.0, 0.8, 2.0])),
    }
    pairs = pl.concat([pairs_of(p, name, 8000, seed=5) for name, p in truths.items()])
    found = fitting.fit_cycles(pairs)
    assert found.select("level", "category", "pairs", "units").rows() == [
        (level, name, pairs, 2.0)
        for level in ("category", "product")
        for name, pairs in ((POOL, 16000), ("MILK", 8000), ("SALT", 8000))
    ]
    for name, truth in truths.items():
        row = found.filter(pl.col("level") == "category", pl.col("category") == name)
        logs = np.log(row.select("r", "alpha", "a", "b").to_numpy()[0])
        assert logs == pytest.approx(truth.logs, abs=0.25)


def test_a_small_category_is_drawn_to_the_pool() -> None:
    milk = pairs_of(bgnbd.Parameters(*np.array([1.5, 20.0, 0.4, 4.0])), "MILK", 4000, seed=5)
    rare = [("category", "RARE", 0, 0, 300, 3, 3, 3), ("product", "RARE", 0, 0, 300, 3, 3, 3)]
    found = fitting.fit_cycles(pl.concat([milk, pl.DataFrame(rare, PAIRS, orient="row")]))
    products = found.filter(pl.col("level") == "product").select("category", "r", "alpha", "a", "b")
    by_name = {name: np.log(values) for name, *values in products.rows()}
    alone = bgnbd.fit(bgnbd.History(*(np.array([v]) for v in (0.0, 0.0, 300.0, 3.0))))
    drawn = abs(by_name["RARE"] - by_name[POOL]).max()
    assert 0 < drawn < 1.5 < abs(alone.logs - by_name[POOL]).max()


def test_a_histogram_says_the_same_as_its_rows() -> None:
    rows = pairs_of(bgnbd.Parameters(*np.array([1.5, 20.0, 0.4, 4.0])), "MILK", 900, seed=5)
    keys = ["level", "category", "x", "t_x", "T"]
    histogram = rows.group_by(keys).sum().sort(keys)
    assert histogram.height < rows.height
    assert_frame_equal(fitting.fit_cycles(histogram), fitting.fit_cycles(rows), rel_tol=1e-3)


PRODUCTS = pl.DataFrame(
    {
        "id": ["1", "2", "3"],
        "category": ["MILK", "MILK", "SALT"],
        "store_brand": [True, False, False],
    }
)


def test_category_sales_count_every_scan_with_a_card_or_without() -> None:
    rows = [("h1", "1", 300), (None, "1", 500), (None, "2", 200), ("h1", "3", 50), ("h1", "9", 7)]
    scans = pl.DataFrame(rows, ["shopper", "product", "paid"], orient="row")
    found = fitting.category_sales([scans[:2].lazy(), scans[2:].lazy()], PRODUCTS)
    assert found.select("category", "own", "paid").rows() == [
        ("MILK", 800, 1000),
        ("SALT", 0, 50),
    ]


def test_lines_of_the_grid(settings: Settings) -> None:
    spends = pl.DataFrame(
        [("MILK", 100 * n, 1) for n in range(1, 11)] + [("SALT", 70, 4), ("RICE", 10, 1)],
        {"category": pl.String, "bin": pl.Int64, "count": pl.Int64},
        orient="row",
    )
    sales = pl.DataFrame(
        {"category": ["MILK", "RICE", "SALT"], "own": [800, -10, 0], "paid": [1000, 50, 0]}
    )
    found = fitting.fit_categories(spends, sales, settings.segments)
    assert found.rows() == [
        # of fifteen pairs three may be heavy, and seven (not eight) at least medium
        (POOL, 15, 790 / 1050, 400, 800),
        ("MILK", 10, 0.8, 600, 900),
        ("RICE", 1, 0.0, 10, 10),  # more store brand returned than sold
        ("SALT", 4, 0.0, 70, 70),
    ]


def test_a_model_says_where_the_tiers_begin(settings: Settings) -> None:
    totals = pl.DataFrame({"bin": [100 * n for n in range(1, 41)], "count": [1] * 40})
    found = fitting.statistics(some_days(), settings, DAY)
    known = Statistics(found.pairs, found.spends, totals, 40)
    sales = pl.DataFrame({"category": ["MILK"], "own": [1], "paid": [2]})
    grid, tiers = fitting.fit_segments(known, sales, settings)
    assert tiers == {"top": 4000, "high": 3300}  # one of forty, and eight of forty
    assert grid["category"].to_list() == [POOL, "MILK", "SALT"]
