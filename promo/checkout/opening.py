"""Opening a list, by its code, its short code or a loyalty card: at the till, the kiosk, the desk.

In raw SQL, as a shopper waits: see promo.checkout.statements.
"""

from collections import Counter
from datetime import date
from typing import Any, NamedTuple

from promo.checkout.finding_lists import Invented, Stored
from promo.checkout.statements import Statements
from promo.config import Settings
from promo.lists import lookup
from promo.lists.codes import open_code
from promo.lists.codes.ean import Desk
from promo.lists.codes.keys import CodeKeys, ForgedCode, MistypedCode, Opened
from promo.lists.sheet import Sheet, restored

# How often offers of the list are used, and those that are stopped with what shoppers are told.
STATES = """select offer, sum(uses), null from {uses}
where key_id = ? and counter = ? group by offer
union all select o.id, null, coalesce(e.sentence, '') from offers o
left join offer_events e on e.offer = o.id and e.kind = 'stopped'
where o.state = 'stopped' and o.id in ({marks})"""

# Of a household that has not said no since the list was made.
WANTS_LISTS = """select 1 from lists l join shoppers s on s.id = l.shopper
where l.key_id = ? and l.counter = ? and not s.suppressed and coalesce((select c.given
from consents c where c.shopper = s.id and c.purpose = 'lists' and c.day <= ?
order by c.day desc limit 1), true)"""
SHEET = """select l.key_id, l.counter, l.code, l.shopper, l.store, l.issue, l.first_day, l.last_day,
cast(l.content as text), s.name, s.language, s.email,
s.line1, s.line2, s.city, s.region, s.postal_code, s.country, t.name
from lists l join shoppers s on s.id = l.shopper join stores t on t.id = l.store
where l.key_id = ? and l.counter = ?"""


class ToPrint(NamedTuple):
    """What a list's sheet is restored from: see promo.lists.sheet.restored."""

    key_id: int
    counter: int
    code: str
    shopper: str
    store: str
    issue: int
    first_day: date
    last_day: date
    content: str
    name: str | None
    language: str
    email: str | None
    line1: str | None
    line2: str | None
    city: str | None
    region: str | None
    postal_code: str | None
    country: str | None
    store_name: str | None


def desk(statements: Statements, store: str, prefix: str | None, day: date) -> Desk | None:
    """Where a store takes EAN-13 on `day`: they open none but its own published lists in force.

    prefix: `lists.ean_prefix`; None where the chain prints no EAN-13.
    """
    if prefix is None:
        return None

    def in_force(opened: Opened) -> bool:
        return statements.opens_at(store, opened.key_id, opened.counter, day)

    return Desk(store, prefix, in_force)


def by_code(
    statements: Statements, keys: CodeKeys, text: str, day: date, at: Desk | None = None
) -> Stored:
    """The list that a code opens on `day`; an EAN-13 only at a desk. Raises lookup.Refused."""
    try:
        opened = open_code(keys, text, at)
    except MistypedCode as error:
        raise lookup.Refused("mistyped", str(error)) from None
    except ForgedCode as error:
        raise Invented("forged", str(error)) from None
    found = statements.lists_of_code(opened.key_id, opened.counter)
    return _in_force(found, day, "The code is genuine, but its list was withdrawn before print.")


def by_card(statements: Statements, card: str, day: date) -> Stored:
    """The list in force on `day` of the household that carries a card. Raises lookup.Refused."""
    found = statements.lists_of_card(card.strip(), day)
    return _in_force(found, day, "The card is known, but no list was made for it.")


def answer(statements: Statements, row: Stored) -> dict[str, Any]:
    """The list as tills see it: see lookup.answer."""
    offers = [offer["offer"] for offer in row.content["offers"]]
    marks = ", ".join("?" * len(offers)) or "null"
    used = Counter[str]()
    stopped: dict[str, str] = {}
    for use in statements.uses_elsewhere(row.shopper):
        used[use.offer] += use.uses * ((use.key_id, use.counter) == row[:2])
    query = STATES.format(uses=statements.uses, marks=marks)
    for offer, uses, sentence in statements.rows(query, (row.key_id, row.counter, *offers)):
        if sentence is None:
            used[offer] += int(uses)
        else:
            stopped[offer] = sentence
    return lookup.answer(row, stopped, used)


def sheet(
    statements: Statements, row: Stored, keys: CodeKeys, settings: Settings, day: date
) -> Sheet:
    """The list as it is printed on `day`. Raises lookup.Refused.

    Whoever wants no lists any more gets no print; what was printed before is honoured.
    """
    if not statements.rows(WANTS_LISTS, (row.key_id, row.counter, day.isoformat())):
        raise lookup.Refused("unknown", "The household wants no lists to be printed for it.")
    found = statements.rows(SHEET, (row.key_id, row.counter))
    if not found:
        raise lookup.Refused("unknown", "The list was withdrawn this very moment.")
    own = ToPrint(*found[0])
    own = own._replace(first_day=row.first_day, last_day=row.last_day)
    return restored(own, keys, settings)


def _in_force(found: list[Stored], day: date, why_none: str) -> Stored:
    if not found:
        raise lookup.Refused("unknown", why_none)
    row: Stored = lookup.in_force(found, day)
    return row
