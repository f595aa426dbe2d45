"""A shop in a database to test offers with: stores, households, lists, and offers as rows."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select, update

from promo import tables
from promo.database import upsert
from promo.offers.known import ListId, Use
from promo.offers.redemptions import Redemption
from promo.offers.terms import parse

NIGHT = date(2017, 11, 6)
LAST = NIGHT + timedelta(13)
NOW = datetime(2017, 11, 7, 15, 0, tzinfo=UTC)
USE = Use("1", "4", NIGHT + timedelta(1), "1001", 1)
ON = ListId(1, 1)


def masters(engine: Engine) -> None:
    """Stores 1 and 2, households 100 and 200 with cards c100 and c200, milk and oats."""
    store = {"name": None, "gln": None, "time_zone": "America/New_York", "language": "en"}
    empty = dict.fromkeys(
        ("brand", "brand_owner", "category_words", "department", "size", "cost", "margin_rate")
    )
    product = empty | {
        "domain": "internal", "code": "milk", "description": "Milk", "store_brand": False,
        "delisted": False, "no_coupon": False, "category": "MILK",
    }  # fmt: skip
    with engine.begin() as connection:
        upsert(connection, tables.Store, [store | {"id": i} for i in ("1", "2")])
    households(engine, ["100", "200"])
    with engine.begin() as connection:
        cards = [{"card": f"c{i}", "shopper": i} for i in ("100", "200")]
        upsert(connection, tables.Card, cards)
        upsert(connection, tables.Product, [product | {"id": i} for i in ("milk", "oats")])


def households(engine: Engine, names: Sequence[str]) -> None:
    """Households, all of bucket 0."""
    shopper = {"bucket": 0, "name": None, "language": "en", "suppressed": False}
    with engine.begin() as connection:
        upsert(connection, tables.Shopper, [shopper | {"id": name} for name in names])


def offer(
    engine: Engine,
    name: str,
    money: int = 10_000,
    redemptions: int = 100,
    state: str = "live",
    **terms: Any,
) -> None:
    """An offer of 1.00 off milk, live from ten days before NIGHT to ten after LAST."""
    written = {
        "id": name, "title": f"Offer {name}", "funder": "Maker 7", "products": ["internal:milk"],
        "starts": NIGHT - timedelta(10), "ends": LAST + timedelta(10),
        "reward": {"amount_off": "1.00"}, "ladder": {"heavy": 1.5, "medium": 1.25, "light": 1},
        "budget": {"money": 100, "redemptions": 100},
    } | terms  # fmt: skip
    parsed = parse(written, name, "USD")
    row = {
        "id": name, "starts": parsed.starts, "ends": parsed.ends, "funder": parsed.funder,
        "objective": parsed.objective, "hard": parsed.hard, "state": state,
        "budget_money": money, "budget_redemptions": redemptions, "terms": parsed.stored(),
    }  # fmt: skip
    pair = {"offer": name, "product": "milk", "purchase": 1}
    with engine.begin() as connection:
        upsert(connection, tables.Offer, [row])
        upsert(connection, tables.OfferProduct, [pair])


def item(name: str, **change: Any) -> dict[str, Any]:
    """An offer as it stands on a list."""
    return {
        "offer": name, "title": f"Offer {name}", "worth": 100, "buy": 1, "category": "MILK",
        "cell": "national/heavy", "probability": 0.25, "uses": 1,
        "headline": "$1.00 off", "conditions": "Once.",
    } | change  # fmt: skip


def a_list(
    engine: Engine,
    counter: int,
    offers: Sequence[dict[str, Any]],
    night: date = NIGHT,
    shopper: str = "100",
    state: str = "published",
    issue: int = 1,
) -> None:
    """A list of a night, good for a fortnight from it, with its code's number for a code."""
    run = {"night": night, "wave": 1, "state": state, "report": {}}
    row = {
        "key_id": 1, "counter": counter, "code": f"code {counter}", "night": night,
        "shopper": shopper, "store": "1", "first_day": night, "last_day": night + timedelta(13),
        "worth": sum(each["worth"] for each in offers), "issue": issue,
        "content": {"tier": "top", "due": [], "offers": list(offers)},
    }  # fmt: skip
    with engine.begin() as connection:
        upsert(connection, tables.Run, [run])
        upsert(connection, tables.ShopperList, [row])


def promise(engine: Engine, name: str, night: date = NIGHT, uses: int = 1, **sums: Any) -> None:
    """What a night's lists promise of an offer; 1.00 a use, probability 0.25 unless told."""
    own = {
        "offer": name, "night": night, "last_day": night + timedelta(13), "uses": uses,
        "money": 100 * uses, "uses_1": 0.25 * uses, "uses_22": 0.0625 * uses,
        "money_1": 25.0 * uses, "money_2": 2500.0 * uses, "money_3": 250_000.0 * uses,
        "money_22": 625.0 * uses,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(tables.Promise).values(own | sums))


def use(name: str, number: int = 1, **change: Any) -> Redemption:
    """A use of an offer, worth 1.00, in transaction 1001."""
    own: dict[str, Any] = {
        "offer": name, "use": USE._replace(number=number), "at": NOW, "money": 100,
        "funder_money": 80,
    }  # fmt: skip
    return Redemption(**own | change)


def counted(engine: Engine, name: str) -> tuple[int, int]:
    """Money and uses on an offer's counter."""
    table = tables.OfferCounter
    with engine.connect() as connection:
        query = select(table.money, table.uses).where(table.offer == name)
        row = connection.execute(query).one_or_none()
    return (row.money, row.uses) if row else (0, 0)


def events(engine: Engine, name: str) -> list[str]:
    """The kinds of an offer's events, oldest first."""
    table = tables.OfferEvent
    with engine.connect() as connection:
        query = select(table.kind).where(table.offer == name).order_by(table.id)
        return list(connection.execute(query).scalars())


def set_budget(engine: Engine, name: str, money: int, uses: int) -> None:
    with engine.begin() as connection:
        values = {"budget_money": money, "budget_redemptions": uses}
        connection.execute(update(tables.Offer).where(tables.Offer.id == name).values(values))
