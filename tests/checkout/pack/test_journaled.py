"""Decisions stand in the journal before `store.db`, which is brought up to it whatever happens."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from checkout.pack.journals import NOW, STORES, journaled, store_db, tables
from checkout.shop import Tills, open_shop, used
from checkout.till import running
from promo.checkout import service
from promo.checkout.connections import Connections
from promo.checkout.pack import journaled as journaled_module
from promo.checkout.pack.chain import JournalError, Kept
from promo.checkout.pack.changes import MUTABLE
from promo.checkout.pack.journal import Journal
from promo.checkout.pack.journal_reading import records, verify
from promo.checkout.pack.journaled import Journaled, Unwritten, kept_by, start
from promo.checkout.statements import Statements
from promo.config import Settings

OFFER = """insert into offers (id, starts, ends, funder, objective, hard, state, budget_money,
budget_redemptions, terms) values ('milk', '2017-11-06', '2017-11-19', 'f', 'reward', 0, 'live',
1, 1, '{}')"""
COUNT = """insert into offer_counters values ('milk', 1, 100) on conflict (offer) do update
set uses = uses + 1, money = money + 100"""
COUNTED = "select uses from offer_counters"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where `store.db` is, with one offer; the journal lies beside it."""
    driver = store_db(tmp_path / "store.db")
    driver.execute(OFFER)
    driver.close()
    return tmp_path / "store.db"


def opened(path: Path) -> Journal:
    driver = store_db(path)
    try:
        return start(driver, path.with_name("journal"), STORES, NOW)
    finally:
        driver.close()


def count(statements: Statements) -> None:
    statements.change(COUNT, ())


def counted(path: Path) -> int:
    """Uses in `store.db`."""
    driver = store_db(path)
    found = driver.execute(COUNTED).fetchall()
    driver.close()
    return int(found[0][0]) if found else 0


def test_each_transaction_is_a_decision(path: Path) -> None:
    with opened(path) as journal:
        statements = journaled(path, journal)
        for _ in range(3):
            statements.in_transaction(count)
        statements.in_transaction(lambda each: each.rows(COUNTED, ()))  # changes nothing
        statements.change(COUNT, ())  # is a transaction of its own
        statements.in_transaction(lambda each: each.change("delete from offer_counters", ()))
        found = [(each.content["verb"], each.changes[0].row) for each in journal.records()]
        statements.close()
    assert found == [(None, {"offer": "milk", "uses": n, "money": 100 * n}) for n in (1, 2, 3, 4)]


def test_what_fails_is_no_decision(path: Path) -> None:
    def fails(statements: Statements) -> None:
        count(statements)
        raise KeyError

    with opened(path) as journal:
        statements = journaled(path, journal)
        with pytest.raises(KeyError):
            statements.in_transaction(fails)
        statements.in_transaction(count)
        assert [each.seq for each in journal.records()] == [1]
        statements.close()
    assert counted(path) == 1


def test_what_can_be_made_again_passes_the_journal_by(path: Path) -> None:
    with opened(path) as journal:
        statements = journaled(path, journal)
        statements.unrecorded(count)
        assert journal.place.seq == 0
        statements.in_transaction(count)
        assert [each.changes[0].row for each in journal.records()] == [
            {"offer": "milk", "uses": 2, "money": 200}
        ]
        statements.close()


def test_many_threads_decide_one_after_the_other(path: Path) -> None:
    def till(statements: Journaled) -> None:
        for _ in range(5):
            statements.in_transaction(count)
        statements.close()

    with opened(path) as journal, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: till(journaled(path, journal)), range(8)))
        rows = [each.changes[0].row for each in journal.records()]
    assert [row["uses"] for row in rows if row] == list(range(1, 41))
    assert counted(path) == 40


# --- what goes wrong between the two --------------------------------------------------------------


