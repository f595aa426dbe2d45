"""A list's code as a symbol: an SVG with its size in mm, or its rows of modules for a receipt.

`code` is the `list_code` (33 digits, AI 253 first) everywhere but for EAN-13, where it is the
thirteen digits of `promo.lists.codes.ean`. What is printed in words beside it is `Symbol.text`.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import zint

from promo.lists.codes import human_readable, serial
from promo.lists.codes.barcode import gs1_128_svg
from promo.lists.codes.symbologies import NAMES, Symbology, named, narrow
from promo.scans.gtin import CodeError, check_digit, shown
from promo.sections import Lists, host_name

__all__ = ["NAMES", "Symbol", "content", "draw", "link", "matrix", "narrow", "on_sheet"]


@dataclass(frozen=True)
class Symbol:
    """An SVG document (one line, no XML declaration), its size in mm with quiet zones, its text."""

    svg: str
    width_mm: float
    height_mm: float
    text: str


def draw(
    symbology: str,
    code: str,
    module_mm: float,
    *,
    host: str | None = None,
    height_mm: float | None = None,
) -> Symbol:
    """Draw a code; the same input gives the same bytes.

    `module_mm` is the width of a module, `height_mm` that of linear bars (the standard's where
    None), `host` that of a `qr-link`. Raises CodeError for a code that is none, a wrong check
    digit, a size outside the standard's, a missing host.
    """
    kind = named(symbology)
    text = _text(kind, code)
    if symbology == "gs1-128":
        bars = gs1_128_svg(code, module_mm, height_mm or kind.bars * 0.40)
        return Symbol(bars.svg, bars.width_mm, bars.height_mm, text)
    _check_size(kind, module_mm, height_mm)
    rows = matrix(symbology, code, host=host)
    high = float(len(rows)) if kind.is_matrix else (height_mm or kind.bars * module_mm) / module_mm
    return _svg(kind, rows, module_mm, high, text)


def on_sheet(lists: Lists, code: str, ean: str = "") -> Symbol:
    """Draw a list's code as config.yaml wants it; `ean` is needed for ean-13 alone."""
    kind = named(lists.symbology)
    module_mm = lists.matrix_mm if kind.is_matrix else lists.module_mm
    own = content(lists.symbology, code, ean)
    return draw(lists.symbology, own, module_mm, host=lists.link_host)


def content(symbology: str, code: str, ean: str) -> str:
    """What a symbology is to say of a list: its `list_code`, or its EAN-13."""
    return ean if symbology == "ean-13" else code


def matrix(symbology: str, code: str, *, host: str | None = None) -> tuple[str, ...]:
    """The symbol's rows from the top, a character a module: 1 dark, 0 light; no quiet zone.

    A linear symbol is a single row. Errors are those of `draw`.
    """
    kind = named(symbology)
    symbol = zint.Symbol()
    symbol.symbology = kind.engine
    symbol.show_hrt = False
    symbol.option_1 = kind.level
    if kind.gs1:
        symbol.input_mode = zint.InputMode.GS1
    if symbology == "gs1-datamatrix":
        symbol.option_3 = zint.DataMatrixOptions.SQUARE
    # Otherwise a wrong check digit is only a line on standard error.
    symbol.warn_level = zint.WarningLevel.FAIL_ALL
    try:
        symbol.encode(_content(kind, code, host))
    except RuntimeError as error:
        raise CodeError(f"The code {shown(code)} cannot be a {symbology}: {error}.") from error
    return _rows(symbol)


def link(code: str, host: str) -> str:
    """A list's GS1 Digital Link: `https://host/253/` and 30 digits. Raises CodeError."""
    try:
        host_name(host)
    except ValueError as error:
        raise CodeError(f"The host of a link is {shown(host)}: {error}.") from None
    return f"https://{host}/253/{code[3:16]}{serial(code)}"


def _text(kind: Symbology, code: str) -> str:
    if kind.name != "ean-13":
        return human_readable(code)
    if not re.fullmatch("[0-9]{13}", code):
        raise CodeError(f"An EAN-13 is 13 digits, but got {shown(code)}.")
    if check_digit(code[:12]) != code[12]:
        raise CodeError(
            f"The EAN-13 {code} ends in check digit {code[12]}, but the GS1 standard computes "
            f"{check_digit(code[:12])} from its other digits."
        )
    return f"{code[0]} {code[1:7]} {code[7:]}"


def _content(kind: Symbology, code: str, host: str | None) -> str:
    _text(kind, code)
    if kind.name == "ean-13":
        return code
    if kind.gs1:
        return f"[253]{code[3:16]}{serial(code)}"
    if host is None:
        raise CodeError("A qr-link needs `lists.link_host`, the name of a web server of yours.")
    if check_digit(code[3:15]) != code[15]:
        raise CodeError(f"The list code {code} has a wrong check digit as its sixteenth digit.")
    return link(code, host)


def _rows(symbol: zint.Symbol) -> tuple[str, ...]:
    # A row is packed eight modules to a byte, the leftmost in the lowest bit.
    packed, used = symbol.encoded_data.cast("B"), -(-symbol.width // 8)
    stride = len(packed) // len(symbol.encoded_data)
    starts = range(0, stride * symbol.rows, stride)
    return tuple(
        [
            f"{int.from_bytes(packed[at : at + used], 'little'):0{symbol.width}b}"[::-1]
            for at in starts
        ]
    )


def _check_size(kind: Symbology, module_mm: float, height_mm: float | None) -> None:
    if not kind.least_mm <= module_mm <= kind.most_mm:
        raise CodeError(
            f"A module of a {kind.name} must be {kind.least_mm:g} to {kind.most_mm:g} mm wide, "
            f"but got {module_mm:g} mm."
        )
    if height_mm is None:
        return
    if kind.is_matrix:
        raise CodeError(f"A {kind.name} is square; its height follows from its modules.")
    least = kind.bars * module_mm
    # The last figures of a float do not make bars too low.
    if not least - 0.005 <= height_mm < math.inf:
        raise CodeError(
            f"Bars of an {kind.name} with modules of {module_mm:g} mm must be {least:.2f} mm high "
            f"or more, but got {height_mm:g} mm."
        )


def _svg(
    kind: Symbology, rows: tuple[str, ...], module_mm: float, high: float, text: str
) -> Symbol:
    """`high` is the height of the rows together, in modules."""
    quiet = kind.quiet
    wide = len(rows[0]) + quiet.left + quiet.right
    tall = high + quiet.top + quiet.bottom
    step = "1" if kind.is_matrix else f"{high:.9g}"
    body = "".join(
        [_row(row, quiet.left, quiet.top + number, step) for number, row in enumerate(rows)]
    )
    width_mm, height_mm = round(wide * module_mm, 6), round(tall * module_mm, 6)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm:.9g}mm" '
        f'height="{height_mm:.9g}mm" viewBox="0 0 {wide} {tall:.9g}"><path d="{body}"/></svg>'
    )
    return Symbol(svg, width_mm, height_mm, text)


@lru_cache(maxsize=4096)
def _row(row: str, left: int, top: int, step: str) -> str:
    """Draw a row's runs of dark modules as closed boxes, after a move to the row's start."""
    path: list[str] = []
    pen = 0
    for run in re.finditer("1+", row):
        width = len(run[0])
        start = f"M{left + run.start()} {top}" if not path else f"m{run.start() - pen} 0"
        path.append(f"{start}h{width}v{step}h-{width}z")
        pen = run.start()
    return "".join(path)
