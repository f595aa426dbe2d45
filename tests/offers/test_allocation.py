"""Allocation: limits, bounds, and answers known by other means."""

from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import Any

import lp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from promo.offers import dual, household, moves, reasons, risk, search, settle
from promo.offers.allocation import (
    Allocation,
    Candidates,
    Effort,
    Offers,
    Rules,
    allocate,
)
from promo.offers.prices import Prices
from promo.offers.reasons import Why
from promo.offers.risk import Risk, Sums, chance

Row = tuple[int, int, int, float, int]  # household, offer, category, value, worth


@dataclass(frozen=True)
class Problem:
    """A night as plain Python."""

    rows: list[Row]
    money: list[int]
    uses: list[int]
    funder: list[int]
    slots: list[int]
    low: list[int]
    high: list[int]
    rivals: list[tuple[int, int]]
    per_category: int = 1
    per_funder: int = 2

    @property
    def candidates(self) -> Candidates:
        """All are redeemed with a chance of a tenth."""

        def ints(at: int) -> np.typing.NDArray[np.int64]:
            return np.array([row[at] for row in self.rows], dtype=np.int64)

        values = np.array([row[3] for row in self.rows], dtype=np.float64)
        return Candidates(ints(0), ints(1), ints(2), values, ints(4), np.full(len(values), 0.1))

    @property
    def offers(self) -> Offers:
        pairs = np.array(self.rivals, dtype=np.int64).reshape(-1, 2)
        money, uses, funder = map(np.array, (self.money, self.uses, self.funder))
        return Offers(money, uses, funder, rivals=pairs)

    @property
    def rules(self) -> Rules:
        slots, low, high = map(np.array, (self.slots, self.low, self.high))
        return Rules(slots, low, high, self.per_category, self.per_funder, pull=0.5)

    def solve(self, prices: Prices | None = None, effort: Effort = Effort()) -> Allocation:  # noqa: B008
        return allocate(self.candidates, self.offers, self.rules, prices, effort)

    def is_a_list(self, rows: list[Row], *, low: bool = True) -> bool:
        """Whether rows of one household may stand together, budgets aside."""
        if not rows:
            return not low or self.low[0] <= 0
        h = rows[0][0]
        categories, offers = [r[2] for r in rows], [r[1] for r in rows]
        funders = [self.funder[o] for o in offers]
        worth = sum(r[4] for r in rows)
        return (
            len(rows) <= self.slots[h]
            and all(categories.count(c) <= self.per_category for c in categories)
            and all(funders.count(f) <= self.per_funder for f in funders)
            and not any(a in offers and b in offers for a, b in self.rivals)
            and (self.low[h] if low else 0) <= worth <= self.high[h]
        )

    def keeps_budgets(self, rows: list[Row]) -> bool:
        offers = range(len(self.money))
        return all(
            sum(r[4] for r in rows if r[1] == o) <= self.money[o]
            and sum(r[1] == o for r in rows) <= self.uses[o]
            for o in offers
            if any(r[1] == o for r in rows)
        )

    def of(self, household: int) -> list[Row]:
        return [row for row in self.rows if row[0] == household]


@st.composite
def problems(draw: st.DrawFn, most: int = 4, *, bands: bool = True) -> Problem:
    """A few households and offers, tight budgets, many equal values; each pair once."""
    households, offers = draw(st.integers(1, most)), draw(st.integers(2, 7))
    pairs = st.tuples(st.integers(0, households - 1), st.integers(0, offers - 1))
    rest = st.tuples(
        st.integers(0, 3), st.sampled_from([-1.0, 0.25, 1.0, 1.5, 3.0, 7.0]), st.integers(1, 300)
    )
    rows = sorted((*p, *draw(rest)) for p in draw(st.lists(pairs, unique=True, max_size=18)))
    low = st.sampled_from([0, 0, 150, 400]) if bands else st.just(0)
    high = st.sampled_from([2**62, 350, 700]) if bands else st.just(2**62)
    some = st.tuples(st.integers(0, offers - 1), st.integers(0, offers - 1))
    rivals = [(a, b) for a, b in draw(st.lists(some, max_size=3)) if a != b]

    def of_each(what: st.SearchStrategy[int], n: int) -> list[int]:
        return draw(st.lists(what, min_size=n, max_size=n))

    return Problem(
        rows,
        money=of_each(st.integers(-100, 700), offers),
        uses=of_each(st.integers(-1, 3), offers),
        funder=of_each(st.integers(0, 2), offers),
        slots=of_each(st.integers(0, 4), households),
        low=of_each(low, households),
        high=of_each(high, households),
        rivals=rivals if bands else [],
        per_category=draw(st.integers(1, 2)),
        per_funder=draw(st.integers(1, 3)),
    )


