"""The view model of a printed list: what a template gets, every string ready for print."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DueLine:
    """An item the household will soon need: `Soft drinks`, `12 pk, national brand`."""

    words: str
    detail: str


@dataclass(frozen=True)
class DueGroup:
    """The due items of a department."""

    department: str
    lines: tuple[DueLine, ...]


@dataclass(frozen=True)
class OfferLine:
    """An offer: `$1.00 off`, `Cold cereal`, `When you buy 2. Once.`, `Nov 6 to Nov 19`."""

    headline: str
    words: str
    terms: str
    until: str


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
    long_name: bool  # too long for one line of large print
    store: str
    valid_from: str
    valid_until: str
    groups: tuple[DueGroup, ...]
    offers: tuple[OfferLine, ...]
    worth: str
    density: str  # "", "dense" or "tight": how small the print must be for all to fit
    language: str = "en"
    leaves: int = 1  # pages of the PDF that the list takes
    sequence: int = 0  # of the list within its mailing, in print order; 0 outside of one
