"""Words set in the fixed cells of a receipt printer: wrapped, never beyond the edge.

All widths are in dots. A wide character (Chinese) takes two cells. A word that is wider than the
line is broken, so whatever the words, a line is never wider than it may be.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promo.lists.press.code_pages import is_wide
from promo.lists.press.escpos import CELL, FONT_A, FONT_B
from promo.lists.press.slip import Line, Row, Run

SCALE = {"": (1, 1), "small": (1, 1), "tall": (1, 2), "big": (2, 2)}
"""Times wider and higher, by a run's size."""
GAP = 2 * CELL[FONT_A][0]
"""Least room between the two sides of a row."""
WORDS = re.compile(r" *[^ ]+| +$")


@dataclass(frozen=True)
class Piece:
    """Words of one look at `x` dots from the edge (None: where the piece before has ended)."""

    run: Run
    x: int | None = None


Set = tuple[Piece, ...]
"""A printed line."""


def font_of(run: Run) -> int:
    """The font that a run is printed in."""
    return FONT_B if run.size == "small" else FONT_A


def advance(character: str, run: Run) -> int:
    """Width of a character. Double-byte type is 24 dots wide beside either font."""
    times = SCALE[run.size][0]
    return times * (2 * CELL[FONT_A][0] if is_wide(character) else CELL[font_of(run)][0])


def width(runs: Sequence[Run]) -> int:
    """Width of runs side by side."""
    return sum(advance(character, run) for run in runs for character in run.text)


def height(printed: Set) -> int:
    """Height of the highest characters of a printed line."""
    return max(CELL[font_of(p.run)][1] * SCALE[p.run.size][1] for p in printed)


def lines(line: Line, room: int) -> list[Set]:
    """A paragraph as printed lines; what is below its first line stands clear of its mark."""
    mark = Run(line.mark)
    indent = width([mark])
    below = [tuple(map(Piece, runs)) for runs in wrapped(line.runs, room - indent)]
    if not indent:
        return below
    return [
        (Piece(mark), *pieces) if first else (Piece(pieces[0].run, indent), *pieces[1:])
        for first, pieces in ((at == 0, pieces) for at, pieces in enumerate(below))
    ]


def row(element: Row, room: int) -> list[Set]:
    """Both sides of a row: the right one as narrow as it can be, and half the room at most."""
    right = list(wrapped(element.right, min(width(element.right), room // 2)))
    widest = max(map(width, right), default=0)
    left = list(wrapped(element.left, room - widest - GAP * bool(right)))
    sets = []
    for at in range(max(len(left), len(right))):
        here = [Piece(run) for run in left[at]] if at < len(left) else []
        there = right[at] if at < len(right) else []
        edge = [room - width(there)] + [None] * (len(there) - 1)
        sets.append((*here, *map(Piece, there, edge)))
    return sets


def wrapped(runs: Sequence[Run], room: int) -> Iterator[list[Run]]:
    """Runs cut into lines of at most `room` dots, at blanks and between wide characters."""
    line, used = list[Run](), 0
    for run in words(runs):
        if line and used + width([run]) > room:
            yield line
            line, used = [], 0
        if not line:
            run = Run(run.text.lstrip(" "), run.bold, run.size)
        while run.text and width([run]) > room:
            kept, run = cut(run, room)
            yield [kept]
        if run.text:
            line.append(run)
            used += width([run])
    if line:
        yield line
