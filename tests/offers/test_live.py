"""Live offers, on both databases: what may be printed, and what is left of its budget."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, insert, update

from offers import shop
from offers.shop import LAST, NIGHT, use
from promo import tables
from promo.calendar import Window
from promo.offers import live as live_offers
from promo.offers.budgets import SUMS
from promo.offers.live import Catalogue
from promo.offers.redemptions import record

DAY = timedelta(1)
WINDOW = Window(NIGHT, LAST)


@pytest.fixture(autouse=True)
def _masters(engine: Engine) -> None:
    shop.masters(engine)


def live(engine: Engine, night: date = NIGHT, late_days: int = 0) -> Catalogue:
    with engine.connect() as connection:
        return live_offers.live(connection, WINDOW, night, late_days=late_days)


def names(engine: Engine) -> list[str]:
    found = live(engine)
    numbers = found.offers["offer"].to_list()
    assert numbers == list(range(len(numbers)))
    assert set(found.items["offer"]) == set(found.ladder["offer"]) == set(numbers)
    return found.offers["id"].to_list()


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"state": "paused"}, False),
        ({"state": "stopped"}, False),
        ({"hard": True, "printable": False}, False),
        ({"printable": False}, False),
        ({"starts": NIGHT, "ends": LAST}, True),
        ({"starts": NIGHT + DAY, "ends": LAST}, False),
        ({"ends": LAST - DAY}, False),
        ({"money": 0}, False),
        ({"redemptions": 0}, False),
    ],
)
def test_what_may_be_printed(engine: Engine, change: dict[str, Any], *, good: bool) -> None:
    for name in ("a", "z"):
        shop.offer(engine, name)
    shop.offer(engine, "m", **change)
    assert names(engine) == (["a", "m", "z"] if good else ["a", "z"])


def test_an_exhausted_offer_is_not_printed_the_same_night(engine: Engine) -> None:
    shop.offer(engine, "a", redemptions=2)
    shop.offer(engine, "b", money=200)
    shop.offer(engine, "c", money=201, redemptions=3)
    for number in (1, 2):
        with engine.begin() as connection:
            for name in ("a", "b", "c"):
                record(connection, use(name, number))
    assert names(engine) == ["c"]
    assert live(engine).offers.select("money_left", "uses_left").rows() == [(1, 1)]
    shop.set_budget(engine, "a", 10_000, 3)
    assert names(engine) == ["a", "c"]


def test_delisted_products_and_those_of_other_purchases_are_no_items(engine: Engine) -> None:
    for name in ("a", "b"):
        shop.offer(engine, name)
    pairs = [("a", "oats", 1), ("b", "oats", 2)]
    rows = [dict(zip(("offer", "product", "purchase"), pair, strict=True)) for pair in pairs]
    with engine.begin() as connection:
        connection.execute(insert(tables.OfferProduct), rows)
    assert live(engine).items.rows() == [(0, "milk"), (0, "oats"), (1, "milk")]
    with engine.begin() as connection:
        milk = tables.Product.id == "milk"
        connection.execute(update(tables.Product).where(milk).values(delisted=True))
    assert names(engine) == ["a"]
    assert live(engine).items.rows() == [(0, "oats")]


def prices(**found: int) -> pl.DataFrame:
    rows = list(found.items())
    return pl.DataFrame(rows, live_offers.PRICES, orient="row")


def worths(engine: Engine, known: pl.DataFrame | None) -> list[int]:
    """What the first offer is worth: national heavy, medium, light, and who does not buy."""
    with engine.connect() as connection:
        found = live_offers.live(connection, WINDOW, NIGHT, known).ladder
    assert found.height == 10
    return [*found["worth"].to_list()[:3], found["worth"].to_list()[-1]]


def test_the_ladder_at_typical_prices(engine: Engine) -> None:
    shop.offer(engine, "a")
    pair = {"offer": "a", "product": "oats", "purchase": 1}
    with engine.begin() as connection:
        connection.execute(insert(tables.OfferProduct).values(pair))
    assert worths(engine, None) == [150, 125, 100, 100]
    # Never more than what the item costs.
    assert worths(engine, prices(milk=110)) == [110, 110, 100, 100]
    assert worths(engine, prices(milk=110, oats=140)) == [125, 125, 100, 100]
    assert worths(engine, prices(salt=1)) == [150, 125, 100, 100]


def test_shelf_prices_stand_in(engine: Engine) -> None:
    shop.offer(engine, "a")
    rows = [("1", -9, 50), ("1", 0, 110), ("1", 1, 60), ("2", -3, 130)]
    shelf = [
        {"store": store, "product": "milk", "day": NIGHT + day * DAY, "price": price}
        for store, day, price in rows
    ]
    with engine.begin() as connection:
        connection.execute(insert(tables.ShelfPrice), shelf)
    assert worths(engine, None) == [120, 120, 100, 100]
    assert worths(engine, prices(milk=300)) == [150, 125, 100, 100]


def test_what_the_catalogue_says_of_an_offer(engine: Engine) -> None:
    shop.offer(engine, "a", buy=2, uses={"per_list": 3}, funding={"manufacturer": 75},
               objective="grow")  # fmt: skip
    found = live(engine)
    row = found.offers.row(0, named=True)
    facts = ("id", "title", "funder", "objective", "buy", "uses_each", "funder_share")
    assert [row[name] for name in facts] == ["a", "Offer a", "Maker 7", "grow", 2, 3, 0.75]
    assert [terms.id for terms in found.terms] == ["a"]


def test_promises_of_other_nights_stand_beside_what_is_left(engine: Engine) -> None:
    for name in ("a", "b"):
        shop.offer(engine, name)
    shop.promise(engine, "b", NIGHT, 1)
    shop.promise(engine, "b", NIGHT - DAY, 2)
    shop.promise(engine, "b", NIGHT - 14 * DAY, 4)  # its lists ended yesterday
    row = live(engine).offers.row(1, named=True)
    assert (row["money_left"], row["uses_left"]) == (10_000, 100)
    assert (row["money_open"], row["uses_open"]) == (200, 2)
    assert [row[name] for name in SUMS] == [50.0, 5000.0, 500_000.0, 1250.0, 0.5, 0.125]
    assert live(engine, late_days=1).offers["uses_open"].to_list() == [0, 6]
    assert live(engine, NIGHT - DAY).offers["uses_open"].to_list() == [0, 5]


def test_the_categories_of_an_offer_are_those_of_its_goods() -> None:
    offers = pl.DataFrame({"offer": [0, 1, 2], "id": ["one", "several", "basket"]})
    goods = pl.DataFrame({"offer": [0, 1, 1, 1], "product": ["a", "a", "b", "c"]})
    of_products = {"id": ["a", "b", "c", "d"], "category": ["TEA", "MILK", "MILK", "SOAP"]}
    found = Catalogue(offers, pl.DataFrame(), goods).categories(pl.DataFrame(of_products))
    assert found == {"one": {"TEA"}, "several": {"TEA", "MILK"}}


def test_an_empty_catalogue(engine: Engine) -> None:
    shop.offer(engine, "a", state="stopped")
    found = live(engine)
    assert (found.offers.height, found.ladder.height, found.items.height) == (0, 0, 0)
    shop.offer(engine, "a")
    full = live(engine)
    assert found.offers.schema == full.offers.schema
    assert found.ladder.schema == full.ladder.schema
    assert found.items.schema == full.items.schema
