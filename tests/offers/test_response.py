"""Response: known truth comes back, few redemptions change little, more worth never means less."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.offers import response
from promo.offers.response import FILE, Response, ResponseError

TRUTH = Response(-4.0, 0.6, 0.9, -5.0, -3.0, 0.33)
OTHER = Response(-5.5, 0.2, 0.3, -5.0, -3.0, 0.33)
ELASTICITY = 0.5
ROOT = Path(__file__).parents[2]
NUMBERS = st.floats(-12, 6)


def printed(n: int, seed: int = 1, truth: Response = TRUTH) -> pl.DataFrame:
    """Pairs that were printed, redeemed as the truth has it."""
    chance = np.random.default_rng(seed)
    pairs = pl.DataFrame(
        {
            "habit": chance.normal(-5, 2, n),
            "proneness": chance.normal(-3, 0.8, n),
            "depth": chance.uniform(0.1, 0.6, n),
            "days": chance.integers(7, 40, n),
        }
    )
    p = truth.probability(pairs, ELASTICITY)
    return pairs.with_columns(redeemed=pl.Series((chance.random(n) < p).astype(float)))


def pair(**changes: float) -> pl.DataFrame:
    return pl.DataFrame([{"habit": -5.0, "proneness": -3.0, "depth": 0.33, "days": 14.0} | changes])


def said(model: Response, **changes: float) -> float:
    return float(model.probability(pair(**changes), ELASTICITY)[0])


def test_a_known_truth_comes_back() -> None:
    found = response.fit(printed(200_000), OTHER, ELASTICITY)
    assert (found.bias, found.habit, found.proneness) == pytest.approx((-4.0, 0.6, 0.9), abs=0.05)
    assert found.pairs == 200_000
    assert found.redemptions == printed(200_000)["redeemed"].sum()


def test_it_is_calibrated_where_it_has_not_looked() -> None:
    found = response.fit(printed(60_000), OTHER, ELASTICITY)
    other = printed(200_000, seed=2)
    p, y = found.probability(other, ELASTICITY), other["redeemed"].to_numpy()
    for tenth in np.array_split(np.argsort(p), 10)[5:]:
        assert p[tenth].mean() == pytest.approx(y[tenth].mean(), rel=0.15)
    assert p.mean() == pytest.approx(y.mean(), rel=0.05)


def test_it_is_the_maximum_that_another_solver_finds() -> None:
    from scipy.optimize import minimize

    rows = printed(3_000)
    found = response.fit(rows, OTHER, ELASTICITY)
    y = rows["redeemed"].to_numpy()

    def loss(theta: np.ndarray) -> float:
        bias, habit, proneness = theta.tolist()
        model = Response(bias, habit, proneness, -5.0, -3.0, 0.33)
        p = model.probability(rows, ELASTICITY)
        away = theta - np.array([OTHER.bias, OTHER.habit, OTHER.proneness])
        precision = np.array([response.LEVEL, response.SLOPE, response.SLOPE])
        return float(
            -np.log(np.where(y > 0, p, 1 - p)).sum() + 0.5 * (precision * away * away).sum()
        )

    best = minimize(loss, [-4, 0.5, 0.5], method="Nelder-Mead", options={"xatol": 1e-6}).x
    assert (found.bias, found.habit, found.proneness) == pytest.approx(tuple(best), abs=1e-3)


def test_without_lists_the_model_before_stands() -> None:
    assert response.fit(printed(0), OTHER, ELASTICITY) == OTHER


def test_few_lists_move_it_little_and_many_to_where_they_are() -> None:
    moved = [
        abs(response.fit(printed(n), OTHER, ELASTICITY).habit - OTHER.habit)
        for n in (10, 1_000, 100_000)
    ]
    assert moved[0] < 0.1 < moved[1] < moved[2]
    assert moved[2] == pytest.approx(0.4, abs=0.05)


@pytest.mark.parametrize("redeemed", [0.0, 1.0])
def test_lists_that_all_answered_alike_are_no_certainty(redeemed: float) -> None:
    rows = printed(500).with_columns(redeemed=pl.lit(redeemed))
    found = response.fit(rows, OTHER, ELASTICITY)
    assert np.isfinite([found.bias, found.habit, found.proneness]).all()
    assert 0 < said(found) < 1


@given(NUMBERS, NUMBERS, st.floats(0.02, 1.9), st.floats(1.01, 3), st.integers(1, 60))
def test_more_is_never_less_likely(
    habit: float, proneness: float, depth: float, more: float, days: int
) -> None:
    fixed: dict[str, float] = {
        "habit": habit, "proneness": proneness, "depth": depth, "days": float(days),
    }  # fmt: skip
    p = said(TRUTH, **fixed)
    assert 0 < p < 1
    for name, value in (
        ("depth", depth * more), ("days", days * more),
        ("habit", habit + more), ("proneness", proneness + more),
    ):  # fmt: skip
        assert said(TRUTH, **(fixed | {name: value})) >= p


def test_worth_counts_as_the_elasticity_says() -> None:
    odds = [p / (1 - p) for p in (said(TRUTH), said(TRUTH, depth=0.66))]
    assert odds[1] / odds[0] == pytest.approx(2**ELASTICITY)
    assert TRUTH.probability(pair(depth=0.66), 0.0)[0] == pytest.approx(said(TRUTH))


def test_a_household_s_offers_of_equal_depth_stand_in_the_order_of_habit() -> None:
    habit = np.sort(np.random.default_rng(3).normal(-5, 3, 300))
    model = response.load(ROOT / "models", "prior")
    for proneness in (-4.0, -1.0):
        rows = pl.DataFrame({"habit": habit}).with_columns(
            proneness=pl.lit(proneness), depth=pl.lit(0.3), days=pl.lit(14)
        )
        assert (np.diff(model.probability(rows, ELASTICITY)) > 0).all()


def test_a_pair_s_answer_does_not_depend_on_its_neighbours() -> None:
    rows = printed(1_001)
    whole = TRUTH.probability(rows, ELASTICITY)
    parts = [TRUTH.probability(rows[i : i + 7], ELASTICITY) for i in range(0, 1_001, 7)]
    assert np.concatenate(parts).tolist() == whole.tolist()


def test_where_a_fit_without_a_prior_begins() -> None:
    rows = printed(10_000)
    begun = response.unlearned(rows)
    assert np.exp(begun.bias) == pytest.approx(rows["redeemed"].mean(), rel=0.2)
    assert begun.mean_habit == pytest.approx(rows["habit"].mean())


def test_what_was_saved_is_read_back(tmp_path: Path) -> None:
    for name in ("prior", "2017-11-06"):
        (tmp_path / name).mkdir()
    OTHER.save(tmp_path / "prior")
    assert response.load(tmp_path, "2017-11-06") == OTHER  # it has none of its own
    TRUTH.save(tmp_path / "2017-11-06")
    assert response.load(tmp_path, "2017-11-06") == TRUTH


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", json.dumps({"bias": 1}), json.dumps({"surprise": 1})]
)
def test_a_broken_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "prior").mkdir()
    (tmp_path / "prior" / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(ResponseError, match=r"prior/response\.json cannot be read"):
        response.load(tmp_path, "prior")


def test_nobody_can_say_without_a_file(tmp_path: Path) -> None:
    assert response.prior(tmp_path) is None
    with pytest.raises(ResponseError, match=r"neither .*response\.json nor"):
        response.load(tmp_path, "2017-11-06")


def test_the_shipped_prior_says_what_was_seen() -> None:
    shipped = response.load(ROOT / "models", "prior")
    assert shipped.redemptions == 355  # in 45,544 pairs of campaigns of types B and C
    assert shipped.pairs == 45_544
    assert shipped.habit > 0
    assert shipped.proneness > 0
