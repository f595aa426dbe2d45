"""Engines and sessions: SQLite by default, PostgreSQL when the URL says so."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Connection,
    Engine,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy import column as named
from sqlalchemy import table as table_of
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from promo.schema import VERSION_QUERY, DatabaseError, check_file, check_revision, failed
from promo.tables import Base, Version

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
CHUNK = 2000  # rows a statement: SQLite takes at most 32,766 bound values


def connect(url: str) -> Engine:
    """An engine for the URL; on SQLite with foreign keys, a write-ahead log and full syncing."""
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed)
    except (ArgumentError, ModuleNotFoundError) as error:
        raise DatabaseError(
            f"The database URL cannot be used ({type(error).__name__}): expected something like "
            "sqlite:///promo.db or postgresql://user@host/name (with promo[postgresql] installed)."
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    for pragma in ("foreign_keys=on", "journal_mode=wal", "synchronous=full", "busy_timeout=10000"):
        connection.execute(f"pragma {pragma}")


def alembic_config(engine: Engine) -> "Config":
    """Alembic's settings: our migrations, on this engine."""
    from alembic.config import Config  # slow to import, and only migrating needs it

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    return config


def migrate(engine: Engine, to: str = "head") -> None:
    """Bring the schema to this version's, or to an older one, from nothing or from an older one.

    All or nothing: a migration that fails leaves the schema that was there.
    """
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    import alembic.command

    with sentences(engine):
        alembic.command.upgrade(alembic_config(engine), to)


def touch(engine: Engine) -> None:
    """Connect, and nothing else; raises what the driver does."""
    with engine.connect():
        pass


def check_schema(engine: Engine) -> None:
    """Raise DatabaseError unless the schema is the one this version of promo works on."""
    check_there(engine)
    check_revision(revision(engine))


def check_there(engine: Engine) -> None:
    """Raise DatabaseError if a database that is a file is not there: SQLite would make it."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        check_file(Path(engine.url.database))


def make(engine: Engine) -> None:
    """Make the schema where there is none. Raises DatabaseError where it is not this version's."""
    file = engine.url.database
    is_new = engine.dialect.name == "sqlite" and file and not Path(file).is_file()
    if is_new or (at := revision(engine)) is None:
        migrate(engine)
    else:
        check_revision(at)


def revision(engine: Engine) -> str | None:
    """The schema that a database is at; None where it holds none. Raises DatabaseError."""
    with sentences(engine), engine.connect() as connection:
        migrated = inspect(connection).has_table("alembic_version")
        return connection.execute(text(VERSION_QUERY)).scalar() if migrated else None


@contextmanager
def sentences(engine: Engine) -> Iterator[None]:
    """Raise DatabaseError, which shows no password, for what the database says in the block."""
    try:
        yield
    except SQLAlchemyError as error:
        url = engine.url  # its query may hold a password too
        where = f"{url.get_backend_name()} {url.database or ''} on {url.host or 'this machine'}"
        raise failed(where, getattr(error, "orig", None) or error) from None


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one moment of the database, however long it looks, and only reads.

    On both databases the moment is that of the first read.
    """
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection:
            connection.execute(text(VERSION_QUERY))
            yield connection
            connection.rollback()
        return
    with engine.connect() as connection:
        connection.exec_driver_sql("pragma query_only = on")
        connection.exec_driver_sql("begin")
        connection.execute(text(VERSION_QUERY))
        try:
            yield connection
        finally:
            connection.rollback()
            connection.exec_driver_sql("pragma query_only = off")
            connection.rollback()


def copy_in(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that are new, all of the same columns, in the caller's transaction.

    By COPY on PostgreSQL: no statement is bound and planned for each of them.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        _copy_mapped(connection, table.__tablename__, table, rows)
        return
    for start in range(0, len(rows), CHUNK):
        connection.execute(insert(table), list(rows[start : start + CHUNK]))


def _copy_mapped(
    connection: Connection, target: str, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    packed = {c.name for c in table.__table__.columns if isinstance(c.type, JSON)}
    names = list(rows[0])
    copy_rows(
        connection,
        target,
        names,
        ([json.dumps(row[n]) if n in packed else row[n] for n in names] for row in rows),
    )


def copy_rows(
    connection: Connection, table: str, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """COPY rows into a table of PostgreSQL; what a JSON column takes comes as text."""
    quote = connection.dialect.identifier_preparer.quote
    statement = f"copy {quote(table)} ({', '.join(map(quote, names))}) from stdin"
    cursor: Any = connection.connection.cursor()
    fault = connection.dialect.loaded_dbapi.Error
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except fault as error:  # what any other statement would raise
        raise DBAPIError.instance(
            statement, None, error, fault, dialect=connection.dialect
        ) from error


def upsert(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; where the primary key is there already, the new values take its place.

    Of several rows with one key the last one stays.
    """
    if not rows:
        return
    # Imported where it is used: who reads a list out must not wait for it.
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    keys = [column.name for column in table.__mapper__.primary_key]
    statement = dialect.insert(table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}

    def settled(new: Any) -> Any:
        if others:
            return new.on_conflict_do_update(index_elements=keys, set_=others)
        return new.on_conflict_do_nothing(index_elements=keys)

    if connection.dialect.name == "postgresql" and len(rows) > CHUNK:
        names = list(rows[0])
        source = table_of(STAGED, *map(named, names))
        last = {tuple(row[key] for key in keys): row for row in rows}
        with _staged(connection, table, list(last.values())):
            connection.execute(settled(statement.from_select(names, select(source))))
        return
    for start in range(0, len(rows), CHUNK):
        connection.execute(settled(statement), list(rows[start : start + CHUNK]))


STAGED = "staged_rows"


@contextmanager
def _staged(
    connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> Iterator[None]:
    """Rows in a temporary table of PostgreSQL, STAGED, while the block runs."""
    # Only their types: which column may be empty, the table itself will say.
    names = ", ".join(map(connection.dialect.identifier_preparer.quote, rows[0]))
    connection.exec_driver_sql(
        f"create temporary table {STAGED} on commit drop as "
        f"select {names} from {table.__tablename__} with no data"
    )
    _copy_mapped(connection, STAGED, table, rows)
    yield
    connection.exec_driver_sql(f"drop table {STAGED}")


def version(connection: Connection, table: str) -> int:
    """How often a table has been written anew; 0 before the first time."""
    query = select(Version.number).where(Version.name == table)
    return connection.execute(query).scalar() or 0


def count_version(connection: Connection, table: str) -> None:
    """Say, in the transaction that writes it, that a table is not what it was."""
    upsert(connection, Version, [{"name": table, "number": version(connection, table) + 1}])
