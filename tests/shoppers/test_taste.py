"""Taste: what goes with what, never what was bought, the same for one household as for all."""

import random
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.sparse import csr_array

from promo.shoppers import taste, taste_items
from promo.shoppers.taste import Taste

DAY = date(2017, 11, 6)
COLUMNS = {
    "shopper": pl.String, "product": pl.String, "store": pl.String, "day": pl.Date,
    "units": pl.Int64, "paid": pl.Int64, "category": pl.String, "description": pl.String,
    "brand_owner": pl.String, "store_brand": pl.Boolean,
}  # fmt: skip
Row = tuple[str, str, int]  # shopper, product, days before the night


def rows(found: list[Row], units: int = 1) -> pl.DataFrame:
    """Profile rows: product `A07` is of category `A0`, and `P07` the popular ones."""
    full = [
        (h, p, "1", DAY - timedelta(age), units, 100 * units, p[:2], p[:2], f"maker {p[0]}", False)
        for h, p, age in found
    ]
    return pl.DataFrame(full, COLUMNS, orient="row")


def tastes(households: int = 120) -> pl.DataFrame:
    """Half buys A, half B, all buy P; a household knows six in ten of what it likes."""
    draw = random.Random(1)
    found: list[Row] = []
    for number in range(households):
        side = "AB"[number % 2]
        likes = [f"{side}{n:02d}" for n in range(40) if draw.random() < 0.6]
        likes += [f"P{n:02d}" for n in range(20) if draw.random() < 0.4]
        for product in likes:
            begin = draw.randrange(1, 120)
            ages = {begin, *(draw.randrange(1, begin + 1) for _ in range(3))}
            found += [(f"h{number:03d}", product, age) for age in sorted(ages)]
    return rows(found)


@pytest.fixture(scope="module")
def days() -> pl.DataFrame:
    return tastes()


@pytest.fixture(scope="module")
def fitted(days: pl.DataFrame) -> Taste:
    return Taste.fit(days, DAY, 7)


def test_each_household_is_shown_its_own_taste(days: pl.DataFrame, fitted: Taste) -> None:
    best = fitted.unseen(days, "product", 5)
    side = best.select(
        pl.col("shopper").str.slice(1).cast(pl.Int64) % 2, pl.col("item").str.head(1)
    )
    strange = side.filter(
        ((pl.col("shopper") == 0) & (pl.col("item") == "B"))
        | ((pl.col("shopper") == 1) & (pl.col("item") == "A"))
    )
    assert strange.is_empty()
    assert best.filter(pl.col("item").str.starts_with("P")).height < best.height / 2


@pytest.mark.parametrize("level", taste.LEVELS)
def test_nothing_that_was_bought_comes_back(days: pl.DataFrame, fitted: Taste, level: str) -> None:
    best = fitted.unseen(days, level, 1000)
    had = days.select("shopper", item=level).unique()
    assert best.join(had, on=["shopper", "item"], how="semi").is_empty()
    assert best.height == days["shopper"].n_unique() * fitted.items[level].height - had.height
    assert best.sort("shopper", "rank").equals(best)
    ordered = best.sort("shopper", "score", "item", descending=[False, True, False])
    assert ordered["item"].equals(best["item"])


def test_what_went_back_is_not_shown_either(fitted: Taste) -> None:
    back = pl.concat([rows([("x", "A01", 3), ("x", "A02", 3)]), rows([("x", "A02", 3)], -1)])
    assert not {"A01", "A02"} & set(fitted.unseen(back, "product", 1000)["item"])


@pytest.mark.parametrize("level", taste.LEVELS)
def test_a_household_is_the_same_alone(days: pl.DataFrame, fitted: Taste, level: str) -> None:
    together = fitted.unseen(days, level, 9)
    apart = [fitted.unseen(part, level, 9) for part in days.partition_by("shopper")]
    assert_frame_equal(pl.concat(apart).sort("shopper", "rank"), together, check_exact=True)


def test_equal_seeds_give_equal_bytes_and_a_reload_is_equal(
    days: pl.DataFrame, fitted: Taste, tmp_path: Path
) -> None:
    again = Taste.fit(days.sample(fraction=1.0, shuffle=True, seed=3), DAY, 7)
    for name, made in (("one", fitted), ("two", again)):
        made.save(tmp_path / name)
    for path in sorted((tmp_path / "one").iterdir()):
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name
    loaded = Taste.load(tmp_path / "one")
    assert_frame_equal(
        loaded.unseen(days, "product", 4), fitted.unseen(days, "product", 4), check_exact=True
    )


