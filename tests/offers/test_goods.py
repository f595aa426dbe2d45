"""The goods of an offer: codes, brands and categories as products of the table."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, MetaData, insert, select, update

from offers.written import BREAD, terms, written
from promo import database, tables
from promo.config import Settings
from promo.offers import catalogue
from promo.offers.goods import Known
from promo.offers.terms import OfferError, Terms

WHERE = "o.yaml, offer 1"
GTIN = "gtin:04006381333931"
BRAND = {"p1": "Acme", "p2": "Acme", "p3": "Zeta", GTIN: "Zeta"}
CATEGORY = {"p1": "MILK", "p2": "TEA", "p3": "TEA", "ale": "BEER"}
KNOWN = Known(
    products=frozenset({*BRAND, *CATEGORY, "internal:2"}),
    by_brand={"Acme": frozenset({"p1", "p2"}), "Zeta": frozenset({"p3", GTIN})},
    by_category={"MILK": frozenset({"p1"}), "TEA": frozenset({"p2", "p3"}),
                 "BEER": frozenset({"ale"})},
    banned=frozenset({"ale"}),
    stores=frozenset({"1", "2"}),
)  # fmt: skip


@pytest.mark.parametrize(
    ("offer", "products"),
    [
        ({"products": ["p1", "p1"]}, {1: {"p1"}}),
        ({"products": ["gtin:4006381333931"]}, {1: {GTIN}}),
        ({"products": [], "brands": ["Acme"]}, {1: {"p1", "p2"}}),
        ({"products": ["p1"], "brands": ["Zeta"]}, {1: {"p1", "p3", GTIN}}),
        ({"products": [], "categories": ["TEA", "MILK"]}, {1: {"p1", "p2", "p3"}}),
        ({"products": [], "categories": ["TEA"], "but_not": {"brands": ["Zeta"]}}, {1: {"p2"}}),
        ({"products": [], "brands": ["Zeta"], "but_not": {"products": ["gtin:4006381333931"]}},
         {1: {"p3"}}),
        ({"products": ["p1"], "second": BREAD}, {1: {"p1"}, 2: {"internal:2"}}),
        ({"products": [], "basket": 5}, {}),
        ({"products": [], "basket": 5, "second": BREAD}, {2: {"internal:2"}}),
    ],
)  # fmt: skip
def test_the_products_of_each_purchase(
    offer: dict[str, Any], products: dict[int, set[str]]
) -> None:
    found = KNOWN.goods(terms(**offer), WHERE)
    assert (found.products, found.notices) == (products, [])


@pytest.mark.parametrize(
    ("offer", "sentence"),
    [
        ({"brands": ["Acne"]}, "`brands`: 'Acne' is no product's brand."),
        ({"categories": ["TEA", "TAE"]}, "`categories`: 'TAE' is no product's category."),
        ({"but_not": {"brands": ["x"]}}, "`but_not.brands`: 'x' is no product's brand."),
        ({"second": BREAD | {"brands": ["x"]}}, "`second.brands`: 'x' is no product's brand."),
        ({"third": BREAD | {"but_not": {"categories": ["x"]}}, "second": BREAD},
         "`third.but_not.categories`: 'x' is no product's category."),
        ({"rivals": {"brands": ["x"]}}, "`rivals.brands`: 'x' is no product's brand."),
        ({"where": {"stores": ["1", "9"]}}, "`where.stores`: '9' is no store."),
        ({"where": {"but_not": ["9"]}}, "`where.but_not`: '9' is no store."),
    ],
)  # fmt: skip
def test_a_name_that_nobody_knows_is_refused(offer: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OfferError) as caught:
        KNOWN.check_names(terms(**offer), WHERE)
    assert str(caught.value) == f"{WHERE}: {sentence}"


@pytest.mark.parametrize(
    ("offer", "sentence"),
    [
        ({"products": ["ale"]}, "`products`: no product is left"),
        ({"products": ["p1"], "but_not": {"brands": ["Acme"]}}, "`products`: no product is left"),
        ({"products": ["p1"], "second": BREAD | {"products": ["ale"]}}, "`second.products`: no pr"),
        ({"products": ["gtin:123"]}, "`products`: The product code"),
        ({"products": ["p1"], "but_not": {"products": ["gtin:x"]}}, "`but_not.products`: The prod"),
    ],
)
def test_an_offer_without_goods_is_refused(offer: dict[str, Any], sentence: str) -> None:
    with pytest.raises(OfferError) as caught:
        KNOWN.goods(terms(**offer), WHERE)
    assert f"{WHERE}: {sentence}" in str(caught.value)


def row(product: str, **changes: Any) -> dict[str, Any]:
    empty = dict.fromkeys(
        ("brand", "brand_owner", "category", "category_words", "department", "size", "cost",
         "margin_rate")
    )  # fmt: skip
    flags = {"store_brand": False, "no_coupon": False, "delisted": False}
    own = {"id": product, "domain": "internal", "code": product, "description": product}
    return empty | flags | own | changes


@pytest.fixture
def shop(sqlite_engine: Engine) -> Engine:
    rows = [row("internal:1", brand="Acme"), row("internal:2", category="TEA", brand="Zeta")]
    with sqlite_engine.begin() as connection:
        database.upsert(connection, tables.Product, rows)
    return sqlite_engine


def pairs(shop: Engine) -> set[tuple[str, str, int]]:
    table = tables.OfferProduct
    with shop.connect() as connection:
        query = select(table.offer, table.product, table.purchase)
        return {
            (offer, product, purchase) for offer, product, purchase in connection.execute(query)
        }


def take(shop: Engine, settings: Settings, *raw: dict[str, Any]) -> list[str]:
    with shop.begin() as connection:
        named = [(str(offer.get("id")), offer) for offer in raw]
        return catalogue.import_offers(connection, settings, named).refused


def promise(shop: Engine) -> None:
    promised = {"offer": "o1", "night": terms().starts, "last_day": terms().ends}
    with shop.begin() as connection:
        connection.execute(insert(tables.Promise), [promised | {"uses": 1, "money": 100}])


def test_a_product_that_joins_later_joins_the_offer(shop: Engine, settings: Settings) -> None:
    assert not take(
        shop, settings,
        written(id="by-brand", products=[], brands=["Acme"], second=BREAD),
        written(id="by-code", products=["internal:1", "internal:7"]),
        written(id="by-category", products=[], categories=["TEA"]),
    )  # fmt: skip
    before = pairs(shop)
    with shop.begin() as connection:
        assert catalogue.resolve_again(connection, settings) == 0
        more = [row("internal:7", brand="Acme"), row("internal:8", category="COFFEE")]
        database.upsert(connection, tables.Product, more)
        assert catalogue.resolve_again(connection, settings) == 2
    joined = {("by-brand", "internal:7", 1), ("by-code", "internal:7", 1)}
    assert pairs(shop) == before | joined


@pytest.mark.parametrize("change", [{"category": "COFFEE"}, {"no_coupon": True}])
def test_what_a_list_may_promise_is_not_taken_away(
    shop: Engine, settings: Settings, change: dict[str, Any]
) -> None:
    take(shop, settings, written(products=["internal:1"], categories=["TEA"]))
    before = pairs(shop)
    with shop.begin() as connection:
        table = tables.Product
        connection.execute(update(table).where(table.id == "internal:2").values(change))
        assert catalogue.resolve_again(connection, settings) == 0
    assert pairs(shop) == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"reward": {"amount_off": 1, "over_value": "nothing"}}, "reward"),
        ({"second": BREAD}, "second"),
        ({"uses": {"per_list": 2}}, "uses"),
        ({"brands": ["Acme"]}, "brands"),
        ({"budget": {"money": 99, "redemptions": 50}}, "budget.money"),
        ({"budget": {"money": 200, "redemptions": 49}}, "budget.redemptions"),
        ({"title": "Other", "buy": 2}, "buy`, `title"),
    ],
)
def test_a_promised_offer_is_frozen_and_what_would_change_is_named(
    shop: Engine, settings: Settings, change: dict[str, Any], named: str
) -> None:
    take(shop, settings, written())
    promise(shop)
    assert take(shop, settings, written(budget={"money": 200, "redemptions": 50})) == []
    change = {"budget": {"money": 200, "redemptions": 50}} | change
    (sentence,) = take(shop, settings, written(**change))
    assert "lists already promise this offer" in sentence
    assert f"but `{named}` would change" in sentence


def test_stored_terms_are_whole_and_hard_is_a_column(shop: Engine, settings: Settings) -> None:
    take(shop, settings, written(hard=True, printable=False, uses={"per_list": 3}))
    with shop.connect() as connection:
        stored, hard = connection.execute(select(tables.Offer.terms, tables.Offer.hard)).one()
    assert hard
    found = Terms.from_stored(stored)
    assert (found.uses.per_list, found.reward.number, found.hard) == (3, 100, True)


def test_offers_of_the_first_version_are_converted(tmp_path: Path) -> None:
    from alembic import command

    engine = database.connect(f"sqlite:///{tmp_path / 'old.db'}")
    config = database.alembic_config(engine)
    command.upgrade(config, "0001")
    old = MetaData()
    old.reflect(engine)
    first = {
        "title": "Oat milk", "buy": 2, "amount_off": {"heavy": 150, "medium": 125, "light": 100},
    }  # fmt: skip
    offer = {
        "id": "o1", "starts": terms().starts, "ends": terms().ends, "funder": "Maker 7",
        "objective": "grow", "budget_money": 10_000, "budget_redemptions": 50, "terms": first,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(old.tables["products"]), [row("internal:1")])
        connection.execute(insert(old.tables["offers"]), [offer])
        pair = {"offer": "o1", "product": "internal:1"}
        connection.execute(insert(old.tables["offer_products"]), [pair])
    command.upgrade(config, "0002")
    wanted = terms(
        reward={"amount_off": "1.25"}, ladder={"heavy": "1.5", "medium": "1.25", "light": 1},
        buy=2, objective="grow",
    )  # fmt: skip
    with engine.connect() as connection:
        assert connection.execute(select(tables.Offer.terms)).scalar_one() == wanted.stored()
        assert connection.exec_driver_sql("pragma foreign_key_check").all() == []
        assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1
    command.downgrade(config, "0001")
    with engine.connect() as connection:
        assert connection.execute(select(old.tables["offers"].c.terms)).scalar_one() == first


def test_a_promised_offer_loses_nothing_when_its_budget_grows(
    shop: Engine, settings: Settings
) -> None:
    both = ["internal:1", "internal:2"]
    take(shop, settings, written(products=both))
    promise(shop)
    with shop.begin() as connection:
        table = tables.Product
        connection.execute(update(table).where(table.id == "internal:2").values(no_coupon=True))
    larger = {"money": 200, "redemptions": 50}
    assert take(shop, settings, written(products=both, budget=larger)) == []
    assert pairs(shop) == {("o1", "internal:1", 1), ("o1", "internal:2", 1)}
