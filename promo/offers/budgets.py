"""Budgets: what offers have cost, what open lists still promise of them, and what is left.

A promise is open until its list's last day (and `late_days` more, for tills whose redemptions come
late). What has been redeemed of it is spent, and outstanding no longer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Double, cast, func, select

from promo import tables
from promo.offers.risk import Ints, Sums

SUMS = tuple(field.name for field in fields(Sums))


@dataclass(frozen=True)
class Budgets:
    """Where the budgets of some offers stand; arrays of shape (offers,), in their order.

    money, uses: the budget in minor units and redemptions; spent_*: counted so far; open_*: what
    open lists could still cost if every promise were used; open: the same as risk sums, each
    promise with its probability.
    """

    offers: tuple[str, ...]
    money: Ints
    uses: Ints
    spent_money: Ints
    spent_uses: Ints
    open_money: Ints
    open_uses: Ints
    open: Sums

    @property
    def money_left(self) -> Ints:
        """Budget less what is spent, minor units; below zero when overspent."""
        return self.money - self.spent_money

    @property
    def uses_left(self) -> Ints:
        """Budget less what is spent, uses; below zero when overspent."""
        return self.uses - self.spent_uses


def read(
    connection: Connection,
    offers: Sequence[str],
    day: date,
    *,
    without: date | None = None,
    late_days: int = 0,
) -> Budgets:
    """Where the budgets of some offers stand on the morning of `day`.

    Promises of the night `without` are left out: it may be made again.
    """
    rows = {offer: number for number, offer in enumerate(offers)}
    promise = tables.Promise
    still = promise.last_day >= first_open(day, late_days)
    if without is not None:
        still &= promise.night != without
    budget = _columns(connection, _budgets(), rows, 2)
    spent = _columns(connection, _spent(), rows, 2)
    held = _columns(connection, _promised(still), rows, 2 + len(SUMS))
    used = _columns(connection, _redeemed(still), rows, 2 + len(SUMS))
    open_ = np.maximum(held - used, 0)
    open_[2:, open_[1] == 0] = 0  # what rounding left of sums that are used up
    money, uses, spent_money, spent_uses, open_money, open_uses = np.rint(
        [*budget, *spent, *open_[:2]]
    ).astype(np.int64)
    return Budgets(
        tuple(offers), money, uses, spent_money, spent_uses, open_money, open_uses,
        Sums(*open_[2:]),
    )  # fmt: skip


def first_open(day: date, late_days: int) -> date:
    """The earliest last day of lists whose promises still count on `day`."""
    return day - timedelta(late_days)


def _columns(
    connection: Connection, query: Any, rows: dict[str, int], n: int
) -> NDArray[np.float64]:
    """The columns of a query with a row an offer (offer first), shape (n, offers)."""
    found = np.zeros((n, len(rows)))
    for offer, *values in connection.execute(query):
        if offer in rows:
            found[:, rows[offer]] = [float(value or 0) for value in values]
    return found


def _budgets() -> Any:
    offer = tables.Offer
    return select(offer.id, offer.budget_money, offer.budget_redemptions)


def _spent() -> Any:
    counter = tables.OfferCounter
    return select(counter.offer, counter.money, counter.uses)


def _promised(still: ColumnElement[bool]) -> Any:
    promise = tables.Promise
    names = ("money", "uses", *SUMS)
    sums = (func.sum(promise.__table__.c[name]) for name in names)
    return select(promise.offer, *sums).where(still).group_by(promise.offer)


def _redeemed(still: ColumnElement[bool]) -> Any:
    """What redemptions took out of the promises that are open."""
    promise, used = tables.Promise, tables.Redemption
    n, p = cast(used.promised, Double), used.probability
    c = cast(used.worth, Double)
    pc = p * c
    sums = (n * c, n, n * pc, n * pc * c, n * pc * c * c, n * pc * pc, n * p, n * p * p)
    return (
        select(used.offer, *(func.sum(term) for term in sums))
        .join(promise, (promise.offer == used.offer) & (promise.night == used.night))
        .where(still, used.promised != 0)
        .group_by(used.offer)
    )


class Promised(NamedTuple):
    """An offer on a list: redemption probability, worth in minor units, uses it may have."""

    offer: str
    probability: float
    worth: int
    uses: int


def promise_rows(promises: Iterable[Promised]) -> list[dict[str, Any]]:
    """What lists promise, by offer: rows of `tables.Promise` but for night and last day."""
    each = [promise for promise in promises for _ in range(promise.uses)]
    names = sorted({promise.offer for promise in each})
    rows = {name: number for number, name in enumerate(names)}
    offer = np.array([rows[promise.offer] for promise in each], dtype=np.int64)
    worth = np.array([promise.worth for promise in each], dtype=np.int64)
    p = np.array([promise.probability for promise in each], dtype=np.float64)
    sums = Sums.of(offer, p, worth, len(names)).columns()
    uses, money = np.zeros((2, len(names)), dtype=np.int64)
    np.add.at(uses, offer, 1)
    np.add.at(money, offer, worth)
    columns = zip(names, uses.tolist(), money.tolist(), *(c.tolist() for c in sums), strict=True)
    return [dict(zip(("offer", "uses", "money", *SUMS), row, strict=True)) for row in columns]
