"""Money is integer minor units with a currency; only here is it turned into words and back."""

from decimal import Decimal, InvalidOperation, Overflow
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision, get_currency_symbol


@lru_cache(maxsize=4096)
def in_words(minor: int, currency: str, locale: str = "en_US", sign: str | None = None) -> str:
    """`125, "USD"` -> `"$1.25"`, by the locale's rules and ISO 4217's exponent.

    sign: of the currency, where the locale's own (`US$` in Chinese) is not to be printed.
    """
    said = str(format_currency(_major(minor, currency), currency, locale=locale))
    if sign is None:
        return said
    return said.replace(str(get_currency_symbol(currency, locale)), sign, 1)


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


@lru_cache(maxsize=64)
def exponent(currency: str) -> int:
    """The decimals of a currency: 2 for USD, 0 for JPY, 3 for KWD."""
    return int(get_currency_precision(currency))


def to_minor(amount: object, currency: str) -> int:
    """`"1.25", "USD"` -> 125. Raises ValueError when it is no amount or has too many decimals."""
    try:
        minor = Decimal(str(amount)).scaleb(exponent(currency))
    except (InvalidOperation, Overflow):
        raise ValueError(f"{amount!r} is no amount of money") from None
    if not minor.is_finite() or minor != minor.to_integral_value():
        raise ValueError(
            f"{amount!r} is no whole number of minor units: "
            f"{currency} has {exponent(currency)} decimals"
        )
    return int(minor)
