"""Symbols on paper and as rows of modules: their sizes, their text, and what decoders read."""

import io

import numpy as np
import plutoprint
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from pylibdmtx import pylibdmtx
from pyzbar import pyzbar

from promo.config import Settings
from promo.lists.codes import list_code, open_code
from promo.lists.codes.barcode import gs1_128_svg
from promo.lists.codes.ean import Desk, ean_code
from promo.lists.codes.keys import CodeKeys, MistypedCode, Opened
from promo.lists.codes.symbologies import named
from promo.lists.codes.symbols import NAMES, Symbol, draw, link, matrix, narrow, on_sheet
from promo.scans.gtin import CodeError

KEYS = CodeKeys("9501101000018", {1: b"a secret for the tests"}, 1)
CODE = list_code(KEYS, 42)
EAN = ean_code(KEYS, 42, "17", "04")
HOST = "lists.example.com"
URI = f"https://{HOST}/253/{CODE[3:]}"
DESK = Desk("17", "04", lambda opened: opened.counter == 42)


def content(symbology: str) -> str:
    return EAN if symbology == "ean-13" else CODE


def drawn(symbology: str, module_mm: float = 0.6) -> Symbol:
    return draw(symbology, content(symbology), module_mm, host=HOST)


def rows(symbology: str) -> tuple[str, ...]:
    return matrix(symbology, content(symbology), host=HOST)


