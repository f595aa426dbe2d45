"""Printing a night: HTML, PDF and manifest from one template, complete or absent."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from pathlib import Path

from promo.errors import Sentence
from promo.files import sha256, write_text
from promo.lists.press.page import Page
from promo.lists.press.pdf import write_pdf
from promo.lists.press.press import Press

PIECE = 40  # lists the PDF renderer gets at a time; its time grows faster than their number


@dataclass(frozen=True)
class Printed:
    """A file of a night's output; `path` counts from the night's folder."""

    path: str
    kind: str
    pages: int
    sha256: str


def print_lists(
    pages: Sequence[Page], folder: Path, press: Press, night: date, title: str
) -> list[Printed]:
    """Write lists.html, lists.pdf (volumes of `pages_per_file`) and manifest.csv into `folder`."""
    volumes = _volumes(pages, press.settings.lists.pages_per_file)
    files, rows = [], []
    for name, some in volumes:
        write_text(folder / f"{name}.html", press.html(some, title=title))
        pdf = folder / f"{name}.pdf"
        starts = range(0, len(some), PIECE)
        pieces = (press.print_html(some[start : start + PIECE], title=title) for start in starts)
        printed = write_pdf(pieces, pdf, title=title, day=night)
        if printed != (expected := sum(page.leaves for page in some)):
            raise PrintError(
                f"{pdf.name} has {printed} pages, expected {expected}: a list does not fit its "
                "page. Lower lists.max_due or lists.max_offers, or mend the template."
            )
        starts_at = accumulate((page.leaves for page in some), initial=1)
        rows += [(pdf.name, at, page.list_code) for at, page in zip(starts_at, some, strict=False)]
        files += [(f"{name}.html", "html", len(some)), (f"{name}.pdf", "pdf", printed)]
    write_text(folder / "manifest.csv", _csv(rows))
    files.append(("manifest.csv", "manifest", len(pages)))
    return [Printed(f, kind, count, sha256(folder / f)) for f, kind, count in files]


class PrintError(Sentence):
    """A night's lists cannot be printed as they are."""


def _volumes(pages: Sequence[Page], size: int) -> list[tuple[str, Sequence[Page]]]:
    if len(pages) <= size:
        return [("lists", pages)] if pages else []
    return [
        (f"lists-{start // size + 1:03d}", pages[start : start + size])
        for start in range(0, len(pages), size)
    ]


def _csv(rows: list[tuple[str, int, str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "page", "list_code"))
    writer.writerows(rows)
    return text.getvalue()
