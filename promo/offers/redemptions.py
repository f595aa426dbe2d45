"""Redemptions: each use of an offer is stored, and counted in the same transaction.

Rows are never edited: a void or a return is a row of its own with negative figures. The counting,
and how simultaneous tills keep out of each other's way, is `promo.offers.counters`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from promo.offers.counters import RedemptionError, alarm, count, lock
from promo.offers.known import AMOUNTS, FIGURES, Known, ListId, Row, Use


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


def record(connection: Connection, redemption: Redemption) -> Recorded:
    """Store and count a use, a void or a return, in the caller's transaction.

    The same use sent again is not counted again and gets the same answer. Raises RedemptionError;
    BudgetSpent for an offer that is `hard` and has reached its limit. Whoever records several
    offers in one transaction calls `lock` for all of them first.
    """
    [found] = record_all(connection, [redemption])
    if isinstance(found, RedemptionError):
        raise found
    return found


def record_all(
    connection: Connection, batch: Sequence[Redemption]
) -> list[Recorded | RedemptionError]:
    """`record` a batch in its order: what is stored is read once, what is new written at once.

    Returns for each what is recorded, or why it is not. Raises RedemptionError, with nothing done,
    where there is no such offer.
    """
    lock(connection, [each.offer for each in batch])
    uses = [use for each in batch for use in (each.use, each.of) if use is not None]
    lists = [each.on for each in batch if each.on is not None]
    stored = Known.of(connection, uses, lists)
    found: list[tuple[Row, bool, bool] | RedemptionError] = []
    for each in batch:
        try:
            found.append(_record(connection, each, stored))
        except RedemptionError as error:
            found.append(error)
    stored.write(connection)
    return [one if isinstance(one, RedemptionError) else _recorded(*one) for one in found]


def _record(
    connection: Connection, redemption: Redemption, stored: Known
) -> tuple[Row, bool, bool]:
    """The row, whether it was there already, and whether it spent the budget."""
    _check(redemption)
    same = stored.rows.get((redemption.offer, redemption.kind, redemption.use))
    if same is not None:
        _no_other(same, redemption)
        return same, True, False
    row = _row(redemption)
    if redemption.of is None:
        row |= _promised(connection, stored, redemption)
    else:
        row |= _taken_back(connection, stored, redemption, redemption.of)
    counted = count(connection, row)
    stored.add(row)
    return row, False, alarm(connection, redemption.offer, redemption.at, counted)


def _recorded(row: Row, repeated: bool, exhausted: bool) -> Recorded:
    figures = {name: row[name] for name in FIGURES}
    return Recorded(row["id"], **figures, repeated=repeated, exhausted=exhausted)


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


def _no_other(stored: Row, new: Redemption) -> None:
    """The answer given before stands; figures that differ are no repeat but somebody's mistake."""
    if new.kind != "void" and any(stored[name] != getattr(new, name) for name in FIGURES):
        raise RedemptionError(
            f"Use {new.use.number} of offer {new.offer} in transaction {new.use.transaction} of "
            f"{new.use.day} (store {new.use.store}, till {new.use.till}) is stored with other "
            f"figures: money {stored['money']}, uses {stored['uses']}."
        )


def _row(new: Redemption) -> Row:
    on = new.on or (None, None)
    return new.use._asdict() | {
        "id": None,
        "kind": new.kind, "reverses": None, "offer": new.offer, "key_id": on[0], "counter": on[1],
        "shopper": new.shopper, "uses": new.uses, "units": new.units, "money": new.money,
        "funder_money": new.funder_money, "lines": new.lines, "at": new.at, "night": None,
        "promised": 0, "worth": 0, "probability": 0.0,
    }  # fmt: skip


def _promised(connection: Connection, stored: Known, new: Redemption) -> Row:
    """What the use takes from the promises of its list's night; nothing when on no list."""
    if new.on is None:
        return {}
    found = stored.lists.get(new.on)
    if found is None:
        raise RedemptionError("There is no such list.")
    if new.shopper not in (None, found.shopper):
        raise RedemptionError("The list and the card are not of one household.")
    on_list = [item for item in found.offers if item["offer"] == new.offer]
    if not on_list and not stored.stood_on(connection, new.on, new.offer):
        raise RedemptionError(f"Offer {new.offer} does not stand on this list.")
    row: Row = {"shopper": found.shopper}
    for item in on_list:
        left = item.get("uses", 1) - stored.promised.get((new.on, new.offer), 0)
        row |= {
            "night": found.night, "promised": max(min(new.uses, left), 0),
            "worth": item["worth"], "probability": item["probability"],
        }  # fmt: skip
    return row


def _taken_back(connection: Connection, stored: Known, new: Redemption, of: Use) -> Row:
    """What a void or return takes from the use it names: never more than is left of it."""
    use = stored.rows.get((new.offer, "redeem", of))
    if use is None:
        raise RedemptionError(
            f"There is no use {of.number} of offer {new.offer} in transaction {of.transaction} of "
            f"{of.day} (store {of.store}, till {of.till}) to take back."
        )
    if use["id"] is None:
        stored.write(connection)
    left = stored.left(use)
    taken = left if new.kind == "void" else [-getattr(new, name) for name in FIGURES] + [0]
    if not any(left[:4]) or any(t > most for t, most in zip(taken, left, strict=True)):
        raise RedemptionError(
            f"Of use {of.number} of offer {new.offer} in transaction {of.transaction} "
            f"money {left[2]} and uses {left[0]} are left to take back."
        )
    same = ("key_id", "counter", "shopper", "night", "worth", "probability")
    return (
        {name: use[name] for name in same}
        | {name: -t for name, t in zip(AMOUNTS, taken, strict=True)}
        | {"reverses": use["id"]}
    )
