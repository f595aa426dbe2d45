"""The press: from stored lists to documents, by the chain's own settings and templates."""

from collections.abc import Sequence

from promo.config import Settings
from promo.lists.press import pages
from promo.lists.press.page import Page
from promo.lists.press.render import Renderer
from promo.lists.sheet import Sheet

STYLES = ("sheet", "large", "mail")


class Press:
    """Made once a process; templates and fonts are read when they are first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.renderer = Renderer(settings.paths.templates)

    def page(self, sheet: Sheet) -> Page:
        """The page of one list, every string ready for print."""
        return pages.page(sheet, self.settings)

    def html(self, pages: Sequence[Page], *, title: str) -> str:
        """One document for the web, phone first. Raises RenderError."""
        return self._document(pages, title)

    def print_html(self, pages: Sequence[Page], *, style: str = "sheet", title: str) -> str:
        """One document for `write_pdf`, in one of STYLES. Raises RenderError."""
        return self._document(pages, title)

    def _document(self, pages: Sequence[Page], title: str) -> str:
        look = {"banner": self.settings.banner, "paper": self.settings.lists.paper}
        return self.renderer.html(pages, **look, title=title)
