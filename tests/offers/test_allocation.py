"""Greedy allocation: what it must never do, and what no one left out can complain of."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.offers.allocation import Allocation, Budgets, Candidates, allocate

Row = tuple[int, int, int, float, int]  # household, offer, category, value, cost


@dataclass(frozen=True)
class Problem:
    """Candidates with their budgets and slots, as plain Python."""

    rows: list[Row]
    money: list[int]
    uses: list[int]
    slots: list[int]
    per_category: int = 1

    def solve(self, order: list[int] | None = None) -> Allocation:
        rows = [self.rows[i] for i in order] if order else self.rows
        shopper, offer, category, value, cost = zip(*rows, strict=True) if rows else ([],) * 5
        candidates = Candidates(
            shopper=np.array(shopper, dtype=np.int64),
            offer=np.array(offer, dtype=np.int64),
            category=np.array(category, dtype=np.int64),
            value=np.array(value, dtype=np.float64),
            worth=np.array(cost, dtype=np.int64),
            probability=np.full(len(rows), 0.1),
        )
        budgets = Budgets(np.array(self.money), np.array(self.uses))
        return allocate(candidates, budgets, np.array(self.slots), self.per_category)

    def chosen(self) -> list[Row]:
        return [self.rows[i] for i in self.solve().chosen]

    def fits(self, row: Row, beside: list[Row]) -> bool:
        """Whether a row could stand beside some chosen ones."""
        shopper, offer, category, _, cost = row
        on_list = [r for r in beside if r[0] == shopper]
        of_offer = [r for r in beside if r[1] == offer]
        return (
            len(on_list) < self.slots[shopper]
            and sum(r[2] == category for r in on_list) < self.per_category
            and len(of_offer) < self.uses[offer]
            and sum(r[4] for r in of_offer) + cost <= self.money[offer]
        )


def before(row: Row) -> tuple[float, int, int]:
    """The order in which rows are served."""
    return (-row[3], row[0], row[1])


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A few households and offers, tight budgets, many equal values; each pair once."""
    households, offers = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    pairs = st.tuples(st.integers(0, households - 1), st.integers(0, offers - 1))
    rest = st.tuples(
        st.integers(0, 2), st.sampled_from([-1.0, 0.0, 0.25, 1.0, 1.5, 7.0]), st.integers(0, 300)
    )
    rows = [(*p, *draw(rest)) for p in draw(st.lists(pairs, unique=True, max_size=20))]
    return Problem(
        rows,
        money=draw(st.lists(st.integers(-100, 600), min_size=offers, max_size=offers)),
        uses=draw(st.lists(st.integers(-1, 3), min_size=offers, max_size=offers)),
        slots=draw(st.lists(st.integers(0, 4), min_size=households, max_size=households)),
        per_category=draw(st.integers(1, 2)),
    )


@given(problems())
def test_no_limit_is_passed(problem: Problem) -> None:
    chosen = problem.chosen()
    for number, row in enumerate(chosen):
        assert problem.fits(row, chosen[:number] + chosen[number + 1 :])
        assert row[3] > 0


@given(problems())
def test_whoever_is_left_out_was_kept_out_by_those_served_before(problem: Problem) -> None:
    """The whole of what greedy promises: betters alone leave no room for a rejected row.

    As limits only tighten, no rejected row can be added to the final answer either.
    """
    chosen = problem.chosen()
    for row in problem.rows:
        if row not in chosen and row[3] > 0:
            assert not problem.fits(row, [r for r in chosen if before(r) < before(row)])
            assert not problem.fits(row, chosen)


@given(problems())
def test_what_is_left_is_what_was_there_less_what_was_given(problem: Problem) -> None:
    found = problem.solve()
    chosen = [problem.rows[i] for i in found.chosen]
    for offer, (money, uses) in enumerate(zip(problem.money, problem.uses, strict=True)):
        given_ = [r[4] for r in chosen if r[1] == offer]
        assert found.left.money[offer] == money - sum(given_)
        assert found.left.uses[offer] == uses - len(given_)


@given(problems(), st.data())
def test_the_order_of_the_rows_does_not_matter(problem: Problem, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(problem.rows))))
    other = [problem.rows[order[i]] for i in problem.solve(list(order)).chosen]
    assert other == problem.chosen()


@given(problems())
def test_the_answer_comes_by_household_and_falling_value(problem: Problem) -> None:
    chosen = problem.chosen()
    assert chosen == sorted(chosen, key=lambda row: (row[0], -row[3], row[1]))


def test_the_input_is_left_as_it_was() -> None:
    money, uses, slots = np.array([500]), np.array([3]), np.array([1])
    one = np.zeros(1, dtype=np.int64)
    candidates = Candidates(one, one, one, np.array([2.0]), np.array([125]), np.array([0.1]))
    found = allocate(candidates, Budgets(money, uses), slots)
    assert (found.left.money[0], found.left.uses[0]) == (375, 2)
    assert (money[0], uses[0], slots[0]) == (500, 3, 1)


@pytest.mark.parametrize(
    ("rows", "limits", "expected"),
    [
        # household, offer, category, value, cost; money, uses, slots
        ([(0, 0, 0, 1.0, 100), (0, 1, 1, 2.0, 100)], ([999, 999], [9, 9], [1]), [1]),
        ([(0, 0, 0, 1.0, 100), (0, 1, 0, 2.0, 100)], ([999, 999], [9, 9], [9]), [1]),
        ([(0, 0, 0, 1.0, 100), (1, 0, 0, 1.0, 100)], ([100], [9], [9, 9]), [0]),  # tie: household
        ([(0, 1, 0, 1.0, 100), (0, 0, 1, 1.0, 100)], ([999, 999], [9, 9], [1]), [1]),  # tie: offer
        ([(0, 0, 0, 2.0, 200), (1, 0, 0, 1.0, 99)], ([199], [9], [9, 9]), [1]),  # the rest fits
        ([(0, 0, 0, 1.0, 100)], ([100], [0], [9]), []),
        ([(0, 0, 0, 1.0, 100)], ([99], [1], [9]), []),
        ([(0, 0, 0, 1.0, 100)], ([100], [1], [1]), [0]),
        ([(0, 0, 0, 0.0, 100)], ([999], [9], [9]), []),
        ([(0, 0, 0, float("nan"), 100)], ([999], [9], [9]), []),
        ([], ([], [], []), []),
    ],
)
def test_by_hand(
    rows: list[Row], limits: tuple[list[int], list[int], list[int]], expected: list[int]
) -> None:
    assert Problem(rows, *limits).solve().chosen.tolist() == expected
