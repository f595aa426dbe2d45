"""Tails of counts against scipy's, which are exact."""

import pytest
from scipy import stats

from promo.offers.tails import above

MEANS = (0.05, 0.2, 1.0, 4.8, 20.0, 260.0, 2000.0)
LARGER = (0.2, 0.01, 0.001)


@pytest.mark.parametrize("mean", MEANS)
@pytest.mark.parametrize("tail", LARGER)
def test_poisson(mean: float, tail: float) -> None:
    exact = stats.poisson(mean)
    count = float(exact.isf(tail))
    assert above(count, mean, 0.0) == pytest.approx(exact.sf(count), rel=0.05, abs=1e-5)


@pytest.mark.parametrize("n", [1, 2, 5, 40, 1000])
@pytest.mark.parametrize("p", [0.003, 0.03, 0.3, 0.9])
@pytest.mark.parametrize("tail", LARGER)
def test_binomial(n: int, p: float, tail: float) -> None:
    exact = stats.binom(n, p)
    count = float(exact.isf(tail))
    ours, right = above(count, n * p, -p), exact.sf(count)
    assert 0.95 * right - 1e-4 <= ours <= 1.2 * right + 1e-4  # a single unlikely use: the upper end


@pytest.mark.parametrize("mean", MEANS[3:])
@pytest.mark.parametrize("excess", [0.01, 0.1, 1.0, 4.0])
@pytest.mark.parametrize("tail", LARGER)
def test_negative_binomial(mean: float, excess: float, tail: float) -> None:
    exact = stats.nbinom(mean / excess, 1 / (1 + excess))
    count = float(exact.isf(tail))
    assert above(count, mean, excess) == pytest.approx(exact.sf(count), rel=0.05)


@pytest.mark.parametrize("mean", MEANS[:3])
@pytest.mark.parametrize("excess", [0.3, 2.0])
@pytest.mark.parametrize("count", [0.0, 1.0, 3.0, 8.0])
def test_a_negative_binomial_that_falls_fast_is_on_the_safe_side(
    mean: float, excess: float, count: float
) -> None:
    exact = stats.nbinom(mean / excess, 1 / (1 + excess)).sf(count)
    assert exact * 0.95 - 1e-5 <= above(count, mean, excess) <= 1


def test_the_three_meet_where_the_variance_is_the_mean() -> None:
    below, at, beyond = (above(9.0, 4.0, excess) for excess in (-1e-9, 0.0, 1e-9))
    assert below == pytest.approx(at, rel=1e-6)
    assert beyond == pytest.approx(at, rel=1e-6)


@pytest.mark.parametrize("n", [1, 7, 300])
def test_no_more_than_all_are_used(n: int) -> None:
    assert above(float(n), n * 0.7, -0.7) == 0
    assert above(n - 0.5, n * 0.7, -0.7) <= 0.7**n
