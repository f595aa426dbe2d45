"""The height of each part of a sheet, in millimetres, as `templates/print.css` prints it."""

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from promo.lists.press import sizes
from promo.lists.press.metrics import POINT, lines, longest, width
from promo.lists.press.sizes import Size

if TYPE_CHECKING:
    from promo.lists.press.page import DueLine, OfferLine, Page, Story

NBSP = "\N{NO-BREAK SPACE}"
TAG = f"{NBSP}M"  # about as wide as the frame of an offer's mark
INDENT, PARAGRAPH, ITEM, PADDING = 5.0, 1.4, 0.6, 5.0  # of articles
NARROWEST_HOW = 58.0  # of the words beside the code


@lru_cache(maxsize=8)
def column_width(paper: str) -> float:
    """Of each of the two columns."""
    return (sizes.PAPERS[paper][0] - 2 * sizes.SIDE - sizes.GUTTER) / 2


class Frame(NamedTuple):
    """What is around the columns of a leaf, and the room that it leaves them."""

    room: float
    header: float
    foot: float


def frame(page: "Page", number: int) -> Frame:
    """Of a leaf by its number, from 1."""
    above, below = header(page, number), foot(page, number)
    paper = sizes.PAPERS[page.paper][1] - sizes.TOP - sizes.BOTTOM
    return Frame(paper - above - sizes.RULE - below - 1.0, above, below)


def header(page: "Page", number: int) -> float:
    """Of the first leaf's header, with an address below if the style has one; of the others'."""
    if number > 1:
        return sizes.AGAIN
    if page.style == "mail":
        return sizes.WINDOWS[page.paper].below - sizes.TOP
    frame = sizes.FRAMES[page.style]
    days = f"{page.valid_from} – {page.valid_until}"
    # Below the box with the worth, unless points make it higher.
    across = beside_worth(page) if page.points else sizes.PAPERS[page.paper][0] - 2 * sizes.SIDE
    more = lines(((days, frame.dates, True),), across) - 1
    return frame.header + more * frame.line(frame.dates)


def foot(page: "Page", number: int) -> float:
    """Of the first leaf's foot, with the code; of the others'."""
    if number > 1:
        return 8.0
    code = page.barcode_height_mm + 6.0
    how = how_height(page)
    return 4.0 + (code + how if stacked(page) else max(code, how))


def how_width(page: "Page") -> float:
    """Of the words beside the code."""
    return sizes.PAPERS[page.paper][0] - 2 * sizes.SIDE - page.barcode_width_mm - 6.0


def stacked(page: "Page") -> bool:
    """Whether the code is so wide that the words stand above it."""
    return how_width(page) < NARROWEST_HOW


def how_height(page: "Page") -> float:
    """Of the words on how to use the sheet, and the short code."""
    own = sizes.FRAMES[page.style].how
    line = own * POINT * 1.22
    across = sizes.PAPERS[page.paper][0] - 2 * sizes.SIDE if stacked(page) else how_width(page)
    words = page.phrases
    show, by_itself = (words.show, own, True), (words.by_itself, own, False)
    count, both = lines((show,), across), lines((show, by_itself), across)
    if both > count:  # a sentence that does not fit behind the other begins a line of its own
        count += lines((by_itself,), across)
    count += lines(((words.type_this, own, False),), across)
    return count * line + sizes.SHORT_CODE * POINT * 1.2 + 2.5


def title(size: Size, *, dated: bool) -> float:
    """Of a column's title; dated: whether the days of the offers belong to it."""
    below = size.line(size.days) + 1.0 if dated and size.days else 0.0
    return size.line(size.title) + below + 1.5


@lru_cache(maxsize=4096)
def heading(text: str, size: Size, across: float) -> float:
    """Of a department's or a group's heading, in capitals, with its line."""
    count = lines(((text.upper(), size.heading * 1.08, True),), across)
    return size.heading_gap + count * size.line(size.heading) + sizes.STROKE


@lru_cache(maxsize=2**15)
def due(line: "DueLine", size: Size, across: float) -> float:
    """Of a due item: words, detail and the mark of an offer, one behind the other."""
    runs = [(line.words, size.item, True), (line.detail, size.detail, False)]
    if line.offer:
        runs.append((line.offer.replace(" ", NBSP) + TAG, size.detail, True))
    return size.due_gap + lines(tuple(runs), across - size.box) * size.line(size.item)


@lru_cache(maxsize=2**15)
def offer(line: "OfferLine", size: Size, across: float) -> float:
    """Of an offer: its words and terms beside what it gives, or below."""
    beside = size.lead or across
    words = across - size.lead
    lead = lines(((line.headline, size.headline, True),), beside - 2) * size.line(size.headline)
    said, terms = (line.words, size.item, True), (line.terms, size.detail, False)
    if size.inline:
        text = lines((said, terms), words) * size.line(size.item)
    else:
        text = lines((said,), words) * size.line(size.item)
        text += lines((terms,), words) * size.line(size.detail)
    return size.offer_gap + (max(lead, text) if size.lead else lead + text)


def sentence(words: str, size: Size, across: float) -> float:
    """Of what stands in a column that has nothing to say."""
    return lines(((words, size.item, False),), across) * size.line(size.item) + 3.0