def test_a_disk_that_does_not_take_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with opened(path) as journal:
        statements = journaled(path, journal)
        statements.in_transaction(count)
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", full)
            with pytest.raises(Unwritten, match="No space left"):
                statements.in_transaction(count)
        assert statements.rows(COUNTED, ()) == [(1,)]
        statements.in_transaction(count)
        statements.close()
    assert counted(path) == verify(path.with_name("journal")).place.seq == 2


def test_a_disk_that_may_have_taken_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    with opened(path) as journal:
        statements = journaled(path, journal)
        statements.in_transaction(count)
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fails)
            with pytest.raises(Unwritten, match="Input/output"):
                statements.in_transaction(count)
        with pytest.raises(Unwritten, match="nothing more is written"):
            statements.in_transaction(count)
        assert statements.rows(COUNTED, ()) == [(1,)]
        statements.close()
    opened(path).close()  # it was there: who asks again gets that answer
    assert counted(path) == 2


class FailsToCommit:
    """A connection whose next commit fails, as where `store.db` finds no room."""

    def __init__(self, driver: sqlite3.Connection) -> None:
        self.driver, self.failed = driver, False

    def execute(self, sql: str, *values: Any) -> Any:
        if sql == "commit" and not self.failed:
            self.failed = True
            raise sqlite3.OperationalError("database or disk is full")
        return self.driver.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.driver, name)


class Told:
    """A connection that tells the commits which it does."""

    def __init__(self, driver: sqlite3.Connection, told: list[str]) -> None:
        self.driver, self.told = driver, told

    def execute(self, sql: str, *values: Any) -> Any:
        if sql in ("commit", "rollback"):
            self.told.append(sql)
        return self.driver.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.driver, name)


def test_the_journal_comes_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    sync = os.fsync

    def synced(descriptor: int) -> None:
        sync(descriptor)
        told.append("journal")

    with opened(path) as journal:
        statements = journaled(path, journal)
        statements.driver = Told(statements.driver, told)
        monkeypatch.setattr(os, "fsync", synced)
        statements.in_transaction(count)
        assert told == ["journal", "commit"]
        statements.close()


def test_a_commit_that_fails_leaves_a_decision_that_stands(path: Path) -> None:
    with opened(path) as journal:
        first, second = journaled(path, journal), journaled(path, journal)
        first.driver = FailsToCommit(first.driver)
        with pytest.raises(sqlite3.OperationalError, match="is full"):
            first.in_transaction(count)
        assert (journal.place.seq, counted(path)) == (1, 0)
        second.in_transaction(count)  # another thread's: it does first what the journal has
        assert (journal.place.seq, counted(path)) == (2, 2)
        first.in_transaction(count)
        assert (journal.place.seq, counted(path)) == (3, 3)
        assert len(list(journal.records())) == 3
        first.close()
        second.close()


def test_a_start_brings_up_what_lacks(path: Path) -> None:
    with opened(path) as journal:
        statements = journaled(path, journal)
        statements.in_transaction(count)
        statements.driver = FailsToCommit(statements.driver)
        with pytest.raises(sqlite3.OperationalError):
            statements.in_transaction(count)
        statements.close()
    assert counted(path) == 1
    for _ in range(2):
        opened(path).close()
        assert counted(path) == 2


def test_an_older_store_db_and_a_new_one_become_the_same(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journaled_module, "BATCH", 5)
    new = tmp_path / "new.db"
    shutil.copy(path, new)
    with opened(path) as journal:
        statements = journaled(path, journal)
        for n in range(33):  # more than are done again in one transaction
            statements.in_transaction(count)
            if n == 12:
                statements.rows("pragma wal_checkpoint(truncate)", ())
                shutil.copy(path, tmp_path / "old.db")
        statements.close()
    for other in (new, tmp_path / "old.db"):
        driver = store_db(other)
        start(driver, path.with_name("journal"), STORES, NOW).close()
        found, place = tables(driver, MUTABLE), kept_by(driver)
        driver.close()
        whole = store_db(path)
        assert found == tables(whole, MUTABLE)
        assert place == kept_by(whole)
        whole.close()


