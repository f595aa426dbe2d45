#!/usr/bin/env python3
"""The bar `codes`: every symbology read off the printed page by two independent decoders.

Pages are printed to a PDF, rasterised at 200 dpi, and read upright, turned by 3 degrees, and at
80 % scale, as a shop's printer that fits pages to its margins makes them. The symbols are drawn by
zint-bindings; zxing-cpp (whose reader is its own), zbar and libdmtx share no code with each
other. zbar reads no Data Matrix and libdmtx nothing else, so each symbology has two readers.

    .venv/bin/python scripts/bench/code_bars.py [--quick] [--pages N] [symbology ...]
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pypdfium2
import zxingcpp
from kit import ROOT, note, report
from PIL import Image
from pylibdmtx import pylibdmtx
from pyzbar import pyzbar

from promo import config
from promo.calendar import Window
from promo.config import Settings
from promo.lists.codes import list_code, open_code, short_code
from promo.lists.codes.ean import Desk, ean_code
from promo.lists.codes.keys import MAX_COUNTER, CodeKeys, Opened
from promo.lists.codes.symbols import NAMES, on_sheet
from promo.lists.items import Draft, DueItem, OfferItem
from promo.lists.press.page import Page
from promo.lists.press.pages import page
from promo.lists.press.pdf import write_pdf
from promo.lists.press.render import Renderer

DPI = 200
PAGES, QUICK_PAGES = 1000, 30
STORE, PREFIX, HOST = "17", "04", "lists.example.com"
KEYS = CodeKeys("9501101530003", {1: b"only for the bench, never in a shop"}, 1)
# What the standard allows at the least, in mm, printed at 80 % scale (docs/codes.md).
LEAST_MM = {"gs1-128": 0.25, "ean-13": 0.264}
LEAST_MATRIX_MM = 0.396
SCALE = 0.8
TURN = 3  # degrees
AROUND = 30  # pixels, 4 mm, around a symbol
NIGHT = date(2017, 11, 6)
WINDOW = Window(NIGHT, date(2017, 11, 19))

PrintSheets = Callable[[Settings, Sequence[int], Path], None]
"""Prints the lists of some counters to a PDF, a page each, with the settings' symbology."""


@dataclass(frozen=True)
class View:
    """A way in which pages are looked at: printed at a scale, turned by so many degrees."""

    name: str
    scale: float = 1.0
    degrees: float = 0


UPRIGHT, TURNED, SMALL = View("upright"), View("turned", degrees=TURN), View("80 %", SCALE)


def with_symbology(symbology: str) -> Settings:
    """The shipped settings, with another symbology and what it needs."""
    settings = config.load(ROOT / "config.yaml")
    change = {"symbology": symbology, "link_host": HOST, "ean_prefix": PREFIX}
    return settings.model_copy(update={"lists": settings.lists.model_copy(update=change)})


def printed_now(settings: Settings, counters: Sequence[int], path: Path) -> None:
    """Print with the press of this tree."""
    renderer = Renderer(settings.paths.templates)
    chosen = random.Random(len(counters))
    pages = [_page(settings, counter, chosen) for counter in counters]
    look = {"banner": settings.banner, "paper": settings.lists.paper, "title": "Bench"}
    pieces = (renderer.html(pages[at : at + 40], **look) for at in range(0, len(pages), 40))
    write_pdf(pieces, path, title="Bench", day=NIGHT)


def _page(settings: Settings, counter: int, chosen: random.Random) -> Page:
    due = [_due(number) for number in range(chosen.randint(0, 24))]
    offers = [_offer(number) for number in range(chosen.randint(0, 14))]
    draft = Draft("100", "Ann Onymous", "en", "17", "base", tuple(due), tuple(offers))
    code, short = list_code(KEYS, counter), short_code(KEYS, counter)
    made = page(draft, code, short, WINDOW, "Main Street", settings)
    ean = ean_code(KEYS, counter, STORE, PREFIX)
    symbol = on_sheet(settings.lists, code, ean)
    return replace(made, barcode=symbol.svg, barcode_width_mm=symbol.width_mm,
                   barcode_height_mm=symbol.height_mm)  # fmt: skip


def _due(number: int) -> DueItem:
    department = f"Department {number % 5}"
    return DueItem(f"C{number}", f"Thing {number}", department, "12 oz", 0.5, NIGHT, 1.0)


def _offer(number: int) -> OfferItem:
    title, terms = f"Any thing {number}", "On one item. Once."
    return OfferItem(f"o{number}", title, 100, 1, f"C{number}", "national/heavy", 0.2, 1, "$1 off",
                     terms)  # fmt: skip


def bar(print_sheets: PrintSheets, pages: int, symbologies: Sequence[str] = NAMES) -> bool:
    """Measure every symbology and report a bar each; whether all were read."""
    done = [_symbology(print_sheets, pages, symbology) for symbology in symbologies]
    return all(done)


