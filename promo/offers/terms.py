"""Terms: what an offer gives, on what, when, where, to whom how much, and who pays.

One definition is stored, validated, printed, priced and billed. Its first purchase stands in the
offer itself, a second and a third one under keys of their own, as North American coupons have them.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from promo.config import explain, said
from promo.errors import Sentence
from promo.offers import ladders
from promo.offers.cells import Cell
from promo.offers.conditions import (
    Budget,
    Flag,
    Funding,
    Offline,
    Purchase,
    Rivals,
    Uses,
    When,
    Where,
)  # fmt: skip
from promo.offers.rewards import AmountOff, AnyReward, GivePoints, PercentOff
from promo.offers.values import WHOLE, Day, Line, Priority, fault

MAX_TITLE = 60  # characters: two lines on the list
Title = Annotated[Line, StringConstraints(max_length=MAX_TITLE)]
Tag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
# Which purchases one use needs, in the order in which they are tried.
RULES: dict[str, tuple[tuple[int, ...], ...]] = {
    "any": ((1,), (2,), (3,)),
    "all": ((1, 2, 3),),
    "first_and_other": ((1, 2), (1, 3)),
    "first_or_others": ((1,), (2, 3)),
    "third_and_other": ((1, 3), (2, 3)),
}
CHAIN = "chain"  # the funder's name where the chain itself pays


class OfferError(Sentence):
    """An offer cannot be taken in; the message names the offer, the field and the need."""


class Terms(Purchase):
    """An offer but for its budget; `ends` is the last day on which it is good."""

    id: str = Field(strict=True, pattern=r"^[!-~]{1,64}$")
    title: Title
    titles: dict[Tag, Title] = Field(default_factory=dict)
    funder: Annotated[Line, StringConstraints(max_length=120)]
    starts: Day
    ends: Day
    objective: Literal["retain", "convert", "grow", "trial", "reward"] = "reward"
    reward: AnyReward
    ladder: dict[str, int] | None = None
    rule: Literal["any", "all", "first_and_other", "first_or_others", "third_and_other"] = "all"
    second: Purchase | None = None
    third: Purchase | None = None
    choose: Literal["dearest", "cheapest"] = "dearest"
    uses: Uses = Uses()
    when: When = When()
    where: Where = Where()
    stacking: Line | None = None
    exclusive: Flag = False
    priority: Priority = 0
    may_be_doubled: Flag = False
    returns: Literal["keep", "restore", "reclaim"] = "keep"
    offline: Offline = Offline()
    funding: Funding | None = None
    rivals: Rivals = Rivals()
    printable: Flag = True
    hard: Flag = False

    @field_validator("ends")
    @classmethod
    def _after_the_start(cls, ends: date, info: ValidationInfo) -> date:
        starts = info.data.get("starts", ends)
        if ends < starts:
            raise ValueError(f"{ends} is before the day it starts, {starts}")
        return ends

    @field_validator("ladder", mode="before")
    @classmethod
    def _rungs(cls, raw: Any, info: ValidationInfo) -> dict[str, int] | None:
        reward = info.data.get("reward")
        if raw is None or reward is None:  # a faulty reward is named by itself
            return None
        if not isinstance(raw, dict):
            raise ValueError("expected a number for each of heavy, medium and light")
        return ladders.checked(raw, reward, info)

    @model_validator(mode="after")
    def _purchases_agree(self) -> Self:
        if self.third is not None and self.second is None:
            fault("second", "is needed where there is a `third`", None)
        if self.second is None and self.rule != "all":
            fault("rule", "says nothing without a `second` purchase", self.rule)
        if self.third is None and self.rule in ("first_or_others", "third_and_other"):
            fault("rule", "needs a `third` purchase", self.rule)
        for name in ("second", "third"):
            purchase = getattr(self, name)
            if purchase is not None and purchase.called is None:
                fault(name, "needs `called`: its goods in words, for the sheet", purchase.called)
        return self

    @model_validator(mode="after")
    def _reward_has_a_target(self) -> Self:
        target = self.reward.applies_to
        if target in ("second", "third") and getattr(self, target) is None:
            fault("reward", f"applies to the {target} purchase, and there is none", target)
        goods = any(purchase.named for purchase in self.purchases.values())
        if not goods and not isinstance(self.reward, AmountOff | PercentOff | GivePoints):
            fault("reward", "needs goods to come off: products, brands or categories", None)
        return self

    @model_validator(mode="after")
    def _hard_is_never_printed(self) -> Self:
        if self.hard and self.printable:
            fault("hard", "only an offer with `printable: false` may be hard", self.hard)
        return self

    @property  # not cached: kept beside the fields it would make terms equal to themselves for ever
    def purchases(self) -> dict[int, Purchase]:
        """The purchases by number, 1 to 3."""
        numbered = enumerate((self, self.second, self.third), 1)
        return {number: purchase for number, purchase in numbered if purchase is not None}

    @cached_property
    def ways(self) -> tuple[tuple[int, ...], ...]:
        """The sets of purchases that make one use, in the order in which they are tried."""
        if self.rule == "all":
            return (tuple(self.purchases),)
        return tuple(way for way in RULES[self.rule] if set(way) <= self.purchases.keys())

    @property
    def pieces(self) -> int:
        """The pieces to buy of the first purchase, one where it asks for something else."""
        return self.buy or 1

    @property
    def spending(self) -> int:
        """Minor units to spend on the first purchase or the basket; 0 where pieces count."""
        return self.amount if self.need in ("spend", "basket") else 0

    @property
    def funder_share(self) -> float:
        """The manufacturer's share of what the offer costs, 0 to 1."""
        return self.funder_percent / WHOLE

    @cached_property
    def funder_percent(self) -> int:
        """The same in hundredths of a percent; what the chain funds itself has none."""
        if self.funding is not None:
            return self.funding.manufacturer
        return 0 if self.funder == CHAIN else WHOLE

    @property
    def honoured_offline(self) -> bool:
        """Whether a store redeems it whose line is down: hard ones only where they say so."""
        policy = self.offline.policy
        return not self.hard if policy is None else policy == "honour"

    @property
    def handling(self) -> int:
        """What the manufacturer pays the chain for each use on top, in minor units."""
        return 0 if self.funding is None else self.funding.handling

    def number(self, cell: Cell) -> int:
        """The reward's number in a cell of the grid, (loyalty, volume)."""
        if self.ladder is None:
            return self.reward.number
        return ladders.rung(self.ladder, self.reward, cell)

    def closed(self, at: datetime, store: str) -> str | None:
        """Why it is not good at a moment in a store's own time: day, time, store; else None."""
        if not self.starts <= at.date() <= self.ends:
            return "day"
        if not self.when.holds(at):
            return "time"
        return None if self.where.holds(store) else "store"

    def stored(self) -> dict[str, Any]:
        """The terms as JSON: numbers whole, defaults left out, and without the budget."""
        return self.model_dump(mode="json", exclude={"budget"}, exclude_defaults=True)

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> "Terms":
        """The terms that `stored` wrote."""
        return Terms.model_validate(stored)


