"""A delivery is taken as a whole: broken lines named, repeats dropped, kills without a trace."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import pytest
from desk import (
    BEANS,
    DAY,
    UNKNOWN,
    Desk,
    lenient_settings,
    product,
    scan,
    shopper,
    written,
)
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy import Engine, select

from promo import calendar, tables
from promo.config import Settings
from promo.database import upsert
from promo.house import House
from promo.scans import lake
from promo.scans.canonical import COLUMNS, IDENTITY
from promo.scans.ingest import in_batches
from promo.scans.sources import Batch, SourceError, read


@pytest.fixture
def desk(settings: Settings, sqlite_engine: Engine) -> Desk:
    return Desk(settings, sqlite_engine)


@pytest.fixture
def lenient(settings: Settings, sqlite_engine: Engine) -> Desk:
    """A desk that takes a file in however many of its lines are broken."""
    return Desk(lenient_settings(settings), sqlite_engine)


# What breaks a line: (the line, the field named, the value shown, what was expected)
BROKEN: list[tuple[str | bytes, str, str, str]] = [
    ("2017-11-06T17:03:59,1,3", "(line)", "2017-11-06T17:03:59,1,3", "15 fields, as in the header"),
    (scan(901) + ",", "(line)", scan(901) + ",", "this line has 16"),
    (scan(902, till='"3'), "(line)", scan(902, till='"3'), "every quote closed on its own line"),
    (
        scan(903, till="K\xe4se").encode("latin-1"),
        "(line)",
        scan(903, till="K\\xe4se"),
        "text in UTF-8",
    ),
    (scan(904, paid="three"), "paid", "three", "a whole number of minor units (cents)"),
    (scan(905, paid="3.98"), "paid", "3.98", "a whole number of minor units (cents)"),
    (scan(906, business_day="2017-11-31"), "business_day", "2017-11-31", "a day such as"),
    (scan(907, business_day="2017-11-01"), "business_day", "2017-11-01", "the day of `at`, or"),
    (scan(908, store="99"), "store", "99", "a store that is in the table of stores"),
    (scan(909, product="614141000037"), "product", "614141000037", "computes 6"),
    (scan(910, quantity="1.5"), "quantity", "1.5", "a whole number where the unit is `each`"),
    (scan(911, quantity="1.0005", unit="kg"), "quantity", "1.0005", "at most three decimals"),
    (scan(912, quantity="20000"), "quantity", "20000", "at most 10000 (ingest.max_quantity)"),
    (scan(913, at="2017-11-06T17:03:59Z"), "at", "2017-11-06T17:03:59Z", "without a zone"),
    (scan(914, at="2017-11-06T17:03:59-05:00"), "at", "2017-11-06T17:03:59-05:00", "local time"),
    (scan(915, paid="1000001"), "paid", "1000001", "at most 1000000 (ingest.max_amount)"),
    (scan(916, unit="dozen"), "unit", "dozen", "one of each, kg"),
    (scan(917, till=""), "till", "", "a till's id"),
    (scan(918, manufacturer_discount="-5"), "manufacturer_discount", "-5", "zero or more on"),
    (scan(919, quantity="-1"), "paid", "398", "zero or less on a return"),
    (scan(0, paid="1"), "line", "1/3/2017-11-06/1/0", "did not come before with other content"),
]


def test_broken_lines_are_named_and_the_good_ones_are_in(
    settings: Settings, engine: Engine
) -> None:
    desk = Desk(settings, engine)
    good = [scan(n) for n in range(60 * len(BROKEN))]
    lines: list[str | bytes] = []
    for number, (broken, *_) in enumerate(BROKEN):
        lines += [*good[60 * number : 60 * number + 60], broken]
    report = desk.take(lines)

    found = written(report.rejects_file)
    assert len(found) == len(BROKEN)
    for number, (_, field, value, expected) in enumerate(BROKEN):
        file, line, named, shown, needs = found[number]
        assert (file, line, named, shown) == ("scans.csv", 62 + 61 * number, field, value[:200])
        assert expected in needs

    assert desk.scans["line"].sort().to_list() == list(range(len(good)))
    assert (report.taken, report.lines, report.rows) == (True, len(lines), len(good))
    assert (report.rejects, report.repeats, report.new_cards) == (len(BROKEN), 0, 0)
    assert (report.first_day, report.last_day) == (DAY, DAY)
    with engine.connect() as connection:
        row = connection.execute(select(tables.Delivery.__table__)).one()
    assert tuple(row) == (1, "scans.csv", DAY, DAY, len(good), 0, len(BROKEN))


def test_a_line_as_it_is_stored(desk: Desk) -> None:
    desk.take([scan(7, quantity="0.485", unit="kg", product=f"0{BEANS}")])
    (row,) = desk.scans.to_dicts()
    assert row.pop("at").isoformat() == "2017-11-06T17:03:59"
    assert row == {
        "store": "1",
        "till": "3",
        "business_day": DAY,
        "transaction": "1",
        "line": 7,
        "card": "9001",
        "product": "gtin:00614141000036",
        "quantity": 485,
        "unit": "kg",
        "paid": 398,
        "regular": 498,
        "store_discount": 100,
        "manufacturer_discount": 0,
        "shopper": "100",
        "bucket": calendar.bucket("100"),
    }


def test_a_line_with_several_faults_is_one_reject(lenient: Desk) -> None:
    report = lenient.take([scan(1), scan(2, paid="x", regular="y", unit="z")])
    assert report.rejects == 1
    assert len(written(report.rejects_file)) == 3


@pytest.mark.parametrize(("broken", "taken"), [(2, True), (3, False)])
def test_the_reject_rate_is_a_line_drawn(desk: Desk, broken: int, *, taken: bool) -> None:
    lines = [scan(n) for n in range(100 - broken)] + [
        scan(900 + n, paid="x") for n in range(broken)
    ]
    assert desk.take(lines).taken is taken


def test_past_the_reject_rate_nothing_goes_in(settings: Settings, engine: Engine) -> None:
    desk = Desk(settings, engine)
    desk.take([scan(n) for n in range(50)])
    before = desk.scans
    new = [scan(n, card="555", product=UNKNOWN) for n in range(100, 150)]
    report = desk.take([*new, scan(900, paid="x"), scan(901, paid="y")], "second.csv")
    assert (report.taken, report.rejects) == (False, 2)
    assert (report.rows, report.repeats, report.new_cards, report.unknown_products) == (0, 0, 0, 0)
    assert (report.first_day, report.last_day) == (None, None)
    assert len(written(report.rejects_file)) == 2
    assert report.notices_file is None
    assert_frame_equal(desk.scans, before)
    assert desk.deliveries() == [1]
    assert (desk.count(tables.Shopper), desk.count(tables.Card)) == (1, 1)


def test_the_corrected_file_goes_in(desk: Desk) -> None:
    refused = desk.take([scan(1), scan(2, paid="x")])
    assert not refused.taken
    report = desk.take([scan(1), scan(2)])
    assert (report.rows, report.repeats, report.rejects_file) == (2, 0, None)
    assert refused.rejects_file
    assert not refused.rejects_file.exists()


def test_the_same_file_twice_is_all_repeats(settings: Settings, engine: Engine) -> None:
    desk = Desk(settings, engine)
    days = [DAY - timedelta(n) for n in range(0, 120, 10)]  # older lines than come late, too
    cards = ("9001", "", "555")
    lines = [scan(n + 50 * i, d, card=c) for n, d in enumerate(days) for i, c in enumerate(cards)]
    first = desk.take(lines)
    assert (first.rows, first.rejects) == (36, 0)
    before = desk.scans
    second = desk.take(lines)
    assert (second.lines, second.rows, second.repeats, second.rejects) == (36, 0, 36, 0)
    assert_frame_equal(desk.scans, before)


def test_repeats_within_a_file(desk: Desk) -> None:
    report = desk.take([scan(1), scan(2, card=""), scan(1), scan(2, card=""), scan(1)])
    assert (report.rows, report.repeats, report.rejects) == (2, 3, 0)


@pytest.mark.parametrize(
    "changes", [{"paid": "397"}, {"card": "9002"}, {"card": ""}, {"at": f"{DAY}T17:04:00"}]
)
def test_an_identity_keeps_its_first_content(lenient: Desk, changes: dict[str, str]) -> None:
    lenient.take([scan(1)])
    before = lenient.scans
    report = lenient.take([scan(2), scan(1, **changes), scan(1)], "second.csv")
    assert (report.rows, report.repeats, report.rejects) == (1, 1, 1)
    ((file, line, field, value, _),) = written(report.rejects_file)
    assert (file, line, field, value) == ("second.csv", 3, "line", "1/3/2017-11-06/1/1")
    assert_frame_equal(lenient.scans.filter(pl.col("line") == 1), before)


@pytest.mark.parametrize(
    "change", [{"store": "2"}, {"till": "4"}, {"transaction": "2"}, {"line": "1"}]
)
def test_every_part_of_the_identity_counts(desk: Desk, change: dict[str, str]) -> None:
    assert desk.take([scan(0), scan(0, **change)]).rows == 2


MONTH = [scan(n, DAY + timedelta(n % 3), card=("9001", "", "555")[n % 3]) for n in range(24)]


@pytest.mark.parametrize("rows", [1, 9, 24, 100])
def test_batches_within_a_delivery_do_not_matter(lenient: Desk, rows: int) -> None:
    lines = [*MONTH, *MONTH[:6], scan(3, DAY, paid="1"), scan(99, paid="x")]
    whole = lenient.take(lines)
    expected, named = lenient.scans, written(whole.rejects_file)
    lenient.empty()
    (batch,) = read(lenient.file(lines), COLUMNS)
    report = lenient.feed(in_batches(batch.frame, rows))
    assert_frame_equal(lenient.scans, expected)
    assert (report.lines, report.rows, report.repeats, report.rejects) == (32, 24, 6, 2)
    assert written(report.rejects_file) == named


def test_a_file_in_pieces_in_any_order_is_the_same_lake(desk: Desk) -> None:
    desk.take(MONTH)
    expected = desk.scans

    @hypothesis(max_examples=15, deadline=None)
    @given(st.permutations(range(len(MONTH))), st.sets(st.integers(0, len(MONTH)), max_size=2))
    def check(order: list[int], cuts: set[int]) -> None:
        desk.empty()
        for start, end in pairwise([0, *sorted(cuts), len(MONTH)]):
            assert desk.take([MONTH[n] for n in order[start:end]]).rows == end - start
        assert_frame_equal(desk.scans, expected)

    check()


@pytest.mark.parametrize(
    ("age", "history", "taken"),
    [(28, False, True), (29, False, False), (29, True, True), (1000, True, True)],
)
def test_late_lines(lenient: Desk, age: int, *, history: bool, taken: bool) -> None:
    lenient.take([scan(1)])
    day = DAY - timedelta(age)
    report = lenient.take([scan(2), scan(3, day)], "late.csv", history=history)
    assert (report.rows, report.rejects) == ((2, 0) if taken else (1, 1))
    if not taken:
        assert written(report.rejects_file) == [
            (
                "late.csv",
                3,
                "business_day",
                str(day),
                "2017-10-09 or later (ingest.late_days), or the option --history",
            )
        ]


def test_an_empty_lake_takes_any_age(desk: Desk) -> None:
    assert desk.take([scan(1, date(2012, 2, 29)), scan(2)]).rows == 2


def test_a_late_line_that_is_there_already_is_a_repeat(desk: Desk) -> None:
    old = scan(1, DAY - timedelta(100))
    desk.take([old])
    desk.take([scan(2)], history=True)
    report = desk.take([old])
    assert (report.taken, report.repeats, report.rejects) == (True, 1, 0)


def test_a_line_without_a_card_is_in_without_a_household(desk: Desk) -> None:
    desk.take([scan(1, card="")])
    assert desk.scans.select("card", "shopper", "bucket").rows() == [(None, None, lake.NO_BUCKET)]


def test_an_unknown_card_is_a_household_without_consent(settings: Settings, engine: Engine) -> None:
    desk = Desk(settings, engine)
    report = desk.take([scan(1, card="555"), scan(2, card="555"), scan(3)])
    bucket = calendar.bucket("card:555")
    assert report.new_cards == 1
    assert desk.scans["shopper"].to_list() == ["card:555", "card:555", "100"]
    assert desk.scans["bucket"].to_list()[0] == bucket
    households = House(settings, engine).shoppers([bucket], date(2030, 1, 1))
    assert households.rows() == [("card:555", None, "en", False, False)]
    again = desk.take([scan(4, card="555")])
    assert again.new_cards == 0
    assert desk.scans["shopper"].to_list()[-1] == "card:555"


def test_an_unknown_card_is_not_the_household_of_that_number(desk: Desk) -> None:
    desk.take([scan(1, card="100")])  # household 100 is there; card 100 is not
    with desk.engine.connect() as connection:
        rows = connection.execute(select(tables.Shopper.__table__).order_by("id")).all()
    assert [row.id for row in rows] == ["100", "card:100"]
    assert shopper("100").items() <= dict(rows[0]._mapping).items()


def test_unknown_products_are_in_and_noticed(desk: Desk) -> None:
    lines = [scan(1, product=UNKNOWN), scan(2), scan(3, product="4011", domain="internal")]
    for repeats in (0, 3):  # noticed again when the file comes again
        report = desk.take(lines)
        assert (report.unknown_products, report.rejects, report.repeats) == (2, 0, repeats)
        found = [row[:4] for row in written(report.notices_file)]
        assert found == [
            ("scans.csv", 2, "product", f"gtin:0{UNKNOWN}"),
            ("scans.csv", 4, "product", "internal:4011"),
        ]
    assert f"gtin:0{UNKNOWN}" in desk.scans["product"].to_list()


def test_a_known_product_is_no_longer_noticed(desk: Desk) -> None:
    noticed = desk.take([scan(1, product=UNKNOWN)]).notices_file
    assert noticed
    with desk.engine.begin() as connection:
        upsert(connection, tables.Product, [product(UNKNOWN)])
    assert desk.take([scan(1, product=UNKNOWN)]).notices_file is None
    assert noticed.exists()  # what an earlier delivery left stays to be looked at


def test_parts_of_a_killed_delivery_do_not_count(desk: Desk) -> None:
    desk.take([scan(1)])
    stored = desk.scans
    for day, number in [(DAY, 2), (DAY + timedelta(300), 2), (DAY, 3)]:
        killed = stored.with_columns(line=pl.lit(2, pl.Int64), business_day=pl.lit(day))
        lake.write(lake.part_path(desk.root, day, number, 0), killed)
    assert House(desk.settings, desk.engine).last_delivery == 1
    report = desk.take([scan(2), scan(3, DAY - timedelta(20))])  # no repeat, and not too late
    assert (report.rows, report.repeats, report.rejects) == (2, 0, 0)
    assert desk.scans.select("business_day", "line").rows() == [
        (DAY - timedelta(20), 3),
        (DAY, 1),
        (DAY, 2),
    ]
    assert desk.deliveries() == [1, 2]


def test_a_delivery_that_dies_between_batches_can_be_taken_again(
    settings: Settings, engine: Engine
) -> None:
    desk = Desk(settings, engine)
    desk.take(MONTH)
    expected = desk.scans
    desk.empty()
    (batch,) = read(desk.file(MONTH), COLUMNS)

    def dying() -> Iterator[Batch]:
        yield from list(in_batches(batch.frame, 10))[:2]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.feed(dying())
    assert desk.deliveries() == []
    assert desk.feed(in_batches(batch.frame, 10)).rows == len(MONTH)
    assert_frame_equal(desk.scans, expected)


def test_an_empty_file_is_a_delivery_without_lines(desk: Desk) -> None:
    report = desk.take([])
    assert (report.taken, report.lines, report.rows) == (True, 0, 0)
    assert desk.scans.is_empty()


def test_the_same_delivery_is_the_same_bytes(desk: Desk) -> None:
    desk.take(MONTH)
    first = {p.name: p.read_bytes() for p in lake.parts(desk.root)}
    desk.empty()
    desk.take(MONTH)
    assert {p.name: p.read_bytes() for p in lake.parts(desk.root)} == first


def test_a_part_is_sorted_by_bucket(desk: Desk) -> None:
    desk.take([scan(n, card=str(9000 + n % 7)) for n in range(30)])
    (part,) = lake.parts(desk.root)
    stored = pl.read_parquet(part)
    assert_frame_equal(stored, stored.sort("bucket", "shopper", *IDENTITY))


def test_the_lake_holds_no_names(desk: Desk) -> None:
    desk.take([scan(1)])
    assert all(b"Ann" not in p.read_bytes() for p in lake.parts(desk.root))


def test_a_price_inside_a_code_makes_no_other_product(desk: Desk) -> None:
    """UPC number system 2: five digits of the item, then its price."""
    desk.take([scan(1, product="212345804995"), scan(2, product="212345000007")])
    assert desk.scans["product"].to_list() == ["gtin:00212345000007"] * 2


def test_a_weight_inside_a_code_is_the_quantity_of_a_line_without_one(desk: Desk) -> None:
    weighed = "(01)00614141000036(3103)000485"
    desk.take([scan(1, product=weighed, quantity=""), scan(2, product=weighed, quantity="2")])
    assert desk.scans.select("quantity", "unit").rows() == [(485, "kg"), (2000, "each")]


def test_a_source_that_breaks_off_leaves_no_part_behind(desk: Desk) -> None:
    def broken() -> Iterator[Batch]:
        yield from read(desk.file([scan(1)]), COLUMNS)
        raise SourceError("It broke off.")

    with pytest.raises(SourceError):
        desk.feed(broken())
    assert lake.parts(desk.root) == []
    assert desk.deliveries() == []
