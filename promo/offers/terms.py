"""Terms: what an offer gives, on what, when, to whom how much, and who pays.

One definition is stored, printed and (later) priced and billed. For now one reward is known: an
amount off when a number of pieces of the listed products is bought.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from promo import money
from promo.config import explain
from promo.errors import Sentence

MAX_TITLE = 60  # characters: two lines on the list
MOST = 10**12  # currency units, or uses: more is a typing error, and no row could hold it
Amount = Annotated[Decimal, Field(gt=0, le=MOST)]


class OfferError(Sentence):
    """An offer cannot be taken in; the message names the offer, the field and the need."""


class Part(BaseModel):
    """A part of an offer as it is written: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reward(Part):
    """`amount_off`, in currency units."""

    amount_off: Amount


class Ladder(Part):
    """The amount off by the household's volume in the offer's category, in currency units."""

    heavy: Amount
    medium: Amount
    light: Amount

    @model_validator(mode="after")
    def _falling(self) -> "Ladder":
        if not self.heavy >= self.medium >= self.light:
            raise ValueError(
                f"heavy ({self.heavy}) must not get less than medium ({self.medium}), nor medium "
                f"less than light ({self.light})"
            )
        return self


class Budget(Part):
    """The most that the offer may cost in all, in currency units and in uses."""

    money: Annotated[Decimal, Field(ge=0, le=MOST)]
    redemptions: Annotated[int, Field(ge=0, le=MOST)]


class Terms(Part):
    """An offer as it is written in a file; `ends` is the last day on which it is good."""

    id: str = Field(pattern=r"^[!-~]{1,64}$")
    title: str = Field(min_length=1, max_length=MAX_TITLE, pattern=r"^[^\x00-\x1f]+$")
    funder: str = Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")
    starts: date
    ends: date
    objective: Literal["retain", "convert", "grow", "trial", "reward"] = "reward"
    reward: Reward
    buy: Annotated[int, Field(ge=1, le=99)] = 1
    ladder: Ladder | None = None
    budget: Budget
    products: tuple[str, ...] = Field(min_length=1)

    @field_validator("ends")
    @classmethod
    def _after_the_start(cls, ends: date, info: ValidationInfo) -> date:
        starts = info.data.get("starts", ends)
        if ends < starts:
            raise ValueError(f"{ends} is before the day it starts, {starts}")
        return ends

    def amounts(self, currency: str) -> dict[str, int]:
        """Minor units off by volume: heavy, medium, light; the reward itself without a ladder."""
        off = self.reward.amount_off
        ladder = self.ladder or Ladder(heavy=off, medium=off, light=off)
        return {name: money.to_minor(value, currency) for name, value in ladder}


def parse(raw: Any, where: str, currency: str) -> Terms:
    """Check one offer as it was read. Raises OfferError with a sentence for each fault."""
    if not isinstance(raw, dict):
        raise OfferError(f"{where}: {raw!r} is no offer; expected keys such as `id` and `reward`.")
    try:
        terms = Terms.model_validate(raw)
    except ValidationError as error:
        raise OfferError(explain(where, error)) from None
    amounts = {"reward.amount_off": terms.reward.amount_off, "budget.money": terms.budget.money}
    amounts |= {f"ladder.{name}": value for name, value in terms.ladder or ()}
    for name, value in amounts.items():
        try:
            money.to_minor(str(value), currency)
        except ValueError as error:
            raise OfferError(f"{where}: `{name}`: {error}.") from None
    return terms
