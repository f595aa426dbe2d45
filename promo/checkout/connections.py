"""Database work off the event loop: a few threads, each with a driver's connection of its own.

What is hot runs raw SQL on the driver itself, the same statements on SQLite and PostgreSQL; the
rest goes through SQLAlchemy as everywhere. Threads, because measured (docs/decisions.md) they are
faster than psycopg's asynchronous connections, and sqlite3 has none.
"""

import asyncio
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

Result = TypeVar("Result")


class Unavailable(Exception):
    """The database does not answer."""


class Twice(Exception):
    """The database has something of that name already, or lacks what this refers to."""


class Statements:
    """A driver's connection that commits each statement; SQL is written with `?` for values."""

    def __init__(self, engine: Engine) -> None:
        fairy = engine.raw_connection()
        driver: Any = fairy.driver_connection
        fairy.detach()  # it is this thread's for good
        self.driver = driver
        self.is_postgresql = engine.dialect.name == "postgresql"
        if self.is_postgresql:
            driver.autocommit = True
            driver.execute("set statement_timeout = '10s'")
        else:
            driver.isolation_level = None

    def rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        found: list[tuple[Any, ...]] = self.driver.execute(
            _for_psycopg(sql) if self.is_postgresql else sql, values
        ).fetchall()
        return found

    def in_transaction(self, work: Callable[["Statements"], Result]) -> Result:
        """Do some work whole or not at all. On SQLite it keeps all other writers out."""
        self.driver.execute("begin" if self.is_postgresql else "begin immediate")
        try:
            result = work(self)
            self.driver.execute("commit")
        except BaseException:
            if not self.is_lost:
                self.driver.execute("rollback")
            raise
        return result

    def change(self, sql: str, values: Sequence[object]) -> None:
        """A statement that gives no rows."""
        self.driver.execute(_for_psycopg(sql) if self.is_postgresql else sql, values)

    @property
    def is_lost(self) -> bool:
        """Whether the server has hung up."""
        return bool(self.is_postgresql and self.driver.closed)

    def close(self) -> None:
        """Hang up."""
        self.driver.close()

    # --- where the databases differ: SQL whose text is the same for any number of values ----------

    def among(self, column: str) -> str:
        """`column in (the values of one parameter made by several())`."""
        if self.is_postgresql:
            return f"{column} = any(?)"
        return f"{column} in (select value from json_each(?))"

    def several(self, values: Iterable[object]) -> object:
        """A parameter of many values."""
        return list(values) if self.is_postgresql else json.dumps(list(values))

    def table(self, columns: Mapping[str, str]) -> str:
        """A table `n` made of one parameter, a JSON text of rows; columns: PostgreSQL's types."""
        if self.is_postgresql:
            named = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            return f"json_to_recordset(?) as n({named})"
        got = ", ".join(f"json_extract(value, '$.{name}') as {name}" for name in columns)
        return f"(select {got} from json_each(?)) as n"

    def moment(self, at: datetime) -> str:
        """An instant as SQLAlchemy would store it here, in UTC."""
        said = at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
        return f"{said}+00:00" if self.is_postgresql else said

    @property
    def held(self) -> str:
        """What ends a query whose rows nobody else may change until the transaction ends."""
        return "for no key update" if self.is_postgresql else ""


@lru_cache(maxsize=256)
def _for_psycopg(sql: str) -> str:
    return sql.replace("?", "%s")


class Connections:
    """Threads that work on a database."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self.engine = engine
        self._own = threading.local()
        self._open: set[Statements] = set()
        self._threads = ThreadPoolExecutor(threads, "database")
        assert engine.dialect.dbapi is not None
        self._faults = (engine.dialect.dbapi.OperationalError, engine.dialect.dbapi.InterfaceError)
        self._twice = engine.dialect.dbapi.IntegrityError

    async def read(self, work: Callable[[Statements], Result]) -> Result:
        """Do some reading in a thread, once more where the server had hung up meanwhile.

        Raises Unavailable.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, work)

    def _read(self, work: Callable[[Statements], Result]) -> Result:
        try:
            try:
                return work(self._statements())
            except self._faults:
                if not self._hung_up():
                    raise
                return work(self._statements())
        except (OperationalError, *self._faults) as error:
            self._hung_up()
            raise Unavailable(type(error).__name__) from None

    def _statements(self) -> Statements:
        found: Statements | None = getattr(self._own, "statements", None)
        if found is None:
            found = self._own.statements = Statements(self.engine)
            self._open.add(found)
        return found

    def _hung_up(self) -> bool:
        """Forget this thread's connection if it is lost; returns whether it was."""
        found: Statements | None = getattr(self._own, "statements", None)
        if found is None or not found.is_lost:
            return False
        self._own.statements = None
        self._open.discard(found)
        return True

    async def write(self, work: Callable[[Statements], Result]) -> Result:
        """Do some work in a transaction; else as `read`.

        Where the server had hung up it is done once more, though the first may have come through:
        what is done must know itself again. Raises Unavailable, Twice.
        """
        try:
            return await self.read(lambda statements: statements.in_transaction(work))
        except self._twice as error:
            raise Twice(type(error).__name__) from None

    async def through_sqlalchemy(self, work: Callable[[Connection], Result]) -> Result:
        """Do some reading on a connection of SQLAlchemy's; else as `read`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._through_sqlalchemy, work)

    def _through_sqlalchemy(self, work: Callable[[Connection], Result]) -> Result:
        try:
            try:
                with self.engine.connect() as connection:
                    return work(connection)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                with self.engine.connect() as connection:
                    return work(connection)
        except OperationalError as error:
            raise Unavailable(type(error.orig).__name__) from None

    def close(self) -> None:
        """Let the threads end what they are at, then hang up."""
        self._threads.shutdown()
        for each in self._open:
            each.close()
        self.engine.dispose()
