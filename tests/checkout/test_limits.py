"""Token buckets: never more than the burst and the rate allow, whatever the arrivals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.checkout import limits
from promo.checkout.limits import Limit


def test_a_burst_then_the_rate() -> None:
    limit = Limit(rate=2.0, burst=3)
    for _ in range(3):
        assert limit.wait(1, 10.0) == 0.0
        limit.take(1, 10.0)
    assert limit.wait(1, 10.0) == pytest.approx(0.5)
    assert limit.wait(2, 10.0) == 0.0  # each key for itself
    assert limit.wait(1, 10.5) == 0.0


def test_what_is_taken_beyond_the_limit_is_paid_back() -> None:
    limit = Limit(rate=1.0, burst=1)
    for _ in range(3):
        limit.take(1, 0.0)
    assert limit.wait(1, 0.0) == pytest.approx(3.0)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=200), st.integers(1, 10), st.floats(0.5, 20))
def test_never_more_than_burst_and_rate(gaps: list[float], burst: int, rate: float) -> None:
    limit, now, let_in = Limit(rate, burst), 0.0, list[float]()
    for gap in gaps:
        now += gap
        if limit.wait(1, now) == 0.0:
            limit.take(1, now)
            let_in.append(now)
    for first, begin in enumerate(let_in):
        for count, end in enumerate(let_in[first:], 1):
            assert count <= burst + (end - begin) * rate + 1e-6


def test_full_buckets_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 3)
    limit = Limit(rate=1.0, burst=2)
    for key in range(3):
        limit.take(key, 0.0)
    limit.take(2, 9.0)
    limit.take(3, 10.0)
    assert set(limit.buckets) == {2, 3}
