"""Closing a journal that head office has all of, and beginning the next one.

Beside `journal` lies `journal.sent`, which says how far head office has it. A closed journal is
kept as `journal.` and its id: the next one's head names its last decision, so that they are one
chain, and a `store.db` can be made again from all that lie there.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from promo import files
from promo.checkout.pack.chain import Head, JournalError, Kept, Place, read_head
from promo.checkout.pack.journal import alone, begin
from promo.checkout.pack.journal_reading import begun, find, opened, verify


@dataclass(frozen=True)
class Closed:
    """A closed journal, and the number of its last decision."""

    path: Path
    seq: int


def mark_sent(path: Path, kept: Kept) -> None:
    """Keep up to which decision head office has a journal, as it has said itself."""
    said = kept.said() | {"end": kept.place.end}
    files.write_text(_mark(path), json.dumps(said) + "\n")


def place_of(path: Path, seq: int) -> Kept:
    """Where a decision of a journal ends. Raises JournalError where it does not go so far."""
    with opened(path) as file:
        head, first = read_head(file, path)
        place = find(file, first, seq, path)
    if place.seq != seq:
        raise JournalError(f"{path} ends with decision {place.seq:,}; it has no {seq:,}.")
    return Kept(head.journal, place)


def sent(path: Path) -> Kept:
    """How far head office is known to have a journal. Raises JournalError.

    A mark of another journal says nothing of this one; one that was lost costs a question.
    """
    head, first = begun(path)
    try:
        said = json.loads(_mark(path).read_text(encoding="utf-8"))
        place = Place(int(said["seq"]), str(said["chain"]), int(said["end"]))
        if said["journal"] == head.journal:
            return Kept(head.journal, place)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        pass
    return Kept(head.journal, first)


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.sent")


def close(path: Path, now: datetime) -> Path:
    """Put a journal aside and begin the next one; returns where the closed one is.

    There is a journal at `path` at any instant, the old one or the new one. Raises JournalError
    where it is not sound or head office is not known to have all of it, Busy where it is written.
    """
    with alone(path):
        report = verify(path)
        last = Kept(report.head.journal, report.place)
        known = sent(path)
        if report.torn:
            raise JournalError(
                f"{path} ends with {report.torn:,} bytes that are no whole decision. Start the "
                "service once, which cuts them off."
            )
        if known != last:
            missing = last.place.seq - known.place.seq
            which = "the last decision" if missing == 1 else f"the last {missing:,} decisions"
            raise JournalError(
                f"Head office is not known to have {which} of {path}. Run "
                f"`promo journal send {path}`, then close it. It was left as it is."
            )
        aside = _aside(path, last.journal)
        aside.unlink(missing_ok=True)  # of a closing that did not come to its end: the same file
        os.link(path, aside)
        files.sync(path.parent)
        begin(path, Head(secrets.token_hex(16), report.head.stores, now, last.said()))
    return aside


def _aside(path: Path, journal: str) -> Path:
    return path.with_name(f"{path.name}.{journal}")


def closed_before(path: Path) -> list[Path]:
    """The closed journals that one goes on from, oldest first, as far back as they lie there.

    Raises JournalError where one of them does not end where the next one says.
    """
    found: list[Path] = []
    head = begun(path)[0] if path.exists() else None
    while head is not None and head.after is not None:
        aside = _aside(path, head.after["journal"])
        if not aside.exists():
            break
        _check_end(aside, head.after)
        found.append(aside)
        head = begun(aside)[0]
    return found[::-1]


def just_before(path: Path) -> Closed | None:
    """The closed journal that one, closed or not, goes on from, if it lies there."""
    head = begun(path)[0]
    if head.after is None:
        return None
    in_use = path.with_name(path.name.removesuffix(f".{head.journal}"))
    aside = _aside(in_use, head.after["journal"])
    return Closed(aside, head.after["seq"]) if aside.exists() else None


def _check_end(path: Path, after: Mapping[str, Any]) -> None:
    if place_of(path, after["seq"]).said() != after:
        raise JournalError(
            f"{path} does not end with the decision that the next journal names. Run `promo "
            "journal verify` on it."
        )
