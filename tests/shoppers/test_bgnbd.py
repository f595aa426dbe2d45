"""BG/NBD: known truth, published numbers, and a second way to compute everything."""

from importlib.metadata import distribution

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.special import betaln, gammaln

from promo.shoppers import bgnbd
from promo.shoppers.bgnbd import Array, History, Parameters

HISTORIES = [  # x, t_x, T in days
    (0, 0, 1), (0, 0, 300), (1, 1, 300), (1, 290, 300), (2, 30.43, 38.86), (5, 80, 100),
    (20, 300, 360), (20, 100, 360), (51, 357, 364),
]  # fmt: skip
TRUTHS = [
    (0.243, 4.414, 0.793, 2.426),  # CDNOW
    (0.8, 25.0, 0.4, 4.0),  # a grocery category
    (3.0, 90.0, 1.5, 1.5),
    (0.1, 1.0, 0.05, 8.0),
]
LOGS = st.tuples(*[st.floats(*bounds) for bounds in bgnbd.BOUNDS])
PAIRS = st.integers(0, 364).flatmap(
    lambda x: st.integers(x, 364).flatmap(
        lambda t_x: st.tuples(st.just(x), st.just(t_x if x else 0), st.integers(max(t_x, 1), 364))
    )
)


def parameters(*values: float) -> Parameters:
    return Parameters(*np.array(values))


def history(*rows: tuple[float, ...], weight: float = 1) -> History:
    x, t_x, T = np.array(rows, dtype=np.float64).T
    return History(x, t_x, T, np.full(len(x), weight))


def simulated(p: Parameters, households: int, seed: int) -> History:
    """Households bought, stopped and were observed, as the model's five assumptions say."""
    random = np.random.default_rng(seed)
    T = random.integers(60, 365, households).astype(np.float64)
    rate = random.gamma(p.r, 1 / p.alpha, households)
    stop = random.beta(p.a, p.b, households)
    x, t_x = np.zeros(households), np.zeros(households)
    alive = np.ones(households, dtype=bool)  # nobody stops at the first purchase
    while alive.any():
        then = t_x + random.exponential(1 / rate)
        bought = alive & (then <= T)
        x, t_x = x + bought, np.where(bought, then, t_x)
        alive = bought & (random.random(households) >= stop)
    return History(x, t_x, T, np.ones(households))


def standard_errors(p: Parameters, h: History) -> Array:
    """Of the log-parameters, from the curvature of the likelihood."""
    step = 1e-4 * np.eye(4)
    rise = [bgnbd.log_likelihood(p.logs + s, h)[1] for s in step]
    fall = [bgnbd.log_likelihood(p.logs - s, h)[1] for s in step]
    curvature = (np.array(rise) - np.array(fall)) / 2e-4
    errors: Array = np.sqrt(np.diag(np.linalg.inv(-curvature)))
    return errors


@pytest.mark.parametrize("truth", TRUTHS[:3])
def test_finds_the_truth_within_three_standard_errors(truth: tuple[float, ...]) -> None:
    p = parameters(*truth)
    h = simulated(p, 20_000, seed=7)
    found = bgnbd.fit(h)
    errors = standard_errors(found, h)
    assert (errors < 0.15).all()  # the sample is large enough for the next line to mean something
    assert (abs(found.logs - p.logs) < 3 * errors).all()


def test_finds_what_was_published_for_cdnow() -> None:
    """Fader, Hardie & Lee 2005, table 2: 2,357 customers, weeks.

    The data come in the package `lifetimes` (MIT), which is not imported.
    """
    file = distribution("lifetimes").locate_file("lifetimes/datasets/cdnow_customers_summary.csv")
    _, x, t_x, T = np.loadtxt(str(file), delimiter=",", skiprows=1).T
    h = History(x, t_x, T, np.ones(len(x)))
    found = bgnbd.fit(h)
    assert len(x) == 2357
    assert np.exp(found.logs) == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=6e-4)
    assert bgnbd.log_likelihood(found.logs, h)[0] == pytest.approx(-9582.4, abs=0.05)


# x, t_x and T in weeks, and what `lifetimes` 0.11.3 says to them at the parameters below
# (BetaGeoFitter.conditional_probability_alive). Imported, it warns of the pandas it brings along.
OF_LIFETIMES = [
    (0, 0, 38.86, 1.0),
    (1, 1.71, 38.86, 0.212100985),
    (2, 30.43, 38.86, 0.72657857),
    (7, 29.43, 38.86, 0.641756346),
    (29, 37.71, 38.14, 0.966112418),
    (10, 1, 39, 8e-09),
]


def test_who_is_alive_as_another_implementation_says() -> None:
    x, t_x, T, expected = np.array(OF_LIFETIMES).T
    found = bgnbd.p_alive(parameters(0.243, 4.414, 0.793, 2.426), x, t_x, T)
    assert found == pytest.approx(expected, abs=1e-6)


def mean_over_rates(p: Parameters, x: float, t: float) -> float:
    """E[lambda^x exp(-lambda t)] over the gamma, by the trapezoid rule in log(lambda)."""
    s = np.arange(-800, 10, 0.01)
    density = p.r * np.log(p.alpha) - gammaln(p.r) + p.r * s - p.alpha * np.exp(s)
    return float(np.trapezoid(np.exp(density + x * s - t * np.exp(s)), s))


