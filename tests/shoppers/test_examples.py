import numpy as np
import pytest

from promo.shoppers import examples, histories
from promo.shoppers.examples import KINDS, SPANS
from promo.shoppers.features import NAMES, Span
from shoppers.pairs import DAY, Row, days, parameters, random_rows, regular

FORTNIGHT = Span(0, 14)
EVERY = {(kind, span): 1 for kind in KINDS for span in SPANS}


def gathered(rows: list[Row], every: dict[examples.Key, int]) -> dict[str, examples.Examples]:
    h = histories.of(days(rows), "category", DAY)
    found = examples.gather(h, parameters(h), 364, every)
    return {kind: found[kind, FORTNIGHT] for kind in KINDS if (kind, FORTNIGHT) in found}


def test_an_example_asks_what_a_night_would_have_asked() -> None:
    rows = [*regular("a", "1", 40, 274, 1), ("a", "3", 30, 1)]
    found = gathered(rows, {("repeat", FORTNIGHT): 1, ("once", FORTNIGHT): 1})
    milk, salt = found["repeat"], found["once"]
    assert milk.x.shape == (6, len(NAMES))  # six fortnights, the latest ends the day before DAY
    assert milk.y.tolist() == [1.0] * 6
    ages = [274 - 14 * k for k in range(1, 7)]
    assert np.exp(milk.x[:, NAMES.index("first")]) == pytest.approx(ages)
    # salt was bought 30 days ago: known from 28 days ago on, and not bought since
    assert salt.y.tolist() == [0.0, 0.0]
    assert np.exp(salt.x[:, NAMES.index("last")]) == pytest.approx([16, 2])


def test_no_example_sees_its_own_answer_or_the_day_of_the_fit() -> None:
    rows = random_rows()
    h = histories.of(days(rows), "category", DAY)
    later = histories.of(days([*rows, ("h01", "1", 1, 9), ("h02", "3", 14, 9)]), "category", DAY)
    a, b = (examples.gather(x, parameters(x), 364, EVERY) for x in (h, later))
    assert a["repeat", FORTNIGHT].x.tobytes() == b["repeat", FORTNIGHT].x.tobytes()
    assert a["repeat", FORTNIGHT].y.sum() <= b["repeat", FORTNIGHT].y.sum()


def test_every_span_has_six_windows_that_end_by_the_day_of_the_fit() -> None:
    rows = regular("a", "1", 400, 400, 1)
    h = histories.of(days(rows), "category", DAY)
    found = examples.gather(h, parameters(h), 364, EVERY)
    for span in SPANS:
        some = found["repeat", span]
        assert len(some.y) == examples.WINDOWS
        assert some.y.all()
        assert np.exp(some.x[:, NAMES.index("last")]) == pytest.approx([1] * 6)


def test_households_without_habits_teach_nothing_about_repeats() -> None:
    stayed_away = regular("gone", "1", 9, 350, 160)
    three_days = regular("new", "1", 3, 104, 100)
    found = gathered([*stayed_away, *three_days], {("repeat", FORTNIGHT): 1})
    assert found["repeat"].y.tolist() == [0.0] * examples.WINDOWS  # of the one that stayed away


def test_a_stride_takes_one_in_so_many() -> None:
    rows = random_rows(rows=4000)
    whole, part = (gathered(rows, {("repeat", FORTNIGHT): n})["repeat"] for n in (1, 3))
    assert len(whole.y) / 4 <= len(part.y) <= len(whole.y) / 2.5
    assert set(map(bytes, whole.x)).issuperset(map(bytes, part.x))


def test_a_thinned_household_s_examples_are_those_it_has_in_the_whole() -> None:
    rows = random_rows(rows=4000)
    whole = gathered(rows, {("repeat", FORTNIGHT): 1, ("once", FORTNIGHT): 1})
    part = gathered(rows, {("repeat", FORTNIGHT): 3, ("once", FORTNIGHT): 6})
    for kind in KINDS:
        assert 0 < len(part[kind].y) < len(whole[kind].y)
        assert set(map(bytes, whole[kind].x)).issuperset(map(bytes, part[kind].x))


def test_strides_keep_what_memory_allows() -> None:
    pairs = {"repeat": 1_000_000, "once": 40_000}
    found = examples.strides(pairs, FORTNIGHT, SPANS)
    assert found["repeat", FORTNIGHT] == 6
    assert found["repeat", Span(7, 28)] == 30
    assert found["once", FORTNIGHT] == 1
    assert set(found) == set(EVERY)


def test_parts_of_a_chain_give_the_same_examples_as_the_whole() -> None:
    rows = random_rows()
    halves = [[r for r in rows if (r[0] < "h15") is first] for first in (True, False)]
    every = {("repeat", FORTNIGHT): 1}
    whole, *parts = (gathered(some, every)["repeat"] for some in (rows, *halves))
    both = examples.Examples.concat(parts)
    assert sorted(map(bytes, both.x)) == sorted(map(bytes, whole.x))
    assert both.y.sum() == whole.y.sum()
