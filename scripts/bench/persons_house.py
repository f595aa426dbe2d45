"""A house of invented persons who leave traces: nights, sales, returns, coupons, mail."""

import asyncio
import csv
import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import kit
from sqlalchemy import Engine, select

from promo import config, database, tables
from promo.checkout import store_keys
from promo.checkout.service import Service
from promo.lists.codes import keys
from promo.scans.gtin import check_digit

FIRST = date(2017, 11, 6)
NIGHTS = [FIRST + timedelta(n) for n in (0, 1, 2, 14, 15, 16)]
TODAY = NIGHTS[-1] + timedelta(1)
WEEKS, ITEMS, PRODUCTS = 16, 10, 60
NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 15, 0, tzinfo=UTC)
MAKER = "0614141"
PURCHASE = {"store": "1", "till": "9", "day": TODAY.isoformat(), "at": f"{TODAY}T10:00:00"}


def person(number: int) -> dict[str, str]:
    """What stands of a household in the master data; nobody else's."""
    return {
        "id": f"household-{number:05d}", "card": f"29{number * 7919 + 10**9:011d}",
        "name": f"Quentin Zephyr{number:05d}", "line1": f"{number:05d} Marigold Terrace",
        "city": "Springfield", "postal_code": "12345", "country": "US",
        "email": f"quentin{number:05d}@example.org", "language": "en",
    }  # fmt: skip


def _gtin(number: int) -> str:
    body = f"{MAKER}{number:05d}"
    return body + check_digit(body)


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def make(folder: Path, households: int, url: str) -> None:
    """The house: all nights published, three formats, and what shoppers did with their lists."""
    with _database(url):
        kit.make_house(folder, today=f"{TODAY}")
        text = (folder / "config.yaml").read_text(encoding="utf-8")
        text = text.replace("formats: [html, pdf]", "formats: [html, pdf, mail, email]")
        text = text.replace("nights: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]",
                            "nights: [0, 1, 2]")  # fmt: skip
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        source = folder.parent / f"{folder.name}-in"
        _source(source, households)
        kit.promo(folder, "ingest", str(source), "--format", "csv", "--history")
        kit.promo(folder, "offers", "import", str(source / "offers.yaml"))
        for night in NIGHTS:
            kit.promo(folder, "nightly", "--day", f"{night}")
            kit.promo(folder, "publish", "--day", f"{night}")
        _shop(folder, url)


@contextmanager
def _database(url: str) -> Iterator[None]:
    """Let commands use a database; SQLite in the house where there is no URL."""
    os.environ.pop("PROMO_DATABASE_URL", None)
    if url:
        os.environ["PROMO_DATABASE_URL"] = url
    try:
        yield
    finally:
        os.environ.pop("PROMO_DATABASE_URL", None)


def command(folder: Path, url: str, *words: str) -> kit.Measured:
    """A command in the house, on its database; it may leave with 3."""
    with _database(url):
        return kit.promo(folder, *words, expect=(0, 3))


def _source(source: Path, households: int) -> None:
    """Master data, sixteen weeks of scans and ten offers."""
    source.mkdir(parents=True, exist_ok=True)
    chance = random.Random(5)
    people = [person(number) for number in range(households)]
    _write(source / "products.csv", [
        {"code": _gtin(n), "description": f"Thing {n}", "category": f"CATEGORY {n % 12}",
         "department": "Grocery"} for n in range(PRODUCTS)
    ])  # fmt: skip
    _write(source / "stores.csv", [{"id": "1", "time_zone": "America/New_York"}])
    _write(source / "shoppers.csv", [{k: v for k, v in p.items() if k != "card"} for p in people])
    _write(source / "cards.csv", [{"card": p["card"], "shopper": p["id"]} for p in people])
    begin = FIRST - timedelta(7 * WEEKS)
    _write(source / "consents.csv", [{"shopper": p["id"], "purpose": "lists", "day": begin,
                                      "given": "true"} for p in people])  # fmt: skip
    _write(source / "scans.csv", [
        {"at": f"{day}T12:00:00", "store": "1", "till": "1", "business_day": day,
         "transaction": f"{number}-{week}", "line": line, "card": p["card"],
         "product": _gtin(chance.randrange(PRODUCTS)), "quantity": 1, "paid": 500, "regular": 500}
        for number, p in enumerate(people) for week in range(WEEKS)
        for day in [begin + timedelta(7 * week + number % 7)] for line in range(ITEMS)
    ])  # fmt: skip
    offers = [
        {"id": f"o{n}", "title": f"Things of kind {n}", "funder": f"Funder {n % 3}",
         "starts": "2017-10-01", "ends": "2018-01-31", "reward": {"amount_off": "1.00"},
         "budget": {"money": "9000.00", "redemptions": 9000},
         "products": [f"gtin:0{_gtin(i)}" for i in range(n, PRODUCTS, 10)]} for n in range(10)
    ]  # fmt: skip
    (source / "offers.yaml").write_text(json.dumps({"offers": offers}), encoding="utf-8")


def engine_of(folder: Path, url: str) -> Engine:
    """The house's database."""
    return database.connect(url or f"sqlite:///{folder / 'promo.db'}")


def _shop(folder: Path, url: str) -> None:
    """Every second open list is used, with a maker's coupon; every sixth sale comes back."""
    with _database(url):
        settings = config.load(folder / "config.yaml")
    engine, own = engine_of(folder, url), keys.load_keys(settings.lists.document_type, kit.KEY)
    service = Service(settings, own, engine, now=lambda: NOW, write=lambda _: None)
    sheet = tables.ShopperList
    with engine.begin() as connection:
        token = store_keys.add(connection, "1", store_keys.TILL, NOW)
        number, _ = store_keys.parted(token) or (0, "")
        key = store_keys.read(connection, number)
        codes = connection.execute(
            select(sheet.code).where(sheet.last_day >= TODAY).order_by(sheet.counter)
        ).scalars().all()[::2]  # fmt: skip
    assert key is not None

    def ask(verb: str, body: dict[str, Any]) -> Any:
        return json.loads(asyncio.run(service.sales.do(verb, key, PURCHASE | body, NOW, TODAY)))

    for place, code in enumerate(codes):
        goods = [{"code": _gtin(n), "quantity": 1, "amount": 500} for n in range(place % 20, 60, 6)]
        basket = {"transaction": f"t{place}", "code": code, "lines": goods}
        coupon = f"81101{MAKER}654321310011000050{place:06d}"
        ask("reserve", basket | {"transaction": f"h{place}"})
        ask("redeem", basket | {"coupons": [coupon]})
        if place % 6 == 0:
            of = {name: PURCHASE[name] for name in ("store", "till", "day")}
            back = of | {"transaction": f"t{place}"}
            ask("return", {"transaction": f"b{place}", "of": back})
    engine.dispose()