def _symbology(print_sheets: PrintSheets, pages: int, symbology: str) -> bool:
    chosen = random.Random(f"{symbology} {pages}")
    counters = [chosen.randint(0, MAX_COUNTER) for _ in range(pages)]
    settings = with_symbology(symbology)
    readers = _readers(symbology)
    right: Counter[tuple[str, str]] = Counter()
    views = [UPRIGHT, TURNED, *([SMALL] if _may_shrink(settings) else [])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lists.pdf"
        began = time.perf_counter()
        print_sheets(settings, counters, path)
        note(f"{symbology}: printed {pages} pages in {time.perf_counter() - began:.1f} s")
        for counter, sheet in zip(counters, _sheets(path, pages), strict=True):
            for view in views:
                image = _seen(sheet, view)
                for name, read in readers.items():
                    right[view.name, name] += _is(counter, read(image))
    value = {f"{view.name}, {name}": right[view.name, name] for view in views for name in readers}
    read_all = all(count == pages for count in value.values())
    report(f"codes: {symbology}", {"pages": pages} | value, pages, ok=read_all)
    return read_all


def _may_shrink(settings: Settings) -> bool:
    """Whether a module stays at or above the standard's minimum at 80 % scale."""
    lists = settings.lists
    least = LEAST_MM.get(lists.symbology, LEAST_MATRIX_MM)
    module = lists.module_mm if lists.symbology in LEAST_MM else lists.matrix_mm
    return module * SCALE >= least


def _sheets(path: Path, pages: int) -> Iterator[pypdfium2.PdfPage]:
    with pypdfium2.PdfDocument(path) as document:
        if len(document) != pages:
            raise SystemExit(f"bench: {path.name} has {len(document)} pages for {pages} lists")
        yield from document


def _seen(sheet: pypdfium2.PdfPage, view: View) -> Image.Image:
    bitmap = sheet.render(scale=DPI / 72 * view.scale, grayscale=True)
    image: Image.Image = bitmap.to_pil()
    if not view.degrees:
        return image
    return image.rotate(view.degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)


def _is(counter: int, texts: list[str]) -> bool:
    """Whether a till that is handed these texts opens the list, and nothing else was read."""
    wanted = Opened(KEYS.active, counter)
    desk = Desk(STORE, PREFIX, lambda opened: opened == wanted)
    return len(texts) == 1 and open_code(KEYS, texts[0], desk) == wanted


Reader = Callable[[Image.Image], list[str]]


def _readers(symbology: str) -> dict[str, Reader]:
    """The two decoders of a symbology, told what to look for, as tills are."""
    if symbology == "gs1-datamatrix":
        return {"zxing-cpp": _zxing(symbology), "libdmtx": _libdmtx}
    return {"zxing-cpp": _zxing(symbology), "zbar": _zbar(symbology)}


def _zxing(symbology: str) -> Reader:
    formats = {"gs1-128": "Code128", "ean-13": "EAN13", "gs1-datamatrix": "DataMatrix"}
    wanted = zxingcpp.barcode_formats_from_str(formats.get(symbology, "QRCode"))

    def read(image: Image.Image) -> list[str]:
        found = zxingcpp.read_barcodes(image, wanted, text_mode=zxingcpp.TextMode.Plain)
        return [each.symbology_identifier + each.text for each in found]

    return read


def _zbar(symbology: str) -> Reader:
    kinds = {"gs1-128": pyzbar.ZBarSymbol.CODE128, "ean-13": pyzbar.ZBarSymbol.EAN13}
    wanted = kinds.get(symbology, pyzbar.ZBarSymbol.QRCODE)

    def read(image: Image.Image) -> list[str]:
        return [each.data.decode() for each in pyzbar.decode(image, symbols=[wanted])]

    return read


def _libdmtx(image: Image.Image) -> list[str]:
    """What libdmtx reads where zxing-cpp says that a symbol is, or else on the whole page.

    By itself it tries every edge on a page, a second long; what it reads there is its own work.
    """
    seen = zxingcpp.read_barcodes(image, zxingcpp.barcode_formats_from_str("DataMatrix"))
    if len(seen) == 1:
        place = seen[0].position
        corners = (place.top_left, place.top_right, place.bottom_left, place.bottom_right)
        across, down = [corner.x for corner in corners], [corner.y for corner in corners]
        image = image.crop((min(across) - AROUND, min(down) - AROUND, max(across) + AROUND,
                            max(down) + AROUND))  # fmt: skip
    return [each.data.decode() for each in pylibdmtx.decode(image, timeout=5000, max_count=1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PAGES} pages each")
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("symbology", nargs="*", help=f"of {', '.join(NAMES)}; all of them else")
    words = parser.parse_args()
    pages = QUICK_PAGES if words.quick else words.pages
    raise SystemExit(not bar(printed_now, pages, words.symbology or NAMES))


if __name__ == "__main__":
    main()
