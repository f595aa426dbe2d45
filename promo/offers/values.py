"""What the parts of an offer are made of: numbers as people write them, whole as we keep them.

Amounts are written in currency units, percentages in percent, weights in pounds or kilograms; kept
are minor units, hundredths of a percent and thousandths. The validation's context tells the two
apart: with a `currency` numbers are as they are written, without one as they are kept.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, NoReturn

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from promo.money import exponent

MOST = 10**12  # currency units, points or uses: more is a typing error, and no row could hold it
MOST_NAMES = 50_000  # in a list
WHOLE = 10_000  # hundredths of a percent


class Part(BaseModel):
    """A part of an offer as it is written: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def fault(field: str, message: str, value: object) -> NoReturn:
    """Refuse a value for what stands elsewhere in the same part, by its field's name."""
    said = PydanticCustomError("fault", "{message}", {"message": message})
    raise ValidationError.from_exception_data(
        "offer", [InitErrorDetails(type=said, loc=(field,), input=value)]
    )


def missing(field: str) -> NoReturn:
    """Refuse a part for what it lacks."""
    raise ValidationError.from_exception_data(
        "offer", [{"type": "missing", "loc": (field,), "input": None}]
    )


def _day(value: object) -> object:
    if not isinstance(value, str | date) or isinstance(value, datetime):
        raise ValueError("expected a valid date such as 2017-11-06")
    return value


def _decimals_of_money(info: ValidationInfo) -> int:
    return exponent(info.context["currency"]) if info.context else 0


def _number(
    high: int, decimals: int | Callable[[ValidationInfo], int] = 0, *, zero: bool = False
) -> BeforeValidator:
    """A number above zero (or zero) up to `high`, with at most so many decimals; kept whole."""

    def check(value: object, info: ValidationInfo) -> int:
        if info.context is None:
            return _kept(value, zero=zero)
        amount = _written(value)
        if not 0 <= amount <= high or (amount == 0 and not zero):
            raise ValueError(f"expected a number {'from' if zero else 'above'} 0 up to {high}")
        return _without_decimals(amount, decimals(info) if callable(decimals) else decimals)

    return BeforeValidator(check)


def _kept(value: object, *, zero: bool) -> int:
    if type(value) is not int or not (0 if zero else 1) <= value <= MOST * 1000:
        raise ValueError("expected a whole number, as it is stored")
    return value


def _written(value: object) -> Decimal:
    """A number as YAML, CSV or Python has it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError("expected a number")
    try:
        amount = Decimal(str(value))
    except (InvalidOperation, ValueError):  # also whole numbers too long to be turned into text
        raise ValueError("expected a number") from None
    if not amount.is_finite():
        raise ValueError("expected a finite number")
    return amount


def _without_decimals(amount: Decimal, decimals: int) -> int:
    kept = amount.scaleb(decimals)
    if kept != kept.to_integral_value() or (amount and not kept):
        raise ValueError(f"expected a number with at most {decimals} decimals")
    return int(kept)


Money = Annotated[int, _number(MOST, _decimals_of_money)]
MoneyOrNone = Annotated[int, _number(MOST, _decimals_of_money, zero=True)]
Percent = Annotated[int, _number(100, 2)]
Share = Annotated[int, _number(100, 2, zero=True)]
Weight = Annotated[int, _number(10_000, 3)]
Pieces = Annotated[int, _number(99)]
Points = Annotated[int, _number(10**9)]
Count = Annotated[int, _number(MOST, zero=True)]
Times = Annotated[int, _number(10_000)]
Priority = Annotated[int, _number(99, zero=True)]
Day = Annotated[date, BeforeValidator(_day)]
Line = Annotated[str, StringConstraints(strict=True, min_length=1, pattern=r"^[^\x00-\x1f]+$")]
Name = Annotated[Line, StringConstraints(max_length=200)]
Names = Annotated[tuple[Name, ...], Field(max_length=MOST_NAMES)]
