"""North American coupons, AI 8110: their strings read and written.

Follows the North American Coupon Application Guideline (GS1 US). Digits are kept as they stand,
leading zeros included, so that what is written is what was read: the save value 75 may be encoded
as 2 75 or as 3 075. The funder's prefix and a family code name the products of a purchase; which
they are stands in a table that the manufacturer sends, not in the string.
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from promo.lists.codes.coupon_fields import (
    MAX_DIGITS,
    CouponError,
    Digits,
    checked,
    chosen,
    is_day,
    sized,
)  # fmt: skip
from promo.lists.codes.dates import to_day

AI = "8110"
PREFIX_LENGTHS = "0123456"
REQUIREMENT_CODES = "012349"
RULES = "0123"
SAVE_CODES = "01256"
OPTIONAL = {
    "1": "second purchase", "2": "third purchase", "3": "expiration date", "4": "start date",
    "5": "serial number", "6": "retailer", "9": "save value code",
}  # fmt: skip
"""The optional fields by the mark in front, in the order in which they must come."""


@dataclass(frozen=True)
class Purchase:
    """What must be bought; `prefix` is None where it is the funder's own.

    requirement: digits whose meaning the code tells; requirement code: 0 units, 1 cash value of the
    group, 2 cash value of the basket, 3 pounds, 4 kilograms (1 to 4 with two implied decimals), 9
    none; family code: three digits.
    """

    requirement: str
    requirement_code: int
    family_code: str
    prefix: str | None = None

    def __post_init__(self) -> None:
        checked(AI, "requirement", self.requirement, "[0-9]{1,5}", "1 to 5 digits")
        chosen(AI, "requirement code", self.requirement_code, REQUIREMENT_CODES)
        checked(AI, "family code", self.family_code, "[0-9]{3}", "3 digits")
        checked(AI, "purchase prefix", self.prefix, "[0-9]{6,12}", "6 to 12 digits")


@dataclass(frozen=True)
class SaveRule:
    """The last field: what the save value means, and on which purchase.

    save value code: 0 amount off, 1 a free item up to the value, 2 so many items free, 5 percent
    off, 6 amount off the basket; applies to: 0 first, 1 second, 2 third purchase; store flag: 0 or
    what the store agreed on; do not multiply: 1 forbids doubling.
    """

    save_value_code: int = 0
    applies_to: int = 0
    store_flag: int = 0
    do_not_multiply: int = 0

    def __post_init__(self) -> None:
        chosen(AI, "save value code", self.save_value_code, SAVE_CODES)
        chosen(AI, "save value applies to", self.applies_to, "012")
        chosen(AI, "store coupon flag", self.store_flag, "0123456789")
        chosen(AI, "do not multiply flag", self.do_not_multiply, "01")


@dataclass(frozen=True)
class Coupon8110:
    """A coupon as its string says it; what the string leaves out is None.

    rule: which purchases count, 0 any one, 1 all, 2 the first and one of the others, 3 see
    `coupon_terms`. Raises CouponError that names the field which the grammar could not write.
    """

    funder_prefix: str
    offer_code: str
    save_value: str
    first: Purchase
    rule: int | None = None
    second: Purchase | None = None
    third: Purchase | None = None
    expiry: str | None = None
    start: str | None = None
    serial: str | None = None
    retailer: str | None = None
    save: SaveRule | None = None

    def __post_init__(self) -> None:
        checked(AI, "funder prefix", self.funder_prefix, "[0-9]{6,12}", "6 to 12 digits")
        checked(AI, "offer code", self.offer_code, "[0-9]{6}", "6 digits")
        checked(AI, "save value", self.save_value, "[0-9]{1,5}", "1 to 5 digits")
        if self.first.prefix is not None:
            raise CouponError("The first purchase of an 8110 coupon has the funder's prefix and "
                              "none of its own.", "first purchase prefix")  # fmt: skip
        if (self.rule is None) != (self.second is None):
            raise CouponError("The rule and the second purchase of an 8110 coupon come together.",
                              "additional purchase rules code")  # fmt: skip
        chosen(AI, "additional purchase rules code", self.rule, RULES)
        checked(AI, "serial number", self.serial, "[0-9]{6,15}", "6 to 15 digits")
        checked(AI, "retailer", self.retailer, "[0-9]{7,13}", "7 to 13 digits")
        for name, value in (("expiration date", self.expiry), ("start date", self.start)):
            if value is not None and not is_day(value):
                checked(AI, name, value, "", "a day as YYMMDD")
        if not _in_order(self.start, self.expiry):
            raise CouponError(
                f"The start date of the 8110 coupon is '{self.start}'; expected a day not after "
                f"its expiration date, '{self.expiry}'.", "start date",
            )  # fmt: skip
        if len(write(self)) > MAX_DIGITS:
            raise CouponError(f"The data of the 8110 coupon would be {len(write(self))} digits; "
                              f"expected at most {MAX_DIGITS}.", "data")  # fmt: skip

    @property
    def purchases(self) -> tuple[Purchase, ...]:
        """The first purchase and whichever of the others there are."""
        return tuple(each for each in (self.first, self.second, self.third) if each is not None)

    def expires_on(self, today: date) -> date | None:
        """The last day on which it is good; None where the string says none."""
        return None if self.expiry is None else to_day(self.expiry, today)

    def starts_on(self, today: date) -> date | None:
        """The first day on which it is good; None where the string says none."""
        return None if self.start is None else to_day(self.start, today)


def parse(text: str) -> Coupon8110:
    """Read the digits after AI 8110, or all that a scanner sends.

    Raises CouponError with the field, its value and its position; the grammar has no other way out.
    """
    digits = Digits(text, AI)
    prefix = digits.sized("funder prefix", PREFIX_LENGTHS, 6)
    offer_code = digits.take("offer code", 6)
    save_value = digits.sized("save value", "12345")
    first = _purchase(digits, "first")
    optional = _optional(digits)
    digits.end(OPTIONAL)
    return Coupon8110(prefix, offer_code, save_value, first, **optional)


def write(coupon: Coupon8110) -> str:
    """Write the digits after AI 8110."""
    parts = [
        sized(coupon.funder_prefix, 6), coupon.offer_code, sized(coupon.save_value),
        _written(coupon.first),
    ]  # fmt: skip
    if coupon.second is not None:
        parts.append(f"1{coupon.rule}{_written(coupon.second)}{_prefix(coupon.second)}")
    if coupon.third is not None:
        parts.append(f"2{_written(coupon.third)}{_prefix(coupon.third)}")
    parts += [f"3{coupon.expiry}"] if coupon.expiry is not None else []
    parts += [f"4{coupon.start}"] if coupon.start is not None else []
    parts += [f"5{sized(coupon.serial, 6)}"] if coupon.serial is not None else []
    parts += [f"6{sized(coupon.retailer, 6)}"] if coupon.retailer is not None else []
    if coupon.save is not None:
        parts += ["9", *(str(getattr(coupon.save, field.name)) for field in fields(SaveRule))]
    return "".join(parts)


def _purchase(digits: Digits, which: str) -> Purchase:
    return Purchase(
        digits.sized(f"{which} purchase requirement", "12345"),
        digits.one(f"{which} purchase requirement code", REQUIREMENT_CODES),
        digits.take(f"{which} purchase family code", 3),
        None if which == "first" else _own_prefix(digits, f"{which} purchase prefix"),
    )


def _own_prefix(digits: Digits, field: str) -> str | None:
    length = digits.one(f"{field} length", PREFIX_LENGTHS + "9")
    return None if length == 9 else digits.take(field, length + 6)


def _optional(digits: Digits) -> dict[str, Any]:
    """The optional fields that are there, each behind its mark."""
    found: dict[str, Any] = {}
    if digits.optional("1"):
        found["rule"] = digits.one("additional purchase rules code", RULES)
        found["second"] = _purchase(digits, "second")
    if digits.optional("2"):
        found["third"] = _purchase(digits, "third")
    if digits.optional("3"):
        found["expiry"] = digits.day("expiration date")
    if digits.optional("4"):
        found["start"] = start = digits.day("start date")
        if not _in_order(start, found.get("expiry")):
            wanted = f"a day not after the expiration date, '{found['expiry']}'"
            digits.fail("start date", start, wanted, digits.at - 6)
    if digits.optional("5"):
        found["serial"] = digits.sized("serial number", "0123456789", 6)
    if digits.optional("6"):
        found["retailer"] = digits.sized("retailer", "1234567", 6)
    if digits.optional("9"):
        found["save"] = SaveRule(
            digits.one("save value code", SAVE_CODES),
            digits.one("save value applies to", "012"),
            digits.one("store coupon flag", "0123456789"),
            digits.one("do not multiply flag", "01"),
        )
    return found


def _in_order(start: str | None, expiry: str | None) -> bool:
    if start is None or expiry is None:
        return True
    begins = to_day(start, date(2000, 1, 1))
    return to_day(expiry, begins) >= begins


def _written(purchase: Purchase) -> str:
    return f"{sized(purchase.requirement)}{purchase.requirement_code}{purchase.family_code}"


def _prefix(purchase: Purchase) -> str:
    return "9" if purchase.prefix is None else sized(purchase.prefix, 6)
