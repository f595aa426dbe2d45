from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, insert, select, update

from promo import database, tables
from promo.calendar import Window
from promo.config import Settings
from promo.database import upsert
from promo.offers import catalogue
from promo.offers import live as live_offers
from promo.offers.catalogue import Imported
from promo.offers.live import Catalogue

NIGHT = date(2017, 11, 6)
WINDOW = Window(NIGHT, NIGHT + timedelta(13))
PRODUCTS = {  # category, no_coupon
    "milk": ("MILK", False), "oats": ("OATS", False), "new": (None, False),
    "beer": ("BEERS/ALES", False), "pill": ("LAXATIVES", False), "gas": ("FUEL", True),
}  # fmt: skip


def offer(name: str, products: str = "milk", **change: Any) -> dict[str, Any]:
    return {
        "id": name,
        "title": f"Offer {name}",
        "funder": "Maker 7",
        "starts": NIGHT - timedelta(5),
        "ends": NIGHT + timedelta(30),
        "reward": {"amount_off": "1.25"},
        "budget": {"money": "100.00", "redemptions": 50},
        "products": products.split(),
    } | change


@pytest.fixture
def shop(engine: Engine) -> Engine:
    """A database with PRODUCTS in it."""
    row = dict.fromkeys(
        ("brand", "brand_owner", "category_words", "department", "size", "cost", "margin_rate")
    )
    with engine.begin() as connection:
        database.upsert(
            connection,
            tables.Product,
            [
                row | {"id": name, "domain": "internal", "code": name, "description": name,
                       "store_brand": False, "delisted": False,
                       "category": category, "no_coupon": no_coupon}
                for name, (category, no_coupon) in PRODUCTS.items()
            ],
        )  # fmt: skip
    return engine


def take(shop: Engine, settings: Settings, *offers: dict[str, Any]) -> Imported:
    raw = [(f"file, offer {number}", found) for number, found in enumerate(offers, 1)]
    with shop.begin() as connection:
        return catalogue.import_offers(connection, settings, raw)


def live(shop: Engine, window: Window = WINDOW, night: date = NIGHT) -> Catalogue:
    with shop.connect() as connection:
        return live_offers.live(connection, window, night)


def promise(shop: Engine, name: str, night: date, uses: int, last: date | None = None) -> None:
    last = last or night + timedelta(13)
    row = {"offer": name, "night": night, "last_day": last, "uses": uses, "money": uses * 125}
    with shop.begin() as connection:
        connection.execute(insert(tables.Promise), [row])


def products_of(shop: Engine, name: str) -> set[str]:
    column = tables.OfferProduct.product
    with shop.connect() as connection:
        query = select(column).where(tables.OfferProduct.offer == name)
        return set(connection.execute(query).scalars())


def test_a_bad_offer_is_refused_and_the_others_go_in(shop: Engine, settings: Settings) -> None:
    found = take(shop, settings, offer("a"), offer("b", buy=0), {"id": "c"}, offer("d"))
    assert found.taken == ["a", "d"]
    assert [sentence.split(":")[0] for sentence in found.refused] == [
        "file, offer 2",
        "file, offer 3",
    ]
    assert "`buy` is 0" in found.refused[0]
    assert live(shop).offers["id"].to_list() == ["a", "d"]


def test_an_id_stands_once_in_a_file(shop: Engine, settings: Settings) -> None:
    found = take(shop, settings, offer("a", title="first"), offer("a", title="second"))
    assert found.refused == ["file, offer 2: the id 'a' stands twice in this file."]
    assert live(shop).offers["title"].to_list() == ["first"]


@pytest.mark.parametrize(
    ("products", "stay", "notices"),
    [
        ("milk oats", {"milk", "oats"}, []),
        ("milk milk", {"milk"}, []),
        ("new", {"new"}, []),  # without a category nothing is known against it
        ("milk beer", {"milk"}, ["1 products are left out: no_coupon, sensitive or restricted"]),
        ("pill beer oats", {"oats"}, ["2 products are left out: no_coupon"]),
        ("gas milk", {"milk"}, ["1 products are left out: no_coupon"]),
        ("milk what", {"milk"}, ["1 products are not in the product table", "'what' among"]),
        ("zz milk beer aa", {"milk"}, ["2 products are not in", "'aa' among", "1 products are l"]),
    ],
)
def test_products_that_may_not_be_promoted_are_left_out(
    shop: Engine, settings: Settings, products: str, stay: set[str], notices: list[str]
) -> None:
    found = take(shop, settings, offer("a", products))
    assert products_of(shop, "a") == stay
    assert bool(found.notices) == bool(notices)
    assert all(words in " ".join(found.notices) for words in notices)


@pytest.mark.parametrize("products", ["beer", "pill", "gas", "what", "beer pill gas what"])
def test_an_offer_with_no_product_left_is_refused(
    shop: Engine, settings: Settings, products: str
) -> None:
    found = take(shop, settings, offer("a", products), offer("b"))
    assert found.taken == ["b"]
    assert "file, offer 1: `products`: no product is left to give it on." in found.refused[0]
    assert "left out" in found.refused[0]


