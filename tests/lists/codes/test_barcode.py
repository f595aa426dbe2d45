"""The barcode on paper: printed, rasterised, measured, and read by an independent decoder."""

import base64
import io
import re
from collections.abc import Callable

import numpy as np
import plutoprint
import pypdfium2
import pytest
import zint
from PIL import Image
from pyzbar import pyzbar

from promo.lists.codes import barcode, list_code, open_code
from promo.lists.codes.barcode import Barcode, gs1_128_svg
from promo.lists.codes.keys import CodeKeys, MistypedCode
from promo.scans.gtin import CodeError

KEYS = CodeKeys("9501101000018", {1: b"a secret for the tests", 7: b"another for the tests"}, 1)
CODE = list_code(KEYS, 42)
MODULES = 244  # start, FNC1, 16 pairs, change of set, last digit, check: 11 each; stop: 13
MARGIN_MM = 20


def inline(drawn: Barcode) -> str:
    return drawn.svg


def image(drawn: Barcode) -> str:
    data = base64.b64encode(drawn.svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{data}">'


def printed(body: str, dpi: int) -> Image.Image:
    book = plutoprint.Book(plutoprint.PAGE_SIZE_A4)
    book.load_html(
        f"<style>@page {{ size: A4; margin: {MARGIN_MM}mm }} body {{ margin: 0 }}</style>{body}"
    )
    stream = io.BytesIO()
    book.write_to_pdf_stream(stream)
    with pypdfium2.PdfDocument(stream.getvalue()) as document:
        page: Image.Image = document[0].render(scale=dpi / 72).to_pil().convert("L")
    return page


def edges(page: Image.Image) -> "np.ndarray[tuple[int], np.dtype[np.intp]]":
    """Columns where dark begins or ends, along the row through the middle of the bars."""
    dark = np.asarray(page) < 128
    rows = np.flatnonzero(dark.any(axis=1))
    middle = dark[(rows[0] + rows[-1]) // 2].astype(np.int8)
    return np.flatnonzero(np.diff(middle)) + 1


@pytest.mark.parametrize("embed", [inline, image])
@pytest.mark.parametrize("counter", [0, 42, 999_999_999])
def test_decodes_to_the_code(embed: Callable[[Barcode], str], counter: int) -> None:
    code = list_code(KEYS, counter)
    found = pyzbar.decode(
        printed(embed(gs1_128_svg(code)), dpi=200), symbols=[pyzbar.ZBarSymbol.CODE128]
    )
    assert [(symbol.type, symbol.data.decode()) for symbol in found] == [("CODE128", code)]
    assert open_code(KEYS, found[0].data.decode()).counter == counter


@pytest.mark.parametrize("module_mm", [0.40, 0.45, 0.50, 0.625])
def test_module_width_on_paper(module_mm: float) -> None:
    dpi = 600
    module = module_mm / 25.4 * dpi
    found = edges(printed(inline(gs1_128_svg(CODE, module_mm)), dpi))
    left = MARGIN_MM / 25.4 * dpi + 10 * module
    places = (found - left) / module
    assert np.abs(places - np.rint(places)).max() * module <= 1
    assert np.rint(places[[0, -1]]).tolist() == [0, MODULES]


def test_module_width_at_200_dpi() -> None:
    found = edges(printed(inline(gs1_128_svg(CODE)), dpi=200))
    assert (found[-1] - found[0]) / MODULES == pytest.approx(0.40 / 25.4 * 200, abs=1 / MODULES)


def test_an_image_is_stretched_to_whole_css_pixels() -> None:
    """Why lists embed the SVG inline: as an image, bars come out up to 1 pixel in 399 wide."""
    found = edges(printed(image(gs1_128_svg(CODE)), dpi=1200))
    module_mm = (found[-1] - found[0]) / MODULES / 1200 * 25.4
    assert 0.4005 < module_mm < 0.4015


def test_size_and_quiet_zones() -> None:
    drawn = gs1_128_svg(CODE)
    assert (drawn.width_mm, drawn.height_mm) == (105.6, 15.0)
    assert drawn.svg.startswith(
        '<svg xmlns="http://www.w3.org/2000/svg" width="105.6mm" height="15mm" '
        'viewBox="0 0 264 37.5"><path d="m10 0h2v37.5h-2zm3 0h1'
    )
    assert drawn.svg.count("<path") == 1
    assert "text" not in drawn.svg
    assert len(drawn.svg) < 1500
    assert gs1_128_svg(CODE, 0.5, 20).width_mm == 132.0


@pytest.mark.parametrize("counter", [0, 1, 42, 123_456_789, 999_999_999])
@pytest.mark.parametrize("document", ["9501101000018", "0000000000000", "9999999999994"])
def test_same_bars_as_another_encoder_draws(document: str, counter: int) -> None:
    code = list_code(CodeKeys(document, {1: b"a secret for the tests"}, 1), counter)
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.GS1_128
    symbol.show_hrt = False
    symbol.output_options = zint.OutputOptions.BARCODE_MEMORY_FILE
    symbol.outfile = "memory.svg"
    symbol.encode(f"[253]{code[3:]}")
    symbol.print()
    assert symbol.memfile is not None
    theirs = re.findall(r"M(\d+) 0h(\d+)", bytes(symbol.memfile).decode())
    at, ours = -10, []
    for step, width in re.findall(r"m(\d+) 0h(\d+)", gs1_128_svg(code).svg):
        at += int(step)
        ours.append((at, int(width)))
    assert ours == [(int(x) / 2, int(width) / 2) for x, width in theirs]


def test_deterministic() -> None:
    first = gs1_128_svg(CODE)
    gs1_128_svg(list_code(KEYS, 43), 0.5, 20)
    barcode._drawn.cache_clear()
    assert gs1_128_svg(CODE) == first


@pytest.mark.parametrize(
    ("module_mm", "height_mm", "message"),
    [
        (0.39, 15, "A barcode's module must be 0.4 mm wide or more, but got 0.39 mm."),
        (float("nan"), 15, "A barcode's module must be 0.4 mm wide or more, but got nan mm."),
        (0.4, 12, "A barcode's bars must be 12.7 mm high or more, but got 12 mm."),
        (0.4, float("inf"), "A barcode's bars must be 12.7 mm high or more, but got inf mm."),
        (
            0.63,
            15,
            "A barcode with modules of 0.63 mm would be 166.32 mm wide; GS1-128 allows 165.1 mm.",
        ),
    ],
)
def test_sizes_refused(module_mm: float, height_mm: float, message: str) -> None:
    with pytest.raises(CodeError) as caught:
        gs1_128_svg(CODE, module_mm, height_mm)
    assert str(caught.value) == message


@pytest.mark.parametrize("code", ["", CODE[3:], CODE[:-1], "(253)" + CODE[3:], CODE[:-1] + "x"])
def test_not_a_list_code(code: str) -> None:
    with pytest.raises(MistypedCode, match="is not 253 and 30 digits"):
        gs1_128_svg(code)


def test_wrong_check_digit(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CodeError, match="a check digit, is 7, expected 8"):
        gs1_128_svg(f"2539501101000017{CODE[16:]}")
    assert capfd.readouterr().err == ""
