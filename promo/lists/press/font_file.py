"""A font file as its tables (OpenType 1.9, "Organization of an OpenType font")."""

from collections.abc import Collection
from struct import pack, unpack_from

Tables = dict[bytes, memoryview]


def tables(font: bytes) -> Tables:
    """The tables of a font by their tags."""
    view = memoryview(font)
    return {tag: view[start : start + length] for tag, _, start, length in _records(font)}


def without(font: bytes, tags: Collection[bytes]) -> bytes:
    """The font without some tables; the others keep their bytes and check sums.

    The sum over the whole file, in `head`, stays that of the old file: readers do not hold a font
    to it, and changing it would change `head`.
    """
    kept = [record for record in _records(font) if record[0] not in tags]
    power = 1 << (len(kept).bit_length() - 1)
    head = font[:4] + pack(
        ">HHHH", len(kept), 16 * power, power.bit_length() - 1, 16 * (len(kept) - power)
    )
    directory, body, at = [head], [], 12 + 16 * len(kept)
    for tag, check, start, length in kept:
        directory.append(pack(">4sIII", tag, check, at, length))
        padded = font[start : start + length] + bytes(-length % 4)
        body.append(padded)
        at += len(padded)
    return b"".join(directory + body)


def _records(font: bytes) -> list[tuple[bytes, int, int, int]]:
    """Tag, check sum, place and length of each table, by tag."""
    (count,) = unpack_from(">H", font, 4)
    records = (unpack_from(">4sIII", font, 12 + 16 * number) for number in range(count))
    return [(tag, check, start, length) for tag, check, start, length in records]
