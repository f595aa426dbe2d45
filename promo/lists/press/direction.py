"""Words that run the other way than their page, kept apart so that both read right.

`2 x 500 g` on a page in Arabic, or a name in Arabic before `12 pk` on one in English: unless such
words are isolated, Unicode's bidirectional algorithm (UAX #9) orders them together with their
neighbours. The way they run is written out, because the engine of print does not look for it.
"""

import re
from collections.abc import Callable
from functools import cache

from markupsafe import Markup, escape

RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
LETTER = re.compile(r"[^\W\d_]")


@cache
def apart(direction: str) -> Callable[[str], str]:
    """What sets words on a page that runs `direction` (ltr or rtl): as they are, or isolated."""
    return _on_leftward if direction == "rtl" else _on_rightward


def _on_rightward(words: str) -> str:
    if words.isascii() or not RIGHT_TO_LEFT.search(words):
        return words
    return _isolated(words, _direction(words))


def _on_leftward(words: str) -> str:
    if not words.strip(" "):
        return words
    if not RIGHT_TO_LEFT.search(words):
        return _isolated(words, "ltr")
    letters = LETTER.findall(words)
    mixed = any(not RIGHT_TO_LEFT.match(letter) for letter in letters)
    return _isolated(words, _direction(words)) if mixed else words


def _direction(words: str) -> str:
    """The way the first letter runs (rules P2 and P3)."""
    first = LETTER.search(words)
    return "rtl" if first is None or RIGHT_TO_LEFT.match(first[0]) else "ltr"


def _isolated(words: str, direction: str) -> Markup:
    inner = words.strip(" ")  # blanks at the ends part it from its neighbours
    before, _, after = words.partition(inner)
    return Markup('{}<bdi dir="{}">{}</bdi>{}').format(before, direction, escape(inner), after)
