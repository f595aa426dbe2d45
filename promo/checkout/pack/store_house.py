"""What a store machine has: a pack in force, a journal, and `store.db`, made from the two."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from promo import database, schema
from promo.checkout.connections import Connections
from promo.checkout.pack import journaled, taking_up
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.journal import Journal
from promo.checkout.pack.opened import Pack
from promo.checkout.pack.pack_statements import PackStatements
from promo.checkout.statements import SQLITE_SECONDS, Statements
from promo.tables import Base

DATABASE, JOURNAL = "store.db", "journal"
Now = Callable[[], datetime]


class StoreHouse:
    """A folder with `store.db` and `journal`, and the pack that is in force."""

    def __init__(self, folder: Path, journal: Journal, engine: Engine, now: Now) -> None:
        self.folder = folder
        self.journal = journal
        self.engine = engine
        self.now = now
        self.pack: Pack
        self.mended = ""  # what was done about a damaged store.db, in a sentence

    @classmethod
    def open(
        cls, folder: Path, stores: Sequence[str], pack: Pack, now: Now = lambda: datetime.now(UTC)
    ) -> "StoreHouse":
        """Open the folder, made if there is none, with a pack in force.

        stores: where the machine stands. `store.db` is brought up to the journal, and made anew
        where it is of another version of promo. Raises JournalError, PackError, Busy.
        """
        check_stores(pack, stores)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / DATABASE
        mended = _set_aside_damaged(file)
        _forget_other_version(file)
        file.touch(mode=0o600)
        engine = database.connect(f"sqlite:///{file}")
        Base.metadata.create_all(engine)
        with closing(_driver(file)) as driver:
            driver.execute(f"pragma user_version = {int(schema.REVISION)}")
            taking_up.make(driver)
            journal = journaled.start(driver, folder / JOURNAL, stores, now())
        found = cls(folder, journal, engine, now)
        found.mended = mended
        try:
            found.take_up(pack)
        except BaseException:
            journal.close()
            raise
        return found

    def take_up(self, pack: Pack) -> None:
        """Let a pack be the one in force, while nobody works with the one before."""
        check_stores(pack, self.journal.head.stores)
        with closing(_driver(self.folder / DATABASE)) as driver:
            # Whatever a failed commit left behind is done first.
            statements = PackStatements(driver, self.journal, self.now, pack)
            statements.unrecorded(lambda on: taking_up.take_up(on.driver, pack))
        self.pack = pack

    def statements(self, _: Engine) -> Statements:
        """A thread's own connection, with the pack in force."""
        driver = _driver(self.folder / DATABASE)
        return PackStatements(driver, self.journal, self.now, self.pack)

    def close(self) -> None:
        """Let others have the folder."""
        self.journal.close()
        self.engine.dispose()


def check_stores(pack: Pack, stores: Sequence[str]) -> None:
    """Raise PackError where a pack is not for some stores."""
    missing = sorted(set(stores) - set(pack.about.stores))
    if missing:
        raise PackError(
            "other_region",
            f"The pack of region {pack.about.region} is not for store {', '.join(missing)}. "
            "Fetch the one of this store's region.",
        )


def _driver(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        file.absolute().as_uri(), SQLITE_SECONDS, isolation_level=None, uri=True,
        check_same_thread=False,
    )  # fmt: skip


def _set_aside_damaged(file: Path) -> str:
    """Move a `store.db` away that SQLite cannot read, as it is made anew; says so, else nothing."""
    if not file.is_file():
        return ""
    try:
        with closing(_driver(file)) as driver:
            found = driver.execute("pragma quick_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
        found = str(error)
    if found == "ok":
        return ""
    aside = file.with_name(f"{file.name}.damaged")
    file.replace(aside)
    for end in ("wal", "shm"):
        file.with_name(f"{file.name}-{end}").unlink(missing_ok=True)
    return f"{file} was damaged ({found}); it is now {aside.name}, and was made anew."


def _forget_other_version(file: Path) -> None:
    """Take away a `store.db` that another promo made: it is made anew from pack and journal."""
    if not file.is_file():
        return
    with closing(_driver(file)) as driver:
        [[version]] = driver.execute("pragma user_version").fetchall()
    if version != int(schema.REVISION):
        for each in (file, *(file.with_name(f"{file.name}-{end}") for end in ("wal", "shm"))):
            each.unlink(missing_ok=True)


class StoreConnections(Connections):
    """Threads that work on `store.db`, each with the pack in force when its work begins."""

    def __init__(self, house: StoreHouse, threads: int) -> None:
        super().__init__(house.engine, threads, house.statements)
        self.house = house

    def _statements(self) -> Statements:
        found: PackStatements | None = getattr(self._own, "statements", None)
        if found is not None and found.pack is not self.house.pack:
            self._own.statements = None
            self._open.discard(found)
            found.close()
        return super()._statements()
