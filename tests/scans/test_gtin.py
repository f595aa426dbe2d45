"""Product codes: tables of known ones, what single errors do, and a second implementation."""

import biip
import pytest
from biip.checksums import gs1_standard_check_digit
from biip.gtin import Gtin
from biip.upc import Upc
from hypothesis import given
from hypothesis import strategies as st

from promo.scans.gtin import CodeError, check_digit, gtin14

DIGITS = "0123456789"


def digits(length: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=DIGITS, min_size=length, max_size=length)


def whole(payload: str) -> str:
    return payload + check_digit(payload)


# Leading 0 and 1 at eight digits have two readings; they have tests of their own.
GTINS = (
    st.one_of(
        digits(7).filter(lambda payload: payload[0] not in "01"), digits(11), digits(12), digits(13)
    )
    .map(whole)
    .filter(lambda code: code.strip("0") != "")
)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [("629104150021", "3"), ("950600013435", "2"), ("37610425002123456", "9"), ("0", "0")],
)
def test_check_digit_known(payload: str, expected: str) -> None:
    assert check_digit(payload) == expected


@pytest.mark.parametrize("payload", ["", "12a", "12 ", "١٢٣", "²"])
def test_check_digit_refuses(payload: str) -> None:
    with pytest.raises(CodeError, match="needs digits"):
        check_digit(payload)


@given(digits(12))
def test_check_digit_agrees_with_biip(payload: str) -> None:
    assert int(check_digit(payload)) == gs1_standard_check_digit(payload)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("96385074", "00000096385074"),
        ("614141000036", "00614141000036"),
        ("9506000134352", "09506000134352"),
        ("09506000134352", "09506000134352"),
        ("0109506000134352", "09506000134352"),
        ("0109506000134352" + "17251231" + "10ABC/1\x1d21XYZ", "09506000134352"),
        ("(01)09506000134352", "09506000134352"),
        ("(01)09506000134352(17)251231", "09506000134352"),
        ("]C10109506000134352", "09506000134352"),
        ("]d2\x1d0109506000134352", "09506000134352"),
        ("https://id.gs1.org/01/09506000134352", "09506000134352"),
        ("https://example.com/some/where/01/9506000134352/10/ABC?17=251231", "09506000134352"),
        ("HTTP://example.com:8080/01/614141000036#top", "00614141000036"),
        ("https://example.com/01/96385074/", "00000096385074"),
    ],
)
def test_forms(code: str, expected: str) -> None:
    assert gtin14(code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("04252614", "00042100005264"),  # checks as UPC-E only
        ("01234565", "00012345000065"),  # checks as both
        ("01201303", "00012000000133"),  # each of the ways a UPC-E leaves zeros out
        ("02345632", "00023400000562"),
        ("02345642", "00023450000062"),
        ("02300016", "00000002300016"),  # checks as GTIN-8 only
        ("02300030", "00000002300030"),  # not a UPC-E: 3 after a third digit of 0 to 2
        ("12345670", "00000012345670"),  # checks as both, and with 1 the GTIN-8 wins
        ("12300015", "00123100000005"),  # checks as UPC-E only
        ("00000017", "00000000000017"),  # UPC-E would end in 9
    ],
)
def test_eight_digits_beginning_with_zero_or_one(code: str, expected: str) -> None:
    assert gtin14(code) == expected


@given(digits(7).filter(lambda payload: payload[0] == "0"))
def test_upc_e_agrees_with_biip(payload: str) -> None:
    """biip takes any UPC-E; ours takes those in the one standard form, and agrees on them."""
    upc = Upc.parse(payload)
    wide = upc.as_upc_a()
    standard = Upc.parse(wide).as_upc_e()[:7] == payload and int(wide) > 0
    code = payload + wide[-1]
    if standard:
        assert gtin14(code) == "00" + wide
    elif check_digit(payload) != code[-1] or not payload.strip("0"):
        with pytest.raises(CodeError):
            gtin14(code)
    else:
        assert gtin14(code) == "000000" + code


@given(GTINS)
def test_agrees_with_biip(code: str) -> None:
    assert gtin14(code) == Gtin.parse(code).as_gtin_14()


@given(GTINS.map(lambda code: code.zfill(14)), st.booleans())
def test_agrees_with_biip_on_carriers(code: str, link: bool) -> None:
    text = f"https://id.gs1.org/01/{code}" if link else f"]C101{code}"
    parsed = biip.parse(text)
    assert parsed.gtin is not None
    assert gtin14(text) == parsed.gtin.as_gtin_14() == gtin14(code)


@given(GTINS)
def test_every_single_wrong_digit_is_caught(code: str) -> None:
    for at in range(len(code)):
        for digit in DIGITS.replace(code[at], ""):
            wrong = code[:at] + digit + code[at + 1 :]
            if len(code) == 8 and wrong[0] in "01":
                continue  # two readings: the module's text says what is lost
            with pytest.raises(CodeError):
                gtin14(wrong)


@given(GTINS)
def test_normal_form_is_stable(code: str) -> None:
    normal = gtin14(code)
    assert len(normal) == 14
    assert gtin14(normal) == normal
    assert gtin14("01" + normal) == normal


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "4006381333932",
            "The product code '4006381333932' ends in check digit 2, but the GS1 standard "
            "computes 1 from its other digits.",
        ),
        (
            "12345631",
            "The product code '12345631' ends in check digit 1, but the GS1 standard computes "
            "2 for it as a GTIN-8 and 9 as a UPC-E.",
        ),
        ("", "The product code '' has 0 digits; expected 8, 12, 13 or 14 digits."),
        (
            "1234567890",
            "The product code '1234567890' has 10 digits; expected 8, 12, 13 or 14 digits.",
        ),
        (
            "4006381 333931",
            "The product code '4006381 333931' holds ' ' as character 8; "
            "expected 8, 12, 13 or 14 digits and nothing else.",
        ),
        (
            "400638133393l",
            "The product code '400638133393l' holds 'l' as character 13; "
            "expected 8, 12, 13 or 14 digits and nothing else.",
        ),
        (
            "0000000000000",
            "The product code '0000000000000' is all zeros and names no product.",
        ),
        (
            "(01)4006381333931",
            "The element string '(01)4006381333931' does not begin with (01) and 14 digits.",
        ),
        (
            "https://example.com/21/4006381333931",
            "The web address 'https://example.com/21/4006381333931' has no /01/ followed by a "
            "GTIN; expected 8, 12, 13 or 14 digits there.",
        ),
        (
            "9" * 600,
            "The product code '" + "9" * 39 + "…' is 600 characters long; "
            "at most 512 are expected.",
        ),
    ],
)
def test_messages(code: str, message: str) -> None:
    with pytest.raises(CodeError) as caught:
        gtin14(code)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "code",
    [
        " 4006381333931",
        "4006381333931\n",
        "٤٠٠٦٣٨١٣٣٣٩٣١",
        "4006381333931.0",
        "+4006381333931",
        "(02)09506000134352",
        "0109506000134351",
        "https://example.com/01/9506000134351",
        "https://example.com/?x=/01/9506000134352",
        "https:///01/9506000134352",
        "ftp://example.com/01/9506000134352",
    ],
)
def test_refused(code: str) -> None:
    with pytest.raises(CodeError):
        gtin14(code)


@given(st.text(max_size=60))
def test_any_text_gives_a_gtin_or_a_sentence(text: str) -> None:
    try:
        result = gtin14(text)
    except CodeError as error:
        result = str(error)
    assert result.endswith(".") or (len(result) == 14 and result.isdecimal())
