"""A house with one night of made-up lists, for the benches of print."""

import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from kit import ROOT
from sqlalchemy import insert

from promo import config, database, printing, tables
from promo.calendar import bucket, window
from promo.lists import register, stored
from promo.lists.codes.keys import load_keys
from promo.lists.items import Draft, DueItem, OfferItem
from promo.lists.press.worker import Shop
from promo.lists.sheet import Sheet

NIGHT = date(2017, 11, 6)
SECRET = "1:" + "5ec2e7" * 8
STORES = 40
NAMES = ("Ann", "Bob", "The Garcías", "张伟", "Household of the Very Long Name of Somewhere", "")
TONGUES = ("en",) * 7 + ("es", "es", "zh")


class Thing(NamedTuple):
    """A category as the chain has it: its sizes, and an offer on it, which gives by the cell."""

    number: int
    words: str
    department: str
    sizes: tuple[str, ...]
    gives: tuple[str, ...]


def assortment(draw: random.Random) -> list[Thing]:
    """Every category in six sizes, with an offer in three heights: lists share what they say."""
    return [
        Thing(
            number, f"{one} {other.lower()}", f"Department {number % 17}",
            tuple(f"{draw.randint(4, 64)} oz, {draw.choice(WORDS)}" for _ in range(6)),
            tuple(f"${draw.randint(1, 4)}.{draw.randint(10, 99)} off" for _ in CELLS),
        )
        for number, (one, other) in enumerate(product(WORDS, WORDS))
    ]  # fmt: skip


def draft(number: int, things: list[Thing], draw: random.Random) -> Draft:
    """A full list: some of its offers on what is due, the others on anything."""
    running_out = draw.sample(things, draw.randint(8, 20))
    offered = dict.fromkeys([*running_out[: draw.randint(4, 8)], *draw.sample(things, 14)])
    due = tuple(
        DueItem(
            f"C{thing.number}", thing.words, thing.department, draw.choice(thing.sizes),
            draw.random(), NIGHT, 1.0,
        )
        for thing in running_out
    )  # fmt: skip
    offers = tuple(_offer(thing, draw) for thing in list(offered)[: draw.randint(8, 14)])
    store = str(number % STORES)
    name = f"{draw.choice(NAMES)} {number}".strip()
    return Draft(str(number), name, draw.choice(TONGUES), store, "base", due, offers)


def _offer(thing: Thing, draw: random.Random) -> OfferItem:
    cell = draw.randrange(len(CELLS))
    return OfferItem(
        f"o{thing.number}", f"Any {thing.words.lower()}", draw.randint(5, 40) * 10, 1,
        f"C{thing.number}", CELLS[cell], draw.random(), 1, thing.gives[cell],
        "When you buy two. Once.",
    )  # fmt: skip


CELLS = ("national/heavy", "national/light", "switcher/medium")
WORDS = (
    "Cereal", "Soft drinks", "Yogurt", "Paper towels", "Cat food", "Coffee", "Frozen pizza",
    "Pasta", "Salad", "Cheese", "Ground beef", "Apples", "Shampoo", "Detergent", "Crackers",
    "Ice cream",
)  # fmt: skip


@contextmanager
def house(lists: int) -> Iterator[tuple[Shop, list[stored.Found]]]:
    """A house with one night of so many lists, and what a worker needs to print them."""
    folder = Path(tempfile.mkdtemp(prefix="promo-bench-"))
    try:
        shutil.copy(ROOT / "config.yaml", folder)
        shutil.copytree(ROOT / "templates", folder / "templates")
        settings = config.load(folder / "config.yaml")
        engine = database.connect(settings.database_url)
        database.migrate(engine)
        keys = load_keys(settings.lists.document_type, SECRET)
        draw = random.Random(1)
        things = assortment(draw)
        made = [draft(number, things, draw) for number in range(lists)]
        with engine.begin() as connection:
            fill(connection, made)
            days = window(NIGHT, 0)
            register.register(connection, NIGHT, days, made, keys)
        with engine.connect() as connection:
            found = stored.find(connection, stored.Which(NIGHT), NIGHT)
        yield printing.shop(settings, engine, keys), found
        engine.dispose()
    finally:
        shutil.rmtree(folder)


def fill(connection: Any, made: list[Draft]) -> None:
    """The households, stores and offers that lists refer to."""
    facts = {"language": "en", "time_zone": "America/New_York"}
    stores = [{"id": str(n), "name": f"Main Street {n}"} | facts for n in range(STORES)]
    offer = {
        "starts": NIGHT, "ends": NIGHT, "funder": "Acme", "objective": "reward",
        "budget_money": 10**9, "budget_redemptions": 10**9, "terms": {},
    }  # fmt: skip
    people = [
        {
            "id": each.shopper, "bucket": bucket(each.shopper), "name": each.name,
            "language": each.language, "suppressed": False, "line1": "12 Elm Street",
            "city": "Springfield", "region": "OH", "postal_code": "45501",
        }
        for each in made
    ]  # fmt: skip
    said = [
        {"shopper": each.shopper, "purpose": "lists", "day": NIGHT, "given": True} for each in made
    ]
    connection.execute(insert(tables.Store), stores)
    connection.execute(
        insert(tables.Offer), [offer | {"id": f"o{n}"} for n in range(len(WORDS) ** 2)]
    )
    connection.execute(insert(tables.Run), [{"night": NIGHT, "state": "draft", "report": {}}])
    connection.execute(insert(tables.Shopper), people)
    connection.execute(insert(tables.Consent), said)


def seconds(do: Callable[[], object]) -> float:
    """Processor seconds that something takes in this process."""
    began = time.process_time()
    do()
    return time.process_time() - began


def read(shop: Shop, found: list[stored.Found]) -> list[Sheet]:
    """All lists of a house, ready for any output."""
    engine = database.connect(shop.url)
    with engine.connect() as reading:
        ids = [each.id for each in found]
        sheets = list(stored.sheets(reading, ids, shop.keys, shop.settings))
    engine.dispose()
    return sheets