def test_a_store_db_ahead_of_its_journal(path: Path) -> None:
    with opened(path) as journal:
        statements = journaled(path, journal)
        statements.in_transaction(count)
        before = journal.place.end
        statements.in_transaction(count)
        statements.close()
    os.truncate(path.with_name("journal"), before)
    for _ in range(2):
        with pytest.raises(JournalError, match=r"store.db has the decisions up to 2 of .*journal"):
            opened(path)
    path.with_name("journal").unlink()
    with pytest.raises(JournalError, match="which is not there"):
        opened(path)
    assert not path.with_name("journal").exists()


def test_a_journal_that_is_changed_while_it_is_needed(path: Path) -> None:
    with opened(path) as journal:
        statements = journaled(path, journal)
        statements.driver = FailsToCommit(statements.driver)
        with pytest.raises(sqlite3.OperationalError):
            statements.in_transaction(count)
        raw = journal.path.read_bytes()
        journal.path.write_bytes(raw.replace(b"milk", b"malk"))
        with pytest.raises(Unwritten, match="line 2 "):
            statements.in_transaction(count)
        statements.close()


def test_what_does_not_fit_store_db_is_named(path: Path) -> None:
    with opened(path) as journal:
        row = {"id": 1, "offer": None, "at": "x", "kind": "stopped", "reason": "r"}
        change = {"do": "insert", "table": "offer_events", "row": row}
        journal.append({"at": NOW.isoformat(), "verb": None, "name": None, "changes": [change]})
    with pytest.raises(JournalError, match=r"line 2: store.db does not take decision 1 \(NOT NULL"):
        opened(path)


# --- a whole day of tills -------------------------------------------------------------------------


@pytest.fixture
def tills(settings: Settings, sqlite_engine: Engine, tmp_path: Path,
          monkeypatch: pytest.MonkeyPatch) -> Iterator[Tills]:  # fmt: skip
    """Tills of a service whose database has a journal; how it was before lies in before.db."""
    open_shop(sqlite_engine)
    statements = Statements.of(sqlite_engine)
    statements.rows("pragma wal_checkpoint(truncate)", ())
    shutil.copy(str(sqlite_engine.url.database), tmp_path / "before.db")
    journal = start(statements.driver, tmp_path / "journal", STORES, NOW)

    def made(engine: Engine) -> Journaled:
        return Journaled(Statements.of(engine).driver, journal, lambda: datetime.now(UTC))

    monkeypatch.setattr(service, "Connections", partial(Connections, make=made))
    with journal, running(settings, sqlite_engine) as live:
        found = Tills(live, sqlite_engine)
        yield found
    statements.close()


def test_a_day_of_tills_done_again_gives_the_same_tables(tills: Tills, tmp_path: Path) -> None:
    assert used(tills.do("reserve", "milk 1 300, eggs 2 600", "1"))
    first = tills.do("redeem", "milk 1 300, eggs 2 600", "1")
    assert tills.do("redeem", "milk 1 300, eggs 2 600", "1") == first  # and no second decision
    assert tills.give_back("2", (0, 1)).status == 200
    tills.do("redeem", "jam 2 600", "3")
    assert tills.void("3").status == 200
    tills.do("reserve", "jam 2 600", "4")
    tills.do("quote", "jam 2 600", "5")
    report = verify(tmp_path / "journal")
    verbs = [each.content["verb"] for each in records(tmp_path / "journal")]
    assert verbs == ["reserve", "redeem", "return", "redeem", "void", "reserve"]
    assert report.place.seq == len(verbs)
    again = store_db(tmp_path / "before.db")
    closed = tmp_path / "copy"
    shutil.copy(tmp_path / "journal", closed)
    start(again, closed, STORES, NOW).close()
    now = store_db(Path(str(tills.engine.url.database)))
    assert tables(again, MUTABLE) == tables(now, MUTABLE)
    kept = kept_by(now)
    assert kept == Kept(report.head.journal, report.place)
    again.close()
    now.close()
