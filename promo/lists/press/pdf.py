"""HTML to PDF, behind one function: PlutoPrint with fonts of our own and no network."""

import io
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import BinaryIO, cast

import plutoprint

from promo.files import replacing
from promo.lists.press import fonts

LETTER = plutoprint.PAGE_SIZE_LETTER


class OnlyOurFonts(plutoprint.ResourceFetcher):
    """Fetches the bundled fonts and refuses everything else: files, network, data of others."""

    def fetch_url(self, url: str) -> plutoprint.ResourceData:
        """The font that `promo-font:NAME` names. Raises PermissionError for any other URL."""
        name = url.removeprefix(fonts.SCHEME)
        if name == url or name not in fonts.FONTS:
            raise PermissionError(f"A page may not fetch {url[:80]!r}.")
        return fonts.resource(name)


def write_pdf(
    documents: str | Iterable[str], path: Path, *, title: str, day: date,
    drawn: Callable[[int], None] = lambda _: None,
) -> int:  # fmt: skip
    """Write one PDF of one or more HTML documents, complete or not at all; returns its pages.

    A long book is given in pieces: the renderer's time grows faster than a document's length.
    `drawn` is told the pages of each, and may raise. The same HTML, title and day give the same
    bytes: the only dates in the file are `day`'s.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        return fill_through(Sink(file), documents, title, day, drawn)


def fill_through(
    sink: "Sink",
    documents: str | Iterable[str],
    title: str,
    day: date,
    drawn: Callable[[int], None] = lambda _: None,
) -> int:
    """Write a PDF through a sink; returns its pages. Raises what the sink's file did."""
    canvas = plutoprint.PDFCanvas.create_for_stream(cast(BinaryIO, sink), LETTER)
    pages = _fill(canvas, documents, title, day, drawn)
    if sink.fault:
        raise sink.fault
    return pages


class Sink:
    """A file that remembers what went wrong: the canvas passes over it, and a file that it opens
    itself is cut off on a full disk without a word.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.fault: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write, or remember why not; the canvas would say what is raised here by itself."""
        try:
            if self.fault is None:
                self.file.write(data)
        except OSError as error:
            self.fault = error
        return len(data)


def pdf_bytes(documents: str | Iterable[str], *, title: str, day: date) -> tuple[bytes, int]:
    """As `write_pdf`, without a disk: the file's bytes, and its pages."""
    data = io.BytesIO()
    canvas = plutoprint.PDFCanvas.create_for_stream(data, LETTER)
    pages = _fill(canvas, documents, title, day)
    return data.getvalue(), pages


def _fill(
    canvas: plutoprint.PDFCanvas, documents: str | Iterable[str], title: str, day: date,
    drawn: Callable[[int], None] = lambda _: None,
) -> int:  # fmt: skip
    stamp = f"{day.isoformat()}T00:00:00"
    canvas.set_metadata(plutoprint.PDF_METADATA_TITLE, title)
    canvas.set_metadata(plutoprint.PDF_METADATA_CREATION_DATE, stamp)
    canvas.set_metadata(plutoprint.PDF_METADATA_MODIFICATION_DATE, stamp)
    pieces = [documents] if isinstance(documents, str) else documents
    pages = 0
    for html in pieces:
        count = _draw(html, canvas)
        drawn(count)
        pages += count
    canvas.finish()
    return pages


def _draw(html: str, canvas: plutoprint.PDFCanvas) -> int:
    book = plutoprint.Book(plutoprint.PAGE_SIZE_LETTER, plutoprint.PAGE_MARGINS_NONE)
    book.custom_resource_fetcher = OnlyOurFonts()
    book.load_html(html, user_style=fonts.faces(html))
    for page in range(book.get_page_count()):
        canvas.set_size(book.get_page_size_at(page))
        canvas.save_state()
        canvas.scale(plutoprint.UNITS_PX, plutoprint.UNITS_PX)
        book.render_page(canvas, page)
        canvas.restore_state()
        canvas.show_page()
    return book.get_page_count()
