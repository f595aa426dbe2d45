"""Reading a journal: all of it, from a decision on, or from where something made from it is."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from promo.checkout.pack.chain import (
    HEX,
    MOST,
    Broken,
    Head,
    JournalError,
    Kept,
    Place,
    Record,
    next_record,
    read_head,
)
from promo.checkout.pack.torn import Tail, tail_of

NEAR = 1 << 16  # bytes that are read through rather than halved
NUMBERED = re.compile(rb'\{"seq":(\d+),[ -~]*\t([0-9a-f]{64})\n')


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
    with opened(path) as file:
        return verify_file(file, path)


def verify_file(file: BinaryIO, path: Path) -> Report:
    """The same of a file that is open; path: what it is called."""
    head, place = read_head(file, path)
    torn = 0
    for each in follow(file, place, path):
        whole = each if isinstance(each, Record) else each.whole
        if whole is not None:
            place = whole.place
        elif isinstance(each, Tail):
            torn = len(each.bytes)
    return Report(head, place, torn)


def records(path: Path, after: int = 0) -> Iterator[Record]:
    """A journal's decisions after a number, each checked. Raises JournalError.

    It may be written meanwhile: only what is on the disk is told. Head office could not believe a
    store that forgot, in a power cut, what it had told already.
    """
    with opened(path) as file:
        size = file.seek(0, os.SEEK_END)
        os.fsync(file.fileno())
        file.seek(0)
        _, place = read_head(file, path)
        for each in follow(file, find(file, place, after, path), path):
            if not isinstance(each, Record) or each.place.end > size:
                break
            yield each


def begun(path: Path) -> tuple[Head, Place]:
    """Whose journal it is, and the place before its first decision. Raises JournalError."""
    with opened(path) as file:
        return read_head(file, path)


def opened(path: Path) -> BinaryIO:
    """A journal to be read. Raises JournalError."""
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
        for each in islice(follow(file, low, path), seq - low.seq):
            if isinstance(each, Record):
                low = each.place
    return low


def _whole_line_behind(file: BinaryIO, at: int) -> Place | None:
    """Where the first line that begins behind a byte ends."""
    file.seek(at)
    file.readline(MOST)
    found = NUMBERED.fullmatch(file.readline(MOST))
    return None if found is None else Place(int(found[1]), found[2].decode(), file.tell())


def follow(file: BinaryIO, place: Place, path: Path) -> Iterator[Record | Tail]:
    """What stands behind a place, each line checked; at last, if there is one, a torn tail.

    Raises Broken at the first line that is not as it was written.
    """
    file.seek(place.end)
    while raw := file.readline(MOST):
        record = next_record(raw, place)
        if record is None:
            tail = None if file.read(1) else tail_of(raw, place)
            if tail is None:
                raise _broken(path, raw, place)
            yield tail
            return
        yield record
        place = record.place


def _broken(path: Path, raw: bytes, place: Place) -> Broken:
    where = f"line {place.seq + 2:,} (bytes {place.end:,} to {place.end + len(raw):,})"
    return Broken(
        f"{path}, {where}: it is not what was written there; expected decision {place.seq + 1:,}, "
        f"chained to {place.chain[:16]}…. What stands before it is sound. Keep the file as it is, "
        "and find out who or what changed it."
    )


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
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, kept.end - HEX - 1))
    if file.read(HEX + 1) != f"{kept.chain}\n".encode():
        what = f"which ends at byte {size:,}" if size < kept.end else "which is another there"
        raise JournalError(ahead(path, since, what))
    return kept


def ahead(path: Path, since: Kept, what: str) -> str:
    """What is said of a journal that does not have what was made from it."""
    return (
        f"store.db has the decisions up to {since.place.seq:,} of {path} "
        f"(byte {since.place.end:,}), {what}: decisions were lost or changed. Bring the journal "
        "back; nothing was written."
    )
