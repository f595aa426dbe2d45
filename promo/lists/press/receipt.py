"""A list as a kiosk's receipt: the bytes that an ESC/POS printer is sent, 80 or 58 mm wide."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby

import numpy as np

from promo.errors import Sentence
from promo.lists.codes.symbols import content, matrix, narrow
from promo.lists.press.code_pages import Repertoire
from promo.lists.press.drawn import drawn
from promo.lists.press.escpos import Dots
from promo.lists.press.page import Page
from promo.lists.press.press import Press
from promo.lists.press.render import RenderError
from promo.lists.press.slip import Element, Line, Row, SlipError, read
from promo.lists.press.strip import Strip
from promo.sections import Lists

TEMPLATE = "receipt.xml.j2"
DOTS_A_MM = 8
"""Of a printer of 203 dpi; one of 180 dpi has 7, and prints all the larger."""
MODULE, LINEAR_MODULE = 6, 4
"""Dots of a module of a matrix symbol (0.75 mm) and of a linear one (0.5 mm)."""
BARS = 184
"""Height of linear bars, in dots: 23 mm."""


class PaperError(Sentence):
    """Receipts of this width are not printed here."""


def receipt(page: Page, press: Press, width: int = 80) -> bytes:
    """The list of a page, ready to be sent to the printer; `width`: mm of paper, mostly 80 or 58.

    The printer is the one that config.yaml's `receipt` describes. Raises RenderError for a
    mistake in the chain's template and PaperError for a width that config.yaml does not have.
    """
    settings = press.settings
    dots = settings.receipt.dots.get(width)
    if dots is None:
        known = " or ".join(map(str, settings.receipt.dots))
        raise PaperError(f"Receipts are {known} mm wide (`receipt.dots`), but got {width}.")
    elements = _elements(page, press)
    chinese = settings.receipt.cjk == "gb18030"
    repertoire = _repertoire(tuple(settings.receipt.code_pages.items()), chinese)
    leftward = page.direction == "rtl"
    groups = [
        (draw, list(some))
        for draw, some in groupby(elements, lambda e: _is_drawn(e, repertoire, leftward))
    ]
    pictures = iter(_pictures([some for draw, some in groups if draw], dots, page))
    strip, code = Strip(repertoire, dots), symbol(page, settings.lists, dots)
    for draw, some in groups:
        if draw:
            strip.picture(next(pictures))
        else:
            _print(strip, some, code)
    return strip.ended(cut=settings.receipt.cutter)


def _elements(page: Page, press: Press) -> list[Element]:
    try:
        return read(press.renderer.one(TEMPLATE, page))
    except SlipError as error:
        raise RenderError(f"The template {TEMPLATE} makes no receipt: {error}.") from error


def _pictures(groups: list[list[Element]], dots: int, page: Page) -> list[Dots]:
    words = [[e for e in some if isinstance(e, Line | Row)] for some in groups]
    return drawn(words, dots, page.direction, page.language) if words else []


@lru_cache(maxsize=8)
def _repertoire(pages: tuple[tuple[str, int], ...], chinese: bool) -> Repertoire:
    return Repertoire(dict(pages), chinese=chinese)


def _is_drawn(element: Element, repertoire: Repertoire, leftward: bool) -> bool:
    """Whether an element is sent as a picture: where text would not do, or would run leftwards."""
    if not isinstance(element, Line | Row):
        return False
    runs = element.runs if isinstance(element, Line) else element.left + element.right
    return leftward or not all(repertoire.says(run.text) for run in runs)


def _print(strip: Strip, elements: Iterable[Element], code: Dots) -> None:
    for element in elements:
        if isinstance(element, Line | Row):
            strip.text(element)
        elif element == "code":
            strip.centered(code)
        elif element == "rule":
            strip.rule()
        else:
            strip.gap()


def symbol(page: Page, lists: Lists, dots: int) -> Dots:
    """The list's code as a picture: the chain's symbology, or GS1 DataMatrix where it is too wide.

    Without quiet zones: nothing else is printed on its rows or next to them.
    """
    symbology = narrow(lists.symbology, dots / DOTS_A_MM, LINEAR_MODULE / DOTS_A_MM)
    code = content(symbology, page.list_code, page.ean)
    return scaled(matrix(symbology, code, host=lists.link_host))


def scaled(rows: Sequence[str]) -> Dots:
    """Rows of modules as a picture; a single row is a linear symbol."""
    modules = np.array([[module == "1" for module in row] for row in rows])
    size = (BARS, LINEAR_MODULE) if len(rows) == 1 else (MODULE, MODULE)
    return np.kron(modules, np.ones(size, bool))