def test_an_unpromised_offer_may_change(shop: Engine, settings: Settings) -> None:
    take(shop, settings, offer("a", "milk oats"))
    take(shop, settings, offer("a", "oats", title="Other words", buy=2))
    row = live(shop).offers.row(0, named=True)
    assert (row["title"], row["buy"], products_of(shop, "a")) == ("Other words", 2, {"oats"})


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Other words"},
        {"reward": {"amount_off": "1.00"}},
        {"ends": NIGHT + timedelta(29)},
        {"budget": {"money": "99.99", "redemptions": 60}},
        {"budget": {"money": "100.00", "redemptions": 49}},
        {"products": "oats"},
        {"products": "milk oats"},
    ],
)
def test_a_promised_offer_keeps_its_terms(
    shop: Engine, settings: Settings, change: dict[str, Any]
) -> None:
    take(shop, settings, offer("a"))
    promise(shop, "a", NIGHT, 1)
    before = live(shop)
    found = take(shop, settings, offer("a", **change), offer("b"))
    assert found.taken == ["b"]
    assert "file, offer 1: lists already promise this offer" in found.refused[0]
    after = live(shop)
    assert after.offers.filter(id="a").equals(before.offers)
    assert products_of(shop, "a") == {"milk"}


def test_a_promised_offer_may_get_a_larger_budget(shop: Engine, settings: Settings) -> None:
    take(shop, settings, offer("a"))
    promise(shop, "a", NIGHT, 1)
    larger = offer("a", budget={"money": "200.00", "redemptions": 80})
    assert take(shop, settings, larger).refused == []
    assert live(shop).offers.select("money_left", "uses_left").rows() == [(20_000, 80)]


def test_a_promised_offer_may_come_again_as_it_is(shop: Engine, settings: Settings) -> None:
    ladder = {"heavy": 2, "medium": 1, "light": 1}
    terms = offer("a", "oats milk", title="Hafer für alle", ladder=ladder)
    take(shop, settings, terms)
    promise(shop, "a", NIGHT, 1)
    assert take(shop, settings, terms).refused == []


@pytest.mark.parametrize(
    ("starts", "ends", "good"),
    [
        (0, 13, True),
        (-99, 99, True),
        (1, 13, False),
        (0, 12, False),
        (14, 30, False),
        (-9, -1, False),
    ],
)
def test_an_offer_must_cover_the_whole_window(
    shop: Engine, settings: Settings, starts: int, ends: int, good: bool
) -> None:
    first, last = NIGHT + timedelta(starts), NIGHT + timedelta(ends)
    take(shop, settings, offer("a", starts=first, ends=last))
    found = live(shop)
    assert found.offers["id"].to_list() == (["a"] if good else [])
    assert found.items.height == (1 if good else 0)


def test_the_catalogue_says_what_the_offer_gives_and_on_what(
    shop: Engine, settings: Settings
) -> None:
    ladder = {"heavy": "1.50", "medium": "1.25", "light": "1.00"}
    take(shop, settings, offer("z", "oats milk", ladder=ladder, buy=2), offer("k", "milk"))
    found = live(shop)
    ends = NIGHT + timedelta(30)
    facts = found.offers.select("id", "title", "ends", "funder", "buy", "money_left", "uses_left")
    assert facts.rows() == [
        ("k", "Offer k", ends, "Maker 7", 1, 10_000, 50),
        ("z", "Offer z", ends, "Maker 7", 2, 10_000, 50),
    ]
    worth = found.ladder.filter(pl.col("loyalty") == "national").select("offer", "volume", "worth")
    assert worth.rows() == [
        (0, "heavy", 125), (0, "medium", 125), (0, "light", 125),
        (1, "heavy", 150), (1, "medium", 125), (1, "light", 100),
    ]  # fmt: skip
    assert found.items.rows() == [(0, "milk"), (1, "milk"), (1, "oats")]


def test_any_form_of_gtin_names_the_product(shop: Engine, settings: Settings) -> None:
    with shop.begin() as connection:
        row = connection.execute(select(tables.Product.__table__)).first()
        assert row
        upsert(connection, tables.Product, [dict(row._mapping) | {"id": "gtin:04006381333931"}])
    short, wrong = "gtin:4006381333931", "gtin:4006381333932"
    found = take(shop, settings, offer("a", short), offer("b", wrong))
    assert found.taken == ["a"]
    assert products_of(shop, "a") == {"gtin:04006381333931"}
    assert "ends in check digit 2" in found.refused[0]


def test_a_delisted_product_is_not_offered(shop: Engine, settings: Settings) -> None:
    take(shop, settings, offer("a", "oats milk"))
    with shop.begin() as connection:
        connection.execute(
            update(tables.Product).where(tables.Product.id == "oats").values(delisted=True)
        )
    assert live(shop).items["product"].to_list() == ["milk"]


def test_an_empty_catalogue(shop: Engine) -> None:
    found = live(shop)
    assert (found.offers.height, found.items.height) == (0, 0)
