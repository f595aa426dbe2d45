"""A stored list with everything an output needs: its codes, its days, its store and its reader."""

from dataclasses import dataclass
from typing import Any

from promo.calendar import Window
from promo.config import Settings
from promo.lists import address
from promo.lists.codes import short_code
from promo.lists.codes.ean import of_list
from promo.lists.codes.keys import CodeKeys, Opened
from promo.lists.items import Draft


@dataclass(frozen=True)
class Person:
    """Whom a list is for. `address`: the lines below the name, ready to print."""

    name: str
    address: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True)
class Sheet:
    """One stored list. `code` is the barcode's content, `short` the code to type.

    `store_name`: as the chain has it, perhaps empty. `ean` is its EAN-13, for a chain whose tills
    read nothing else (`lists.ean_prefix`).
    """

    draft: Draft
    code: str
    short: str
    window: Window
    store_name: str
    person: Person
    issue: int = 1
    ean: str = ""


def restored(row: Any, keys: CodeKeys, settings: Settings) -> Sheet:
    """A stored list from its row with its household's and store's: see stored.ROWS.

    settings: for addresses abroad and the prefix of an EAN-13.
    """
    name = row.name or ""
    # A list bears the language it was made in, whatever the household speaks now.
    draft = Draft.restored(
        row.content, shopper=row.shopper, name=name, language=row.language, store=row.store
    )
    own = keys
    if row.key_id != keys.active:
        own = CodeKeys(keys.document_type, keys.secrets, row.key_id)
    return Sheet(
        draft,
        row.code,
        short_code(own, row.counter),
        Window(row.first_day, row.last_day),
        row.store_name or "",
        Person(name, address.lines(row._asdict(), settings.locale), row.email or ""),
        row.issue,
        of_list(keys, Opened(row.key_id, row.counter), row.store, settings.lists.ean_prefix),
    )
