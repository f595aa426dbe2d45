"""The SQLite file of a pack while it is made: rows in, one after the other, nothing twice."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from promo.checkout.pack import layout
from promo.checkout.pack.footer import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        """Rows in the order of the table's columns; `gone` may be left out."""
        known = layout.SMALL.get(table) or layout.ADDED.get(table)
        columns = known.columns if known else self._columns(table)
        marks = ", ".join("?" * len(columns))
        self.connection.executemany(
            f"insert into main.{table} ({', '.join(columns)}) values ({marks})", rows
        )

    def _columns(self, table: str) -> list[str]:
        return [row[1] for row in self.connection.execute(f"pragma main.table_info({table})")]

    def counts(self) -> dict[str, int]:
        """Rows of each table."""
        names = [*layout.BIG, *layout.ADDED, *layout.SMALL]
        return {
            name: self.connection.execute(f"select count(*) from main.{name}").fetchone()[0]
            for name in names
        }


@contextmanager
def written(path: Path) -> "Iterator[Writer]":
    """A new file with the tables; whole when the block ends."""
    with closing(sqlite3.connect(path, isolation_level=None, uri=True)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"pragma {pragma}")
        for statement in filter(str.strip, layout.SCHEMA.split(";")):
            connection.execute(statement)
        connection.execute("begin")
        yield Writer(connection)
        connection.execute("commit")
