import sqlite3
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import alembic.command
import psycopg
import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from promo import database, tables
from promo.schema import REVISION, DatabaseError, failed


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


def test_tables_of_another_version_are_no_silence(engine: Engine) -> None:
    with (
        pytest.raises(DatabaseError, match=r"did not do its work: .*nothing.*not those of the ver"),
        database.sentences(engine),
        engine.connect() as connection,
    ):
        connection.exec_driver_sql("select * from nothing_of_this_name")


def test_a_migration_that_finds_its_tables_there(folder: Path) -> None:
    engine = database.connect(f"sqlite:///{folder / 'half.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("create table attempts (id integer)")
    with pytest.raises(DatabaseError) as caught:
        database.migrate(engine)
    assert "did not do its work: table attempts already exists. Its tables" in str(caught.value)
    engine.dispose()


@pytest.mark.parametrize(
    ("code", "said", "words"),
    [
        (11, "database disk image is malformed", "did not do its work: database disk image is mal"),
        (11, "malformed", "malformed. Its file is damaged: bring the newest backup back."),
        (
            8,
            "attempt to write a readonly database",
            "work: attempt to write a readonly database. ",
        ),
        (8, "readonly", "It may only be read: see whose file it is."),
        (1, "table runs has no column named forgotten", "Its tables are not those of the version"),
        (5, "database is locked", "did not do its work: database is locked. Another program is at"),
        (14, "unable to open database file", "did not answer: unable to open database file. See w"),
        (1, "near x: syntax error", "work: near x: syntax error. Mend that, then run it again."),
    ],
)
def test_what_sqlite_says_is_told_as_it_is(code: int, said: str, words: str) -> None:
    fault = sqlite3.OperationalError(said)
    fault.sqlite_errorcode = code
    assert words in str(failed("sqlite", fault))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (psycopg.OperationalError("connection refused\nmore"), "answer: connection refused. Mend"),
        (psycopg.errors.lookup("57P03")("starting up"), "not answer: starting up. When it is back"),
        (psycopg.errors.lookup("08006")(""), "did not answer: ConnectionFailure. Mend that"),
        (psycopg.errors.lookup("53100")("full"), "did not do its work: full. Its server has no"),
        (psycopg.errors.lookup("42703")("no x"), "did not do its work: no x. Its tables are not"),
    ],
)
def test_what_postgresql_says_is_told_as_it_is(fault: psycopg.Error, words: str) -> None:
    assert words in str(failed("postgresql", fault))


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


AWKWARD = (
    "tab\there",
    "line\nbreak",
    "back\\slash",
    "\\N",
    "\\.",
    "é 中 🙂",
    "",
    None,
    "'quoted\"",
)


def shopper(number: int, name: str | None) -> dict[str, object]:
    own = {"id": f"{number}", "bucket": number % 256, "name": name, "language": "en"}
    return own | {"suppressed": number % 2 == 0}


def test_copied_rows_are_the_rows(engine: Engine) -> None:
    """COPY has an escape of its own for nearly all that a name may hold."""
    rows = [shopper(number, name) for number, name in enumerate(AWKWARD)]
    offer = {
        "id": "o", "starts": date(2026, 1, 1), "ends": date(2026, 2, 1), "funder": "f",
        "objective": "reward", "budget_money": 2**53 + 1, "budget_redemptions": 1,
        "terms": {"title": "a\tb\\n", "é": [0.1, None]},
    }  # fmt: skip
    promise = {"offer": "o", "night": date(2026, 1, 1), "last_day": date(2026, 1, 2)}
    promise |= {"uses": 1, "money": 1, "money_1": 0.1 + 0.2, "uses_1": 5e-324}
    with engine.begin() as connection:
        database.copy_in(connection, tables.Shopper, rows)
        database.copy_in(connection, tables.Offer, [offer])
        database.copy_in(connection, tables.Promise, [promise])
        database.copy_in(connection, tables.Promise, [])
    with engine.connect() as connection:
        for table, wanted in (("shoppers", rows), ("offers", [offer]), ("promises", [promise])):
            stored = tables.Base.metadata.tables[table]
            found = (
                connection.execute(select(stored).order_by(*stored.primary_key)).mappings().all()
            )
            assert [{name: row[name] for name in wanted[0]} for row in found] == wanted
        assert (found[0]["money_22"], found[0]["uses_22"]) == (0.0, 0.0)


def test_a_copy_belongs_to_its_transaction(engine: Engine) -> None:
    rows = [shopper(1, "Ann"), shopper(1, "Bob")]
    with engine.connect() as connection:
        with connection.begin() as whole:
            database.copy_in(connection, tables.Shopper, rows[:1])
            with pytest.raises(IntegrityError):
                database.copy_in(connection, tables.Shopper, rows[1:])
            whole.rollback()
        assert connection.execute(select(tables.Shopper.id)).all() == []


def test_many_rows_are_upserted_as_few_are(engine: Engine) -> None:
    """Of rows with one key the last one stays, also where many are copied first."""
    many = database.CHUNK + 2
    rows = [shopper(number, None) for number in range(many)] + [shopper(7, "last")]
    with engine.begin() as connection:
        database.upsert(connection, tables.Shopper, [shopper(7, "old"), shopper(-1, "stays")])
        database.upsert(connection, tables.Shopper, rows)
        database.upsert(connection, tables.Card, [])
        keys = [{"key_id": number, "last": 1} for number in range(many)]
        database.upsert(connection, tables.KeyCounter, keys)
        query = select(tables.Shopper.id, tables.Shopper.name)
        found = {row.id: row.name for row in connection.execute(query)}
    assert len(found) == many + 1
    assert (found["7"], found["-1"], found["0"]) == ("last", "stays", None)


def test_moments_are_instants(engine: Engine) -> None:
    """Given in any zone, they come back in UTC, wherever the server thinks it is."""
    moment = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("America/New_York"))
    row = {"key_id": 1, "counter": 1, "issue": 1, "day": date(2026, 7, 1), "reason": "r"}
    table = tables.EarlierIssue
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("set local time zone 'Asia/Tokyo'"))
        connection.execute(insert(table), row | {"content": {}, "replaced": moment})
        found = connection.execute(select(table.replaced)).scalar_one()
        same = select(table.counter).where(table.replaced == moment)
        assert connection.execute(same).scalar() == 1
    assert found.isoformat() == "2026-07-01T16:00:00+00:00"
    naive = row | {"issue": 2, "content": {}, "replaced": moment.replace(tzinfo=None)}
    with engine.connect() as connection, pytest.raises(StatementError, match="it is no instant"):
        connection.execute(insert(table), naive)
