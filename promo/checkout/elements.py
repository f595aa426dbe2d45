"""What a scanned item says beside its GTIN: weight, price and count, from either GS1 syntax.

Element strings (GS1 General Specifications, 7.8: fixed lengths by the first two digits, else up to
FNC1) and Digital Link addresses (attributes in the query).
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

GS = "\x1d"
# Digits of an element in all, by its first two: these need no FNC1 behind them.
FIXED = {
    "00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "11": 8, "12": 8, "13": 8, "14": 8,
    "15": 8, "16": 8, "17": 8, "18": 8, "19": 8, "20": 4, "31": 10, "32": 10, "33": 10,
    "34": 10, "35": 10, "36": 10, "41": 16,
}  # fmt: skip
LONG = {"31", "32", "33", "34", "35", "36", "39"}  # four digits name the element
_NAMED = re.compile(r"\(([0-9]{2,4})\)([^(\x1d]*)")
_SYMBOL = re.compile(r"^\](?:C1|e0|d2|Q3|J1)")


@dataclass(frozen=True)
class Elements:
    """Thousandths of kilograms or pounds, a price with its decimals, pieces; None if not said."""

    weight: int | None = None
    unit: Literal["kg", "lb"] = "kg"
    price: tuple[int, int] | None = None
    count: int | None = None


def elements(code: str) -> Elements:
    """What a code says beside its GTIN; nothing where it is a bare GTIN."""
    found = dict(_link(code) if "://" in code else _string(code))
    weight, unit = _weight(found)
    price = next((key for key in found if re.fullmatch("392[0-3]", key)), None)
    return Elements(
        weight,
        unit,
        (int(found[price]), int(price[3])) if price and _digits(found[price]) else None,
        int(found["30"]) if _digits(found.get("30", "")) else None,
    )


def _weight(found: dict[str, str]) -> tuple[int | None, Literal["kg", "lb"]]:
    """Net weight: 310n in kilograms, 320n in pounds, six digits with n decimals."""
    for key, value in found.items():
        if re.fullmatch("3[12]0[0-5]", key) and re.fullmatch("[0-9]{6}", value):
            thousandths = int(value) * 1000 // 10 ** int(key[3])
            return thousandths, "kg" if key[1] == "1" else "lb"
    return None, "kg"


def _digits(text: str) -> bool:
    return bool(re.fullmatch("[0-9]{1,12}", text))


def _link(code: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(code).query)


def _string(code: str) -> list[tuple[str, str]]:
    body = _SYMBOL.sub("", code).lstrip(GS)
    if body.startswith("("):
        return _NAMED.findall(body)
    if not re.match("01[0-9]{14}.", body):
        return []
    found = []
    while body:
        width = FIXED.get(body[:2])
        end = body.find(GS)
        whole = body[:width] if width else body[: end if end >= 0 else None]
        key = whole[: 4 if whole[:2] in LONG else 2]
        found.append((key, whole[len(key) :]))
        body = body[len(whole) :].lstrip(GS)
    return found
