"""Budget risk against exact sums, published figures and drawn redemptions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from promo.offers.risk import Risk, Sums, capacity, chance, chance_of, keeps_within, nodes

Floats = NDArray[np.float64]
ONE_IN_A_HUNDRED = 0.01
NO_SHOCK = Risk(ONE_IN_A_HUNDRED, 0.0)
SHOCK = Risk(ONE_IN_A_HUNDRED, 0.2)
PLENTY = np.array([10**12])


def sums_of(p: Floats, c: NDArray[np.int64]) -> Sums:
    """Of one offer."""
    return Sums.of(np.zeros(len(p), dtype=np.int64), p, c, 1)


def dense(cv: float) -> tuple[Floats, Floats]:
    """The shock itself, so finely cut that no approximation is left."""
    if cv == 0:
        return np.ones(1), np.ones(1)
    deviation = math.sqrt(math.log1p(cv**2))
    at = np.linspace(-5, 5, 81)
    weights = np.exp(-(at**2) / 2)
    return np.exp(deviation * at - deviation**2 / 2), weights / weights.sum()


def exactly(p: Floats, c: NDArray[np.int64], left: int, cv: float) -> float:
    """Chance of passing `left`, by the characteristic function of the exact compound sum."""
    size = 1 << (8 * left + 64).bit_length()  # more is never drawn
    turn = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    total = 0.0
    for shock, weight in zip(*dense(cv), strict=True):
        used = np.minimum(1, shock * p)
        wave = np.ones(len(turn), dtype=complex)
        for cost in np.unique(c):
            for each, times in zip(*np.unique(used[c == cost], return_counts=True), strict=True):
                wave *= (1 - each + each * turn**cost) ** times
        total += weight * (1 - np.fft.irfft(wave, size)[: left + 1].sum())
    return float(total)


def spread(
    n: int, highest: float, costs: list[int], seed: int = 1
) -> tuple[Floats, NDArray[np.int64]]:
    """n promises of eight probabilities up to `highest`, costs in lattice units."""
    rng = np.random.default_rng(seed)
    p = rng.choice(highest * np.linspace(0.1, 1, 8), n)
    return p, rng.choice(costs, n)


@pytest.mark.parametrize(
    ("budget", "used"), [(10, 0.48), (20, 0.60), (50, 0.72), (300, 0.88), (1000, 0.93)]
)
def test_meets_the_published_use_of_a_budget(budget: int, used: float) -> None:
    mix = sums_of(np.array([0.03]), np.array([100]))
    money, uses = capacity(mix, np.array([100 * budget]), np.array([budget]), NO_SHOCK)
    assert uses[0] / budget == pytest.approx(used, abs=0.006)
    assert money[0] == pytest.approx(100 * uses[0])


def test_waves_with_a_risk_of_their_own_waste_the_budget() -> None:
    mix = sums_of(np.array([0.03]), np.array([100]))
    _, uses = capacity(mix, PLENTY, np.array([300 // 14]), NO_SHOCK)
    assert 14 * uses[0] / 300 == pytest.approx(0.60, abs=0.01)


def test_response_a_fifth_above_its_model_overspends_four_times_in_five() -> None:
    mix = sums_of(np.array([0.03]), np.array([100]))
    _, uses = capacity(mix, PLENTY, np.array([300]), NO_SHOCK)
    promises = np.full(round(uses[0] / 0.03), 0.036)
    held = sums_of(promises, np.full(len(promises), 100))
    assert chance(held, PLENTY, np.array([300]), NO_SHOCK)[0] == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("cv", [0.0, 0.2])
@pytest.mark.parametrize("highest", [0.02, 0.3])
@pytest.mark.parametrize("left", [1, 3, 10, 40, 150])
def test_uses_agree_with_the_exact_sum(left: int, highest: float, cv: float) -> None:
    n = round(1.7 * (left + 4 * left**0.5) / highest)
    p, c = spread(n, highest, [1])
    for part in (0.3, 0.5, 0.7, 0.9):
        held = p[: round(part * n)]
        exact = exactly(held, c[: len(held)], left, cv)
        ours = chance(sums_of(held, c[: len(held)]), PLENTY, np.array([left]), Risk(0.01, cv))[0]
        if exact > 0.0005:
            assert 0.96 * exact - 1e-4 <= ours <= 1.3 * exact + 1e-4


@pytest.mark.parametrize("cv", [0.0, 0.2])
@pytest.mark.parametrize("costs", [[2, 3, 4], [1, 2, 4, 8], list(range(4, 13))])
@pytest.mark.parametrize("left", [10, 40, 150])
def test_money_agrees_with_the_exact_compound_sum(left: int, costs: list[int], cv: float) -> None:
    p, c = spread(4000, 0.1, costs)
    money = np.array([round(left * (p * c**2).sum() / (p * c).sum())])
    risk = Risk(ONE_IN_A_HUNDRED, cv)
    fits, _ = capacity(sums_of(p, c), money, PLENTY, risk)
    held = slice(0, int(np.searchsorted(np.cumsum(p * c), fits[0])))
    exact = exactly(p[held], c[held], int(money[0]), cv)
    assert 0.005 <= exact <= 0.0107


@pytest.mark.parametrize("budget", [20, 200, 2000])
def test_a_mix_fills_large_and_small_budgets_to_the_risk_under_the_shock(budget: int) -> None:
    p, c = spread(200, 0.3, [1])
    _, fits = capacity(sums_of(p, c), PLENTY, np.array([budget]), SHOCK)
    rng = np.random.default_rng(budget)
    scale = fits[0] / p.sum()
    trials = np.round(np.bincount(np.searchsorted(np.unique(p), p)) * scale).astype(np.int64)
    deviation = math.sqrt(math.log1p(SHOCK.cv**2))
    shock = rng.lognormal(-(deviation**2) / 2, deviation, 200_000)
    chances = np.minimum(1, shock[:, None] * np.unique(p))
    passed = (rng.binomial(trials, chances).sum(axis=1) > budget).mean()
    assert 0.004 <= passed <= 0.012


def test_both_limits_hold_together() -> None:
    p, c = spread(4000, 0.05, [50, 75, 100, 150])
    rng = np.random.default_rng(7)
    held = sums_of(p, c)
    uses, money = np.array([130]), np.array([round(130 * (p * c).sum() / p.sum())])
    drawn = rng.random((4000, len(p))) < rng.lognormal(-0.0196, 0.198, (4000, 1)) * p
    passed = (drawn.sum(axis=1) > uses) | (drawn @ c > money)
    ours = chance(held, money, uses, SHOCK)[0]
    each = chance(held, money, PLENTY, SHOCK)[0], chance(held, PLENTY, uses, SHOCK)[0]
    assert passed.mean() - 0.02 < ours < sum(each)
    assert ours > max(each)


@given(st.integers(1, 60), st.floats(0.001, 0.4), st.integers(1, 500), st.sampled_from([0.0, 0.3]))
def test_equal_costs_make_money_and_uses_one_event(
    left: int, p: float, cost: int, cv: float
) -> None:
    held = sums_of(np.full(round(left / p), p), np.full(round(left / p), cost))
    risk = Risk(ONE_IN_A_HUNDRED, cv)
    by_uses = chance(held, PLENTY, np.array([left]), risk)
    by_money = chance(held, np.array([left * cost + cost - 1]), PLENTY, risk)
    both = chance(held, np.array([left * cost]), np.array([left]), risk)
    assert by_money == pytest.approx(by_uses)
    assert both == pytest.approx(by_uses)


@given(
    st.lists(st.tuples(st.floats(1e-4, 1), st.integers(1, 400)), min_size=1, max_size=40),
    st.integers(0, 3000),
    st.integers(0, 30),
    st.sampled_from([0.0, 0.1, 0.5]),
)
def test_chance_is_one_and_falls_as_more_is_left(
    promises: list[tuple[float, int]], money: int, uses: int, cv: float
) -> None:
    p, c = (np.array(column) for column in zip(*promises, strict=True))
    risk = Risk(ONE_IN_A_HUNDRED, cv)
    held = sums_of(p, c)
    now = chance(held, np.array([money]), np.array([uses]), risk)[0]
    assert 0 <= now <= 1 + 1e-9
    assert chance(held, np.array([money + 400]), np.array([uses]), risk)[0] <= now + 1e-6
    assert chance(held, np.array([money]), np.array([uses + 1]), risk)[0] <= now + 1e-6


@pytest.mark.parametrize("n", [1, 5, 30])
@pytest.mark.parametrize("risk", [NO_SHOCK, SHOCK])
def test_promises_that_are_sure_count_in_full(n: int, risk: Risk) -> None:
    sure = sums_of(np.ones(n), np.full(n, 100))
    assert chance(sure, PLENTY, np.array([n]), NO_SHOCK)[0] < 1e-6
    assert chance(sure, PLENTY, np.array([n - 1]), NO_SHOCK)[0] > 0.99
    assert chance(sure, np.array([100 * n - 1]), PLENTY, NO_SHOCK)[0] > 0.99


def test_nothing_promised_passes_nothing_and_an_overspent_budget_is_passed() -> None:
    left = np.array([0, 0, -1])
    assert chance(Sums.zero(3), left, np.array([0, 5, 5]), SHOCK).tolist() == [0, 0, 1]


def test_the_dust_of_promises_taken_away_is_nothing() -> None:
    dust = Sums(*(np.array([size]) for size in (1e-14, -1e-12, 1e-10, -1e-15, 2e-17, 9e-17)))
    some = sums_of(np.full(50, 0.02), np.full(50, 0)) + dust
    assert chance(dust, np.array([0]), np.array([0]), SHOCK)[0] == 0
    assert chance(some, np.array([100]), PLENTY, SHOCK)[0] < 1e-6


def test_sums_add_by_offer() -> None:
    offer = np.array([0, 2, 2])
    sums = Sums.of(offer, np.array([0.5, 0.1, 0.2]), np.array([100, 10, 20]), 3)
    twice = sums + sums
    assert sums.money_1.tolist() == pytest.approx([50, 0, 5])
    assert sums.money_2.tolist() == pytest.approx([5000, 0, 90])
    assert sums.money_3.tolist() == pytest.approx([500_000, 0, 1700])
    assert sums.money_22.tolist() == pytest.approx([2500, 0, 17])
    assert sums.uses_1.tolist() == pytest.approx([0.5, 0, 0.3])
    assert twice.uses_22.tolist() == pytest.approx([0.5, 0, 0.1])


@pytest.mark.parametrize("cv", [0.0, 0.1, 0.2, 0.6])
def test_capacity_spends_the_whole_risk_and_no_more(cv: float) -> None:
    risk = Risk(0.02, cv)
    offer = np.repeat(np.arange(4), 50)
    rng = np.random.default_rng(5)
    mix = Sums.of(offer, rng.uniform(0.001, 0.2, 200), rng.integers(40, 160, 200), 4)
    money, uses = np.array([500, 5_000, 50_000, 10**9]), np.array([10**6, 50, 400, 2000])
    outstanding = Sums(*(0.2 * column for column in mix.columns()))
    fits, _ = capacity(mix, money, uses, risk, outstanding)
    scale = fits / mix.money_1
    full = Sums(*((scale + 0.2) * column for column in mix.columns()))
    assert chance(full, money, uses, risk) == pytest.approx(np.full(4, 0.02), rel=1e-3)


def test_capacity_is_nothing_for_an_empty_mix_or_a_full_budget() -> None:
    mix = Sums.of(np.array([1]), np.array([0.1]), np.array([100]), 2)
    outstanding = Sums(*(90 * column for column in mix.columns()))
    money, uses = capacity(mix, np.full(2, 900), np.full(2, 9), SHOCK, outstanding)
    assert money.tolist() == [0, 0]
    assert uses.tolist() == [0, 0]


@pytest.mark.parametrize("cv", [0.05, 0.2, 0.5])
def test_nodes_keep_the_mean_and_the_spread_of_the_shock(cv: float) -> None:
    at, weights = nodes(Risk(ONE_IN_A_HUNDRED, cv))
    narrow = math.exp(math.log1p(cv**2) / 4)  # what the narrow factor, half as wide, adds
    assert weights @ at == pytest.approx(1, abs=0.001)
    assert weights @ at**2 * narrow == pytest.approx(1 + cv**2, rel=0.002)


def test_the_compiled_scalar_is_what_the_arrays_say() -> None:
    p, c = spread(300, 0.1, [50, 100])
    held = sums_of(p, c)
    arguments = (*np.column_stack(held.columns())[0], 1700.0, 21.0, *nodes(SHOCK))
    assert chance_of(*arguments) == chance(held, np.array([1700]), np.array([21]), SHOCK)[0]


@pytest.mark.parametrize("overspend", [0.001, 0.01, 0.2])
@pytest.mark.parametrize("uses", [8.0, 13.0, 21.0, 34.0])
def test_keeping_within_a_risk_is_a_chance_of_at_most_that(overspend: float, uses: float) -> None:
    p, c = spread(300, 0.1, [50, 100])
    sums = tuple(np.column_stack(sums_of(p, c).columns())[0].tolist())
    limits = 85 * uses, uses, *nodes(SHOCK)
    arguments = (*sums, *limits)
    assert keeps_within(sums, *limits, overspend) == (chance_of(*arguments) <= overspend)
