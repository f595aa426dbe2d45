"""One list taken out of a file of many; the others stay as they are, to the byte where they can.

Nothing is rendered anew: templates, names and consents may have become others since, and what was
handed over must stay what it was.
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from promo.files import replacing

OPENS = r'<([a-zA-Z][\w-]*)\b[^<>]*\bid="{}"[^<>]*>'


class Span(NamedTuple):
    """Where something stands in a file: its first page or byte, and how many."""

    start: int
    length: int


def cut_pages(path: Path, keep: Sequence[Span]) -> None:
    """Leave only some spans of a PDF's pages, counted from 1.

    The pages go into a new document: in the old one what they need would stay, out of sight.
    """
    import pypdfium2  # loads a library, and most commands cut nothing

    pages = [page for span in keep for page in range(span.start - 1, span.start - 1 + span.length)]
    with pypdfium2.PdfDocument(path) as before, pypdfium2.PdfDocument.new() as after:
        after.import_pages(before, pages)
        with replacing(path) as temporary:
            after.save(temporary)


def cut_bytes(path: Path, gone: Collection[Span]) -> None:
    """Leave some spans of a file's bytes out."""
    data, at, kept = path.read_bytes(), 0, list[bytes]()
    for span in sorted(gone):
        kept.append(data[at : span.start])
        at = span.start + span.length
    with replacing(path) as temporary:
        temporary.write_bytes(b"".join((*kept, data[at:])))


def chunks(entries: Sequence[Span], after: int) -> list[Span]:
    """What belongs to each message of a file: also what stands before it, and `after` bytes."""
    found, at = list[Span](), 0
    for entry in entries:
        end = entry.start + entry.length + after
        found.append(Span(at, end - at))
        at = end
    return found


def without_element(html: str, name: str) -> str | None:
    """A document without the element of an id; None where it has none, or the name stays in it."""
    opened = re.search(OPENS.format(re.escape(name)), html)
    if opened is None:
        return None
    depth = 0
    for tag in re.compile(rf"<(/?){opened[1]}\b[^<>]*>").finditer(html, opened.start()):
        depth += -1 if tag[1] else 1
        if depth == 0:
            rest = html[: opened.start()] + html[tag.end() :]
            return None if name in rest else rest
    return None
