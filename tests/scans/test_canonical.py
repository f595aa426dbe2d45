"""The canonical scan: what must hold between the fields of a line."""

from datetime import date, datetime
from typing import Any

import polars as pl
import pytest

from promo.config import Settings
from promo.scans.canonical import COLUMNS, SCHEMA, rules
from promo.scans.columns import LINE, check

TODAY = date(2017, 11, 20)
LINE_OF_LOG: dict[str, Any] = {
    "at": datetime.fromisoformat("2017-11-06T17:03:59"),
    "store": "1",
    "till": "1",
    "business_day": date(2017, 11, 6),
    "transaction": "9",
    "line": 1,
    "product": "4006381333931",
    "quantity": 1.0,
    "paid": 200,
    "regular": 250,
    "store_discount": 50,
}


def faults(settings: Settings, **changes: object) -> list[tuple[str, str]]:
    """(field, what was expected) of every reject of one line."""
    frame = pl.DataFrame(LINE_OF_LOG | changes).with_row_index(LINE, 1)
    found = check(frame, COLUMNS, rules(settings, frozenset({"1"}), TODAY))
    assert found.good.height + found.rejects["line"].n_unique() == 1
    return found.rejects.select("field", "expected").rows()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"business_day": date(2017, 11, 5)},
        {"business_day": date(2017, 11, 7)},
        {"line": 0},
        {"quantity": 10000},
        {"quantity": 0.485, "unit": "kg"},
        {"quantity": 0},
        {"quantity": -1, "paid": -200, "regular": -250, "store_discount": -50},
        {"quantity": -1, "paid": 0},
        {"paid": -100, "manufacturer_discount": 300},  # a coupon worth more than the line
        {"paid": 1000000, "regular": 1000000},
        {"card": ""},
    ],
)
def test_taken(settings: Settings, changes: dict[str, object]) -> None:
    assert faults(settings, **changes) == []


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"store": "9"}, "store", "a store that is in the table of stores"),
        ({"business_day": date(2017, 11, 4)}, "business_day", "the day of `at`, or the day before"),
        ({"business_day": date(2017, 11, 8)}, "business_day", "the day of `at`, or the day before"),
        (
            {"business_day": "0000-01-01", "at": "0000-01-01T12:00:00"},
            "business_day",
            "a day from 2000-01-01 to 2017-11-21",
        ),
        (
            {"business_day": "2017-11-22", "at": "2017-11-22T09:00:00"},
            "business_day",
            "a day from 2000-01-01 to 2017-11-21",
        ),
        ({"line": -1}, "line", "zero or more"),
        ({"quantity": 10001}, "quantity", "at most 10000 (ingest.max_quantity)"),
        ({"quantity": -10001, "paid": -1}, "quantity", "at most 10000 (ingest.max_quantity)"),
        ({"quantity": 1.5}, "quantity", "a whole number where the unit is `each`"),
        ({"paid": 1000001}, "paid", "at most 1000000 (ingest.max_amount)"),
        ({"paid": -(2**63), "quantity": -1}, "paid", "at most 1000000 (ingest.max_amount)"),
        ({"regular": 1000001}, "regular", "at most 1000000 (ingest.max_amount)"),
        ({"store_discount": 1000001}, "store_discount", "at most 1000000 (ingest.max_amount)"),
        ({"regular": -1}, "regular", "zero or more on a sale"),
        ({"quantity": -1}, "paid", "zero or less on a return (negative quantity)"),
        ({"store_discount": -1}, "store_discount", "zero or more on a sale"),
        ({"manufacturer_discount": -1}, "manufacturer_discount", "zero or more on a sale"),
    ],
)
def test_refused(settings: Settings, changes: dict[str, object], field: str, expected: str) -> None:
    ((name, needs),) = faults(settings, **changes)
    assert name == field
    assert needs.startswith(expected)


def test_without_stores_every_line_is_refused(settings: Settings) -> None:
    frame = pl.DataFrame(LINE_OF_LOG).with_row_index(LINE, 1)
    found = check(frame, COLUMNS, rules(settings, frozenset(), TODAY))
    assert found.rejects["field"].to_list() == ["store"]


def test_the_columns_are_those_of_the_lake() -> None:
    assert [c.name for c in COLUMNS if c.name != "domain"] == list(SCHEMA)
