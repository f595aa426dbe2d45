"""What a scanned item says beside its GTIN: weight, price and count, from either GS1 syntax.

Element strings (GS1 General Specifications, 7.8) and Digital Link addresses are read with biip,
which knows every application identifier. It is imported when the first such code comes: a bare
number, which is what nearly every till sends, needs none of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

MOST_DIGITS = 12  # of a count or a price


@dataclass(frozen=True)
class Elements:
    """Thousandths of kilograms or pounds, a price with its decimals, pieces; None if not said."""

    weight: int | None = None
    unit: Literal["kg", "lb"] = "kg"
    price: tuple[int, int] | None = None
    count: int | None = None


def elements(code: str) -> Elements:
    """What a code says beside its GTIN; nothing where it is a bare number, or cannot be read."""
    found = {} if code.isdigit() and len(code) <= 14 else _read(code)
    weight, unit = _weight(found)
    price = next((key for key in found if key[:3] == "392"), None)
    count = found.get("30", "")
    return Elements(
        weight,
        unit,
        (int(found[price]), int(price[3])) if price and len(found[price]) <= MOST_DIGITS else None,
        int(count) if 0 < len(count) <= MOST_DIGITS else None,
    )


def gtin_inside(code: str) -> str | None:
    """The fourteen digits of element 01, wherever in the code it stands; None without one.

    Their check digit is the caller's to look at.
    """
    return _read(code).get("01")


def _read(code: str) -> Mapping[str, str]:
    """Values by application identifier; of one that stands twice the first."""
    from biip import ParseConfig, ParseError
    from biip.gs1_digital_link_uris import GS1DigitalLinkURI
    from biip.gs1_messages import GS1Message

    config = ParseConfig(gs1_element_strings_verify_date=False)
    # In front there may be what kind of symbol it was, and its FNC1.
    bare = code[3 if code.startswith("]") else 0 :].lstrip("\x1d")
    try:
        if bare.startswith("("):  # as it is printed below the symbol
            strings = GS1Message.parse_hri(bare, config=config).element_strings
        elif "://" in bare:
            strings = GS1DigitalLinkURI.parse(bare, config=config).element_strings
        else:
            strings = GS1Message.parse(bare, config=config).element_strings
    except (ParseError, ValueError):  # ValueError: no address, no number
        return {}
    return {each.ai.ai: each.value for each in reversed(strings)}


def _weight(found: Mapping[str, str]) -> tuple[int | None, Literal["kg", "lb"]]:
    """Net weight: 310n in kilograms, 320n in pounds, six digits with n decimals."""
    for key, value in found.items():
        if len(key) == 4 and key[:3] in ("310", "320"):
            thousandths = int(Decimal(value).scaleb(3 - int(key[3])))
            return thousandths, "kg" if key[1] == "1" else "lb"
    return None, "kg"
