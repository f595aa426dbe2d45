r"""How a journal is written: lines of canonical JSON, each chained to all that stand before it.

A line is `JSON TAB chain LF`; its chain is the SHA-256, in hexadecimal, of the chain before it (as
32 bytes; none before the head) and the JSON's bytes. The first line is the head, which says whose
journal this is; each later one is a decision, `{"seq":1,…}`, counted from 1. So every byte is
covered: text by the chain, the chain by being the right one, TAB and LF by their places.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from promo.errors import Sentence

if TYPE_CHECKING:
    from promo.checkout.pack.changes import Change

FORMAT = 1
MOST = 1 << 26  # bytes of a line; a basket of 1,000 lines needs a hundredth of it
HEX = 64


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
class Kept:
    """How far something made from a journal is."""

    journal: str
    place: Place

    def said(self) -> dict[str, object]:
        """As the head of the journal that goes on from there says it."""
        return {"journal": self.journal, "seq": self.place.seq, "chain": self.place.chain}


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
    def changes(self) -> "list[Change]":
        """What it did to the tables, in order. Raises JournalError where it says nothing known."""
        from promo.checkout.pack.changes import read_change  # knows the tables: slow to import

        try:
            return [read_change(each) for each in self.content["changes"]]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise JournalError(
                f"Decision {self.seq:,} is none that this promo can read: {error}. Expected "
                "changes of its tables; a newer promo may have written it."
            ) from None


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
    try:
        if raw != line:
            raise ValueError
        said = json.loads(text)
        form, made = said["format"], datetime.fromisoformat(said["made"])
        head = Head(said["journal"], said["stores"], made, said.get("after"))
    except (ValueError, KeyError, TypeError):
        raise Broken(
            f"{path}, line 1 (bytes 0 to {len(raw):,}): it is not the head of a journal, or was "
            "changed."
        ) from None
    if form != FORMAT:
        raise JournalError(f"{path} is of format {form}; this promo reads format {FORMAT}.")
    return head, Place(0, chain, len(raw))


def next_record(raw: bytes, place: Place) -> Record | None:
    """A line as the decision that comes after a place; None where it is not."""
    text = raw[: -HEX - 2]
    line, chain = line_of(text, place.chain)
    if raw != line or not text.startswith(beginning(place)):
        return None
    return Record(text, Place(place.seq + 1, chain, place.end + len(raw)))


def beginning(place: Place) -> bytes:
    """How the decision after a place begins."""
    return b'{"seq":%d,' % (place.seq + 1)
