"""North American coupons: each rule of the grammar as a table, and strings from a fuzzer."""

import contextlib
import re
from datetime import date
from typing import Any

import pytest
import zint
from hypothesis import given
from hypothesis import strategies as st

from promo.lists.codes.coupon_8110 import Coupon8110, Purchase, SaveRule, parse, write
from promo.lists.codes.coupon_fields import CouponError
from promo.scans.gtin import CodeError

START = "106141416543213250"  # prefix 0614141, offer 654321, 2.50
ONE = START + "110120"  # off one of family 120
FIRST = Purchase("1", 0, "120")
PLAIN = Coupon8110("0614141", "654321", "250", FIRST)


def with_(**changes: Any) -> Coupon8110:
    own: dict[str, Any] = {
        "funder_prefix": "0614141", "offer_code": "654321", "save_value": "250", "first": FIRST,
    }  # fmt: skip
    return Coupon8110(**own | changes)


@pytest.mark.parametrize(
    ("text", "coupon"),
    [
        (ONE + "3140131", with_(expiry="140131")),  # 2.50 off one, until 2014-01-31
        (
            "106141411234562751106501013085093140131",  # 0.75 off one bundle or three boxes
            with_(
                offer_code="123456", save_value="75", first=Purchase("1", 0, "650"), rule=0,
                second=Purchase("3", 0, "850"), expiry="140131",
            ),
        ),
        (ONE, PLAIN),
        (ONE + "4140101", with_(start="140101")),
        (ONE + "50123456", with_(serial="123456")),
        (ONE + "59123456789012345", with_(serial="123456789012345")),
        (ONE + "610614141", with_(retailer="0614141")),
        (ONE + "679501101000018", with_(retailer="9501101000018")),
        (ONE + "95101", with_(save=SaveRule(5, 1, 0, 1))),
        (ONE + "21102560001266", with_(third=Purchase("1", 0, "256", "001266"))),
        (
            START + "32509123",
            with_(first=Purchase("250", 9, "123")),
        ),
    ],
)  # fmt: skip
def test_strings_and_what_they_say(text: str, coupon: Coupon8110) -> None:
    assert parse(text) == coupon
    assert write(coupon) == text


# Examples of the North American Coupon Application Guideline, release 2.0.
GUIDELINE = [
    "10614141011111275110111",
    "106141410222223100110222111101231023456721104561045678991201",
    "1061414165432131501101201211014092110256100126663101231",
    "106141410012342501106501013085093101231",
    "106141410012471011076011110850921108609310123191000",
    "106141411234562891101201212085010048000214025610048000310123191000",
    "1061414154321031501101201211014092110256100126663101231",
    "106141416543213500110000310123196000",
]


@pytest.mark.parametrize("text", GUIDELINE)
def test_the_guidelines_examples(text: str) -> None:
    assert write(parse(text)) == text


@pytest.mark.parametrize("front", ["", "8110", "(8110)", "]e08110", "]C1\x1d8110", "]Q3"])
def test_what_scanners_put_in_front(front: str) -> None:
    assert parse(front + ONE) == parse(front + ONE + "\x1d") == PLAIN


