"""Stores that decide on their own, each on a database like head office's, and send journals."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drafts import KEYS
from sqlalchemy import Engine, select

from checkout.shop import basket, named, open_shop
from checkout.till import NOW, Answer, Running, new_key
from promo import database, tables
from promo.checkout import selling, taking_back
from promo.checkout.pack.chain import Record
from promo.checkout.pack.journaled import Journaled, start
from promo.checkout.request import Request
from promo.checkout.selling import House
from promo.checkout.store_keys import StoreKey
from promo.config import Settings
from promo.language import Languages

AT = "2017-11-08T10:30:00"


class Store:
    """A store whose line is down: what it decides goes into its journal."""

    def __init__(self, folder: Path, settings: Settings, store: str = "1", **shop: Any) -> None:
        folder.mkdir()
        engine = database.connect(f"sqlite:///{folder / 'store.db'}")
        tables.Base.metadata.create_all(engine)
        open_shop(engine, **shop)
        engine.dispose()
        driver = sqlite3.connect(folder / "store.db")
        self.path = folder / "journal"
        self.journal = start(driver, self.path, [store], NOW)
        self.statements = Journaled(driver, self.journal, lambda: NOW)
        self.house = House(settings, KEYS)
        self.language = Languages.of(settings)["en"]
        self.key = StoreKey(1, store, frozenset(), "", "", NOW, None, None, "America/New_York",
                            "en")  # fmt: skip

    def do(self, verb: str, body: dict[str, Any]) -> Any:
        """What a till is answered."""
        request = Request(verb, body, self.key, NOW, NOW.date(), self.language)
        work = {
            "redeem": lambda s: selling.redeem(s, self.house, request).answer,
            "reserve": lambda s: selling.reserve(s, self.house, request),
            "return": lambda s: taking_back.bring_back(s, self.house.settings, request),
            "void": lambda s: taking_back.void(s, self.house.settings, request),
        }[verb]
        return json.loads(self.statements.in_transaction(work))

    def sell(self, text: str, transaction: str = "1", **more: Any) -> Any:
        """A basket paid."""
        body = basket(text, transaction, store=self.key.store, **more)
        return self.do("redeem", body)

    def give_back(
        self, transaction: str, *lines: tuple[int, int], of: str = "1", of_store: str = "1"
    ) -> Any:
        """A return: everything, or so many of each line."""
        body = named(transaction, store=self.key.store)
        body |= {"at": AT, "of": named(of, store=of_store)}
        if lines:
            body["lines"] = [{"line": line, "quantity": quantity} for line, quantity in lines]
        return self.do("return", body)

    def void(self, of: str = "1", transaction: str | None = None) -> Any:
        """A void, under the sale's name or another."""
        body = named(transaction or of, store=self.key.store) | {"at": AT}
        own = {"of": named(of, store=self.key.store)} if transaction else {}
        return self.do("void", body | own)

    @property
    def records(self) -> list[Record]:
        """All decisions so far."""
        return list(self.journal.records())

    def body(self, records: Sequence[Record] | None = None) -> dict[str, Any]:
        """The batch of some decisions."""
        return batch(self.journal.head.text.decode(), self.records if records is None else records)

    def send(self, live: Running, key: str, records: Sequence[Record] | None = None) -> Answer:
        """All decisions, or some, sent to head office."""
        return live.ask("/v1/journal", self.body(records), key)


def batch(head: str, records: Sequence[Record]) -> dict[str, Any]:
    """A request's body."""
    return {
        "head": head,
        "records": [
            {"seq": each.seq, "json": each.text.decode(), "chain": each.chain} for each in records
        ],
    }


def sync_key(engine: Engine, store: str = "1") -> str:
    """A key that may send journals."""
    return new_key(engine, store, ("sync",))


def found(engine: Engine) -> list[tuple[Any, ...]]:
    """All conflicts: kind, transaction, offer, uses, money, bearer."""
    table = tables.Conflict
    columns = (table.kind, table.transaction, table.offer, table.uses, table.money, table.bearer)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(table.id))]


def answered(engine: Engine) -> list[tuple[Any, ...]]:
    """All answers that are kept, by name and verb."""
    table = tables.TillAnswer
    columns = (table.store, table.till, table.transaction, table.verb, table.digest, table.answer)
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).order_by(*columns[:4]))
        return [tuple(row) for row in rows]
