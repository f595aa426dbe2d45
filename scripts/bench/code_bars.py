"""The bar of codes: every symbology read off the printed page, and off receipts, by two decoders.

    .venv/bin/python scripts/bench/print.py --only codes

Sheets of random length are printed to a PDF and rasterised at 200 dpi; the foot, where a till's
beam goes, is read upright, turned by 3 degrees, and at 80 % scale, as a shop's printer that fits
pages to its margins makes it (where the module then is still as wide as the standard wants).
Receipts are drawn dot by dot from their own bytes and read upright and turned.
"""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import paper
import pypdfium2
from kit import ROOT, note, report
from PIL import Image
from readers import readers

from promo import config
from promo.calendar import Window
from promo.config import Settings
from promo.lists.codes import list_code, open_code, short_code
from promo.lists.codes.ean import Desk, ean_code
from promo.lists.codes.keys import MAX_COUNTER, CodeKeys, Opened
from promo.lists.codes.symbols import NAMES, narrow
from promo.lists.items import Draft, DueItem, OfferItem
from promo.lists.press.pdf import write_pdf
from promo.lists.press.press import Press
from promo.lists.press.receipt import DOTS_A_MM, LINEAR_MODULE, receipt
from promo.lists.sheet import Person, Sheet
from promo.scans.gtin import CodeError

DPI = 200
PAGES, QUICK_PAGES = 1000, 8
STORE, PREFIX, HOST = "17", "04", "lists.example.com"
KEYS = CodeKeys("9501101530003", {1: b"only for the bench, never in a shop"}, 1)
# What the standard allows at the least, in mm, printed at 80 % scale (docs/codes.md).
LEAST_MM = {"gs1-128": 0.25, "ean-13": 0.264}
LEAST_MATRIX_MM = 0.396
FOOT = 0.7  # of a page's height, where the part with the code begins
PIECE = 40
NIGHT = date(2017, 11, 6)
WINDOW = Window(NIGHT, date(2017, 11, 19))


@dataclass(frozen=True)
class View:
    """A way in which paper is looked at: printed at a scale, turned by so many degrees."""

    name: str
    scale: float = 1.0
    degrees: float = 0


UPRIGHT, TURNED, SMALL = View("upright"), View("turned", degrees=3), View("80 %", 0.8)


def judge() -> None:
    """A thousand pages and a thousand receipts of every symbology; about an hour."""
    for symbology in NAMES:
        _pages_bar(symbology, PAGES)
        _receipts_bar(symbology, PAGES)


def judge_quickly() -> None:
    """The same on eight."""
    for symbology in NAMES:
        _pages_bar(symbology, QUICK_PAGES)
        _receipts_bar(symbology, QUICK_PAGES)


def with_symbology(symbology: str) -> Settings:
    """The shipped settings, with another symbology and what it needs."""
    settings = config.load(ROOT / "config.yaml")
    change = {"symbology": symbology, "link_host": HOST, "ean_prefix": PREFIX}
    return settings.model_copy(update={"lists": settings.lists.model_copy(update=change)})


def _sheet(counter: int, chosen: random.Random) -> Sheet:
    due = [_due(number) for number in range(chosen.randint(0, 18))]
    offers = [_offer(number) for number in range(chosen.randint(0, 12))]
    draft = Draft("100", "Ann Onymous", "en", STORE, "base", tuple(due), tuple(offers))
    return Sheet(
        draft, list_code(KEYS, counter), short_code(KEYS, counter), WINDOW, "Main Street",
        Person("Ann Onymous"), ean=ean_code(KEYS, counter, STORE, PREFIX),
    )  # fmt: skip


def _due(number: int) -> DueItem:
    department = f"Department {number % 5}"
    return DueItem(f"C{number}", f"Thing {number}", department, "12 oz", 0.5, NIGHT, 1.0)


def _offer(number: int) -> OfferItem:
    title, terms = f"Any thing {number}", "On one item. Once."
    return OfferItem(f"o{number}", title, 100, 1, f"C{number}", "national/heavy", 0.2, 1, "$1 off",
                     terms)  # fmt: skip


