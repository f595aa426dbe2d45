"""From a stored list to the page a template prints: every string ready, no arithmetic left."""

from datetime import date
from functools import lru_cache
from itertools import groupby

from babel.dates import format_date, format_skeleton

from promo.config import Settings
from promo.lists.codes import human_readable
from promo.lists.codes.barcode import gs1_128_svg
from promo.lists.items import DueItem, OfferItem
from promo.lists.press import layout
from promo.lists.press.page import DueGroup, DueLine, OfferLine, Page
from promo.lists.sheet import Sheet


@lru_cache(maxsize=512)
def day_in_words(day: date, locale: str) -> str:
    """`Sun, Nov 19, 2017`, by the locale's rules."""
    return str(format_date(day, "EEE, MMM d, y" if locale == "en_US" else "full", locale))


@lru_cache(maxsize=512)
def short_day(day: date, locale: str) -> str:
    """`Nov 19`, by the locale's rules."""
    return str(format_skeleton("MMMd", day, locale=locale))


def page(sheet: Sheet, settings: Settings) -> Page:
    """The page of one list."""
    draft, window = sheet.draft, sheet.window
    barcode = gs1_128_svg(sheet.code, settings.lists.module_mm)
    first, last = (short_day(day, settings.locale) for day in (window.first, window.last))
    dates = f"{first} to {last}"
    return Page(
        list_code=sheet.code,
        human_readable=human_readable(sheet.code),
        short_code=sheet.short,
        barcode=barcode.svg,
        barcode_width_mm=barcode.width_mm,
        barcode_height_mm=barcode.height_mm,
        name=layout.shortened(sheet.person.name),
        long_name=layout.is_long(sheet.person.name),
        store=sheet.store_name[: layout.MOST_STORE],
        valid_from=day_in_words(window.first, settings.locale),
        valid_until=day_in_words(window.last, settings.locale),
        groups=_groups(draft.due),
        offers=tuple(_offer(offer, dates, settings) for offer in draft.offers),
        worth=settings.in_words(draft.worth),
        density=layout.density(draft, dates),
        language=draft.language,
    )


def _groups(due: tuple[DueItem, ...]) -> tuple[DueGroup, ...]:
    ordered = sorted(due, key=lambda item: (item.department, item.words))
    return tuple(
        DueGroup(department, tuple(DueLine(item.words, item.detail) for item in items))
        for department, items in groupby(ordered, key=lambda item: item.department)
    )


def _offer(offer: OfferItem, dates: str, settings: Settings) -> OfferLine:
    headline = offer.headline or f"{settings.in_words(offer.worth)} off"
    return OfferLine(headline, offer.title, offer.conditions, dates)
