"""Sales of a store machine without its pack: a house on SQLite whose decisions are journaled."""

import shutil
import sqlite3
from datetime import UTC, date, datetime
from pathlib import Path

from checkout_shop import DAY, basket, make_house, open_shop
from till_kit import KEYS

from promo import config, database
from promo.checkout import selling
from promo.checkout.pack import journaled
from promo.checkout.pack.journal import Journal
from promo.checkout.pack.journaled import Journaled
from promo.checkout.request import Request
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.language import Languages

STORES = ["1"]
NOW = datetime(2017, 11, 8, 12, 0, tzinfo=UTC)
KEY = StoreKey(1, "1", frozenset({"redeem"}), "", "", NOW, None, None, "UTC", "en")


def make_shop(folder: Path, lists: int) -> Path:
    """A folder with settings, and a house with so many lists; kept once more as `before.db`."""
    make_house(folder)
    engine = database.connect(f"sqlite:///{folder / 'store.db'}")
    open_shop(engine, lists)
    with engine.connect() as connection:
        connection.exec_driver_sql("pragma wal_checkpoint(truncate)")
    engine.dispose()
    shutil.copy(folder / "store.db", folder / "before.db")
    return folder


def driver_of(file: Path) -> sqlite3.Connection:
    """A connection to a `store.db`."""
    engine = database.connect(f"sqlite:///{file}")
    driver: sqlite3.Connection = Statements.of(engine).driver
    engine.dispose()
    return driver


def start(folder: Path, name: str = "store.db") -> Journal:
    """The folder's journal, with a `store.db` brought up to it."""
    driver = driver_of(folder / name)
    try:
        return journaled.start(driver, folder / "journal", STORES, datetime.now(UTC))
    finally:
        driver.close()


class Till:
    """Sells baskets one after the other, each once: basket N is of list N."""

    def __init__(self, folder: Path, journal: Journal) -> None:
        settings = config.load(folder / "config.yaml")
        self.house = selling.House(settings, KEYS)
        self.language = Languages.of(settings)["en"]
        driver = driver_of(folder / "store.db")
        self.statements = Journaled(driver, journal, lambda: datetime.now(UTC))

    def sell(self, number: int) -> bytes:
        """What the till is answered, once it is on the disk."""
        request = Request("redeem", basket(number, f"{number}"), KEY, NOW, date.fromisoformat(DAY),
                          self.language)  # fmt: skip
        return self.statements.in_transaction(
            lambda statements: selling.redeem(statements, self.house, request)
        ).answer
