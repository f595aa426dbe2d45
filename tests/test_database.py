import alembic.command
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, select, text

from promo import database, tables
from promo.schema import REVISION, DatabaseError


def test_models_and_migrations_agree(engine: Engine) -> None:
    alembic.command.check(database.alembic_config(engine))
    database.check_schema(engine)


def test_the_newest_migration_is_the_one_we_work_on(sqlite_engine: Engine) -> None:
    scripts = ScriptDirectory.from_config(database.alembic_config(sqlite_engine))
    assert scripts.get_current_head() == REVISION


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    database.migrate(engine)
    database.check_schema(engine)


def test_upsert_replaces_by_key(engine: Engine) -> None:
    row = {"id": "1", "name": "one", "gln": None, "time_zone": "America/New_York", "language": "en"}
    with engine.begin() as connection:
        database.upsert(connection, tables.Store, [row, row | {"id": "2"}])
        database.upsert(connection, tables.Store, [row | {"name": "uno"}])
        names = connection.execute(select(tables.Store.id, tables.Store.name).order_by("id")).all()
    assert [tuple(n) for n in names] == [("1", "uno"), ("2", "one")]


def test_a_database_without_a_schema_is_named(sqlite_engine: Engine, folder: object) -> None:
    missing = database.connect(f"sqlite:///{folder}/none.db")
    with pytest.raises(DatabaseError, match=r"no database .*none\.db.*promo init"):
        database.check_schema(missing)


def test_a_bad_url_is_met_with_a_sentence() -> None:
    with pytest.raises(DatabaseError, match="expected something like"):
        database.connect("not a url")


def test_a_password_is_never_shown() -> None:
    engine = database.connect("postgresql://someone:hunter2@127.0.0.1:1/none")
    with pytest.raises(DatabaseError) as caught:
        database.migrate(engine)
    assert "hunter2" not in str(caught.value)
    assert "did not answer" in str(caught.value)


def test_a_house_of_an_older_version_keeps_its_households(sqlite_engine: Engine) -> None:
    """0003 adds where households live; `promo migrate` does it to a house that is at work."""
    config = database.alembic_config(sqlite_engine)
    alembic.command.downgrade(config, "0002")
    with pytest.raises(DatabaseError, match=r"0002, this promo works on .*promo migrate"):
        database.check_schema(sqlite_engine)
    old = {"id": "7", "bucket": 3, "name": "Ann", "language": "en", "suppressed": False}
    with sqlite_engine.begin() as connection:
        connection.execute(text(INSERT), old)
        connection.execute(text("insert into cards (card, shopper) values ('c7', '7')"))
    database.migrate(sqlite_engine)
    with sqlite_engine.connect() as connection:
        row = connection.execute(select(tables.Shopper.__table__)).mappings().one()
        assert connection.exec_driver_sql("pragma foreign_key_check").all() == []
    assert {name: row[name] for name in old} == old
    assert {row[name] for name in row if name not in old} == {None}


INSERT = (
    "insert into shoppers (id, bucket, name, language, suppressed) "
    "values (:id, :bucket, :name, :language, :suppressed)"
)
