import math
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.shoppers import calibration, profiles

FIRST = date(2017, 11, 6)
PAIRS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 1)), max_size=60)
Pairs = list[tuple[int, int]]


def outcomes(pairs: Pairs) -> pl.DataFrame:
    return pl.DataFrame(
        [(p / 10**6, y) for p, y in pairs],
        {"probability": pl.Float64, "bought": pl.Int64},
        orient="row",
    )


@given(PAIRS, PAIRS)
def test_nights_add_up(one: Pairs, other: Pairs) -> None:
    whole = calibration.sums(outcomes([*one, *other]))
    parts = calibration.total([calibration.sums(outcomes(one)), calibration.sums(outcomes(other))])
    assert parts.pop("log_loss") == pytest.approx(whole.pop("log_loss"), abs=3e-6)
    assert parts == whole


@given(PAIRS)
def test_measures_are_those_that_plain_counting_finds(pairs: Pairs) -> None:
    found = calibration.measures(calibration.sums(outcomes(pairs)))
    assert found["rows"] == len(pairs)
    if not pairs:
        assert found["predicted"] is None
        return
    bins: dict[int, list[float]] = {}
    for p, y in pairs:
        bins.setdefault(min(p // 10**5, 9), []).append(p / 10**6 - y)
    error = sum(abs(math.fsum(gaps)) for gaps in bins.values()) / len(pairs)
    clipped = [(min(max(p / 10**6, 1e-6), 1 - 1e-6), y) for p, y in pairs]
    loss = -sum(math.log(p if y else 1 - p) for p, y in clipped) / len(pairs)
    assert found["predicted"] == pytest.approx(
        sum(p for p, _ in pairs) / len(pairs) / 1e6, abs=5.1e-5
    )
    assert found["bought"] == pytest.approx(sum(y for _, y in pairs) / len(pairs), abs=5.1e-5)
    assert found["log_loss"] == pytest.approx(loss, abs=5.1e-5)
    assert found["calibration_error"] == pytest.approx(error, abs=2e-4)


def test_what_was_bought_of_what_was_due() -> None:
    shown = pl.DataFrame(
        [
            ("a", "due", "MILK", 0.9), ("b", "due", "MILK", 0.8), ("a", "due", "SALT", 0.2),
            ("a", "offer", "MILK", 0.5), ("b", "due", "SALT", 0.3),
        ],
        schema=["shopper", "kind", "item", "probability"],
        orient="row",
    )  # fmt: skip
    bought = [("a", "m", 0, 1), ("b", "m", 1, 2), ("b", "m", 2, 1), ("b", "m", 2, -1),
              ("a", "s", 3, 1), ("a", "s", 3, -1), ("c", "s", 4, 1), ("b", "x", 5, 1)]  # fmt: skip
    days = pl.DataFrame(
        [(s, p, "1", FIRST + timedelta(d), u, u, 1, 1, 0, 0, 1) for s, p, d, u in bought],
        profiles.SCHEMA,
        orient="row",
    ).with_columns(category=pl.col("product").replace_strict({"m": "MILK", "s": "SALT", "x": None}))
    found = calibration.outcomes(shown, days)
    assert found.rows() == [
        ("a", "MILK", 0.9, 1), ("b", "MILK", 0.8, 1),
        ("a", "SALT", 0.2, 0), ("b", "SALT", 0.3, 0),  # what went back the same day was not bought
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "predicted", "bought", "warned"),
    [
        (1000, 0.40, 0.36, True),
        (1000, 0.36, 0.40, True),
        (999, 0.40, 0.36, False),
        (1000, 0.40, 0.38, False),
        (0, None, None, False),
    ],
)
def test_a_warning_needs_a_gap_and_enough_rows(
    rows: int, predicted: float | None, bought: float | None, warned: bool
) -> None:
    found = {"rows": rows, "predicted": predicted, "bought": bought}
    sentence = calibration.warning("2017-11-06", found, 0.03, 1000)
    assert (sentence is not None) == warned
    if sentence:
        assert sentence.startswith(
            f"The lists of 2017-11-06 said that {predicted:.1%} of their 1,000 due items would be "
            f"bought; {bought:.1%} were."
        )
