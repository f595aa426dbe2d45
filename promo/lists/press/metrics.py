"""How wide words are, from the fonts' own advance widths, and how many lines they take.

Never too few: what is not known for certain (kerning, the shaping of Arabic, characters of fonts
that are not ours) is taken for its widest, and a line is broken only where every renderer would.
"""

import re
import unicodedata
from functools import cache, lru_cache

from promo.lists.press import fonts

POINT = 25.4 / 72  # millimetres
SLACK = 1.015  # kerning may also widen a word
SQUARE, OTHER = 1.0, 1.35  # ems: of Chinese and its like, of what none of our fonts holds
WEIGHTLESS = ("Mn", "Me", "Cf")  # marks stand above or below, controls nowhere
WIDEST_LETTER = 2.2  # ems; wider glyphs stand for whole words, and come of no letter

DASHES = re.compile(r"(?<=[-–—/!?}|])")  # after which a word may be broken

Run = tuple[str, float, bool]  # text, points, bold


@lru_cache(maxsize=2**16)
def lines(runs: tuple[Run, ...], width: float) -> int:
    """Lines that runs take, one behind the other, in a column of so many millimetres."""
    count, used = 1, 0.0
    for text, points, bold in runs:
        em = points * POINT
        space = advance(" ", bold) * em
        for word in _words(text):
            long = advance(word, bold) * em
            gap = space if used else 0.0
            if used + gap + long <= width:
                used += gap + long
                continue
            count, used = count + bool(used), long
            if used > width:
                more, used = _broken(word, points, bold, width)
                count += more
    return count


def _broken(word: str, points: float, bold: bool, width: float) -> tuple[int, float]:
    """Lines that a word longer than a line begins below its first, and what it takes of the last.

    It is broken where the line ends, or before that after a dash, which may take more lines.
    """
    em = points * POINT

    def broken(parts: list[str]) -> tuple[int, float]:
        count, used = 0, 0.0
        for part in parts:
            long = advance(part, bold) * em
            if used + long > width and used:
                count, used = count + 1, 0.0
            used += long
            while used > width:
                count, used = count + 1, used - (width - 1.3 * em)
        return count, used

    return max(broken([word]), broken(DASHES.split(word)))


def width(text: str, points: float, *, bold: bool = False) -> float:
    """Millimetres that a text takes on one line."""
    return advance(text, bold) * points * POINT


@lru_cache(maxsize=2**16)
def advance(text: str, bold: bool) -> float:
    """Ems that a text takes on one line."""
    known = _letters(bold)
    return SLACK * sum(known[c] if c in known else _other(c) for c in text)


@lru_cache(maxsize=2**16)
def longest(text: str, bold: bool) -> float:
    """Ems of the longest part of a text that no line break divides."""
    return max((advance(word, bold) for word in _words(text)), default=0.0)


@lru_cache(maxsize=2**16)
def _words(text: str) -> tuple[str, ...]:
    """The parts between which a line may break. Chinese breaks between any two characters, but
    not before a stop, so that each stop goes with the character before it."""
    parts: list[str] = []
    for word in text.split(" "):
        if word.isascii():
            parts += [word] if word else []
            continue
        parts += _squares(word)
    return tuple(parts)


def _squares(word: str) -> list[str]:
    parts, glue = [""], True
    for character in word:
        square = unicodedata.east_asian_width(character) in "WF"
        letter = square and unicodedata.category(character) == "Lo"
        if letter and not glue:
            parts.append(character)
        else:
            parts[-1] += character
        # After a bracket or a letter of another script nothing breaks for certain.
        glue = not square or unicodedata.category(character) == "Ps"
    return [part for part in parts if part]


@cache
def _letters(bold: bool) -> dict[str, float]:
    return fonts.advances("bold" if bold else "regular")


@lru_cache(maxsize=2**14)
def _other(character: str) -> float:
    if unicodedata.category(character) in WEIGHTLESS:
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return SQUARE if unicodedata.category(character) != "So" else OTHER
    if "\u0600" <= character <= "\u08ff":
        return min(fonts.advances("arabic-bold").get(character, OTHER), WIDEST_LETTER)
    return OTHER
