"""Looking a list up, by its code, its short code or a loyalty card."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from promo import tables
from promo.errors import Sentence
from promo.lists.codes import open_code
from promo.lists.codes.keys import CodeKeys, ForgedCode, MistypedCode


class Refused(Sentence):
    """No list to open. `reason` is one of REASONS; the message is a sentence for the cashier.

    `day`: the first day of a list that is not yet valid, the last one of a list that has expired.
    """

    def __init__(self, reason: str, message: str, day: date | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.day = day
        self.exit_code = REASONS[reason]


# What the command leaves with.
REASONS = {"mistyped": 11, "forged": 12, "unknown": 13, "not_yet_valid": 14, "expired": 15}


def by_code(connection: Connection, keys: CodeKeys, text: str, day: date) -> dict[str, Any]:
    """What others see of the list that a code opens on `day`. Raises Refused."""
    return _answer(connection, row_by_code(connection, keys, text, day))


def row_by_code(connection: Connection, keys: CodeKeys, text: str, day: date) -> Row[Any]:
    """The list that a code opens on `day`, and its night's `state`. Raises Refused."""
    try:
        opened = open_code(keys, text)
    except MistypedCode as error:
        raise Refused("mistyped", str(error)) from None
    except ForgedCode as error:
        raise Refused("forged", str(error)) from None
    found = connection.execute(
        _lists().where(
            tables.ShopperList.key_id == opened.key_id,
            tables.ShopperList.counter == opened.counter,
        )
    ).all()
    if not found:
        raise Refused("unknown", "The code is genuine, but its list was withdrawn before print.")
    row: Row[Any] = in_force(found, day)
    return row


def by_card(connection: Connection, card: str, day: date) -> dict[str, Any]:
    """What others see of the list in force on `day` of a card's household. Raises Refused."""
    return _answer(connection, row_by_card(connection, card, day))


def row_by_card(connection: Connection, card: str, day: date) -> Row[Any]:
    """The list in force on `day` of the household that carries a card. Raises Refused."""
    shopper = connection.execute(
        select(tables.Card.shopper).where(tables.Card.card == card.strip())
    ).scalar()
    if shopper is None:
        raise Refused("unknown", f"No household carries the card {card.strip()[:64]!r}.")
    query = _lists().where(tables.ShopperList.shopper == shopper)
    found = connection.execute(
        query.order_by(tables.ShopperList.first_day, tables.ShopperList.night)
    ).all()
    if not found:
        raise Refused("unknown", "The card is known, but no list was made for it.")
    row: Row[Any] = in_force(found, day)
    return row


def _lists() -> Select[Any]:
    table, run = tables.ShopperList, tables.Run
    return select(table.__table__, run.state).join(run, run.night == table.night)


def in_force(found: Sequence[Any], day: date) -> Any:
    """Of a household's lists, by date and at least one: the newest in force on `day`.

    A list is a row with first_day, last_day, night and its night's state. Raises Refused, which
    says why the last list, or the next, is not in force.
    """
    begun = [row for row in found if row.first_day <= day]
    open_now = [row for row in begun if row.last_day >= day]
    if open_now:
        # A draft that is being made must not hide the sheet in the shopper's hand.
        return max(open_now, key=_standing)
    if begun:
        last = begun[-1].last_day
        raise Refused("expired", f"The list was good until {last}; today is {day}.", last)
    first = found[0].first_day
    raise Refused("not_yet_valid", f"The list is good from {first}; today is {day}.", first)


def _standing(row: Any) -> tuple[bool, date, date]:
    return row.state == "published", row.first_day, row.night


def _answer(connection: Connection, row: Row[Any]) -> dict[str, Any]:
    stopped = _stopped(connection, [offer["offer"] for offer in row.content["offers"]])
    return answer(row, stopped, _used(connection, row.key_id, row.counter))


def answer(row: Any, stopped: Mapping[str, str], used: Mapping[str, int]) -> dict[str, Any]:
    """A list as others see it: no name, nothing that was guessed about the household.

    stopped: what shoppers are told, by offer; used: how often, by offer. An offer is `open`,
    `used`, or `stopped` with a sentence for the shopper; one that is paused is honoured where it
    is printed, and so open.
    """
    return {
        "list_code": row.code,
        "state": row.state,
        "night": row.night.isoformat(),
        "store": row.store,
        "first_day": row.first_day.isoformat(),
        "last_day": row.last_day.isoformat(),
        "worth": row.worth,
        "offers": [
            {
                "offer": offer["offer"],
                "title": offer["title"],
                "headline": offer["headline"],
                "worth": offer["worth"],
                "buy": offer["buy"],
            }
            | _state(offer, stopped, used)
            for offer in row.content["offers"]
        ],
        "due": [item["words"] for item in row.content["due"]],
    }


def _state(
    offer: dict[str, Any], stopped: Mapping[str, str], used: Mapping[str, int]
) -> dict[str, str]:
    if used.get(offer["offer"], 0) >= offer.get("uses", 1):
        return {"state": "used"}
    if offer["offer"] in stopped:
        return {"state": "stopped", "sentence": stopped[offer["offer"]]}
    return {"state": "open"}


def _stopped(connection: Connection, offers: Sequence[str]) -> dict[str, str]:
    """What shoppers are told of those of some offers that are stopped."""
    offer, event = tables.Offer, tables.OfferEvent
    rows = connection.execute(
        select(offer.id, event.sentence)
        .outerjoin(event, (event.offer == offer.id) & (event.kind == "stopped"))
        .where(offer.state == "stopped", offer.id.in_(offers))
    )
    return {row.id: row.sentence or "" for row in rows}


def _used(connection: Connection, key_id: int, counter: int) -> dict[str, int]:
    """How often each offer of a list is used, less what was given back."""
    table = tables.Redemption
    rows = connection.execute(
        select(table.offer, func.sum(table.uses))
        .where(table.key_id == key_id, table.counter == counter)
        .group_by(table.offer)
    )
    return {offer: int(uses) for offer, uses in rows}
