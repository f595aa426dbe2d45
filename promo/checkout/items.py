"""What a till sends for its items, made into lines of a basket.

A code may be a GTIN of any length, an element string, a Digital Link address, or a code that
carries its own price, weight or count; offers see the GTIN-14 with such digits zero. A bare PLU,
the four or five digits that a cashier types for loose produce (IFPS), is the chain's own number.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from promo.errors import Sentence
from promo.money import exponent
from promo.offers.basket import Line
from promo.scans import item_codes
from promo.scans.elements import Elements
from promo.scans.gtin import CodeError, shown
from promo.scans.variable import Layouts, Variable

FIELDS = {"code", "quantity", "amount", "price", "weight", "unit", "excluded"}
MOST_LINES = 1_000
MOST_PIECES = 999  # of a line
MOST_IN_ALL = 5_000  # pieces of a basket, those brought back too
MOST_MONEY = 10**12  # minor units of a line
MOST_WEIGHT = 10**7  # thousandths
CODES = (
    "expected an item's code with a right check digit: 8, 12, 13 or 14 digits, a UPC-E, an element "
    "string, a Digital Link address, a PLU of 4 or 5 digits, or internal:…; coupons go into "
    "`coupons`"
)
PLU = re.compile("[0-9]{4,5}")
# GTIN-14 of coupons that tills used to read as items: 981 to 983, 99, and UPC number system 5.
OLD_COUPONS = ("0981", "0982", "0983", "099", "005")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field, such as `lines[3].code`, in a sentence.

    expected: the same without what was sent, which may be a card scanned into the wrong field.
    """

    field: str
    sentence: str
    expected: str = "expected what the service's document says"


class ItemError(Sentence):
    """Lines that cannot be taken in; `faults` names every field, the message says all of it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(f"{each.field}: {each.sentence}" for each in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Reader:
    """How a chain's tills write items; excluded: products on which no offer is given."""

    currency: str
    layouts: Layouts
    excluded: Collection[str] = ()

    def lines(self, raw: object) -> list[Line]:
        """A basket's lines. Raises ItemError with a sentence for each field at fault."""
        if not isinstance(raw, list | tuple) or len(raw) > MOST_LINES:
            got = f"{len(raw)} of them" if isinstance(raw, list | tuple) else type(raw).__name__
            raise ItemError(
                [Fault("lines", f"Expected a list of at most {MOST_LINES} lines, but got {got}.")]
            )
        found, faults = [], list[Fault]()
        for number, each in enumerate(raw):
            try:
                found.append(self.line(each, f"lines[{number}]"))
            except ItemError as error:
                faults += error.faults
        in_all = sum(abs(line.quantity) for line in found)
        if in_all > MOST_IN_ALL:
            expected = f"expected at most {MOST_IN_ALL:,} pieces in all"
            faults.append(Fault("lines", f"{in_all:,} pieces; {expected}.", expected))
        if faults:
            raise ItemError(faults)
        return found

    def line(self, raw: object, where: str) -> Line:
        """One line.

        `code`; `quantity` (1); `amount`, the minor units to be paid for all of it, or `price`,
        those for a piece, unless the code carries them; `weight` in thousandths of a `unit`, kg or
        lb; `excluded`. A returned line has a quantity and an amount below zero.
        """
        if not isinstance(raw, Mapping):
            raise ItemError([Fault(where, f"Expected an object, but got {type(raw).__name__}.")])
        fields = _Fields(raw, where)
        fields.closed()
        product, variable, said = self._product(fields)
        quantity = fields.whole("quantity", -MOST_PIECES, MOST_PIECES)
        if quantity == 0:
            fields.fault("quantity", "Expected a whole number other than 0, but got 0.",
                         "expected a whole number other than 0")  # fmt: skip
        quantity = quantity or _count(variable, said) or 1
        amount = self._amount(fields, variable, said, quantity)
        weight, unit = _weight(fields, variable, said)
        if (amount < 0) != (quantity < 0) and amount:
            fields.fault("amount", f"Expected the sign of the quantity, {quantity}, but got "
                         f"{amount}.", "expected the sign of the quantity")  # fmt: skip
        if abs(amount) > MOST_MONEY:
            fields.fault("amount", f"{amount} minor units in all; expected at most {MOST_MONEY}.",
                         f"expected at most {MOST_MONEY} minor units in all")  # fmt: skip
        excluded = fields.flag("excluded") or product in self.excluded
        if fields.faults:
            raise ItemError(fields.faults)
        return Line(product, quantity, amount, weight, unit, excluded)

    def _product(self, fields: "_Fields") -> tuple[str, Variable | None, Elements]:
        code = fields.raw.get("code")
        if not isinstance(code, str) or not code:
            fields.fault("code", f"Expected the item's code as text, but got {code!r:.40}.")
            return "", None, Elements()
        domain, _, rest = code.partition(":")
        if domain == "internal" and 0 < len(rest) <= 64:
            return code, None, Elements()
        if PLU.fullmatch(code):
            return f"internal:{code}", None, Elements()
        text = rest if domain == "gtin" else code
        try:
            found = item_codes.read(text, self.layouts)
            if found.whole.startswith(OLD_COUPONS):
                raise CodeError(f"{shown(text)} is an old paper coupon, which is not taken.")
        except CodeError as error:
            fields.fault("code", str(error), CODES)
            return "", None, Elements()
        return f"gtin:{found.product}", found.variable, found.said

    def _amount(
        self, fields: "_Fields", variable: Variable | None, said: Elements, quantity: int
    ) -> int:
        """What the till says; else the price of a piece, or what the code says."""
        amount = fields.whole("amount", -MOST_MONEY, MOST_MONEY)
        price = fields.whole("price", 0, MOST_MONEY)
        if amount is not None:
            return amount
        if price is not None:
            return price * quantity
        carried = said.price
        if variable is not None and variable.kind == "price":
            carried = variable.value, variable.decimals
        if carried is None:
            fields.fault("amount", "Expected the minor units to be paid, but got nothing.",
                         "expected the minor units to be paid")  # fmt: skip
            return 0
        value, decimals = carried
        more = exponent(self.currency) - decimals
        minor = value * int(10**more) if more >= 0 else value // int(10**-more)
        return minor if quantity > 0 else -minor


