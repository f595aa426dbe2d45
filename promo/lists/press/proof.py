"""Proofs: one list in one format, rendered by the chain's own templates and then looked at.

Each proof writes its file, so that it can be looked at, and yields what is wrong with it.
"""

from collections.abc import Callable, Iterator
from datetime import date
from email.parser import BytesParser
from email.policy import default
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from promo.files import write_text
from promo.lists.press import faults, measure, sizes
from promo.lists.press.email import message
from promo.lists.press.markup import MOST_CHARACTERS, lost, of_html
from promo.lists.press.measure import Grey, Leaf
from promo.lists.press.page import Page
from promo.lists.press.pdf import write_pdf
from promo.lists.press.press import STYLES, Press
from promo.lists.press.receipt import receipt
from promo.lists.sheet import Sheet

READER = "reader@example.com"
Proof = Callable[[Press, Sheet, Path], Iterator[str]]


def promised(page: Page) -> Iterator[str]:
    """What a list must say in whatever form: the offers with all their terms, and its codes."""
    for offer in page.offers:
        yield from (offer.headline, offer.words, offer.terms)
    yield from {offer.until for offer in page.offers}  # said once where it is that of all
    yield from (page.human_readable, page.short_code)


def due(page: Page) -> Iterator[str]:
    """The items that a household will soon need."""
    for group in page.groups:
        for line in group.lines:
            yield from (line.words, line.detail)


def web(press: Press, sheet: Sheet, path: Path) -> Iterator[str]:
    """The page for a browser."""
    page = press.page(sheet)
    html = press.html([page], title="Proof")
    write_text(path.with_suffix(".html"), html)
    yield from of_html(html, [*promised(page), *due(page)])
    if page.barcode not in html:
        yield "the code is not drawn as it was made"


def printed(style: str, press: Press, sheet: Sheet, path: Path) -> Iterator[str]:
    """The paper, in one of STYLES, measured."""
    page = press.page(sheet, style=style)
    html = press.print_html([page], style=style, title="Proof")
    file = path.with_suffix(".pdf")
    texts = [*promised(page), *due(page)]
    if style == "mail":
        texts += [*page.address]
    yield from of_html(html, texts)
    if len(html) > MOST_CHARACTERS:
        return
    pages = write_pdf(html, file, title="Proof", day=sheet.window.first)
    if pages != page.leaves:
        yield f"it takes {pages} pages; the layout has room for it on {page.leaves}"
    yield from of_pdf(file, page, texts, sizes.PAPERS[press.settings.lists.paper])


def of_pdf(file: Path, page: Page, texts: list[str], paper: tuple[float, float]) -> Iterator[str]:
    """What is wrong with a list's PDF that ought to say `texts`."""
    leaves = measure.leaves(file)
    yield from faults.paper_of(leaves, *paper)
    for number, leaf in enumerate(leaves, 1):
        yield from (f"page {number}: {fault}" for fault in faults.of_leaf(leaf))
    yield from faults.missing(leaves, texts)
    size = page.barcode_width_mm, page.barcode_height_mm
    mark, whole = _mark(page.barcode, *size)
    pictures = measure.pictures(file)
    spoilt = [
        faults.of_code(leaf, picture, mark, whole)
        for leaf, picture in zip(leaves, pictures, strict=True)
    ]
    if spoilt and None not in spoilt:
        yield str(spoilt[0])


@lru_cache(maxsize=4)
def _mark(svg: str, width: float, height: float) -> tuple[Leaf, Grey]:
    """A code printed alone and in its size."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "mark.pdf")
        html = faults.mark_html(svg, width, height)
        write_pdf(html, file, title="", day=date(2000, 1, 1))
        return measure.leaves(file)[0], measure.pictures(file)[0]


def mail_message(press: Press, sheet: Sheet, path: Path) -> Iterator[str]:
    """The e-mail: its HTML, and its text for programs that show no other."""
    page = press.page(sheet)
    raw = message(page, press, to=sheet.person.email or READER, day=sheet.window.first)
    path.with_suffix(".eml").write_bytes(raw)
    read = BytesParser(policy=default).parsebytes(raw)
    texts = [*promised(page), *due(page)]
    for kind in ("html", "plain"):
        part = read.get_body((kind,))
        if part is None:
            yield f"the message has no {kind} part"
        elif kind == "html":
            yield from of_html(part.get_content(), texts)
        else:
            yield from lost(part.get_content(), texts)


def slip(width: int, press: Press, sheet: Sheet, path: Path) -> Iterator[str]:
    """The receipt of a kiosk, `width` mm wide."""
    path.with_suffix(".bin").write_bytes(receipt(press.page(sheet), press, width))
    yield from ()


def proofs(press: Press) -> dict[str, Proof]:
    """A proof for each format that the settings allow."""
    papers: dict[str, Proof] = {style: partial(printed, style) for style in STYLES}
    slips = {f"receipt-{width}": partial(slip, width) for width in press.settings.receipt.dots}
    return {"html": web} | papers | {"email": mail_message} | slips