def test_leading_zeros_stay() -> None:
    text = "1061414165432140250" + "30010120"
    assert write(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "field", "position", "message"),
    [
        ("", "funder prefix length", 1, "is missing at position 1; expected 1 digit."),
        ("7", "funder prefix length", 1, "is '7' at position 1; expected one of 0, 1, 2, 3, 4, 5"),
        ("1061414", "funder prefix", 2, "is '061414' at position 2; expected 7 digits."),
        ("1061414165432", "offer code", 9, "is '65432' at position 9; expected 6 digits."),
        (ONE[:14] + "6", "save value length", 15, "is '6' at position 15; expected one of 1, 2,"),
        (ONE[:14] + "0", "save value length", 15, "is '0' at position 15"),
        (ONE[:14] + "325", "save value", 16, "is '25' at position 16; expected 3 digits."),
        (START + "0", "first purchase requirement length", 19, "is '0' at position 19"),
        (START + "51234", "first purchase requirement", 20, "is '1234' at position 20"),
        (START + "11", "first purchase requirement code", 21, "is missing at position 21"),
        (START + "115", "first purchase requirement code", 21, "one of 0, 1, 2, 3, 4, 9."),
        (START + "11012", "first purchase family code", 22, "is '12' at position 22"),
        (ONE + "1", "additional purchase rules code", 26, "is missing at position 26"),
        (ONE + "14", "additional purchase rules code", 26, "is '4' at position 26"),
        (ONE + "10", "second purchase requirement length", 27, "is missing"),
        (ONE + "10118", "second purchase requirement code", 29, "is '8' at position 29"),
        (ONE + "1011085", "second purchase family code", 30, "is '85' at position 30"),
        (ONE + "10110850", "second purchase prefix length", 33, "is missing"),
        (ONE + "101108507", "second purchase prefix length", 33, "0, 1, 2, 3, 4, 5, 6, 9."),
        (ONE + "1011085011", "second purchase prefix", 34, "is '1' at position 34"),
        (ONE + "26", "third purchase requirement length", 26, "is '6'"),
        (ONE + "2115", "third purchase requirement code", 28, "is '5'"),
        (ONE + "21101238", "third purchase prefix length", 32, "is '8'"),
        (ONE + "3", "expiration date", 26, "is missing at position 26; expected 6 digits."),
        (ONE + "3140132", "expiration date", 26, "is '140132' at position 26; expected a day as"),
        (ONE + "3141331", "expiration date", 26, "is '141331'"),
        (ONE + "3140029", "expiration date", 26, "is '140029'"),
        (ONE + "3150229", "expiration date", 26, "is '150229'"),
        (ONE + "41401", "start date", 26, "is '1401'"),
        (ONE + "31401314140201", "start date", 33, "a day not after the expiration date, '140131'"),
        (ONE + "5", "serial number length", 26, "is missing"),
        (ONE + "5012345", "serial number", 27, "is '12345' at position 27; expected 6 digits."),
        (ONE + "60123456", "retailer length", 26, "is '0'"),
        (ONE + "68", "retailer length", 26, "is '8'"),
        (ONE + "61061414", "retailer", 27, "is '061414'"),
        (ONE + "9", "save value code", 26, "is missing"),
        (ONE + "93", "save value code", 26, "is '3' at position 26; expected one of 0, 1, 2, 5,"),
        (ONE + "97", "save value code", 26, "is '7'"),
        (ONE + "903", "save value applies to", 27, "is '3'"),
        (ONE + "900", "store coupon flag", 28, "is missing"),
        (ONE + "90002", "do not multiply flag", 29, "is '2' at position 29; expected one of 0, 1"),
        (ONE + "0", "end", 25, "is '0' at position 25; expected nothing."),
        (ONE + "7", "end", 25, "is '7' at position 25"),
        (ONE + "900000", "end", 30, "is '0' at position 30"),
        (ONE + "31401313140131", "expiration date", 32, "optional fields rise, each once"),
        (ONE + "414010131401", "expiration date", 32, "is '31401' at position 32"),
        (ONE + "9000050123456", "serial number", 30, "is '50123456' at position 30"),
        (ONE + "x", "data", 25, "is 'x' at position 25; expected digits alone."),
        (ONE + "١", "data", 25, "expected digits alone."),
        (ONE + "0" * 47, "data", 71, "expected at most 70 digits."),
    ],
)  # fmt: skip
def test_errors_name_field_value_and_position(
    text: str, field: str, position: int, message: str
) -> None:
    with pytest.raises(CouponError) as caught:
        parse(text)
    assert (caught.value.field, caught.value.position) == (field, position)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"The {field} of the 8110 coupon is ")
    assert isinstance(caught.value, CodeError)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"funder_prefix": "12345"}, "funder prefix"),
        ({"offer_code": "12345"}, "offer code"),
        ({"save_value": ""}, "save value"),
        ({"save_value": "123456"}, "save value"),
        ({"first": Purchase("1", 0, "120", "0614141")}, "first purchase prefix"),
        ({"rule": 1}, "additional purchase rules code"),
        ({"second": FIRST}, "additional purchase rules code"),
        ({"rule": 4, "second": FIRST}, "additional purchase rules code"),
        ({"expiry": "140132"}, "expiration date"),
        ({"start": "1401"}, "start date"),
        ({"start": "140201", "expiry": "140131"}, "start date"),
        ({"serial": "12345"}, "serial number"),
        ({"retailer": "123456"}, "retailer"),
    ],
)
def test_what_cannot_be_written(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(CouponError) as caught:
        with_(**changes)
    assert caught.value.field == field
    assert caught.value.position is None


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Purchase("", 0, "120"), "requirement"),
        (lambda: Purchase("1", 5, "120"), "requirement code"),
        (lambda: Purchase("1", 0, "12"), "family code"),
        (lambda: Purchase("1", 0, "120", "1"), "purchase prefix"),
        (lambda: SaveRule(7), "save value code"),
        (lambda: SaveRule(0, 3), "save value applies to"),
        (lambda: SaveRule(0, 0, 10), "store coupon flag"),
        (lambda: SaveRule(0, 0, 0, 2), "do not multiply flag"),
    ],
)
def test_parts_that_cannot_be_written(make: Any, field: str) -> None:
    with pytest.raises(CouponError) as caught:
        make()
    assert caught.value.field == field


def test_seventy_digits_are_the_most() -> None:
    long = {
        "funder_prefix": "1" * 12, "save_value": "1" * 5, "first": Purchase("1" * 5, 0, "120"),
        "rule": 1, "second": Purchase("1" * 5, 0, "120", "1" * 12), "expiry": "140131",
    }  # fmt: skip
    assert len(write(with_(**long))) == 67
    with pytest.raises(CouponError, match="would be 75 digits; expected at most 70"):
        with_(**long, serial="123456")