def _sheets(symbology: str, count: int) -> tuple[list[int], list[Sheet], random.Random]:
    chosen = random.Random(f"{symbology} {count}")
    counters = [chosen.randint(0, MAX_COUNTER) for _ in range(count)]
    return counters, [_sheet(counter, chosen) for counter in counters], chosen


def _pages_bar(symbology: str, count: int) -> None:
    settings = with_symbology(symbology)
    counters, sheets, _ = _sheets(symbology, count)
    views = [UPRIGHT, TURNED, *([SMALL] if _may_shrink(settings) else [])]
    missed: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lists.pdf"
        began = time.perf_counter()
        _print(settings, sheets, path)
        note(f"{symbology}: printed {count} pages in {time.perf_counter() - began:.1f} s")
        for counter, leaf in zip(counters, _leaves(path, count), strict=True):
            for view in views:
                _read(missed, view.name, _seen(leaf, view), symbology, counter)
    _say(f"codes: {symbology}, pages", missed, count)


def _print(settings: Settings, sheets: Sequence[Sheet], path: Path) -> None:
    press = Press(settings)
    pages = [press.page(sheet) for sheet in sheets]
    pieces = (
        press.print_html(pages[at : at + PIECE], title="Bench")
        for at in range(0, len(pages), PIECE)
    )
    write_pdf(pieces, path, title="Bench", day=NIGHT)


def _may_shrink(settings: Settings) -> bool:
    """Whether a module stays at or above the standard's minimum at 80 % scale."""
    lists = settings.lists
    least = LEAST_MM.get(lists.symbology, LEAST_MATRIX_MM)
    module = lists.module_mm if lists.symbology in LEAST_MM else lists.matrix_mm
    return module * SMALL.scale >= least


def _leaves(path: Path, count: int) -> Iterator[pypdfium2.PdfPage]:
    with pypdfium2.PdfDocument(path) as document:
        if len(document) != count:
            raise SystemExit(f"bench: {path.name} has {len(document)} pages for {count} lists")
        yield from document


def _seen(leaf: pypdfium2.PdfPage, view: View) -> Image.Image:
    image: Image.Image = leaf.render(scale=DPI / 72 * view.scale, grayscale=True).to_pil()
    foot = image.crop((0, int(image.height * FOOT), image.width, image.height))
    return _turned(foot, view)


def _turned(image: Image.Image, view: View) -> Image.Image:
    return image.rotate(view.degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def _receipts_bar(symbology: str, count: int) -> None:
    settings = with_symbology(symbology)
    press, missed = Press(settings), Counter[str]()
    widths = sorted(settings.receipt.dots)
    counters, sheets, chosen = _sheets(symbology, count)
    for counter, sheet in zip(counters, sheets, strict=True):
        width = chosen.choice(widths)
        dots = settings.receipt.dots[width]
        printed = paper.printed(receipt(press.page(sheet), press, width), dots)
        kind = narrow(symbology, dots / DOTS_A_MM, LINEAR_MODULE / DOTS_A_MM)
        for view in (UPRIGHT, TURNED):
            _read(missed, view.name, _turned(printed.picture.convert("L"), view), kind, counter)
    _say(f"codes: {symbology}, receipts", missed, count)


def _read(
    missed: Counter[str], view: str, image: Image.Image, symbology: str, counter: int
) -> None:
    """Count for each decoder whether a till that is handed what it read opens the list."""
    wanted = Opened(KEYS.active, counter)
    for name, read in readers(symbology).items():
        missed[f"{view}, {name}"] += _opened(read(image), wanted) != {wanted}


def _opened(texts: list[str], wanted: Opened) -> set[Opened]:
    """The lists that texts open. A misread EAN-13 opens none: the register knows no such list."""
    desk = Desk(STORE, PREFIX, lambda opened: opened == wanted)
    found = set[Opened]()
    for text in texts:
        with suppress(CodeError):
            found.add(open_code(KEYS, text, desk))
    return found


def _say(bar: str, missed: Counter[str], count: int) -> None:
    report(bar, {"of": count, "missed": dict(missed)}, 0, ok=not any(missed.values()))
