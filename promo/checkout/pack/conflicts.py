"""Conflicts: what a store did while its line was down, and that does not go with the rest.

used_elsewhere  used more often than its list, household or day allows
over_budget     a hard offer's budget did not hold it any more
serial_used     the coupon's serial number was used up by another sale
withdrawn       its list is not there any more, never had the offer, or the offer was stopped before
unknown_offer   head office has no such offer; what it took off could not be booked
differs         both have decided on the same request, and not the same; the first one is booked
identity        another basket stands under the transaction's name; this one could not be booked,
                nor what takes it back
returned_twice  pieces were paid back that had been paid back before
no_sale         it takes back a sale that is not there
voided_before   the sale was made void before it came; it is booked and taken back, and cost nothing

What a use has is the first kind of these that fits. All are booked as they happened, but for those
that say otherwise.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from promo import tables
from promo.checkout.request import Transaction
from promo.checkout.statements import Statements

OF_USES = ("unknown_offer", "withdrawn", "serial_used", "used_elsewhere", "over_budget")
"""Kinds that a single use may be of, in the order in which they are looked for."""
NOT_AS_TOLD = ("unknown_offer", "differs", "identity", "returned_twice", "no_sale", "voided_before")
"""Kinds of which the till was told otherwise than is booked."""
NOTE = """insert into conflicts (at, kind, store, till, day, "transaction", verb, offer, key_id,
counter, uses, money, bearer, journal, seq) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (store, till, day, "transaction", verb, kind, offer) do nothing"""


class Conflict(NamedTuple):
    """One of them. offer: empty where the whole transaction is meant; money: minor units."""

    kind: str
    offer: str = ""
    uses: int = 0
    money: int = 0
    bearer: str | None = "chain"
    key_id: int | None = None
    counter: int | None = None


class Found(NamedTuple):
    """Where conflicts were found: a decision's transaction and verb, its journal and number."""

    name: Transaction
    verb: str
    journal: str
    seq: int
    at: datetime


def together(some: Iterable[Conflict]) -> list[Conflict]:
    """One conflict for each kind and offer, with all uses and all money."""
    found: dict[tuple[str, str], Conflict] = {}
    for each in some:
        key = each.kind, each.offer
        before = found.get(key)
        found[key] = each if before is None else before._replace(
            uses=before.uses + each.uses, money=before.money + each.money
        )  # fmt: skip
    return list(found.values())


def note(statements: Statements, found: Found, conflicts: Iterable[Conflict]) -> None:
    """Store conflicts; one that is stored already stays as it is."""
    at = statements.moment(found.at)
    for each in conflicts:
        statements.change(NOTE, (
            at, each.kind, *found.name, found.verb, each.offer, each.key_id, each.counter,
            each.uses, each.money, each.bearer, found.journal, found.seq,
        ))  # fmt: skip


def listed(
    connection: Connection, since: date | None = None, offer: str | None = None
) -> list[dict[str, Any]]:
    """All conflicts, those found from a day on (UTC), or those of an offer; the oldest first."""
    table, sheet = tables.Conflict.__table__.c, tables.ShopperList
    query = select(*table, sheet.code.label("list")).outerjoin(
        sheet, (sheet.key_id == table.key_id) & (sheet.counter == table.counter)
    )
    if since is not None:
        query = query.where(table.at >= datetime.combine(since, time(), UTC))
    if offer is not None:
        query = query.where(table.offer == offer)
    hidden = ("id", "key_id", "counter")
    return [
        {name: value for name, value in row.items() if name not in hidden}
        for row in connection.execute(query.order_by(table.id)).mappings()
    ]
