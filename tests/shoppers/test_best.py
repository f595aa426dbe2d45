"""The best forecasts: columns by hand and against a second implementation, the learners' mean."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from promo.calendar import Window
from promo.shoppers import (
    best,
    bgnbd,
    boosting,
    crowd,
    examples,
    histories,
    metrics,
    neighbours,
    profiles,
    universe,
)
from promo.shoppers.best import GIVEN, NAMES, ORDER, Best, Both
from promo.shoppers.bgnbd import Parameters
from promo.shoppers.crowd import Past
from promo.shoppers.features import Span
from promo.shoppers.histories import Histories
from promo.shoppers.metrics import Array
from promo.shoppers.models import ModelError
from promo.shoppers.quadratic import Quadratic
from shoppers.purchases import CUT, chain, days

WINDOW = Window(CUT, CUT + timedelta(13))
CHAIN = chain()
PARAMETERS = Parameters(*(np.array(v) for v in (0.8, 30.0, 0.2, 3.0)))


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best, "ROUNDS", 15)


def history(rows: pl.DataFrame, level: str = "category", back: int = 0) -> Histories:
    day = CUT - timedelta(back)
    return histories.of(profiles.as_of(rows, day, histories.OLDEST), level, day)


def every(h: Histories) -> Parameters:
    return Parameters(*(np.full(len(h.start), v) for v in (0.8, 30.0, 0.2, 3.0)))


def pasts(h: Histories) -> tuple[Past, ...]:
    return tuple(crowd.pasts(h, every(h)))


def answers(known: pl.DataFrame, level: str = "category", seed: int = 1) -> pl.DataFrame:
    model = Best(level, 14, seed)
    model.fit(known, CUT)
    return model.predict(known, universe.pairs(CHAIN, level, CUT), CUT, WINDOW)


# --- the model -----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["category", "product"])
def test_it_knows_more_than_the_share_bought(level: str) -> None:
    found = answers(CHAIN, level)
    pairs = universe.pairs(CHAIN, level, CUT)
    bought = universe.bought(pairs, CHAIN, level, WINDOW).to_numpy()
    said = found["probability"].to_numpy()
    assert found.columns == ["probability", "expected_day"]
    assert metrics.auc(said, bought) > 0.7
    assert metrics.log_loss(said, bought) < metrics.log_loss(
        np.full(len(bought), bought.mean()), bought
    )
    assert (found["expected_day"] >= CUT).all()


def test_the_same_again_and_nothing_from_after_the_cut() -> None:
    past = CHAIN.filter(pl.col("day") < CUT)
    assert answers(CHAIN).equals(answers(past.sample(fraction=1, shuffle=True, seed=3)))


def test_answers_come_in_the_order_of_the_pairs() -> None:
    model = Best("product", 14)
    model.fit(CHAIN, CUT)
    pairs = universe.pairs(CHAIN, "product", CUT)
    mixed = pairs.sample(fraction=1, shuffle=True, seed=5)
    asked, again = (model.predict(CHAIN, some, CUT, WINDOW) for some in (pairs, mixed))
    keys = ["shopper", "product"]
    assert pairs.select(keys).hstack(asked).sort(keys).equals(
        mixed.select(keys).hstack(again).sort(keys)
    )  # fmt: skip


def test_without_the_extra_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(boosting, "installed", lambda: False)
    with pytest.raises(ModelError, match=r"pip install 'promo\[boosting\]'"):
        Best("category", 14).fit(CHAIN, CUT)


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (days(("a", "MILK", 1)), "Nothing was bought before 2017-11-06: take in more history"),
        (
            CHAIN.filter(pl.col("day") >= CUT - timedelta(10)),
            "nothing to learn from before 2017-11-06: no pair bought twice .* in 14 days",
        ),
    ],
)
def test_too_little_to_learn_from_is_a_sentence(known: pl.DataFrame, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        Best("category", 14).fit(known, CUT)


def test_what_was_not_fitted_is_not_answered() -> None:
    model = Best("category", 14)
    pairs = universe.pairs(CHAIN, "category", CUT)
    with pytest.raises(ModelError, match="not been fitted"):
        model.predict(CHAIN, pairs, CUT, WINDOW)
    model.fit(CHAIN, CUT)
    for window in (Window(CUT, CUT + timedelta(6)), Window(CUT + timedelta(7), WINDOW.last)):
        with pytest.raises(ModelError, match="fitted for 14 days from the cut on"):
            model.predict(CHAIN, pairs, CUT, window)


class Trees:
    """Boosted trees that answer what they are told."""

    def __init__(self, said: Array) -> None:
        self.said = said

    def predict(self, x: Array, num_threads: int) -> Array:
        return self.said[: len(x) * num_threads]


def test_the_answer_is_the_mean_of_both_logits() -> None:
    flat = Quadratic(np.zeros(1), np.ones(1), 0.0, np.ones(1), np.zeros((0, 0)))
    both = Both(flat, Trees(np.array([0.5, 0.9, 1 - 1e-12])))  # type: ignore[arg-type]
    found = both.probability(np.array([[2.0], [0.0], [4.0]], np.float32))
    assert found == pytest.approx([1 / (1 + np.exp(-1)), 0.75, 1 - 1e-4])


def test_every_column_is_there_once() -> None:
    assert sorted(ORDER) == list(range(len(GIVEN)))
    assert [GIVEN[i] for i in ORDER] == list(NAMES)


# --- as of the day in question -------------------------------------------------------------------


@pytest.mark.parametrize("level", ["category", "product"])
def test_an_example_sees_what_a_forecast_on_its_day_would_have_seen(level: str) -> None:
    then, _ = history(CHAIN, level).before(28, histories.SPAN)
    direct = history(CHAIN, level, back=28)
    for one, other in zip(pasts(then), pasts(direct), strict=True):
        assert np.array_equal(one.bought, other.bought)
        assert one.expected == pytest.approx(other.expected)
    ours, theirs = (
        np.hstack([crowd.columns(h, pasts(h)), neighbours.columns(h, pasts(h), 1)])
        for h in (then, direct)
    )
    assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-4)


def test_columns_beside_stand_to_the_right_of_the_features() -> None:
    h = history(CHAIN)
    key = ("repeat", Span(0, 14))
    asked: list[int] = []

    def beside(then: Histories, p: Parameters) -> np.ndarray:
        asked.append((CUT - then.day).days)
        return then.n[:, None].astype(np.float32)

    without = examples.gather(h, every(h), histories.OLDEST, {key: 3})[key]
    found = examples.gather(h, every(h), histories.OLDEST, {key: 3}, beside)[key]
    assert asked == [14, 28, 42, 56, 70, 84]
    assert np.array_equal(found.x[:, :-1], without.x)
    assert np.array_equal(found.y, without.y)
    assert found.x[:, -1].min() == 2


# --- the crowd -----------------------------------------------------------------------------------


def crowd_of(h: Histories, *some: Past) -> dict[str, list[float]]:
    found = crowd.columns(h, some or pasts(h))
    return {name: found[:, i].tolist() for i, name in enumerate(crowd.NAMES)}


def test_habits_of_an_item_by_hand() -> None:
    h = history(days(("a", "MILK", -40), ("a", "MILK", -20), ("b", "MILK", -60), ("b", "SALT", -3)))
    found = crowd_of(h)  # rows: a MILK, b MILK, b SALT
    assert found["buyers"] == pytest.approx(np.log([2, 2, 1]))
    assert found["repeats"] == pytest.approx(np.log([1.5, 1.5, 1]))
    assert found["repeaters"] == pytest.approx(np.log([2 / 5, 2 / 5, 1 / 4]))
    assert found["active"] == pytest.approx(np.log([1.3 / 3, 1.3 / 3, 1.3 / 2]))


def test_momentum_is_of_purchases_a_shopping_day() -> None:
    h = history(days(("a", "MILK", -40), ("a", "MILK", -20), ("b", "MILK", -60), ("b", "SALT", -3)))
    found = crowd_of(h)["momentum"]  # shopping days: 2 of 28, 4 of 112, and one to each
    milk, salt = (1 + 0.5) / (3 + 2) * 5 / 3, (1 + 0.5) / (1 + 2) * 5 / 3
    assert found == pytest.approx(np.log([milk, milk, salt]))


def test_surprise_is_of_what_was_expected() -> None:
    h = history(days(("a", "MILK", -40), ("a", "SALT", -20), ("b", "MILK", -60)))
    past = Past(np.array([0, 2]), np.array([0.5, 0.25]), np.array([1.0, 0.0]))
    found = crowd_of(h, past, past, past, past)
    milk, a, b = (5 + 4) / (5 + 3), (3 + 4) / (3 + 2.0), 3 / (3 + 1.0)
    assert found["item_surprise"] == pytest.approx(np.log([milk, 1, milk]))
    assert found["household_surprise"] == pytest.approx(np.log([a, a, b]))


def test_a_past_fortnight_knows_only_what_had_been_bought() -> None:
    h = history(days(("a", "MILK", -40), ("a", "MILK", -15), ("a", "SALT", -14)))
    last, before, _, _ = pasts(h)
    assert last.pairs.tolist() == [0]
    assert last.bought.tolist() == [0]  # SALT was new, MILK a day too early
    expected = bgnbd.p_purchase(PARAMETERS, np.array(1.0), np.array(25.0), np.array(26.0), 14)
    assert last.expected == pytest.approx(expected)
    assert before.bought.tolist() == [1]


# --- neighbours ----------------------------------------------------------------------------------


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 6), st.integers(0, 9))
def test_what_has_few_directions_is_found_whole(n: int, m: int, rank: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    whole = random.normal(size=(n, rank)) @ random.normal(size=(rank, m))
    rows, columns = neighbours.directions(csr_array(whole.astype(np.float32)), 6, seed)
    assert rows.shape == (n, min(6, n, m))
    assert rows @ columns.T == pytest.approx(whole, abs=1e-4)
    assert columns.T @ columns == pytest.approx(np.eye(columns.shape[1]), abs=1e-4)


def test_of_many_directions_the_greatest_are_found() -> None:
    random = np.random.default_rng(1)
    whole = random.normal(size=(200, 90)) * 0.9 ** np.arange(90)
    rows, columns = neighbours.directions(csr_array(whole.astype(np.float32)), 10, 2)
    u, s, vt = np.linalg.svd(whole, full_matrices=False)
    assert rows @ columns.T == pytest.approx((u[:, :10] * s[:10]) @ vt[:10], abs=0.05)


def test_surprise_spreads_to_like_items_and_like_households() -> None:
    """Against sums over all other pairs, one by one."""
    h = history(CHAIN.filter(pl.col("shopper") < "h010"), "product")
    cells = neighbours.Cells.of(h)
    rows, columns = neighbours.directions(cells.matrix(h.n), 4, 1)
    z = neighbours.surprises(len(h.start), pasts(h))
    by_items, by_households = neighbours._spread(cells, z, rows, columns)
    for i in range(len(z)):
        items = (cells.row == cells.row[i]) & (np.arange(len(z)) != i)
        households = (cells.column == cells.column[i]) & (np.arange(len(z)) != i)
        like_items = columns[cells.column[items]] @ columns[cells.column[i]]
        like_households = rows[cells.row[households]] @ rows[cells.row[i]]
        assert by_items[i] == pytest.approx(z[items] @ like_items, abs=1e-3)
        assert by_households[i] == pytest.approx(
            z[households] @ like_households, rel=1e-3, abs=1e-3
        )


def test_blocks_are_without_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    h = history(CHAIN)
    whole = neighbours.columns(h, pasts(h), 1)
    monkeypatch.setattr(neighbours, "BLOCK", 7)
    assert neighbours.columns(h, pasts(h), 1) == pytest.approx(whole)


def test_what_others_like_this_one_bought_of_late_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two kinds of household; both bought BEER long ago, of late only those of one kind did."""
    rows = [
        (f"{kind}{i}", what, day)
        for kind, usual in (("x", "MILK"), ("y", "SALT"))
        for i in range(20)
        for what, day in ((usual, -100), (usual, -9), ("BEER", -300), ("BEER", -290))
    ]
    rows += [(f"x{i}", "BEER", -5) for i in range(1, 20)]
    monkeypatch.setattr(neighbours, "NARROW", 2)  # as many as there are kinds
    h = history(days(*rows))
    found = neighbours.columns(h, (), 1)[:, neighbours.NAMES.index("recent")]
    asked = h.names.with_columns(recent=pl.Series(found)).filter(pl.col("category") == "BEER")
    of = dict(asked.select("shopper", "recent").iter_rows())
    assert of["x0"] > of["y0"] + 1
