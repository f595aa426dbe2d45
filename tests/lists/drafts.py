"""Lists to test with: a due item, an offer, a draft, its page; changed where a test says so."""

from datetime import date
from typing import Any

from promo.calendar import Window
from promo.config import Settings
from promo.lists.codes import list_code, short_code
from promo.lists.codes.keys import CodeKeys
from promo.lists.items import Draft, DueItem, OfferItem
from promo.lists.press.page import Page
from promo.lists.press.press import Press
from promo.lists.sheet import Person, Sheet

NIGHT = date(2017, 11, 6)
WINDOW = Window(NIGHT, date(2017, 11, 19))
KEYS = CodeKeys("9501101530003", {1: b"a secret for the tests", 2: b"another for the tests"}, 1)


def due(**changes: Any) -> DueItem:
    own: dict[str, Any] = {
        "category": "SOFT DRINKS", "words": "Soft drinks", "department": "Drinks",
        "detail": "12 pk", "probability": 0.5, "expected_day": NIGHT, "quantity": 1.0,
    }  # fmt: skip
    return DueItem(**own | changes)


def offer(**changes: Any) -> OfferItem:
    own: dict[str, Any] = {
        "offer": "o1", "title": "Any cold cereal", "worth": 100, "buy": 1,
        "category": "COLD CEREAL", "cell": "national/heavy", "probability": 0.25, "uses": 1,
        "headline": "$1.00 off", "conditions": "On one item. Once.",
    }  # fmt: skip
    return OfferItem(**own | changes)


def draft(**changes: Any) -> Draft:
    own: dict[str, Any] = {
        "shopper": "100", "name": "Ann", "language": "en", "store": "1", "tier": "base",
        "due": (due(),), "offers": (offer(),),
    }  # fmt: skip
    return Draft(**own | changes)


def sheet(made: Draft | None = None, counter: int = 1, **changes: Any) -> Sheet:
    made = made or draft()
    own: dict[str, Any] = {
        "draft": made, "code": list_code(KEYS, counter), "short": short_code(KEYS, counter),
        "window": WINDOW, "store_name": "Main St.", "person": Person(made.name),
    }  # fmt: skip
    return Sheet(**own | changes)


def page(
    settings: Settings, made: Draft | None = None, counter: int = 1, store: str = "Main St."
) -> Page:
    return Press(settings).page(sheet(made, counter, store_name=store))
