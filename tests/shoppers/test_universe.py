"""Who is asked about: each line of the definition has a household just inside and just outside."""

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.calendar import Window
from promo.shoppers import universe
from shoppers.purchases import CUT, chain, days

WINDOW = Window(CUT, CUT + timedelta(13))
TRIPS = [("a", "OTHER", -70), ("a", "RICE", -60), ("a", "MILK", -40)]


def asked(*rows: tuple[str, str, int], level: str = "category") -> list[tuple[str, str, int]]:
    found = universe.pairs(days(*rows), level, CUT)
    return list(found.select("shopper", level, "n").iter_rows())


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (("a", "MILK", -1), [("a", "MILK", 2)]),
        (("a", "MILK", -39), [("a", "MILK", 2)]),
        (("a", "MILK", 0), []),  # on the cut: not known yet
        (("a", "SALT", -1), []),  # four shopping days, but nothing twice
        (("a", "MILK", -40), []),  # the same day again is no second one
    ],
)
def test_a_pair_was_bought_on_two_days(
    last: tuple[str, str, int], expected: list[tuple[str, str, int]]
) -> None:
    assert asked(*TRIPS, last) == expected


def test_a_household_came_on_four_days() -> None:
    assert asked(*TRIPS[1:], ("a", "MILK", -1)) == []
    assert asked(*TRIPS[1:], ("a", "MILK", -1), ("a", "SALT", -2)) == [("a", "MILK", 2)]


@pytest.mark.parametrize(("age", "known"), [(56, True), (57, False)])
def test_a_household_came_in_the_last_56_days(age: int, *, known: bool) -> None:
    rows = [("a", "MILK", -age - 10 * n) for n in range(4)]
    assert asked(*rows) == ([("a", "MILK", 4)] if known else [])


def test_what_stands_in_a_row() -> None:
    found = universe.pairs(days(*TRIPS, ("a", "MILK", -5), units=3), "product", CUT)
    assert found.to_dicts() == [
        {
            "shopper": "a", "product": "a MILK", "category": "MILK", "n": 2, "units": 6,
            "paid": 600, "first": CUT - timedelta(40), "last": CUT - timedelta(5), "trips": 4,
            "trip_first": CUT - timedelta(70), "trip_last": CUT - timedelta(5),
        }
    ]  # fmt: skip


@pytest.mark.parametrize(("day", "bought"), [(-1, 0.0), (0, 1.0), (13, 1.0), (14, 0.0)])
def test_bought_means_in_the_window(day: int, bought: float) -> None:
    known = days(*TRIPS, ("a", "MILK", -5))
    pairs = universe.pairs(known, "category", CUT)
    after = pl.concat([known, days(("a", "MILK", day), ("b", "MILK", 3), ("a", "RICE", 3))])
    assert universe.bought(pairs, after, "category", WINDOW).to_list() == [bought]


def test_petrol_is_no_grocery_and_a_product_without_category_is() -> None:
    rows = days(("a", "PETROL", -1), ("a", "MILK", -1))
    unknown = rows.with_columns(category=pl.lit(None, pl.String))
    kept = universe.grocery(pl.concat([rows, unknown]), frozenset({"PETROL"}))
    assert kept["category"].to_list() == ["MILK", None, None]


@pytest.mark.parametrize(
    ("quantity", "paid", "coupon", "kept"),
    [
        (1000, 99, 0, True),
        (1, 1, 0, True),
        (1000, 0, 99, True),  # the manufacturer paid
        (1000, 0, 0, False),
        (0, 99, 0, False),
        (-1000, -99, 0, False),
    ],
)
def test_a_sale_has_an_amount_and_a_quantity(
    quantity: int, paid: int, coupon: int, *, kept: bool
) -> None:
    scan = pl.DataFrame({"quantity": quantity, "paid": paid, "manufacturer_discount": coupon})
    assert universe.sold(scan).height == kept


@given(st.integers(0, 60), st.sampled_from(["category", "product"]))
def test_what_comes_after_the_cut_changes_no_pair(shift: int, level: str) -> None:
    cut: date = CUT - timedelta(shift)
    everything = CHAIN
    past = everything.filter(pl.col("day") < cut)
    assert universe.pairs(everything, level, cut).equals(universe.pairs(past, level, cut))


CHAIN = chain(20)
