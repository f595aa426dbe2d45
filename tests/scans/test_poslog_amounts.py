"""Numbers of a POSLog, to the last minor unit."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.scans.poslog_amounts import (
    UNIT_CODES,
    Wrong,
    at_unit_price,
    money,
    quantity,
    scaled,
    settle,
    shares,
    unit_of,
)


@pytest.mark.parametrize(
    ("text", "digits", "number"),
    [
        ("1.99", 2, 199), ("1.990", 2, 199), ("1.999", 2, None), ("1", 2, 100), ("1.", 2, 100),
        (".5", 2, 50), ("-0.05", 2, -5), ("+3", 0, 3), (" 7\n", 0, 7), ("", 2, None),
        (".", 2, None), ("1,99", 2, None), ("1e3", 2, None), ("٣", 2, None), ("--1", 2, None),
        ("99999999999999", 2, None), ("0.000", 0, 0), ("-0", 2, 0),
    ],
)  # fmt: skip
def test_decimals(text: str, digits: int, number: int | None) -> None:
    assert scaled(text, digits) == number


@pytest.mark.parametrize(
    ("text", "exponent", "expected"),
    [
        ("1.005", 2, "an amount with at most 2 decimals"),
        ("one", 2, "an amount with at most 2 decimals"),
        ("1.5", 0, "an amount with no decimals"),
        ("99999999999999999999", 2, "an amount of at most 13 digits before the point"),
        ("-99999999999999.00", 2, "an amount of at most 13 digits before the point"),
        ("", 2, "an amount; there is none"),
        (" ", 2, "an amount; there is none"),
        (None, 2, "an amount; there is none"),
    ],
)
def test_what_is_no_amount_is_told_why(text: str | None, exponent: int, expected: str) -> None:
    with pytest.raises(Wrong) as caught:
        money(text, None, "ExtendedAmount", "USD", exponent)
    assert (caught.value.field, caught.value.value) == ("ExtendedAmount", text or "")
    assert caught.value.expected == expected


@pytest.mark.parametrize(
    ("text", "units", "field", "expected"),
    [
        ("1.0005", None, "Quantity", "a number with at most three decimals"),
        ("9" * 20, None, "Quantity", "a number of at most 13 digits before the point"),
        ("1", "heavy", "Quantity/@Units", "a number with at most three decimals"),
    ],
)
def test_what_is_no_quantity_is_told_why(
    text: str, units: str | None, field: str, expected: str
) -> None:
    with pytest.raises(Wrong) as caught:
        quantity(text, "KGM", units)
    assert (caught.value.field, caught.value.expected) == (field, expected)


@given(st.integers(-(10**10), 10**10), st.integers(0, 6))
def test_decimals_there_and_back(number: int, digits: int) -> None:
    assert scaled(str(Decimal(number).scaleb(-digits)).replace("E", "e"), digits) in (number, None)
    assert scaled(f"{Decimal(number).scaleb(-digits):f}", digits) == number


@pytest.mark.parametrize(
    ("code", "unit"),
    [(None, "each"), ("EA", "each"), ("kgm", "kg"), (" LBR ", "lb"), ("GLL", "gal"), ("L", "l")],
)
def test_units(code: str | None, unit: str) -> None:
    assert unit_of(code) == unit


def test_every_unit_has_a_code() -> None:
    assert set(UNIT_CODES.values()) == {"each", "kg", "g", "lb", "oz", "l", "gal"}
    with pytest.raises(Wrong):
        unit_of("FURLONG")


@given(
    st.integers(0, 10**8), st.integers(0, 10**6), st.integers(1, 10**5), st.sampled_from((0, 2, 3))
)
def test_prices_by_weight_round_as_decimals_do(
    price: int, pieces: int, per: int, exponent: int
) -> None:
    exact = Decimal(price).scaleb(-6) * pieces / per
    wanted = exact.quantize(Decimal(1).scaleb(-exponent), ROUND_HALF_UP).scaleb(exponent)
    assert at_unit_price(price, pieces, per, exponent) == int(wanted)


@pytest.mark.parametrize(
    ("given_", "settled"),
    [  # (extended, shelf, store, manufacturer) -> (paid, regular, store, manufacturer)
        ((500, 500, 0, 0), (500, 500, 0, 0)),
        ((400, 500, 100, 0), (400, 500, 100, 0)),  # after discounts
        ((500, 500, 100, 0), (400, 500, 100, 0)),  # before discounts
        ((500, 500, 60, 40), (400, 500, 60, 40)),
        ((501, 500, 100, 0), (401, 500, 99, 0)),  # a weight rounded the other way
        ((400, 500, 0, 0), (400, 500, 100, 0)),  # the price was lower, nobody says why
        ((400, 500, 0, 40), (400, 500, 60, 40)),
        ((400, None, 100, 0), (400, 500, 100, 0)),  # no regular price
        ((400, None, 60, 40), (400, 500, 60, 40)),
        ((600, 500, 0, 0), (600, 600, 0, 0)),  # a price that was raised
        ((600, 500, -100, 0), (600, 600, 0, 0)),
        ((0, 500, 500, 0), (0, 500, 500, 0)),  # free
    ],
)
def test_what_a_line_is_made_of(
    given_: tuple[int, int | None, int, int], settled: tuple[int, int, int, int]
) -> None:
    paid, regular, store, maker = settle(*given_)
    assert (paid, regular, store, maker) == settled
    assert regular == paid + store + maker


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1).filter(any))
def test_shares_add_up_and_follow_their_weights(amount: int, weights: list[int]) -> None:
    parts = shares(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    assert all(
        abs(part * total - amount * w) < total for part, w in zip(parts, weights, strict=True)
    )
