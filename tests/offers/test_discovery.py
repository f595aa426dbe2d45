"""Discovery against a second implementation in plain Python, and chances against frequencies."""

from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from promo.offers.allocation import Allocation, Candidates, Offers, Rules, allocate
from promo.offers.coins import coins, keys
from promo.offers.discovery import Discovered, discover
from promo.offers.risk import Risk, Sums, chance

Row = tuple[int, int, int, float, int, bool]  # household, offer, category, value, worth, unseen
PLENTY = 10**9


@dataclass(frozen=True)
class Case:
    """A night as plain Python; a promise is redeemed with a chance of a tenth."""

    rows: list[Row]
    money: list[int]
    uses: list[int]
    funder: list[int]
    high: list[int]
    pace: list[float] | None = None
    rivals: list[tuple[int, int]] = field(default_factory=list)
    per_funder: int = 2
    risk: Risk | None = None
    slots: int = 1  # of the allocation
    draws: int = 2
    seed: int = 0

    @property
    def households(self) -> list[str]:
        return [f"h{n}" for n in range(len(self.high))]

    @property
    def unseen(self) -> NDArray[np.bool_]:
        return np.array([row[5] for row in self.rows], dtype=np.bool_)

    @property
    def candidates(self) -> Candidates:
        def ints(at: int) -> NDArray[np.int64]:
            return np.array([row[at] for row in self.rows], dtype=np.int64)

        values = np.array([row[3] for row in self.rows], dtype=np.float64)
        return Candidates(ints(0), ints(1), ints(2), values, ints(4), np.full(len(values), 0.1))

    @property
    def offers(self) -> Offers:
        pace = None if self.pace is None else np.array(self.pace)
        rivals = np.array(self.rivals, dtype=np.int64).reshape(-1, 2)
        money, uses, funder = map(np.array, (self.money, self.uses, self.funder))
        return Offers(money, uses, funder, Sums.zero(len(money)), pace, rivals)

    @property
    def rules(self) -> Rules:
        slots, high = np.full(len(self.high), self.slots), np.array(self.high)
        return Rules(slots, None, high, 1, self.per_funder, risk=self.risk)

    def allocate(self) -> Allocation:
        return allocate(self.candidates, self.offers, self.rules)

    def discover(self, allocation: Allocation | None = None) -> Discovered:
        throws = self.seed, "x", keys(self.households)
        known = self.candidates, self.unseen, self.offers, self.rules
        return discover(*known, allocation or self.allocate(), self.draws, throws)

    def agree(self, one: Row, other: Row) -> bool:
        pair = {one[1], other[1]}
        return one[2] != other[2] and all(pair != set(rivals) for rivals in self.rivals)

    def holds(self, rows: list[Row]) -> bool:
        """Whether the promises of one offer keep to its budget and pace."""
        [offer] = {row[1] for row in rows}
        money, uses = self.money[offer], self.uses[offer]
        full = sum(row[4] for row in rows)
        tonight = full * (1.0 if self.risk is None else 0.1)
        if self.pace is not None and tonight > self.pace[offer] * (1 + 1e-12):
            return False
        if self.risk is None:
            return full <= money and len(rows) <= uses
        n = len(rows)
        worth = np.array([row[4] for row in rows])
        sums = Sums.of(np.zeros(n, np.int64), np.full(n, 0.1), worth, 1)
        left = np.array([money]), np.array([uses])
        return bool(chance(sums, *left, self.risk)[0] <= self.risk.overspend)

    def open_to(self, household: int, on_lists: list[Row]) -> list[Row]:
        """What may come onto a list: the unseen among it, if any."""
        mine = [row for row in on_lists if row[0] == household]
        worth = sum(row[4] for row in mine)
        found = [
            row
            for row in self.rows
            if row[0] == household
            and row not in mine
            and worth + row[4] <= self.high[household]
            and all(self.agree(row, other) for other in mine)
            and sum(self.funder[row[1]] == self.funder[r[1]] for r in mine) < self.per_funder
            and self.holds([row, *(other for other in on_lists if other[1] == row[1])])
        ]
        return [row for row in found if row[5]] or found

    def by_hand(self, chosen: list[int]) -> dict[int, float]:
        """The rows drawn and their chances."""
        names = keys(self.households)
        turns, found = coins(self.seed, "x/order", names), dict[int, float]()
        on_lists = [self.rows[row] for row in chosen]
        for household in np.argsort(turns).tolist():
            for draw in range(self.draws):
                rows = self.open_to(household, on_lists)
                if not rows:
                    break
                worthy = np.maximum([row[3] for row in rows], 0.0)
                even = np.full(len(rows), 1 / len(rows))
                shares = (even + worthy / worthy.sum()) / 2 if worthy.sum() else even
                own, number = names[[household]], np.array([draw], dtype=np.uint64)
                [thrown] = coins(self.seed, "x", own, number)
                at = min(int(np.searchsorted(shares.cumsum(), thrown, "right")), len(rows) - 1)
                found[self.rows.index(rows[at])] = float(shares[at])
                on_lists.append(rows[at])
        return found


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Up to four households and five offers, with scarce budgets and rivals."""
    households, offers = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    value = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0, 4.0])
    rows = [
        (h, o, draw(st.integers(0, 3)), draw(value), draw(st.integers(1, 4)), draw(st.booleans()))
        for h, o in product(range(households), range(offers))
        if draw(st.integers(0, 4))
    ]

    def each(strategy: st.SearchStrategy[int]) -> list[int]:
        return draw(st.lists(strategy, min_size=offers, max_size=offers))

    pairs = st.tuples(st.integers(0, offers - 1), st.integers(0, offers - 1))
    own = draw(st.lists(pairs.filter(lambda pair: pair[0] != pair[1]), max_size=3))
    pace = [float(n) for n in each(st.integers(0, 9))] if draw(st.booleans()) else None
    risk = draw(st.sampled_from([None, Risk(0.05, 0.2)]))
    if pace and risk:
        pace = [n / 10 for n in pace]
    high = st.sampled_from([0, 3, 6, 2**62])
    return Case(
        rows, each(st.integers(0, 12)), each(st.integers(0, 4)), each(st.integers(0, 1)),
        draw(st.lists(high, min_size=households, max_size=households)), pace, own,
        draw(st.integers(1, 3)), risk, draw(st.integers(0, 2)), draw(st.integers(0, 3)),
        draw(st.integers(0, 9)),
    )  # fmt: skip


@given(cases())
@settings(max_examples=150)
def test_what_is_drawn_is_what_plain_python_draws(case: Case) -> None:
    allocation = case.allocate()
    found = case.discover(allocation)
    expected = case.by_hand(allocation.chosen.tolist())
    assert dict(zip(found.drawn.tolist(), found.chance, strict=True)) == pytest.approx(expected)
    assert np.array_equal(case.discover(allocation).drawn, found.drawn)


def many(households: int, **changes: object) -> Case:
    """Households alike: five offers in four categories, two of them unseen; budgets are plenty."""
    kind = [(0, 4.0, True), (1, 1.0, True), (1, 8.0, False), (2, -1.0, False), (3, 3.0, False)]
    rows = [
        (h, o, category, value, 1, unseen)
        for h in range(households)
        for o, (category, value, unseen) in enumerate(kind)
    ]
    plain = Case(rows, [PLENTY] * 5, [PLENTY] * 5, [0] * 5, [2**62] * households, slots=0)
    return replace(plain, per_funder=5, **changes)  # type: ignore[arg-type]


def test_the_chance_recorded_is_the_share_that_is_drawn() -> None:
    case = many(30_000, draws=3)
    found = case.discover()
    drawn, recorded = (each.reshape(-1, 3) for each in (found.drawn % 5, found.chance))
    sequences, which = np.unique(drawn, axis=0, return_inverse=True)
    # Unseen ones first: 0 then 1 or 1 then 0, which leaves 3 and 4 of other categories.
    assert sequences.tolist() == [[0, 1, 3], [0, 1, 4], [1, 0, 3], [1, 0, 4]]
    chances = np.unique(recorded[which == 0], axis=0)
    assert chances == pytest.approx(np.array([[(0.5 + 0.8) / 2, 1.0, 0.25]]))
    for number in range(len(sequences)):
        [chance_] = np.unique(recorded[which == number], axis=0).prod(axis=1)
        share = (which == number).mean()
        assert abs(share - chance_) < 4 * np.sqrt(chance_ * (1 - chance_) / len(drawn))


def test_a_household_draws_alone_what_it_draws_in_company() -> None:
    case = many(40, seed=3)
    found = case.discover()
    for count in (1, 7):
        alone = many(count, seed=3).discover()
        mine = found.drawn < 5 * count
        assert np.array_equal(alone.drawn, found.drawn[mine])
        assert np.array_equal(alone.chance, found.chance[mine])


def test_seed_and_purpose_move_the_draws() -> None:
    first, second = (many(200, seed=seed).discover().drawn for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_who_draws_first_is_not_who_stands_first() -> None:
    """Of a budget of one use, over many seeds, each of four households has its quarter."""
    rows: list[Row] = [(h, 0, 0, 1.0, 1, True) for h in range(4)]
    case = Case(rows, [PLENTY], [1], [0], [2**62] * 4, slots=0)
    allocation = case.allocate()
    got = np.bincount(
        [replace(case, seed=seed).discover(allocation).drawn.item() for seed in range(800)]
    )
    assert (abs(got - 200) < 4 * np.sqrt(800 * 0.25 * 0.75)).all()


def test_no_slots_and_no_households() -> None:
    assert len(many(3, draws=0).discover().drawn) == 0
    assert len(Case([], [1], [1], [0], []).discover().drawn) == 0
