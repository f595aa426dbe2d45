"""One reader of item codes: every form of one product is one product."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.scans.gtin import CodeError, check_digit
from promo.scans.item_codes import layouts_of, read
from promo.scans.variable import variable_check_digit

MILK = "00614141123452"
US, DE = layouts_of("us"), layouts_of("de")


@pytest.mark.parametrize(
    "code",
    [
        "614141123452", "0614141123452", MILK, f"(01){MILK}", f"01{MILK}", f"]C101{MILK}",
        f"]e0\x1d01{MILK}10AB", f"(17)251231(01){MILK}", f"17251231{'01'}{MILK}",
        f"https://example.com/01/{MILK}?3103=000485", f"https://id.gs1.org/01/{MILK}/10/A",
        "]E00614141123452",
    ],
)  # fmt: skip
def test_every_form_of_a_product(code: str) -> None:
    found = read(code, US)
    assert (found.whole, found.product, found.variable) == (MILK, MILK, None)


def test_an_ean_8_behind_its_symbology() -> None:
    assert read("]E496385074", {}).product == "00000096385074"


@pytest.mark.parametrize(
    "code",
    ["", "614141123453", "(01)00614141123453", "(17)251231(01)00614141123453", "milk", "]E0",
     "1" * 15, "(00)006141411234567890", "x" * 600, "https://example.com/milk"],
)  # fmt: skip
def test_what_names_no_product(code: str) -> None:
    with pytest.raises(CodeError):
        read(code, US)


@pytest.mark.parametrize(
    ("code", "measured"),
    [
        (MILK, None),
        (f"(01){MILK}(3103)000485", (485, "kg")),
        (f"(01){MILK}(3202)000275", (2750, "lb")),
        (f"(01){MILK}(30)12", (12_000, "each")),
        (f"(01){MILK}(3922)499", None),
    ],
)
def test_how_much_of_it(code: str, measured: tuple[int, str] | None) -> None:
    assert read(code, US).measured == measured


def german(prefix: str, item: str, value: str) -> str:
    body = prefix + item + variable_check_digit(value) + value
    return body + check_digit(body)


def test_weight_and_count_by_the_national_rule() -> None:
    assert read(german("28", "1234", "00485"), DE).measured == (485, "kg")
    assert read(german("25", "1234", "00012"), DE).measured == (12_000, "each")
    assert read(german("22", "1234", "00499"), DE).measured is None


@given(st.from_regex("[0-9]{5}", fullmatch=True), st.from_regex("[0-9]{4}", fullmatch=True))
def test_a_price_inside_does_not_make_another_product(item: str, price: str) -> None:
    """Of the US: number system 2, five digits of the item, check digit, four of the price."""

    def code(value: str) -> str:
        body = f"2{item}{variable_check_digit(value)}{value}"
        return body + check_digit(body)

    assert read(code(price), US).product == read(code("0000"), US).product
    assert read(code(price), {}).product == code(price).zfill(14)
