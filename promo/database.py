"""Engines and sessions: SQLite by default, PostgreSQL when the URL says so."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from promo.schema import VERSION_QUERY, DatabaseError, check_file, check_revision, silent
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


def migrate(engine: Engine) -> None:
    """Bring the schema to this version's, from nothing or from any older one."""
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    import alembic.command

    with _sentences(engine):
        alembic.command.upgrade(alembic_config(engine), "head")


def touch(engine: Engine) -> None:
    """Connect, and nothing else; raises what the driver does."""
    with engine.connect():
        pass


def check_schema(engine: Engine) -> None:
    """Raise DatabaseError unless the schema is the one this version of promo works on."""
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file:
        check_file(Path(file))
    with _sentences(engine), engine.connect() as connection:
        migrated = inspect(connection).has_table("alembic_version")
        at = connection.execute(text(VERSION_QUERY)).scalar() if migrated else None
    check_revision(at)


@contextmanager
def _sentences(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        url = engine.url  # its query may hold a password too
        where = f"{url.get_backend_name()} {url.database or ''} on {url.host or 'this machine'}"
        raise silent(where, getattr(error, "orig", None) or error) from None


def upsert(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; where the primary key is there already, the new values take its place."""
    # Imported where it is used: who reads a list out must not wait for it.
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    keys = [column.name for column in table.__mapper__.primary_key]
    for start in range(0, len(rows), CHUNK):
        statement = dialect.insert(table)
        others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        statement = (
            statement.on_conflict_do_update(index_elements=keys, set_=others)
            if others
            else statement.on_conflict_do_nothing(index_elements=keys)
        )
        connection.execute(statement, list(rows[start : start + CHUNK]))


def version(connection: Connection, table: str) -> int:
    """How often a table has been written anew; 0 before the first time."""
    query = select(Version.number).where(Version.name == table)
    return connection.execute(query).scalar() or 0


def count_version(connection: Connection, table: str) -> None:
    """Say, in the transaction that writes it, that a table is not what it was."""
    upsert(connection, Version, [{"name": table, "number": version(connection, table) + 1}])
