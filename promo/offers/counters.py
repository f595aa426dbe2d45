"""Counters: what each offer has cost so far, changed in the transaction of each use.

Counted as uses come, never recounted. Whoever changes a counter locks it first and then looks, so
that of two tills at the same instant one waits, and sees what the other did.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from promo import tables
from promo.errors import Sentence


class RedemptionError(Sentence):
    """A redemption cannot be recorded; the message is a sentence that says why."""


class BudgetSpent(RedemptionError):
    """A hard offer has reached its limit."""


def lock(connection: Connection, offers: Iterable[str]) -> None:
    """Hold the counters of some offers until the transaction ends; makes those that are missing.

    Always in one order, so that two transactions cannot wait for each other. The insert comes
    first because on SQLite only a write keeps others out. Raises RedemptionError.
    """
    wanted = sorted(set(offers))
    known = connection.execute(select(tables.Offer.id).where(tables.Offer.id.in_(wanted)))
    unknown = sorted(set(wanted) - set(known.scalars()))
    if unknown:
        raise RedemptionError(f"There is no offer {unknown[0]!r}.")
    table = tables.OfferCounter
    make = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    rows = [{"offer": offer, "uses": 0, "money": 0} for offer in wanted]
    connection.execute(make.on_conflict_do_nothing(index_elements=["offer"]), rows)
    held = select(table.offer).where(table.offer.in_(wanted)).order_by(table.offer)
    connection.execute(held.with_for_update()).all()


class Spent(NamedTuple):
    """What an offer's uses have cost, in minor units and uses."""

    money: int
    uses: int


def count(connection: Connection, row: dict[str, Any]) -> tuple[Spent, Spent]:
    """Add a row to its offer's counter; the database refuses what a hard budget cannot hold."""
    counter, offer = tables.OfferCounter, tables.Offer
    uses, money = counter.uses + row["uses"], counter.money + row["money"]
    holds = or_(
        ~offer.hard,
        literal(row["kind"] != "redeem"),
        (uses <= offer.budget_redemptions) & (money <= offer.budget_money),
    )
    room = select(offer.id).where(offer.id == counter.offer, holds).exists()
    counted = connection.execute(
        update(counter)
        .where(counter.offer == row["offer"], room)
        .values(uses=uses, money=money)
        .returning(counter.money, counter.uses)
    ).one_or_none()
    if counted is None:
        raise BudgetSpent(f"Offer {row['offer']} has reached its limit.")
    after = Spent(*counted)
    return Spent(after.money - row["money"], after.uses - row["uses"]), after


def alarm(connection: Connection, name: str, at: datetime, before: Spent, after: Spent) -> bool:
    """Store that a budget is spent, if it was not before; once for each size of the budget.

    Returns whether it did.
    """
    offer, event = tables.Offer, tables.OfferEvent
    budget = connection.execute(
        select(offer.budget_money, offer.budget_redemptions).where(offer.id == name)
    ).one()
    if is_spent(before, budget) or not is_spent(after, budget):
        return False
    last = (
        select(event.kind)
        .where(event.offer == name, event.kind.in_(("exhausted", "budget")))
        .order_by(event.id.desc())
        .limit(1)
    )
    if connection.execute(last).scalar() == "exhausted":
        return False
    reason = (
        f"spent {after.money} of {budget[0]} minor units, {after.uses} of {budget[1]} redemptions"
    )
    row = {"offer": name, "at": at, "kind": "exhausted", "reason": reason}
    connection.execute(insert(event).values(row))
    return True


def is_spent(spent: Spent, budget: Iterable[int]) -> bool:
    """Whether nothing is left of a budget (money, redemptions)."""
    money, uses = budget
    return spent.money >= money or spent.uses >= uses
