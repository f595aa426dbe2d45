"""A pack that is open: proven to the last byte, and asked for lists by code and by card.

Only the SQLite file's pages are read that a question needs; items of offers and words are made when
the first list needs them, and then shared by all.
"""

import os
import sqlite3
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pydantic_core import from_json

from promo.checkout.finding_lists import Stored
from promo.checkout.pack import footer, layout
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.footer import Footer
from promo.checkout.pack.keys import PublicKeys
from promo.lists.codes import code_of
from promo.lists.codes.keys import CodeKeys

WINDOW, PER_KEY, _new = layout.WINDOW, layout.PER_KEY, tuple.__new__
READ_ONLY = "?mode=ro&immutable=1"
AHEAD = timedelta(minutes=15)  # that head office's clock may be before this machine's
# Of a file's pages, KiB: lists lie all over a pack, and most of SQLite's time goes into fetching
# pages. Not by mapping the file: a disk that fails would then kill the process.
CACHE = 128 * 1024
IN_BASE = "select row from pack.lists where id = ?"
IN_DELTA = "select row from delta.lists where id = ?"
CARD_IN_BASE = "select lists from pack.cards where card = ?"
CARD_IN_DELTA = "select lists from delta.cards where card = ?"
FACE = """select item from delta.faces where id = ?1
union all select item from pack.faces where id = ?1"""
WORD = """select said from delta.words where id = ?1
union all select said from pack.words where id = ?1"""
Item = dict[str, Any]


class Packed(Stored):
    """A list of a pack. Its days and its state are there, the rest is made when it is asked for.

    In the tuple stand in the places of the rest what it is made from: the pack, the row's bytes.
    """

    __slots__ = ()

    @property
    def code(self) -> str:
        """The list's code of 33 digits, made anew from the chain's keys."""
        return code_of(self._pack.codes, self.key_id, self.counter)

    @property
    def store(self) -> str:
        """The id of the store that the list was made for."""
        return self._pack.stores[self._header[1]]

    @property
    def shopper(self) -> str:
        """The household's number."""
        return str(self._header[2])

    @property
    def worth(self) -> int:
        """What all offers take off, each used as often as it may, in minor units."""
        return self._pack.worth_of(self._raw)

    @property
    def content(self) -> dict[str, Any]:
        """`offers` and `due` as tills see them; the offers' items are shared: do not change them.

        No probability stands in a pack: it is 0 here.
        """
        return self._pack.content_of(self._raw)

    @property
    def _pack(self) -> "Pack":
        pack: Pack = self[2]  # type: ignore[assignment]
        return pack

    @property
    def _raw(self) -> bytes:
        raw: bytes = self[8]  # type: ignore[assignment]
        return raw

    @property
    def _header(self) -> tuple[int, ...]:
        return layout.HEADER.unpack_from(self._raw)

    def __repr__(self) -> str:
        return f"Packed({self.key_id}, {self.counter}, {self.night}, {self.state})"


class Window(NamedTuple):
    """The night of some lists, its state, and their days."""

    night: date
    first_day: date
    last_day: date
    state: str


def _window(night: str, first_day: str, last_day: str, state: str) -> Window:
    read = date.fromisoformat
    return Window(read(night), read(first_day), read(last_day), state)


def _by_days(row: Stored) -> tuple[date, date]:
    return row.first_day, row.night


class Verified(NamedTuple):
    """A file whose bytes are proven, and which file that was."""

    path: Path
    footer: Footer
    file: os.stat_result

    @classmethod
    def of(cls, path: Path, keys: PublicKeys, kind: str) -> "Verified":
        """Prove a file. Raises PackError."""
        with footer.opened(path) as file:
            found = cls(path, footer.verified(file, path, keys), os.fstat(file.fileno()))
        if found.footer.kind != kind:
            raise PackError("other_kind", f"{path} is a {found.footer.kind}; expected a {kind}.")
        return found

    def attach(self, connection: sqlite3.Connection, name: str) -> None:
        """Attach it, if it is still the file that was proven. Raises PackError."""
        uri = self.path.absolute().as_uri() + READ_ONLY
        connection.execute(f"attach database ? as {name}", (uri,))
        connection.execute(f"select count(*) from {name}.sqlite_master").fetchone()
        now = self.path.stat()
        if not os.path.samestat(self.file, now) or self.file.st_mtime_ns != now.st_mtime_ns:
            raise PackError(
                "replaced", f"{self.path} is no longer the file that was proven: open it anew."
            )


