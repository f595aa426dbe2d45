from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from promo.calendar import Window
from promo.shoppers import backtest, cycles, metrics
from promo.shoppers.models import CATEGORIES, CYCLES, Model, ModelError

CUT = date(2017, 11, 6)

MODEL = Model(
    "m",
    pl.DataFrame([("category", "*", 9, 0.8, 30.0, 0.2, 3.0, 1.5)], CYCLES, orient="row"),
    pl.DataFrame(schema=CATEGORIES),
    {},
)


def days(*rows: tuple[str, str, int]) -> pl.DataFrame:
    """Profile rows of (household, category, day after the cut)."""
    found = [(h, c, CUT + timedelta(day), 1, 100) for h, c, day in rows]
    schema = {
        "shopper": pl.String, "category": pl.String, "day": pl.Date,
        "units": pl.Int64, "paid": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(found, schema, orient="row")


BEFORE = [("a", "MILK", -30), ("a", "MILK", -9), ("a", "SALT", -9), ("a", "SALT", -40),
          ("b", "MILK", -1)]  # fmt: skip
AFTER = [("a", "MILK", 0), ("b", "MILK", 3), ("a", "RICE", 3)]


def test_pairs_bought_twice_are_forecast_and_held_against_the_fortnight() -> None:
    found = backtest.score(days(*BEFORE, *AFTER), "category", MODEL, CUT, 364)
    window = Window(CUT, CUT + timedelta(13))
    known = cycles.forecast(days(*BEFORE[:4]), "category", MODEL, CUT, window)
    p = known["probability"].to_numpy()
    rates = 1 - np.exp(-14 * np.array([1 / 30, 1 / 40]))
    bought = np.array([1.0, 0.0])
    assert found == {
        "cut": "2017-11-06",
        "pairs": 2,
        "bought": 0.5,
        "log_loss": round(metrics.log_loss(p, bought), 4),
        "auc": 1.0,
        "calibration_error": round(metrics.calibration_error(p, bought), 4),
        "poisson_log_loss": round(metrics.log_loss(rates, bought), 4),
        "poisson_auc": 1.0,
    }


@pytest.mark.parametrize(
    "extra",
    [
        ("a", "SALT", 14),  # after the fortnight
        ("a", "SALT", -365),  # before the days that are kept
        ("c", "MILK", 2),  # nobody knew this household
    ],
)
def test_what_lies_outside_changes_nothing(extra: tuple[str, str, int]) -> None:
    plain = backtest.score(days(*BEFORE, *AFTER), "category", MODEL, CUT, 364)
    assert backtest.score(days(extra, *BEFORE, *AFTER), "category", MODEL, CUT, 364) == plain


@pytest.mark.parametrize("day", [0, 13])
def test_the_fortnight_is_what_is_held_against_the_forecast(day: int) -> None:
    found = backtest.score(days(*BEFORE, *AFTER, ("a", "SALT", day)), "category", MODEL, CUT, 364)
    assert found["bought"] == 1.0


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([*BEFORE[1:3], *AFTER], r"No household bought the same category on two days before 2017"),
        (AFTER, r"on two days before 2017-11-06.* take in more history\.$"),
        (BEFORE, r"nothing was bought from 2017-11-06 to 2017-11-19.* take in their scans"),
    ],
)
def test_nothing_to_test_on_is_a_sentence(rows: list[tuple[str, str, int]], sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        backtest.score(days(*rows), "category", MODEL, CUT, 364)
