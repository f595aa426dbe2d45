"""What stands in a code beside the GTIN, in every way to write it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.scans.elements import Elements, elements, gtin_inside

GTIN = "00614141123452"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (GTIN, Elements()),
        ("614141123452", Elements()),
        (f"(01){GTIN}(3103)001250", Elements(1250)),
        (f"(01){GTIN}(3100)000002", Elements(2000)),
        (f"(01){GTIN}(3105)125099", Elements(1250)),
        (f"01{GTIN}3202000275", Elements(2750, "lb")),
        (f"]C101{GTIN}3103001250", Elements(1250)),
        (f"]e0\x1d01{GTIN}392299", Elements(price=(99, 2))),
        (f"01{GTIN}3922499\x1d3003", Elements(price=(499, 2), count=3)),
        (f"01{GTIN}10AB-1\x1d3103000485", Elements(485)),
        (f"01{GTIN}172502303103000485", Elements(485)),  # no day of the calendar, and no matter
        (f"https://example.com/01/{GTIN}?3103=001250&3922=499", Elements(1250, "kg", (499, 2))),
        (f"https://example.com/shop/01/{GTIN}/10/A1?17=251231", Elements()),
        (f"https://[/01/{GTIN}", Elements()),
        ("(01)", Elements()),
        ("", Elements()),
        (f"(01){GTIN}(9999)1", Elements()),
    ],
)
def test_elements(code: str, said: Elements) -> None:
    assert elements(code) == said


@pytest.mark.parametrize(
    ("code", "inside"),
    [
        (f"17251231{'01'}{GTIN}", GTIN),
        (f"(17)251231(01){GTIN}", GTIN),
        (f"]d23103001250{'01'}{GTIN}", GTIN),
        ("(00)006141411234567890", None),
        ("hello", None),
    ],
)
def test_gtin_inside(code: str, inside: str | None) -> None:
    assert gtin_inside(code) == inside


@given(st.integers(0, 999_999), st.integers(0, 5), st.sampled_from("12"))
def test_weights_by_hand(value: int, decimals: int, unit: str) -> None:
    """A second way to the same weight: by where the point stands."""
    said = elements(f"(01){GTIN}(3{unit}0{decimals}){value:06d}")
    digits = f"{value:06d}"
    whole, part = digits[: 6 - decimals], digits[6 - decimals :]
    assert said.weight == int(whole or "0") * 1000 + int(part[:3].ljust(3, "0"))
    assert said.unit == ("kg" if unit == "1" else "lb")


@given(st.text(max_size=80) | st.from_regex(r"(\]C1)?\(?(01|17|310.)\)?[0-9]{6,14}.{0,30}"))
def test_no_code_brings_it_down(code: str) -> None:
    assert isinstance(elements(code), Elements)
    inside = gtin_inside(code)
    assert inside is None or re.fullmatch("[0-9]{14}", inside)