@given(problems())
def test_no_limit_is_passed(problem: Problem) -> None:
    found = problem.solve()
    chosen = [problem.rows[i] for i in found.chosen]
    assert problem.keeps_budgets(chosen)
    for h in range(len(problem.slots)):
        mine = [row for row in chosen if row[0] == h]
        assert problem.is_a_list(mine, low=False)
        assert (h in found.unmet) == (sum(row[4] for row in mine) < problem.low[h])
    if not any(problem.low):
        assert found.value <= found.bound + 1e-9 * (1 + abs(found.bound))


@given(problems(most=1))
def test_one_household_alone_gets_the_best_of_all_lists(problem: Problem) -> None:
    """Every subset is tried: with budgets for all, nothing is left to luck."""
    n = len(problem.money)
    rich = replace(problem, money=[10**6] * n, uses=[99] * n)
    found = rich.solve()
    every = [c for k in range(problem.slots[0] + 1) for c in combinations(rich.rows, k)]
    met = [c for c in every if rich.is_a_list(list(c))]
    if met:
        assert len(found.unmet) == 0
        best = max(sum(row[3] for row in c) for c in met)
    else:
        assert found.unmet.tolist() == [0]
        free = [c for c in every if rich.is_a_list(list(c), low=False)]
        best = max(sum(row[3] + 0.5 * row[4] for row in c) for c in free)
    assert found.value == pytest.approx(best)
    assert found.bound == pytest.approx(best)


@given(problems(most=2, bands=False))
def test_the_bound_is_above_every_allocation(problem: Problem) -> None:
    every = [
        [c for k in range(slots + 1) for c in combinations(problem.of(h), k)]
        for h, slots in enumerate(problem.slots)
    ]
    lists = [[c for c in some if problem.is_a_list(list(c), low=False)] for some in every]
    together = [a + b for a in lists[0] for b in (lists[1] if len(lists) > 1 else [()])][:20_000]
    found = problem.solve()
    best = max(
        sum(row[3] for row in rows) for rows in together if problem.keeps_budgets(list(rows))
    )
    assert found.value <= best + 1e-9
    assert best <= found.bound * (1 + 1e-9) + 1e-9


@given(problems(bands=False))
def test_whoever_is_kept_out_by_a_budget_cannot_be_afforded(problem: Problem) -> None:
    found = problem.solve()
    chosen = [problem.rows[i] for i in found.chosen]
    for i, row in enumerate(problem.rows):
        if found.why[i] == Why.BUDGET:
            assert not problem.keeps_budgets([*chosen, row])
        if found.why[i] in (Why.CATEGORY, Why.SLOTS, Why.FUNDER) and problem.slots[row[0]]:
            by = problem.rows[found.beaten_by[i]]
            assert by in chosen
            assert by[0] == row[0]
        if found.why[i] == Why.CATEGORY:
            assert problem.rows[found.beaten_by[i]][2] == row[2]
    assert [i for i, why in enumerate(found.why) if why == Why.CHOSEN] == found.chosen.tolist()


@given(problems())
def test_the_same_night_gives_the_same_bytes_on_any_number_of_threads(problem: Problem) -> None:
    one, two = problem.solve(), problem.solve(effort=Effort(threads=2))
    assert one.chosen.tobytes() == two.chosen.tobytes()
    assert one.prices.money.tobytes() == two.prices.money.tobytes()
    assert (one.value, one.bound) == (two.value, two.bound)


def made(households: int = 400) -> tuple[Candidates, Offers, Rules]:
    """A night of the bench, small."""
    draw = np.random.default_rng(7)
    world = lp.World.made(draw, (0.25, 1.3))
    some = lp.candidates(world, draw, households)
    return some, lp.budgets(world, some), Rules(np.full(households, 14), per_funder=3)


