"""The attempts that belong to a morning, and what became of the files that came in."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from promo import tables
from promo.files import holder
from promo.status.facts import AT_WORK, KILLED, File, RejectKind, Stage, Try
from promo.waiting import HOUSE, NIGHT

TABLE = tables.Attempt
NIGHTLY = "nightly"


class Tries(NamedTuple):
    """A night's own tries, and those of other commands since the night before."""

    nightly: tuple[Try, ...]
    others: tuple[Try, ...]


def of_night(connection: Connection, night: date, state: Path, zone: ZoneInfo) -> Tries:
    """What was tried for a night; the others begin after the last try of an earlier night and end
    before the first of a later one. Told by the order of the rows, whatever the clocks said.
    """
    ids = TABLE.id
    own = select(func.min(ids)).where(TABLE.command == NIGHTLY, TABLE.night == night)
    first = connection.execute(own).scalar()
    before = select(func.max(ids)).where(TABLE.command == NIGHTLY, TABLE.night < night)
    if first is not None:
        before = before.where(ids < first)
    since = connection.execute(before).scalar() or 0
    after = select(func.min(ids)).where(
        TABLE.command == NIGHTLY, TABLE.night > night, ids > (first or since)
    )
    until = connection.execute(after).scalar()
    query = select(TABLE.__table__).where(
        (ids > since) & ((ids < until) if until is not None else True)
        | ((TABLE.command == NIGHTLY) & (TABLE.night == night))
    )
    rows = connection.execute(query.order_by(ids)).all()
    found = [_try(row, state, zone) for row in rows]
    return Tries(
        tuple(each for each in found if each.command == NIGHTLY and each.night == night),
        tuple(each for each in found if each.command != NIGHTLY),
    )


def _try(row: Any, state: Path, zone: ZoneInfo) -> Try:
    return Try(
        row.id, row.command, row.night, row.process, row.began.astimezone(zone),
        row.ended and row.ended.astimezone(zone), _state(row, state), row.code, row.sentence,
        tuple(Stage(s["stage"], s.get("seconds"), s.get("facts", {})) for s in row.stages),
        row.facts,
    )  # fmt: skip


def _state(row: Any, state: Path) -> str:
    if row.outcome is not None:
        return str(row.outcome)
    lock = NIGHT if row.command == NIGHTLY else HOUSE
    found = holder(state / lock)
    return AT_WORK if found and found.process == row.process else KILLED


def files_of(tries: Iterable[Try]) -> tuple[File, ...]:
    """The files that `promo ingest` took in or refused, in their order."""
    return tuple(
        _file(one, each) for each in tries for one in each.facts.get("files", ())
        if each.command == "ingest"
    )  # fmt: skip


def _file(one: dict[str, Any], of: Try) -> File:
    kinds = (RejectKind(one["table"], k["field"], k["expected"], k["lines"]) for k in one["kinds"])
    return File(
        one["source"], one["table"], one["delivery"], one["lines"], one["rows"], one["repeats"],
        one["rejects"], one["taken"], of.ended or of.began, tuple(kinds),
    )  # fmt: skip