class Pack:
    """A base with or without a delta over it. Threads may share it."""

    def __init__(self, base: Verified, delta: Verified | None, keys: PublicKeys, codes: CodeKeys):
        self.base, self.delta = base.footer, delta.footer if delta else None
        self.codes = codes
        self.card_key = keys.card_key(base.footer.key)
        self._files = (base, delta)
        # Reads only, and SQLite's own lock keeps threads apart.
        self._own = sqlite3.connect(":memory:", uri=True, check_same_thread=False)
        self._execute = self._own.execute
        try:
            self.attach(self._own)
            for name in ("pack", "delta"):
                self._own.execute(f"pragma {name}.cache_size = -{CACHE}")
            self._changed = {row[0] for row in self._rows("select id from delta.lists")}
            self._windows = {
                row[0].to_bytes(2, "little"): _window(*row[1:])  # as a row's bytes name it
                for row in self._rows(layout.merged("windows"))
            }
            self.stores: dict[int, str] = {
                row[0]: row[1] for row in self._rows(layout.merged("stores"))
            }
        except BaseException:
            self._own.close()
            raise
        self._faces, self._words = _Faces(self._own), _Words(self._own)

    @classmethod
    def open(
        cls, base: Path, delta: Path | None, keys: PublicKeys, codes: CodeKeys, now: datetime
    ) -> "Pack":
        """Prove and open a pack that is good now, an instant with a zone. Raises PackError."""
        found = cls.proven(base, delta, keys, codes)
        try:
            found.check_good(now)
        except PackError:
            found.close()
            raise
        return found

    @classmethod
    def proven(cls, base: Path, delta: Path | None, keys: PublicKeys, codes: CodeKeys) -> "Pack":
        """The same whatever the time is: a pack that has expired, too. Raises PackError."""
        bottom = Verified.of(base, keys, "base")
        top = Verified.of(delta, keys, "delta") if delta else None
        if top is not None:
            _check_fits(top, bottom)
        _check_codes(top or bottom, codes)
        return cls(bottom, top, keys, codes)

    @property
    def about(self) -> Footer:
        """What the newest part says of itself: version, when it was made, until when it is good."""
        return self.delta or self.base

    def is_expired(self, now: datetime) -> bool:
        """Whether it must no longer be used."""
        return self.about.expires_at <= now

    def check_made(self, now: datetime) -> None:
        """Raise PackError where it was made later than now: all after it would be older ones."""
        if self.about.made_at > now + AHEAD:
            raise PackError(
                "not_yet",
                f"{self._newest} says that it was made at {self.about.made}, and this machine's "
                f"clock says {now.isoformat(timespec='seconds')}. Set the clock that is wrong; if "
                "it was head office's, build the pack again.",
            )

    def check_good(self, now: datetime) -> None:
        """Raise PackError where it must not be used now."""
        self.check_made(now)
        self.check_not_expired(now)

    def check_not_expired(self, now: datetime) -> None:
        """Raise PackError where it has expired."""
        if self.is_expired(now):
            raise PackError("expired", f"{self._newest} was good until {self.about.expires}. "
                            "Fetch a newer one from head office.")  # fmt: skip

    @property
    def _newest(self) -> Path:
        base, delta = self._files
        return (delta or base).path

    def lists_of_code(self, key_id: int, counter: int) -> list[Stored]:
        """The list of a genuine code; none if it is not in this pack."""
        number = key_id * PER_KEY + counter
        query = IN_DELTA if number in self._changed else IN_BASE
        for (raw,) in self._execute(query, (number,)):
            if raw is not None:
                night, first, last, state = self._windows[raw[WINDOW]]
                # Not by the names of the fields: that alone takes a tenth of finding the row.
                row = (key_id, counter, self, night, "", first, last, 0, raw, state, "")
                return [_new(Packed, row)]
        return []

    def lists_of_card(self, card: str) -> list[Stored]:
        """The lists of the household that carries a card, by first day and night."""
        number = (self.card_key.card(card),)
        row = (self._execute(CARD_IN_DELTA, number).fetchone()
               or self._execute(CARD_IN_BASE, number).fetchone())  # fmt: skip
        ids = [] if row is None or row[0] is None else layout.unpack_ids(row[0])
        found = [each for id_ in ids for each in self.lists_of_code(*divmod(id_, PER_KEY))]
        return sorted(found, key=_by_days)

    def worth_of(self, raw: bytes) -> int:
        """What a list is worth, from its bytes."""
        own, faces, _ = layout.unpack(raw)
        if own is not None:
            return own
        return sum(item["worth"] * item["uses"] for item in map(self._faces.__getitem__, faces))

    def content_of(self, raw: bytes) -> dict[str, Any]:
        """What stands on a list, from its bytes."""
        _, faces, due = layout.unpack(raw)
        items, words = self._faces, self._words
        return {"offers": [items[each] for each in faces], "due": [words[each] for each in due]}

    def attach(self, connection: sqlite3.Connection) -> None:
        """Attach the files, read-only, as `pack` and `delta`, with a view `packed_…` of each table.

        connection: opened with `uri=True`, in no transaction. Without a delta there is an empty
        one. The views (promo.checkout.pack.layout.merged) are temporary and show the delta over the
        base. Raises PackError where a file was replaced since it was proven.
        """
        base, delta = self._files
        base.attach(connection, "pack")
        if delta is not None:
            delta.attach(connection, "delta")
        else:
            connection.execute("attach database ':memory:' as delta")
            for statement in layout.SCHEMA.split(";"):
                connection.execute(statement.replace("create table ", "create table delta."))
        for name in layout.TABLES:
            connection.execute(f"create temp view packed_{name} as {layout.merged(name)}")

    def close(self) -> None:
        """Let the files go; connections that they were attached to keep them."""
        self._own.close()

    @cached_property
    def counts(self) -> dict[str, int]:
        """Rows of each table as they stand with the delta over the base."""
        return {
            name: self._rows(f"select count(*) from ({layout.merged(name)})")[0][0]
            for name in layout.TABLES
        }

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._own.execute(sql).fetchall()