def test_only_what_is_asked_for(days: pl.DataFrame, fitted: Taste) -> None:
    some = fitted.unseen(days, "product", 50, among={"A01", "P03", "unheard"})
    everything = fitted.unseen(days, "product", 1000)
    wanted = everything.filter(pl.col("item").is_in(["A01", "P03"]))
    assert_frame_equal(some.drop("rank"), wanted.drop("rank"))
    assert fitted.unseen(days, "product", 50, among=[]).is_empty()


def test_a_stranger_gets_what_is_popular() -> None:
    """Nobody else buys what it bought; A01 is begun by more households than A02, and so on."""
    found = [
        (f"h{number:02d}", f"A{item:02d}", 3 * number + item)
        for item in range(1, 8)
        for number in range(1, 20 - 2 * item)
    ]
    made = Taste.fit(rows(found), DAY, 7)
    best = made.unseen(rows([("x", "Z00", 1), ("y", "Y00", 40)]), "product", 7)
    expected = [f"A{item:02d}" for item in range(1, 8)]
    assert best["shopper"].to_list() == ["x"] * 7 + ["y"] * 7
    assert best["item"].to_list() == expected * 2


def test_chances_are_kept(days: pl.DataFrame) -> None:
    cut = DAY - timedelta(14)
    made = Taste.fit(days.filter(pl.col("day") < cut), cut, 7)
    shown = made.unseen(days, "product", 1000)
    known = days.filter(pl.col("day") < cut)
    later = days.filter(pl.col("day") >= cut).select("shopper", item="product").unique()
    new = later.join(known.select("shopper", item="product"), on=["shopper", "item"], how="anti")
    bought = shown.join(new, on=["shopper", "item"], how="semi").height
    assert shown["probability"].is_between(0, 1).all()
    assert 0.5 * bought < shown["probability"].sum() < 2 * bought


@pytest.mark.parametrize("found", [[], [("h", "A01", 1)], [("h", "A01", 99), ("i", "A01", 99)]])
def test_little_is_no_error(found: list[Row]) -> None:
    made = Taste.fit(rows(found), DAY, 7)
    for level in taste.LEVELS:
        assert made.unseen(rows(found), level, 5).is_empty()


def test_neighbours_are_each_items_own_regression() -> None:
    """A second implementation: leave the item out and solve the ridge regression for it."""
    x = np.random.default_rng(5).poisson(3, (60, 6)).astype(np.float32)
    found = taste_items.neighbours(csr_array(x)).to_numpy()
    for item in range(6):
        others = [n for n in range(6) if n != item]
        z = x[:, others]
        expected = np.linalg.solve(z.T @ z + taste_items.DRAG * np.eye(5), z.T @ x[:, item])
        assert found[others, item] == pytest.approx(expected, abs=1e-5)


def test_folding_in_solves_the_weighted_least_squares() -> None:
    """A second implementation, dense: Hu, Koren & Volinsky 2008, equation 4, confidence = count."""
    counts = np.random.default_rng(6).poisson(0.7, (20, 9)).astype(np.float32)
    made = taste_items.factors(csr_array(counts), (4,), 3)
    y = made.to_numpy().astype(np.float64)
    found = taste_items.fold_in(csr_array(counts), pl.DataFrame({"factors": made}), (4,))
    for row, user in zip(counts, found, strict=True):
        weight = np.where(row > 0, row, 1.0)
        normal = (y * weight[:, None]).T @ y + np.eye(4)
        assert user == pytest.approx(np.linalg.solve(normal, y.T @ (weight * (row > 0))), abs=1e-3)


def test_logistic_finds_the_weights_and_falls_back_on_popularity() -> None:
    draw = np.random.default_rng(2)
    x = draw.normal(size=(40_000, 2)).astype(np.float32)
    y = (draw.random(40_000) < 1 / (1 + np.exp(2 - 1.5 * x[:, 0] + 0.5 * x[:, 1]))).astype(float)
    assert taste.logistic(x, y, np.ones(len(y)), 0) == pytest.approx([1.5, -0.5, -2], abs=0.08)
    assert taste.logistic(x, 0 * y, np.ones(len(y)), 1).tolist() == [0.0, 1.0, 0.0]
