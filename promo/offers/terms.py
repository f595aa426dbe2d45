"""Terms: what an offer gives, on what, when, where, to whom how much, and who pays.

One definition is stored, validated, printed, priced and billed. Its first purchase stands in the
offer itself, a second and a third one under keys of their own, as North American coupons have them.
"""

from datetime import date, datetime
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from promo.config import explain
from promo.errors import Sentence
from promo.offers.conditions import (
    Budget, Flag, Funding, Offline, Purchase, Rivals, Uses, When, Where,
)  # fmt: skip
from promo.offers.rewards import LADDERS, AmountOff, AnyReward, GivePoints, PercentOff, Reward
from promo.offers.values import WHOLE, Line, fault, missing

MAX_TITLE = 60  # characters: two lines on the list
LOYALTY = ("national", "store_brand", "switcher")
VOLUME = ("heavy", "medium", "light")
NOT_A_BUYER = "none"
Cell = tuple[str, str]
CELLS: tuple[Cell, ...] = (
    *((loyalty, volume) for loyalty in LOYALTY for volume in VOLUME),
    ("unknown", NOT_A_BUYER),
)
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

    id: str = Field(pattern=r"^[!-~]{1,64}$")
    title: Annotated[Line, StringConstraints(max_length=MAX_TITLE)]
    funder: Annotated[Line, StringConstraints(max_length=120)]
    starts: date
    ends: date
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
    priority: Annotated[int, Field(ge=0, le=99)] = 0
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
        return _ladder(raw, reward, info)

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

    @property
    def purchases(self) -> dict[int, Purchase]:
        """The purchases by number, 1 to 3."""
        numbered = enumerate((self, self.second, self.third), 1)
        return {number: purchase for number, purchase in numbered if purchase is not None}

    @property
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
    def funder_share(self) -> float:
        """The manufacturer's share of what the offer costs, 0 to 1."""
        return self.funder_percent / WHOLE

    @property
    def funder_percent(self) -> int:
        """The same in hundredths of a percent; what the chain funds itself has none."""
        if self.funding is not None:
            return self.funding.manufacturer
        return 0 if self.funder == CHAIN else WHOLE

    def number(self, cell: Cell) -> int:
        """The reward's number in a cell of the grid, (loyalty, volume)."""
        loyalty, volume = cell
        ladder = self.ladder
        if ladder is None:
            return self.reward.number
        if volume == NOT_A_BUYER:
            least = min if self.reward.more_is_better else max
            return ladder.get(NOT_A_BUYER, least(*ladder.values(), self.reward.number))
        return ladder.get(f"{loyalty}/{volume}", ladder.get(volume, self.reward.number))

    def closed(self, at: datetime, store: str) -> str | None:
        """Why it is not good at a moment in a store's own time: day, time, store; else None."""
        if not self.starts <= at.date() <= self.ends:
            return "day"
        if not self.when.holds(at):
            return "time"
        return None if self.where.holds(store) else "store"

    def stored(self) -> dict[str, Any]:
        """The terms as JSON: numbers whole, defaults left out; the budget has columns of its own."""
        return self.model_dump(mode="json", exclude={"budget"}, exclude_defaults=True)

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> "Terms":
        """The terms that `stored` wrote."""
        return Terms.model_validate(stored)


class Offered(Terms):
    """An offer as it stands in a file: its terms, and its budget."""

    budget: Budget


def _ladder(raw: dict[Any, Any], reward: Reward, info: ValidationInfo) -> dict[str, int]:
    """A ladder by volume or by cell, numbers checked as the reward's own. Raises ValueError."""
    cells = {f"{loyalty}/{volume}" for loyalty in LOYALTY for volume in VOLUME}
    for name in raw:
        if name not in cells and name not in (*VOLUME, NOT_A_BUYER):
            fault(str(name), f"unknown; expected {', '.join(VOLUME)}, {NOT_A_BUYER} or a cell such "
                             f"as {LOYALTY[0]}/{VOLUME[0]}", raw[name])  # fmt: skip
    groups = sorted({name.rpartition("/")[0] for name in raw if name != NOT_A_BUYER}) or [""]
    if groups[0] == "" and len(groups) > 1:
        fault(f"{groups[1]}/{VOLUME[0]}", "either cells or volumes alone, not both", None)
    found = {}
    for name in [f"{group}/{v}" if group else v for group in groups for v in VOLUME]:
        if name not in raw:
            missing(name)
    adapter = LADDERS[reward.varies]
    found = adapter.validate_python(raw, context=info.context)
    for group in groups:
        _falls([f"{group}/{v}" if group else v for v in VOLUME], found, raw, reward)
    return found


def _falls(
    names: list[str], found: dict[str, int], raw: dict[Any, Any], reward: Reward
) -> None:
    for more, less in pairwise(names):
        better, worse = found[more], found[less]
        if better < worse if reward.more_is_better else better > worse:
            fault(less, f"{more} ({raw[more]}) must not get less than {less} ({raw[less]})",
                  raw[less])  # fmt: skip


def parse(raw: Any, where: str, currency: str) -> Offered:
    """Check one offer as it was read. Raises OfferError with a sentence for each fault."""
    if not isinstance(raw, dict):
        raise OfferError(f"{where}: {raw!r} is no offer; expected keys such as `id` and `reward`.")
    try:
        return Offered.model_validate(raw, context={"currency": currency})
    except ValidationError as error:
        raise OfferError(explain(where, error)) from None
