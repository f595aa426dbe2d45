"""What tills send and get, as types: the one source of the checks and of the OpenAPI document."""

from typing import Annotated, Any, Literal, NotRequired, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from promo import fault_words
from promo.checkout.refusals import REFUSALS, Refuse
from promo.lists.codes import MAX_TEXT

MOST_ID = 64  # characters of a card or a store's id
# Control characters have no place in a request; GS and line ends are what scanners send.
PLAIN, SCANNED = r"^[\x20-\x7e]+$", r"^[\x09\x0a\x0d\x1d\x20-\x7e]+$"

Code = Annotated[str, Field(min_length=1, max_length=MAX_TEXT, pattern=SCANNED,
    description="A list's code as scanned or typed, or its short code.")]  # fmt: skip
CardNumber = Annotated[str, Field(min_length=1, max_length=MOST_ID, pattern=SCANNED,
    description="A loyalty card, as the card file has it.")]  # fmt: skip
StoreId = Annotated[str, Field(min_length=1, max_length=MOST_ID, pattern=PLAIN,
    description="The store the till believes to be in; the key must be its own.")]  # fmt: skip
ONE_OF: dict[str, Any] = {"oneOf": [{"required": ["code"]}, {"required": ["card"]}]}
CLOSED = ConfigDict(extra="forbid", strict=True, json_schema_extra=ONE_OF)


class Opening(TypedDict):
    """Which list: by its code or by a card, one of the two."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]
    code: NotRequired[Code]
    card: NotRequired[CardNumber]
    store: NotRequired[StoreId]


class SheetAsked(Opening):
    """Which list, and as what."""

    __pydantic_config__ = CLOSED  # type: ignore[misc]
    format: Literal["html", "pdf", "large", "receipt-80", "receipt-58"]


class OfferSeen(TypedDict):
    """An offer on a list. `worth`: minor units that it is likely to take off."""

    offer: str
    title: str
    headline: str
    worth: int
    buy: int
    state: Literal["open", "used", "stopped"]
    sentence: NotRequired[Annotated[str, Field(description="For the shopper; if stopped.")]]


class ListSeen(TypedDict):
    """A list as tills see it: no name, nothing guessed about the household."""

    list_code: str
    state: Literal["draft", "published"]
    night: Annotated[str, Field(json_schema_extra={"format": "date"})]
    store: str
    first_day: Annotated[str, Field(json_schema_extra={"format": "date"})]
    last_day: Annotated[str, Field(json_schema_extra={"format": "date"})]
    worth: int
    offers: list[OfferSeen]
    due: list[str]


class Refused(TypedDict):
    """No. `refused` is for programs, the sentences are for people, in the store's language."""

    refused: Annotated[str, Field(json_schema_extra={"enum": list(REFUSALS)})]
    cashier: str
    shopper: str
    detail: NotRequired[Annotated[str, Field(description="For whoever programs the till.")]]


class Healthy(TypedDict):
    """The service is there."""

    ok: Literal[True]


def _one_of_two(asked: Any) -> Any:
    if ("code" in asked) == ("card" in asked):
        raise ValueError("expected `code` or `card`, one of the two")
    return asked


Asked = TypeVar("Asked")
OPENING: TypeAdapter[Opening] = TypeAdapter(Annotated[Opening, AfterValidator(_one_of_two)])
SHEET: TypeAdapter[SheetAsked] = TypeAdapter(Annotated[SheetAsked, AfterValidator(_one_of_two)])
LIST_SEEN: TypeAdapter[ListSeen] = TypeAdapter(ListSeen)
REFUSED: TypeAdapter[Refused] = TypeAdapter(Refused)
HEALTHY: TypeAdapter[Healthy] = TypeAdapter(Healthy)


def read(kind: TypeAdapter[Asked], raw: bytes) -> Asked:
    """A request's body, checked. Raises Refuse, whose detail names fields and never values."""
    try:
        return kind.validate_json(raw)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise Refuse("malformed", detail=_said(faults[0])) from None


def _said(fault: Any) -> str:
    if fault["type"] == "extra_forbidden":
        # Its name is what was sent, and not for a log.
        return "The body has a field that is not known here: see /v1/openapi.json."
    where = fault_words.place(fault["loc"])
    if fault["type"] == "missing":
        return f"`{where}` is missing."
    message = fault_words.expected(fault)
    return f"`{where}`: {message}." if where else f"The body: {message}."
