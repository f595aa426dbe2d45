"""Buckets, waves and windows: everybody once a fortnight, whatever the calendar says."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.calendar import BUCKETS, FORTNIGHT, Window, bucket, wave_of, window

FIRST = date(2017, 1, 2)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
NIGHTS = st.sets(st.integers(0, FORTNIGHT - 1), min_size=1).map(lambda s: tuple(sorted(s)))


@given(NIGHTS, DAYS, DAYS)
def test_every_bucket_comes_once_in_any_fourteen_nights(
    nights: tuple[int, ...], first_night: date, start: date
) -> None:
    fortnight = [wave_of(start + timedelta(n), first_night, nights) for n in range(FORTNIGHT)]
    assert sorted(b for wave in fortnight for b in wave.buckets) == list(range(BUCKETS))


@given(NIGHTS, DAYS)
def test_waves_are_even_numbered_from_one_and_come_again(
    nights: tuple[int, ...], start: date
) -> None:
    fortnight = [wave_of(start + timedelta(n), FIRST, nights) for n in range(FORTNIGHT)]
    at_work = [wave for wave in fortnight if wave.number]
    sizes = {len(wave.buckets) for wave in at_work}
    assert max(sizes) - min(sizes) <= 1
    assert sorted(wave.number or 0 for wave in at_work) == list(range(1, len(nights) + 1))
    assert wave_of(start + timedelta(FORTNIGHT), FIRST, nights) == fortnight[0]


@pytest.mark.parametrize(
    ("night", "nights", "number", "buckets"),
    [
        (FIRST, (0,), 1, range(256)),
        (FIRST + timedelta(1), (0,), None, range(0)),
        (FIRST + timedelta(14), (0, 7), 1, range(128)),
        (FIRST + timedelta(7), (0, 7), 2, range(128, 256)),
        (FIRST - timedelta(7), (0, 7), 2, range(128, 256)),
        (FIRST + timedelta(2), (0, 1, 2), 3, range(170, 256)),
        (FIRST + timedelta(13), tuple(range(14)), 14, range(237, 256)),
    ],
)
def test_known_waves(
    night: date, nights: tuple[int, ...], number: int | None, buckets: range
) -> None:
    wave = wave_of(night, FIRST, nights)
    assert (wave.number, wave.buckets) == (number, tuple(buckets))


@pytest.mark.parametrize(
    ("shopper", "number"), [("1", 228), ("2469", 163), ("household-7", 225), ("ü", 52)]
)
def test_a_bucket_is_for_ever(shopper: str, number: int) -> None:
    assert bucket(shopper) == number


@given(st.text())
def test_any_id_has_a_bucket(shopper: str) -> None:
    assert 0 <= bucket(shopper) < BUCKETS


@pytest.mark.parametrize(
    ("lead", "days", "first", "last"),
    [
        (0, 14, date(2017, 2, 20), date(2017, 3, 5)),
        (5, 14, date(2017, 2, 25), date(2017, 3, 10)),
        (0, 1, date(2017, 2, 20), date(2017, 2, 20)),
    ],
)
def test_a_window_begins_after_the_lead_days(lead: int, days: int, first: date, last: date) -> None:
    found = window(date(2017, 2, 20), lead, days)
    assert found == Window(first, last)
    assert found.days == days


@given(DAYS, st.integers(0, 28))
def test_windows_of_a_household_follow_each_other_without_a_gap(night: date, lead: int) -> None:
    this, following = window(night, lead), window(night + timedelta(FORTNIGHT), lead)
    assert following.first == this.last + timedelta(1)
