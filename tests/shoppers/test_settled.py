"""Hysteresis: a second, slow implementation, and what it promises."""

from datetime import date, timedelta

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from promo.shoppers import settled
from promo.shoppers.settled import REACH, STEPS

DAY, KEEP = date(2017, 11, 6), 100
ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, KEEP + REACH), st.integers(-50, 500)),
    min_size=1, max_size=40,
)  # fmt: skip


def frame(rows: list[tuple[str, int, int]]) -> pl.DataFrame:
    found = [(who, DAY - timedelta(ago), paid) for who, ago, paid in rows]
    return pl.DataFrame(found, ["shopper", "day", "paid"], orient="row")


@given(ROWS)
def test_sums_are_those_of_the_past_profiles(rows: list[tuple[str, int, int]]) -> None:
    found = settled.sums(frame(rows), ("shopper",), ("paid",), DAY, KEEP)
    kept = {who for who, ago, _ in rows if ago <= KEEP}
    assert found["shopper"].to_list() == sorted(kept)
    for who, sums in found.rows():
        backs = [14 * back for back in range(STEPS, -1, -1)]
        assert sums == [
            sum(paid for w, ago, paid in rows if w == who and back < ago <= back + KEEP)
            for back in backs
        ]


VALUES = st.lists(st.floats(0, 100) | st.none(), min_size=STEPS + 1, max_size=STEPS + 1)


def slowly(values: list[float | None], lines: list[float], margin: float) -> int:
    """Step by step, one line at a time, as one would tell it to a person."""
    place: int | None = None
    for value in values:
        if value is None:
            continue
        if place is None:
            place = sum(value >= line for line in lines)
        while place < len(lines) and value >= lines[place] + margin:
            place += 1
        while place > 0 and value < lines[place - 1] - margin:
            place -= 1
    assert place is not None
    return place


@given(VALUES.filter(lambda values: values[-1] is not None), st.floats(0, 9))
def test_sides_are_those_that_a_person_would_find(
    values: list[float | None], margin: float
) -> None:
    lines = [30.0, 60.0]
    matrix = np.array([[np.nan if v is None else v for v in values]])
    found = settled.side(matrix, np.array(lines), np.full(2, margin))
    assert found.tolist() == [slowly(values, lines, margin)]
    last = values[-1]
    assert last is not None
    if all(abs(last - line) > margin for line in lines):  # no margin holds back a true change
        assert found[0] == sum(last >= line for line in lines)


@given(VALUES.filter(lambda values: values[-1] is not None))
def test_without_a_margin_only_the_last_value_counts(values: list[float | None]) -> None:
    matrix = np.array([[np.nan if v is None else v for v in values]])
    lines = np.array([[30.0, 60.0]])
    last = values[-1]
    assert last is not None
    assert settled.side(matrix, lines, 0 * lines).tolist() == [int((last >= lines).sum())]


def test_who_wavers_about_a_line_stays() -> None:
    wavers = [[49.0, 51.0] * 3 + [49.0], [51.0, 49.0] * 3 + [51.0], [40.0] * 6 + [56.0]]
    found = settled.side(np.array(wavers), np.array([50.0]), np.array([5.0]))
    assert found.tolist() == [0, 1, 1]
