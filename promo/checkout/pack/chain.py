r"""How a journal is written: lines of canonical JSON, each chained to all that stand before it.

A line is `JSON TAB chain LF`; its chain is the SHA-256, in hexadecimal, of the chain before it (as
32 bytes; none before the head) and the JSON's bytes. The first line is the head, which says whose
journal this is; each later one is a decision, `{"seq":1,…}`, counted from 1. So every byte is
covered: text by the chain, the chain by being the right one, TAB and LF by their places.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from promo.checkout.pack.changes import Change, read_change
from promo.errors import Sentence

FORMAT = 1
MOST = 1 << 26  # bytes of a line; a basket of 1,000 lines needs a hundredth of it
SECTOR = 512  # what a disk writes whole or not at all, at least
HEX = 64
HOLE = re.compile(rb"\0+")
TEXT = re.compile(rb"[ -~]*")
BEGUN = re.compile(rb"([ -~]+)(?:\t([0-9a-f]*))?")


class JournalError(Sentence):
    """A journal cannot be used, or does not fit what was made from it."""


class Broken(JournalError):
    """A journal is not as it was written; the message says in which line, and where that is."""


@dataclass(frozen=True)
class Place:
    """How far a journal goes, or was read: the last decision, its chain, and where it ends.

    seq: 0 after the head; end: the byte behind its line.
    """

    seq: int
    chain: str
    end: int


@dataclass(frozen=True)
class Head:
    """Whose journal it is. `after` is the last place of the closed journal that it goes on from."""

    journal: str
    stores: Sequence[str]
    made: datetime
    after: Mapping[str, Any] | None = None

    @property
    def text(self) -> bytes:
        """Its JSON."""
        after = {} if self.after is None else {"after": dict(self.after)}
        return as_text({"journal": self.journal, "format": FORMAT, "stores": list(self.stores),
                        "made": self.made.isoformat()} | after)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One decision as it stands in the journal; `place` is where it ends."""

    text: bytes
    place: Place

    @property
    def seq(self) -> int:
        """Its number, from 1."""
        return self.place.seq

    @property
    def chain(self) -> str:
        """SHA-256 of the chain before it and its text, in hexadecimal."""
        return self.place.chain

    @cached_property
    def content(self) -> dict[str, Any]:
        """`seq`, `at`, `verb`, `name` (store, till, day, transaction; or None), `changes`."""
        found: dict[str, Any] = json.loads(self.text)
        return found

    @cached_property
    def changes(self) -> list[Change]:
        """What it did to the tables, in order. Raises ValueError where it says something else."""
        return [read_change(each) for each in self.content["changes"]]


def as_text(content: Mapping[str, Any]) -> bytes:
    """Canonical JSON: keys as they come, no spaces, ASCII, floats as short as they are exact."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()


def chained(before: str, text: bytes) -> str:
    """The chain of a text that follows a chain."""
    return sha256(bytes.fromhex(before) + text).hexdigest()


def line_of(text: bytes, before: str) -> tuple[bytes, str]:
    """A text as a line, and its chain."""
    chain = chained(before, text)
    return b"%b\t%b\n" % (text, chain.encode()), chain


def read_head(file: BinaryIO, path: Path) -> tuple[Head, Place]:
    """The head of a journal, and the place behind it. Raises Broken."""
    raw = file.readline(MOST)
    text = raw[: -HEX - 2]
    line, chain = line_of(text, "")
    if raw != line:
        raise Broken(f"{path} is no journal, or its line 1 (bytes 0 to {len(raw):,}) was changed.")
    said = json.loads(text)
    if said["format"] != FORMAT:
        raise JournalError(f"{path} is of format {said['format']}; this promo reads {FORMAT}.")
    made = datetime.fromisoformat(said["made"])
    head = Head(said["journal"], said["stores"], made, said.get("after"))
    return head, Place(0, chain, len(raw))


@dataclass(frozen=True)
class Tail:
    """What stands behind the last whole line; `whole` if only its LF is missing."""

    start: int
    bytes: bytes
    whole: Record | None = None


def follow(file: BinaryIO, place: Place, path: Path) -> Iterator[Record | Tail]:
    """What stands behind a place, each line checked; at last, if there is one, a torn tail.

    Raises Broken at the first line that is not as it was written.
    """
    file.seek(place.end)
    while raw := file.readline(MOST):
        record = _record(raw, place)
        if record is None:
            tail = _tail(raw + file.read(MOST), place)
            if tail is None:
                raise _broken(path, raw, place)
            yield tail
            return
        yield record
        place = record.place


def _record(raw: bytes, place: Place) -> Record | None:
    """A line as the decision that comes next; None where it is not."""
    text = raw[: -HEX - 2]
    line, chain = line_of(text, place.chain)
    if raw != line or not text.startswith(_beginning(place)):
        return None
    return Record(text, Place(place.seq + 1, chain, place.end + len(raw)))


def _beginning(place: Place) -> bytes:
    return b'{"seq":%d,' % (place.seq + 1)


def _broken(path: Path, raw: bytes, place: Place) -> Broken:
    where = f"line {place.seq + 2:,} (bytes {place.end:,} to {place.end + len(raw):,})"
    return Broken(
        f"{path}, {where}: it is not what was written there; expected decision {place.seq + 1:,}, "
        f"chained to {place.chain[:16]}…. What stands before it is sound. Keep the file as it is, "
        "and find out who or what changed it."
    )


def _tail(tail: bytes, place: Place) -> Tail | None:
    """The rest of a file as what a power cut leaves of one line; None where it cannot be that.

    One line at most is being written. A disk may have taken its beginning, and also some of its
    sectors and not others: these read as zeros.
    """
    holes = [(hole.start(), hole.end()) for hole in HOLE.finditer(tail)]
    if not holes:
        return _begun(tail, place)
    if b"\n" in tail[:-1] or not all(_is_hole(at, tail, place.end) for at in holes):
        return None
    first = tail[: holes[0][0]]
    if (first and _begun(first, place) is None) or _is_whole(first, place):
        return None
    others = HOLE.sub(b"", tail[holes[0][1] :]).removesuffix(b"\n").replace(b"\t", b"", 1)
    return Tail(place.end, tail) if TEXT.fullmatch(others) else None


def _is_hole(at: tuple[int, int], tail: bytes, start: int) -> bool:
    """Whether zeros reach from a sector's edge, or the line's, to another; one alone does not."""
    first, end = at
    if end == len(tail):
        return first == 0 or (start + first) % SECTOR == 0
    return end - first > 1 and (start + end) % SECTOR == 0 and (
        first == 0 or (start + first) % SECTOR == 0
    )  # fmt: skip


def _begun(tail: bytes, place: Place) -> Tail | None:
    found = BEGUN.fullmatch(tail)
    if found is None:
        return None
    text, chain = found[1], found[2]
    beginning = _beginning(place)
    if not (text.startswith(beginning) or (chain is None and beginning.startswith(text))):
        return None
    if chain is None:
        return Tail(place.end, tail)
    if not chained(place.chain, text).startswith(chain.decode()):
        return None
    return Tail(place.end, tail, _record(tail + b"\n", place))


def _is_whole(tail: bytes, place: Place) -> bool:
    return _record(tail + b"\n", place) is not None
