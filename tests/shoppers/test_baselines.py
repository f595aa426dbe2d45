"""The forecasters to stand beside: hand-worked answers, known truth, no look into the future."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from promo.calendar import Window
from promo.shoppers import baselines, boosting, metrics, mixtures, universe
from promo.shoppers.baselines import Due, Frequency, Poisson
from promo.shoppers.bgnbd import History
from promo.shoppers.boosting import LightGbm
from promo.shoppers.forecaster import Forecaster
from promo.shoppers.mixtures import BgNbd, GammaPoisson
from promo.shoppers.models import ModelError
from shoppers.purchases import CUT, chain, days

Make = Callable[[str, int], Forecaster]
WINDOW = Window(CUT, CUT + timedelta(13))
MAKE = (Frequency, Due, Poisson, GammaPoisson, BgNbd, LightGbm)
CHAIN = chain()


@pytest.fixture(autouse=True)
def _few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "ROUNDS", 30)


def asked(level: str = "category") -> tuple[pl.DataFrame, np.ndarray]:
    pairs = universe.pairs(CHAIN, level, CUT)
    return pairs, universe.bought(pairs, CHAIN, level, WINDOW).to_numpy()


def answers(forecaster: Forecaster, known: pl.DataFrame, level: str = "category") -> pl.DataFrame:
    pairs, _ = asked(level)
    forecaster.fit(known, CUT)
    return forecaster.predict(known, pairs, CUT, WINDOW)


@pytest.mark.parametrize("make", MAKE)
@pytest.mark.parametrize("level", ["category", "product"])
def test_every_forecaster_puts_what_is_bought_first(make: Make, level: str) -> None:
    found = answers(make(level, 14), CHAIN, level)
    pairs, bought = asked(level)
    assert found.columns == ["probability", "expected_day"]
    assert found.height == pairs.height
    assert found["probability"].is_between(0, 1).all()
    assert metrics.auc(found["probability"].to_numpy(), bought) > 0.6


@pytest.mark.parametrize("make", [Frequency, Due, BgNbd, LightGbm])
def test_what_knows_of_lapsing_beats_the_share_bought(make: Make) -> None:
    _, bought = asked()
    ours = metrics.log_loss(answers(make("category", 14), CHAIN)["probability"].to_numpy(), bought)
    assert ours < metrics.log_loss(np.full(len(bought), bought.mean()), bought)


@pytest.mark.parametrize("make", MAKE)
def test_no_forecaster_looks_past_the_cut(make: Make) -> None:
    past = CHAIN.filter(pl.col("day") < CUT)
    assert answers(make("category", 14), CHAIN).equals(answers(make("category", 14), past))


@pytest.mark.parametrize("make", [Frequency, Due, LightGbm])
def test_nothing_to_learn_from_is_a_sentence(make: Make) -> None:
    recent = CHAIN.filter(pl.col("day") >= CUT - timedelta(10))
    with pytest.raises(
        ModelError, match=r"nothing to learn from before 2017-11-06: .* by 2017-10-"
    ):
        make("category", 14).fit(recent, CUT)


@pytest.mark.parametrize("make", [GammaPoisson, BgNbd])
def test_no_purchase_before_the_cut_is_a_sentence(make: Make) -> None:
    with pytest.raises(ModelError, match="nothing to learn from before 2017-11-06: take in more"):
        make("category", 14).fit(days(("a", "MILK", 1)), CUT)


def test_examples_end_by_the_day() -> None:
    found = list(baselines.examples(CHAIN, "category", CUT, 14, 3))
    assert [cut for cut, _, _ in found] == [CUT - timedelta(14 * n) for n in (1, 2, 3)]
    cut, pairs, bought = found[1]
    window = Window(cut, cut + timedelta(13))
    assert pairs.equals(universe.pairs(CHAIN, "category", cut))
    assert (bought == universe.bought(pairs, CHAIN, "category", window).to_numpy()).all()


# MILK three times, ten days apart, the last eight days before the cut; the first trip 50 before.
HAND = days(("a", "SALT", -50), ("a", "MILK", -28), ("a", "MILK", -18), ("a", "MILK", -8),
            ("a", "RICE", -45), ("a", "RICE", -30))  # fmt: skip


def test_poisson_by_hand() -> None:
    pairs = universe.pairs(HAND, "category", CUT)
    found = Poisson("category", 14).predict(HAND, pairs, CUT, WINDOW)
    assert pairs["category"].to_list() == ["MILK", "RICE"]
    assert found["probability"].to_list() == pytest.approx(
        [1 - np.exp(-42 / 50), 1 - np.exp(-28 / 50)]
    )
    assert found["expected_day"].to_list() == [CUT + timedelta(11), CUT + timedelta(17)]


def test_due_by_hand() -> None:
    pairs = universe.pairs(HAND, "category", CUT)  # MILK 8 of 10 days gone, RICE 30 of 15
    found = Due("category", 14, np.array([0.3, 0.1])).predict(HAND, pairs, CUT, WINDOW)
    assert found["probability"].to_list() == [0.3, 0.1]
    assert found["expected_day"].to_list() == [CUT + timedelta(2), CUT]


def test_due_learns_the_two_shares() -> None:
    forecaster = Due("category", 14)
    forecaster.fit(CHAIN, CUT)
    ((cut, pairs, bought),) = baselines.examples(CHAIN, "category", CUT, 14)
    since = np.array([(cut - day).days for day in pairs["last"]])
    gap = np.array([(b - a).days for a, b in zip(pairs["first"], pairs["last"], strict=True)])
    due = since * (pairs["n"].to_numpy() - 1) >= gap
    assert forecaster.shares is not None
    assert forecaster.shares == pytest.approx([bought[~due].mean(), bought[due].mean()], abs=0.02)


def test_frequency_is_a_maximum_of_the_likelihood() -> None:
    forecaster = Frequency("category", 14)
    forecaster.fit(CHAIN, CUT)
    ((cut, pairs, bought),) = baselines.examples(CHAIN, "category", CUT, 14)
    best = forecaster.line
    assert best is not None

    def loss(line: np.ndarray) -> float:
        p = Frequency("category", 14, line).predict(CHAIN, pairs, cut, WINDOW)["probability"]
        return metrics.log_loss(p.to_numpy(), bought)

    assert best[1] > 0
    for step in ([0.05, 0], [-0.05, 0], [0, 0.05], [0, -0.05]):
        assert loss(best) < loss(best + np.array(step))


# --- Gamma-Poisson and BG/NBD ------------------------------------------------------------------


def test_gamma_poisson_finds_the_parameters_of_households_it_made() -> None:
    random = np.random.default_rng(1)
    T = random.integers(50, 365, 20_000).astype(np.float64)
    x = random.poisson(random.gamma(0.8, 1 / 40.0, len(T)) * T).astype(np.float64)
    r, alpha = np.exp(mixtures._fit_gamma(History(x, x, T, np.ones(len(T))), None))
    assert r == pytest.approx(0.8, rel=0.05)
    assert alpha == pytest.approx(40, rel=0.06)


def test_the_slope_of_the_likelihood() -> None:
    h = History(
        np.array([0.0, 3, 7]), np.zeros(3), np.array([20.0, 100, 90]), np.array([2.0, 1, 5])
    )
    theta = np.log([0.7, 25.0])
    _, slope = mixtures.gamma_log_likelihood(theta, h)
    for i in range(2):
        step = 1e-6 * np.eye(2)[i]
        up, down = (mixtures.gamma_log_likelihood(t, h)[0] for t in (theta + step, theta - step))
        assert slope[i] == pytest.approx((up - down) / 2e-6, rel=1e-6)


def test_a_category_never_met_is_forecast_like_the_pool() -> None:
    strange = asked()[0].with_columns(category=pl.lit("NEW"))
    for make in (GammaPoisson, BgNbd):
        forecaster = make("category", 14)
        forecaster.fit(CHAIN, CUT)
        found = forecaster.predict(CHAIN, strange, CUT, WINDOW)["probability"]
        pool = forecaster.found.row(0)
        assert pool[0] is None
        assert found.is_between(0, 1).all()
        own = forecaster.predict(CHAIN, asked()[0], CUT, WINDOW)["probability"]
        assert (found - own).abs().max() > 1e-3  # type: ignore[operator]


def test_gamma_poisson_by_hand() -> None:
    table = mixtures._table({None: np.array([1.0, 30.0]), "MILK": np.array([2.0, 12.0])})
    pairs = universe.pairs(HAND, "category", CUT)
    found = GammaPoisson("category", 14, table).predict(HAND, pairs, CUT, WINDOW)
    milk = 1 - (40 / 54) ** 4  # r + x = 4, alpha + T = 12 + 28
    rice = 1 - (75 / 89) ** 2  # 1 + 1, 30 + 45
    assert found["probability"].to_list() == pytest.approx([milk, rice])
    half = 40 * (2 ** (1 / 4) - 1)
    assert found["expected_day"][0] == CUT + timedelta(int(half))


# --- LightGBM's 24 numbers ---------------------------------------------------------------------


def test_the_24_numbers_of_a_pair() -> None:
    pairs = universe.pairs(HAND, "category", CUT)
    found = boosting.features(HAND, pairs, "category", CUT)
    assert found.shape == (2, 24)
    milk = [3, 8, 10, 0.8, 3 / 50, 3 / 6, 1, 100, 6, 50, 50 / 6, 8,
            1, 3, 3, 3, 10, 0, 3, 1, 1, 3, 1, 28 / 3]  # fmt: skip
    rice = [2, 30, 15, 2, 2 / 50, 2 / 6, 1, 100, 6, 50, 50 / 6, 8,
            0, 0, 2, 2, 15, 0, 3, 1, 1, 2, 0, 45 / 2]  # fmt: skip
    assert found[0] == pytest.approx(milk)
    assert found[1] == pytest.approx(rice)


def test_the_numbers_agree_with_counting_one_by_one() -> None:
    pairs, _ = asked("product")
    found = boosting.features(CHAIN, pairs, "product", CUT)
    rows = list(pairs.select("shopper", "product").iter_rows())
    for place in range(0, len(rows), 17):
        shopper, product = rows[place]
        own = CHAIN.filter(pl.col("day") < CUT, pl.col("product") == product)
        bought: list[date] = sorted(own.filter(pl.col("shopper") == shopper)["day"])
        ago = [(CUT - day).days for day in reversed(bought)]
        gaps = np.diff(ago)
        counts = [sum(a <= d for a in ago) for d in boosting.RECENT]
        assert found[place, 12:16].tolist() == counts
        assert found[place, 16] == gaps[0]
        assert found[place, 17] == pytest.approx(gaps.std() / gaps.mean())
        assert found[place, 20] == own["shopper"].n_unique()


def test_without_lightgbm_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "installed", lambda: False)
    with pytest.raises(ModelError, match=r"LightGBM is not installed: pip install 'promo\[boost"):
        LightGbm("category", 14).fit(CHAIN, CUT)


def test_the_same_trees_twice() -> None:
    assert answers(LightGbm("category", 14), CHAIN).equals(answers(LightGbm("category", 14), CHAIN))
