"""Where lists are found when somebody opens one: in the chain's database, in raw SQL.

A store machine looks into its pack instead (promo.checkout.pack.pack_statements).
"""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

from pydantic_core import from_json

from promo.lists import lookup

COLUMNS = """l.key_id, l.counter, l.code, l.night, l.store, l.first_day, l.last_day, l.worth,
cast(l.content as text), r.state, l.shopper"""
BY_CODE = f"""select {COLUMNS} from lists l join runs r on r.night = l.night
where l.key_id = ? and l.counter = ?"""
BY_CARD = f"""select {COLUMNS} from cards c join lists l on l.shopper = c.shopper
join runs r on r.night = l.night where c.card = ? and l.last_day >= ?
order by l.first_day, l.night"""
# Only when nothing is open: why not?
ALL_DAYS = """select l.key_id, l.counter, l.code, l.night, l.store, l.first_day, l.last_day,
l.worth, '{}', r.state, l.shopper from cards c join lists l on l.shopper = c.shopper
join runs r on r.night = l.night where c.card = ? order by l.first_day, l.night"""
CARD = "select 1 from cards where card = ?"
# Of one store, published, good on a day: nothing else does an EAN-13 open.
OF_STORE = """select 1 from lists l join runs r on r.night = l.night
where l.key_id = ? and l.counter = ? and l.store = ? and l.first_day <= ? and l.last_day >= ?
and r.state = 'published'"""


class Invented(lookup.Refused):
    """A code or card that we never gave out: a guess, or another chain's."""


class Stored(NamedTuple):
    """A list's row, with its night's state."""

    key_id: int
    counter: int
    code: str
    night: date
    store: str
    first_day: date
    last_day: date
    worth: int
    content: dict[str, Any]
    state: str
    shopper: str


Rows = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
"""What gives all rows of a query."""


def of_code(rows: Rows, key_id: int, counter: int) -> list[Stored]:
    """The list of a code that is genuine; none where it was withdrawn."""
    return [_stored(row) for row in rows(BY_CODE, (key_id, counter))]


def of_card(rows: Rows, card: str, day: date) -> list[Stored]:
    """By date, the lists of who carries a card, or those alone that are not over on `day`.

    Those that are over come without content. Raises Invented.
    """
    found = [_stored(row) for row in rows(BY_CARD, (card, day.isoformat()))]
    if not any(row.first_day <= day for row in found):
        found = [_stored(row) for row in rows(ALL_DAYS, (card,))]
        if not found and not is_card(rows, card):
            raise Invented("unknown", f"No household carries the card {card[:64]!r}.")
    return found


def is_card(rows: Rows, text: str) -> bool:
    """Whether a text is the card of some household."""
    return bool(rows(CARD, (text,)))


def opens_at(rows: Rows, store: str, key_id: int, counter: int, day: date) -> bool:
    """Whether a list is a store's own, published, and good on a day."""
    values = (key_id, counter, store, day.isoformat(), day.isoformat())
    return bool(rows(OF_STORE, values))


def _stored(row: tuple[Any, ...]) -> Stored:
    key_id, counter, code, night, store, first, last, worth, content, state, shopper = row
    return Stored(
        key_id, counter, code, _day(night), store, _day(first), _day(last), worth,
        from_json(content), state, shopper,
    )  # fmt: skip


def _day(value: date | str) -> date:
    """SQLite has days as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value
