"""A night killed at each of its writes, one after the other, and run again: the same bytes.

What a kill leaves is what lies on disk at that instant; so one undisturbed night is watched, and
before each thing that it does to the disk or the database everything is copied as it lies there,
with files that are being written cut in half. Each copy is then a house whose night was killed.
"""

import errno
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import small_house
from click.testing import CliRunner
from small_house import FIRST, SCANS, feed, reopen
from sqlalchemy import Engine, event, select

from promo import cli, tables
from promo.publishing import publish

NIGHT = FIRST + timedelta(14)
LATE = 2  # buckets of the night that are not folded yet
STORED = (tables.ShopperList, tables.Promise, tables.Run, tables.KeyCounter, tables.Delivery)
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link"}


class Watcher:
    """Calls somebody before each change of the disk; an audit hook, which can only be muted."""

    def __init__(self) -> None:
        self.before: Callable[[], None] | None = None
        sys.addaudithook(self._hear)

    def _hear(self, name: str, _: tuple[object, ...]) -> None:
        if name in CHANGES:
            self.tell()

    def tell(self) -> None:
        """Something is about to be done; what is done meanwhile is not told."""
        before, self.before = self.before, None
        if before:
            try:
                before()
            finally:
                self.before = before


WATCHER = Watcher()


@contextmanager
def watched(before: Callable[[], None], patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Call `before` ahead of everything that is done to disk or database while the block runs."""
    sync = os.fsync

    def told(descriptor: int) -> None:
        WATCHER.tell()
        sync(descriptor)

    def committing(_: object) -> None:
        WATCHER.tell()

    with patch.context() as here:
        here.setattr(os, "fsync", told)
        event.listen(Engine, "commit", committing)
        WATCHER.before = before
        try:
            yield
        finally:
            WATCHER.before = None
            event.remove(Engine, "commit", committing)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a house but its database and what it keeps for speed."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(("promo.", "nightly.lock", "template-"))
    }


def stored(folder: Path) -> list[list[dict[str, Any]]]:
    house = reopen(folder)
    found = []
    with house.engine.connect() as connection:
        for table in STORED:
            columns = table.__table__.columns
            order = [column.name for column in table.__mapper__.primary_key]
            rows = connection.execute(select(*columns).order_by(*order)).mappings()
            found.append([dict(row) for row in rows])
    house.engine.dispose()
    return found


def nightly(folder: Path, code: int = 0) -> str:
    words = ["--config", str(folder / "config.yaml"), "nightly", "--day", f"{NIGHT}"]
    found = CliRunner().invoke(cli.main, words, catch_exceptions=False)
    assert found.exit_code == code, found.output
    return found.stderr


@pytest.fixture(scope="module")
def before(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house before a night of every kind of work: buckets to fold, lists to watch, a new product
    table. Never write to it.
    """
    folder = Path(shutil.copytree(built, tmp_path_factory.mktemp("killed") / "house"))
    small_house.change(folder, "formats: [html, pdf]", "formats: [html, receipt-80]")
    # Where they lie for all copies: compiled once.
    small_house.change(folder, "templates: templates", f"templates: {folder / 'templates'}")
    house = reopen(folder)
    small_house.night(house)
    publish(house, FIRST)
    feed(house, [scan for scan in SCANS if scan["business_day"] >= FIRST], "fortnight.csv")
    house.fold(range(LATE, 256), NIGHT)
    for copy in (folder / "lake" / "products").iterdir():
        copy.rename(copy.with_name("00000000.parquet"))
    wave = house.settings.wave(NIGHT).buckets
    house.engine.dispose()
    # What the night does not look at would only be copied and compared.
    for bucket in set(range(256)) - set(wave):
        shutil.rmtree(folder / "lake" / "profiles" / f"{bucket:03d}", ignore_errors=True)
    for day in (folder / "lake" / "scans").iterdir():
        if day.name < f"{FIRST}":
            shutil.rmtree(day)
    return folder


@pytest.fixture(scope="module")
def whole(before: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same house after the night, undisturbed."""
    folder = Path(shutil.copytree(before, tmp_path_factory.mktemp("whole") / "house"))
    nightly(folder)
    return folder


def as_it_lies(folder: Path, target: Path) -> None:
    """What a kill leaves on disk: what is written to is cut in half, what was held is free."""

    def copy(source: str, to: str) -> str:
        if not source.endswith((".tmp", "-shm")):
            shutil.copyfile(source, to)
        elif source.endswith(".tmp"):
            data = Path(source).read_bytes()
            # As another process would have called it, that is dead now.
            dead = Path(to).with_name(Path(to).name.replace(f".{os.getpid()}.", ".999999999."))
            dead.write_bytes(data[: len(data) // 2])
        return to

    shutil.copytree(folder, target, copy_function=copy)


def test_killed_at_each_write(
    before: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(before, tmp_path / "house"))
    left: list[Path] = []
    states = set()

    def kill() -> None:
        target = tmp_path / f"{len(left):03d}"
        as_it_lies(folder, target)
        state = hash(tuple(sorted((p, hash(b)) for p, b in contents(target).items())))
        wal = target / "promo.db-wal"
        state = hash((state, wal.read_bytes() if wal.exists() else b""))
        if state in states:
            shutil.rmtree(target)
        else:
            states.add(state)
            left.append(target)

    with watched(kill, monkeypatch):
        nightly(folder)
    expected, rows = contents(whole), stored(whole)
    assert contents(folder) == expected
    assert len(left) > 40
    monkeypatch.setattr(os, "fsync", lambda _: None)
    for house in left:
        nightly(house)
        assert contents(house) == expected, house.name
        assert stored(house) == rows, house.name


def test_a_disk_that_is_full_at_each_write(
    before: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Room is made little by little: each night gets a write further, until one comes through."""
    folder = Path(shutil.copytree(before, tmp_path / "house"))
    old, new = contents(folder), contents(whole)
    room = 0

    def full(_: int) -> None:
        nonlocal room
        room -= 1
        if room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    nights = 0
    with monkeypatch.context() as here:
        here.setattr(os, "fsync", full)
        while True:
            nights += 1
            room = 2 * nights
            words = ["--config", str(folder / "config.yaml"), "nightly", "--day", f"{NIGHT}"]
            found = CliRunner().invoke(cli.main, words, catch_exceptions=False)
            if found.exit_code == 0:
                break
            assert (found.exit_code, found.exception.__class__) == (3, SystemExit), found.output
            assert "No space left on device. Make room" in found.stderr
            assert "Traceback" not in found.stderr
            for name, data in contents(folder).items():
                assert name.startswith("out/.") or data in (old.get(name), new.get(name)), name
                assert not name.endswith(".tmp")
    assert nights > 10
    assert contents(folder) == new
    assert stored(folder) == stored(whole)
