"""Which list an offer was used from: by the list's code, else the household's own that holds it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from promo import tables
from promo.offers.known import ListId

SHEETS = tables.ShopperList.__table__.c


class Asked(NamedTuple):
    """One question: an offer used on a day, with a list's code, a household, both or neither."""

    offer: str
    day: date
    code: str | None
    shopper: str | None


@dataclass(frozen=True)
class Lists:
    """The lists that some questions may be about."""

    coded: dict[str, ListId]
    own: dict[str, list[Any]]  # by household, oldest first: key_id, counter, days and content

    @staticmethod
    def of(connection: Connection, asked: Iterable[Asked]) -> "Lists":
        """Read them, with a query for the codes and one for the households."""
        batch = list(asked)
        codes = {one.code for one in batch if one.code is not None}
        shoppers = {one.shopper for one in batch if one.code is None and one.shopper is not None}
        coded = select(SHEETS.code, SHEETS.key_id, SHEETS.counter).where(SHEETS.code.in_(codes))
        columns = ("shopper", "key_id", "counter", "first_day", "last_day", "content")
        days = [one.day for one in batch] or [date.min]
        query = select(*(SHEETS[name] for name in columns)).where(
            SHEETS.shopper.in_(shoppers),
            SHEETS.last_day >= min(days),
            SHEETS.first_day <= max(days),
        )
        own: dict[str, list[Any]] = {}
        for row in connection.execute(query.order_by(SHEETS.night)) if shoppers else ():
            own.setdefault(row.shopper, []).append(row)
        found = connection.execute(coded) if codes else ()
        return Lists({row.code: ListId(row.key_id, row.counter) for row in found}, own)

    def on(self, asked: Asked) -> ListId | None:
        """The list, or None: no list has the code, or the household has none with the offer."""
        if asked.code is not None:
            return self.coded.get(asked.code)
        for row in self.own.get(asked.shopper or "", ()):
            is_open = row.first_day <= asked.day <= row.last_day
            if is_open and any(item["offer"] == asked.offer for item in row.content["offers"]):
                return ListId(row.key_id, row.counter)
        return None
