"""The journal: an append-only file that has each decision on disk before the till hears of it."""

import os
import re
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from promo import files
from promo.checkout.pack.chain import (
    HEX,
    MOST,
    Head,
    JournalError,
    Place,
    Record,
    Tail,
    as_text,
    follow,
    line_of,
    read_head,
)

NEAR = 1 << 16  # bytes that are read through rather than halved
NUMBERED = re.compile(rb'\{"seq":(\d+),')


class Failed(JournalError):
    """The disk may not have taken what it was given: nothing more is written by this process."""


@dataclass(frozen=True)
class Kept:
    """How far something made from a journal is."""

    journal: str
    place: Place

    def said(self) -> dict[str, object]:
        """As the head of the journal that goes on from there says it."""
        return {"journal": self.journal, "seq": self.place.seq, "chain": self.place.chain}


class Line(NamedTuple):
    """A line to be written, the place that it follows, and the one that it ends at."""

    raw: bytes
    before: Place
    after: Place


@dataclass(frozen=True)
class Report:
    """What a journal holds: its head, how far it is sound, and bytes that a power cut left."""

    head: Head
    place: Place
    torn: int


def verify(path: Path) -> Report:
    """Read a whole journal and check every byte of it, without changing it.

    Raises JournalError; Broken where it is not as it was written.
    """
    with _opened(path) as file:
        head, place = read_head(file, path)
        for each in follow(file, place, path):
            if isinstance(each, Record):
                place = each.place
            elif each.whole is not None:
                place = each.whole.place
            else:
                return Report(head, place, len(each.bytes))
    return Report(head, place, 0)


def records(path: Path, after: int = 0) -> Iterator[Record]:
    """A journal's decisions after a number, each checked. Raises JournalError.

    It may be written meanwhile: what is not there whole yet is not told.
    """
    with _opened(path) as file:
        _, place = read_head(file, path)
        for each in follow(file, find(file, place, after, path), path):
            if isinstance(each, Record):
                yield each


def head_of(path: Path) -> Head:
    """Whose journal it is. Raises JournalError."""
    with _opened(path) as file:
        return read_head(file, path)[0]


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except (FileNotFoundError, IsADirectoryError):
        raise JournalError(f"There is no journal {path}.") from None


def find(file: BinaryIO, first: Place, seq: int, path: Path) -> Place:
    """Where a decision ends, found by halving; of a number that is not there, where the last does.

    first: the place behind the head. What stands before is not read, so its chain is not checked.
    Raises Broken.
    """
    low, high = first, file.seek(0, os.SEEK_END)
    while high - low.end > NEAR:
        middle = (low.end + high) // 2
        found = _whole_line_behind(file, middle)
        if found is None or found.seq > seq:
            high = middle
        else:
            low = found
    if low.seq < seq:
        for each in follow(file, low, path):
            if isinstance(each, Tail):
                break
            low = each.place
            if low.seq == seq:
                break
    return low


def _whole_line_behind(file: BinaryIO, at: int) -> Place | None:
    """Where the first line that begins behind a byte ends."""
    file.seek(at)
    file.readline(MOST)
    raw = file.readline(MOST)
    found = NUMBERED.match(raw)
    if found is None or not raw.endswith(b"\n"):
        return None
    return Place(int(found[1]), raw[-HEX - 1 : -1].decode("ascii", "replace"), file.tell())


class Journal:
    """A journal that is being written, by this process alone; several threads may append."""

    def __init__(self, path: Path, descriptor: int, head: Head, place: Place) -> None:
        self.path = path
        self.head = head
        self.place = place  # behind the last decision
        self.mended = ""  # what was done to what a power cut had left, in a sentence
        self._descriptor = descriptor
        self._held = ExitStack()
        self._lock = threading.Lock()
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
            held.enter_context(_alone(path))
            if not path.exists():
                if since is not None:
                    raise JournalError(_ahead(path, since, "which is not there"))
                begin(path, Head(secrets.token_hex(16), stores, now))
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            held.callback(os.close, descriptor)
            journal = cls._read(path, descriptor, stores, since)
            journal._held = held.pop_all()
        return journal

    @classmethod
    def _read(
        cls, path: Path, descriptor: int, stores: Sequence[str], since: Kept | None
    ) -> "Journal":
        with path.open("rb") as file:
            head, first = read_head(file, path)
            if list(head.stores) != list(stores):
                raise JournalError(
                    f"{path} is the journal of store {', '.join(head.stores)}; "
                    f"expected store {', '.join(stores)}."
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
        """A decision as the line that `write` would write now."""
        before = self.place
        text = as_text({"seq": before.seq + 1} | dict(content))
        raw, chain = line_of(text, before.chain)
        return Line(raw, before, Place(before.seq + 1, chain, before.end + len(raw)))

    def write(self, line: Line) -> None:
        """Append a line, and return when the disk has it.

        Raises OSError where it does not take it, and the journal is as it was; Failed where it may
        have taken a part of it, and from then on.
        """
        with self._lock:
            self._check(line)
            try:
                self._write(line.raw)
            except OSError as error:
                self._undo(line.before, error)
                raise
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                # The system may have dropped what it could not write: asking twice proves nothing.
                self._failed = f"{error.strerror}, when {self.path} was to be on the disk"
                self._undo(line.before, error)
                raise
            self.place = line.after

    def append(self, content: Mapping[str, Any]) -> int:
        """Write a decision; its number. Raises as `write` does."""
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

    def _undo(self, before: Place, error: OSError) -> None:
        try:
            os.ftruncate(self._descriptor, before.end)
            os.fsync(self._descriptor)
        except OSError:
            self._failed = f"{error.strerror}, in the middle of a line of {self.path}"

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


def since_place(file: BinaryIO, path: Path, head: Head, first: Place, since: Kept | None) -> Place:
    """From where on a journal is to be read for something that was made from it up to `since`.

    Raises JournalError where that is of another journal, or goes beyond this one.
    """
    if since is None or head.after == since.said():
        return first
    if since.journal != head.journal:
        raise JournalError(
            f"{path} is journal {head.journal}, and store.db was made from {since.journal}. Bring "
            "that one back; or move store.db away, which is then made anew."
        )
    kept = since.place
    file.seek(max(0, kept.end - HEX - 1))
    if file.read(HEX + 1) != f"{kept.chain}\n".encode():
        ends = (
            f"which ends before that, at byte {size:,}"
            if (size := file.seek(0, os.SEEK_END)) < kept.end
            else "which is not what it was there"
        )
        raise JournalError(_ahead(path, since, ends))
    return kept


def _ahead(path: Path, since: Kept, what: str) -> str:
    return (
        f"store.db has the decisions up to {since.place.seq:,} of {path} "
        f"(byte {since.place.end:,}), {what}: decisions were lost or changed. Bring the journal "
        "back; nothing was written."
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
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