def mean_over_stops(p: Parameters, stopped: int, went_on: float) -> float:
    """E[p^stopped (1 - p)^went_on] over the beta, by the trapezoid rule in log(p / (1 - p))."""
    s = np.arange(-900, 900, 0.01)
    log_p, log_q = -np.logaddexp(0, -s), -np.logaddexp(0, s)
    density = p.a * log_p + p.b * log_q - betaln(p.a, p.b)
    return float(np.trapezoid(np.exp(density + stopped * log_p + went_on * log_q), s))


@pytest.mark.parametrize("truth", TRUTHS)
@pytest.mark.parametrize("row", HISTORIES)
def test_agrees_with_integration_over_households(
    truth: tuple[float, ...], row: tuple[float, ...]
) -> None:
    p, (x, t_x, T) = parameters(*truth), row
    went_on = mean_over_stops(p, 0, x)
    alive = went_on * mean_over_rates(p, x, T)
    stopped = mean_over_stops(p, 1, x - 1) * mean_over_rates(p, x, t_x) if x else 0.0
    waits = went_on * mean_over_rates(p, x, T + 14)
    h = history(row)
    likelihood = np.exp(bgnbd.log_likelihood(p.logs, h)[0])
    assert likelihood == pytest.approx(alive + stopped, rel=1e-6)
    assert bgnbd.p_alive(p, h.x, h.t_x, h.T) == pytest.approx(alive / (alive + stopped), rel=1e-6)
    assert bgnbd.p_purchase(p, h.x, h.t_x, h.T, 14) == pytest.approx(
        (alive - waits) / (alive + stopped), rel=1e-6
    )


@given(st.tuples(*[st.floats(-4, 5)] * 4))
def test_the_gradient_is_the_slope(theta: tuple[float, ...]) -> None:
    h, at = history(*HISTORIES, weight=3), np.array(theta)
    gradient = bgnbd.log_likelihood(at, h)[1]
    step = 1e-5 * np.eye(4)
    slope = [
        (bgnbd.log_likelihood(at + s, h)[0] - bgnbd.log_likelihood(at - s, h)[0]) / 2e-5
        for s in step
    ]
    assert gradient == pytest.approx(slope, rel=1e-4, abs=1e-3)


def test_a_weight_stands_for_so_many_households() -> None:
    once, thrice = history(*HISTORIES * 3), history(*HISTORIES, weight=3)
    theta = np.log(TRUTHS[1])
    value, gradient = bgnbd.log_likelihood(theta, once)
    other, other_gradient = bgnbd.log_likelihood(theta, thrice)
    assert value == pytest.approx(other)
    assert gradient == pytest.approx(other_gradient)


@given(LOGS, PAIRS)
@example((7, -7, 7, -7), (1, 1, 364))  # farther than a double reaches, were it not for logarithms
def test_a_purchase_is_a_probability_that_rises_with_the_days(
    theta: tuple[float, ...], pair: tuple[int, int, int]
) -> None:
    p = Parameters(*np.exp(theta))
    x, t_x, T = (np.array([value], dtype=np.float64) for value in pair)
    rising = [float(bgnbd.p_purchase(p, x, t_x, T, days)[0]) for days in (0, 1, 14, 364)]
    assert rising[0] == 0
    assert rising == sorted(rising)
    assert rising[-1] <= bgnbd.p_alive(p, x, t_x, T)[0] <= 1


@given(LOGS, PAIRS)
@example((-7, 7, 0, 0), (0, 0, 364))
def test_after_the_median_wait_half_of_those_who_still_buy_have_bought(
    theta: tuple[float, ...], pair: tuple[int, int, int]
) -> None:
    p = Parameters(*np.exp(theta))
    x, _, T = (np.array([value], dtype=np.float64) for value in pair)
    wait = bgnbd.median_wait(p, x, T)
    waiting = np.exp((p.r + x) * np.log((p.alpha + T) / (p.alpha + T + wait)))
    assert waiting == pytest.approx(0.5, abs=1e-6 if p.r + x > 0.001 else 0.04)


def test_the_longer_ago_the_less_alive() -> None:
    p = parameters(*TRUTHS[1])
    t_x = np.array([200.0, 150, 100, 50])
    alive = bgnbd.p_alive(p, np.full(4, 9.0), t_x, np.full(4, 200.0))
    assert (np.diff(alive) < 0).all()
    assert bgnbd.p_alive(p, np.zeros(1), np.zeros(1), np.full(1, 200.0)) == 1


def test_three_pairs_are_drawn_to_the_pool_and_thousands_speak_for_themselves() -> None:
    pool, own = parameters(*TRUTHS[1]), parameters(*TRUTHS[2])
    many = simulated(own, 20_000, seed=3)
    few = History(*(column[:3] for column in (many.x, many.t_x, many.T, many.weight)))

    def distance(h: History, prior: Parameters | None, to: Parameters) -> float:
        return float(abs(bgnbd.fit(h, prior).logs - to.logs).max())

    assert distance(few, pool, pool) < 0.6 < distance(few, None, pool)
    assert distance(many, pool, own) < 0.3 < distance(many, pool, pool)


def test_without_any_pairs_the_pool_is_all_there_is() -> None:
    pool = parameters(*TRUTHS[1])
    nothing = History(*(np.zeros(0) for _ in range(4)))
    assert bgnbd.fit(nothing, pool).logs == pytest.approx(pool.logs)
