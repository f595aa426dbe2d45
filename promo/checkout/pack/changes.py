"""What a transaction did to the tables, row by row: collected by SQLite itself, and done again.

Triggers of the connection alone (TEMP) copy each row that is written into a table of its own, which
a rollback empties too. Values keep their SQLite type: integers of 64 bits, floats to the last bit,
texts, blobs.
"""

import math
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from promo.tables import Base

MUTABLE = ("redemptions", "till_answers", "reservations", "coupon_serials", "offer_counters",
           "offers", "offer_events")  # fmt: skip
COLLECTED = "collected_changes"
EVENTS = ("insert", "update", "delete")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A row written or deleted.

    do: insert, update or delete; key: its primary key before, of an update and a delete; row: all
    its columns after, of an insert and an update. Values: None, int, float, str, bytes.
    """

    do: str
    table: str
    key: Row | None
    row: Row | None

    def said(self) -> dict[str, Any]:
        """As JSON: blobs are `{"hex": …}`, floats that JSON has no word for `{"real": "inf"}`."""
        found: dict[str, Any] = {"do": self.do, "table": self.table}
        for name, values in (("key", self.key), ("row", self.row)):
            if values is not None:
                found[name] = {column: _said(value) for column, value in values.items()}
        return found


def read_change(said: Mapping[str, Any]) -> Change:
    """What `Change.said` said. Raises ValueError where that is no change of a table that may be."""
    do, table = said["do"], said["table"]
    if do not in EVENTS or table not in MUTABLE:
        raise ValueError(f"{do} of {table}; expected {', '.join(EVENTS)} of {', '.join(MUTABLE)}")
    parts = {}
    columns = _columns(table)
    for name, of in (("key", ("update", "delete")), ("row", ("insert", "update"))):
        values = said.get(name)
        if (values is not None) != (do in of) or not all(map(columns.__contains__, values or ())):
            raise ValueError(f"{do} of {table}, {name}: {values!r}; expected columns of {table}")
        parts[name] = values and {column: _read(value) for column, value in values.items()}
    return Change(do, table, parts["key"], parts["row"])


def _said(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, float) and not math.isfinite(value):
        return {"real": repr(value)}
    return value


def _read(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    [(kind, text)] = value.items()
    return bytes.fromhex(text) if kind == "hex" else float(text)


@lru_cache
def _columns(table: str) -> tuple[str, ...]:
    return tuple(Base.metadata.tables[table].columns.keys())


@lru_cache
def _keys(table: str) -> tuple[str, ...]:
    return tuple(column.name for column in Base.metadata.tables[table].primary_key.columns)


def _quoted(names: Iterable[str]) -> list[str]:
    return [f'"{name}"' for name in names]


class Changes:
    """Collects what a connection of SQLite changes."""

    def __init__(self, driver: sqlite3.Connection, names: Iterable[str] = MUTABLE) -> None:
        self.driver = driver
        names = tuple(names)
        width = max(len(_keys(name)) + len(_columns(name)) for name in names)
        # Without it, rows that `insert or replace` puts out of the way would go unseen.
        driver.execute("pragma recursive_triggers = on")
        values = ", ".join(f"v{n}" for n in range(width))
        driver.execute(
            f"create temp table {COLLECTED} (id integer primary key, do, name, {values})"
        )
        for name in names:
            for event in EVENTS:
                driver.execute(_trigger(name, event))

    def take(self) -> list[Change]:
        """All changes since the last time, in their order, and forget them."""
        rows = self.driver.execute(f"select * from temp.{COLLECTED} order by id").fetchall()
        if rows:
            self.driver.execute(f"delete from temp.{COLLECTED}")
        return [_change(do, name, values) for _, do, name, *values in rows]


def _change(do: str, table: str, values: list[Any]) -> Change:
    """What a trigger has copied; behind its values stand empty ones."""
    keys, key = _keys(table), None
    if do != "insert":
        key, values = dict(zip(keys, values, strict=False)), values[len(keys) :]
    row = None if do == "delete" else dict(zip(_columns(table), values, strict=False))
    return Change(do, table, key, row)


def _trigger(table: str, event: str) -> str:
    """SQL of the trigger that copies what an event does to a table."""
    old = [f"old.{name}" for name in _quoted(_keys(table))]
    new = [f"new.{name}" for name in _quoted(_columns(table))]
    copied = {"insert": new, "update": old + new, "delete": old}[event]
    places = ", ".join(f"v{n}" for n in range(len(copied)))
    return (
        f"create temp trigger collected_{table}_{event} after {event} on main.{table} "
        f"begin insert into {COLLECTED} (do, name, {places}) "
        f"values ('{event}', '{table}', {', '.join(copied)}); end"
    )


def replay(driver: sqlite3.Connection, changes: Iterable[Change]) -> None:
    """Do changes again, in the caller's transaction; what is done already stays as it is.

    A row is put where its key says, whatever stands there, so that doing it twice is doing it once.
    """
    for change in changes:
        if change.key is not None and (change.row is None or _moved(change)):
            where = " and ".join(f"{name} is ?" for name in _quoted(change.key))
            values = tuple(change.key.values())
            driver.execute(f"delete from main.{change.table} where {where}", values)
        if change.row is not None:
            driver.execute(_put(change.table, tuple(change.row)), tuple(change.row.values()))


def _moved(change: Change) -> bool:
    assert change.key is not None
    assert change.row is not None
    return any(change.row.get(name) != value for name, value in change.key.items())


@lru_cache
def _put(table: str, names: tuple[str, ...]) -> str:
    """SQL that puts a row of some columns where its key says."""
    keys, columns = _quoted(_keys(table)), _quoted(names)
    others = [f"{column} = excluded.{column}" for column in columns if column not in keys]
    then = f"update set {', '.join(others)}" if others else "nothing"
    return (
        f"insert into main.{table} ({', '.join(columns)}) values ({', '.join('?' * len(columns))}) "
        f"on conflict ({', '.join(keys)}) do {then}"
    )
