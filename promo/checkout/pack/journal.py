"""The journal: an append-only file that has each decision on disk before the till hears of it."""

import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from promo import files
from promo.checkout.pack.chain import (
    MOST,
    Head,
    JournalError,
    Kept,
    Place,
    Record,
    as_text,
    line_of,
    read_head,
)
from promo.checkout.pack.journal_reading import Report, ahead, follow, records, since_place, verify
from promo.checkout.pack.torn import Tail

__all__ = ["Failed", "Journal", "Kept", "Line", "Report", "begin", "records", "verify"]


class Failed(JournalError):
    """The disk may not have taken what it was given: nothing more is written by this process."""


class Line(NamedTuple):
    """A line to be written, the place that it follows, and the one that it ends at."""

    raw: bytes
    before: Place
    after: Place


class Journal:
    """A journal that is being written, by this process alone; several threads may append."""

    def __init__(self, path: Path, descriptor: int, head: Head, place: Place) -> None:
        self.path = path
        self.head = head
        self.place = place  # behind the last decision
        # Who changes what is made from it waits here: asking SQLite again and again is unfair.
        self.turn = threading.Lock()
        self.mended = ""  # what was done to what a power cut had left, in a sentence
        self._descriptor = descriptor
        self._held = ExitStack()
        self._lock = threading.RLock()
        self._failed = ""

    @classmethod
    def open(
        cls, path: Path, stores: Sequence[str], now: datetime, since: Kept | None = None
    ) -> "Journal":
        """Open a journal to write it, made if there is none; what a power cut left is put right.

        since: how far something made from it is. What stands before that is taken as read; it is
        an error where the journal does not reach so far, or is another one. Raises JournalError,
        Busy where another process writes it.
        """
        with ExitStack() as held:
            held.enter_context(alone(path))
            if not path.exists():
                if since is not None:
                    raise JournalError(ahead(path, since, "which is not there"))
                begin(path, Head(secrets.token_hex(16), stores, now))
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            held.callback(os.close, descriptor)
            # What a killed process wrote may be read and yet not be on the disk.
            os.fsync(descriptor)
            files.sync(path.parent)
            journal = cls._read(path, descriptor, stores, since)
            journal._held = held.pop_all()
        return journal

    @classmethod
    def _read(
        cls, path: Path, descriptor: int, stores: Sequence[str], since: Kept | None
    ) -> "Journal":
        with path.open("rb") as file:
            head, first = read_head(file, path)
            if not set(head.stores) & set(stores):
                raise JournalError(
                    f"{path} is the journal of store {', '.join(head.stores)}; "
                    f"expected that of store {', '.join(stores)}."
                )
            journal = cls(path, descriptor, head, since_place(file, path, head, first, since))
            for each in follow(file, journal.place, path):
                if isinstance(each, Tail):
                    journal._mend(each)
                else:
                    journal.place = each.place
        return journal

    def _mend(self, tail: Tail) -> None:
        """Put right what a power cut left of the last line: only that was never acknowledged."""
        if tail.whole is not None:
            os.write(self._descriptor, b"\n")
            self.place = tail.whole.place
            self.mended = f"{self.path}: decision {self.place.seq:,} had no line's end; it has one."
        else:
            os.ftruncate(self._descriptor, tail.start)
            self.mended = (
                f"{self.path}: {len(tail.bytes):,} bytes behind decision {self.place.seq:,} were "
                "cut off; they were being written when the machine stopped, and nobody had been "
                "answered."
            )
        os.fsync(self._descriptor)

    def next_line(self, content: Mapping[str, Any]) -> Line:
        """A decision as the line that `write` would write now. Raises JournalError: too large."""
        before = self.place
        text = as_text({"seq": before.seq + 1} | dict(content))
        raw, chain = line_of(text, before.chain)
        if len(raw) > MOST:
            raise JournalError(f"A decision has {len(raw):,} bytes; expected {MOST:,} at most.")
        return Line(raw, before, Place(before.seq + 1, chain, before.end + len(raw)))

    def write(self, line: Line) -> None:
        """Append a line, and return when the disk has it.

        Raises OSError where it does not take it, and the journal is as it was; Failed, from then
        on, where nobody knows whether it took it. Such a line is left as it is: whoever reads the
        journal may have it already, and it counts if it is there at the next start.
        """
        with self._lock:
            self._check(line)
            try:
                self._write(line.raw)
            except BaseException:
                self._undo(line.before)
                raise
            self._sync()
            self.place = line.after

    def append(self, content: Mapping[str, Any]) -> int:
        """Write a decision; its number. Raises as `write` does."""
        with self._lock:
            line = self.next_line(content)
            self.write(line)
        return line.after.seq

    def _check(self, line: Line) -> None:
        about = os.fstat(self._descriptor)
        if not self._failed and (about.st_size != self.place.end or not about.st_nlink):
            self._failed = f"{self.path} was changed or taken away by somebody else"
        if self._failed:
            raise Failed(f"{self._failed}: nothing more is written. Mend that, then start again.")
        if line.before != self.place:
            raise ValueError(f"the line was made behind {line.before.seq}, not {self.place.seq}")

    def _write(self, raw: bytes) -> None:
        left = memoryview(raw)
        while left:
            left = left[os.write(self._descriptor, left) :]

    def _sync(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            # The system may have dropped what it could not write: asking twice proves nothing.
            self._failed = f"The disk may not have taken what was written to {self.path} ({error})"
            raise

    def _undo(self, before: Place) -> None:
        try:
            os.ftruncate(self._descriptor, before.end)
            self._sync()
        except OSError as error:
            self._failed = f"{self.path} ends in the middle of a line ({error})"

    def records(self, after: int = 0) -> Iterator[Record]:
        """The decisions after a number that are on the disk now. Raises JournalError."""
        count = self.place.seq - after
        return islice(records(self.path, after), max(0, count))

    def close(self) -> None:
        """Let others write it."""
        self._held.close()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def begin(path: Path, head: Head) -> None:
    """Write a journal that has no decisions yet, complete or not at all."""
    with files.replacing(path) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_bytes(line_of(head.text, "")[0])


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep all others from writing a journal while the block runs. Raises Busy."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        with files.only_one(lock, "journal"):
            yield
    except files.Busy:
        who = files.holder(lock)
        named = f"process {who.process}" if who else "another process"
        raise files.Busy(
            f"{path} is written by {named}; only one may. End that one first."
        ) from None
