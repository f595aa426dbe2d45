from datetime import date
from typing import Any

import polars as pl
import pytest

from promo.shoppers import care
from promo.shoppers.care import Verdict

CUT = date(2017, 10, 23)


def scores(category: float, product: float) -> dict[str, dict[str, Any]]:
    both = {"category": category, "product": product}
    return {
        level: {"log_loss": loss, "auc": 0.75, "calibration_error": 0.01, "pairs": 9}
        for level, loss in both.items()
    }


def verdict(new: tuple[float, float], old: tuple[float, float], **changes: Any) -> Verdict:
    known: dict[str, Any] = {"rival": "2017-10-02", "cut": CUT, "seen_days": 0, "tolerance": 0.0005}
    return Verdict(**known | changes, new=scores(*new), old=scores(*old))


@pytest.mark.parametrize(
    ("new", "old", "tolerance", "worse"),
    [
        ((0.4443, 0.2686), (0.4443, 0.2686), 0.0005, {}),
        ((0.4443, 0.2686), (0.4534, 0.3010), 0.0005, {}),
        ((0.4448, 0.2686), (0.4443, 0.2686), 0.0005, {}),  # just what is allowed
        ((0.4449, 0.2686), (0.4443, 0.2686), 0.0005, {"category": 0.0006}),
        ((0.4000, 0.2700), (0.4443, 0.2686), 0.0005, {"product": 0.0014}),
        ((0.5000, 0.3000), (0.4443, 0.2686), 0.0005, {"category": 0.0557, "product": 0.0314}),
        ((0.4444, 0.2686), (0.4443, 0.2686), 0.0, {"category": 0.0001}),
    ],
)
def test_worse_is_more_than_the_tolerance_at_either_level(
    new: tuple[float, float], old: tuple[float, float], tolerance: float, worse: dict[str, float]
) -> None:
    assert verdict(new, old, tolerance=tolerance).worse == worse


def test_the_card_says_with_what_it_was_compared() -> None:
    card = verdict((0.45, 0.26), (0.44, 0.27), seen_days=7).as_card()
    assert card == {
        "with": "2017-10-02", "seen_days": 7, "tolerance": 0.0005, "worse": ["category"],
        "category": {"log_loss": 0.44, "auc": 0.75, "calibration_error": 0.01,
                     "log_loss_higher_by": 0.01},
        "product": {"log_loss": 0.27, "auc": 0.75, "calibration_error": 0.01,
                    "log_loss_higher_by": -0.01},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rival", "seen", "end"),
    [
        ("2017-10-02", 0, "product 0.26 to 0.27"),
        ("2017-10-30", 7, "(2017-10-30's data cover 7 of these 14 days: an unfair advantage)"),
        ("prior", 14, "14 of these 14 days: an unfair advantage, if they are this chain's)"),
    ],
)
def test_an_unfair_advantage_is_said(rival: str, seen: int, end: str) -> None:
    words = verdict((0.45, 0.26), (0.44, 0.27), rival=rival, seen_days=seen).in_words()
    assert words.startswith(f"log-loss from 2017-10-23 to 2017-11-05 against {rival}: category 0.4")
    assert words.endswith(end)


@pytest.mark.parametrize(
    ("last", "seen"),
    [("2017-10-22", 0), ("2017-10-23", 1), ("2017-10-29", 7), ("2017-11-05", 14),
     ("2018-11-05", 14), ("2016-01-01", 0)],
)  # fmt: skip
def test_days_of_the_test_that_a_model_has_seen(last: str, seen: int) -> None:
    assert care.seen_days({"last_day": last}, CUT) == seen


def test_a_card_that_does_not_tell() -> None:
    assert care.seen_days({}, CUT) == 0


def test_changes_of_parameters() -> None:
    old = pl.DataFrame({"level": ["c", "c", "p"], "category": ["A", "B", "A"],
                        "r": [1.0, 2.0, 0.0], "n": [10, 20, 30], "gone": [1, 2, 3]})  # fmt: skip
    new = pl.DataFrame({"level": ["c", "p", "p"], "category": ["A", "A", "C"],
                        "r": [1.5, 0.0, 9.0], "n": [10, 33, 1]})  # fmt: skip
    assert care.changes(old, new) == {
        "rows": 3, "added": 1, "gone": 1,
        "r": {"median": 0.25, "most": 0.5, "at": "c,A"},
        "n": {"median": 0.05, "most": 0.1, "at": "p,A"},
    }  # fmt: skip


def test_changes_from_nothing_are_bounded_and_of_no_common_row_not_told() -> None:
    one = pl.DataFrame({"category": ["A"], "r": [0.0]})
    assert care.changes(one, one.with_columns(r=pl.lit(1.0)))["r"]["most"] == 10.0
    other = one.with_columns(category=pl.lit("B"))
    assert care.changes(one, other) == {"rows": 1, "added": 1, "gone": 1}


def test_differences_of_cards() -> None:
    old = {"seed": 1, "tiers": {"top": 5, "high": 2}, "scans": 7}
    new = {"seed": 1, "tiers": {"top": 6, "high": 2}, "forced": False}
    assert care.differences(old, new) == [
        ("tiers.top", 5, 6), ("scans", 7, None), ("forced", None, False),
    ]  # fmt: skip
    assert care.differences(old, old) == []
