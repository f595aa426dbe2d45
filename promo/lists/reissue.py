"""Issuing lists anew without what was stopped: same code, same serial, same days.

The paper in the shopper's hand opens the new content, so nothing can be used twice. What else
stands on a sheet stays: a printed promise is honoured.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from promo import tables
from promo.database import CHUNK
from promo.lists.items import OfferItem
from promo.lists.register import check_live
from promo.offers.budgets import SUMS, Promised, promise_rows
from promo.offers.counters import lock

Used = Mapping[tuple[int, int, str], int]  # by key id, counter and offer
Refill = Callable[[str, Sequence[OfferItem], int], Iterable[OfferItem]]


@dataclass(frozen=True)
class Wanted:
    """Which lists to look at: all that hold a stopped offer, or fewer."""

    night: date | None = None
    offer: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Sheet:
    """A list that is to be issued anew: its row, what leaves, and what stays in its order."""

    row: Row[Any]
    leaving: tuple[OfferItem, ...]
    staying: tuple[OfferItem, ...]
    used: Mapping[str, int]  # of what leaves


def stopped(connection: Connection, wanted: Wanted) -> list[str]:
    """The offers that are stopped, or the one that is asked for if it is."""
    table = tables.Offer
    query = select(table.id).where(table.state == "stopped")
    if wanted.offer is not None:
        query = query.where(table.id == wanted.offer)
    return sorted(connection.execute(query).scalars())


def drafts(connection: Connection, wanted: Wanted, day: date) -> list[date]:
    """Unpublished nights whose lists, good on `day` or later, hold an offer that is not live."""
    offer, promise, run, sheet = tables.Offer, tables.Promise, tables.Run, tables.ShopperList
    query = (
        select(promise.night)
        .join(offer, offer.id == promise.offer)
        .join(run, run.night == promise.night)
        .where(offer.state != "live", run.state == "draft", promise.last_day >= day)
        .distinct()
        .order_by(promise.night)
    )
    if wanted.night is not None:
        query = query.where(promise.night == wanted.night)
    if wanted.offer is not None:
        query = query.where(promise.offer == wanted.offer)
    if wanted.code is not None:
        query = query.where(promise.night.in_(select(sheet.night).where(sheet.code == wanted.code)))
    return list(connection.execute(query).scalars())


def find(connection: Connection, wanted: Wanted, day: date) -> list[Sheet]:
    """Published lists, good on `day` or later, that hold an unused stopped offer, by serial.

    Holds the counters of the stopped offers, so that no redemption of them comes in between.
    """
    gone = stopped(connection, wanted)
    if not gone:
        return []
    lock(connection, gone)
    sheet, run, promise = tables.ShopperList, tables.Run, tables.Promise
    nights = select(promise.night).where(promise.offer.in_(gone), promise.last_day >= day)
    query = (
        select(sheet.__table__)
        .join(run, run.night == sheet.night)
        .where(run.state == "published", sheet.last_day >= day, sheet.night.in_(nights))
        .order_by(sheet.key_id, sheet.counter)
    )
    if wanted.night is not None:
        query = query.where(sheet.night == wanted.night)
    if wanted.code is not None:
        query = query.where(sheet.code == wanted.code)
    used = _used(connection, gone)
    found = (_sheet(row, set(gone), used) for row in connection.execute(query).all())
    return [each for each in found if each.leaving]


def _used(connection: Connection, offers: Sequence[str]) -> Used:
    table = tables.Redemption
    columns = (table.key_id, table.counter, table.offer)
    rows = connection.execute(
        select(*columns, func.sum(table.promised))
        .where(table.offer.in_(offers), table.key_id.is_not(None))
        .group_by(*columns)
    )
    return {(key_id or 0, counter or 0, offer): int(n) for key_id, counter, offer, n in rows}


def _sheet(row: Row[Any], gone: set[str], used: Used) -> Sheet:
    """What leaves is what is stopped and not used up."""
    items = [OfferItem.unpacked(item) for item in row.content["offers"]]
    taken = {item.offer: used.get((row.key_id, row.counter, item.offer), 0) for item in items}
    leaving = tuple(i for i in items if i.offer in gone and taken[i.offer] < i.uses)
    return Sheet(row, leaving, tuple(i for i in items if i not in leaving), taken)


def reissue(
    connection: Connection,
    sheets: Sequence[Sheet],
    refill: Refill,
    day: date,
    now: datetime,
) -> int:
    """Store the new content of lists, what stood there before, and what is promised now.

    refill: the offers that come to a household, to those that stay and so many free slots, best
    first. In the caller's transaction; returns how many offers came in.
    """
    earlier, promises = [], dict[date, list[tuple[int, Promised]]]()
    added = list[str]()
    for sheet in sheets:
        row = sheet.row
        coming = list(refill(row.shopper, sheet.staying, len(sheet.leaving)))
        items, new = (*sheet.staying, *coming), coming
        added += [item.offer for item in new]
        earlier.append(_earlier(sheet, day, now))
        _replace(connection, row, items)
        changes = promises.setdefault(row.night, [])
        changes += [(-1, _left(item, sheet.used[item.offer])) for item in sheet.leaving]
        changes += [(1, _left(item, 0)) for item in new]
    for start in range(0, len(earlier), CHUNK):
        connection.execute(insert(tables.EarlierIssue), earlier[start : start + CHUNK])
    last = {sheet.row.night: sheet.row.last_day for sheet in sheets}
    for night, changes in promises.items():
        _promise(connection, night, last[night], changes)
    check_live(connection, set(added))
    return len(added)


def _left(item: OfferItem, used: int) -> Promised:
    return Promised(item.offer, item.probability, item.worth, item.uses - used)


def _earlier(sheet: Sheet, day: date, now: datetime) -> dict[str, Any]:
    names = ", ".join(item.offer for item in sheet.leaving)
    return {
        "key_id": sheet.row.key_id, "counter": sheet.row.counter, "issue": sheet.row.issue,
        "day": day, "replaced": now, "reason": f"stopped: {names}", "content": sheet.row.content,
    }  # fmt: skip


def _replace(connection: Connection, row: Row[Any], items: Sequence[OfferItem]) -> None:
    table = tables.ShopperList
    content = row.content | {"offers": [item.packed() for item in items]}
    worth = sum(item.worth * item.uses for item in items)
    connection.execute(
        update(table)
        .where(table.key_id == row.key_id, table.counter == row.counter)
        .values(content=content, issue=row.issue + 1, worth=worth)
    )


def _promise(
    connection: Connection, night: date, last_day: date, changes: Iterable[tuple[int, Promised]]
) -> None:
    """Take from a night's promises what leaves and add what comes."""
    table = tables.Promise
    changes = list(changes)
    for sign in (-1, 1):
        for row in promise_rows(promise for s, promise in changes if s == sign):
            key = (table.night == night) & (table.offer == row["offer"])
            stored = connection.execute(select(table.__table__).where(key)).mappings().one_or_none()
            before = stored or {"uses": 0, "money": 0} | dict.fromkeys(SUMS, 0.0)
            figures = {n: max(before[n] + sign * row[n], 0) for n in ("uses", "money", *SUMS)}
            connection.execute(delete(table).where(key))
            if figures["uses"]:
                own = {"offer": row["offer"], "night": night, "last_day": last_day}
                connection.execute(insert(table).values(own | figures))
