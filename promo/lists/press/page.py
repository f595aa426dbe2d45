"""The view model of a printed list: what a template gets, every string ready for print."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from promo.language import Language
from promo.lists.press import heights, layout
from promo.lists.press.layout import Leaf


class DueLine(NamedTuple):
    """An item the household will soon need: `Soft drinks`, `12 pk, national brand`."""

    words: str
    detail: str
    offer: str = ""  # what an offer on the same category gives: `$1.00 off`


class DueGroup(NamedTuple):
    """The due items of a department."""

    department: str
    lines: tuple[DueLine, ...]


class OfferLine(NamedTuple):
    """An offer: `$1.00 off`, `Cold cereal`, `When you buy 2. Once.`, `Nov 6 – 19`."""

    headline: str
    words: str
    terms: str
    until: str


class OfferGroup(NamedTuple):
    """Offers with something in common: `On your list`, `New for you`."""

    title: str
    lines: tuple[OfferLine, ...]


@dataclass(frozen=True)
class Story:
    """An article: `html` is markup made from Markdown without any HTML of its own."""

    kind: str  # in words: `Recipe`
    title: str
    html: str
    texts: tuple[tuple[str, str], ...]  # (tag, words) of its paragraphs and items, to be measured


@dataclass(frozen=True)
class Phrases:
    """What every sheet of a language says, where the layout must know how long it is."""

    off: str
    show: str
    by_itself: str
    type_this: str
    for_you: str
    nothing_due: str
    no_offers: str


@dataclass(frozen=True)
class Page:
    """One list. `barcode` is SVG markup of our own making, the rest is plain text."""

    list_code: str
    human_readable: str
    short_code: str
    barcode: str
    barcode_width_mm: float
    barcode_height_mm: float
    name: str
    greeting: str
    store: str
    valid_from: str
    valid_until: str
    dates: str  # `Nov 6 – 19`
    groups: tuple[DueGroup, ...]
    offer_groups: tuple[OfferGroup, ...]
    worth: str
    phrases: Phrases
    tongue: Language
    points: str = ""  # `+ 50 points`; empty where no offer gives any
    club: str = ""  # the chain's heading for the household's club
    services: tuple[str, ...] = ()
    stories: tuple[Story, ...] = ()
    address: tuple[str, ...] = ()  # lines below the name
    sequence: str = ""  # of the mailing
    folders: tuple[str, ...] = ()  # of its own templates, most special first
    style: str = "sheet"
    paper: str = "Letter"
    most: int = 2  # leaves that it may take for its articles
    ean: str = ""  # its EAN-13, where the chain has a prefix for one

    @cached_property
    def spread(self) -> tuple[Leaf, ...]:
        """The leaves of paper with what stands on each: worked out when it is first printed."""
        return layout.spread(self)

    @property
    def language(self) -> str:
        """As HTML's `lang` wants it."""
        return self.tongue.tag

    @property
    def direction(self) -> str:
        """Which way lines run: `ltr` or `rtl`."""
        return self.tongue.direction

    @property
    def leaves(self) -> int:
        """Pages of the PDF that the list takes."""
        return len(self.spread)

    @cached_property
    def fitted_greeting(self) -> tuple[str, bool]:
        """The greeting as it fits on paper, and whether it needs the smaller print."""
        return heights.greeting(self)

    @cached_property
    def fitted_address(self) -> tuple[float, tuple[str, ...]]:
        """Points of type, and the lines of name and address as they fit an envelope's window."""
        return heights.address(self)

    @cached_property
    def fitted_store(self) -> str:
        """The store's name as it fits on paper."""
        return heights.store(self)

    @cached_property
    def long_words(self) -> bool:
        """Whether a word is longer than its line, and must be broken within."""
        return heights.long_words(self)

    @property
    def stacked(self) -> bool:
        """Whether the code is so wide that the words on it stand above."""
        return heights.stacked(self)

    @property
    def offers(self) -> tuple[OfferLine, ...]:
        """All offers in their order."""
        return tuple(line for group in self.offer_groups for line in group.lines)
