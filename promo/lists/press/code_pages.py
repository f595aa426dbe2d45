"""Text as a printer can say it: in one of its code pages, in GB18030, or not at all.

A receipt printer knows no Unicode. It has tables of 128 characters, chosen one at a time, and
which it has differs from model to model: `receipt.code_pages` of config.yaml names them. What
none can say is never a question mark: `Repertoire.says` tells, and the line is drawn instead.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from promo.language import NBSP
from promo.lists.press.escpos import CHINESE, NOT_CHINESE, code_page

ASCII = {chr(code): bytes([code]) for code in range(0x20, 0x7F)} | {NBSP: b" "}
RIGHT_TO_LEFT = ("R", "AL", "AN", "RLE", "RLO", "RLI")
BLANKS = re.compile(
    r"[\t-\r\x1c-\x20\x85\u1680\u2000-\u2006\u2008-\u200a\u2028\u2029\u205f\u3000]+"
)
HELD = re.compile(r"[ \u00a0\u2007\u202f]*[\u00a0\u2007\u202f][ \u00a0\u2007\u202f]*")
"""Blanks of which one holds together what stands beside it."""
# Of no width: soft hyphens, joiners, marks of direction. In text that is said they do nothing.
UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060-\u206f\ufeff\ufe00-\ufe0f]")


def one_page(codec: str) -> dict[str, bytes]:
    """The characters beyond ASCII that a code page of Python's name says, and how."""
    codes = [bytes([code]) for code in range(0x80, 0x100)]
    table = {code.decode(codec, "ignore"): code for code in codes}
    return {character: code for character, code in table.items() if _stands_alone(character)}


def _stands_alone(character: str) -> bool:
    """Whether a character is a mark on paper whatever its neighbours, from left to right."""
    return (
        character != ""
        and unicodedata.category(character)[0] in "LNPS"
        and unicodedata.bidirectional(character) not in RIGHT_TO_LEFT
    )


def plain(text: str) -> str:
    """Text with composed letters, single blanks, and nothing in it that is not seen.

    A blank where no line may break is NBSP, of whatever width it was.
    """
    single = BLANKS.sub(" ", unicodedata.normalize("NFC", text))
    return UNSEEN.sub("", HELD.sub(NBSP, single))


def is_wide(character: str) -> bool:
    """Whether a character takes the room of two."""
    return character > "\u10ff" and unicodedata.east_asian_width(character) in "WF"


class Repertoire:
    """What one model of printer can say. `pages`: its tables' numbers by Python's codec names."""

    def __init__(self, pages: Mapping[str, int], *, chinese: bool = False) -> None:
        self.tables: dict[int | None, dict[str, bytes]] = {None: ASCII}
        self.tables |= {number: ASCII | one_page(codec) for codec, number in pages.items()}
        self.known = frozenset().union(*self.tables.values())
        self.chinese = chinese

    def says(self, text: str) -> bool:
        """Whether every character of `plain` text can be printed as text."""
        return self.known.issuperset(text) or all(
            character in self.known or self._double(character) for character in text
        )

    def write(self, text: str, page: int | None) -> tuple[bytes, int | None]:
        """The bytes of `text`, and the table then in use; `page`: the one in use before.

        The table is changed only where it must be, and then to that which says most of what
        comes. Raises ValueError for a character that `says` denies.
        """
        said = b""
        while text:
            if codes := _run(self._double, text):
                said += CHINESE + b"".join(codes) + NOT_CHINESE
            elif codes := _run(self.tables[page].get, text):
                said += b"".join(codes)
            else:
                page = self._best(text)
                said += code_page(page)
            text = text[len(codes) :]
        return said, page

    def _best(self, text: str) -> int:
        """The table that says the longest beginning of `text`; of equals, the first."""
        reach = {n: len(_run(t.get, text)) for n, t in self.tables.items() if n is not None}
        best = max(reach, key=reach.__getitem__, default=None)
        if best is None or not reach[best]:
            raise ValueError(f"this printer cannot say {text[0]!r}")
        return best

    def _double(self, character: str) -> bytes | None:
        """Two bytes of GB18030, for a wide character on a printer that has that mode."""
        if not self.chinese or not is_wide(character):
            return None
        code = character.encode("gb18030")
        return code if len(code) == 2 else None


def _run(say: Callable[[str], bytes | None], text: str) -> list[bytes]:
    """The codes of the first characters of `text`, up to one that has none."""
    codes = list[bytes]()
    for character in text:
        code = say(character)
        if code is None:
            break
        codes.append(code)
    return codes
