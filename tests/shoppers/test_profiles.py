"""Profiles fold: whatever the split and the order, the same integers."""

from datetime import date, datetime, time, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from promo import database, tables
from promo.house import House
from promo.scans import ingest, lake
from promo.shoppers import profiles

MONDAY = date(2017, 1, 2)
Line = tuple[str | None, str, str, int, str, int, int]

LINES = st.lists(
    st.tuples(
        st.sampled_from(["h1", "h2", None]),
        st.sampled_from(["milk", "pears"]),
        st.sampled_from(["s1", "s2"]),
        st.integers(0, 20),  # day; later in the list with a lower number is a late line
        st.sampled_from(["each", "kg"]),
        st.integers(-3, 4),  # below zero it is a return
        st.integers(-500, 2000),
    ),
    max_size=12,
)


def scans(lines: list[Line]) -> pl.DataFrame:
    """Scans as they lie in the lake."""
    rows = [
        {
            "shopper": shopper,
            "product": product,
            "store": store,
            "business_day": MONDAY + timedelta(day),
            "unit": unit,
            "quantity": number * (1000 if unit == "each" else 337),
            "paid": paid,
            "regular": 2 * paid,
            "store_discount": paid,
            "manufacturer_discount": 0,
        }
        for shopper, product, store, day, unit, number, paid in lines
    ]
    return pl.DataFrame(rows, schema=lake.STORED)


def folded(*deliveries: list[Line]) -> pl.DataFrame:
    profile = profiles.empty()
    for lines in deliveries:
        profile = profiles.fold(profile, scans(lines))
    return profile


@given(st.data(), LINES)
def test_any_split_and_any_order_give_the_same_profile(
    data: st.DataObject, lines: list[Line]
) -> None:
    other = data.draw(st.permutations(lines))
    first, second = sorted(data.draw(st.tuples(*[st.integers(0, len(lines))] * 2)))
    parts = folded(other[:first], other[first:second], other[second:])
    assert_frame_equal(parts, folded(lines))


@given(LINES)
def test_a_profile_holds_plain_sums(lines: list[Line]) -> None:
    sums: dict[tuple[str, str, str, date], tuple[int, int, int]] = {}
    for shopper, product, store, day, unit, number, cents in lines:
        if shopper:
            key = (shopper, product, store, MONDAY + timedelta(day))
            units, paid, count = sums.get(key, (0, 0, 0))
            pieces = number if unit == "each" else (number > 0) - (number < 0)
            sums[key] = units + pieces, paid + cents, count + 1
    rows = folded(lines).select(*profiles.KEYS, "units", "paid", "lines").rows()
    assert rows == [(*key, *sums[key]) for key in sorted(sums)]


def test_a_line_and_its_return_net_out() -> None:
    sale, back = ("h1", "milk", "s1", 3, "each", 2, 398), ("h1", "milk", "s1", 3, "each", -2, -398)
    row = folded([sale], [back]).row(0, named=True)
    assert {row[name] for name in profiles.SUMS if name != "lines"} == {0}
    assert row["lines"] == 2
    assert profiles.purchases(folded([sale, back]), "product").is_empty()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([(1, "s1", 1, 100)], (1, 1, 1, 1, 100)),
        ([(1, "s1", 1, 100), (1, "s2", 2, 300)], (1, 1, 1, 3, 400)),  # two stores, one day
        ([(1, "s1", 1, 100), (8, "s1", 1, 90)], (2, 1, 8, 2, 190)),
        ([(1, "s1", 1, 100), (8, "s1", -1, -100)], (1, 1, 1, 1, 100)),  # taken back later
        ([(1, "s1", 3, 300), (1, "s2", -1, -100)], (1, 1, 1, 2, 200)),  # one of three went back
        ([(1, "s1", -1, -100)], None),
        ([(1, "s1", 1, 100), (1, "s2", -1, -100)], None),
        ([(1, "s1", 0, 0)], None),
    ],
)
def test_a_purchase_day_is_one_where_more_came_home_than_went_back(
    lines: list[tuple[int, str, int, int]], expected: tuple[int, ...] | None
) -> None:
    profile = folded([("h1", "milk", s, day, "each", n, paid) for day, s, n, paid in lines])
    found = profiles.purchases(profile, "product").rows()
    if expected is None:
        assert found == []
        return
    n, first, last, units, paid = expected
    days = MONDAY + timedelta(first), MONDAY + timedelta(last)
    assert found == [("h1", "milk", n, *days, units, paid)]


def test_purchases_add_up_what_goes_into_one_category() -> None:
    profile = folded([("h1", "milk", "s1", 1, "each", 1, 5), ("h1", "pears", "s1", 1, "kg", 1, 7)])
    dairy = profile.with_columns(category=pl.lit("FOOD"))
    nothing = profile.with_columns(category=pl.lit(None, pl.String))
    day = MONDAY + timedelta(1)
    assert profiles.purchases(dairy, "category").rows() == [("h1", "FOOD", 1, day, day, 2, 12)]
    assert profiles.purchases(nothing, "category").is_empty()


def test_as_of_sees_the_days_kept_and_nothing_of_the_day_itself() -> None:
    profile = folded([("h1", "milk", "s1", day, "each", 1, 100) for day in range(20)])
    seen = profiles.as_of(profile, MONDAY + timedelta(15), 7)["day"].to_list()
    assert seen == [MONDAY + timedelta(day) for day in range(8, 15)]


def test_a_delivery_that_comes_twice_counts_once(house: House) -> None:
    with house.engine.begin() as connection:
        store = {"id": "s1", "time_zone": "America/New_York", "language": "en"}
        database.upsert(connection, tables.Store, [store | {"name": None, "gln": None}])
    line = {
        "at": datetime.combine(MONDAY, time(12)), "store": "s1", "till": "1",
        "business_day": MONDAY, "transaction": "1", "card": "c1", "product": "4011",
        "domain": "internal", "quantity": 2, "unit": "each", "paid": 100, "regular": 100,
    }  # fmt: skip
    log = pl.DataFrame([{"line": number} | line for number in (1, 2)])
    reports = [
        ingest.ingest_scans(
            house.settings, house.engine, "log", ingest.in_batches(file.with_row_index("_line", 1))
        )
        for file in (log, log, pl.concat([log, log]))
    ]
    house.fold(range(256), MONDAY)
    days = house.days(range(256), MONDAY + timedelta(1))
    assert [(r.rows, r.repeats) for r in reports] == [(2, 0), (0, 2), (0, 4)]
    assert days.select("units", "paid", "lines").rows() == [(4, 200, 2)]
