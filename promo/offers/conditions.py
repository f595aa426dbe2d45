"""Conditions: on what, when, where, how often, and who pays."""

from datetime import datetime, time
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from promo.offers.values import (
    WHOLE,
    Count,
    Money,
    MoneyOrNone,
    Name,
    Names,
    Part,
    Pieces,
    Share,
    Times,
    Weight,
    fault,
)  # fmt: skip

NEEDS = ("buy", "spend", "basket", "pounds", "kilograms", "nothing")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Flag = Annotated[bool, Field(strict=True)]


class Goods(Part):
    """Products by their codes, brands or categories, and what they are called on the sheet."""

    products: Names = ()
    brands: Names = ()
    categories: Names = ()
    called: Annotated[Name, Field(max_length=60)] | None = None

    @property
    def named(self) -> bool:
        """Whether it names anything."""
        return bool(self.products or self.brands or self.categories)


class Purchase(Goods):
    """What must be bought: some goods, `but_not` others, and how much of them.

    One of: `buy` pieces (one, if nothing is said), `spend` so much on them, a `basket` that costs
    so much, so many `pounds` or `kilograms`, `nothing` at all. With `or_more` a use takes all that
    there is and not only what it needs; sums and weights do so unless told otherwise.
    """

    but_not: Goods = Goods()
    buy: Pieces | None = None
    spend: Money | None = None
    basket: Money | None = None
    pounds: Weight | None = None
    kilograms: Weight | None = None
    nothing: Literal[True] | None = None
    or_more: Flag | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_piece(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and not any(need in raw for need in NEEDS):
            return raw | {"buy": 1}
        return raw

    @model_validator(mode="after")
    def _one_need_on_goods(self) -> Self:
        needs = [name for name in NEEDS if getattr(self, name) is not None]
        if len(needs) != 1:
            needs = needs or list(NEEDS)
            fault(needs[-1], f"expected one of {', '.join(needs)}", getattr(self, needs[-1]))
        if not self.named and self.need not in ("basket", "nothing"):
            fault("products", "expected products, brands or categories", list(self.products))
        return self

    @cached_property
    def need(self) -> str:
        """Which of NEEDS it is."""
        return next(name for name in NEEDS if getattr(self, name) is not None)

    @cached_property
    def amount(self) -> int:
        """How much of it: pieces, minor units, thousandths of a pound or kilogram, or none."""
        return int(getattr(self, self.need))

    @property
    def takes_all(self) -> bool:
        """Whether a use takes all that there is."""
        if self.or_more is not None:
            return self.or_more
        return self.need in ("spend", "pounds", "kilograms")


class Uses(Part):
    """How often: on one list, and for one household in all and on one day."""

    per_list: Times = 1
    per_household: Times | None = None
    per_day: Times | None = None


def _clock(value: object) -> object:
    if not isinstance(value, str | time):
        raise ValueError("expected a time of day such as '16:00'")
    return value


Clock = Annotated[time, BeforeValidator(_clock)]


class When(Part):
    """Days of the week and hours, in the store's own time; `before` is a minute too late."""

    days: tuple[Weekday, ...] = ()
    after: Clock | None = None
    before: Clock | None = None

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        for name in ("after", "before"):
            clock = getattr(self, name)
            if clock is not None and clock.tzinfo is not None:
                fault(name, "expected a time without a zone: the store's own applies", clock)
        if self.after and self.before and self.before <= self.after:
            fault("before", f"expected a time later than {self.after:%H:%M}", str(self.before))
        return self

    def holds(self, at: datetime) -> bool:
        """Whether it is good at a moment in the store's own time."""
        clock = at.time()
        return (
            (not self.days or DAYS[at.weekday()] in self.days)
            and (self.after is None or clock >= self.after)
            and (self.before is None or clock < self.before)
        )


class Where(Part):
    """In these stores, or in all `but_not` those."""

    stores: Names = ()
    but_not: Names = ()

    @model_validator(mode="after")
    def _some_store(self) -> Self:
        if self.stores and not set(self.stores) - set(self.but_not):
            fault("but_not", "expected to leave one of `stores`", list(self.but_not))
        return self

    def holds(self, store: str) -> bool:
        """Whether it is good in a store."""
        return (not self.stores or store in self.stores) and store not in self.but_not


class Funding(Part):
    """The manufacturer's share in percent (the chain bears the rest) and a sum for each use."""

    manufacturer: Share = WHOLE
    handling: MoneyOrNone = 0


class Offline(Part):
    """What a store does whose line is down, and who bears what ought not have been given there.

    Without a `policy` it honours all but hard offers: see Terms.honoured_offline.
    """

    policy: Literal["honour", "refuse"] | None = None
    bearer: Literal["manufacturer", "chain", "store"] = "chain"

    @model_validator(mode="before")
    @classmethod
    def _as_it_was_written(cls, raw: Any) -> Any:
        """Offers that are stored, or in a chain's files, may say `redeem` and `funder`."""
        if not isinstance(raw, dict):
            return raw
        found = raw | ({"bearer": "manufacturer"} if raw.get("bearer") == "funder" else {})
        if isinstance(found.get("redeem"), bool) and "policy" not in found:
            found["policy"] = "honour" if found.pop("redeem") else "refuse"
        return found


class Rivals(Part):
    """Whose offers never stand on one list with this one: other funders, brands, or offers."""

    funders: Names = ()
    brands: Names = ()
    offers: Names = ()


class Budget(Part):
    """The most that the offer may cost in all, in minor units and in uses."""

    money: MoneyOrNone
    redemptions: Count
