"""Opening a list at the till, in raw SQL: it is asked most, and a shopper waits.

The answer is promo.lists.lookup's own; only how the rows are read differs.
"""

import json
from datetime import date
from typing import Any, NamedTuple

from promo.checkout.connections import Statements
from promo.lists import lookup
from promo.lists.codes import open_code
from promo.lists.codes.keys import CodeKeys, ForgedCode, MistypedCode

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
# How often offers of the list are used, and those that are stopped with what shoppers are told.
STATES = """select offer, sum(uses), null from redemptions
where key_id = ? and counter = ? group by offer
union all select o.id, null, coalesce(e.sentence, '') from offers o
left join offer_events e on e.offer = o.id and e.kind = 'stopped'
where o.state = 'stopped' and o.id in ({})"""


CARD = "select 1 from cards where card = ?"


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


def by_code(statements: Statements, keys: CodeKeys, text: str, day: date) -> Stored:
    """The list that a code opens on `day`. Raises lookup.Refused."""
    try:
        opened = open_code(keys, text)
    except MistypedCode as error:
        raise lookup.Refused("mistyped", str(error)) from None
    except ForgedCode as error:
        raise Invented("forged", str(error)) from None
    found = statements.rows(BY_CODE, (opened.key_id, opened.counter))
    return _in_force(found, day)


def by_card(statements: Statements, card: str, day: date) -> Stored:
    """The list in force on `day` of the household that carries a card. Raises lookup.Refused."""
    number = card.strip()
    found = statements.rows(BY_CARD, (number, day.isoformat()))
    if not any(_day(row[5]) <= day for row in found):
        found = statements.rows(ALL_DAYS, (number,))
        if not found and not statements.rows(CARD, (number,)):
            raise Invented("unknown", "No household carries the card.")
    return _in_force(found, day)


def answer(statements: Statements, row: Stored) -> dict[str, Any]:
    """The list as tills see it: see lookup.answer."""
    offers = [offer["offer"] for offer in row.content["offers"]]
    marks = ", ".join("?" * len(offers)) or "null"
    used: dict[str, int] = {}
    stopped: dict[str, str] = {}
    for offer, uses, sentence in statements.rows(
        STATES.format(marks), (row.key_id, row.counter, *offers)
    ):
        if sentence is None:
            used[offer] = int(uses)
        else:
            stopped[offer] = sentence
    return lookup.answer(row, stopped, used)


def _in_force(found: list[tuple[Any, ...]], day: date) -> Stored:
    if not found:
        raise lookup.Refused("unknown", "There is no list for the code or card.")
    row: Stored = lookup.in_force([_stored(each) for each in found], day)
    return row


def _stored(row: tuple[Any, ...]) -> Stored:
    key_id, counter, code, night, store, first, last, worth, content, state, shopper = row
    return Stored(
        key_id, counter, code, _day(night), store, _day(first), _day(last), worth,
        json.loads(content), state, shopper,
    )  # fmt: skip


def _day(value: date | str) -> date:
    """SQLite has days as text."""
    return date.fromisoformat(value) if isinstance(value, str) else value
