"""Lists read back from the database, ready for any output: in print order, a chunk at a time.

First `find` reads who and where (a few bytes a list), then `sheets` reads what stands on them,
so that a night of any size needs the memory of one chunk.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby, islice
from sys import intern
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, ScalarSelect, Select, Text, cast, select

from promo import tables
from promo.config import Settings
from promo.emails import is_address
from promo.errors import Sentence
from promo.lists import address
from promo.lists.codes.keys import CodeKeys
from promo.lists.sheet import Sheet, restored
from promo.offers.known import ListId

CHUNK = 200  # lists read at a time
LIST, SHOPPER = tables.ShopperList.__table__.c, tables.Shopper.__table__.c
STORE = tables.Store.__table__.c


class Changed(Sentence):
    """The lists that are being read were made again meanwhile."""


@dataclass(frozen=True)
class Which:
    """The lists of a night, perhaps only those of a store."""

    night: date
    store: str | None = None


class Found(NamedTuple):
    """A list that may be printed, and whether its household has an address and an e-mail."""

    id: ListId
    code: str
    shopper: str
    store: str
    mail: bool
    email: bool


def natural(text: str) -> tuple[int, int, str]:
    """The place of an id among others: numbers count as numbers, and come first."""
    return (0, int(text), text) if text.isdecimal() else (1, 0, text)


def print_order(store: str, shopper: str) -> tuple[tuple[int, int, str], tuple[int, int, str]]:
    """The place of a household's list in print: by store, then household."""
    return natural(store), natural(shopper)


def find(connection: Connection, which: Which, day: date) -> list[Found]:
    """The lists of a night in print order, without households that may not be written to on `day`.

    Left out is who is suppressed or took the consent back since the list was made.
    """
    query = select_found(day).where(LIST.night == which.night)
    if which.store is not None:
        query = query.where(LIST.store == which.store)
    return in_print_order(connection, query)


def select_found(day: date) -> Select[Any]:
    """What `in_print_order` reads, of all lists whose households may be written to on `day`."""
    columns = (LIST.key_id, LIST.counter, LIST.code, LIST.shopper, LIST.store)
    where = (SHOPPER[name] for name in (*address.FIELDS, "email"))
    return (
        select(*columns, *where)
        .join(tables.Shopper, SHOPPER.id == LIST.shopper)
        .where(SHOPPER.suppressed.is_(False), _consented(day))
    )


def in_print_order(connection: Connection, query: Select[Any]) -> list[Found]:
    """The lists of a query that `select_found` began, in print order."""
    found = [_found(row) for row in connection.execute(query)]
    return sorted(found, key=lambda each: print_order(each.store, each.shopper))


def _found(row: Row[Any]) -> Found:
    mail = address.is_enough(row._asdict())
    id_ = ListId(row.key_id, row.counter)
    return Found(id_, row.code, row.shopper, intern(row.store), mail, is_address(row.email))


def _consented(day: date) -> ScalarSelect[Any]:
    """What a household said last, up to a day."""
    said = tables.Consent
    return (
        select(said.given)
        .where(said.shopper == LIST.shopper, said.purpose == "lists", said.day <= day)
        .order_by(said.day.desc())
        .limit(1)
        .scalar_subquery()
    )


def rows(
    connection: Connection, ids: Iterable[ListId], *, chunk: int = CHUNK
) -> Iterator[Row[Any]]:
    """The rows of lists with their households and stores, in the order of `ids`.

    Raises Changed where a list is no longer there.
    """
    left = iter(ids)
    while some := list(islice(left, chunk)):
        found = dict[tuple[int, int], Row[Any]]()
        for key_id, group in groupby(sorted(some), key=lambda each: each.key_id):
            counters = [each.counter for each in group]
            query = ROWS.where(LIST.key_id == key_id, LIST.counter.in_(counters))
            found |= {(row.key_id, row.counter): row for row in connection.execute(query)}
        if len(found) < len(set(some)):
            raise Changed("The lists were made again while they were printed: print them again.")
        yield from (found[each] for each in some)


ROWS = (
    select(
        *(LIST[name] for name in ("key_id", "counter", "code", "shopper", "store", "issue")),
        *(LIST[name] for name in ("first_day", "last_day")),
        *(SHOPPER[name] for name in ("name", "language", "email", *address.FIELDS)),
        STORE.name.label("store_name"),
        # As it stands there: who only asks whether it has changed need not take it apart.
        cast(LIST.content, Text).label("content"),
    )
    .join(tables.Shopper, SHOPPER.id == LIST.shopper)
    .join(tables.Store, STORE.id == LIST.store)
)


def sheets(
    connection: Connection,
    ids: Iterable[ListId],
    keys: CodeKeys,
    settings: Settings,
    *,
    chunk: int = CHUNK,
) -> Iterator[Sheet]:
    """Lists ready for any output, in the order of `ids`, read `chunk` at a time.

    settings: for addresses abroad and the prefix of an EAN-13. Raises Changed.
    """
    return (restored(row, keys, settings) for row in rows(connection, ids, chunk=chunk))
