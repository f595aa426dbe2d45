"""What a volume of lists is written as. A format knows how; which lists, and where, it is told."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple, Protocol

from promo.errors import Sentence
from promo.files import replacing
from promo.lists.press.page import Page
from promo.lists.press.press import Press
from promo.lists.sheet import Sheet
from promo.lists.stored import Found

PIECE = 40  # lists the PDF renderer gets at a time; its time grows faster than their number


class PrintError(Sentence):
    """Lists cannot be printed as they are."""


@dataclass(frozen=True)
class Heading:
    """What all lists of a volume share: the document's title, its only date, the first number."""

    title: str
    day: date
    first: int = 1  # sequence number, within the mailing, of the volume's first list


class Entry(NamedTuple):
    """Where a list stands in its volume: first page and pages, or first byte and bytes."""

    list_code: str
    page: int
    pages: int
    offset: int = 0
    length: int = 0


class Format(Protocol):
    """One way to write lists. `reaches` says whether it can be sent to a household."""

    name: str  # of the file, without volume and suffix
    suffix: str
    indexed: bool  # by bytes: many messages in one file
    listed: bool  # in the manifest

    def reaches(self, found: Found) -> bool:
        """Whether a household has what the format is sent by."""

    def write(
        self, sheets: Iterable[Sheet], path: Path, press: Press, heading: Heading
    ) -> list[Entry]:
        """Write a volume, complete or not at all. Raises PrintError, RenderError."""


@dataclass(frozen=True)
class Pdf:
    """Pages for paper, in one of the press's styles."""

    name: str
    style: str
    needs_address: bool = False
    suffix = ".pdf"
    indexed = False
    listed = True

    def reaches(self, found: Found) -> bool:
        """Mail needs an address."""
        return found.mail or not self.needs_address

    def write(
        self, sheets: Iterable[Sheet], path: Path, press: Press, heading: Heading
    ) -> list[Entry]:
        """One PDF; each list on the pages that its layout counted beforehand."""
        from promo.lists.press.pdf import write_pdf  # slow to import, and HTML does without

        entries: list[Entry] = []
        pieces = self._pieces(sheets, press, heading, entries)
        # Nothing takes the file's place before its pages are counted.
        with replacing(path) as unchecked:
            printed = write_pdf(pieces, unchecked, title=heading.title, day=heading.day)
            expected = sum(entry.pages for entry in entries)
            if printed != expected:
                raise PrintError(
                    f"{path.name} has {printed} pages, expected {expected}: a list does not fit "
                    "its page. Lower lists.max_due or lists.max_offers, or mend the template."
                )
        return entries

    def _pieces(
        self, sheets: Iterable[Sheet], press: Press, heading: Heading, entries: list[Entry]
    ) -> Iterator[str]:
        left, at = iter(sheets), 1
        while some := list(islice(left, PIECE)):
            pages = []
            for sheet in some:
                page = self._page(sheet, press, heading.first + len(entries))
                entries.append(Entry(page.list_code, at, page.leaves))
                pages.append(page)
                at += page.leaves
            yield press.print_html(pages, style=self.style, title=heading.title)

    def _page(self, sheet: Sheet, press: Press, sequence: int) -> Page:
        page = press.page(sheet)
        return replace(page, sequence=sequence) if self.needs_address else page


@dataclass(frozen=True)
class Html:
    """One document for the web; a list is found in it by its code (`#<list code>`)."""

    name: str = "lists"
    suffix = ".html"
    indexed = False
    listed = False

    def reaches(self, found: Found) -> bool:
        """Everybody."""
        return True

    def write(
        self, sheets: Iterable[Sheet], path: Path, press: Press, heading: Heading
    ) -> list[Entry]:
        """One document of all lists."""
        pages = [press.page(sheet) for sheet in sheets]
        with replacing(path) as temporary:
            html = press.html(pages, title=heading.title)
            temporary.write_text(html, encoding="utf-8", newline="\n")
        return [Entry(page.list_code, 0, 0) for page in pages]


@dataclass(frozen=True)
class Messages:
    """Many small documents in one file, one after the other; the index says where each begins."""

    name: str
    suffix: str
    make: Callable[[Sheet, Press, Heading], bytes]
    between: Callable[[bytes, Heading], bytes] = lambda data, _: data
    needs_email: bool = False
    indexed = True
    listed = True

    def reaches(self, found: Found) -> bool:
        """E-mail needs an address."""
        return found.email or not self.needs_email

    def write(
        self, sheets: Iterable[Sheet], path: Path, press: Press, heading: Heading
    ) -> list[Entry]:
        """One file, and for each list its first byte in it and its bytes."""
        entries: list[Entry] = []
        with replacing(path) as temporary, temporary.open("wb") as file:
            for number, sheet in enumerate(sheets, 1):
                data = self.between(self.make(sheet, press, heading), heading)
                entries.append(Entry(sheet.code, number, 1, file.tell(), len(data)))
                file.write(data)
        return entries


FORMATS: Mapping[str, Format] = {
    "pdf": Pdf("lists", "sheet"),
    "large": Pdf("large", "large"),
    "mail": Pdf("mail", "mail", needs_address=True),
    "html": Html(),
}
