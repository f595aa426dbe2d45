import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from promo.shoppers import quadratic
from promo.shoppers.quadratic import Quadratic

CORE, ALL = 3, 5


def drawn(rows: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, Quadratic]:
    """Features, outcomes and the truth behind them."""
    random = np.random.default_rng(seed)
    x = random.normal([0, 2, -1, 0, 5], [1, 3, 0.5, 1, 2], (rows, ALL)).astype(np.float32)
    truth = Quadratic(
        np.array([0, 2, -1, 0, 5.0]), np.array([1, 3, 0.5, 1, 2.0]), -0.7,
        np.array([0.8, -0.5, 0.3, 0.0, 0.4]), np.triu([[0.3, -0.4, 0], [0, 0.2, 0.1], [0, 0, 0]]),
    )  # fmt: skip
    y = (random.uniform(size=rows) < truth.probability(x)).astype(np.float64)
    return x, y, truth


def flat(x: np.ndarray) -> Quadratic:
    """No opinion, on the features' own scale."""
    return quadratic.start(x, CORE, 0).with_theta(np.zeros(1 + ALL + CORE * (CORE + 1) // 2))


def test_the_logits_are_those_of_the_formula() -> None:
    x, _, truth = drawn(9000)
    z = np.clip((x - truth.mean) / truth.sd, -4, 4)
    expected = truth.bias + z @ truth.weights
    expected += sum(truth.crosses[i, j] * z[:, i] * z[:, j] for i in range(3) for j in range(i, 3))
    assert truth.logits(x) == pytest.approx(expected, abs=1e-4)


@given(st.integers(0, 8999), st.integers(1, 5000))
def test_a_row_s_answer_is_the_same_whichever_rows_stand_beside_it(first: int, rows: int) -> None:
    x, _, truth = drawn(9000)
    some = slice(first, first + rows)
    assert truth.logits(x[some]).tobytes() == truth.logits(x)[some].tobytes()


def test_known_weights_are_recovered() -> None:
    x, y, truth = drawn(200_000)
    found = quadratic.fit(x, y, flat(x), ridge=1.0)
    same_scale = quadratic.fit(x, y, truth, ridge=1e-3)
    assert same_scale.theta == pytest.approx(truth.theta, abs=0.03)
    assert found.logits(x[:999]) == pytest.approx(truth.logits(x[:999]), abs=0.15)


def test_a_second_implementation_finds_the_same() -> None:
    x, y, _ = drawn(60_001)  # more rows than the Hessian is computed on
    centre = flat(x)
    z = np.clip((x - centre.mean) / centre.sd, -4, 4)
    i, j = np.triu_indices(CORE)
    wide = np.concatenate([np.ones((len(z), 1)), z, z[:, i] * z[:, j]], axis=1)
    precision = np.full(wide.shape[1], 50.0)
    precision[0] = 1.0

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        logits = wide @ theta
        value = np.logaddexp(0, logits).sum() - y @ logits + precision @ theta**2 / 2
        return float(value), wide.T @ (expit(logits) - y) + precision * theta

    expected = minimize(loss, np.zeros(wide.shape[1]), jac=True, method="BFGS").x
    assert quadratic.fit(x, y, centre, ridge=50.0).theta == pytest.approx(expected, abs=2e-3)


def test_few_rows_leave_what_was_known_before() -> None:
    x, y, truth = drawn(40)
    found = quadratic.fit(x, y, truth)
    assert found.probability(x) == pytest.approx(truth.probability(x), abs=0.1)


def test_the_start_is_the_logit_it_is_given() -> None:
    x, _, _ = drawn(2000)
    begin = quadratic.start(x, CORE, 2)
    assert begin.logits(x) == pytest.approx(x[:, 2], abs=0.2)  # but for what is clipped
    assert np.median(np.abs(begin.logits(x) - x[:, 2])) < 1e-5


@pytest.mark.parametrize("rare", [0, 1, 3])
def test_rare_and_separable_outcomes_do_not_diverge(rare: int) -> None:
    x, _, _ = drawn(60_000)
    y = np.zeros(len(x))
    y[np.argsort(x[:, 1])[:rare]] = 1.0
    found = quadratic.fit(x, y, flat(x), ridge=1.0)
    assert np.isfinite(found.theta).all()
    assert found.probability(x).mean() < 0.001
