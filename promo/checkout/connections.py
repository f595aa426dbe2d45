"""Database work off the event loop: a few threads, each with a driver's connection of its own.

What is hot runs raw SQL on the driver itself, the same statements on SQLite and PostgreSQL; the
rest goes through SQLAlchemy as everywhere. Threads, because measured (docs/decisions.md) they are
faster than psycopg's asynchronous connections, and sqlite3 has none.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError, DBAPIError

from promo.checkout.statements import Statements

Result = TypeVar("Result")


class Unavailable(Exception):
    """The database does not answer."""


class Twice(Exception):
    """The database has something of that name already, or lacks what this refers to."""


class Connections:
    """Threads that work on a database."""

    def __init__(
        self, engine: Engine, threads: int, make: Callable[[Engine], Statements] = Statements.of
    ) -> None:
        """make: a thread's own statements on the database."""
        self.engine = engine
        self._make = make
        self._own = threading.local()
        self._open: set[Statements] = set()
        self._threads = ThreadPoolExecutor(threads, "database")
        self._size, self._asked = threads, 0
        assert engine.dialect.dbapi is not None
        self._faults = (engine.dialect.dbapi.DatabaseError, engine.dialect.dbapi.InterfaceError)
        self._ours = engine.dialect.dbapi.DataError
        self._twice = engine.dialect.dbapi.IntegrityError

    async def read(self, work: Callable[[Statements], Result]) -> Result:
        """Do some reading in a thread, once more where the server had hung up meanwhile.

        Raises Unavailable.
        """
        return await self._in_a_thread(self._read, work)

    async def _in_a_thread(self, do: Callable[..., Result], work: Callable[..., Result]) -> Result:
        self._asked += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, do, work)
        finally:
            self._asked -= 1

    @property
    def waiting(self) -> int:
        """Requests that wait for a thread; only the event loop's thread may ask."""
        return max(0, self._asked - self._size)

    def _read(self, work: Callable[[Statements], Result]) -> Result:
        try:
            try:
                return work(self._statements())
            except self._faults:
                if not self._hung_up():
                    raise
                return work(self._statements())
        except self._twice as error:
            raise Twice(type(error).__name__) from None
        except self._ours:
            raise  # asking again would not help: a value got in that no column takes
        except (DatabaseError, *self._faults) as error:
            self._hung_up()
            raise Unavailable(type(error).__name__) from None

    def _statements(self) -> Statements:
        found: Statements | None = getattr(self._own, "statements", None)
        if found is None:
            found = self._own.statements = self._make(self.engine)
            self._open.add(found)
        return found

    def _hung_up(self) -> bool:
        """Forget this thread's connection if it is lost; returns whether it was.

        A thread that could not get one may have been given a lost one by the engine's pool.
        """
        found: Statements | None = getattr(self._own, "statements", None)
        if found is not None:
            if not found.is_lost:
                return False
            self._own.statements = None
            self._open.discard(found)
        self.engine.dispose()  # what its pool keeps is of the same server
        return True

    async def write(self, work: Callable[[Statements], Result]) -> Result:
        """Do some work in a transaction; else as `read`.

        Where the server had hung up it is done once more, though the first may have come through:
        what is done must know itself again. Raises Unavailable, Twice.
        """
        return await self.read(lambda statements: statements.in_transaction(work))

    async def through_sqlalchemy(self, work: Callable[[Connection], Result]) -> Result:
        """Do some reading on a connection of SQLAlchemy's; else as `read`."""
        return await self._in_a_thread(self._through_sqlalchemy, work)

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
        except DatabaseError as error:
            raise Unavailable(type(error.orig).__name__) from None

    def close(self) -> None:
        """Let the threads end what they are at, then hang up."""
        self._threads.shutdown()
        for each in self._open:
            each.close()
        self.engine.dispose()
