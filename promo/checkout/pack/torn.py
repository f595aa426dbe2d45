"""What a power cut leaves at a journal's end, told from what somebody has changed.

Only what was being written can be torn, which is one line, and nobody was answered on it. The disk
may have taken its beginning; or some of its sectors and not others, which then read as zeros.
"""

import re
from dataclasses import dataclass

from promo.checkout.pack.chain import Place, Record, beginning, chained, next_record

SECTOR = 512  # bytes that any disk writes whole or not at all
HOLE = re.compile(rb"\0+")
TEXT = re.compile(rb"[ -~]*\t?[ -~]*\n?")
BEGUN = re.compile(rb"([ -~]+)(?:\t([0-9a-f]*))?")


@dataclass(frozen=True)
class Tail:
    """What stands behind the last whole line; `whole` is its decision if only its LF is missing."""

    start: int
    bytes: bytes
    whole: Record | None = None


def tail_of(rest: bytes, place: Place) -> Tail | None:
    """The rest of a journal behind a place as a torn line; None where it cannot be one."""
    holes = [(hole.start(), hole.end()) for hole in HOLE.finditer(rest)]
    if not holes:
        return _begun(rest, place)
    if not all(_is_hole(first, end, rest, place.end) for first, end in holes):
        return None
    before = _begun(rest[: holes[0][0]], place) if holes[0][0] else Tail(place.end, b"")
    if before is None or before.whole is not None or not TEXT.fullmatch(HOLE.sub(b"", rest)):
        return None
    return Tail(place.end, rest)


def _is_hole(first: int, end: int, rest: bytes, start: int) -> bool:
    """Whether zeros are sectors that were not written; of these, the first begins with the line.

    A single zero in a line that is there to its end is a byte that was changed.
    """
    begins = first == 0 or (start + first) % SECTOR == 0
    ends = end == len(rest) or ((start + end) % SECTOR == 0 and end - first > 1)
    return begins and ends


def _begun(part: bytes, place: Place) -> Tail | None:
    """Bytes as the beginning of the next line, up to its LF; None where they are not."""
    found = BEGUN.fullmatch(part)
    if found is None:
        return None
    text, chain = found[1], found[2]
    wanted = beginning(place)
    if chain is None:
        is_one = text.startswith(wanted) or wanted.startswith(text)
        return Tail(place.end, part) if is_one else None
    if not text.startswith(wanted) or not chained(place.chain, text).startswith(chain.decode()):
        return None
    return Tail(place.end, part, next_record(part + b"\n", place))
