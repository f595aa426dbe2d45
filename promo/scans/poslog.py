"""POSLog XML in: ARTS/OMG POSLog 2 to 6, streamed, as batches of canonical scans.

Training, cancelled, suspended and voided transactions are left out and counted, as is what is no
sale. A transaction that voids an earlier one becomes the same lines with the signs turned round,
under its own number: what is in the lake then adds up to nothing. For this the lake is asked when
the whole file has been read, so it does not matter which of the two stands first in it.

In a log that corrects, a transaction that is left out never was: where the lake has it, it comes as
one line of zeros, which takes it back (promo/scans/corrections.py).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
from lxml import etree

from promo.money import exponent
from promo.scans.columns import LINE, REJECT_SCHEMA, reject
from promo.scans.poslog_amounts import Wrong
from promo.scans.poslog_lines import Line, LineReader, names_in
from promo.scans.poslog_transactions import (
    NO_SALE,
    VOIDED_LINES,
    Head,
    Key,
    Sold,
    TransactionReader,
)
from promo.scans.poslog_voids import Voided, in_lake, links
from promo.scans.poslog_xml import transactions
from promo.scans.sources import Batch

BATCH_ROWS = 1 << 15  # half a row group of the lake: a batch is held several times over
NOTHING = "nothing"  # the product of a transaction that never was
VOIDS = "transactions that void another one"
RAW = {
    LINE: pl.Int64,
    "at": pl.String,
    "store": pl.String,
    "till": pl.String,
    "business_day": pl.String,
    "transaction": pl.String,
    "line": pl.Int64,
    "card": pl.String,
    "product": pl.String,
    "domain": pl.String,
    "quantity": pl.Float64,
    "unit": pl.String,
    "paid": pl.Int64,
    "regular": pl.Int64,
    "store_discount": pl.Int64,
    "manufacturer_discount": pl.Int64,
}
TURNED = ("quantity", "paid", "regular", "store_discount", "manufacturer_discount")


@dataclass(frozen=True)
class Tills:
    """What must be known to read them. zones: of the stores, by id; lake: for what came before.

    corrects: whether the log corrects what came before.
    """

    currency: str
    zones: Mapping[str, str]
    lake: Path
    corrects: bool = False


def read(path: Path, tills: Tills) -> Iterator[Batch]:
    """The sales of a POSLog file, as they came.

    A batch must be in the lake before the next one is asked for. Raises SourceError where the file
    is not sound as a whole; what came before that must not be kept then.
    """
    taken, reader = _Taken(path.name, corrects=tills.corrects), None
    for element in transactions(path):
        if reader is None:
            reader = _reader(etree.QName(element).namespace, tills)
        taken.add(reader.read(element))
        if len(taken.rows) >= BATCH_ROWS:
            yield taken.batch()
    yield taken.batch()
    if tills.corrects:
        taken.never_were(tills.lake)
    if taken.voids:
        taken.take_back(tills.lake)
    if taken.places:
        yield taken.batch()


def _reader(namespace: str | None, tills: Tills) -> TransactionReader:
    items = LineReader(names_in(namespace), tills.currency, exponent(tills.currency))
    return TransactionReader(items, tills.zones, heads=tills.corrects)


@dataclass(slots=True)
class _Taken:
    """What has been read and not yet handed on; all from `voids` on is kept to the end.

    empty: transactions without lines, which there is nothing to take back of. Of a log that
    corrects, left: their heads; and sold: those that do have lines, or should. linked: what is
    void, and by what, where the lake does not say so yet.
    """

    file: str
    corrects: bool
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    bad: list[dict[str, object]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)  # physical lines, of rows and rejects
    first: int = 1  # number of the first of them
    left_out: Counter[str] = field(default_factory=Counter)
    voids: list[tuple[Head, Key]] = field(default_factory=list)
    empty: set[Key] = field(default_factory=set)
    left: dict[Key, Head] = field(default_factory=dict)
    sold: set[Key] = field(default_factory=set)
    linked: list[tuple[Key, Key]] = field(default_factory=list)

    def add(self, sold: Sold) -> None:
        """Take a transaction in."""
        for place, fault in sold.wrong:
            self._reject(place, fault)
        if sold.voided_lines:
            self.left_out[VOIDED_LINES] += sold.voided_lines
        if sold.head is None:
            if sold.kind is not None:
                self.left_out[sold.kind] += 1
        elif sold.void_of is not None:
            self.left_out[VOIDS] += 1
            self.voids.append((sold.head, sold.void_of))
        elif sold.kind is not None or not (sold.lines or sold.wrong):
            self.left_out[sold.kind or NO_SALE] += 1
            self.empty.add(sold.head.key)
            if self.corrects:
                self.left[sold.head.key] = sold.head
        else:
            if self.corrects:
                self.sold.add(sold.head.key)
            self._rows(sold.head, sold.lines)

    def _rows(self, head: Head, lines: Iterable[Line]) -> None:
        at, day = head.at.isoformat(), head.day.isoformat()
        for number, each in enumerate(lines, self.first + len(self.places)):
            self.places.append(each.place)
            self.rows.append((
                number, at, head.store, head.till, day, head.number, each.number, head.card,
                each.product, each.domain,
                None if each.quantity is None else each.quantity / 1000, each.unit,
                each.paid, each.regular, each.store, each.manufacturer,
            ))  # fmt: skip

    def _place(self, place: int) -> int:
        """The number by which a row or reject is known until its physical line is said."""
        self.places.append(place)
        return self.first + len(self.places) - 1

    def _reject(self, place: int, fault: Wrong) -> None:
        value = fault.value[:200]
        self.bad.append(reject(self.file, self._place(place), fault.field, value, fault.expected))

    def batch(self) -> Batch:
        """What there is, and begin anew."""
        columns = zip(*self.rows, strict=True) if self.rows else ([] for _ in RAW)
        frame = pl.DataFrame(dict(zip(RAW, map(list, columns), strict=True)), schema=RAW)
        numbers = range(self.first, self.first + len(self.places))
        places = pl.DataFrame(
            {"line": numbers, "place": self.places}, schema={"line": pl.Int64, "place": pl.Int64}
        )
        bad = pl.DataFrame(self.bad, schema=REJECT_SCHEMA)
        voids = links(self.linked) if self.linked else None
        done = Batch(frame, bad, len(self.places), places, self.left_out, voids)
        self.first += len(self.places)
        self.rows, self.bad, self.places, self.left_out = [], [], [], Counter()
        self.linked = []
        return done

    def never_were(self, folder: Path) -> None:
        """Make a line of zeros of each transaction that is left out and is in the lake.

        One that was suspended and is sold in the same file is sold. A void of what never was
        takes nothing back, and so never was either.
        """
        left = {key: head for key, head in self.left.items() if key not in self.sold}
        left |= {head.key: head for head, of in self.voids if of in left}
        self.voids = [(head, of) for head, of in self.voids if head.key not in left]
        for key in sorted(in_lake(folder, set(left))):
            head = left[key]
            self.rows.append((
                self._place(head.place), head.at.isoformat(), head.store, head.till,
                head.day.isoformat(), head.number, 0, None, NOTHING, "internal",
                0.0, "each", 0, 0, 0, 0,
            ))  # fmt: skip

    def take_back(self, folder: Path) -> None:
        """Make the rows of the transactions that void others."""
        found = in_lake(folder, {of for _, of in self.voids})
        before = Voided(folder, self.left.keys() | self.sold)
        done = set(self.empty)
        for head, of in self.voids:
            lines = found.get(of)
            if of in done and of not in self.empty:
                self._reject(head.place, _unlinked(of, "one that is not voided already"))
            elif by := before.by(of, frozenset({head.key})):
                expected = f"one that is not voided already, as this one is by {_said(by)}"
                self._reject(head.place, _unlinked(of, expected))
            elif lines is not None:
                self._turned(head, lines)
                if not before.knows(of, head.key):
                    self.linked.append((of, head.key))
            elif of not in done:
                self._reject(head.place, _unlinked(of, "one that is in this file or came before"))
            done.add(of)

    def _turned(self, head: Head, lines: pl.DataFrame) -> None:
        """The lines of a transaction with the signs turned round, in the name of another."""
        for row in lines.sort("line").iter_rows(named=True):
            domain, _, code = row["product"].partition(":")
            thousandths, *amounts = (-row[name] for name in TURNED)
            self.rows.append((
                self._place(head.place), head.at.isoformat(), head.store, head.till,
                head.day.isoformat(), head.number, row["line"], row["card"], code, domain,
                thousandths / 1000, row["unit"], *amounts,
            ))  # fmt: skip


def _unlinked(of: Key, expected: str) -> Wrong:
    return Wrong("TransactionLink", _said(of), f"a transaction to void: {expected}")


def _said(key: Key) -> str:
    return "/".join(map(str, key))