def services(page: "Page", size: Size, across: float) -> float:
    """Of the services that a tier may use, with their heading."""
    points = size.detail + 1
    each = (lines(((words, points, False),), across - INDENT) for words in page.services)
    text = sum(count * size.line(points) + ITEM for count in each)
    return heading(page.phrases.for_you, size, across) + text + 2.0


def club(words: str, size: Size, across: float) -> float:
    """Of a club's heading above its articles."""
    return 3.0 + lines(((words, size.title, True),), across) * size.line(size.title)


@lru_cache(maxsize=4096)
def story(made: "Story", size: Size, across: float) -> float:
    """Of an article, with its kind and title."""
    inside = across - 2 * PADDING
    total = 2 * PADDING + 4.0 + size.line(size.heading)
    total += lines(((made.title, size.title - 2, True),), inside) * size.line(size.title - 2)
    for tag, words in made.texts:
        bold = tag == "h"
        usable = inside - (INDENT if tag == "li" else 0.0)
        count = lines(((words, size.story, bold),), usable)
        total += count * size.line(size.story) + (ITEM if tag == "li" else PARAGRAPH)
    return total


def long_words(page: "Page") -> bool:
    """Whether a word is longer than its line in the larger print of the page's style."""
    size = sizes.STYLES[page.style][0]
    across = column_width(page.paper)
    item = (across - (size.lead or size.box)) / (size.item * POINT)
    narrow = (size.lead or across) / (size.headline * POINT)
    heading = across / (size.heading * 1.1 * POINT)
    headings = [longest(group.department.upper(), True) for group in page.groups]
    items = [_longest_due(line) for group in page.groups for line in group.lines]
    items += [longest(words, True) for words in (page.greeting, page.club, *page.services)]
    items += [longest(words, True) for story in page.stories for _, words in story.texts]
    return (
        max(headings, default=0.0) > heading
        or max(items) > item
        or any(_is_long(line, narrow, item) for line in page.offers)
    )


@lru_cache(maxsize=2**15)
def _longest_due(line: "DueLine") -> float:
    """Ems of the longest word of a due item."""
    offer = line.offer.replace(" ", NBSP) + TAG
    return max(longest(words, True) for words in (line.words, line.detail, offer))


@lru_cache(maxsize=2**15)
def _is_long(line: "OfferLine", narrow: float, item: float) -> bool:
    """Whether an offer has a word of more ems than its column has."""
    words = max(longest(line.words, True), longest(line.terms, True))
    return words > item or longest(line.headline, True) > narrow


def greeting(page: "Page") -> tuple[str, bool]:
    """The greeting as it fits beside the worth, and whether it needs the smaller print."""
    across = beside_worth(page)
    if width(page.greeting, sizes.GREETING, bold=True) <= across:
        return page.greeting, False
    return _cut(page.greeting, sizes.LONG_GREETING, across, 2), True


def store(page: "Page") -> str:
    """The store's name as it fits beside the worth."""
    return _cut(page.store, sizes.FRAMES[page.style].dates, beside_worth(page), 1)


def _cut(text: str, points: float, across: float, most: int) -> str:
    """A text, or as much of it as so many lines hold."""
    kept = text
    while lines(((f"{kept}…", points, True),), across) > most:
        kept = kept[:-1].rstrip()
    return text if kept == text else f"{kept}…"


def beside_worth(page: "Page") -> float:
    """What the header's words have, beside the box with the worth."""
    across = sizes.PAPERS[page.paper][0] - 2 * sizes.SIDE
    if not page.offers:
        return across
    note = sizes.FRAMES[page.style].note
    box = max(
        width(page.worth, sizes.WORTH, bold=True),
        width(page.phrases.off, note),
        width(page.points, note, bold=True),
    )
    return across - box - 17.0


def address(page: "Page") -> tuple[float, tuple[str, ...]]:
    """The name and address as an envelope's window holds them: their type in points, and the lines.

    What is long is printed smaller, and then goes on in the next line; more lines than the window
    has are joined below the name.
    """
    window = sizes.WINDOWS[page.paper]
    said = [line for line in (page.name, *page.address) if line]
    if (more := len(said) - window.lines) > 0:
        said[1 : 2 + more] = [", ".join(said[1 : 2 + more])]
    for points in sizes.ADDRESSES:
        if all(width(line, points, bold=True) <= window.width for line in said):
            return points, tuple(said)
    return points, tuple(_broken(said, points, window))


def _fitting(text: str, points: float, across: float) -> int:
    """Characters of a text that fit a line, at least one."""
    count = len(text)
    while count > 1 and width(text[:count], points, bold=True) > across:
        count -= 1
    return count


def _broken(said: list[str], points: float, window: sizes.Window) -> Iterator[str]:
    """Lines that are too long go on in the next, as long as the window has lines left."""
    room = window.lines - len(said)
    for line in said:
        rest = line
        while room and width(rest, points, bold=True) > window.width:
            fits = _fitting(rest, points, window.width)
            at = rest.rfind(" ", 1, fits + 1)
            end = at if at > 0 else fits
            yield rest[:end]
            rest, room = rest[end:].lstrip(), room - 1
        yield _cut(rest, points, window.width, 1)
