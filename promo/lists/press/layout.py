"""Which block of a list stands on which leaf and in which column, before anything is rendered.

Due items run down the left column and offers down the right one. What fits on one leaf in a
smaller print stays on one leaf; what does not goes on overleaf in the larger print. Then services
and articles go where room is left, or overleaf; a list never loses an item or an offer, but an
article without room is left out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Union

from promo.lists.press import heights, sizes
from promo.lists.press.sizes import Size

if TYPE_CHECKING:
    from promo.lists.press.page import DueGroup, OfferGroup, Page, Story

    Content = Union[DueGroup, OfferGroup, Story, tuple[str, ...], int]

DUE, OFFERS, STORY, SERVICES, OWN = "due", "offers", "story", "services", "own"
NO_DUE, NO_OFFERS = "no-due", "no-offers"
LEFT, RIGHT = 0, 1


@dataclass(frozen=True)
class Block:
    """A piece of a column: a group of due items or offers, an article, services, lines to fill.

    titled: whether the column's title stands above; again: whether the group began overleaf.
    """

    kind: str
    content: "Content"
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
    choices = sizes.STYLES[page.style]
    tried = (_Spread(page, size) for size in choices)
    fits = next((made for made in tried if len(made.leaves) == 1), None)
    made = fits or _Spread(page, choices[0])
    made.extras()
    return tuple(made.leaves)


class _Spread:
    """The leaves of a list in one size of print, filled from the top."""

    def __init__(self, page: "Page", size: Size) -> None:
        self.page, self.size = page, size
        self.width = heights.column_width(page.paper)
        self.leaves: list[Leaf] = []
        self._leaf()
        self._flow(LEFT, [self._due(group) for group in page.groups] or [self._nothing(NO_DUE, page.phrases.nothing_due)])
        offers = [self._offers(group) for group in page.offer_groups]
        self._flow(RIGHT, offers or [self._nothing(NO_OFFERS, page.phrases.no_offers)])

    def _leaf(self) -> Leaf:
        page, number = self.page, len(self.leaves) + 1
        room = heights.room(page, number)
        header, foot = heights.header(page, number), heights.foot(page, number)
        leaf = Leaf(number, self.size, [room, room], header, foot)
        self.leaves.append(leaf)
        return leaf

    def _flow(self, column: int, groups: Iterable["_Group"]) -> None:
        """Put groups into a column of one leaf after the other."""
        number = 0
        for group in groups:
            rest = group
            while rest.heights:
                leaf = self.leaves[number] if number < len(self.leaves) else self._leaf()
                title = 0.0 if leaf.columns[column] else self._title()
                count = rest.fitting(leaf.room[column] - title)
                if not count and leaf.columns[column]:
                    number += 1
                    continue
                leaf.add(rest.taken(max(count, 1), title), column)
                rest = rest.left(max(count, 1))

    def _title(self) -> float:
        return heights.title(self.size)

    def _heading(self, text: str) -> float:
        return heights.heading(text, self.size, self.width)

    def _due(self, group: "DueGroup") -> "_Group":
        each = [heights.due(line, self.size, self.width) for line in group.lines]
        return _Group(DUE, group, self._heading(group.department), each)

    def _offers(self, group: "OfferGroup") -> "_Group":
        each = [heights.offer(line, self.size, self.width) for line in group.lines]
        return _Group(OFFERS, group, self._heading(group.title) if group.title else 0.0, each)

    def _nothing(self, kind: str, words: str) -> "_Group":
        return _Group(kind, (words,), 0.0, [heights.sentence(words, self.size, self.width)])

    def extras(self) -> None:
        """Services, articles, and lines for the shopper's own hand."""
        page = self.page
        if page.services:
            self._place(Block(SERVICES, page.services, heights.services(page, self.size, self.width)))
        first = True
        for story in page.stories:
            titled = first and bool(page.club)
            height = heights.story(story, self.size, self.width)
            height += heights.club(page.club, self.size, self.width) if titled else 0.0
            if self._place(Block(STORY, story, height, titled)):
                first = False
        leaf = self.leaves[0]
        count = min(int((leaf.room[LEFT] - 3.0) // sizes.OWN_LINE), sizes.MOST_OWN)
        if count > 1:
            leaf.add(Block(OWN, count, 3.0 + count * sizes.OWN_LINE), LEFT)

    def _place(self, block: Block) -> bool:
        """Put a block where most room is, on the first leaf that has enough of it."""
        for leaf in self.leaves:
            column = max((LEFT, RIGHT), key=lambda side: (round(leaf.room[side], 6), -side))
            if leaf.room[column] >= block.height:
                leaf.add(block, column)
                return True
        if len(self.leaves) >= self.page.most or heights.room(self.page, 2) < block.height:
            return False
        self._leaf().add(block, LEFT)
        return True


@dataclass(frozen=True)
class _Group:
    """What may go on overleaf between two lines, but never behind its heading."""

    kind: str
    content: "Content"
    heading: float
    heights: Sequence[float]
    again: bool = False

    def fitting(self, room: float) -> int:
        """How many of its lines fit below the heading."""
        used, count = self.heading, 0
        for height in self.heights:
            used += height
            if used > room:
                break
            count += 1
        return count

    def taken(self, count: int, title: float) -> Block:
        """Its first lines as a block of a column, which begins with the column's title if any."""
        height = title + self.heading + sum(self.heights[:count])
        return Block(self.kind, self._part(0, count), height, bool(title), self.again)

    def left(self, count: int) -> "_Group":
        """The rest of it."""
        some = self._part(count, len(self.heights))
        return replace(self, content=some, heights=self.heights[count:], again=True)

    def _part(self, start: int, end: int) -> "Content":
        if self.kind not in (DUE, OFFERS) or (start, end) == (0, len(self.heights)):
            return self.content
        return replace(self.content, lines=self.content.lines[start:end])  # type: ignore[union-attr, type-var]
