"""A corner shop to try the till in: real-looking goods with prices, one household with a list."""

from typing import Any

from drafts import KEYS, NIGHT, draft, offer
from sqlalchemy import Engine, insert

from checkout.shop import add_offer
from checkout.till import CARD, LAST
from promo import tables
from promo.calendar import Window
from promo.lists.codes import short_code
from promo.lists.register import register

SHORT = short_code(KEYS, 1)
# Name, size, minor units; the codes are GTIN-13 of GS1's range for examples (952).
GOODS = {
    "9521101530018": ("Whole milk", "1 gal", 389),
    "9521101530025": ("Cheddar, sharp", "8 oz", 449),
    "9521101530032": ("Corn flakes", "18 oz", 429),
    "9521101530049": ("Oat squares", "14 oz", 499),
    "9521101530056": ("Large eggs", "12 ct", 319),
    "9521101530063": ("Strawberry jam", "12 oz", 365),
    "9521101530070": ("Orange juice", "52 oz", 479),
    "9521101530087": ("Wheat bread", "20 oz", 299),
}
MILK, CHEESE, FLAKES, OATS, EGGS, JAM, JUICE, BREAD = GOODS
# Offers of the list: their terms, and what is printed.
OFFERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "cereal": (
        {"products": [FLAKES, OATS], "buy": 2, "reward": {"amount_off": 2}, "returns": "reclaim"},
        {"title": "Any cold cereal", "headline": "$2.00 off", "buy": 2, "worth": 200},
    ),
    "milk": (
        {"products": [MILK], "reward": {"amount_off": 1}},
        {"title": "Milk, a gallon", "headline": "$1.00 off", "worth": 100},
    ),
    "cheese": (
        {"products": [CHEESE], "reward": {"percent_off": 20}, "funding": {"manufacturer": 50}},
        {"title": "Cheddar", "headline": "20% off", "worth": 90},
    ),
    "juice": (
        {"products": [JUICE], "reward": {"amount_off": 0.75}},
        {"title": "Orange juice", "headline": "$0.75 off", "worth": 75},
    ),
}  # fmt: skip


def open_corner_shop(engine: Engine) -> None:
    """One store, its goods on their shelves, a published list that is good until the 19th."""
    with engine.begin() as connection:
        connection.execute(insert(tables.Store), [
            {"id": "1", "name": "Main Street 1", "gln": None, "time_zone": "America/New_York",
             "language": "en"},
        ])  # fmt: skip
        shopper = {"id": "100", "bucket": 0, "name": "Nadine", "language": "en"}
        connection.execute(insert(tables.Shopper), [shopper | {"suppressed": False}])
        connection.execute(insert(tables.Card), [{"card": CARD, "shopper": "100"}])
        connection.execute(insert(tables.Product), [_product(code) for code in GOODS])
        connection.execute(insert(tables.ShelfPrice), [
            {"store": "1", "product": f"gtin:0{code}", "day": NIGHT, "price": price}
            for code, (_, _, price) in GOODS.items()
        ])  # fmt: skip
        for name, (terms, _) in OFFERS.items():
            named = [f"gtin:0{code}" for code in terms["products"]]
            add_offer(connection, name, terms | {"products": named})
        printed = tuple(offer(offer=name, **words) for name, (_, words) in OFFERS.items())
        run = {"night": NIGHT, "wave": 1, "state": "published", "report": {}}
        connection.execute(insert(tables.Run), [run])
        made = draft(shopper="100", name="Nadine", offers=printed)
        register(connection, NIGHT, Window(NIGHT, LAST), [made], KEYS)


def _product(code: str) -> dict[str, Any]:
    name, size, _ = GOODS[code]
    return {
        "id": f"gtin:0{code}", "domain": "gtin", "code": f"0{code}", "description": name,
        "size": size, "store_brand": False, "no_coupon": False, "delisted": False,
        "category": None,
    }  # fmt: skip
