"""Will it fit? An estimate in millimetres of the room a list takes, before anything is rendered.

The numbers are those of `templates/list.css`: where a template of the chain's own prints larger,
the night still finds a list that runs over its page, and stops.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from promo.lists.items import Draft, DueItem, OfferItem

ROOM = 199.0  # height of a column below its heading, on Letter paper, under the highest header
DUE_WIDTH = 80.0  # of a due item's words, on A4 paper
HEADING_WIDTH = 86.0  # of a department, on A4 paper
OFFER_WIDTH = 60.0  # of an offer's words, on A4 paper
NAME_WIDTH = 122.0  # of the name, beside the widest worth, on A4 paper
HEADLINE_WIDTH = 21.5  # of an offer's headline, on A4 paper
NAME, LONG_NAME, HEADLINE = 22.0, 12.5, 12.0  # points
DETAIL_LEADING = 1.28
DATES = "30. Sept. to 30. Sept."  # as wide as a list's dates come
MOST_STORE = 40  # characters of a store's name
POINT = 25.4 / 72

# Advance widths in Fira Sans Bold, in hundredths of an em, of the characters from the space on.
ASCII = (
    24, 24, 44, 56, 55, 86, 76, 24, 32, 32, 45, 53, 24, 41, 24, 52, 58, 46, 52, 52, 56, 54, 56, 47,
    58, 56, 24, 24, 52, 52, 52, 48, 102, 59, 62, 58, 65, 53, 49, 64, 67, 29, 32, 63, 51, 79, 66,
    69, 60, 69, 62, 57, 54, 65, 57, 85, 58, 59, 54, 32, 52, 32, 56, 52, 34, 55, 60, 48, 60, 55, 36,
    55, 58, 28, 28, 55, 30, 84, 58, 58, 60, 60, 40, 48, 39, 57, 51, 75, 51, 52, 46, 32, 38, 32, 51,
)  # fmt: skip
WIDE, BROAD, OTHER = 105, 140, 78  # of Chinese and its like, of BROAD_ARABIC, of all others
BROAD_ARABIC = "بتثسشصضطظفىي"


@dataclass(frozen=True)
class Print:
    """One of the three sizes of print: type in points, heights in millimetres."""

    name: str
    words: float
    detail: float
    due_line: float
    due_gap: float
    heading: float
    heading_type: float
    offer_line: float
    offer_rest: float

    def due(self, items: Iterable[DueItem]) -> float:
        """Height of due items, with a heading for each department."""
        items = list(items)
        departments = {item.department for item in items}
        return sum(map(self.heading_of, departments)) + sum(map(self.due_item, items))

    def heading_of(self, department: str) -> float:
        """Height of a department's heading."""
        lines = _lines(((department.upper(), self.heading_type * 1.1),), HEADING_WIDTH)
        return self.heading + (lines - 1) * self.heading_type * POINT * 1.28

    def due_item(self, item: DueItem) -> float:
        """Height of a due item."""
        runs = ((item.words, self.words), (item.detail, self.detail))
        return self.due_gap + self.due_line * _lines(runs, DUE_WIDTH)

    def offers(self, items: Iterable[OfferItem], dates: str = DATES) -> float:
        """Height of offers: their words and their terms, or their headline where that is higher."""
        return sum(self._offer(item, dates) for item in items)

    def _offer(self, item: OfferItem, dates: str) -> float:
        detail = self.detail * POINT * DETAIL_LEADING
        terms = f"{item.conditions} | {dates}" if item.conditions else ""
        words = self.offer_line * _lines(((item.title, self.words),), OFFER_WIDTH)
        words += detail * (_lines(((terms, self.detail),), OFFER_WIDTH) - 1)
        headline = _lines(((item.headline, HEADLINE),), HEADLINE_WIDTH) * HEADLINE * POINT * 1.12
        return self.offer_rest + max(words, headline - detail)


PRINTS = (
    Print("", 11, 9.5, 5.0, 1.1, 8.2, 9.5, 4.7, 7.2),
    Print("dense", 10.5, 9, 4.3, 0.7, 6.9, 9, 4.3, 5.7),
    Print("tight", 9.5, 8.5, 3.9, 0.6, 5.7, 8.5, 3.85, 4.15),
)


def due_that_fit(items: Iterable[DueItem]) -> tuple[DueItem, ...]:
    """The first items, in their order, that the left column can hold in the smallest print."""
    size, used = PRINTS[-1], 0.0
    kept: list[DueItem] = []
    departments = set[str]()
    for item in items:
        heading = 0.0 if item.department in departments else size.heading_of(item.department)
        if used + heading + size.due_item(item) <= ROOM:
            used += heading + size.due_item(item)
            departments.add(item.department)
            kept.append(item)
    return tuple(kept)


def offers_that_fit(items: Iterable[OfferItem]) -> tuple[OfferItem, ...]:
    """The first offers, in their order, that the right column can hold in the smallest print."""
    used = 0.0
    kept: list[OfferItem] = []
    for item in items:
        height = PRINTS[-1].offers([item])
        if used + height <= ROOM:
            used += height
            kept.append(item)
    return tuple(kept)


def density(draft: Draft, dates: str = DATES) -> str:
    """The name of the largest print in which both columns fit; dates: behind every offer."""
    for size in PRINTS:
        if size.due(draft.due) <= ROOM and size.offers(draft.offers, dates) <= ROOM:
            return size.name
    return PRINTS[-1].name


def is_long(name: str) -> bool:
    """Whether a name needs the smaller print to stand on two lines at most."""
    return _lines(((f"For {name}", NAME),), NAME_WIDTH) > 1


def shortened(name: str) -> str:
    """The name, or as much of it as two lines of the smaller print hold."""
    kept = name
    while _lines(((f"For {kept}…", LONG_NAME),), NAME_WIDTH) > 2:
        kept = kept[:-1].rstrip()
    return name if kept == name else f"{kept}…"


@lru_cache(maxsize=2**16)
def _lines(runs: tuple[tuple[str, float], ...], width: float) -> int:
    """Lines that runs of (text, points) take in a column: whole words, broken where too long."""
    lines, used = 1, 0.0
    for text, points in runs:
        for word in text.split():
            long = _ems(word) * points * POINT
            gap = 0.3 * points * POINT if used else 0.0
            if used + gap + long > width:
                lines, used, gap = lines + bool(used), 0.0, 0.0
            used += gap + long
            usable = width - points * POINT  # of a broken word's line
            while used > width:
                lines, used = lines + 1, used - usable
    return lines


def _ems(word: str) -> float:
    return sum(map(_hundredths, word)) / 100


def _hundredths(character: str) -> int:
    if " " <= character <= "~":
        return ASCII[ord(character) - ord(" ")]
    if unicodedata.category(character) in ("Mn", "Cf"):
        return 0
    if character in BROAD_ARABIC:
        return BROAD
    return WIDE if unicodedata.east_asian_width(character) in "WF" else OTHER
