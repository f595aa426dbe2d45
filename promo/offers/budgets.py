"""Budgets: what offers have cost, what open lists still promise of them, and what is left.

A promise is open until its list's last day (and `late_days` more, for tills whose redemptions come
late). What has been redeemed of it is spent, and outstanding no longer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from itertools import pairwise
from math import fsum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, func, select

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
    held = _promised(connection, still, rows)
    used = _redeemed(connection, still, rows)
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


def _promised(
    connection: Connection, still: ColumnElement[bool], rows: dict[str, int]
) -> NDArray[np.float64]:
    """What the nights whose promises are open promised: money, uses and SUMS by offer."""
    promise = tables.Promise
    columns = (promise.__table__.c[name] for name in ("money", "uses", *SUMS))
    found = connection.execute(select(promise.offer, *columns).where(still)).all()
    terms = np.array([row[1:] for row in found], dtype=np.float64).reshape(-1, 2 + len(SUMS))
    return _summed([row.offer for row in found], terms.T, rows)


def _redeemed(
    connection: Connection, still: ColumnElement[bool], rows: dict[str, int]
) -> NDArray[np.float64]:
    """What redemptions took out of the promises that are open, in the same columns."""
    promise, used = tables.Promise, tables.Redemption
    alike = (used.offer, used.worth, used.probability)
    query = (
        select(*alike, func.sum(used.promised))
        .join(promise, (promise.offer == used.offer) & (promise.night == used.night))
        .where(still, used.promised != 0)
        .group_by(*alike)
    )
    found = connection.execute(query).all()
    figures = np.array([row[1:] for row in found], dtype=np.float64).reshape(-1, 3)
    c, p, n = figures.T
    pc = p * c
    terms = (n * c, n, n * pc, n * pc * c, n * pc * c * c, n * pc * pc, n * p, n * p * p)
    return _summed([row.offer for row in found], np.array(terms), rows)


def _summed(
    offers: Sequence[str], terms: NDArray[np.float64], rows: dict[str, int]
) -> NDArray[np.float64]:
    """The sums by offer of terms of shape (k, n), each rounded once: shape (k, offers).

    Added up here and not in the database: each adds in an order and with a care of its own, and
    the same night must give the same bytes on both.
    """
    places = np.array([rows.get(offer, -1) for offer in offers], dtype=np.int64)
    order = np.argsort(places, kind="stable")
    ends = np.searchsorted(places[order], np.arange(len(rows) + 1))
    sums = np.zeros((len(terms), len(rows)))
    for offer, (first, last) in enumerate(pairwise(ends)):
        if first < last:
            sums[:, offer] = [fsum(some) for some in terms[:, order[first:last]].tolist()]
    return sums


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
