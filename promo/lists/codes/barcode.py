"""The barcode on a list: a GS1-128 symbol as a small SVG with its size in millimetres.

Follows the GS1 General Specifications, 5.4: a quiet zone of 10 modules on both sides (part of
the width given here) and at most 165.1 mm over all. The text below the symbol is the
template's to print; see `promo.lists.codes.human_readable`.
"""

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import zint

from promo.lists.codes import serial
from promo.scans.gtin import CodeError

MIN_MODULE_MM = 0.40
"""Narrowest bar printed, in mm: a worn store printer still keeps such bars apart."""
MIN_HEIGHT_MM = 12.7
"""Lowest bars printed, in mm: half an inch, so that a hand scanner's line stays on them."""
MAX_WIDTH_MM = 165.1
"""Widest GS1-128 symbol allowed, in mm, with its quiet zones."""
QUIET_MODULES = 10
"""Blank modules on each side."""


@dataclass(frozen=True)
class Barcode:
    """An SVG document (one line, no XML declaration) and its size in mm, quiet zones included."""

    svg: str
    width_mm: float
    height_mm: float


def gs1_128_svg(code: str, module_mm: float = 0.40, height_mm: float = 15.0) -> Barcode:
    """Draw a `list_code` (33 digits, AI 253 first); the same input gives the same bytes.

    `module_mm` is the width of one module and `height_mm` that of the bars, in mm. Raises
    MistypedCode if the code is not a list code, and CodeError if its check digit is wrong or
    the symbol would be smaller or wider than the limits above.
    """
    _check_size(module_mm, height_mm)
    bars = _bars(code)
    modules = len(bars) + 2 * QUIET_MODULES
    width_mm = round(modules * module_mm, 6)
    if width_mm > MAX_WIDTH_MM:
        raise CodeError(
            f"A barcode with modules of {module_mm:g} mm would be {width_mm:g} mm wide; "
            f"GS1-128 allows {MAX_WIDTH_MM:g} mm."
        )
    height = f"{height_mm / module_mm:.9g}"
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm:.9g}mm" '
        f'height="{height_mm:.9g}mm" viewBox="0 0 {modules} {height}">'
        f'<path d="{_path(bars, height)}"/></svg>'
    )
    return Barcode(svg, width_mm, height_mm)


def _check_size(module_mm: float, height_mm: float) -> None:
    if not MIN_MODULE_MM <= module_mm < math.inf:
        raise CodeError(
            f"A barcode's module must be {MIN_MODULE_MM:g} mm wide or more, "
            f"but got {module_mm:g} mm."
        )
    if not MIN_HEIGHT_MM <= height_mm < math.inf:
        raise CodeError(
            f"A barcode's bars must be {MIN_HEIGHT_MM:g} mm high or more, but got {height_mm:g} mm."
        )


def _bars(code: str) -> str:
    """Encode a list code: one character per module, 1 for a bar and 0 for a space."""
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.GS1_128
    symbol.show_hrt = False
    # Otherwise a wrong check digit is only a line on standard error.
    symbol.warn_level = zint.WarningLevel.FAIL_ALL
    try:
        symbol.encode(f"[253]{code[3:16]}{serial(code)}")
    except RuntimeError as error:
        raise CodeError(f"The list code {code} cannot be a barcode: {error}.") from error
    # A row is packed eight modules to a byte, the leftmost in the lowest bit.
    row = symbol.encoded_data.cast("B")[: -(-symbol.width // 8)]
    return f"{int.from_bytes(row, 'little'):0{symbol.width}b}"[::-1]


def _path(bars: str, height: str) -> str:
    # All of Code 128's characters are 11 modules but the last, the stop, which is 13.
    words = [bars[at : at + 11] for at in range(0, len(bars) - 13, 11)] + [bars[-13:]]
    return f"m{QUIET_MODULES} 0" + "".join([_word(word, height) for word in words])


@lru_cache(maxsize=1024)
def _word(word: str, height: str) -> str:
    """Draw one character's bars and move on to the next; there are but 107 to remember."""
    steps = []
    for bar, space in re.findall("(1+)(0*)", word):
        width = len(bar)
        # Closing the bar has put the pen back at its top left corner.
        move = f"m{width + len(space)} 0" if space else ""
        steps.append(f"h{width}v{height}h-{width}z{move}")
    return "".join(steps)
