"""Minor units and words: exact both ways, in currencies of 0, 2 and 3 decimals."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo import money

CURRENCIES = st.sampled_from(["JPY", "USD", "EUR", "KWD"])


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("1.25", "USD", 125),
        (1.25, "USD", 125),
        (0.1, "USD", 10),
        (Decimal("10000.0"), "USD", 1000000),
        ("-0.01", "USD", -1),
        ("1.250", "USD", 125),
        (7, "USD", 700),
        ("1250", "JPY", 1250),
        ("1250.00", "JPY", 1250),
        ("1.255", "KWD", 1255),
        ("0", "EUR", 0),
    ],
)
def test_to_minor(amount: object, currency: str, minor: int) -> None:
    assert money.to_minor(amount, currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "needs"),
    [
        ("1.255", "USD", "'1.255' .* USD has 2 decimals"),
        ("0.5", "JPY", "'0.5' .* JPY has 0 decimals"),
        ("1.2555", "KWD", "KWD has 3 decimals"),
        (0.1 + 0.2, "USD", "whole number of minor units"),
        ("nan", "USD", "whole number of minor units"),
        ("-inf", "USD", "whole number of minor units"),
        ("sNaN", "USD", "no amount of money"),
        ("", "USD", "no amount of money"),
        ("1,25", "USD", "'1,25' is no amount of money"),
        ("$1.25", "USD", "no amount of money"),
        (None, "USD", "None is no amount of money"),
        (True, "USD", "True is no amount of money"),
        ("1e999999", "USD", "no amount of money"),
    ],
)
def test_refused(amount: object, currency: str, needs: str) -> None:
    with pytest.raises(ValueError, match=needs):
        money.to_minor(amount, currency)


@given(st.integers(-(10**15), 10**15), CURRENCIES)
def test_round_trip(minor: int, currency: str) -> None:
    major = Decimal(minor).scaleb(-money.exponent(currency))
    assert money.to_minor(major, currency) == minor
    assert money.to_minor(str(major), currency) == minor


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "words"),
    [
        (125, "USD", "en_US", "$1.25"),
        (-125, "USD", "en_US", "-$1.25"),
        (100000, "USD", "en_US", "$1,000.00"),
        (0, "USD", "en_US", "$0.00"),
        (125, "JPY", "en_US", "¥125"),
        (1255, "KWD", "en_US", "KWD1.255"),
        (123456, "EUR", "de_DE", "1.234,56\xa0€"),
    ],
)
def test_in_words(minor: int, currency: str, locale: str, words: str) -> None:
    assert money.in_words(minor, currency, locale) == words


@given(st.integers(-(10**12), 10**12), CURRENCIES)
def test_no_digit_is_lost_in_words(minor: int, currency: str) -> None:
    digits = "".join(c for c in money.in_words(minor, currency) if c.isdigit())
    assert int(digits) == abs(minor)
