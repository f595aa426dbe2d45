"""The metrics against hand-worked examples, and against slow second implementations."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.shoppers import metrics
from promo.shoppers.metrics import METRICS, Scored

OUTCOMES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.integers(0, 1)),
    min_size=1,
    max_size=30,
)


def arrays(outcomes: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    probability, bought = np.array(outcomes, dtype=np.float64).T
    return probability, bought


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([(0.5, 1)], 0.693147),
        ([(0.25, 1), (0.25, 0)], (1.386294 + 0.287682) / 2),
        ([(0.9, 1), (0.1, 0)], 0.105361),
        ([(0.0, 1)], 13.815511),  # a certainty that failed costs a great deal, not everything
        ([(1.0, 1)], 0.0),
    ],
)
def test_log_loss(outcomes: list[tuple[float, int]], expected: float) -> None:
    assert metrics.log_loss(*arrays(outcomes)) == pytest.approx(expected, abs=2e-6)


@given(OUTCOMES)
def test_auc_counts_the_pairs_that_stand_in_the_right_order(
    outcomes: list[tuple[float, int]],
) -> None:
    ones = [p for p, y in outcomes if y]
    zeros = [p for p, y in outcomes if not y]
    found = metrics.auc(*arrays(outcomes))
    if not ones or not zeros:
        assert np.isnan(found)
        return
    right = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in product(ones, zeros))
    assert found == pytest.approx(right / (len(ones) * len(zeros)))


@pytest.mark.parametrize(
    ("outcomes", "bins", "expected"),
    [
        ([(0.2, 0), (0.2, 0), (0.2, 0), (0.2, 0), (0.2, 1)], 1, 0.0),
        ([(0.2, 1)] * 5, 1, 0.8),
        ([(0.1, 0), (0.3, 1), (0.6, 0), (0.8, 1)], 2, 0.25),  # |.2 - .5| and |.7 - .5|
        ([(0.8, 1), (0.6, 0), (0.3, 1), (0.1, 0)], 2, 0.25),
        ([(0.1, 0), (0.6, 1)], 20, 0.25),  # fewer pairs than bins
        ([(0.0, 0), (0.0, 0), (0.6, 1)], 2, 0.4 / 3),  # a bin of two and a bin of one
    ],
)
def test_calibration_error(outcomes: list[tuple[float, int]], bins: int, expected: float) -> None:
    assert metrics.calibration_error(*arrays(outcomes), bins) == pytest.approx(expected)


@given(OUTCOMES)
def test_the_calibration_error_is_a_mean_distance(outcomes: list[tuple[float, int]]) -> None:
    probability, bought = arrays(outcomes)
    found = metrics.calibration_error(probability, bought)
    assert abs(probability.mean() - bought.mean()) - 1e-12 <= found <= 1


# --- precision at k ----------------------------------------------------------------------------

ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.sampled_from([0.1, 0.2, 0.4, 0.8, 0.9]), st.integers(0, 1)),
    min_size=1,
    max_size=40,
)


def scored(rows: list[tuple[int, float, int]]) -> Scored:
    household, probability, bought = zip(*rows, strict=True)
    return Scored(
        np.array(household, dtype=np.intp),
        np.array(probability, dtype=np.float64),
        np.array(bought, dtype=np.float64),
    )


@pytest.mark.parametrize(
    ("rows", "k", "expected"),
    [
        ([(0, 0.9, 1), (0, 0.5, 0), (0, 0.1, 1)], 2, 0.5),
        ([(0, 0.1, 1), (0, 0.9, 1), (0, 0.5, 0)], 1, 1.0),
        ([(0, 0.9, 1), (0, 0.8, 1), (1, 0.9, 0), (1, 0.1, 0)], 2, 0.5),  # a household one voice
        ([(0, 0.9, 0), (0, 0.8, 0), (1, 0.9, 1)], 2, 0.0),  # the second one has no choice
        ([(0, 0.9, 0), (0, 0.5, 1), (0, 0.5, 0), (0, 0.5, 0)], 2, 1 / 6),  # second place shared
        ([(3, 0.5, 1), (3, 0.5, 0)], 1, 0.5),
    ],
)
def test_precision_at(rows: list[tuple[int, float, int]], k: int, expected: float) -> None:
    s = scored(rows)
    assert metrics.precision_at(s.household, s.probability, s.bought, k) == pytest.approx(expected)


def test_without_a_household_of_k_pairs_there_is_no_precision() -> None:
    s = scored([(0, 0.5, 1), (1, 0.5, 1)])
    assert np.isnan(metrics.precision_at(s.household, s.probability, s.bought, 2))


@given(ROWS, st.integers(1, 4), st.randoms(use_true_random=False))
def test_precision_is_the_mean_over_every_order_of_ties(
    rows: list[tuple[int, float, int]], k: int, random: object
) -> None:
    """Second implementation: shared places are dealt out by hand, household by household."""
    found = []
    for household in {h for h, _, _ in rows}:
        own = sorted(((p, y) for h, p, y in rows if h == household), reverse=True)
        if len(own) < k:
            continue
        bar = own[k - 1][0]
        above = [y for p, y in own if p > bar]
        level = [y for p, y in own if p == bar]
        found.append((sum(above) + (k - len(above)) * sum(level) / len(level)) / k)
    s = scored(rows)
    value = metrics.precision_at(s.household, s.probability, s.bought, k)
    assert value == pytest.approx(np.mean(found)) if found else np.isnan(value)
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    t = scored(shuffled)
    again = metrics.precision_at(t.household, t.probability, t.bought, k)
    assert again == pytest.approx(value, nan_ok=True)


# --- the bootstrap over households -------------------------------------------------------------


def invented(seed: int, households: int = 150, pairs: int = 15) -> Scored:
    """Households that buy more or less in all they buy, and a forecast that knows half of it."""
    random = np.random.default_rng(seed)
    household = np.repeat(np.arange(households), pairs)
    mood = np.repeat(random.normal(size=households), pairs)
    known = random.normal(size=len(household)) - 1
    bought = random.random(len(household)) < 1 / (1 + np.exp(-known - mood))
    return Scored(household, 1 / (1 + np.exp(-known)), bought.astype(np.float64))


DIRECT = {
    "log_loss": lambda s: metrics.log_loss(s.probability, s.bought),
    "auc": lambda s: metrics.auc(s.probability, s.bought),
    "precision_at_12": lambda s: metrics.precision_at(s.household, s.probability, s.bought),
    "calibration_error": lambda s: metrics.calibration_error(s.probability, s.bought),
}


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_through_household_sums_is_the_metric(metric: str) -> None:
    for seed in range(5):
        s = invented(seed)
        assert metrics.measure(metric, s) == pytest.approx(DIRECT[metric](s))


@pytest.mark.parametrize("metric", [m for m in METRICS if m != "calibration_error"])
def test_the_interval_is_that_of_households_drawn_one_by_one(metric: str) -> None:
    s = invented(1)
    households = int(s.household.max()) + 1
    rows = np.split(np.arange(len(s.household)), households)
    random = np.random.default_rng(2)
    slow = []
    for _ in range(300):
        drawn = random.integers(0, households, households)
        take = np.concatenate([rows[h] for h in drawn])
        number = np.repeat(np.arange(households), [len(rows[h]) for h in drawn])
        slow.append(DIRECT[metric](Scored(number, s.probability[take], s.bought[take])))
    fast = metrics.replicates(metric, [s])[:, 0]
    assert fast.std() == pytest.approx(np.std(slow), rel=0.15)
    assert fast.mean() == pytest.approx(np.mean(slow), abs=0.3 * float(np.std(slow)))
    low, high = metrics.interval(fast)
    assert low < metrics.measure(metric, s) < high


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """Pairs of a household hang together: an interval that took them for draws would be short."""
    truth = np.mean([metrics.measure("log_loss", invented(1000 + seed)) for seed in range(200)])
    found = [
        metrics.interval(metrics.replicates("log_loss", [invented(seed)], 200)[:, 0])
        for seed in range(120)
    ]
    covered = np.mean([low <= truth <= high for low, high in found])
    assert 0.88 <= covered <= 1


def test_the_same_households_are_drawn_for_every_forecast_and_cut() -> None:
    s = invented(3)
    worse = Scored(s.household, s.probability * 0.9, s.bought)
    drawn = metrics.replicates("log_loss", [s, s])
    assert (drawn[:, 0] == drawn[:, 1]).all()
    difference = drawn[:, 0] - metrics.replicates("log_loss", [worse])[:, 0]
    assert difference.std() < drawn[:, 0].std() / 3
    assert metrics.interval(difference)[1] < 0
    assert (metrics.replicates("log_loss", [s]) == metrics.replicates("log_loss", [s])).all()
    assert (metrics.replicates("auc", [s], seed=2) != metrics.replicates("auc", [s])).any()


def test_a_household_that_is_missing_from_a_cut_weighs_nothing_there() -> None:
    s = invented(4)
    few = Scored(s.household[:300], s.probability[:300], s.bought[:300])  # the first twenty
    both = metrics.replicates("precision_at_12", [few, s], 50)
    assert np.isfinite(both).all()
    assert both[:, 0].std() > 2 * both[:, 1].std()


def test_no_interval_where_there_is_no_metric() -> None:
    one = scored([(0, 0.5, 1), (1, 0.4, 1)])
    for metric in ("auc", "precision_at_12"):
        assert np.isnan(metrics.measure(metric, one))
        assert np.isnan(metrics.interval(metrics.replicates(metric, [one], 20)[:, 0])).all()
