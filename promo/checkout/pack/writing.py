"""The SQLite file of a pack while it is made: rows in, one after the other, nothing twice."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from promo.checkout.pack import layout
from promo.checkout.pack.footer import PAGE

# Nobody reads it before it is whole, and it is made anew if it never is.
PRAGMAS = (
    f"page_size = {PAGE}", "journal_mode = off", "synchronous = off", "locking_mode = exclusive",
    "cache_size = -65536", "temp_store = file",
)  # fmt: skip


class Writer:
    """Inserts into the tables of promo.checkout.pack.layout."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def put(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """All rows of a table, in the order of its columns."""
        self.put_changed(table, rows)

    def put_changed(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """Rows of which it is known that they belong into the file."""
        self._insert(f"main.{table}", layout.columns(table), rows)

    def _insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        marks = ", ".join("?" * len(columns))
        self.connection.executemany(
            f"insert into {table} ({', '.join(columns)}) values ({marks})", rows
        )

    def sorted(
        self, rows: Iterable[Sequence[object]], columns: Sequence[str], key: int
    ) -> Iterator[tuple[Any, ...]]:
        """Rows in the order of their first `key` columns, however many there are."""
        names, order = ", ".join(columns), ", ".join(columns[:key])
        self.connection.execute(f"create temp table loaded ({names})")
        self._insert("temp.loaded", columns, rows)
        yield from self.connection.execute(f"select {names} from temp.loaded order by {order}")
        self.connection.execute("drop table temp.loaded")

    def counts(self) -> dict[str, int]:
        """Rows of each table."""
        return {
            name: self.connection.execute(f"select count(*) from main.{name}").fetchone()[0]
            for name in layout.TABLES
        }


class Difference(Writer):
    """The same, for a delta over the pack that is attached as `base`: only what is not there."""

    def put(self, table: str, rows: Iterable[Sequence[object]]) -> None:
        """All rows of a table, of which those are written that the base has not so.

        A row of the base that does not come is deleted, where the table's rows can be.
        """
        own, columns = layout.TABLES[table], ", ".join(layout.columns(table))
        key = ", ".join(own.key)
        self.connection.execute(f"create temp table came as select {columns} from main.{table}")
        self._insert("temp.came", layout.columns(table), rows)
        self.connection.execute(f"create unique index temp.came_key on came ({key})")
        same_key = " and ".join(f"b.{name} = c.{name}" for name in own.key)
        same = " and ".join([same_key, *(f"b.{name} is c.{name}" for name in own.rest)])
        self.connection.execute(
            f"insert into main.{table} ({columns}) select {columns} from temp.came c where not "
            f"exists (select 1 from base.{table} b where {same}) order by {key}"
        )
        if table not in layout.ADDED:
            gone = ", gone" if table in layout.SMALL else ""
            self.connection.execute(
                f"insert into main.{table} ({key}{gone}) select {key}{gone and ', 1'} from "
                f"base.{table} b where not exists (select 1 from temp.came c where {same_key})"
            )
        self.connection.execute("drop table temp.came")


@contextmanager
def written(path: Path) -> Iterator[sqlite3.Connection]:
    """A new file with the tables; whole when the block ends."""
    with closing(sqlite3.connect(path, isolation_level=None, uri=True)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"pragma {pragma}")
        for statement in filter(str.strip, layout.SCHEMA.split(";")):
            connection.execute(statement)
        connection.execute("begin")
        yield connection
        connection.execute("commit")