class _Fields:
    """A line as it was sent, and what is wrong with it."""

    def __init__(self, raw: Mapping[Any, Any], where: str) -> None:
        self.raw, self.where, self.faults = raw, where, list[Fault]()

    def fault(self, field: str, sentence: str, *expected: str) -> None:
        self.faults.append(Fault(f"{self.where}.{field}", sentence, *expected))

    def closed(self) -> None:
        for name in self.raw:
            if name not in FIELDS:
                self.fault(f"{name!s:.40}", f"Unknown; expected {', '.join(sorted(FIELDS))}.")

    def whole(self, name: str, low: int, high: int) -> int | None:
        value = self.raw.get(name)
        if value is None:
            return None
        if type(value) is not int or not low <= value <= high:
            got = f"{value!r:.40}"
            self.fault(name, f"Expected a whole number from {low} to {high}, but got {got}.")
            return None
        return value

    def flag(self, name: str) -> bool:
        value = self.raw.get(name, False)
        if not isinstance(value, bool):
            self.fault(name, f"Expected true or false, but got {value!r:.40}.")
        return value is True


def _count(variable: Variable | None, said: Elements) -> int | None:
    if variable is not None and variable.kind == "count":
        return min(variable.value, MOST_PIECES)
    return None if said.count is None else min(said.count, MOST_PIECES)


def _weight(
    fields: _Fields, variable: Variable | None, said: Elements
) -> tuple[int | None, Literal["kg", "lb"]]:
    """What the till says; else what the code carries."""
    weight, unit = fields.whole("weight", 1, MOST_WEIGHT), fields.raw.get("unit", "kg")
    if unit not in ("kg", "lb"):
        fields.fault("unit", f"Expected kg or lb, but got {unit!r:.40}.")
        unit = "kg"
    if weight is not None:
        return weight, "lb" if unit == "lb" else "kg"
    if variable is not None and variable.kind == "weight" and variable.value:
        return variable.value * 1000 // 10**variable.decimals, "kg"
    return said.weight or None, said.unit
