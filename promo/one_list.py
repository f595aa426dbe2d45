"""One list for somebody who stands and waits: looked up, printed, shown.

Imports little, and neither SQLAlchemy nor Polars: a command begins anew each time, and these
libraries alone would take longer than the list.
"""

import tempfile
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from promo.checkout import opening
from promo.checkout.finding_lists import Stored
from promo.checkout.statements import Statements, connected
from promo.config import Settings
from promo.emails import is_address
from promo.lists.codes.keys import CodeKeys
from promo.lists.sheet import Sheet


class Found(NamedTuple):
    """A list that was asked for; `draft`: its night is not published, and it may still change."""

    sheet: Sheet
    draft: bool


class Asked(NamedTuple):
    """What opens a list on a day: a code, or a card; `store`: where it is handed in, if known."""

    day: date
    code: str = ""
    card: str | None = None
    store: str | None = None


def seen(settings: Settings, keys: CodeKeys, asked: Asked) -> dict[str, Any]:
    """The list as tills see it: see lookup.answer. Raises lookup.Refused, DatabaseError."""
    with connected(settings.database_url) as statements:
        return opening.answer(statements, _opened(statements, settings, keys, asked))


def found(settings: Settings, keys: CodeKeys, asked: Asked) -> Found:
    """The list, ready to be printed. Raises lookup.Refused, DatabaseError."""
    with connected(settings.database_url) as statements:
        row = _opened(statements, settings, keys, asked)
        sheet = opening.sheet(statements, row, keys, settings, asked.day)
    return Found(sheet, row.state == "draft")


def _opened(statements: Statements, settings: Settings, keys: CodeKeys, asked: Asked) -> Stored:
    if asked.card is not None:
        return opening.by_card(statements, asked.card, asked.day)
    prefix, desk = settings.lists.ean_prefix, None
    if asked.store is not None:
        desk = opening.desk(statements, asked.store, prefix, asked.day)
    return opening.by_code(statements, keys, asked.code, asked.day, desk)


def one(settings: Settings, sheet: Sheet, form: str) -> bytes:
    """One list in a format, as a file of its own. Raises PrintError, RenderError."""
    from promo.lists.press.formats import FORMATS, Heading, PrintError
    from promo.lists.press.press import Press

    if lacks := _lacks(sheet, form):
        raise PrintError(f"The household of the list {sheet.code} has no {lacks} to send it to.")
    heading = Heading(settings.banner, sheet.window.first)
    with tempfile.TemporaryDirectory(prefix="promo-") as folder:
        path = Path(folder) / "list"
        (entry,) = FORMATS[form].write([sheet], path, Press(settings), heading)
        data = path.read_bytes()
    return data[entry.offset :][: entry.length] if FORMATS[form].indexed else data


def _lacks(sheet: Sheet, form: str) -> str:
    """What a format is sent by, and the household has not."""
    if form == "mail" and not sheet.person.address:
        return "address"
    return "e-mail address" if form == "email" and not is_address(sheet.person.email) else ""


def shown(settings: Settings, sheet: Sheet, form: str) -> str:
    """One list as `text` or `html`. Raises RenderError."""
    if form == "html":
        return one(settings, sheet, "html").decode()
    from promo.lists.press.press import Press

    press = Press(settings)
    page = press.page(sheet)
    return press.renderer.one("email.txt.j2", page)
