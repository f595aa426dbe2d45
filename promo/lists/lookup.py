"""Which list is in force, why none is, and what others see of it; promo.checkout.opening reads."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from promo.errors import Sentence


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
