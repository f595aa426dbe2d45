"""Will it fit? An estimate in millimetres of the room a list takes, before anything is rendered.

The numbers are those of `templates/list.css`: where a template of the chain's own prints larger,
the night still finds a list that runs over its page, and stops.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from promo.lists.items import Draft, DueItem, OfferItem

ROOM = 193.0  # height of a column below its heading, on Letter paper
DUE_WIDTH = 80.0  # of a due item's words, on A4 paper
OFFER_WIDTH = 61.0  # of an offer's words, on A4 paper
POINT = 25.4 / 72
CHARACTER = 0.54  # of a character, in ems of Fira Sans, with what is lost at the line's end


@dataclass(frozen=True)
class Print:
    """One of the three sizes of print: type in points, heights in millimetres."""

    name: str
    words: float
    detail: float
    due_line: float
    due_gap: float
    heading: float
    offer_line: float
    offer_rest: float

    def due(self, items: Iterable[DueItem]) -> float:
        """Height of due items, with a heading for each department."""
        items = list(items)
        headings = self.heading * len({item.department for item in items})
        return headings + sum(self._due(item) for item in items)

    def _due(self, item: DueItem) -> float:
        width = len(item.words) * self.words + (len(item.detail) + 1) * self.detail
        return self.due_gap + self.due_line * _lines(width, DUE_WIDTH)

    def offers(self, items: Iterable[OfferItem]) -> float:
        """Height of offers: their words, and a line of terms each."""
        size = self.words
        return sum(
            self.offer_rest + self.offer_line * _lines(len(item.title) * size, OFFER_WIDTH)
            for item in items
        )


def _lines(points: float, width: float) -> int:
    return max(1, -int(-(points * POINT * CHARACTER) // width))


PRINTS = (
    Print("", 11, 9.5, 5.0, 1.1, 8.2, 4.7, 6.8),
    Print("dense", 10.5, 9, 4.3, 0.7, 6.9, 4.3, 5.6),
    Print("tight", 9.5, 8.5, 3.9, 0.6, 5.7, 3.9, 4.7),
)


def fitting(items: Iterable[DueItem]) -> tuple[DueItem, ...]:
    """The first items, in their order, that the left column can hold in the smallest print."""
    kept: list[DueItem] = []
    for item in items:
        if PRINTS[-1].due([*kept, item]) <= ROOM:
            kept.append(item)
    return tuple(kept)


def density(draft: Draft) -> str:
    """The name of the largest print in which both columns fit."""
    for size in PRINTS:
        if size.due(draft.due) <= ROOM and size.offers(draft.offers) <= ROOM:
            return size.name
    return PRINTS[-1].name
