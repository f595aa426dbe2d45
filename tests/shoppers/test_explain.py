from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.config import Settings
from promo.shoppers import explain, profiles

ROOT = Path(__file__).parents[2]
FIRST = date(2017, 9, 1)
DAY = date(2017, 11, 6)


def profile(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    """Profile rows with category from (shopper, category, days since FIRST, units)."""
    return pl.DataFrame(
        [
            (s, f"p{c}", "1", FIRST + timedelta(d), u, u * 1000, 100, 100, 0, 0, 1)
            for s, c, d, u in rows
        ],
        profiles.SCHEMA,
        orient="row",
    ).with_columns(category=pl.Series([c for _, c, _, _ in rows], dtype=pl.String))


ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("XY"), st.integers(0, 12), st.integers(-2, 4)),
    max_size=40,
)


@given(ROWS)
def test_habits_are_those_that_plain_counting_finds(rows: list[tuple[str, str, int, int]]) -> None:
    units: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for shopper, category, day, pieces in rows:
        units[shopper, category][day] += pieces
    expected = []
    for key, by_day in sorted(units.items()):
        bought = {day: pieces for day, pieces in sorted(by_day.items()) if pieces > 0}
        if not bought:
            continue
        told: tuple[Any, ...] = (None, None, None)
        if len(bought) >= 3:
            gaps = [b - a for a, b in zip(list(bought), list(bought)[1:], strict=False)]
            most = max(
                k for k in range(1, 99) if 2 * sum(p >= k for p in bought.values()) >= len(bought)
            )
            told = (mean(gaps), stdev(gaps), most)
        expected.append((*key, *told))
    found = explain.habits(profile(rows)).rows()
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    for got, want in zip(found, expected, strict=True):
        assert got[2:] == (want[2:] if want[2] is None else pytest.approx(want[2:]))


@pytest.mark.parametrize(
    ("n", "ago", "cycle", "at_once", "lapsed", "sentence"),
    [
        (1, 40, None, None, False, "bought once, 40 days ago"),
        (1, 1, None, None, False, "bought once, yesterday"),
        (1, 300, None, None, True, "bought once, 300 days ago: probably stopped"),
        (2, 6, None, None, False, "bought twice, last 6 days ago"),
        (2, 200, None, None, True, "bought twice, last 200 days ago: probably stopped"),
        (9, 6, 9.2, 2, False, "about every 9 days, last 6 days ago, often two at a time"),
        (9, 6, 8.5, 1, False, "about every 9 days, last 6 days ago"),
        (9, 1, 1.2, 12, False, "about every day, last yesterday, often twelve at a time"),
        (9, 2, 2.0, 13, False, "about every 2 days, last 2 days ago, often 13 at a time"),
        (9, 70, 10.0, 2, True, "used to come every 10 days, not for 70 days: probably stopped"),
        (9, 30, 1.0, 2, True, "used to come every day, not for 30 days: probably stopped"),
    ],
)
def test_the_sentence_behind_a_forecast(
    n: int, ago: int, cycle: float | None, at_once: int | None, lapsed: bool, sentence: str
) -> None:
    row = {"n": n, "days_ago": ago, "cycle_days": cycle, "at_once": at_once, "lapsed": lapsed}
    assert explain.why(row) == sentence


@pytest.mark.parametrize(
    ("spend", "suppressed", "consented", "eligible", "sentence"),
    [
        (
            32500,
            False,
            True,
            True,
            "It gets lists: it agreed to, and paid $325.00 in 91 days, no less than $325.00.",
        ),
        (
            32499,
            False,
            True,
            False,
            "It gets no list: it paid $324.99 in 91 days, less than $325.00.",
        ),
        (
            -100,
            False,
            True,
            False,
            "It gets no list: it paid -$1.00 in 91 days, less than $325.00.",
        ),
        (
            99999,
            False,
            False,
            False,
            "It gets no list: it has not agreed to lists, or took its consent back.",
        ),
        (99999, True, True, False, "It gets no list: it is suppressed."),
    ],
)
def test_why_a_household_gets_a_list_or_none(
    settings: Settings, spend: int, suppressed: bool, consented: bool, eligible: bool, sentence: str
) -> None:
    shopper = {"suppressed": suppressed, "consented": consented}
    assert explain.eligibility(spend, shopper, settings) == (eligible, sentence)
