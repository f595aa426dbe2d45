"""A stored list with everything an output needs: its codes, its days, its store and its reader."""

from dataclasses import dataclass

from promo.calendar import Window
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

    `ean` is its EAN-13, for a chain whose tills read nothing else (`lists.ean_prefix`).
    """

    draft: Draft
    code: str
    short: str
    window: Window
    store_name: str
    person: Person
    issue: int = 1
    ean: str = ""
