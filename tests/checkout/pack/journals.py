"""Journals to test with, and databases that are made from them."""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

from promo import database
from promo.checkout.pack.chain import Head, as_text, line_of
from promo.checkout.pack.journal import Journal
from promo.checkout.pack.journaled import Journaled
from promo.checkout.statements import Statements
from promo.tables import Base

NOW = datetime(2017, 11, 8, 12, 0, tzinfo=UTC)
STORES = ["1"]


def content(number: int, size: int = 0) -> dict[str, Any]:
    """A decision that writes one row, larger by some bytes."""
    row = {"offer": "m" * size + "milk", "uses": number, "money": 100 * number}
    change = {"do": "insert", "table": "offer_counters", "row": row}
    name = ["1", "3", "2017-11-08", str(number)]
    return {"at": NOW.isoformat(), "verb": "redeem", "name": name, "changes": [change]}


def lines(sizes: Iterable[int]) -> tuple[bytes, list[int]]:
    """A journal with a decision of each size, and where its lines end, the head's first."""
    line, chain = line_of(Head("0" * 32, STORES, NOW).text, "")
    found = [line]
    for number, size in enumerate(sizes, 1):
        line, chain = line_of(as_text({"seq": number} | content(number, size)), chain)
        found.append(line)
    return b"".join(found), list(accumulate(map(len, found)))


def written(path: Path, sizes: Iterable[int]) -> list[int]:
    """The same as a file; returns where its lines end."""
    raw, ends = lines(sizes)
    path.write_bytes(raw)
    return ends


def store_db(path: Path) -> sqlite3.Connection:
    """A connection to a database with our tables, which are made where they are not."""
    engine = database.connect(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    driver: sqlite3.Connection = Statements.of(engine).driver
    engine.dispose()
    return driver


def tables(driver: sqlite3.Connection, names: Iterable[str]) -> dict[str, list[Any]]:
    """All rows of tables, with the type that SQLite keeps each value as."""
    found = {}
    for name in names:
        columns = Base.metadata.tables[name].columns.keys()
        asked = ", ".join(f'typeof("{column}"), "{column}"' for column in columns)
        rows = driver.execute(f"select {asked} from main.{name}").fetchall()
        found[name] = sorted(rows, key=repr)
    return found


def journaled(path: Path, journal: Journal, now: Callable[[], datetime] = lambda: NOW) -> Journaled:
    """Journaled statements on a `store.db`."""
    return Journaled(store_db(path), journal, now)
