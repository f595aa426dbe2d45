"""Threads that work on a database: what the server hung up meanwhile is opened again."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from promo import database
from promo.checkout.connections import Connections, Unavailable
from promo.checkout.statements import Statements


@pytest.fixture
def connections(engine: Engine) -> Iterator[Connections]:
    found = Connections(engine, 1)
    yield found
    found.close()


def _one(statements: Statements) -> int:
    ((found,),) = statements.rows("select 1", ())
    return int(found)


def _hang_up(engine: Engine) -> None:
    """Let the server end all connections to the database, as when it starts anew."""
    if engine.dialect.name == "postgresql":
        asking = database.connect(engine.url.render_as_string(hide_password=False))
        with asking.connect() as connection:
            connection.execute(
                text("select pg_terminate_backend(pid) from pg_stat_activity "
                     "where datname = current_database() and pid <> pg_backend_pid()")
            )  # fmt: skip
        asking.dispose()


def test_a_connection_of_a_threads_own(connections: Connections) -> None:
    assert asyncio.run(connections.read(_one)) == 1
    _hang_up(connections.engine)
    assert asyncio.run(connections.read(_one)) == 1


def test_a_connection_that_the_pool_kept(connections: Connections) -> None:
    with connections.engine.connect() as pooled:
        pooled.execute(text("select 1"))
    _hang_up(connections.engine)
    assert asyncio.run(connections.read(_one)) == 1  # the thread's first


def test_a_connection_of_sqlalchemys(connections: Connections) -> None:
    def one(connection: Connection) -> int:
        return int(connection.execute(text("select 1")).scalar_one())

    assert asyncio.run(connections.through_sqlalchemy(one)) == 1
    _hang_up(connections.engine)
    assert asyncio.run(connections.through_sqlalchemy(one)) == 1


def test_a_database_that_is_not_there() -> None:
    nowhere = database.connect("sqlite:////nowhere/at/all/promo.db")
    connections = Connections(nowhere, 1)
    with pytest.raises(Unavailable, match="OperationalError"):
        asyncio.run(connections.read(_one))
    connections.close()
