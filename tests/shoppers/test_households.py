from datetime import date, timedelta

import polars as pl
import pytest
from sqlalchemy import Engine

from promo import calendar, database, tables
from promo.config import Settings
from promo.house import House
from promo.shoppers import households

NIGHT = date(2017, 11, 6)
PETROL = "COUPON/MISC ITEMS"
Row = tuple[int, str, str | None, int]  # days before the night, store, category, paid


def days(*rows: Row, shopper: str = "h") -> pl.DataFrame:
    found = [(shopper, NIGHT - timedelta(age), *rest) for age, *rest in rows]
    schema = {
        "shopper": pl.String, "day": pl.Date, "store": pl.String,
        "category": pl.String, "paid": pl.Int64,
    }  # fmt: skip
    return pl.DataFrame(found, schema, orient="row")


def test_unknown_products_stay_without_a_category() -> None:
    profile = pl.DataFrame({"product": ["a", "b", "a"]})
    products = pl.DataFrame({"id": ["a"], "category": ["MILK"]})
    found = households.with_products(profile, products)
    assert found.rows() == [("a", "MILK"), ("b", None), ("a", "MILK")]


@pytest.mark.parametrize(
    ("rows", "spend", "year"),
    [
        ([(1, "1", "MILK", 100)], 100, 100),
        ([(91, "1", "MILK", 100)], 100, 100),  # [night - 91, night)
        ([(92, "1", "MILK", 100)], 0, 100),
        ([(1, "1", "MILK", 100), (91, "1", "MILK", 20), (92, "1", "MILK", 3)], 120, 123),
        ([(1, "1", "MILK", 100), (2, "1", "MILK", -30)], 70, 70),
        ([(1, "1", "MILK", 100), (1, "1", PETROL, 4000)], 100, 100),
        ([(1, "1", "MILK", 100), (1, "1", None, 50)], 150, 150),  # unknown: taken for grocery
        ([(1, "1", "MILK", 100), (1, "1", "LAXATIVES", 50)], 150, 150),  # unsaid, but spent
        ([(1, "1", "MILK", 100), (1, "2", "MILK", 50)], 150, 150),
    ],
)
def test_spend_is_grocery_paid_in_the_91_days_before_the_night(
    settings: Settings, rows: list[Row], spend: int, year: int
) -> None:
    found = households.facts(days(*rows), settings, NIGHT)
    assert found.select("shopper", "spend", "spend_year").rows() == [("h", spend, year)]


def test_a_household_that_only_buys_petrol_is_none(settings: Settings) -> None:
    assert households.facts(days((1, "1", PETROL, 9000)), settings, NIGHT).is_empty()


@pytest.mark.parametrize(
    ("rows", "store"),
    [
        ([(1, "7", "MILK", 100), (1, "3", "MILK", 99)], "7"),
        ([(1, "7", "MILK", 100), (1, "3", "MILK", 100)], "3"),  # a tie: the smaller id
        ([(1, "3", "MILK", 100), (1, "7", "MILK", 100)], "3"),
        ([(1, "7", "MILK", 60), (9, "7", "MILK", 60), (1, "3", "MILK", 100)], "7"),
        ([(1, "7", "MILK", 1), (92, "3", "MILK", 9000)], "7"),  # where it shops now
        ([(1, "7", "MILK", 100), (1, "3", PETROL, 9000)], "7"),
    ],
)
def test_the_main_store_is_where_most_of_the_spend_was_paid(
    settings: Settings, rows: list[Row], store: str
) -> None:
    assert households.facts(days(*rows), settings, NIGHT)["store"].item() == store


def test_facts_come_one_a_household_sorted(settings: Settings) -> None:
    frame = pl.concat([days((1, "1", "MILK", n), shopper=f"h{n}") for n in (3, 1, 2)])
    found = households.facts(frame, settings, NIGHT)
    assert found.select("shopper", "spend").rows() == [("h1", 1), ("h2", 2), ("h3", 3)]


@pytest.fixture
def house_on_both(settings: Settings, engine: Engine) -> House:
    """An empty house, on SQLite and on PostgreSQL."""
    return House(settings, engine)


@pytest.mark.parametrize(
    ("spend", "said", "suppressed", "expected"),
    [
        (32_500, [(0, True)], False, True),  # 25.00 a week for thirteen weeks
        (32_499, [(0, True)], False, False),
        (99_999, [], False, False),  # never asked
        (99_999, [(0, False)], False, False),
        (99_999, [(0, True)], True, False),
        (99_999, [(-300, True), (-10, False)], False, False),  # taken back
        (99_999, [(-300, False), (-10, True)], False, True),
        (99_999, [(-300, True), (1, False)], False, True),  # taken back after the night
        (99_999, [(1, True)], False, False),  # given after the night
        (99_999, [(-9, False), (-5, True), (-1, False)], False, False),
    ],
)
def test_who_gets_a_list(
    house_on_both: House, spend: int, said: list[tuple[int, bool]], suppressed: bool, expected: bool
) -> None:
    shopper = {"id": "h", "bucket": calendar.bucket("h"), "name": "The H.s", "language": "en"}
    consents = [
        {"shopper": "h", "purpose": "lists", "day": NIGHT + timedelta(day), "given": given}
        for day, given in said
    ]
    with house_on_both.engine.begin() as connection:
        database.upsert(connection, tables.Shopper, [shopper | {"suppressed": suppressed}])
        database.upsert(connection, tables.Consent, consents)
    facts = households.facts(days((1, "1", "MILK", spend)), house_on_both.settings, NIGHT)
    shoppers = house_on_both.shoppers(range(256), NIGHT)
    found = households.eligible(facts, shoppers, house_on_both.settings.min_spend)
    assert found["shopper"].to_list() == (["h"] if expected else [])


def test_a_household_that_the_register_lacks_gets_none(settings: Settings) -> None:
    nobody = pl.DataFrame(
        schema={
            "id": pl.String, "name": pl.String, "language": pl.String,
            "suppressed": pl.Boolean, "consented": pl.Boolean,
        }
    )  # fmt: skip
    facts = households.facts(days((1, "1", "MILK", 99_999)), settings, NIGHT)
    assert households.eligible(facts, nobody, 0).is_empty()
