"""Running checks: what one look finds counts when a second look finds it, too.

The database is seen as it was at one moment, files are seen as they are. While a night, a till or
an ingest is at work the two may differ for a while; what is really wrong is still wrong when both
are looked at again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from time import monotonic
from typing import Any

import polars as pl
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from promo.checking.findings import LOOK, WRONG, Check, Finding
from promo.checking.look import Look
from promo.config import Settings
from promo.database import snapshot
from promo.errors import Sentence
from promo.files import Holder

MOST = 1000  # findings of a check that are kept; others are counted


@dataclass(frozen=True)
class Asked:
    """What is to be looked at: which checks, when, and whether samples will do."""

    checks: Sequence[Check]
    now: datetime
    today: date
    quick: bool = False


@dataclass(frozen=True)
class Result:
    """What a check found: findings, and how many more of them it counted."""

    check: Check
    findings: tuple[Finding, ...] = ()
    more: int = 0
    seconds: float = 0.0

    @property
    def level(self) -> str | None:
        """The worst level of the findings; None where there are none."""
        levels = {finding.level for finding in self.findings}
        return WRONG if WRONG in levels else LOOK if levels else None

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "check": self.check.name, "holds": self.check.holds, "level": self.level or "ok",
            "findings": [finding.as_dict() for finding in self.findings], "more": self.more,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


def run(settings: Settings, engine: Engine, asked: Asked) -> Iterator[Result]:
    """Run checks one after the other on one moment of the database; yields as each is done."""
    left = list(asked.checks)
    while left:
        with snapshot(engine) as connection:
            look = Look(settings, connection, asked.now, asked.today, asked.quick)
            while left:
                check, begun = left.pop(0), monotonic()
                found = _found(check, look)
                if found.findings:
                    found = _again(settings, engine, asked, found, look)
                yield replace(found, seconds=monotonic() - begun)
                if _is_broken(found):
                    break  # the transaction is of no more use


def _found(check: Check, look: Look) -> Result:
    kept, more = list[Finding](), 0
    try:
        every = iter(check.find(look))
        kept = list(islice(every, MOST))
        more = sum(1 for _ in every)
    except (SQLAlchemyError, OSError, ValueError, Sentence, pl.exceptions.PolarsError) as error:
        kept.append(_undone(check, error))
    return Result(check, tuple(dict.fromkeys(kept)), more)


UNDONE = "could not be done:"


def _undone(check: Check, error: Exception) -> Finding:
    cause = str(getattr(error, "orig", None) or error).strip().splitlines() or [""]
    return Finding(
        f"The check `{check.name}`", UNDONE, f"{type(error).__name__}: {cause[0]}",
        "to read everything that it looks at",
        "See what cannot be read, mend or restore that, and check again.",
    )  # fmt: skip


def _is_broken(found: Result) -> bool:
    return any(finding.what == UNDONE for finding in found.findings)


def _again(settings: Settings, engine: Engine, asked: Asked, found: Result, first: Look) -> Result:
    """What a second look finds, too; less sure while a command is at work through both."""
    with snapshot(engine) as connection:
        look = Look(settings, connection, asked.now, asked.today, asked.quick)
        again = _found(found.check, look)
        holder = look.holder if look.holder and look.holder == first.holder else None
    same = set(again.findings)
    kept = tuple(finding for finding in found.findings if finding in same)
    return replace(found, findings=tuple(_unsure(kept, holder)), more=min(found.more, again.more))


def _unsure(findings: Iterable[Finding], holder: Holder | None) -> Iterator[Finding]:
    for finding in findings:
        if holder is None or not finding.moves:
            yield finding
        else:
            who = f"promo {holder.who} (process {holder.process})"
            todo = f"{who} is at work: check again when it is done. {finding.todo}"
            yield replace(finding, level=LOOK, todo=todo)
