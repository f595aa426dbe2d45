"""A symbol's modules as a PNG picture: one bit a pixel, without any library (ISO/IEC 15948)."""

import struct
import zlib
from collections.abc import Sequence

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png(rows: Sequence[str], pixels: int, quiet: int, times: int = 1) -> bytes:
    """Rows of modules (1 dark, 0 light), `pixels` a module, `quiet` light modules all around.

    `times`: modules of a row's height.
    """
    blank = "1" * (len(rows[0]) + 2 * quiet)
    light = "1" * quiet
    inside = [light + row.translate({48: "1", 49: "0"}) + light for row in rows]
    full = [blank] * quiet + [row for row in inside for _ in range(times)] + [blank] * quiet
    lines = [_packed(row, pixels) for row in full]
    data = b"".join(b"\0" + line for line in lines for _ in range(pixels))
    size = struct.pack(">IIBBBBB", len(blank) * pixels, len(full) * pixels, 1, 0, 0, 0, 0)
    chunks = _chunk(b"IHDR", size), _chunk(b"IDAT", zlib.compress(data, 9)), _chunk(b"IEND", b"")
    return SIGNATURE + b"".join(chunks)


def _packed(row: str, pixels: int) -> bytes:
    bits = "".join(module * pixels for module in row)
    length = -(-len(bits) // 8)
    return int(bits.ljust(length * 8, "0"), 2).to_bytes(length, "big")


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
