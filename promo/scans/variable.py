"""Item codes that carry a price, weight or count, and what stays of them without it.

GS1 leaves the prefixes 02 and 20 to 29 to its national members, so a chain says what they mean in
its stores; LAYOUTS holds what they have published. A code is matched to an item list with its
variable digits zero and its check digits made anew (GS1 General Specifications, 2.1.12).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from promo.scans.gtin import CodeError, check_digit, shown

# Products of a digit in the price check digit, General Specifications 7.9.2 to 7.9.4.
MINUS_2 = (0, 2, 4, 6, 8, 9, 1, 3, 5, 7)
MINUS_5 = (0, 5, 9, 4, 8, 3, 7, 2, 6, 1)
PLUS_5 = (0, 5, 1, 6, 2, 7, 3, 8, 4, 9)
TRIPLE = (0, 3, 6, 9, 2, 5, 8, 1, 4, 7)


@dataclass(frozen=True)
class Layout:
    """What twelve digits mean: P the item's, V the variable ones, C their check digit.

    decimals: of a price in currency units, of a weight in kilograms.
    """

    kind: Literal["price", "weight", "count"]
    pattern: str
    decimals: int = 0


@dataclass(frozen=True)
class Variable:
    """A code taken apart: the code without its variable digits, and their number."""

    code: str
    kind: Literal["price", "weight", "count"]
    value: int
    decimals: int


Layouts = Mapping[str, Layout]
_PRICE_4 = "PPPPPPPPVVVV"
_NORDIC_WEIGHTS = {
    str(prefix): Layout("weight", _PRICE_4, decimals)
    for prefix, decimals in ((23, 3), (24, 2), (25, 1))
}
_NORDIC = {
    str(prefix): Layout("price", _PRICE_4, decimals)
    for prefix, decimals in ((20, 2), (21, 1), (22, 0))
} | _NORDIC_WEIGHTS
# By country (ISO 3166-1). us: UPC number system 2, five digits for the item and four for its price.
LAYOUTS: Mapping[str, Layouts] = {
    "us": {"02": Layout("price", "PPPPPPPCVVVV", 2)},
    "gb": {"20": Layout("price", "PPPPPPPCVVVV", 2)},
    "de": {
        **dict.fromkeys(("22", "23"), Layout("price", "PPPPPPCVVVVV", 2)),
        **dict.fromkeys(("25", "26"), Layout("count", "PPPPPPCVVVVV")),
        **dict.fromkeys(("28", "29"), Layout("weight", "PPPPPPCVVVVV", 3)),
    },
    "dk": {
        **dict.fromkeys(("21", "22", "23", "24"), Layout("price", "PPPPPPVVVVVV", 2)),
        **dict.fromkeys(("26", "28"), Layout("weight", "PPPPPPVVVVVV", 3)),
        "27": Layout("weight", "PPPPPPPVVVVV", 3),
    },
    "no": _NORDIC,
    "se": _NORDIC,
    **dict.fromkeys(("ee", "fi", "lt", "lv"), _NORDIC_WEIGHTS),
}


def take_apart(code: str, layouts: Layouts) -> Variable | None:
    """The item, and the variable digits, of a GTIN-14; None where it carries none.

    Raises CodeError where the check digit of the variable digits is wrong.
    """
    digits = code[1:]
    layout = layouts.get(digits[:2]) if code[0] == "0" else None
    if layout is None:
        return None
    said = "".join(d for d, p in zip(digits, layout.pattern, strict=False) if p == "V")
    if "C" in layout.pattern:
        got = digits[layout.pattern.index("C")]
        expected = variable_check_digit(said)
        if got != expected:
            raise CodeError(
                f"The item code {shown(code)} carries {layout.kind} {said} with check digit {got}; "
                f"expected {expected}."
            )
    bare = "".join(
        d if p == "P" else "0" for d, p in zip(digits, layout.pattern, strict=False)
    )  # the check digit of zeros is zero
    return Variable(f"0{bare}{check_digit(bare)}", layout.kind, int(said), layout.decimals)


def variable_check_digit(digits: str) -> str:
    """The check digit of four or five variable digits (General Specifications 7.9.3, 7.9.4)."""
    numbers = [int(digit) for digit in digits]
    if len(numbers) == 4:
        a, b, c, d = numbers
        return str(3 * (MINUS_2[a] + MINUS_2[b] + TRIPLE[c] + MINUS_5[d]) % 10)
    a, b, c, d, e = numbers
    wanted = -(PLUS_5[a] + MINUS_2[b] + MINUS_5[c] + PLUS_5[d] + MINUS_2[e]) % 10
    return str(MINUS_5.index(wanted))
