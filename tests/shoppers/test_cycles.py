from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from promo.calendar import window
from promo.shoppers import bgnbd, cycles
from promo.shoppers.models import CATEGORIES, CYCLES, Model

DAY = date(2017, 11, 6)
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


def item(
    shopper: str, category: str | None, n: int, first: int, last: int, units: int
) -> dict[str, object]:
    """A household's purchases of a category, `first` and `last` in days before DAY."""
    return {
        "shopper": shopper, "category": category, "n": n, "units": units,
        "first": DAY - timedelta(first), "last": DAY - timedelta(last),
    }  # fmt: skip


ITEMS = pl.DataFrame(
    [
        item("a", "MILK", 12, 84, 7, 24),
        item("a", "SALT", 1, 40, 40, 1),
        item("b", None, 3, 200, 100, 3),
        item("b", "MILK", 12, 364, 280, 12),
    ]
)


def test_repeats_are_counted_from_the_first_purchase_to_the_beginning_of_the_day() -> None:
    x, t_x, T = cycles.repeats(ITEMS, DAY)
    assert x.tolist() == [11, 0, 2, 11]
    assert t_x.tolist() == [77, 0, 100, 84]
    assert T.tolist() == [84, 40, 200, 364]


@pytest.mark.parametrize(("level", "rows"), [("category", [1, 0, 0, 1]), ("product", [3, 2, 2, 3])])
def test_a_pair_is_forecast_by_its_own_category_or_by_the_pool(level: str, rows: list[int]) -> None:
    found = cycles.forecast(ITEMS, level, MODEL, DAY, WINDOW)
    x, t_x, T = cycles.repeats(ITEMS, DAY)
    r, alpha, a, b = (np.array([ROWS[row][column] for row in rows]) for column in (3, 4, 5, 6))
    expected = bgnbd.p_purchase(bgnbd.Parameters(r, alpha, a, b), x, t_x, T, 14)
    assert found["probability"].to_list() == pytest.approx(expected.tolist())
    assert found.select(ITEMS.columns).equals(ITEMS)


def test_each_pair_is_forecast_alone() -> None:
    whole = cycles.forecast(ITEMS, "category", MODEL, DAY, WINDOW)
    rows = ITEMS.reverse().iter_slices(1)
    alone = [cycles.forecast(row, "category", MODEL, DAY, WINDOW) for row in rows]
    assert pl.concat(alone).reverse().equals(whole)


def test_a_longer_window_makes_a_purchase_likelier() -> None:
    short, long = (
        cycles.forecast(ITEMS, "category", MODEL, DAY, window(DAY, 0, days))["probability"]
        for days in (7, 14)
    )
    assert (short < long).all()


def test_a_household_that_has_stopped_is_not_due() -> None:
    found = cycles.forecast(ITEMS, "category", MODEL, DAY, WINDOW)["probability"]
    weekly, lapsed = found[0], found[3]
    assert weekly > 0.6
    assert lapsed < 0.05


def test_the_expected_day_is_that_of_the_median_wait() -> None:
    found = cycles.forecast(ITEMS, "category", MODEL, DAY, WINDOW)
    # 20 + 84 days, 13 gammas: (2 ** (1 / 13) - 1) * 104 = 5.7 days
    assert found["expected_day"][0] == DAY + timedelta(5)
    assert found["expected_day"].dtype == pl.Date


def test_no_expected_day_lies_beyond_a_year() -> None:
    rare = MODEL.cycles.with_columns(r=pl.lit(0.001))
    model = Model("rare", rare, MODEL.categories, {})
    found = cycles.forecast(ITEMS, "category", model, DAY, WINDOW)
    assert found["expected_day"][1] == DAY + timedelta(cycles.FURTHEST)


def test_the_expected_quantity_leans_on_the_category() -> None:
    found = cycles.forecast(ITEMS, "category", MODEL, DAY, WINDOW)["expected_quantity"]
    # (own pieces + two days at the category's mean) / (own days + two)
    assert found.to_list() == pytest.approx([26 / 14, 4 / 3, 6 / 5, 14 / 14])


def test_nothing_to_forecast() -> None:
    assert cycles.forecast(ITEMS.clear(), "category", MODEL, DAY, WINDOW).is_empty()
