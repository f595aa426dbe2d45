"""Raw SQL on the driver itself: what is asked while somebody waits.

SQLAlchemy is not imported here unless it must be: importing it takes longer than finding, laying
out and printing a list, and commands begin anew each time.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promo import schema

if TYPE_CHECKING:
    from sqlalchemy import Engine

PLAIN_FILE = re.compile(r"sqlite:///([^?]+)")
SQLITE_SECONDS = 10.0  # that a reader waits for a writer


class Statements:
    """A driver's connection that commits each statement; SQL is written with `?` for values."""

    def __init__(self, driver: Any, *, is_postgresql: bool) -> None:
        self.driver = driver
        self.is_postgresql = is_postgresql
        if is_postgresql:
            driver.autocommit = True
            driver.execute("set statement_timeout = '10s'")
        else:
            driver.isolation_level = None

    @classmethod
    def of(cls, engine: "Engine") -> "Statements":
        """A connection of its own, made as the engine makes them."""
        fairy = engine.raw_connection()
        driver = fairy.driver_connection
        fairy.detach()  # it is ours for good
        return cls(driver, is_postgresql=engine.dialect.name == "postgresql")

    def rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        found: list[tuple[Any, ...]] = self.driver.execute(
            _for_psycopg(sql) if self.is_postgresql else sql, values
        ).fetchall()
        return found

    @property
    def is_lost(self) -> bool:
        """Whether the server has hung up."""
        return bool(self.is_postgresql and self.driver.closed)

    def close(self) -> None:
        """Hang up."""
        self.driver.close()


@lru_cache(maxsize=256)
def _for_psycopg(sql: str) -> str:
    return sql.replace("?", "%s")


@contextmanager
def connected(url: str) -> Iterator[Statements]:
    """Statements on the database of a URL, once its schema is checked. Raises DatabaseError."""
    file = PLAIN_FILE.fullmatch(url)
    with closing(_on_file(Path(file[1])) if file else _through_engine(url)) as statements:
        if file:
            _check_revision(statements, file[1])
        yield statements


def _on_file(path: Path) -> Statements:
    schema.check_file(path)
    try:
        return Statements(sqlite3.connect(path, SQLITE_SECONDS), is_postgresql=False)
    except sqlite3.Error as error:
        raise _silent(path, error) from None


def _check_revision(statements: Statements, path: str) -> None:
    has = "select 1 from sqlite_master where name = 'alembic_version'"
    try:
        found = statements.rows(schema.VERSION_QUERY, ()) if statements.rows(has, ()) else []
    except sqlite3.Error as error:
        raise _silent(path, error) from None
    schema.check_revision(found[0][0] if found else None)


def _silent(path: object, error: sqlite3.Error) -> schema.DatabaseError:
    return schema.silent(f"sqlite {path} on this machine", error)


def _through_engine(url: str) -> Statements:
    from promo import database

    engine = database.connect(url)
    database.check_schema(engine)
    return Statements.of(engine)
