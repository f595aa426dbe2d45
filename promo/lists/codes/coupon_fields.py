"""What the grammars of North American coupons are made of: digits, read field by field.

Many fields have a digit in front that says how long they are (a variable length indicator, VLI).
Positions in messages count the digits after the application identifier, from 1.
"""

import re
from collections.abc import Mapping
from typing import NoReturn

from promo.scans.gtin import CodeError, shown

MAX_DIGITS = 70
"""Most digits after AI 8110 or 8112 (GS1 General Specifications)."""
# Scanners put the carrier in front: GS1-128, DataBar, GS1 DataMatrix, GS1 QR; people, brackets.
_CARRIER = r"(?:\](?:C1|e0|d2|Q3))?\x1d?"


class CouponError(CodeError):
    """A coupon's string is not in the grammar; `field` and `position` (from 1) say where."""

    def __init__(self, message: str, field: str, position: int | None = None) -> None:
        super().__init__(message)
        self.field = field
        self.position = position


class Digits:
    """A cursor over a coupon's digits. Each method raises CouponError that names the field."""

    def __init__(self, text: str, ai: str) -> None:
        """Take off the carrier and the AI, which no string can be mistaken for: none starts so."""
        found = re.match(rf"{_CARRIER}(?:\({ai}\)|{ai})?", text)
        start = found.end() if found else 0
        self.text = text[start:].removesuffix("\x1d")
        self.ai = ai
        self.at = 0
        wrong = re.search("[^0-9]", self.text)
        if wrong:
            self.fail("data", wrong[0], "digits alone", wrong.start())
        if len(self.text) > MAX_DIGITS:
            self.fail("data", self.text, f"at most {MAX_DIGITS} digits", MAX_DIGITS)

    def take(self, field: str, length: int) -> str:
        """The next digits, all of them."""
        value = self.text[self.at : self.at + length]
        if len(value) < length:
            self.fail(field, value, f"{length} digit{'s' if length > 1 else ''}", self.at)
        self.at += length
        return value

    def one(self, field: str, allowed: str) -> int:
        """The next digit, one of some."""
        value = self.take(field, 1)
        if value not in allowed:
            self.fail(field, value, f"one of {', '.join(allowed)}", self.at - 1)
        return int(value)

    def sized(self, field: str, lengths: str, more: int = 0) -> str:
        """The digits whose number, less `more`, the next digit says."""
        return self.take(field, self.one(f"{field} length", lengths) + more)

    def day(self, field: str) -> str:
        """Six digits YYMMDD; day 00 stands for the last of the month."""
        value = self.take(field, 6)
        if not is_day(value):
            self.fail(field, value, "a day as YYMMDD", self.at - 6)
        return value

    def optional(self, mark: str) -> bool:
        """Whether an optional field comes next; its mark is passed over."""
        found = self.text.startswith(mark, self.at)
        self.at += found
        return found

    def end(self, names: Mapping[str, str]) -> None:
        """Nothing may be left; `names` says which field each mark would begin."""
        if self.at == len(self.text):
            return
        name = names.get(self.text[self.at], "end")
        wanted = "nothing here: optional fields rise, each once" if name != "end" else "nothing"
        self.fail(name, self.text[self.at :], wanted, self.at)

    def fail(self, field: str, value: str, wanted: str, at: int) -> NoReturn:
        """Refuse the coupon for a field whose value stands `at` so many digits in."""
        got = f"{shown(value) if value else 'missing'} at position {at + 1}"
        message = f"The {field} of the {self.ai} coupon is {got}; expected {wanted}."
        raise CouponError(message, field, at + 1)


def is_day(value: str) -> bool:
    """Whether six digits YYMMDD, day 00 allowed, are a day in some century."""
    if not re.fullmatch("[0-9]{6}", value):
        return False
    year, month, day = (int(value[n : n + 2]) for n in (0, 2, 4))
    # The century is not written; only in the year 00 does February's length hang on it.
    longest = (31, 29 if year % 4 == 0 else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return 1 <= month <= 12 and day <= longest[month - 1]


def checked(ai: str, field: str, value: str | None, pattern: str, wanted: str) -> None:
    """Refuse a field that is to be written and is not as the grammar has it; None passes."""
    if value is not None and not re.fullmatch(pattern, value):
        raise CouponError(f"The {field} of the {ai} coupon is {shown(value)}; expected {wanted}.",
                          field)  # fmt: skip


def chosen(ai: str, field: str, value: int | None, allowed: str) -> None:
    """The same for a field of one digit, which is kept as a number."""
    if value is not None and str(value) not in tuple(allowed):
        raise CouponError(
            f"The {field} of the {ai} coupon is {value}; expected one of {', '.join(allowed)}.",
            field,
        )


def sized(value: str, less: int = 0) -> str:
    """Digits with the digit in front that says how many there are, `less` so many."""
    return f"{len(value) - less}{value}"
