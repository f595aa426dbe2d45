"""Which block of a list stands on which leaf and in which column, before anything is rendered.

Due items run down the left column and offers down the right one. What fits on one leaf in a
smaller print stays on one leaf; what does not goes on overleaf in the larger print. Then services
and articles go where room is left, or overleaf; a list never loses an item or an offer, but an
article without room is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from promo.lists.press import heights, sizes
from promo.lists.press.sizes import Size

if TYPE_CHECKING:
    from promo.lists.press.page import DueGroup, OfferGroup, Page

DUE, OFFERS, STORY, SERVICES, OWN = "due", "offers", "story", "services", "own"
NO_DUE, NO_OFFERS = "no-due", "no-offers"
LEFT, RIGHT = 0, 1


class Block(NamedTuple):
    """A piece of a column: a group of due items or offers, an article, services, lines to fill.

    content: a DueGroup, an OfferGroup, a Story, the services, or how many lines there are to fill.
    titled: whether the column's title stands above; again: whether the group began overleaf.
    """

    kind: str
    content: Any
    height: float
    titled: bool = False
    again: bool = False


@dataclass
class Leaf:
    """One page of paper: its two columns, and what room they have left, in millimetres."""

    number: int
    size: Size
    room: list[float]
    header: float  # heights, in millimetres
    foot: float
    columns: tuple[list[Block], list[Block]] = field(default_factory=lambda: ([], []))

    def add(self, block: Block, column: int) -> None:
        """Put a block below what stands in a column."""
        self.columns[column].append(block)
        self.room[column] -= block.height


def spread(page: "Page") -> tuple[Leaf, ...]:
    """The leaves of a list, at least one; `page.most` for its articles, more only if it must."""
    choices, frame = sizes.STYLES[page.style], heights.frame(page, 1)
    tried = (_Spread(page, size, frame) for size in choices)
    fits = next((made for made in tried if made.height <= frame.room), None)
    made = fits or _Spread(page, choices[0], frame)
    made.fill()
    return tuple(made.leaves)


class _Spread:
    """The leaves of a list in one size of print, filled from the top."""

    def __init__(self, page: "Page", size: Size, frame: heights.Frame) -> None:
        self.page, self.size, self.frame = page, size, frame  # the first leaf's
        self.width = heights.column_width(page.paper)
        self.leaves: list[Leaf] = []
        due = [self._due(group) for group in page.groups]
        offers = [self._offers(group) for group in page.offer_groups]
        self.groups = (
            due or [self._nothing(NO_DUE, page.phrases.nothing_due)],
            offers or [self._nothing(NO_OFFERS, page.phrases.no_offers)],
        )

    @property
    def height(self) -> float:
        """Of the higher column, were it on one leaf."""
        return max(
            heights.title(self.size, dated=side == RIGHT) + sum([group.height for group in column])
            for side, column in enumerate(self.groups)
        )

    def fill(self) -> None:
        """Put everything in its place."""
        self._leaf()
        self._flow(LEFT)
        self._flow(RIGHT)
        self._extras()

    def _leaf(self, size: Size | None = None) -> Leaf:
        number = len(self.leaves) + 1
        room, header, foot = heights.frame(self.page, number) if self.leaves else self.frame
        leaf = Leaf(number, size or self.size, [room, room], header, foot)
        self.leaves.append(leaf)
        return leaf

    def _flow(self, column: int) -> None:
        """Put groups into a column of one leaf after the other."""
        number = 0
        for group in self.groups[column]:
            start = 0
            while start < len(group.heights):
                leaf = self.leaves[number] if number < len(self.leaves) else self._leaf()
                titled = heights.title(self.size, dated=column == RIGHT)
                title = 0.0 if leaf.columns[column] else titled
                end = group.fitting(start, leaf.room[column] - title)
                if end == start and leaf.columns[column]:
                    number += 1
                    continue
                end = max(end, start + 1)
                leaf.add(group.block(start, end, title), column)
                start = end

    def _due(self, group: "DueGroup") -> "_Group":
        size, width = self.size, self.width
        each = [heights.due(line, size, width) for line in group.lines]
        return _Group(DUE, group, heights.heading(group.department, size, width), each)

    def _offers(self, group: "OfferGroup") -> "_Group":
        size, width = self.size, self.width
        each = [heights.offer(line, size, width) for line in group.lines]
        above = heights.heading(group.title, size, width) if group.title else 0.0
        return _Group(OFFERS, group, above, each)

    def _nothing(self, kind: str, words: str) -> "_Group":
        return _Group(kind, (words,), 0.0, [heights.sentence(words, self.size, self.width)])

    def _extras(self) -> None:
        """Services, articles, and lines for the shopper's own hand."""
        if self.page.services:
            self._place(SERVICES, self.page.services, titled=False)
        titled = bool(self.page.club)
        for story in self.page.stories:
            if self._place(STORY, story, titled=titled):
                titled = False
        leaf = self.leaves[0]
        count = min(int((leaf.room[LEFT] - 3.0) // sizes.OWN_LINE), sizes.MOST_OWN)
        if count > 1:
            leaf.add(Block(OWN, count, 3.0 + count * sizes.OWN_LINE), LEFT)

    def _place(self, kind: str, content: Any, *, titled: bool) -> bool:
        """Put a block where most room is, on the first leaf that has enough of it."""
        for leaf in self.leaves:
            column = max((LEFT, RIGHT), key=lambda side: (round(leaf.room[side], 6), -side))
            height = self._extra(kind, content, leaf.size, titled=titled)
            if leaf.room[column] >= height:
                leaf.add(Block(kind, content, height, titled), column)
                return True
        if len(self.leaves) >= self.page.most or (kind == SERVICES and not self.page.stories):
            return False
        reading = sizes.READING if self.page.style != "large" else self.size
        height = self._extra(kind, content, reading, titled=titled)
        if height > heights.frame(self.page, 2).room:
            return False
        self._leaf(reading).add(Block(kind, content, height, titled), LEFT)
        return True

    def _extra(self, kind: str, content: Any, size: Size, *, titled: bool) -> float:
        if kind == SERVICES:
            return heights.services(self.page, size, self.width)
        above = heights.club(self.page.club, size, self.width) if titled else 0.0
        return above + heights.story(content, size, self.width)


class _Group:
    """What may go on overleaf between two lines, but never behind its heading."""

    def __init__(self, kind: str, content: Any, heading: float, lines: Sequence[float]) -> None:
        self.kind, self.content, self.heading, self.heights = kind, content, heading, lines
        self.height = heading + sum(lines)

    def fitting(self, start: int, room: float) -> int:
        """The end of its lines from `start` on that fit below the heading."""
        if not start and self.height <= room:
            return len(self.heights)
        used, end = self.heading, start
        for height in self.heights[start:]:
            used += height
            if used > room:
                break
            end += 1
        return end

    def block(self, start: int, end: int, title: float) -> Block:
        """Some of its lines as a block of a column, which begins with the column's title if any."""
        if (start, end) == (0, len(self.heights)):
            return Block(self.kind, self.content, title + self.height, bool(title))
        some = self.content._replace(lines=self.content.lines[start:end])
        height = title + self.heading + sum(self.heights[start:end])
        return Block(self.kind, some, height, bool(title), again=start > 0)
