"""One worker of a print: a press and an engine of its own, one volume after the other.

A volume is there as a whole or not at all, and beside it a record of what it was made from, so
that a print which died is taken up where it was.
"""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, Row

from promo import database
from promo.config import Settings
from promo.files import sha256, write_text
from promo.lists import stored
from promo.lists.codes.keys import CodeKeys
from promo.lists.press.formats import FORMATS, Entry, Heading
from promo.lists.press.press import Press
from promo.lists.sheet import restored
from promo.offers.known import ListId

if TYPE_CHECKING:
    from hashlib import _Hash as Digest

RECORDS = ".made"  # folder of the records, within the one that is printed into


@dataclass(frozen=True)
class Shop:
    """What a worker needs to print; goes through a pipe to processes, never to disk."""

    settings: Settings
    keys: CodeKeys
    url: str = field(repr=False)
    made_from: str  # digest of all that every list is made from: templates, settings, program
    press: Callable[[Settings], Press] = Press


@dataclass(frozen=True)
class Volume:
    """A file to be printed: `path` counts from the folder that is printed into."""

    path: str
    format: str
    ids: tuple[ListId, ...]
    heading: Heading


@dataclass(frozen=True)
class Record:
    """A volume that is printed: its bytes' digest, its entries, and what it was made from."""

    made_from: str
    sha256: str
    entries: tuple[Entry, ...]

    @staticmethod
    def path(folder: Path, volume: str) -> Path:
        """Where the record of a volume lies."""
        return folder / RECORDS / f"{volume.replace('/', '@')}.json"

    @classmethod
    def read(cls, folder: Path, volume: str) -> "Record | None":
        """The record of a volume; None where there is none, or none that can be read."""
        try:
            raw = json.loads(cls.path(folder, volume).read_text(encoding="utf-8"))
            entries = tuple(Entry(*entry) for entry in raw["entries"])
            return cls(raw["made_from"], raw["sha256"], entries)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, folder: Path, volume: str) -> None:
        """Say that the volume is there."""
        write_text(self.path(folder, volume), json.dumps(vars(self)))

    def holds(self, path: Path) -> bool:
        """Whether the file is the one that was printed."""
        return path.is_file() and sha256(path) == self.sha256


class Worker:
    """Prints volumes. The engine and the press are made when they are first needed."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    @cached_property
    def engine(self) -> Engine:
        """The worker's own connections."""
        return database.connect(self.shop.url)

    @cached_property
    def press(self) -> Press:
        """The worker's own press."""
        return self.shop.press(self.shop.settings)

    def print(self, volume: Volume, folder: Path) -> None:
        """Print a volume and record it, unless it is there already, made from the same."""
        known = Record.read(folder, volume.path)
        if known and known.made_from == self._digest(volume) and known.holds(folder / volume.path):
            return
        digest = self._begun(volume)
        form, path = FORMATS[volume.format], folder / volume.path
        with self.engine.connect() as reading:
            rows = _counted(stored.rows(reading, volume.ids), digest)
            settings, keys = self.shop.settings, self.shop.keys
            sheets = (restored(row, keys, settings) for row in rows)
            entries = form.write(sheets, path, self.press, volume.heading)
        record = Record(digest.hexdigest(), sha256(path), tuple(entries))
        record.write(folder, volume.path)

    def _digest(self, volume: Volume) -> str:
        """What the volume would be made from now."""
        digest = self._begun(volume)
        with self.engine.connect() as reading:
            for _ in _counted(stored.rows(reading, volume.ids), digest):
                pass
        return digest.hexdigest()

    def _begun(self, volume: Volume) -> "Digest":
        about = (self.shop.made_from, volume.path, volume.format, volume.heading)
        return hashlib.sha256(repr(about).encode())

    def close(self) -> None:
        """Let the connections go."""
        self.engine.dispose()


def _counted(rows: Iterable[Row[Any]], digest: "Digest") -> Iterator[Row[Any]]:
    """The rows as they come, each added to a digest."""
    for row in rows:
        facts, content = row[:-1], row[-1]  # which is long, and needs no marks around it
        digest.update(f"{tuple(facts)}{content}".encode("utf-8", "surrogatepass"))
        yield row


_OWN: list[Worker] = []  # the worker of this process, where it is one


def begin(shop: Shop) -> None:
    """Make this process a worker; it ends when the process that started it does, however."""
    _OWN[:] = [Worker(shop)]
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def work(volume: Volume, folder: Path) -> str:
    """Print a volume in a worker's process; returns its path."""
    _OWN[0].print(volume, folder)
    return volume.path
