"""Advance widths out of a font file (OpenType 1.9: head, hhea, hmtx, cmap formats 4 and 12).

Four tables of fonts that come with promo, read in milliseconds; a library for all that fonts may
hold takes longer to be imported than a list to be printed.
"""

from array import array
from collections.abc import Iterator
from struct import unpack_from
from sys import byteorder

from promo.lists.press.font_file import tables

# Platform and encoding: all of Unicode first, then its first plane.
ENCODINGS = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3))


class FontError(Exception):
    """A font that comes with promo is not what it should be: a broken installation."""


def advances(font: bytes) -> dict[int, float]:
    """The advance width in ems of each code point that a font holds. Raises FontError."""
    found = tables(font)
    (units,) = unpack_from(">H", found[b"head"], 18)
    (count,) = unpack_from(">H", found[b"hhea"], 34)
    widths = _numbers(found[b"hmtx"], 0, 2 * count)[::2]
    # Glyphs beyond the last width have that width.
    return {code: widths[min(glyph, count - 1)] / units for code, glyph in _glyphs(found[b"cmap"])}


def _glyphs(cmap: memoryview) -> Iterator[tuple[int, int]]:
    """Code points and their glyphs."""
    (count,) = unpack_from(">H", cmap, 2)
    records = (unpack_from(">HHI", cmap, 4 + 8 * number) for number in range(count))
    found = {(platform, encoding): start for platform, encoding, start in records}
    start = next((found[each] for each in ENCODINGS if each in found), None)
    if start is None:
        raise FontError(f"The font has no table of Unicode, but of {sorted(found)}.")
    (kind,) = unpack_from(">H", cmap, start)
    readers = {4: _segments, 12: _groups}
    if kind not in readers:
        raise FontError(f"The font's table of characters has format {kind}; expected 4 or 12.")
    return readers[kind](cmap[start:])


def _segments(table: memoryview) -> Iterator[tuple[int, int]]:
    """Format 4: runs of characters with a distance to their glyphs, or a place in a table."""
    (double,) = unpack_from(">H", table, 6)
    count, length = double // 2, len(table) // 2
    numbers = _numbers(table, 0, length)
    ends, starts = numbers[7 : 7 + count], numbers[8 + count : 8 + 2 * count]
    deltas, at = numbers[8 + 2 * count : 8 + 3 * count], 8 + 3 * count
    for number, (start, end, delta) in enumerate(zip(starts, ends, deltas, strict=True)):
        offset = numbers[at + number]
        for code in range(start, min(end, 0xFFFE) + 1):
            glyph = numbers[at + number + offset // 2 + code - start] if offset else code
            if glyph and (glyph := (glyph + delta) % 2**16):
                yield code, glyph


def _groups(table: memoryview) -> Iterator[tuple[int, int]]:
    """Format 12: runs of code points whose glyphs run on."""
    (count,) = unpack_from(">I", table, 12)
    for number in range(count):
        first, last, glyph = unpack_from(">III", table, 16 + 12 * number)
        for code in range(first, last + 1):
            if each := glyph + code - first:
                yield code, each


def _numbers(data: memoryview, start: int, count: int) -> "array[int]":
    """Unsigned numbers of sixteen bits, the high byte first."""
    found = array("H", bytes(data[start : start + 2 * count]))
    if byteorder == "little":
        found.byteswap()
    return found
