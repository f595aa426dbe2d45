import math
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.shoppers import calibration, profiles

FIRST = date(2017, 11, 6)
Pairs = list[tuple[str, int, int]]  # household, millionths, bought


def pairs(households: str) -> st.SearchStrategy[Pairs]:
    one = st.tuples(st.sampled_from(households), st.integers(0, 10**6), st.integers(0, 1))
    return st.lists(one, max_size=60)


def outcomes(found: Pairs) -> pl.DataFrame:
    return pl.DataFrame(
        [(h, p / 10**6, y) for h, p, y in found],
        {"shopper": pl.String, "probability": pl.Float64, "bought": pl.Int64},
        orient="row",
    )


@given(pairs("abcdef"), pairs("uvwxyz"))
def test_nights_add_up(one: Pairs, other: Pairs) -> None:
    whole = calibration.sums(outcomes([*one, *other]))
    parts = calibration.total([calibration.sums(outcomes(one)), calibration.sums(outcomes(other))])
    for name in ("log_loss", "squares"):
        assert parts.pop(name) == pytest.approx(whole.pop(name), abs=3e-6)
    assert parts == whole


@given(pairs("abcdef"))
def test_measures_are_those_that_plain_counting_finds(told: Pairs) -> None:
    found = calibration.measures(calibration.sums(outcomes(told)))
    rows = len(told)
    assert found["rows"] == rows
    if not told:
        assert found["predicted"] is None
        return
    bins: dict[int, list[float]] = {}
    households: dict[str, list[float]] = {}
    for household, p, y in told:
        bins.setdefault(min(p // 10**5, 9), []).append(p / 10**6 - y)
        households.setdefault(household, []).append(p / 10**6 - y)
    error = sum(abs(math.fsum(gaps)) for gaps in bins.values()) / rows
    squares = sum(math.fsum(gaps) ** 2 for gaps in households.values())
    clipped = [(min(max(p / 10**6, 1e-6), 1 - 1e-6), y) for _, p, y in told]
    loss = -sum(math.log(p if y else 1 - p) for p, y in clipped) / rows
    assert found["predicted"] == pytest.approx(sum(p for _, p, _ in told) / rows / 1e6, abs=5.1e-5)
    assert found["bought"] == pytest.approx(sum(y for _, _, y in told) / rows, abs=5.1e-5)
    assert found["standard_error"] == pytest.approx(math.sqrt(squares) / rows, abs=8e-4)
    assert found["log_loss"] == pytest.approx(loss, abs=5.1e-5)
    assert found["calibration_error"] == pytest.approx(error, abs=5.1e-5)


def test_the_standard_error_is_the_spread_of_houses_drawn_anew() -> None:
    """Households that buy all ten due items or none: ten items tell no more than one."""
    random = np.random.default_rng(3)
    gaps, errors = [], []
    for _ in range(400):
        bought = random.random(50) < 0.4
        told = [(f"{h}", 400_000, int(b)) for h, b in enumerate(bought) for _ in range(10)]
        found = calibration.measures(calibration.sums(outcomes(told)))
        gaps.append(found["predicted"] - found["bought"])
        errors.append(found["standard_error"])
    assert np.mean(errors) == pytest.approx(np.std(gaps), rel=0.1)
    assert np.mean(errors) == pytest.approx(math.sqrt(0.24 / 50), rel=0.05)


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
    ("rows", "predicted", "bought", "error", "warned"),
    [
        (1000, 0.40, 0.36, 0.01, True),
        (1000, 0.36, 0.40, 0.01, True),
        (1000, 0.40, 0.36, 0.02, False),
        (1000, 0.40, 0.38, 0.001, False),
        (0, None, None, None, False),
    ],
)
def test_a_warning_needs_a_gap_that_chance_does_not_make(
    rows: int, predicted: float | None, bought: float | None, error: float | None, warned: bool
) -> None:
    found = {"rows": rows, "predicted": predicted, "bought": bought, "standard_error": error}
    sentence = calibration.warning("2017-11-06", found, 0.03, 3)
    assert (sentence is not None) == warned
    if sentence:
        assert sentence.startswith(
            f"The lists of 2017-11-06 said that {predicted:.1%} of their 1,000 due items would be "
            f"bought; {bought:.1%} were."
        )