class Offered(Terms):
    """An offer as it stands in a file: its terms, and its budget."""

    budget: Budget


@dataclass(frozen=True)
class Unreadable:
    """What stands where a part of an offer could not be read; `why` is a sentence."""

    why: str

    def __str__(self) -> str:
        return self.why


def _refuse_unreadable(raw: Any, where: str) -> None:
    if isinstance(raw, Unreadable):
        raise OfferError(f"{where}: {raw.why}")
    for name, value in raw.items() if isinstance(raw, dict) else ():
        if isinstance(value, Unreadable):
            raise OfferError(f"{where}: `{name}`: {value.why}")
        for part, inner in value.items() if isinstance(value, dict) else ():
            if isinstance(inner, Unreadable):
                raise OfferError(f"{where}: `{name}.{part}`: {inner.why}")


def parse(raw: Any, where: str, currency: str) -> Offered:
    """Check one offer as it was read. Raises OfferError with a sentence for each fault."""
    _refuse_unreadable(raw, where)
    if not isinstance(raw, dict):
        raise OfferError(f"{where}: {said(raw)} is no offer; expected keys such as `id` and "
                         "`reward`.")  # fmt: skip
    try:
        return Offered.model_validate(raw, context={"currency": currency})
    except ValidationError as error:
        raise OfferError(explain(where, error)) from None
