"""What tills send and get where money is at stake: as types, like the others of bodies.py."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter
from typing_extensions import TypedDict

from promo.checkout.bodies import MOST_ID, PLAIN, SCANNED, CardNumber, Code, StoreId
from promo.checkout.items import MOST_LINES, MOST_MONEY, MOST_PIECES, MOST_WEIGHT
from promo.checkout.sentences import WHY_NOT

CLOSED = ConfigDict(extra="forbid", strict=True)
# Names of goods may be in any script; GS and line ends are what scanners send.
NO_CONTROLS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1c\x1e\x1f\x7f]+$"
MOST_COUPONS = 50


def _day(text: str) -> str:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        raise ValueError("expected a day such as 2017-11-08")
    date.fromisoformat(text)
    return text


def _clock(text: str) -> str:
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}", text) is None:
        raise ValueError("expected a local time such as 2017-11-08T17:03:59, without a zone")
    datetime.fromisoformat(text)
    return text


Name = Annotated[str, Field(min_length=1, max_length=MOST_ID, pattern=PLAIN)]
Day = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"format": "date"})]
Clock = Annotated[str, AfterValidator(_clock), Field(
    pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$",
    description="The till's own time, without a zone.")]  # fmt: skip
Coupon = Annotated[str, Field(min_length=1, max_length=200, pattern=SCANNED)]
Money = Annotated[int, Field(description="Minor units.")]


class Item(TypedDict):
    """A line of a basket; see docs/checkout.md. A returned line is negative."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]
    code: Annotated[str, Field(min_length=1, max_length=1000, pattern=NO_CONTROLS)]
    quantity: NotRequired[Annotated[int, Field(ge=-MOST_PIECES, le=MOST_PIECES)]]
    amount: NotRequired[Annotated[int, Field(ge=-MOST_MONEY, le=MOST_MONEY)]]
    price: NotRequired[Annotated[int, Field(ge=0, le=MOST_MONEY)]]
    weight: NotRequired[Annotated[int, Field(ge=1, le=MOST_WEIGHT)]]
    unit: NotRequired[Literal["kg", "lb"]]
    excluded: NotRequired[bool]


class Named(TypedDict):
    """A transaction: what the till's own records call it."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]
    store: StoreId
    till: Name
    day: Annotated[Day, Field(description="The business day.")]
    transaction: Name


class Basket(Named):
    """A basket, and whose it is: by a list's code or a card, or nobody's."""

    __pydantic_config__ = ConfigDict(  # type: ignore[misc]
        **CLOSED, json_schema_extra={"not": {"required": ["code", "card"]}}
    )
    at: Clock
    code: NotRequired[Code]
    card: NotRequired[CardNumber]
    lines: Annotated[list[Item], Field(max_length=MOST_LINES)]
    coupons: NotRequired[Annotated[list[Coupon], Field(max_length=MOST_COUPONS,
        description="Coupons that are handed over: ids of own offers that are on no list, and "
        "manufacturers' coupons (AI 8110, 8112) as they are scanned.")]]  # fmt: skip


class Paid(Basket):
    """A basket that is paid for now."""

    reservation: NotRequired[Annotated[Named, Field(
        description="Another transaction's reservation, which this one uses up.")]]  # fmt: skip


class LineBack(TypedDict):
    """So many of a line, counted from 0, are brought back."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]
    line: Annotated[int, Field(ge=0, lt=MOST_LINES)]
    quantity: Annotated[int, Field(ge=1, le=MOST_PIECES)]


class Bringing(Named):
    """What is brought back of a sale, everything that is left of it where no line is named."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]
    at: Clock
    of: Named
    lines: NotRequired[Annotated[list[LineBack], Field(min_length=1, max_length=MOST_LINES)]]


class Voiding(Named):
    """A sale that is to be as if it had never been; `of` where it is another transaction."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]
    at: Clock
    of: NotRequired[Named]


class LineShare(TypedDict):
    """What comes off a line: in all, from the manufacturer, from the store; points."""

    line: int
    units: int
    off: Money
    manufacturer: Money
    store: Money
    points: int


class OfferUsed(TypedDict):
    """An offer's part in a basket: `uses` of it, or why there is none (`why`, `sentence`)."""

    offer: str
    title: str
    uses: int
    units: int
    off: Money
    manufacturer: Money
    store: Money
    points: int
    lines: list[LineShare]
    coupon: NotRequired[Annotated[int, Field(description="The coupon's place in `coupons`.")]]
    why: NotRequired[Annotated[str, Field(json_schema_extra={"enum": list(WHY_NOT)})]]
    sentence: NotRequired[Annotated[str, Field(description="Why, for the shopper.")]]
    cashier: NotRequired[
        Annotated[str, Field(description="What the cashier does with a coupon that is not taken.")]
    ]
    detail: NotRequired[
        Annotated[
            str,
            Field(description="What is wrong with a coupon's code, in English."),
        ]
    ]
    by: NotRequired[Annotated[list[str], Field(description="The offers in its way.")]]


class Priced(TypedDict):
    """What a basket's offers give together."""

    store: str
    till: str
    day: Day
    transaction: str
    list_code: NotRequired[str]
    total: Annotated[int, Field(description="Minor units of all lines, before offers.")]
    off: Money
    to_pay: Money
    manufacturer: Money
    store_bears: Money
    points: int
    offers: list[OfferUsed]
    lines: Annotated[list[LineShare], Field(description="Lines that something comes off.")]
    reserved_until: NotRequired[Annotated[str, Field(json_schema_extra={"format": "date-time"})]]
    cashier: str
    shopper: str


class OfferBack(TypedDict):
    """What an offer gives up. `uses`: how many of it may be made again."""

    offer: str
    uses: int
    units: int
    off: Money
    manufacturer: Money
    store: Money
    points: int
    lines: list[LineShare]


class LinePieces(TypedDict):
    """So many pieces of a line."""

    line: int
    quantity: int


class GivenBack(TypedDict):
    """What a return gives back: `refund` is paid to the shopper; figures of offers are positive."""

    store: str
    till: str
    day: Day
    transaction: str
    of: Named
    refund: Money
    off: Money
    manufacturer: Money
    store_bears: Money
    points: int
    lines: list[LinePieces]
    offers: list[OfferBack]
    cashier: str
    shopper: str


class Voided(TypedDict):
    """What a void took back. `known`: whether there was anything to take back."""

    store: str
    till: str
    day: Day
    transaction: str
    of: Named
    known: bool
    off: Money
    points: int
    offers: list[OfferBack]
    cashier: str
    shopper: str


def _at_most_one(asked: Any) -> Any:
    if "code" in asked and "card" in asked:
        raise ValueError("expected `code` or `card`, not both")
    return asked


BASKET: TypeAdapter[Basket] = TypeAdapter(Annotated[Basket, AfterValidator(_at_most_one)])
PAID: TypeAdapter[Paid] = TypeAdapter(Annotated[Paid, AfterValidator(_at_most_one)])
BRINGING: TypeAdapter[Bringing] = TypeAdapter(Bringing)
VOIDING: TypeAdapter[Voiding] = TypeAdapter(Voiding)
PRICED: TypeAdapter[Priced] = TypeAdapter(Priced)
GIVEN_BACK: TypeAdapter[GivenBack] = TypeAdapter(GivenBack)
VOIDED: TypeAdapter[Voided] = TypeAdapter(Voided)
