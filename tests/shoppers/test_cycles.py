from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from promo.calendar import Window, window
from promo.shoppers import LEVELS, bgnbd, cycles, examples, features, histories
from promo.shoppers.features import Span
from promo.shoppers.models import CATEGORIES, CYCLES, Fitted, Model
from promo.shoppers.quadratic import Quadratic
from shoppers.pairs import DAY, days, random_rows, regular

WINDOW = window(DAY, 0)
ROWS = [
    # level, category, pairs, r, alpha, a, b, units
    ("category", "*", 900, 0.8, 30.0, 0.2, 3.0, 1.5),
    ("category", "MILK", 500, 2.0, 20.0, 0.1, 4.0, 1.0),
    ("product", "*", 900, 0.5, 40.0, 0.5, 3.0, 1.2),
    ("product", "MILK", 500, 1.0, 30.0, 0.4, 3.0, 1.1),
]
MODEL = Model(
    "2017-11-06", pl.DataFrame(ROWS, CYCLES, orient="row"), pl.DataFrame(schema=CATEGORIES), {}
)


DAYS = days([
    *regular("a", "1", 12, 84, 7, units=2),
    ("a", "3", 40, 1),
    *regular("b", "5", 3, 200, 100),
    *regular("b", "1", 12, 364, 280),
])  # fmt: skip


def weights(level: str, kind: str, logit: float) -> dict[tuple[str, str, Span], Quadratic]:
    """Weights that say one thing of every pair."""
    p, k = len(features.NAMES), len(features.CORE)
    same = Quadratic(np.zeros(p), np.ones(p), logit, np.zeros(p), np.zeros((k, k)))
    return {(level, kind, span): same for span in examples.SPANS}


FITTED: Fitted = weights("category", "repeat", 1.0) | weights("category", "once", -1.0)


def test_without_weights_a_pair_is_forecast_by_its_category_s_or_the_pool_s_bgnbd() -> None:
    for level, rows in {"category": [1, 0, 1], "product": [3, 2, 3, 2]}.items():
        found = cycles.forecast(DAYS, level, MODEL, DAY, WINDOW)
        h = histories.of(DAYS, level, DAY)
        r, alpha, a, b = (np.array([ROWS[row][column] for row in rows]) for column in (3, 4, 5, 6))
        p = bgnbd.Parameters(r, alpha, a, b)
        expected = bgnbd.p_purchase(p, h.n - 1, h.first - h.last, h.first, 14)
        assert found["probability"].to_list() == pytest.approx(expected.tolist(), abs=1e-4)
        assert found.drop("probability", "expected_day", "expected_quantity", "lapsed").equals(
            h.table()
        )


def test_pairs_bought_once_and_more_often_have_weights_of_their_own() -> None:
    found = cycles.forecast(DAYS, "category", MODEL.with_weights(FITTED), DAY, WINDOW)
    often, rarely = 1 / (1 + np.exp(-1)), 1 / (1 + np.exp(1))
    assert found["n"].to_list() == [12, 1, 12]
    assert found["probability"].to_list() == pytest.approx([often, rarely, often], abs=1e-6)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Span(0, 14), Span(0, 14)),
        (Span(0, 10), Span(0, 14)),
        (Span(0, 9), Span(0, 7)),
        (Span(5, 14), Span(7, 14)),
        (Span(3, 21), Span(0, 28)),
        (Span(30, 60), Span(7, 28)),
    ],
)
def test_another_window_takes_the_nearest_weights(asked: Span, found: Span) -> None:
    assert cycles.nearest(asked) == found


def test_a_length_between_two_spans_is_made_up_for() -> None:
    model = MODEL.with_weights(weights("category", "repeat", 0.0))
    for days_, more in ((13, False), (14, None), (15, True)):
        p = cycles.forecast(DAYS, "category", model, DAY, window(DAY, 0, days_))["probability"]
        assert p[0] == pytest.approx(0.5, abs=0.03)
        assert (p[0] > 0.5) is more if more is not None else p[0] == 0.5


def test_each_pair_is_forecast_alone() -> None:
    rows = days(random_rows())
    for level in LEVELS:
        whole = cycles.forecast(rows, level, MODEL.with_weights(FITTED), DAY, WINDOW)
        parts = rows.partition_by("shopper", maintain_order=True)
        alone = [
            cycles.forecast(part, level, MODEL.with_weights(FITTED), DAY, WINDOW) for part in parts
        ]
        assert pl.concat(alone).sort("shopper", level).equals(whole)


def test_a_household_that_has_stopped_is_not_due_and_said_to_have_lapsed() -> None:
    found = cycles.forecast(DAYS, "category", MODEL, DAY, WINDOW)
    assert found["probability"][0] > 0.6
    assert found["probability"][2] < 0.05
    assert found["lapsed"].to_list() == [False, False, True]


def test_who_bought_like_clockwork_is_missed_within_weeks() -> None:
    """Diapers every week for most of a year, then none; the household still comes, or not."""
    for comes, lapsed in ((True, [False, True, True, True]), (False, [False, False, False, True])):
        salt = [("a", "3", 3, 1)] if comes else []
        gone = [regular("a", "1", 45, 308 + 7 * late, 7 * late) for late in (1, 3, 4, 8)]
        found = [
            cycles.forecast(days(rows + salt), "category", MODEL, DAY, WINDOW) for rows in gone
        ]
        assert [frame["lapsed"][0] for frame in found] == lapsed


def test_the_expected_day_is_that_of_the_median_wait() -> None:
    found = cycles.forecast(DAYS, "category", MODEL, DAY, WINDOW)
    # every seven days, last seven days ago: about now
    assert DAY <= found["expected_day"][0] <= DAY + timedelta(3)
    assert found["expected_day"].dtype == pl.Date


def test_no_expected_day_lies_beyond_a_year() -> None:
    rare = MODEL.cycles.with_columns(r=pl.lit(0.001))
    model = Model("rare", rare, MODEL.categories, {})
    found = cycles.forecast(DAYS, "category", model, DAY, WINDOW)
    assert found["expected_day"][1] == DAY + timedelta(cycles.FURTHEST)


def test_the_expected_quantity_leans_on_the_category() -> None:
    found = cycles.forecast(DAYS, "product", MODEL, DAY, WINDOW)["expected_quantity"]
    # (own pieces + two days at the category's mean) / (own days + two)
    assert found.to_list() == pytest.approx([26.2 / 14, 3.4 / 3, 14.2 / 14, 5.4 / 5])


def test_a_window_that_begins_before_the_day_is_refused() -> None:
    with pytest.raises(ValueError, match="begins 2017-11-05, before 2017-11-06"):
        cycles.forecast(DAYS, "category", MODEL, DAY, Window(DAY - timedelta(1), DAY))


def test_nothing_to_forecast() -> None:
    assert cycles.forecast(DAYS.clear(), "category", MODEL, DAY, WINDOW).is_empty()
