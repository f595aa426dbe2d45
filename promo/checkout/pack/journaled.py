"""Statements of a store machine: each transaction is on the journal's disk before it is done.

`store.db` is what the journal makes of it, so it need not wait for the disk itself: it keeps how
far it is (`journal_place`), in the same transactions, and is brought up to the journal where it is
behind: after a power cut, or where its own commit failed.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from promo.checkout.pack.chain import Head, JournalError, Kept, Place, Record
from promo.checkout.pack.changes import Change, Changes, replay
from promo.checkout.pack.closing import closed_before
from promo.checkout.pack.journal import Journal
from promo.checkout.pack.journal_reading import begun, records
from promo.checkout.statements import Statements

Result = TypeVar("Result")

BATCH = 500  # decisions that are done again in one transaction
MAKE = """create table if not exists journal_place (id integer primary key check (id = 1),
journal text not null, seq integer not null, chain text not null, "end" integer not null)"""
KEPT = 'select journal, seq, chain, "end" from journal_place'
KEEP = """insert into journal_place (id, journal, seq, chain, "end") values (1, ?, ?, ?, ?)
on conflict (id) do update set journal = excluded.journal, seq = excluded.seq,
chain = excluded.chain, "end" = excluded."end" """
NAMED = ("store", "till", "day", "transaction")


class Unwritten(sqlite3.OperationalError):
    """The journal did not take a decision, which therefore was not made: a database's fault."""


class Journaled(Statements):
    """Statements on `store.db` whose transactions are journaled; several threads, one journal.

    What only deletes is not written: sweeping is done again by the next sweep.
    """

    def __init__(
        self, driver: sqlite3.Connection, journal: Journal, now: Callable[[], datetime]
    ) -> None:
        super().__init__(driver, is_postgresql=False)
        driver.execute("pragma synchronous = normal")  # with a write-ahead log: no commit waits
        self.journal = journal
        self.now = now
        self.changes = Changes(driver)

    def in_transaction(self, work: Callable[["Statements"], Result]) -> Result:
        """Do some work whole, on the journal's disk and then in `store.db`, or not at all.

        Raises Unwritten where the journal does not take it. Where it took it and the commit fails,
        the decision stands: the next transaction does it first, and who asks again is told so.
        """
        return self._in_transaction(work, self._record)

    def unrecorded(self, work: Callable[["Statements"], Result]) -> Result:
        """The same past the journal, for what can be made again, such as the rows of a pack."""
        return self._in_transaction(work, lambda _: None)

    def change(self, sql: str, values: Sequence[object]) -> None:
        """A statement that gives no rows; outside of a transaction it is one."""
        if self.driver.in_transaction:
            super().change(sql, values)
        else:
            self.in_transaction(lambda _: super(Journaled, self).change(sql, values))

    def _in_transaction(
        self, work: Callable[["Statements"], Result], record: Callable[[list[Change]], None]
    ) -> Result:
        with self.journal.turn:
            self.driver.execute("begin immediate")
            try:
                self._catch_up()
                result = work(self)
                record(self.changes.take())
                self.driver.execute("commit")
            except BaseException:
                if self.driver.in_transaction:
                    self.driver.execute("rollback")
                raise
            return result

    def _record(self, changes: list[Change]) -> None:
        """Append the decision; what is last before the commit, and keeps all others out."""
        if all(change.do == "delete" for change in changes):
            return
        try:
            line = self.journal.next_line(decision(changes, self.now()))
            keep(self.driver, Kept(self.journal.head.journal, line.after))
            self.journal.write(line)
        except (OSError, JournalError) as error:
            raise Unwritten(str(error)) from error

    def _catch_up(self) -> None:
        """Do first what the journal has and `store.db` lacks, as its commit failed."""
        kept = kept_by(self.driver)
        wanted = Kept(self.journal.head.journal, self.journal.place)
        if kept == wanted:
            return
        try:
            missing = self.journal.records(kept.place.seq if kept else 0)
            _redo(self.driver, self.journal.path, self.journal.head, missing)
        except JournalError as error:
            raise Unwritten(str(error)) from error
        self.changes.take()
        if kept_by(self.driver) != wanted:
            raise Unwritten(f"store.db is not of {self.journal.path} any more")


def decision(changes: Iterable[Change], at: datetime) -> dict[str, Any]:
    """Changes as the journal says them; verb and name are those of the till's answer in them."""
    changes = list(changes)
    answers = (each.row for each in changes if each.table == "till_answers" and each.row)
    answer = next(answers, {})
    return {
        "at": at.astimezone(UTC).isoformat(), "verb": answer.get("verb"),
        "name": [answer[part] for part in NAMED] if answer else None,
        "changes": [change.said() for change in changes],
    }  # fmt: skip


def start(driver: sqlite3.Connection, path: Path, stores: Sequence[str], now: datetime) -> Journal:
    """Open the journal of a `store.db`, and bring that up to it.

    driver: a connection of its own, on tables that are made. What closed journals that lie there
    have and it lacks, it is given too. Rows are put back as they were, also where what they refer
    to is not there yet. Raises JournalError, Busy.
    """
    driver.isolation_level = None
    driver.execute(MAKE)
    [[refers]] = driver.execute("pragma foreign_keys").fetchall()
    driver.execute("pragma foreign_keys = off")
    with ExitStack() as opened:
        for each in closed_before(path):
            _bring_up(driver, each)
        journal = opened.enter_context(Journal.open(path, stores, now, since=kept_by(driver)))
        _bring_up(driver, path)
        opened.pop_all()
    driver.execute(f"pragma foreign_keys = {refers}")
    return journal


def _bring_up(driver: sqlite3.Connection, path: Path) -> None:
    """Do again what a journal has and `store.db` lacks, if that is of this journal or of none."""
    head, first = begun(path)
    kept = kept_by(driver)
    if kept is None or head.after == kept.said():
        kept = Kept(head.journal, first)
        keep(driver, kept)
    if kept.journal != head.journal:
        return
    missing = records(path, kept.place.seq)
    while batch := list(islice(missing, BATCH)):
        driver.execute("begin immediate")
        try:
            _redo(driver, path, head, batch)
            driver.execute("commit")
        except BaseException:
            driver.execute("rollback")
            raise


def _redo(driver: sqlite3.Connection, path: Path, head: Head, some: Iterable[Record]) -> None:
    for record in some:
        try:
            replay(driver, record.changes)
        except (JournalError, sqlite3.IntegrityError) as error:
            raise JournalError(
                f"{path}, line {record.seq + 1:,}: store.db does not take decision "
                f"{record.seq:,} ({error}). Move store.db away, which is then made anew."
            ) from None
        keep(driver, Kept(head.journal, record.place))


def kept_by(driver: sqlite3.Connection) -> Kept | None:
    """How far a `store.db` is; None where it has seen no journal yet."""
    for journal, seq, chain, end in driver.execute(KEPT).fetchall():
        return Kept(journal, Place(seq, chain, end))
    return None


def keep(driver: sqlite3.Connection, kept: Kept) -> None:
    """Say how far a `store.db` is."""
    place = kept.place
    driver.execute(KEEP, (kept.journal, place.seq, place.chain, place.end))