class _Faces(dict[int, Item]):
    """Items by their numbers, read when they are first asked for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __missing__(self, number: int) -> Item:
        (stored,) = self.connection.execute(FACE, (number,)).fetchone()
        found: Item = from_json(stored) | {"probability": 0.0}
        self[number] = found
        return found


class _Words(dict[str, Item]):
    """Due items by the characters of their numbers, read when they are first asked for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __missing__(self, character: str) -> Item:
        (said,) = self.connection.execute(WORD, (ord(character),)).fetchone()
        found = self[character] = {"words": said}
        return found


def _check_codes(newest: Verified, codes: CodeKeys) -> None:
    missing = [each for each in newest.footer.code_keys if each not in codes.secrets]
    if missing:
        raise PackError(
            "unknown_key",
            f"{newest.path} has lists under the list-code key {missing[0]}, which code.key here "
            "lacks: none of them would open. Copy code.key from head office.",
        )


def _check_fits(delta: Verified, base: Verified) -> None:
    own, under = delta.footer, base.footer
    if (own.base, own.base_sha256) != (under.version, under.sha256):
        raise PackError(
            "other_base",
            f"{delta.path} adds to the pack of {own.base}, and {base.path} is that of "
            f"{under.version}. Fetch the delta of this pack, or the newest pack.",
        )
