"""The bytes that a receipt printer obeys: one function a command, nothing else.

Epson's published ESC/POS set, of which only what printers of every maker share is used. Lengths
are in dots: 8 a millimetre on a printer of 203 dpi. What these functions are given is made by
the program; text goes through `promo.lists.press.code_pages`, which lets no command through.
"""

import numpy as np
from numpy.typing import NDArray

Dots = NDArray[np.bool_]
"""A picture of `[row, column]`; True is black."""

ESC, FS, GS = b"\x1b", b"\x1c", b"\x1d"
INIT = ESC + b"@" + ESC + b"R\x00"
"""Forget all settings, then take ASCII's characters: a switch may have put others there."""
LF = b"\n"
CHINESE, NOT_CHINESE = FS + b"&", FS + b"."
"""Double-byte (GB18030) text on and off, on printers that know it."""
CUT = GS + b"VB\x00"
"""Feed to the knife and cut, but for one point."""

FONT_A, FONT_B = 0, 1
CELL = {FONT_A: (12, 24), FONT_B: (9, 17)}
"""Width and height of a character, in dots."""
BAND = 192
"""Rows of a picture sent in one command: small printers hold few."""


def code_page(number: int) -> bytes:
    """ESC t: say what follows in the printer's table of this number, 0 to 255."""
    return ESC + b"t" + bytes([number])


def align(side: int) -> bytes:
    """ESC a: 0 left, 1 centre, 2 right; only at the beginning of a line."""
    return ESC + b"a" + bytes([side])


def bold(on: bool) -> bytes:
    """ESC E."""
    return ESC + b"E" + bytes([on])


def font(number: int) -> bytes:
    """ESC M: FONT_A or FONT_B."""
    return ESC + b"M" + bytes([number])


def size(wide: int, high: int) -> bytes:
    """GS !: times the font's own size, 1 to 8."""
    return GS + b"!" + bytes([(wide - 1) << 4 | high - 1])


def spacing(dots: int) -> bytes:
    """ESC 3: from line to line, 0 to 255 dots, unless a character is higher."""
    return ESC + b"3" + bytes([dots])


def move_to(dots: int) -> bytes:
    """ESC $: go on so many dots from the left edge."""
    return ESC + b"$" + dots.to_bytes(2, "little")


def feed(dots: int) -> bytes:
    """ESC J: 0 to 255 dots of paper; only at the beginning of a line."""
    return ESC + b"J" + bytes([dots])


def raster(dots: Dots) -> bytes:
    """GS v 0: a picture, in bands of BAND rows; where ESC a says."""
    bands = (dots[top : top + BAND] for top in range(0, len(dots), BAND))
    return b"".join(map(_band, bands))


def _band(dots: Dots) -> bytes:
    packed = np.packbits(dots, axis=1)
    sizes = b"".join([size.to_bytes(2, "little") for size in reversed(packed.shape)])
    return GS + b"v0\x00" + sizes + bytes(packed)
