"""Changes of households on the way: noted first, done step by step, finished whatever happens.

What a change is about stands in its row only while it is at work. A kill leaves the row, and the
next command that changes the house does the rest; every step may be done twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, text, update

from promo import tables
from promo.tables import HouseholdChange

WRITTEN = (  # tables out of which a change deletes
    "lists", "earlier_issues", "redemptions", "reservations", "till_answers", "consents", "cards",
    "shoppers", "runs", "household_changes",
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """A change that is not finished; `work` is empty where only the cleaning is left."""

    id: int
    day: date
    kind: str
    work: dict[str, Any]


def begin(engine: Engine, kind: str, day: date, households: int, work: dict[str, Any]) -> Job:
    """Note what is to be done, before anything is."""
    row = {"day": day, "kind": kind, "state": "begun", "households": households, "work": work}
    with engine.begin() as connection:
        number = connection.execute(
            insert(HouseholdChange).values(**row).returning(HouseholdChange.id)
        ).scalar_one()
    return Job(number, day, kind, work)


def unfinished(engine: Engine) -> list[Job]:
    """What earlier commands began and did not end, oldest first."""
    query = (
        select(HouseholdChange.__table__)
        .where(HouseholdChange.state != "done")
        .order_by(HouseholdChange.id)
    )
    with engine.connect() as connection:
        return [Job(r.id, r.day, r.kind, r.work or {}) for r in connection.execute(query)]


@contextmanager
def alone(engine: Engine, job: Job) -> Iterator[Connection]:
    """A transaction that sees nothing else move; what it deletes is overwritten."""
    with engine.connect() as connection:
        _overwriting(connection)
        if connection.dialect.name != "sqlite":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            # A write first, which on SQLite keeps all others out.
            _set(connection, job, state="begun")
            yield connection


def end(engine: Engine, job: Job) -> str:
    """Name nobody any more, clean the database, and say that it is done; returns a notice."""
    with engine.connect() as connection:
        _overwriting(connection)
        with connection.begin():
            _set(connection, job, state="emptied", work=None)
    notice = _clean(engine)
    with engine.begin() as connection:
        _set(connection, job, state="done")
    return notice


def _overwriting(connection: Connection) -> None:
    """Let SQLite write zeros over what it deletes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("pragma secure_delete=on")
        connection.commit()


def _set(connection: Connection, job: Job, **values: object) -> None:
    connection.execute(update(HouseholdChange).where(HouseholdChange.id == job.id).values(**values))


def _clean(engine: Engine) -> str:
    """Let nothing stay in pages that are free: old rows, and rows that were changed before."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name != "sqlite":
            names = ", ".join(tables.Base.metadata.tables[name].name for name in WRITTEN)
            connection.execute(text(f"vacuum {names}"))
            return ""
        connection.exec_driver_sql("vacuum")
        busy = connection.exec_driver_sql("pragma wal_checkpoint(truncate)").scalar()
        return (
            "Somebody reads the database: its log (promo.db-wal) is emptied when they have ended."
            if busy
            else ""
        )
