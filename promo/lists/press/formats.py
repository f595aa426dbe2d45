"""What a volume of lists is written as. A format knows how; which lists, and where, it is told."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from promo.counting import counted
from promo.errors import Sentence
from promo.files import replacing
from promo.lists.press.page import Page
from promo.lists.press.press import Press
from promo.lists.sheet import Sheet

# What reads the database: one list is printed without it.
if TYPE_CHECKING:
    from promo.lists.stored import Found

PIECE = 40  # lists the PDF renderer gets at a time; its time grows faster than their number


class PrintError(Sentence):
    """Lists cannot be printed as they are."""


def too_high(which: str, pages: int, room: int) -> PrintError:
    """That a list takes other pages than its layout has, and what to do."""
    return PrintError(
        f"{which} takes {counted(pages, 'page')}, but the layout has room for it on {room}. `promo "
        "templates check` shows what is too high; make that lower in the template, or use the "
        "template that came with promo."
    )


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

    @property
    def name(self) -> str:
        """The file's name, without volume and suffix."""

    @property
    def suffix(self) -> str:
        """The file's suffix, with its dot."""

    @property
    def indexed(self) -> bool:
        """By bytes: many messages in one file."""

    @property
    def listed(self) -> bool:
        """In the manifest."""

    def reaches(self, found: "Found") -> bool:
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

    def reaches(self, found: "Found") -> bool:
        """Mail needs an address."""
        return found.mail or not self.needs_address

    def write(
        self, sheets: Iterable[Sheet], path: Path, press: Press, heading: Heading
    ) -> list[Entry]:
        """One PDF; each list on the pages that its layout counted beforehand."""
        from promo.lists.press.pdf import write_pdf  # slow to import, and HTML does without

        volume = _Volume(self, press, heading, path.name)
        # A piece that is not as long as it should be leaves no file.
        pieces = volume.pieces(sheets)
        write_pdf(pieces, path, title=heading.title, day=heading.day, drawn=volume.check)
        return volume.entries


class _Volume:
    """A PDF while it is written: what stands where, and whether each piece takes its pages."""

    def __init__(self, form: Pdf, press: Press, heading: Heading, name: str) -> None:
        self.form, self.press, self.heading, self.name = form, press, heading, name
        self.entries: list[Entry] = []
        self.drawn: list[Page] = []

    def pieces(self, sheets: Iterable[Sheet]) -> Iterator[str]:
        """The lists as documents of some at a time."""
        left, at = iter(sheets), 1
        while some := list(islice(left, PIECE)):
            self.drawn = []
            for sheet in some:
                page = self._page(sheet, self.heading.first + len(self.entries))
                self.entries.append(Entry(page.list_code, at, page.leaves))
                self.drawn.append(page)
                at += page.leaves
            yield self._html(self.drawn)

    def check(self, count: int) -> None:
        """Raise PrintError where the last piece took other pages than its lists' layouts have."""
        expected = sum(page.leaves for page in self.drawn)
        if count != expected:
            first, last = self.drawn[0], self.drawn[-1]
            which, found, room = next(self._wrong(), (
                f"of the lists {first.list_code} to {last.list_code} one", count, expected,
            ))  # fmt: skip
            raise too_high(f"{self.name}: {which}", found, room)

    def _wrong(self) -> Iterator[tuple[str, int, int]]:
        """The lists of the last piece that alone, too, take other pages: which, found, expected."""
        from promo.lists.press.pdf import pdf_bytes

        for page in self.drawn:
            html, heading = self._html([page]), self.heading
            _, count = pdf_bytes(html, title=heading.title, day=heading.day)
            if count != page.leaves:
                yield f"the list {page.list_code}", count, page.leaves

    def _html(self, pages: Sequence[Page]) -> str:
        return self.press.print_html(pages, style=self.form.style, title=self.heading.title)

    def _page(self, sheet: Sheet, number: int) -> Page:
        sequence = str(number) if self.form.needs_address else ""
        return self.press.page(sheet, style=self.form.style, sequence=sequence)


@dataclass(frozen=True)
class Html:
    """One document for the web; a list is found in it by its code (`#<list code>`)."""

    name: str = "lists"
    suffix = ".html"
    indexed = False
    listed = False

    def reaches(self, found: "Found") -> bool:
        """Everybody."""
        return True

    def write(
        self, sheets: Iterable[Sheet], path: Path, press: Press, heading: Heading
    ) -> list[Entry]:
        """One document of all lists; few pages are in memory at a time."""
        entries: list[Entry] = []
        with replacing(path) as temporary:
            html = press.html(self._pages(sheets, press, entries), title=heading.title)
            temporary.write_text(html, encoding="utf-8", newline="\n")
        return entries

    def _pages(self, sheets: Iterable[Sheet], press: Press, entries: list[Entry]) -> Iterator[Page]:
        left = iter(sheets)
        while some := list(islice(left, PIECE)):
            entries += [Entry(sheet.code, 0, 0) for sheet in some]
            yield from [press.page(sheet) for sheet in some]


@dataclass(frozen=True)
class Messages:
    """Many small documents in one file, one after the other; the index says where each begins."""

    name: str
    suffix: str
    make: Callable[[Sheet, Press, Heading], bytes]
    needs_email: bool = False
    is_mbox: bool = False  # each begins with a line of its own, which the index leaves out
    indexed = True
    listed = True

    def reaches(self, found: "Found") -> bool:
        """E-mail needs an address."""
        return found.email or not self.needs_email

    def write(
        self, sheets: Iterable[Sheet], path: Path, press: Press, heading: Heading
    ) -> list[Entry]:
        """One file, and for each list its first byte in it and its bytes."""
        entries: list[Entry] = []
        with replacing(path) as temporary, temporary.open("wb") as file:
            for number, sheet in enumerate(sheets, 1):
                data = self.make(sheet, press, heading)
                file.write(_envelope(heading.day) if self.is_mbox else b"")
                entries.append(Entry(sheet.code, number, 1, file.tell(), len(data)))
                file.write(data + (b"\n" if self.is_mbox else b""))
        return entries


def _envelope(day: date) -> bytes:
    """The line that parts messages of an mbox (RFC 4155), with the volume's only date."""
    return f"From promo {day:%a %b %e} 00:00:00 {day.year}\n".encode("ascii")


def _email(sheet: Sheet, press: Press, heading: Heading) -> bytes:
    from promo.lists.press.email import message  # here and below: slow, and others do without

    made = message(press.page(sheet), press, to=sheet.person.email, day=heading.day)
    # A line that begins so would part two messages of an mbox; in quoted-printable it is the same.
    return made.replace(b"\r\nFrom ", b"\r\n=46rom ")


def _receipt(width: int, sheet: Sheet, press: Press, _: Heading) -> bytes:
    from promo.lists.press.receipt import receipt

    return receipt(press.page(sheet), press, width)


FORMATS: Mapping[str, Format] = {
    "pdf": Pdf("lists", "sheet"),
    "large": Pdf("large", "large"),
    "mail": Pdf("mail", "mail", needs_address=True),
    "html": Html(),
    "email": Messages("email", ".mbox", _email, needs_email=True, is_mbox=True),
    "receipt-80": Messages("receipt-80", ".bin", partial(_receipt, 80)),
    "receipt-58": Messages("receipt-58", ".bin", partial(_receipt, 58)),
}
