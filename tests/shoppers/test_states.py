"""States and kinds of invented households whose truth is known."""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl
import pytest

from promo.config import Settings
from promo.shoppers import explain, states
from promo.shoppers.states import KINDS, STATES

DAY = date(2017, 11, 6)


def visits(
    ages: Iterable[int], paid: int = 2000, category: str | None = "MILK", store: int = 0,
    coupon: int = 0,
) -> pl.DataFrame:  # fmt: skip
    rows = [("h", DAY - timedelta(age), paid, category, store, coupon) for age in ages]
    names = (
        "shopper", "day", "paid", "category", "store_discount", "manufacturer_discount",
    )  # fmt: skip
    types = (pl.String, pl.Date, pl.Int64, pl.String, pl.Int64, pl.Int64)
    return pl.DataFrame(rows, dict(zip(names, types, strict=True)), orient="row")


def state(settings: Settings, *parts: pl.DataFrame) -> str:
    found = states.states(pl.concat(parts), settings, DAY)
    assert found["state"].item() in STATES
    return str(found["state"].item())


WEEKLY = range(1, 360, 7)


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        (WEEKLY, "steady"),
        ([age for age in WEEKLY if age > 56], "lapsed"),
        ([57], "lapsed"),  # lapsed comes first: it is no news that it was new
        ([56], "new"),
        ([1, 30, 84], "new"),
        ([1, 30, 85], "steady"),  # a trip or two are chance
        ([*range(1, 57, 3), *range(57, 360, 7)], "growing"),
        ([*range(1, 57, 20), *range(57, 360, 7)], "fading"),
        ([*range(1, 57, 3), 300], "growing"),  # back after long
    ],
)
def test_states(settings: Settings, ages: Iterable[int], expected: str) -> None:
    assert state(settings, visits(ages)) == expected


def test_spend_and_trips_must_agree(settings: Settings) -> None:
    often, seldom = [*range(1, 57, 3)], [*range(57, 360, 7)]
    assert state(settings, visits(often, 500), visits(seldom, 2000)) == "steady"
    assert state(settings, visits([*range(1, 57, 7)], 9000), visits(seldom, 2000)) == "steady"


def test_petrol_is_no_visit(settings: Settings) -> None:
    assert state(settings, visits([60]), visits([1], category="FUEL")) == "lapsed"
    assert states.states(visits([1], category="FUEL"), settings, DAY).is_empty()
    assert states.kinds(visits([1], category="FUEL"), settings).is_empty()


def test_the_numbers_behind_a_state(settings: Settings) -> None:
    (row,) = states.states(visits([2, 9, 60, 200]), settings, DAY).to_dicts()
    assert (row["days_ago"], row["first_ago"]) == (2, 200)
    assert row["spend_recent"] == pytest.approx(4000 / 8)
    assert row["spend_before"] == pytest.approx(2000 / 16)
    assert row["trips_recent"] == pytest.approx(2 / 8)
    assert row["trips_before"] == pytest.approx(1 / 16)


@pytest.mark.parametrize(
    ("parts", "expected", "deal", "coupons"),
    [
        ([visits(WEEKLY)], "regular", 0, 0),
        ([visits(WEEKLY, 6000)], "big_basket", 0, 0),
        ([visits(WEEKLY, 5999)], "regular", 0, 0),
        ([visits([1, 2, 3], 6000, store=1), visits([4, 5], 6000)], "deal_seeker", 0.6, 0),
        ([visits([1, 2, 3], coupon=1), visits([4, 5])], "deal_seeker", 0.6, 0.6),
        ([visits([1, 2], store=1, coupon=1), visits([3, 4])], "regular", 0.5, 0.5),
        ([visits([1]), visits([2], -2000, store=1)], "regular", 0, 0),  # all went back
    ],
)
def test_kinds(
    settings: Settings, parts: list[pl.DataFrame], expected: str, deal: float, coupons: float
) -> None:
    (row,) = states.kinds(pl.concat(parts), settings).to_dicts()
    assert row["kind"] == expected
    assert row["kind"] in KINDS
    assert (row["deal_share"], row["coupon_share"]) == (deal, coupons)


def test_in_words(settings: Settings) -> None:
    def told(ages: Iterable[int]) -> str:
        return explain.state(states.states(visits(ages), settings, DAY).to_dicts()[0], settings)

    assert told([57]) == "Lapsed: last seen 57 days ago."
    assert told([1, 56]) == "New: first seen 56 days ago."
    assert told(WEEKLY) == (
        "Steady: $20.00 and 1.0 trips against $20.00 and 1.0 trips a week, "
        "the last 56 days to the 112 before."
    )
    (row,) = states.kinds(visits([1, 2, 3, 4], coupon=1), settings).to_dicts()
    assert explain.kind(row, settings) == (
        "Deal-seeker: $20.00 a trip, 100% of it at a discount, 100% with coupons."
    )
