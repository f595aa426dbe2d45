"""What a till sends, in every form of code, and what is wrong with it by field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.checkout.items import ItemError, Reader
from promo.offers.basket import Line
from promo.scans.gtin import check_digit, gtin14
from promo.scans.variable import LAYOUTS, variable_check_digit

US = Reader("USD", LAYOUTS["us"])
MILK = "gtin:00614141123452"


@pytest.mark.parametrize(
    ("code", "product"),
    [
        ("614141123452", MILK),
        ("0614141123452", MILK),
        ("00614141123452", MILK),
        ("gtin:614141123452", MILK),
        ("]C10100614141123452", MILK),
        ("(01)00614141123452(10)AB", MILK),
        ("https://example.com/01/00614141123452/10/AB?17=251231", MILK),
        ("internal:4011", "internal:4011"),
        ("4011", "internal:4011"),  # a bare PLU
        ("94011", "internal:94011"),
        ("01234565", "gtin:00012345000065"),  # UPC-E
    ],
)
def test_a_code_in_any_form(code: str, product: str) -> None:
    assert US.line({"code": code, "amount": 399}, "line") == Line(product, 1, 399)


def test_a_code_with_its_price_is_matched_without_it() -> None:
    bare = "212345000007"[:-1]
    bare += check_digit(bare)
    body = "212345" + variable_check_digit("0499") + "0499"
    code = body + check_digit(body)
    line = US.line({"code": code, "weight": 1250, "unit": "lb"}, "line")
    assert line == Line(f"gtin:{gtin14(bare)}", 1, 499, 1250, "lb")
    assert US.line({"code": code, "amount": 450}, "line").amount == 450  # the till has the word
    assert US.line({"code": code, "quantity": -1}, "line").amount == -499
    wrong = body[:6] + str((int(body[6]) + 1) % 10) + body[7:]
    with pytest.raises(ItemError, match="check digit"):
        US.line({"code": wrong + check_digit(wrong)}, "line")


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("(01)00614141123452(3103)001250(3922)0499", (1, 499, 1250, "kg")),
        ("01006141411234523202000275\x1d3922499", (1, 499, 2750, "lb")),
        ("0100614141123452392099\x1d3003", (3, 9900, None, "kg")),
        ("https://example.com/01/00614141123452?3103=001250&3922=499", (1, 499, 1250, "kg")),
        ("01006141411234521725123110AB\x1d3922499", (1, 499, None, "kg")),
    ],
)
def test_elements_beside_the_gtin(code: str, line: tuple[Any, ...]) -> None:
    assert US.line({"code": code}, "line") == Line(MILK, *line)


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 4), ("USD", 499), ("KWD", 4990)])
def test_a_carried_price_is_in_currency_units(currency: str, amount: int) -> None:
    code = "(01)00614141123452(3922)499"
    assert Reader(currency, {}).line({"code": code}, "line").amount == amount


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({}, "code"), ({"code": 5, "amount": 1}, "code"), ({"code": "123", "amount": 1}, "code"),
        ({"code": "614141123453", "amount": 1}, "code"),
        ({"code": "9810000000006", "amount": 1}, "code"),
        ({"code": "9900000000004", "amount": 1}, "code"),
        ({"code": "internal:", "amount": 1}, "code"),
        ({"amount": 1.5}, "amount"), ({"amount": True}, "amount"), ({"amount": 10**13}, "amount"),
        ({"amount": -5}, "amount"), ({"amount": 5, "quantity": -1}, "amount"), ({"x": 1}, "x"),
        ({"quantity": 0}, "quantity"), ({"quantity": 10**4}, "quantity"),
        ({"weight": 0}, "weight"), ({"weight": "2"}, "weight"), ({"unit": "g"}, "unit"),
        ({"excluded": 1}, "excluded"), ({"price": -1, "amount": None}, "price"),
        ({"amount": None}, "amount"), (5, ""),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_its_field(raw: Any, field: str) -> None:
    good = {"code": "614141123452", "amount": 399}
    sent = good | raw if isinstance(raw, dict) and raw else raw
    with pytest.raises(ItemError) as caught:
        US.lines([good, sent])
    wanted = f"lines[1].{field}".rstrip(".")
    assert wanted in [fault.field for fault in caught.value.faults]
    assert all(fault.sentence.endswith(".") for fault in caught.value.faults)


@pytest.mark.parametrize(
    "code", ["9810000000006", "9821234567890", "9900000000004", "512345678900"]
)
def test_old_paper_coupons_are_read_and_declined(code: str) -> None:
    with pytest.raises(ItemError, match="old paper coupon"):
        US.line({"code": code[:-1] + check_digit(code[:-1]), "amount": 1}, "line")


@pytest.mark.parametrize("raw", [None, "x", {}, [{}] * 1001])
def test_lines_are_a_list_of_no_more_than_a_thousand(raw: Any) -> None:
    with pytest.raises(ItemError, match="1000"):
        US.lines(raw)


def test_prices_excluded_products_and_returns() -> None:
    reader = Reader("USD", {}, {MILK})
    line = reader.line({"code": "614141123452", "quantity": -2, "price": 150}, "line")
    assert line == Line(MILK, -2, -300, excluded=True)


@given(st.text(max_size=60) | st.from_regex(r"(\]C1)?\(?01\)?[0-9]{14}.{0,30}", fullmatch=True))
def test_no_code_brings_it_down(code: str) -> None:
    try:
        line = US.line({"code": code, "amount": 1}, "line")
    except ItemError:
        return
    assert line.product.startswith(("gtin:", "internal:"))
