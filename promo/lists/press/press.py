"""The press: from stored lists to documents, by the chain's own settings and templates."""

from collections.abc import Sequence
from dataclasses import replace

from promo.config import Settings
from promo.language import Languages
from promo.lists.articles import library
from promo.lists.codes import human_readable
from promo.lists.codes.barcode import gs1_128_svg
from promo.lists.content import content, in_language
from markupsafe import Markup

from promo.lists.press import fonts, pages, sizes
from promo.lists.press.page import Page
from promo.lists.press.render import Renderer
from promo.lists.sheet import Sheet
from promo.translations import bases

STYLES = tuple(sizes.STYLES)


class Press:
    """Made once a process; templates, articles and fonts are read when they are first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.languages = Languages.of(settings)
        folder = settings.paths.templates
        self.content, self.library = content(folder), library(folder)
        self.renderer = Renderer(folder, settings.banner)

    def page(self, sheet: Sheet, *, style: str = "sheet", sequence: str = "") -> Page:
        """The page of one list in one of STYLES, every string ready for print.

        sequence: the list's number in a mailing. How many leaves of paper it takes
        (`page.leaves`) follows from the style, which does not matter on the web.
        """
        draft, window, lists = sheet.draft, sheet.window, self.settings.lists
        language = self.languages[draft.language]
        barcode = gs1_128_svg(sheet.code, lists.module_mm)
        points = sum(offer.points * offer.uses for offer in draft.offers)
        dates = language.span(window.first, window.last)
        club = self.content.club(draft.club)
        return Page(
            list_code=sheet.code,
            human_readable=human_readable(sheet.code),
            short_code=sheet.short,
            barcode=barcode.svg,
            barcode_width_mm=barcode.width_mm,
            barcode_height_mm=barcode.height_mm,
            name=sheet.person.name,
            greeting=pages.greeting(sheet.person.name, language),
            store=sheet.store_name,
            valid_from=language.day(window.first),
            valid_until=language.day(window.last),
            dates=dates,
            groups=pages.due_groups(draft),
            offer_groups=pages.offer_groups(draft, dates, language),
            worth=language.money(draft.worth),
            phrases=pages.phrases(language, len(draft.offers)),
            tongue=language,
            points=pages.points(points, language) if points else "",
            club=in_language(club.heading, language.name) if club else "",
            services=self.content.services_of(draft.tier, language.name),
            stories=pages.stories(draft.articles, self.library, language),
            address=sheet.person.address,
            sequence=sequence,
            folders=self._folders(club.id if club else "", language.name),
            style=style,
            paper=lists.paper,
            most=lists.max_leaves,
        )

    def html(self, pages: Sequence[Page], *, title: str) -> str:
        """One document for the web, phone first. Raises RenderError."""
        return self.renderer.document("web", pages, title=title)

    def print_html(self, pages: Sequence[Page], *, style: str = "sheet", title: str) -> str:
        """One document for `write_pdf`; pages made for another style are laid out anew.

        Raises RenderError.
        """
        own = [page if page.style == style else replace(page, style=style) for page in pages]
        paper = self.settings.lists.paper
        look = {"paper": paper, "style": style, "size": sizes.PAPERS[paper], "m": sizes, "families": Markup(fonts.FAMILIES)}
        return self.renderer.document("print", own, title=title, **look)

    def _folders(self, club: str, language: str) -> tuple[str, ...]:
        """Where a list's own templates would stand, the most special first."""
        own = (f"clubs/{club}",) if club else ()
        return (*own, *(f"languages/{name}" for name in bases(language)))
