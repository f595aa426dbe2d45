"""Counters: what each offer has cost so far, changed in the transaction of each use.

Counted as uses come, never recounted. Whoever changes a counter locks it first and then looks, so
that of two tills at the same instant one waits, and sees what the other did.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Boolean, Connection, Update, bindparam, insert, or_, select, update
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


class Counted(NamedTuple):
    """An offer's counter before and after a row, and the budget it is held against."""

    before: Spent
    after: Spent
    budget: Spent

    @property
    def crossed(self) -> bool:
        """Whether this row spent the budget."""
        return is_spent(self.after, self.budget) and not is_spent(self.before, self.budget)


def count(connection: Connection, row: dict[str, Any]) -> Counted:
    """Add a row to its offer's counter; the database refuses what a hard budget cannot hold."""
    names = {"name": row["offer"], "is_back": row["kind"] != "redeem"}
    more = {"more_uses": row["uses"], "more_money": row["money"]}
    counted = connection.execute(COUNT, names | more).one_or_none()
    if counted is None:
        raise BudgetSpent(f"Offer {row['offer']} has reached its limit.")
    money, uses, *budget = counted
    return Counted(Spent(money - row["money"], uses - row["uses"]), Spent(money, uses),
                   Spent(*budget))  # fmt: skip


def _count() -> Update:
    """The statement of `count`: put together once, because that takes longer than to run it."""
    counter, offer = tables.Base.metadata.tables["offer_counters"], tables.Offer.__table__.c
    uses, money = counter.c.uses + bindparam("more_uses"), counter.c.money + bindparam("more_money")
    mine = offer.id == counter.c.offer
    holds = or_(
        ~offer.hard,
        bindparam("is_back", type_=Boolean()),
        (uses <= offer.budget_redemptions) & (money <= offer.budget_money),
    )
    budget = (offer.budget_money, offer.budget_redemptions)
    return (
        update(counter)
        .where(counter.c.offer == bindparam("name"), select(offer.id).where(mine, holds).exists())
        .values(uses=uses, money=money)
        .returning(
            counter.c.money, counter.c.uses,
            *(select(limit).where(mine).scalar_subquery() for limit in budget),
        )
    )  # fmt: skip


COUNT = _count()


def alarm(connection: Connection, name: str, at: datetime, counted: Counted) -> bool:
    """Store that a budget is spent, if it was not before; once for each size of the budget.

    Returns whether it did.
    """
    if not counted.crossed:
        return False
    event, spent, of = tables.OfferEvent, counted.after, counted.budget
    last = (
        select(event.kind)
        .where(event.offer == name, event.kind.in_(("exhausted", "budget")))
        .order_by(event.id.desc())
        .limit(1)
    )
    if connection.execute(last).scalar() == "exhausted":
        return False
    reason = f"spent {spent.money} of {of.money} minor units, {spent.uses} of {of.uses} redemptions"
    row = {"offer": name, "at": at, "kind": "exhausted", "reason": reason}
    connection.execute(insert(event).values(row))
    return True


def is_spent(spent: Spent, budget: Spent) -> bool:
    """Whether nothing is left of a budget."""
    return spent.money >= budget.money or spent.uses >= budget.uses
