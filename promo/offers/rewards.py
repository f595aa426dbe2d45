"""Rewards: what an offer gives. A small, closed set; each is named by its leading key.

Every reward has one number, which a ladder may vary: the amount, the percentage, the price, the
pieces or the points.
"""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationInfo, model_validator

from promo.offers.values import Money, Part, Percent, Pieces, Points, fault

Per = Literal["use", "unit", "kg", "lb"]


class Reward(Part):
    """What all rewards share: which units they come off.

    `bought`: those that met the conditions; `first`, `second`, `third`: those of that purchase
    alone; `basket`: all of the basket.
    """

    applies_to: Literal["bought", "first", "second", "third", "basket"] = "bought"

    more_is_better: ClassVar[bool] = True
    leading: ClassVar[str]

    @property
    def varies(self) -> str:
        """The field that holds the reward's number."""
        return self.leading

    @property
    def number(self) -> int:
        """The reward's own number: minor units, hundredths of a percent, pieces or points."""
        value: int = getattr(self, self.varies)
        return value

    def at(self, number: int) -> Self:
        """The same reward with another number."""
        return self if number == self.number else self.model_copy(update={self.varies: number})


class AmountOff(Reward):
    """An amount off the whole use, each unit, or each pound or kilogram.

    `over_value` says what happens where the units cost less: `cap` gives what they cost,
    `nothing` gives nothing at all, as a manufacturer's coupon does.
    """

    leading: ClassVar[str] = "amount_off"
    amount_off: Money
    per: Per = "use"
    over_value: Literal["cap", "nothing"] = "cap"


class PercentOff(Reward):
    """A percentage off, `at_most` so much for a use."""

    leading: ClassVar[str] = "percent_off"
    percent_off: Percent
    at_most: Money | None = None


class NewPrice(Reward):
    """Each unit, or each pound or kilogram, costs this instead."""

    leading: ClassVar[str] = "new_price"
    more_is_better: ClassVar[bool] = False
    new_price: Money
    per: Literal["unit", "kg", "lb"] = "unit"


class BundlePrice(Reward):
    """The units of a use cost this together: `buy: 3` and `bundle_price: 5.00` are 3 for 5.00."""

    leading: ClassVar[str] = "bundle_price"
    more_is_better: ClassVar[bool] = False
    bundle_price: Money


class Get(Reward):
    """So many pieces free, or at a percentage or an amount off each, `at_most` so much for a use.

    The pieces come on top of those bought (`buy: 2`, `get: 1` needs three), unless they are
    `among` them. Of one kind, the cheapest are given.
    """

    leading: ClassVar[str] = "get"
    get: Pieces
    percent_off: Percent | None = None
    amount_off: Money | None = None
    at_most: Money | None = None
    among: bool = Field(default=False, strict=True)
    applies_to: Literal["bought", "first", "second", "third"] = "bought"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.percent_off is not None and self.amount_off is not None:
            fault("amount_off", "expected either this or `percent_off`", self.amount_off)
        return self

    @property
    def varies(self) -> str:
        """The percentage or the amount where there is one, else the pieces."""
        given = [name for name in ("percent_off", "amount_off") if getattr(self, name) is not None]
        return given[0] if given else self.leading


class FreeItem(Reward):
    """One piece free, up to this value; it is `among` those bought unless it comes on top."""

    leading: ClassVar[str] = "free_item"
    free_item: Money
    among: bool = Field(default=True, strict=True)
    applies_to: Literal["bought", "first", "second", "third"] = "bought"


class GivePoints(Reward):
    """Points for the use, each unit, or each pound or kilogram; nothing comes off."""

    leading: ClassVar[str] = "points"
    points: Points
    per: Per = "use"


# `get` comes first: it may hold keys that lead elsewhere.
KINDS: tuple[type[Reward], ...] = (
    Get, FreeItem, GivePoints, BundlePrice, NewPrice, PercentOff, AmountOff,
)  # fmt: skip
LEADING = tuple(kind.leading for kind in reversed(KINDS))
NUMBERS: dict[str, TypeAdapter[dict[str, int]]] = {
    **dict.fromkeys(
        ("amount_off", "new_price", "bundle_price", "free_item"), TypeAdapter(dict[str, Money])
    ),
    "percent_off": TypeAdapter(dict[str, Percent]),
    "get": TypeAdapter(dict[str, Pieces]),
    "points": TypeAdapter(dict[str, Points]),
}


def _kind(value: Any, info: ValidationInfo) -> Any:
    """The reward whose leading key stands there. Raises ValueError, ValidationError."""
    if not isinstance(value, dict):
        return value if isinstance(value, Reward) else _no_reward(value)
    for kind in KINDS:
        if kind.leading in value:
            return kind.model_validate(value, context=info.context)
    return _no_reward(value)


def _no_reward(value: object) -> None:
    got = f", not {', '.join(map(repr, value))}" if isinstance(value, dict) and value else ""
    raise ValueError(f"expected one of the keys {', '.join(LEADING)}{got}")


AnyReward = Annotated[
    AmountOff | PercentOff | NewPrice | BundlePrice | Get | FreeItem | GivePoints,
    BeforeValidator(_kind),
]
