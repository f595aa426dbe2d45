"""A database's tables as Parquet files and back: the same bytes from SQLite and PostgreSQL.

    tables/<table>/<part>.parquet    rows in the order of the primary key, text by its bytes

What is in the tables is read from the database itself and not from promo.tables, so that the tables
of an older schema can be written, before a migration, and read again. JSON stays the text that
it is, so that not a byte of a stored list changes on its way from one database to another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Text,
    cast,
    select,
    text,
)

from promo.database import copy_rows
from promo.scans import lake

ROWS = 10_000  # in a file: so many lists take some fifty megabytes of memory
BESIDES = "alembic_version"  # the schema's own; a backup's manifest says it
KINDS: tuple[tuple[type[Any], pl.DataType], ...] = (
    (JSON, pl.String()),
    (Boolean, pl.Boolean()),
    (DateTime, pl.Datetime("us", "UTC")),
    (Date, pl.Date()),
    (Float, pl.Float64()),
    (Integer, pl.Int64()),
    (LargeBinary, pl.Binary()),
    (String, pl.String()),
)


@dataclass(frozen=True)
class Dumped:
    """A table that was written: its name, its rows, its files (below the backup's folder)."""

    name: str
    rows: int
    files: tuple[str, ...]


def snapshot(connection: Connection) -> None:
    """Let everything that is read from now on be of one moment, whatever others write meanwhile.

    Nobody waits for it. On PostgreSQL times come in UTC.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("set transaction isolation level repeatable read read only"))
        connection.execute(text("set local time zone 'UTC'"))
    else:
        connection.exec_driver_sql("begin")
    connection.execute(text("select count(*) from alembic_version"))  # which takes the moment


def dump(connection: Connection, root: Path) -> list[Dumped]:
    """Write all tables below `root`/tables, each after those that it refers to."""
    known = MetaData()
    known.reflect(connection)
    tables = [table for table in known.sorted_tables if table.name != BESIDES]
    return [_dump(connection, root, table) for table in tables]


def _dump(connection: Connection, root: Path, table: Table) -> Dumped:
    schema = {column.name: _kind(column) for column in table.columns}
    found = connection.execution_options(yield_per=ROWS).execute(_query(connection, table))
    rows, files = 0, list[str]()
    for some in chain(found.partitions(ROWS), [[]]):
        if some or not files:  # a table without rows has a file, too: it says the columns
            name = f"tables/{table.name}/{len(files) + 1:05d}.parquet"
            lake.write(root / name, _frame(some, schema))
            rows, files = rows + len(some), [*files, name]
    return Dumped(table.name, rows, tuple(files))


def _kind(column: Column[Any]) -> pl.DataType:
    return next(kind for type_, kind in KINDS if isinstance(column.type, type_))


def _query(connection: Connection, table: Table) -> Select[Any]:
    columns = [cast(c, Text).label(c.name) if isinstance(c.type, JSON) else c for c in table.c]
    keys = [_by_bytes(connection, column) for column in table.primary_key.columns]
    return select(*columns).order_by(*keys)


def _by_bytes(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """A key by which both databases order alike; SQLite orders text by its bytes anyway."""
    is_text = isinstance(column.type, String) and connection.dialect.name == "postgresql"
    return column.collate("C") if is_text else column


def _frame(rows: Sequence[Row[Any]], schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    plain = {name: _naive(kind) for name, kind in schema.items()}
    moments = [name for name, kind in schema.items() if plain[name] != kind]
    frame = pl.DataFrame([_without_zone(row) for row in rows], schema=plain, orient="row")
    return frame.with_columns(pl.col(name).dt.replace_time_zone("UTC") for name in moments)


def _naive(kind: pl.DataType) -> pl.DataType:
    return pl.Datetime("us") if isinstance(kind, pl.Datetime) else kind


def _without_zone(row: Sequence[Any]) -> list[Any]:
    """A row whose instants are all in UTC, without saying so: as SQLite has them."""
    return [v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in row]


def load(connection: Connection, root: Path, tables: Iterable[Dumped]) -> None:
    """Read tables below `root` into empty ones of the same schema, in the caller's transaction.

    Numbers that the database itself gives out go on after the highest that is there.
    """
    is_postgresql = connection.dialect.name == "postgresql"
    for table in tables:
        for file in table.files:
            frame = pl.read_parquet(root / file)
            if is_postgresql:
                copy_rows(connection, table.name, frame.columns, frame.iter_rows())
            else:
                _insert(connection, table.name, frame)
    if is_postgresql:
        _count_on(connection)


def _insert(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """Rows as SQLAlchemy would store them in SQLite."""
    quote = connection.dialect.identifier_preparer.quote
    plain = frame.with_columns(
        cs.date().cast(pl.String),
        cs.datetime().dt.strftime("%Y-%m-%d %H:%M:%S%.6f"),
        cs.boolean().cast(pl.Int64),
    )
    if plain.height:
        names, marks = ", ".join(map(quote, plain.columns)), ", ".join("?" * plain.width)
        connection.exec_driver_sql(
            f"insert into {quote(table)} ({names}) values ({marks})", plain.rows()
        )


def _count_on(connection: Connection) -> None:
    counted = text(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = current_schema() and column_default like 'nextval(%'"
    )
    quote = connection.dialect.identifier_preparer.quote
    for table, column in connection.execute(counted).all():
        highest = f"(select max({quote(column)}) from {quote(table)})"
        connection.execute(
            text(
                "select setval(pg_get_serial_sequence(:table, :column), "
                f"coalesce({highest}, 1), {highest} is not null)"
            ),
            {"table": quote(table), "column": column},
        )


def are_empty(connection: Connection) -> bool:
    """Whether no table holds a row, or there are none."""
    known = MetaData()
    known.reflect(connection)
    tables = (table for name, table in known.tables.items() if name != BESIDES)
    return not any(connection.execute(select(table).limit(1)).first() for table in tables)


def height(path: Path) -> int:
    """The rows of a table's file."""
    return int(pl.scan_parquet(path).select(pl.len()).collect().item())
