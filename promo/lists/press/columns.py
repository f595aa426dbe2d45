"""Words set in the fixed cells of a receipt printer: wrapped, never beyond the edge.

All widths are in dots. A wide character (Chinese) takes two cells. Words that a NBSP holds together
stay on one line (`10 oz`), unless they are wider than it; a word that is wider than the line is
broken, so whatever the words, a line is never wider than it may be.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from promo.language import NBSP
from promo.lists.press.code_pages import is_wide
from promo.lists.press.escpos import CELL, FONT_A, FONT_B
from promo.lists.press.slip import Line, Row, Run

SCALE = {"": (1, 1), "small": (1, 1), "tall": (1, 2), "big": (2, 2)}
"""Times wider and higher, by a run's size."""
GAP = 2 * CELL[FONT_A][0]
"""Least room between the two sides of a row."""


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


@lru_cache(maxsize=2**14)
def lines(line: Line, room: int) -> tuple[Set, ...]:
    """A paragraph as printed lines; what is below its first line stands clear of its mark."""
    mark = Run(line.mark)
    indent = width([mark])
    room -= indent
    if line.center:
        room = _balanced(line.runs, room)
    below = [tuple(map(Piece, runs)) for runs in wrapped(line.runs, room)]
    if not indent:
        return tuple(below)
    first, *others = below
    clear = [(Piece(pieces[0].run, indent), *pieces[1:]) for pieces in others]
    return ((Piece(mark), *first), *clear)


def _balanced(runs: Sequence[Run], room: int) -> int:
    """The least room in which runs take no more lines than in `room`: no word is left alone."""
    most = len(list(wrapped(runs, room)))
    low, high = room // 2, room
    while most > 1 and high - low > 1:
        middle = (low + high) // 2
        enough = len(list(wrapped(runs, middle))) <= most
        low, high = (low, middle) if enough else (middle, high)
    return high


@lru_cache(maxsize=2**12)
def row(element: Row, room: int) -> tuple[Set, ...]:
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
    return tuple(sets)


Letter = tuple[str, Run]


def wrapped(runs: Sequence[Run], room: int) -> Iterator[list[Run]]:
    """Runs cut into lines of at most `room` dots, at blanks and beside wide characters."""
    if width(runs) <= room:
        yield list(runs)
        return
    line, used = list[Letter](), 0
    letters = [(character, run) for run in runs for character in run.text]
    for word in (part for long in _words(letters) for part in _parted(long, room)):
        if used + _width(word) > room and line:
            yield _joined(line)
            line, used = [], 0
        for letter in word:
            if line and used + advance(*letter) > room:
                yield _joined(line)
                line, used = [], 0
            if line or letter[0] != " ":
                line.append(letter)
                used += advance(*letter)
    if line:
        yield _joined(line)


def _words(letters: Sequence[Letter]) -> Iterator[Sequence[Letter]]:
    """Letters that stay together, with the blanks behind them."""
    start = 0
    for at in range(1, len(letters)):
        if _may_break(letters[at - 1][0], letters[at][0]):
            yield letters[start:at]
            start = at
    yield letters[start:]


def _width(word: Sequence[Letter]) -> int:
    """Of a word without the blanks behind it."""
    return sum(advance(*letter) for letter in word if letter[0] != " ")


def _parted(word: Sequence[Letter], room: int) -> Iterator[Sequence[Letter]]:
    """A word; where it is wider than the line, the parts that its NBSPs hold together."""
    if _width(word) <= room:
        yield word
        return
    blanks = [at for at, (character, _) in enumerate(word) if character == NBSP]
    start = 0
    for at in blanks:
        yield [*word[start:at], (" ", word[at][1])]
        start = at + 1
    yield word[start:]


def _may_break(before: str, after: str) -> bool:
    if after == " " or unicodedata.category(after) in ("Pe", "Pf", "Po"):
        return False  # no line begins with a closing mark
    if unicodedata.category(before) in ("Ps", "Pi"):
        return False  # nor ends with an opening one
    return before == " " or is_wide(after) or is_wide(before)


def _joined(line: list[Letter]) -> list[Run]:
    """Letters as runs, without blanks at the end."""
    while line and line[-1][0] == " ":
        line.pop()
    groups = groupby(line, key=lambda letter: letter[1])
    return [replace(run, text="".join(c for c, _ in letters)) for run, letters in groups]
