"""One list's sheet while the shopper waits: rendered in memory, in a thread beside the tills.

A thread is enough: the PDF engine lets go of the interpreter while it draws, and one thread means
one press and one drawing at a time, so that printing never takes more than a core from the tills.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from promo.calendar import Window
from promo.config import Settings
from promo.lists.codes import list_code, short_code
from promo.lists.codes.ean import of_list
from promo.lists.codes.keys import CodeKeys, Opened
from promo.lists.items import Draft
from promo.lists.press.formats import Heading, too_high
from promo.lists.press.page import Page
from promo.lists.press.pdf import pdf_bytes
from promo.lists.press.press import Press
from promo.lists.press.receipt import receipt
from promo.lists.sheet import Person, Sheet

STYLES = {"pdf": "sheet", "large": "large"}
WIDTHS = {"receipt-80": 80, "receipt-58": 58}  # mm
FORMATS = ("html", *STYLES, *WIDTHS)


class Kiosk:
    """A press that is made once, and a thread of its own to print in."""

    def __init__(self, settings: Settings, keys: CodeKeys) -> None:
        self.settings = settings
        self.keys = keys
        self.press = Press(settings)
        self._thread = ThreadPoolExecutor(1, "kiosk")

    def warm(self, day: date) -> None:
        """Render an empty list in every format, so that no shopper waits for templates and fonts.

        Raises RenderError where a template cannot be rendered at all.
        """
        draft = Draft("", "", "", "", "", (), ())
        codes = list_code(self.keys, 0), short_code(self.keys, 0)
        first = Opened(self.keys.active, 0)
        ean = of_list(self.keys, first, "", self.settings.lists.ean_prefix)
        empty = Sheet(draft, *codes, Window(day, day), "", Person(""), ean=ean)
        for form in FORMATS:
            printed(empty, form, self.press, Heading(self.settings.banner, day))

    async def print(self, sheet: Sheet, form: str, day: date) -> bytes:
        """The sheet in a format (of FORMATS), dated `day`. Raises PrintError, RenderError."""
        loop = asyncio.get_running_loop()
        heading = Heading(self.settings.banner, day)
        return await loop.run_in_executor(self._thread, printed, sheet, form, self.press, heading)

    def close(self) -> None:
        """End what is being printed, and take no more."""
        self._thread.shutdown()


def printed(sheet: Sheet, form: str, press: Press, heading: Heading) -> bytes:
    """One list in a format: the same bytes that a volume of this list alone would hold."""
    page = press.page(sheet, style=STYLES.get(form, "sheet"))
    if form in WIDTHS:
        return receipt(page, press, WIDTHS[form])
    if form in STYLES:
        return _pdf(page, STYLES[form], press, heading)
    return press.html([page], title=heading.title).encode()


def _pdf(page: Page, style: str, press: Press, heading: Heading) -> bytes:
    html = press.print_html([page], style=style, title=heading.title)
    data, count = pdf_bytes(html, title=heading.title, day=heading.day)
    if count != page.leaves:
        raise too_high(f"The list {page.list_code}", count, page.leaves)
    return data
