"""What an operator does to an offer: pause, resume, stop, another budget. Each leaves an event.

A paused offer is not printed but honoured; a stopped one is never printed again.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, insert, select, update

from promo import tables
from promo.offers import budgets
from promo.offers.counters import lock
from promo.offers.risk import Risk, chance
from promo.offers.terms import OfferError

FROM = {"paused": ("live",), "resumed": ("paused",), "stopped": ("live", "paused")}
TO = {"paused": "paused", "resumed": "live", "stopped": "stopped"}


def get(connection: Connection, name: str) -> Row[Any]:
    """An offer's row. Raises OfferError."""
    found = connection.execute(
        select(tables.Offer.__table__).where(tables.Offer.id == name)
    ).one_or_none()
    if found is None:
        raise OfferError(f"There is no offer {name!r}.")
    return found


def change(
    connection: Connection,
    name: str,
    kind: str,
    reason: str,
    at: datetime,
    *,
    bearer: str | None = None,
    sentence: str | None = None,
) -> bool:
    """Make an offer `paused`, `resumed` or `stopped`; False where that is what it is already.

    The update itself asks for the state before, so that of two who act at once one finds it
    changed. Raises OfferError where there is no way back: a stopped offer stays stopped.
    """
    offer = tables.Offer
    changed = connection.execute(
        update(offer)
        .where(offer.id == name, offer.state.in_(FROM[kind]))
        .values(state=TO[kind])
        .returning(offer.id)
    ).scalar()
    if changed is None:
        state = get(connection, name).state
        if state == TO[kind]:
            return False
        raise OfferError(f"Offer {name} is {state}, and a stopped offer stays stopped.")
    row = {
        "offer": name, "at": at, "kind": kind, "reason": reason, "bearer": bearer,
        "sentence": sentence,
    }  # fmt: skip
    connection.execute(insert(tables.OfferEvent).values(row))
    return True


def set_budget(
    connection: Connection,
    name: str,
    money: int,
    uses: int,
    at: datetime,
    day: date,
    risk: Risk,
    *,
    late_days: int = 0,
    in_words: Callable[[int], str],
) -> None:
    """Give an offer another budget, minor units and redemptions; in_words: how money is said.

    Raises OfferError where what is spent and what open lists promise would pass it with more than
    `risk.overspend`'s chance. The counter is locked, so no redemption comes in between.
    """
    before = get(connection, name)
    lock(connection, [name])
    if money < before.budget_money or uses < before.budget_redemptions:
        found = budgets.read(connection, [name], day, late_days=late_days)
        least = found.spent_money[0], found.spent_uses[0]
        passed = overspend(found, np.array([money]), np.array([uses]), risk)[0]
        if money < least[0] or uses < least[1] or passed > risk.overspend:
            raise OfferError(
                f"The budget of offer {name} cannot be so low: {in_words(int(least[0]))} in "
                f"{least[1]} redemptions are spent, lists promise "
                f"{in_words(int(found.open_money[0]))} in "
                f"{found.open_uses[0]} more, and the chance of passing it would be {passed:.1%}."
            )
    offer = tables.Offer
    values = {"budget_money": money, "budget_redemptions": uses}
    connection.execute(update(offer).where(offer.id == name).values(values))
    reason = (
        f"from {in_words(before.budget_money)} in {before.budget_redemptions:,} redemptions "
        f"to {in_words(money)} in {uses:,}"
    )
    row = {"offer": name, "at": at, "kind": "budget", "reason": reason}
    connection.execute(insert(tables.OfferEvent).values(row))


def overspend(found: budgets.Budgets, money: Any, uses: Any, risk: Risk) -> Any:
    """Chance, by offer, that spent and promised pass budgets of `money` and `uses`."""
    left = money - found.spent_money, uses - found.spent_uses
    sure = (found.open_money <= left[0]) & (found.open_uses <= left[1])
    return np.where(sure, 0.0, chance(found.open, *left, risk))