@pytest.mark.parametrize(
    ("expiry", "today", "day"),
    [
        ("140131", date(2014, 1, 1), date(2014, 1, 31)),
        ("140200", date(2014, 1, 1), date(2014, 2, 28)),
        ("240200", date(2024, 1, 1), date(2024, 2, 29)),
        ("751231", date(2025, 1, 1), date(2075, 12, 31)),  # 50 years ahead
        ("761231", date(2025, 1, 1), date(1976, 12, 31)),  # 49 years back
        ("001231", date(2060, 1, 1), date(2100, 12, 31)),
    ],
)
def test_days(expiry: str, today: date, day: date) -> None:
    assert with_(expiry=expiry).expires_on(today) == day
    assert with_(start=expiry).starts_on(today) == day


def test_days_that_the_string_leaves_out_or_the_century_lacks() -> None:
    assert PLAIN.expires_on(date(2025, 1, 1)) is None
    assert PLAIN.starts_on(date(2025, 1, 1)) is None
    with pytest.raises(CodeError, match="000229 is no day YYMMDD near the year 2080"):
        with_(expiry="000229").expires_on(date(2080, 1, 1))


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most)


DAYS = st.dates(date(2001, 1, 1), date(2049, 12, 28)).map(lambda day: f"{day:%y%m%d}")
PURCHASES = st.builds(
    Purchase, digits(1, 5), st.sampled_from([0, 1, 2, 3, 4, 9]), digits(3, 3), st.none()
)
OTHERS = st.builds(
    Purchase, digits(1, 5), st.sampled_from([0, 1, 2, 3, 4, 9]), digits(3, 3),
    st.none() | digits(6, 12),
)  # fmt: skip
SAVES = st.builds(
    SaveRule, st.sampled_from([0, 1, 2, 5, 6]), st.integers(0, 2), st.integers(0, 9),
    st.integers(0, 1),
)  # fmt: skip


@st.composite
def coupons(draw: st.DrawFn) -> Coupon8110:
    """Any coupon that fits into seventy digits: fields are left out where it does not."""
    own: dict[str, Any] = {
        "funder_prefix": draw(digits(6, 12)), "offer_code": draw(digits(6, 6)),
        "save_value": draw(digits(1, 5)), "first": draw(PURCHASES),
    }  # fmt: skip
    days = sorted(draw(st.lists(DAYS, min_size=2, max_size=2)))
    parts: list[dict[str, Any]] = [
        {"rule": draw(st.integers(0, 3)), "second": draw(OTHERS)}, {"third": draw(OTHERS)},
        {"start": days[0]}, {"expiry": days[1]}, {"serial": draw(digits(6, 15))},
        {"retailer": draw(digits(7, 13))}, {"save": draw(SAVES)},
    ]  # fmt: skip
    made = Coupon8110(**own)
    for part in draw(st.permutations(parts))[: draw(st.integers(0, 7))]:
        with contextlib.suppress(CouponError):
            made = Coupon8110(**own | part)
            own |= part
    return made


@given(coupons())
def test_round_trip(coupon: Coupon8110) -> None:
    text = write(coupon)
    assert parse(text) == coupon
    assert write(parse(text)) == text


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A good string with a few digits changed, dropped, doubled, moved or cut off."""
    text = write(draw(coupons()))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        new = draw(digits(0, 2) | st.sampled_from(["x", "\x1d", " ", "٣"]))
        text = draw(
            st.sampled_from([text[:at] + new + text[at + 1 :], text[:at] + new + text[at:],
                             text[:at], text[at:] + text[:at]])
        )  # fmt: skip
    return text


def refusal(text: str) -> CouponError | None:
    try:
        parse(text)
    except CouponError as error:
        return error
    return None


@given(mutated() | st.text(max_size=80) | digits(0, 75))
def test_parsed_or_refused_by_name(text: str) -> None:
    refused = refusal(text)
    if refused is None:
        assert text.removesuffix("\x1d").endswith(write(parse(text)))
        return
    assert refused.field
    assert refused.position is not None
    assert refused.position <= len(text) + 1
    assert str(refused).endswith(".")


@given(mutated() | coupons().map(write))
def test_zint_draws_what_we_take_and_nothing_else(text: str) -> None:
    """Its own check of 8110 is laxer twice: fields in any order, requirement code 5."""
    if not re.fullmatch("[0-9]{21,70}", text) or text.startswith("8110"):
        return
    refused = str(refusal(text) or "")
    laxer = ("optional fields rise", "requirement code of the 8110 coupon is '5'")
    if not any(reason in refused for reason in laxer):
        assert drawn(text) == (not refused)


def drawn(text: str) -> bool:
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.DATAMATRIX
    symbol.input_mode = zint.InputMode.GS1
    symbol.warn_level = zint.WarningLevel.FAIL_ALL
    try:
        symbol.encode(f"[8110]{text}")
    except RuntimeError:
        return False
    return True
