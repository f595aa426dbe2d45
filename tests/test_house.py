"""The house: rows become columns, and copies of them are never stale."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from sqlalchemy import Engine, delete

from promo import calendar, config, tables
from promo.house import PRODUCT_COLUMNS, House
from promo.scans.ingest import in_batches, ingest_master, ingest_scans
from promo.schema import DatabaseError

DAY = date(2017, 11, 6)


def frame(**columns: list[object]) -> pl.DataFrame:
    return pl.DataFrame(columns).with_row_index("_line", 1).cast({"_line": pl.Int64})


def take(house: House, table: str, **columns: list[object]) -> None:
    report = ingest_master(house.settings, house.engine, table, "f", in_batches(frame(**columns)))
    assert report.rejects == 0


def scan(house: House, cards: list[str | None], day: date = DAY) -> None:
    """A delivery with one line of tea a card."""
    count = len(cards)
    lines = frame(
        at=[datetime.fromisoformat(f"{day}T12:00:00")] * count,
        store=["1"] * count,
        till=["1"] * count,
        business_day=[day] * count,
        transaction=["1"] * count,
        line=list(range(count)),
        card=list(cards),
        product=["tea"] * count,
        domain=["internal"] * count,
        quantity=[1.0] * count,
        paid=[199] * count,
        regular=[199] * count,
    )
    report = ingest_scans(house.settings, house.engine, "f", in_batches(lines))
    assert report.rows == count


@pytest.fixture
def lived_in(house: House) -> House:
    take(house, "stores", id=["1", "2"], name=["Main Street", None], time_zone=["UTC", "UTC"])
    take(house, "products", code=["tea"], domain=["internal"], description=["Tea"], category=["T"])
    take(house, "shoppers", id=["100", "200"])
    take(house, "cards", card=["9001", "9002"], shopper=["100", "200"])
    return house


def test_opening_a_house_without_a_database_says_what_to_do(settings: config.Settings) -> None:
    with pytest.raises(DatabaseError, match="promo init"):
        House.open(settings)


def test_opening_a_house(settings: config.Settings, engine: Engine) -> None:
    found = House.open(settings)
    assert found.engine.dialect.name == engine.dialect.name
    assert found.products.is_empty()
    assert found.store_names() == {}
    assert found.last_delivery == 0
    assert found.fold([1, 2], DAY) == 0
    assert found.days([1, 2], DAY).is_empty()
    found.engine.dispose()


def test_stores_without_a_name_go_by_their_number(lived_in: House) -> None:
    assert lived_in.store_names() == {"1": "Main Street", "2": "Store 2"}


def test_products_are_columns_sorted_by_id(settings: config.Settings, engine: Engine) -> None:
    house = House(settings, engine)
    words: list[object] = ["Tea", "Beans"]
    take(house, "products", code=["b", "a"], domain=["internal"] * 2, description=words)
    assert house.products.columns == list(PRODUCT_COLUMNS)
    assert house.products.select("id", "description", "delisted").rows() == [
        ("internal:a", "Beans", False),
        ("internal:b", "Tea", False),
    ]


def test_a_table_written_anew_makes_the_copy_anew(lived_in: House) -> None:
    copies = lived_in.settings.paths.lake / "products"
    assert lived_in.products["description"].to_list() == ["Tea"]
    old = list(copies.iterdir())
    take(lived_in, "products", code=["tea"], domain=["internal"], description=["Green tea"])
    later = House(lived_in.settings, lived_in.engine)
    assert later.products["description"].to_list() == ["Green tea"]
    assert len(list(copies.iterdir())) == 1
    assert list(copies.iterdir()) != old


def test_a_copy_is_made_once(lived_in: House) -> None:
    assert lived_in.products.height == 1
    with lived_in.engine.begin() as connection:
        connection.execute(delete(tables.Product))  # behind the house's back
    assert House(lived_in.settings, lived_in.engine).products.height == 1


@pytest.mark.parametrize(
    ("said", "consented"),
    [
        ({}, False),
        ({0: True}, True),
        ({-1: True}, True),
        ({1: True}, False),
        ({-9: True, -1: False}, False),
        ({-9: False, -1: True}, True),
        ({-9: True, 1: False}, True),
    ],
)
def test_the_newest_word_up_to_the_day_counts(
    settings: config.Settings, engine: Engine, said: dict[int, bool], *, consented: bool
) -> None:
    house = House(settings, engine)
    take(house, "shoppers", id=["100"], name=["Ann"], suppressed=["yes"])
    if said:
        days: list[object] = [DAY + timedelta(n) for n in said]
        count = len(said)
        take(house, "consents", shopper=["100"] * count, purpose=["lists"] * count, day=days,
             given=[*said.values()])  # fmt: skip
    found = house.shoppers(range(256), DAY)
    assert found.rows() == [("100", "Ann", "en", True, consented)]
    assert found.schema["consented"] == pl.Boolean


def test_households_of_some_buckets(lived_in: House) -> None:
    one, two = calendar.bucket("100"), calendar.bucket("200")
    assert one != two
    assert lived_in.shoppers([one], DAY)["id"].to_list() == ["100"]
    assert lived_in.shoppers([two, one], DAY)["id"].to_list() == ["100", "200"]
    assert lived_in.shoppers([], DAY).is_empty()


def test_each_scan_is_folded_once_in_its_buckets_turn(lived_in: House) -> None:
    one, two = calendar.bucket("100"), calendar.bucket("200")
    day = DAY + timedelta(3)
    scan(lived_in, ["9001", "9002", None, "9001"])
    assert lived_in.last_delivery == 1
    assert lived_in.fold([one], day) == 2
    assert lived_in.fold([one], day) == 0
    scan(lived_in, ["9001"], DAY + timedelta(1))
    assert lived_in.fold([one, two], day) == 2
    found = lived_in.days([one, two], day)
    assert sorted(found.select("shopper", "day", "lines", "paid", "category").rows()) == [
        ("100", DAY, 2, 398, "T"),
        ("100", DAY + timedelta(1), 1, 199, "T"),
        ("200", DAY, 1, 199, "T"),
    ]


def test_a_night_sees_what_was_sold_before_its_day(lived_in: House) -> None:
    scan(lived_in, ["9001"])
    scan(lived_in, ["9001"], DAY + timedelta(1))
    buckets = [calendar.bucket("100")]
    lived_in.fold(buckets, DAY + timedelta(5))
    for night, days in [(DAY, 0), (DAY + timedelta(1), 1), (DAY + timedelta(2), 2)]:
        assert lived_in.days(buckets, night).height == days