def test_it_comes_near_the_optimum_of_the_linear_program() -> None:
    """HiGHS is the second implementation; its optimum lies between our value and our bound."""
    some, offers, rules = made()
    optimum = lp.highs(lp.Program.of(some, offers, rules, set()), "simplex")[1]
    found = allocate(some, offers, rules)
    assert lp.keeps_budgets(some, offers, found)
    assert found.value >= 0.99 * optimum
    assert optimum * (1 - 1e-9) <= found.bound <= 1.0005 * optimum


def test_known_prices_save_time_and_nothing_else() -> None:
    some, offers, rules = made()
    cold = allocate(some, offers, rules)
    warm = allocate(some, offers, rules, cold.prices)
    assert warm.value == pytest.approx(cold.value, rel=0.003)
    assert warm.bound == pytest.approx(cold.bound, rel=1e-4)


def test_quick_is_nearly_as_good() -> None:
    some, offers, rules = made()
    assert allocate(some, offers, rules, effort=Effort.quick()).value == pytest.approx(
        allocate(some, offers, rules).value, rel=0.003
    )


RISK = Risk(overspend=0.01, cv=0.2)


def risky(pace: float | None = None) -> tuple[Candidates, Offers, Rules]:
    """Budgets of a few redemptions, half of them promised on other nights."""
    some, offers, rules = made()
    other = Sums.of(some.offer, some.probability / 8, some.worth, len(offers.money))
    few = replace(
        offers,
        money=offers.money // 8,
        uses=np.maximum(offers.uses // 8, 1),
        outstanding=other,
        pace=None if pace is None else np.full(len(offers.money), pace),
    )
    return some, few, replace(rules, risk=RISK)


def promised(some: Candidates, offers: Offers, chosen: np.typing.NDArray[np.int64]) -> Sums:
    assert offers.outstanding is not None
    tonight = Sums.of(
        some.offer[chosen], some.probability[chosen], some.worth[chosen], len(offers.money)
    )
    return offers.outstanding + tonight


def test_with_risk_no_offer_is_likelier_to_overspend_than_allowed() -> None:
    some, offers, rules = risky()
    assert offers.outstanding is not None
    found = allocate(some, offers, rules)
    before = chance(offers.outstanding, offers.money, offers.uses, RISK)
    after = chance(promised(some, offers, found.chosen), offers.money, offers.uses, RISK)
    given_ = np.bincount(some.offer[found.chosen], minlength=len(before)) > 0
    assert (after[given_] <= RISK.overspend * (1 + 1e-9)).all()
    assert (before[~given_] <= after[~given_]).all()
    in_full = np.bincount(some.offer[found.chosen], some.worth[found.chosen], len(before))
    assert (in_full > offers.money).any()  # redemption is a few per cent


def test_with_risk_the_best_of_those_kept_out_by_a_budget_would_break_it() -> None:
    some, offers, rules = risky()
    found = allocate(some, offers, rules)
    out = np.flatnonzero(found.why == Why.BUDGET)
    kept_out = np.unique(some.offer[out])
    assert len(kept_out) > 20
    for offer in kept_out.tolist():
        best = max(out[some.offer[out] == offer].tolist(), key=lambda row: float(some.value[row]))
        with_it = promised(some, offers, np.append(found.chosen, best))
        passed = chance(with_it, offers.money, offers.uses, RISK)[offer]
        assert passed > RISK.overspend


def test_pace_is_kept() -> None:
    some, offers, rules = risky(pace=50.0)
    found = allocate(some, offers, rules)
    rows = found.chosen
    expected = np.bincount(some.offer[rows], some.probability[rows] * some.worth[rows])
    assert 45 < expected.max() <= 50 * (1 + 1e-9)


def test_more_budget_is_never_worth_less() -> None:
    some, offers, rules = made()
    values = [
        allocate(some, replace(offers, money=offers.money * k // 4), rules).value for k in (2, 3, 4)
    ]
    assert values[0] < values[1] < values[2]


@pytest.mark.parametrize(
    ("rows", "limits", "expected"),
    [
        # household, offer, category, value, worth; money, uses, slots
        ([(0, 0, 0, 1.0, 100), (0, 1, 1, 2.0, 100)], ([999, 999], [9, 9], [1]), [1]),
        ([(0, 0, 0, 1.0, 100), (0, 1, 0, 2.0, 100)], ([999, 999], [9, 9], [9]), [1]),
        ([(0, 0, 0, 2.0, 100), (1, 0, 0, 1.0, 100)], ([100], [9], [9, 9]), [0]),
        # The dear one is worth more, two cheap ones together are worth most.
        (
            [(0, 0, 0, 3.0, 200), (1, 0, 0, 2.0, 100), (2, 0, 0, 2.0, 100)],
            ([200], [9], [1, 1, 1]),
            [1, 2],
        ),
        # Whoever can do with another offer leaves the scarce one to who cannot.
        (
            [(0, 0, 0, 5.0, 100), (0, 1, 0, 4.0, 100), (1, 0, 0, 4.5, 100)],
            ([100, 100], [9, 9], [1, 1]),
            [1, 2],
        ),
        ([(0, 0, 0, 1.0, 100)], ([100], [0], [9]), []),
        ([(0, 0, 0, 1.0, 100)], ([99], [1], [9]), []),
        ([(0, 0, 0, 1.0, 100)], ([100], [1], [1]), [0]),
        ([(0, 0, 0, 0.0, 100)], ([999], [9], [9]), []),
        ([], ([], [], []), []),
    ],
)
def test_by_hand(
    rows: list[Row], limits: tuple[list[int], list[int], list[int]], expected: list[int]
) -> None:
    money, uses, slots = limits
    n = len(slots)
    problem = Problem(rows, money, uses, [0] * len(money), slots, [0] * n, [2**62] * n, [])
    assert problem.solve().chosen.tolist() == expected


def test_a_list_goes_below_its_band_only_where_budgets_leave_no_other() -> None:
    rows: list[Row] = [(0, 0, 0, 1.0, 200), (0, 1, 1, 1.0, 200), (1, 0, 0, 3.0, 200)]
    two = Problem(rows, [200, 200], [9, 9], [0, 1], [2, 2], [400, 0], [2**62] * 2, [])
    assert two.solve().chosen.tolist() == [0, 1]  # the band is a promise: it goes before value
    poor = replace(two, money=[200, 0])
    found = poor.solve()
    assert found.unmet.tolist() == [0]
    assert found.chosen.tolist() in ([0], [2])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shopper": [1, 0]}, "candidate 1 does not follow 0"),
        ({"offer": [1, 1]}, "candidate 1 does not follow 0"),
        ({"offer": [0, 2]}, "offer of a candidate"),
        ({"shopper": [0, 2]}, "shopper of a candidate"),
        ({"worth": [1, -1]}, "worth of a candidate"),
        ({"category": [-1, 1]}, "category of a candidate"),
        ({"value": [1.0, float("nan")]}, "value of a candidate"),
    ],
)
def test_what_is_not_as_it_must_be_is_refused(change: dict[str, list[float]], message: str) -> None:
    zero, ones = np.array([0, 0]), np.array([1, 1])
    good = Candidates(zero, np.array([0, 1]), zero, ones * 1.0, ones, ones * 0.5)
    bad = replace(good, **{name: np.array(column) for name, column in change.items()})
    with pytest.raises(ValueError, match=message):
        allocate(bad, Offers(ones, ones, zero), Rules(ones))


def test_the_input_is_left_as_it_was() -> None:
    some, offers, rules = made(50)
    columns = [some.value, some.worth, offers.money, offers.uses, rules.slots]
    before = [column.copy() for column in columns]
    allocate(some, offers, rules)
    assert all((a == b).all() for a, b in zip(before, columns, strict=True))


def test_columns_that_frames_lend_are_no_new_type_to_compile_for() -> None:
    some, offers, rules = made(50)
    allocate(some, offers, rules)
    known = signatures()
    lent = Candidates(*(lend(getattr(some, field.name)) for field in fields(some)))
    allocate(lent, offers, rules)
    assert signatures() == known


def lend(column: NDArray[Any]) -> NDArray[Any]:
    lent = column.copy()
    lent.flags.writeable = False
    return lent


def signatures() -> list[int]:
    """How many types each compiled function was compiled for."""
    modules = (household, search, dual, settle, moves, reasons, risk)
    functions = (each for module in modules for each in vars(module).values())
    return [len(each.signatures) for each in functions if hasattr(each, "signatures")]