def printed(symbol: Symbol) -> Image.Image:
    """The symbol alone on a page, at 300 dpi."""
    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4)
    size = f"width:{symbol.width_mm}mm;height:{symbol.height_mm}mm"
    book.load_html(f'<div style="margin:10mm;{size}">{symbol.svg}</div>')
    stream = io.BytesIO()
    book.write_to_pdf_stream(stream)
    with pypdfium2.PdfDocument(stream.getvalue()) as document:
        image: Image.Image = document[0].render(scale=300 / 72, grayscale=True).to_pil()
    return image.crop((0, 0, image.width, image.height // 3))


@pytest.mark.parametrize(
    ("symbology", "identifier", "text"),
    [
        ("gs1-128", "]C1", CODE),
        ("gs1-datamatrix", "]d2", CODE),
        ("qr", "]Q3", CODE),
        ("qr-link", "]Q1", URI),
        ("ean-13", "]E0", EAN),
    ],
)
def test_scanners_send_what_tills_open(symbology: str, identifier: str, text: str) -> None:
    [read] = zxingcpp.read_barcodes(printed(drawn(symbology)), text_mode=zxingcpp.TextMode.Plain)
    assert (read.symbology_identifier, read.text) == (identifier, text)
    assert open_code(KEYS, read.symbology_identifier + read.text, DESK) == Opened(1, 42)


@pytest.mark.parametrize("symbology", ["gs1-128", "qr", "qr-link", "ean-13"])
def test_zbar_reads_it_too(symbology: str) -> None:
    [read] = pyzbar.decode(printed(drawn(symbology)))
    assert read.data.decode() == (URI if symbology == "qr-link" else content(symbology))


def test_libdmtx_reads_the_datamatrix_too() -> None:
    [read] = pylibdmtx.decode(printed(drawn("gs1-datamatrix")), max_count=1, timeout=5000)
    assert read.data.decode() == CODE


@pytest.mark.parametrize(
    ("symbology", "width", "height"),
    [
        ("gs1-128", 158.4, 15.0),
        ("gs1-datamatrix", 12.0, 12.0),
        ("qr", 17.4, 17.4),
        ("qr-link", 24.6, 24.6),
        ("ean-13", 67.8, 41.545455),
    ],
)
def test_size_with_quiet_zones(symbology: str, width: float, height: float) -> None:
    symbol = drawn(symbology)
    assert (symbol.width_mm, symbol.height_mm) == (width, height)
    assert symbol.svg.startswith(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.9g}mm" height="{height:.9g}mm" '
    )
    assert symbol.svg.count("<path") == 1


@pytest.mark.parametrize("symbology", NAMES)
def test_paper_shows_the_modules(symbology: str) -> None:
    """Every module of the symbol, and blank quiet zones, counted on a page of its own."""
    quiet, modules = named(symbology).quiet, rows(symbology)
    wide = len(modules[0]) + quiet.left + quiet.right
    tall = len(modules) + quiet.top + quiet.bottom  # a linear symbol's bars count as one
    step = 4
    symbol = drawn(symbology)
    dark = np.asarray(rasterised(symbol, wide * step)) < 128
    down = [int((row + 0.5) * symbol.height_mm / tall / symbol.width_mm * wide * step)
            for row in range(tall)]  # fmt: skip
    across = range(step // 2, wide * step, step)
    seen = ["".join("01"[int(dark[y, x])] for x in across) for y in down]
    inner = ["0" * quiet.left + row + "0" * quiet.right for row in modules]
    assert seen == ["0" * wide] * quiet.top + inner + ["0" * wide] * quiet.bottom


def rasterised(symbol: Symbol, width: int) -> Image.Image:
    """The symbol and nothing else, as many pixels wide."""
    book = plutoprint.Book(
        plutoprint.PageSize(symbol.width_mm * plutoprint.UNITS_MM,
                            symbol.height_mm * plutoprint.UNITS_MM),
        plutoprint.PAGE_MARGINS_NONE,
    )  # fmt: skip
    book.load_html(
        f"<body style='margin:0'>{symbol.svg.replace('<svg ', '<svg style=display:block ')}"
    )
    stream = io.BytesIO()
    book.write_to_pdf_stream(stream)
    with pypdfium2.PdfDocument(stream.getvalue()) as document:
        page = document[0]
        image: Image.Image = page.render(scale=width / page.get_width(), grayscale=True).to_pil()
    return image


def test_gs1_128_is_the_barcode_that_it_was() -> None:
    symbol, barcode = draw("gs1-128", CODE, 0.4), gs1_128_svg(CODE, 0.4)
    assert (symbol.svg, symbol.width_mm, symbol.height_mm) == (
        barcode.svg, barcode.width_mm, barcode.height_mm,
    )  # fmt: skip
    assert len(rows("gs1-128")) == 1


@pytest.mark.parametrize("symbology", NAMES)
def test_the_same_bytes_again(symbology: str) -> None:
    assert drawn(symbology) == drawn(symbology)
    assert len(drawn(symbology).svg) < 4500


def test_text() -> None:
    assert drawn("qr-link").text == f"(253){CODE[3:]}"
    assert drawn("ean-13").text == f"{EAN[0]} {EAN[1:7]} {EAN[7:]}"


def test_link() -> None:
    assert link(CODE, HOST) == URI
    assert open_code(KEYS, link(CODE, "other.example")) == Opened(1, 42)


@pytest.mark.parametrize(
    "host", ["", "localhost", "https://a.example", "A.example", "a.example/", "-a.example",
             "a..example", "a.example:80", "a" * 47 + ".com", "a.1"],
)  # fmt: skip
def test_hosts_refused(host: str) -> None:
    with pytest.raises(CodeError, match="expected a host such as"):
        link(CODE, host)


@pytest.mark.parametrize(
    ("symbology", "width_mm", "module_mm", "chosen"),
    [
        ("gs1-128", 190, None, "gs1-128"),
        ("gs1-128", 72, None, "gs1-datamatrix"),
        ("gs1-128", 48, 0.25, "gs1-datamatrix"),
        ("gs1-128", 105.6, 0.40, "gs1-128"),
        ("ean-13", 48, None, "ean-13"),
        ("ean-13", 48, 0.5, "gs1-datamatrix"),
        ("qr", 48, None, "qr"),
        ("qr-link", 48, 0.75, "qr-link"),
        ("qr-link", 20, 0.75, "gs1-datamatrix"),
    ],
)
def test_narrow_paper(
    symbology: str, width_mm: float, module_mm: float | None, chosen: str
) -> None:
    assert narrow(symbology, width_mm, module_mm) == chosen


@pytest.mark.parametrize("symbology", NAMES)
def test_a_symbol_is_no_wider_than_narrow_reckons(symbology: str) -> None:
    kind, host = named(symbology), "a" * 42 + ".example"
    width = len(matrix(symbology, content(symbology), host=host)[0])
    assert width + kind.quiet.left + kind.quiet.right == kind.modules


@pytest.mark.parametrize(
    ("symbology", "module_mm", "height_mm", "message"),
    [
        ("gs1-datamatrix", 0.39, None, "A module of a gs1-datamatrix must be 0.4 to 0.99 mm wide"),
        ("qr", float("nan"), None, "A module of a qr must be 0.4 to 0.99 mm wide, but got nan"),
        ("qr-link", 1.0, None, "0.4 to 0.99 mm wide, but got 1 mm"),
        ("ean-13", 0.33, None, "A module of a ean-13 must be 0.4 to 0.66 mm wide"),
        ("ean-13", 0.4, 20, r"must be 27\.70 mm high or more, but got 20 mm"),
        ("ean-13", 0.4, float("inf"), "high or more, but got inf mm"),
        ("qr", 0.5, 20, "A qr is square; its height follows"),
        ("gs1-128", 0.39, None, "must be 0.4 mm wide or more"),
        ("pdf417", 0.5, None, "'pdf417' is no symbology; expected one of gs1-128, "),
    ],
)
def test_sizes_refused(
    symbology: str, module_mm: float, height_mm: float | None, message: str
) -> None:
    with pytest.raises(CodeError, match=message):
        draw(symbology, content(symbology), module_mm, host=HOST, height_mm=height_mm)


@pytest.mark.parametrize("symbology", NAMES)
def test_a_wrong_check_digit_is_never_mended(symbology: str) -> None:
    wrong = EAN[:-1] + str((int(EAN[-1]) + 1) % 10)
    if symbology != "ean-13":
        wrong = CODE[:15] + str((int(CODE[15]) + 1) % 10) + CODE[16:]
    for make in (
        lambda: draw(symbology, wrong, 0.5, host=HOST),
        lambda: matrix(symbology, wrong, host=HOST),
    ):
        with pytest.raises(CodeError, match="check"):
            make()


@pytest.mark.parametrize("symbology", NAMES)
@pytest.mark.parametrize("code", ["", "12", CODE + "0", CODE[:-1] + "x", EAN[:-1]])
def test_what_is_no_code(symbology: str, code: str) -> None:
    with pytest.raises(MistypedCode if symbology != "ean-13" else CodeError, match="digits"):
        draw(symbology, code, 0.5, host=HOST)


def test_a_link_needs_a_host() -> None:
    with pytest.raises(CodeError, match=r"lists\.link_host"):
        matrix("qr-link", CODE)


@pytest.mark.parametrize(
    ("symbology", "width_mm"), [("gs1-128", 105.6), ("gs1-datamatrix", 12.0), ("ean-13", 45.2)]
)
def test_on_a_sheet_config_decides(settings: Settings, symbology: str, width_mm: float) -> None:
    lists = settings.lists.model_copy(update={"symbology": symbology})
    assert on_sheet(lists, CODE, EAN).width_mm == width_mm


def test_config_knows_the_same_symbologies(settings: Settings) -> None:
    field = type(settings.lists).model_fields["symbology"]
    assert field.annotation.__args__ == NAMES  # type: ignore[union-attr]
