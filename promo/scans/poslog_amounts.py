"""Numbers of a POSLog: decimals made whole, units by their codes, discounts added up.

Money becomes minor units, quantities thousandths; nothing passes through floating point.
"""

import re
from functools import lru_cache

from promo.scans.canonical import UNITS

_DECIMAL = re.compile(r"([+-]?)([0-9]{0,13})(?:\.([0-9]{0,12}))?")
_HUGE = re.compile(r"[+-]?[0-9]{14,}(?:\.[0-9]*)?")
MOST_DIGITS = 13  # before the point
UNIT_PRICE_DIGITS = 6  # decimals of a price for one
# UN/ECE Recommendation 20, and what tills write instead of it.
UNIT_CODES = {
    **dict.fromkeys(("", "EA", "EACH", "C62", "H87", "PC", "PCE", "PCS", "PIECE", "ST", "STK",
                     "UN", "UNT", "UNIT", "1"), "each"),
    **dict.fromkeys(("KGM", "KG", "KGS", "KILOGRAM"), "kg"),
    **dict.fromkeys(("GRM", "G", "GR", "GRAM"), "g"),
    **dict.fromkeys(("LBR", "LB", "LBS", "POUND"), "lb"),
    **dict.fromkeys(("ONZ", "OZ", "OUNCE"), "oz"),
    **dict.fromkeys(("LTR", "L", "LT", "LITER", "LITRE"), "l"),
    **dict.fromkeys(("GLL", "GAL", "GALLON"), "gal"),
}  # fmt: skip


class Wrong(Exception):
    """A value of a line item that cannot be used: its field, as it stands, what was expected."""

    def __init__(self, field: str, value: str | None, expected: str) -> None:
        super().__init__(field)
        self.field, self.value, self.expected = field, value or "", expected


@lru_cache(1 << 14)
def scaled(text: str, digits: int) -> int | None:
    """A decimal number times 10^digits; None where it is none, or not whole then."""
    found = _DECIMAL.fullmatch(text.strip())
    if found is None:
        return None
    sign, whole, part = found[1], found[2], found[3] or ""
    if not whole and not part:
        return None
    part = part.rstrip("0")
    if len(part) > digits:
        return None
    number = int(whole + part.ljust(digits, "0") or "0")
    return -number if sign == "-" else number


def _expected(text: str, noun: str, decimals: str) -> str:
    """What should have stood where `scaled` found no number."""
    if not text.strip():
        return f"{noun}; there is none"
    if _HUGE.fullmatch(text.strip()):
        return f"{noun} of at most {MOST_DIGITS} digits before the point"
    return f"{noun} with {decimals}"


@lru_cache(1 << 10)
def unit_of(code: str | None) -> str:
    """The unit of a UnitOfMeasureCode. Raises Wrong."""
    unit = UNIT_CODES.get((code or "").strip().upper())
    if unit is None:
        raise Wrong("UnitOfMeasureCode", code, f"a code for one of {', '.join(UNITS)}")
    return unit


def rounded(number: int, by: int) -> int:
    """A quotient of whole numbers, rounded to the nearest; a half away from zero."""
    half = (2 * abs(number) + by) // (2 * by)
    return half if number >= 0 else -half


def at_unit_price(price: int, pieces: int, per: int, exponent: int) -> int:
    """Minor units of `pieces` thousandths at `price` for `per` thousandths (UNIT_PRICE_DIGITS)."""
    return rounded(price * pieces * 10**exponent, 10**UNIT_PRICE_DIGITS * per)


@lru_cache(1 << 14)
def on_the_shelf(price: str, per: str | None, pieces: int, exponent: int) -> int:
    """Minor units of `pieces` thousandths at a RegularSalesUnitPrice. Raises Wrong."""
    number, of = scaled(price, UNIT_PRICE_DIGITS), scaled(per or "1", 3)
    if number is None or not of:
        raise Wrong("RegularSalesUnitPrice", price, "a price for one")
    return at_unit_price(number, pieces, abs(of), exponent)


@lru_cache(1 << 14)
def money(text: str | None, currency: str | None, name: str, house: str, exponent: int) -> int:
    """Minor units of an amount in the house's currency. Raises Wrong."""
    amount = scaled(text or "", exponent)
    if amount is None:
        most = f"at most {exponent} decimals" if exponent else "no decimals"
        raise Wrong(name, text, _expected(text or "", "an amount", most))
    if currency and currency != house and amount:
        raise Wrong(f"{name}/@Currency", currency, house)
    return amount


@lru_cache(1 << 12)
def quantity(text: str, code: str | None, units: str | None) -> tuple[int, str]:
    """Thousandths of a Quantity, and their unit. Raises Wrong.

    Of goods by weight, Units is how much one of the Quantity weighs, or the same number again.
    """
    unit, pieces = unit_of(code), scaled(text, 3)
    each = scaled(units or "1", 3) if unit != "each" else 1000
    if pieces is None or each is None:
        given = text if pieces is None else units or ""
        name = "Quantity" if pieces is None else "Quantity/@Units"
        raise Wrong(name, given, _expected(given, "a number", "at most three decimals"))
    if each == abs(pieces):
        return pieces, unit
    both, left = divmod(pieces * each, 1000)
    if left:
        raise Wrong("Quantity", text, "a number with at most three decimals, times Units")
    return both, unit


def settle(
    extended: int, shelf: int | None, store: int, manufacturer: int
) -> tuple[int, int, int, int]:
    """What a line is made of: paid, regular, store_discount, manufacturer_discount.

    `extended` is its ExtendedAmount, `shelf` what it costs at RegularSalesUnitPrice, the others
    sums of its RetailPriceModifiers; all of them as in a sale. Tills differ in whether
    ExtendedAmount is before or after the line's discounts: it is before them where it is what the
    shelf says, give or take the rounding of a weight. What remains between shelf and paid is the
    chain's.
    """
    discounts, paid = store + manufacturer, extended
    if shelf is not None:
        off = abs(extended - shelf)
        if off <= 1 and off < abs(extended + discounts - shelf):
            paid = extended - discounts
    if shelf is None or shelf < paid + manufacturer:
        store = max(store, 0)  # a price that was raised is no discount
        return paid, paid + store + manufacturer, store, manufacturer
    return paid, shelf, shelf - paid - manufacturer, manufacturer


def shares(amount: int, weights: list[int]) -> list[int]:
    """An amount in parts like the weights, which add up to it: largest remainders first.

    Weights are zero or more, and one is more.
    """
    total = sum(weights)
    parts = [amount * weight // total for weight in weights]
    order = sorted(range(len(weights)), key=lambda n: (-(amount * weights[n] % total), n))
    for number in order[: amount - sum(parts)]:
        parts[number] += 1
    return parts
