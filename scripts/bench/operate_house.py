"""A house for the benches of operation: the tests' small one, so many times over, before a night.

Its first fortnight's lists are published and over, and all till logs of it are in, so that the
night has everything to do: profiles to fold, lists to watch, prices to begin with, lists to print.
"""

import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from kit import ROOT
from sqlalchemy import create_engine, make_url, select, text

sys.path.insert(0, str(ROOT / "tests"))

import small_house
from small_house import FIRST, Scan

from promo import database, tables
from promo.calendar import BUCKETS
from promo.house import House
from promo.offers import catalogue
from promo.publishing import publish
from promo.scans.ingest import in_batches, ingest_master

NIGHT = FIRST + timedelta(14)
STORED = (tables.ShopperList, tables.Promise, tables.Run, tables.KeyCounter, tables.Delivery)
Snapshot = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """A house and its database."""

    folder: Path
    url: str

    @property
    def environment(self) -> dict[str, str]:
        """What a command in the house needs to find the database."""
        return os.environ | {"PROMO_DATABASE_URL": self.url}

    def snapshot(self) -> Snapshot:
        """All files of what leaves the building and of the lake, and the rows of the nights."""
        found: Snapshot = {}
        for name in ("out", "lake"):
            root = self.folder / name
            files = (path for path in sorted(root.rglob("*")) if path.is_file())
            found |= {str(path.relative_to(self.folder)): path.read_bytes() for path in files}
        for path in self.folder.rglob("*.tmp"):
            found[f"left behind: {path.name}"] = True
        engine = database.connect(self.url)
        with engine.connect() as connection:
            for table in STORED:
                columns = table.__table__.columns
                order = [column.name for column in table.__mapper__.primary_key]
                rows = connection.execute(select(*columns).order_by(*order))
                found[table.__tablename__] = [tuple(row) for row in rows]
        engine.dispose()
        return found


def differences(one: Snapshot, other: Snapshot) -> list[str]:
    """What is not the same in both, by name."""
    return sorted(name for name in one | other if one.get(name) != other.get(name))


def build(place: Place, times: int, formats: str, volume: int) -> Place:
    """Make the house: so many copies of each household, and its first lists over."""
    folder = place.folder
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "config.yaml", folder)
    shutil.copytree(ROOT / "templates", folder / "templates")
    shutil.copytree(ROOT / "models" / "prior", folder / "models" / "prior")
    (folder / "code.key").write_text(small_house.SECRET, encoding="utf-8")
    small_house.one_big_drop(folder)
    small_house.change(folder, "  state: . ", "  state: state ")
    small_house.change(folder, "formats: [html, pdf] ", f"formats: [{formats}] ")
    small_house.change(folder, "pages_per_file: 1000 ", f"pages_per_file: {volume} ")
    # Where they lie for every copy of the house, so that they are compiled once.
    small_house.change(folder, "templates: templates", f"templates: {folder / 'templates'}")
    (folder / "state").mkdir()
    house = small_house.reopen(folder, place.url)
    database.migrate(house.engine)
    fill(house, times)
    house.engine.dispose()
    return place


def fill(house: House, times: int) -> None:
    """Master data, scans and offers; the first night made, published and over."""
    for table, rows in small_house.masters().items():
        several = rows if table in ("products", "stores") else _copies(rows, times)
        report = ingest_master(
            house.settings,
            house.engine,
            table,
            f"{table}.csv",
            in_batches(small_house.frame(several)),
        )
        assert (report.taken, report.rejects) == (True, 0)
    scans: list[Scan] = _copies(small_house.SCANS, times)
    small_house.feed(house, [scan for scan in scans if scan["business_day"] < FIRST])
    with house.engine.begin() as connection:
        raw = [(each["id"], each) for each in small_house.offers()]
        catalogue.import_offers(connection, house.settings, raw)
    house.fold(range(BUCKETS), FIRST)
    small_house.night(house)
    publish(house, FIRST)
    small_house.feed(house, [scan for scan in scans if scan["business_day"] >= FIRST], "later.csv")


def _copies(rows: list[dict[str, Any]], times: int) -> list[dict[str, Any]]:
    """Rows of households, so many times, each with a number in front of its names."""
    names = ("id", "shopper", "card", "transaction")
    return [
        row | {name: _named(name, str(row[name]), copy) for name in names if name in row}
        for copy in range(times)
        for row in rows
    ]


def _named(key: str, name: str, copy: int) -> str:
    return f"c{copy}{name[1:]}" if key == "card" else f"{copy}{name}"


class Houses:
    """Copies of one house on one kind of database, thrown away after use."""

    def __init__(self, root: Path, server: str | None) -> None:
        self.root, self.server = root, server

    def made(self, times: int, formats: str, volume: int) -> Place:
        """The house that copies are made of."""
        folder = self.root / "base"
        return build(Place(folder, self._new("base", folder)), times, formats, volume)

    @contextmanager
    def copy(self) -> Iterator[Place]:
        """A copy of it."""
        name = f"copy{uuid.uuid4().hex[:8]}"
        folder = self.root / name
        shutil.copytree(self.root / "base", folder)
        yield Place(folder, self._new(name, folder, template="base"))
        shutil.rmtree(folder)
        self._drop(name)

    def _new(self, name: str, folder: Path, template: str = "template1") -> str:
        if self.server is None:
            return f"sqlite:///{folder / 'state' / 'promo.db'}"
        self._do(f"create database {name} template {template}")
        url = make_url(self.server).set(database=name)
        return url.render_as_string(hide_password=False)

    def _drop(self, name: str) -> None:
        if self.server is not None:
            self._do(f"drop database {name} with (force)")

    def _do(self, statement: str) -> None:
        assert self.server is not None
        admin = create_engine(self.server, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(statement))
        admin.dispose()


@contextmanager
def houses(server: str | None) -> Iterator[Houses]:
    """A place for houses on SQLite, or on a server."""
    with tempfile.TemporaryDirectory(prefix="promo-bench-") as folder:
        yield Houses(Path(folder), server)
