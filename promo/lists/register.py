"""The register of lists: one row a list, a serial that never comes twice, promises held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select

from promo import tables
from promo.calendar import FORTNIGHT, Window
from promo.database import CHUNK, copy_in, upsert
from promo.errors import Sentence
from promo.lists.codes import list_code, short_code
from promo.lists.codes.keys import MAX_COUNTER, CodeKeys
from promo.lists.items import Draft
from promo.offers import budgets
from promo.scans.gtin import CodeError


@dataclass(frozen=True)
class Registered:
    """A draft with its codes."""

    draft: Draft
    counter: int
    code: str
    short: str


class NoLongerLive(Sentence):
    """An offer was stopped or paused between its choice and the register."""


def register(
    connection: Connection,
    night: date,
    window: Window,
    drafts: Sequence[Draft],
    keys: CodeKeys,
) -> list[Registered]:
    """Put a night's lists in the place of its earlier draft, in the caller's transaction.

    A household that had a list in the earlier draft keeps its serial, so that a re-run gives the
    same codes; a serial that is dropped is never given out again. Raises NoLongerLive.
    """
    table = tables.ShopperList
    kept = {
        row.shopper: row.counter
        for row in connection.execute(
            select(table.shopper, table.counter).where(
                table.night == night, table.key_id == keys.active
            )
        )
    }
    connection.execute(delete(table).where(table.night == night))
    # After a write, which on SQLite keeps others out.
    check_live(connection, {offer.offer for draft in drafts for offer in draft.offers})
    fresh = iter(_counters(connection, keys.active, sum(d.shopper not in kept for d in drafts)))
    found = []
    for draft in drafts:
        counter = kept[draft.shopper] if draft.shopper in kept else next(fresh)
        found.append(
            Registered(draft, counter, list_code(keys, counter), short_code(keys, counter))
        )
    copy_in(connection, table, [_row(item, night, window, keys.active) for item in found])
    _hold(connection, night, window, drafts)
    return found


def _counters(connection: Connection, key_id: int, count: int) -> range:
    query = select(tables.KeyCounter.last).where(tables.KeyCounter.key_id == key_id)
    last = connection.execute(query.with_for_update()).scalar() or 0
    if last + count > MAX_COUNTER:
        raise CodeError(
            f"Code key {key_id} has no serials left for {count} lists: add a new key to code.key."
        )
    upsert(connection, tables.KeyCounter, [{"key_id": key_id, "last": last + count}])
    return range(last + 1, last + count + 1)


def _row(item: Registered, night: date, window: Window, key_id: int) -> dict[str, Any]:
    return {
        "key_id": key_id,
        "counter": item.counter,
        "code": item.code,
        "night": night,
        "shopper": item.draft.shopper,
        "store": item.draft.store,
        "first_day": window.first,
        "last_day": window.last,
        "worth": item.draft.worth,
        "content": item.draft.content(),
    }


def _hold(connection: Connection, night: date, window: Window, drafts: Sequence[Draft]) -> None:
    """Hold what the lists promise against the offers' budgets."""
    table = tables.Promise
    connection.execute(delete(table).where(table.night == night))
    promises = (
        budgets.Promised(offer.offer, offer.probability, offer.worth, offer.uses)
        for draft in drafts
        for offer in draft.offers
    )
    own = {"night": night, "last_day": window.last}
    copy_in(connection, table, [row | own for row in budgets.promise_rows(promises)])


def check_live(connection: Connection, offers: Iterable[str]) -> None:
    """Let no offer through that was stopped or paused since it was chosen. Raises NoLongerLive.

    The rows stay locked until the lists are in, so that who stops an offer now waits, and then
    finds it on lists that `promo lists reissue` can replace.
    """
    wanted = sorted(offers)
    table = tables.Offer
    gone = []
    for start in range(0, len(wanted), CHUNK):
        some = table.id.in_(wanted[start : start + CHUNK])
        query = select(table.id, table.state).where(some).order_by(table.id)
        rows = connection.execute(query.with_for_update(read=True))
        gone += [row.id for row in rows if row.state != "live"]
    if gone:
        raise NoLongerLive(
            f"Stopped or paused while the lists were made: {', '.join(sorted(gone)[:5])}. "
            "No list was registered; run it again."
        )


def open_elsewhere(
    connection: Connection, night: date, window: Window, buckets: Sequence[int]
) -> set[tuple[str, str]]:
    """(household, offer) on lists of other nights, open in the window, of some buckets."""
    table, shopper = tables.ShopperList, tables.Shopper
    rows = connection.execute(
        select(table.shopper, table.content)
        .join(shopper, shopper.id == table.shopper)
        .where(
            shopper.bucket.in_(buckets),
            table.night != night,
            table.last_day >= window.first,
            table.first_day <= window.last,
        )
    )
    return {(row.shopper, offer["offer"]) for row in rows for offer in row.content["offers"]}


def served(connection: Connection, night: date, buckets: Sequence[int]) -> list[str]:
    """Households of some buckets with a list of another night less than a fortnight away.

    The calendar deals each bucket one night a fortnight; only a change of the calendar in
    mid-course would give a household a second list.
    """
    table, shopper = tables.ShopperList, tables.Shopper
    near = timedelta(FORTNIGHT - 1)
    rows = connection.execute(
        select(table.shopper)
        .join(shopper, shopper.id == table.shopper)
        .where(
            shopper.bucket.in_(buckets),
            table.night != night,
            table.night.between(night - near, night + near),
        )
    )
    return sorted(set(rows.scalars()))
