"""The barcode on a list: a GS1-128 symbol as a small SVG with its size in millimetres.

Follows the GS1 General Specifications, 5.4: a quiet zone of 10 modules on both sides (part of
the width given here) and at most 165.1 mm over all. The text below the symbol is the
template's to print; see `promo.lists.codes.human_readable`.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from promo.lists.codes import serial
from promo.lists.codes.code128 import WIDTHS, characters, modules
from promo.scans.gtin import CodeError, check_digit

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
    serial(code)  # refuses what is no list code
    if not _is_checked(code[3:16]):
        raise CodeError(
            f"The list code {code} cannot be a barcode: its sixteenth digit, a check digit, is "
            f"{code[15]}, expected {check_digit(code[3:15])}."
        )
    values = characters(code)
    frame = _frame(modules(values) + 2 * QUIET_MODULES, module_mm, height_mm)
    drawn = _drawn(frame.height)
    path = "".join([drawn[value] for value in values])
    svg = f'{frame.head}<path d="m{QUIET_MODULES} 0{path}"/></svg>'
    return Barcode(svg, frame.width_mm, height_mm)


@lru_cache(maxsize=64)
def _is_checked(document: str) -> bool:
    return check_digit(document[:-1]) == document[-1]


class _Frame(NamedTuple):
    """What all symbols of a size have in common; height: of a bar, in modules."""

    head: str
    width_mm: float
    height: str


@lru_cache(maxsize=256)
def _frame(modules: int, module_mm: float, height_mm: float) -> _Frame:
    _check_size(module_mm, height_mm)
    width_mm = round(modules * module_mm, 6)
    if width_mm > MAX_WIDTH_MM:
        raise CodeError(
            f"A barcode with modules of {module_mm:g} mm would be {width_mm:g} mm wide; "
            f"GS1-128 allows {MAX_WIDTH_MM:g} mm."
        )
    height = f"{height_mm / module_mm:.9g}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width_mm:.9g}mm" '
        f'height="{height_mm:.9g}mm" viewBox="0 0 {modules} {height}">'
    )
    return _Frame(head, width_mm, height)


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


@lru_cache(maxsize=16)
def _drawn(height: str) -> tuple[str, ...]:
    """Each of Code 128's characters: its bars, and the move on to the next character."""
    return tuple([_character(widths, height) for widths in WIDTHS])


def _character(widths: str, height: str) -> str:
    steps = []
    for bar, space in zip(widths[::2], f"{widths}0"[1::2], strict=True):
        # Closing the bar has put the pen back at its top left corner.
        move = f"m{int(bar) + int(space)} 0" if space != "0" else ""
        steps.append(f"h{bar}v{height}h-{bar}z{move}")
    return "".join(steps)
