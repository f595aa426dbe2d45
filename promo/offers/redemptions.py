"""Redemptions: each use of an offer is stored, and counted in the same transaction.

Rows are never edited: a void or a return is a row of its own with negative figures. The counting,
and how simultaneous tills keep out of each other's way, is `promo.offers.counters`.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, insert, select

from promo import tables
from promo.offers.counters import RedemptionError, alarm, count, lock


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


@dataclass(frozen=True)
class Redemption:
    """One use of an offer, or one taken back; money in minor units.

    `money` is what the offer took off, `funder_money` what the manufacturer pays of it, `at` an
    instant with its zone. A void (`of` names the use) takes back all that is left of it and needs
    no figures; a return takes back what it says, in negative figures.
    """

    offer: str
    use: Use
    at: datetime
    money: int = 0
    funder_money: int = 0
    uses: int = 1
    units: int = 1
    kind: str = "redeem"
    of: Use | None = None
    on: ListId | None = None
    shopper: str | None = None
    lines: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Recorded:
    """What is stored: the answer to a till, the same however often it asks.

    `repeated` and `exhausted` (this use spent the budget) are for the caller and no part of it.
    """

    id: int
    uses: int
    units: int
    money: int
    funder_money: int
    repeated: bool = field(default=False, compare=False)
    exhausted: bool = field(default=False, compare=False)


FIGURES = ("uses", "units", "money", "funder_money")


def record(connection: Connection, redemption: Redemption) -> Recorded:
    """Store and count a use, a void or a return, in the caller's transaction.

    The same use sent again is not counted again and gets the same answer. Raises RedemptionError;
    BudgetSpent for an offer that is `hard` and has reached its limit. Whoever records several
    offers in one transaction calls `lock` for all of them first.
    """
    _check(redemption)
    lock(connection, [redemption.offer])
    stored = _find(connection, redemption.offer, redemption.use, redemption.kind)
    if stored is not None:
        return _again(stored, redemption)
    row = _row(redemption)
    if redemption.of is None:
        row |= _promised(connection, redemption)
    else:
        row |= _taken_back(connection, redemption, redemption.of)
    before, after = count(connection, row)
    table = tables.Redemption
    number = connection.execute(insert(table).values(row).returning(table.id)).scalar_one()
    exhausted = alarm(connection, redemption.offer, redemption.at, before, after)
    return Recorded(number, **{name: row[name] for name in FIGURES}, exhausted=exhausted)


def _check(new: Redemption) -> None:
    """The figures of a row must fit its kind, whoever sends it."""
    figures = [getattr(new, name) for name in FIGURES]
    if new.kind == "redeem" and (new.of is not None or new.uses < 1 or min(figures) < 0):
        raise RedemptionError(
            "A redemption has at least one use, no negative figure, and reverses nothing."
        )
    if new.kind != "redeem" and new.of is None:
        raise RedemptionError(f"A {new.kind} must name the use that it takes back.")
    if new.kind == "return" and (max(figures) > 0 or not any(figures)):
        raise RedemptionError("A return has negative figures (uses, units, money, funder_money).")
    if abs(new.funder_money) > abs(new.money):
        raise RedemptionError(
            f"funder_money {new.funder_money} is more than money {new.money}, which it is part of."
        )


def _find(connection: Connection, offer: str, use: Use, kind: str) -> Row[Any] | None:
    table = tables.Redemption
    same = (
        (table.store == use.store) & (table.till == use.till) & (table.day == use.day)
        & (table.transaction == use.transaction) & (table.number == use.number)
    )  # fmt: skip
    query = select(table.__table__).where(same, table.offer == offer, table.kind == kind)
    return connection.execute(query).one_or_none()


def _again(stored: Row[Any], new: Redemption) -> Recorded:
    """The answer given before; figures that differ are no repeat but somebody's mistake."""
    figures = {name: getattr(stored, name) for name in FIGURES}
    if new.kind != "void" and figures != {name: getattr(new, name) for name in FIGURES}:
        raise RedemptionError(
            f"Use {new.use.number} of offer {new.offer} in transaction {new.use.transaction} of "
            f"{new.use.day} (store {new.use.store}, till {new.use.till}) is stored with other "
            f"figures: money {stored.money}, uses {stored.uses}."
        )
    return Recorded(stored.id, **figures, repeated=True)


