"""What is stored already that uses of offers touch: read once for a batch, kept up as it goes.

Whoever reads it holds the counters of the batch's offers (`promo.offers.counters.lock`), so that
nobody else can add to it until the transaction ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, insert, select, tuple_

from promo import tables

TOGETHER = 500  # keys a statement: a database takes so many bound values and no more
TABLE, SHEETS = tables.Redemption.__table__.c, tables.ShopperList.__table__.c
EARLIER = tables.EarlierIssue.__table__.c
INSERT = insert(tables.Base.metadata.tables["redemptions"]).returning(
    TABLE.id, sort_by_parameter_order=True
)
STORED = select(tables.Redemption.__table__)
STOOD = select(EARLIER.content).where(
    EARLIER.key_id == bindparam("key_id"), EARLIER.counter == bindparam("counter")
)
FIGURES = ("uses", "units", "money", "funder_money")
AMOUNTS = (*FIGURES, "promised")
Row = dict[str, Any]


class Use(NamedTuple):
    """What a till calls one use of an offer: the transaction, and the number of the use in it."""

    store: str
    till: str
    day: date
    transaction: str
    number: int


class ListId(NamedTuple):
    """The list that an offer stood on."""

    key_id: int
    counter: int


class Sheet(NamedTuple):
    """What a redemption asks of a list."""

    night: date
    shopper: str
    offers: Sequence[Row]


@dataclass(frozen=True)
class Known:
    """Uses by what names them, what was taken back of each, lists, and promises taken of them."""

    rows: dict[tuple[str, str, Use], Row]  # by offer and kind
    gone: dict[int, list[int]]  # by the id of the use: the sums of AMOUNTS, zero or negative
    lists: dict[ListId, Sheet]
    promised: dict[tuple[ListId, str], int]  # uses, by list and offer
    unwritten: list[Row] = field(default_factory=list)

    @staticmethod
    def of(connection: Connection, uses: Iterable[Use], lists: Iterable[ListId]) -> "Known":
        """Read all that is stored of the transactions of some uses, and of some lists."""
        transactions, wanted = sorted({use[:4] for use in uses}), sorted(set(lists))
        rows = _rows(connection, transactions)
        ids = [row["id"] for row in rows.values() if row["reverses"] is None]
        taken = select(TABLE.reverses, *(func.sum(TABLE[name]) for name in AMOUNTS))
        taken = taken.group_by(TABLE.reverses)
        gone = {row[0]: [int(sum_) for sum_ in row[1:]]
                for row in _some(connection, taken, TABLE.reverses, ids)}  # fmt: skip
        key = tuple_(SHEETS.key_id, SHEETS.counter)
        columns = ("key_id", "counter", "night", "shopper", "content")
        sheets = select(*(SHEETS[name] for name in columns))
        found = {ListId(number, counter): Sheet(night, shopper, content["offers"])
                 for number, counter, night, shopper, content
                 in _some(connection, sheets, key, wanted)}  # fmt: skip
        of = TABLE.key_id, TABLE.counter
        promised = select(*of, TABLE.offer, func.sum(TABLE.promised)).group_by(*of, TABLE.offer)
        uses_of = {(ListId(row[0], row[1]), row[2]): int(row[3])
                   for row in _some(connection, promised, tuple_(*of), wanted)}  # fmt: skip
        return Known(rows, gone, found, uses_of)

    def add(self, row: Row) -> None:
        """Take in a row that is new, to be written; it has no id before it is."""
        use = Use(*(row[name] for name in Use._fields))
        self.rows[row["offer"], row["kind"], use] = row
        self.unwritten.append(row)
        if row["reverses"] is not None:
            before = self.gone.get(row["reverses"], [0] * len(AMOUNTS))
            amounts = [row[name] for name in AMOUNTS]
            self.gone[row["reverses"]] = [a + b for a, b in zip(before, amounts, strict=True)]
        if row["key_id"] is not None:
            of = ListId(row["key_id"], row["counter"]), row["offer"]
            self.promised[of] = self.promised.get(of, 0) + row["promised"]

    def write(self, connection: Connection) -> None:
        """Write all rows that are new, in their order, and put the ids they get into them."""
        if self.unwritten:
            rows = [{name: row[name] for name in row if name != "id"} for row in self.unwritten]
            ids = connection.execute(INSERT, rows).scalars()
            for row, number in zip(self.unwritten, ids, strict=True):
                row["id"] = number
            self.unwritten.clear()

    def left(self, row: Row) -> list[int]:
        """What is left of a stored use after all that was taken back of it: AMOUNTS."""
        gone = self.gone.get(row["id"], [0] * len(AMOUNTS))
        return [row[name] + back for name, back in zip(AMOUNTS, gone, strict=True)]

    def stood_on(self, connection: Connection, on: ListId, offer: str) -> bool:
        """Whether an offer stood on an earlier issue of a list; that paper is still about."""
        contents = connection.execute(STOOD, on._asdict()).scalars()
        return any(item["offer"] == offer for content in contents for item in content["offers"])


def _rows(
    connection: Connection, transactions: Sequence[tuple[str, str, date, str]]
) -> dict[tuple[str, str, Use], Row]:
    key = tuple_(TABLE.store, TABLE.till, TABLE.day, TABLE.transaction)
    found = (dict(row._mapping) for row in _some(connection, STORED, key, transactions))
    return {
        (row["offer"], row["kind"], Use(*(row[name] for name in Use._fields))): row for row in found
    }


def _some(
    connection: Connection, query: Select[Any], key: ColumnElement[Any], wanted: Sequence[Any]
) -> Iterable[Any]:
    """The rows of a query whose key is wanted."""
    for start in range(0, len(wanted), TOGETHER):
        yield from connection.execute(query.where(key.in_(wanted[start : start + TOGETHER])))
