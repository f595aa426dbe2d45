"""Migrating: a backup first, all or nothing, and never a database newer than this promo."""

from pathlib import Path

import alembic.command
import pytest
import small_house
from sqlalchemy import Engine, text

from promo import backups, config, database, migrating, schema, table_files, tables
from promo.schema import DatabaseError

OLD = "0004"


def older(engine: Engine) -> None:
    """A house as a promo of version OLD left it."""
    alembic.command.downgrade(database.alembic_config(engine), OLD)
    with engine.begin() as connection:
        store = {"id": "é", "name": "One", "gln": None, "time_zone": "UTC", "language": "en"}
        database.upsert(connection, tables.Store, [store])
        row = {"id": "7", "bucket": 3, "name": "Ann", "language": "en", "suppressed": False}
        database.upsert(connection, tables.Shopper, [row])


def at(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("update alembic_version set version_num = :at"), {"at": revision})


def test_an_older_house_is_backed_up_and_upgraded(
    settings: config.Settings, engine: Engine
) -> None:
    older(engine)
    done = migrating.run(settings, engine)
    assert (done.before, done.now) == (OLD, schema.REVISION)
    database.check_schema(engine)
    assert done.backup is not None
    found = backups.verified(done.backup)
    assert (found.revision, found.whole) == (OLD, False)
    assert done.backup.parent == settings.folder / "backups"
    assert done.backup.name.endswith(f"Z-{OLD}")
    rows = {table.name: table.rows for table in found.tables}
    assert (rows["stores"], rows["shoppers"], rows["cards"]) == (1, 1, 0)
    assert "till_answers" not in rows  # which came later


def test_nothing_to_do_makes_no_backup(settings: config.Settings, engine: Engine) -> None:
    assert migrating.run(settings, engine).backup is None
    assert not settings.paths.backups.exists()


def test_a_newer_database_is_refused(settings: config.Settings, engine: Engine) -> None:
    at(engine, "9999")
    with pytest.raises(DatabaseError, match=r"at version 9999.*a newer promo wrote it"):
        migrating.run(settings, engine)
    with pytest.raises(DatabaseError, match="a newer promo wrote it"):
        database.check_schema(engine)
    assert not settings.paths.backups.exists()


def test_what_fails_leaves_the_old_house(
    settings: config.Settings, engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The migrations of a trial: the second breaks when its table is made and rows are changed."""
    older(engine)
    before = _dumped(engine, tmp_path / "before")
    scripts = tmp_path / "migrations"
    _trial(scripts)
    monkeypatch.setattr(database, "MIGRATIONS", scripts)
    with pytest.raises(DatabaseError) as caught:
        migrating.run(settings, engine)
    said = str(caught.value)
    assert f"stays at version {OLD}, as it was; its backup is {settings.paths.backups}" in said
    assert database.revision(engine) == OLD
    assert _dumped(engine, tmp_path / "after") == before


def _trial(folder: Path) -> None:
    shipped = Path(database.__file__).parent / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_bytes((shipped / "env.py").read_bytes())
    for path in (shipped / "versions").glob("000[1-4]_*.py"):
        (folder / "versions" / path.name).write_bytes(path.read_bytes())
    (folder / "versions" / "0005.py").write_text(BREAKS)


BREAKS = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0005", "0004"

def upgrade():
    op.create_table("trial", sa.Column("id", sa.Integer(), primary_key=True))
    with op.batch_alter_table("stores") as batch_op:
        batch_op.add_column(sa.Column("more", sa.String()))
    op.execute("update shoppers set name = 'Bob'")
    op.execute("insert into trial (id) values (1), (1)")
"""


def _dumped(engine: Engine, folder: Path) -> dict[str, bytes]:
    with engine.connect() as connection:
        table_files.snapshot(connection)
        table_files.dump(connection, folder)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.parquet")}


def test_rows_that_would_refer_to_nothing_are_no_success(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SQLite looks away while tables are made anew, and so must be asked at the end."""
    older(sqlite_engine)
    with sqlite_engine.begin() as connection:
        connection.execute(text("insert into cards (card, shopper) values ('c7', '7')"))
    _trial(tmp_path / "migrations")
    script = tmp_path / "migrations" / "versions" / "0005.py"
    script.write_text(BREAKS.replace("(1), (1)", "(1)").replace("update shoppers set name = 'Bob'",
                                                               "delete from shoppers"))  # fmt: skip
    monkeypatch.setattr(database, "MIGRATIONS", tmp_path / "migrations")
    with pytest.raises(DatabaseError, match="a row of cards would refer to one of shoppers"):
        database.migrate(sqlite_engine)
    assert database.revision(sqlite_engine) == OLD


def test_the_commands(folder: Path) -> None:
    small_house.promo(folder, "migrate", code=3)  # there is none yet
    small_house.promo(folder, "init")
    assert "nothing was to be done" in small_house.promo(folder, "migrate").output
    engine = database.connect(f"sqlite:///{folder / 'promo.db'}")
    older(engine)
    said = small_house.promo(folder, "init", code=3).output
    assert "Run `promo migrate`" in said
    said = small_house.promo(folder, "migrate").output
    assert f"was at version {OLD}, and is at {schema.REVISION}" in said
    small_house.promo(folder, "init")
    at(engine, "9999")
    for command in ("init", "migrate"):
        assert "newer promo" in small_house.promo(folder, command, code=3).output
    engine.dispose()