def _row(new: Redemption) -> dict[str, Any]:
    on = new.on or (None, None)
    return new.use._asdict() | {
        "kind": new.kind, "reverses": None, "offer": new.offer, "key_id": on[0], "counter": on[1],
        "shopper": new.shopper, "uses": new.uses, "units": new.units, "money": new.money,
        "funder_money": new.funder_money, "lines": new.lines, "at": new.at,
    }  # fmt: skip


def _promised(connection: Connection, new: Redemption) -> dict[str, Any]:
    """What the use takes from the promises of its list's night; nothing when on no list."""
    if new.on is None:
        return {}
    issues = tables.ShopperList
    query = select(issues.night, issues.shopper, issues.content).where(
        issues.key_id == new.on.key_id, issues.counter == new.on.counter
    )
    found = connection.execute(query).one_or_none()
    if found is None:
        raise RedemptionError("There is no such list.")
    if new.shopper not in (None, found.shopper):
        raise RedemptionError("The list and the card are not of one household.")
    on_list = [o for o in found.content["offers"] if o["offer"] == new.offer]
    if not on_list and not _stood_on(connection, new.on, new.offer):
        raise RedemptionError(f"Offer {new.offer} does not stand on this list.")
    row: dict[str, Any] = {"shopper": found.shopper}
    for item in on_list:
        left = item.get("uses", 1) - promised_uses(connection, new.on, new.offer)
        row |= {
            "night": found.night, "promised": max(min(new.uses, left), 0),
            "worth": item["worth"], "probability": item["probability"],
        }  # fmt: skip
    return row


def _stood_on(connection: Connection, on: ListId, offer: str) -> bool:
    """Whether an offer stood on an earlier issue of a list; that paper is still about."""
    table = tables.EarlierIssue
    earlier = select(table.content).where(table.key_id == on.key_id, table.counter == on.counter)
    contents = connection.execute(earlier).scalars()
    return any(item["offer"] == offer for content in contents for item in content["offers"])


def promised_uses(connection: Connection, on: ListId, offer: str) -> int:
    """How many of the uses that a list promises of an offer are taken."""
    table = tables.Redemption
    query = select(func.coalesce(func.sum(table.promised), 0)).where(
        table.key_id == on.key_id, table.counter == on.counter, table.offer == offer
    )
    return int(connection.execute(query).scalar_one())


def _taken_back(connection: Connection, new: Redemption, of: Use) -> dict[str, Any]:
    """What a void or return takes from the use it names: never more than is left of it."""
    stored = _find(connection, new.offer, of, "redeem")
    if stored is None:
        raise RedemptionError(
            f"There is no use {of.number} of offer {new.offer} in transaction {of.transaction} of "
            f"{of.day} (store {of.store}, till {of.till}) to take back."
        )
    table = tables.Redemption
    columns = [table.__table__.c[name] for name in (*FIGURES, "promised")]
    query = select(*(func.coalesce(func.sum(c), 0) for c in columns))
    gone = connection.execute(query.where(table.reverses == stored.id)).one()
    left = [int(getattr(stored, c.name) + back) for c, back in zip(columns, gone, strict=True)]
    taken = left if new.kind == "void" else [-getattr(new, name) for name in FIGURES] + [0]
    if not any(left[:4]) or any(t > most for t, most in zip(taken, left, strict=True)):
        raise RedemptionError(
            f"Of use {of.number} of offer {new.offer} in transaction {of.transaction} "
            f"money {left[2]} and uses {left[0]} are left to take back."
        )
    same = ("key_id", "counter", "shopper", "night", "worth", "probability")
    return (
        {name: getattr(stored, name) for name in same}
        | {c.name: -t for c, t in zip(columns, taken, strict=True)}
        | {"reverses": stored.id}
    )
