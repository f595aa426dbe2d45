"""The press: from stored lists to documents, by the chain's own settings and templates."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

from markupsafe import Markup

from promo.calendar import Window
from promo.config import Settings
from promo.language import Language, Languages
from promo.lists.articles import library
from promo.lists.codes.symbols import on_sheet
from promo.lists.content import content
from promo.lists.press import fonts, pages, sizes
from promo.lists.press.page import Page, Phrases, Story
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
        self.renderer = Renderer(folder, settings.banner, settings.paths.state / "cache")
        # The same comes again and again from household to household.
        self._frame = lru_cache(maxsize=4096)(self._framed)

    def page(self, sheet: Sheet, *, style: str = "sheet", sequence: str = "") -> Page:
        """The page of one list in one of STYLES, every string ready for print.

        sequence: the list's number in a mailing. How many leaves of paper it takes
        (`page.leaves`) follows from the style, which does not matter on the web.
        """
        draft, lists = sheet.draft, self.settings.lists
        symbol = on_sheet(lists, sheet.code, sheet.ean)
        offers = draft.offers
        points = sum([offer.points * offer.uses for offer in offers])
        frame = self._frame(
            draft.language, draft.tier, draft.club, draft.articles, sheet.window, len(offers)
        )
        language = frame.language
        return Page(
            list_code=sheet.code,
            human_readable=symbol.text,
            short_code=sheet.short,
            barcode=symbol.svg,
            barcode_width_mm=symbol.width_mm,
            barcode_height_mm=symbol.height_mm,
            name=sheet.person.name,
            greeting=pages.greeting(sheet.person.name, language),
            store=sheet.store_name,
            valid_from=frame.valid_from,
            valid_until=frame.valid_until,
            dates=frame.dates,
            groups=pages.due_groups(draft),
            offer_groups=pages.offer_groups(draft, frame.dates, language),
            worth=language.money(draft.worth),
            phrases=frame.phrases,
            tongue=language,
            points=pages.points(points, language) if points else "",
            club=frame.heading,
            services=frame.services,
            stories=frame.stories,
            address=sheet.person.address,
            sequence=sequence,
            folders=frame.folders,
            style=style,
            paper=lists.paper,
            most=lists.max_leaves,
            ean=sheet.ean,
        )

    def _framed(
        self,
        tag: str,
        tier: str,
        club_name: str,
        articles: tuple[str, ...],
        window: Window,
        offers: int,
    ) -> "_Frame":
        language, club = self.languages[tag], self.content.club(club_name)
        stories, heading = pages.stories(articles, self.library, club, language)
        return _Frame(
            language=language,
            valid_from=language.day(window.first),
            valid_until=language.day(window.last),
            dates=language.span(window.first, window.last),
            phrases=pages.phrases(language, offers),
            heading=heading,
            services=self.content.services_of(tier, language.name),
            stories=stories,
            folders=_folders(club.id if club else "", language.name),
        )

    def html(self, pages: Iterable[Page], *, title: str) -> str:
        """One document for the web, phone first. Pages may come one by one. Raises RenderError."""
        left = iter(pages)
        some = list(islice(left, 1))
        language = _language(some)
        body = self.renderer.lists("web", chain(some, left))
        return self.renderer.document("web", body, title=title, language=language)

    def print_html(self, pages: Sequence[Page], *, style: str = "sheet", title: str) -> str:
        """One document for `write_pdf`; pages made for another style are laid out anew.

        Raises RenderError.
        """
        own = [page if page.style == style else replace(page, style=style) for page in pages]
        paper, body = self.settings.lists.paper, self.renderer.lists("print", own)
        look = {
            "paper": paper,
            "style": style,
            "size": sizes.PAPERS[paper],
            "m": sizes,
            "families": Markup(fonts.families(body)),
        }
        language = _language(own)
        return self.renderer.document("print", body, title=title, language=language, **look)


class _Frame(NamedTuple):
    """What lists of one language, club, tier, window and articles have in common."""

    language: Language
    valid_from: str
    valid_until: str
    dates: str
    phrases: Phrases
    heading: str
    services: tuple[str, ...]
    stories: tuple[Story, ...]
    folders: tuple[str, ...]


def _folders(club: str, language: str) -> tuple[str, ...]:
    """Where a list's own templates would stand, the most special first."""
    own = (f"clubs/{club}",) if club else ()
    return (*own, *(f"languages/{name}" for name in bases(language)))


def _language(pages: Sequence[Page]) -> str:
    """Of a document as a whole; each list in it names its own."""
    return pages[0].language if pages else "en"
