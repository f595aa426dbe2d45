"""Coupons of the positive offer file: their grammar as a table, and strings from a fuzzer."""

import re

import pytest
import zint
from hypothesis import given
from hypothesis import strategies as st

from promo.lists.codes.coupon_8112 import Coupon8112, parse, write
from promo.lists.codes.coupon_fields import CouponError

TEXT = "0112345679999990666666"  # digital, funder 1234567, offer 999999, serial 666666
COUPON = Coupon8112(0, "1234567", "999999", "666666")


@pytest.mark.parametrize("front", ["", "8112", "(8112)", "]C18112", "]Q3\x1d8112", "]e0"])
def test_what_scanners_send(front: str) -> None:
    assert parse(front + TEXT) == COUPON


@pytest.mark.parametrize(
    ("text", "coupon"),
    [
        (TEXT, COUPON),
        ("1" + TEXT[1:], Coupon8112(1, "1234567", "999999", "666666")),
        ("2" + TEXT[1:], Coupon8112(2, "1234567", "999999", "666666")),
        ("211234567999999", Coupon8112(2, "1234567", "999999", None)),
        ("061234567890121234569123456789012345",
         Coupon8112(0, "123456789012", "123456", "123456789012345")),
    ],
)  # fmt: skip
def test_strings_and_what_they_say(text: str, coupon: Coupon8112) -> None:
    assert parse(text) == coupon
    assert write(coupon) == text


def test_without_its_serial_it_names_the_offer() -> None:
    assert COUPON.offer == "011234567999999"
    assert parse(TEXT[:-6] + "777777").offer == COUPON.offer


@pytest.mark.parametrize(
    ("text", "field", "position", "message"),
    [
        ("", "format", 1, "is missing at position 1; expected 1 digit."),
        ("3", "format", 1, "is '3' at position 1; expected one of 0, 1, 2."),
        ("0", "funder length", 2, "is missing at position 2"),
        ("07", "funder length", 2, "is '7' at position 2; expected one of 0, 1, 2, 3, 4, 5, 6."),
        ("0112345", "funder", 3, "is '12345' at position 3; expected 7 digits."),
        ("01123456799999", "offer code", 10, "is '99999' at position 10; expected 6 digits."),
        (TEXT[:15], "serial number length", 16, "is missing at position 16"),
        (TEXT[:-1], "serial number", 17, "is '66666' at position 17; expected 6 digits."),
        (TEXT + "7", "end", 23, "is '7' at position 23; expected nothing."),
        ("2112345679999990", "serial number", 17, "is missing at position 17"),
        ("011234567a", "data", 10, "is 'a' at position 10; expected digits alone."),
    ],
)
def test_errors_name_field_value_and_position(
    text: str, field: str, position: int, message: str
) -> None:
    with pytest.raises(CouponError) as caught:
        parse(text)
    assert (caught.value.field, caught.value.position) == (field, position)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ((3, "1234567", "999999", "666666"), "format"),
        ((0, "12345", "999999", "666666"), "funder"),
        ((0, "1234567", "99999", "666666"), "offer code"),
        ((0, "1234567", "999999", "66666"), "serial number"),
        ((1, "1234567", "999999", None), "serial number"),
    ],
)
def test_what_cannot_be_written(parts: tuple[int, str, str, str | None], field: str) -> None:
    with pytest.raises(CouponError) as caught:
        Coupon8112(*parts)
    assert caught.value.field == field


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most)


COUPONS = st.builds(
    Coupon8112, st.integers(0, 2), digits(6, 12), digits(6, 6), digits(6, 15)
) | st.builds(Coupon8112, st.just(2), digits(6, 12), digits(6, 6), st.none())


@given(COUPONS)
def test_round_trip(coupon: Coupon8112) -> None:
    assert parse(write(coupon)) == coupon
    assert write(parse(write(coupon))) == write(coupon)


@given(COUPONS, st.integers(0, 36), digits(0, 2))
def test_zint_draws_what_we_take_but_for_format_2(coupon: Coupon8112, at: int, new: str) -> None:
    text = write(coupon)
    text = text[:at] + new + text[at + 1 :]
    if text.startswith(("2", "8112")):
        return
    try:
        parse(text)
        good = True
    except CouponError as error:
        good = False
        assert re.search(r"position \d+; expected .+\.$", str(error))  # noqa: PT017
    assert drawn(text) == good


def drawn(text: str) -> bool:
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.GS1_128
    symbol.warn_level = zint.WarningLevel.FAIL_ALL
    try:
        symbol.encode(f"[8112]{text}")
    except RuntimeError:
        return False
    return True
