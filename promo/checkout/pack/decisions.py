"""A decision as a journal has it, read and checked: what head office needs to book it again.

It comes over the network. What it says is believed, since the shopper has it; but it must be of the
form that a store machine of ours writes, or nothing is made of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import from_json
from typing_extensions import TypedDict

from promo import fault_words
from promo.checkout import sale_bodies
from promo.checkout.basket.giving_back import Returned
from promo.checkout.basket.sale import Sale
from promo.checkout.handed import claim_of
from promo.checkout.refusals import Refuse
from promo.checkout.request import Transaction
from promo.checkout.sale_bodies import Day, Name
from promo.offers.handed import is_coupon
from promo.offers.terms import Terms
from promo.scans.gtin import CodeError

BOOKED = ("redeem", "return", "void")
MOST_USES = 10_000
TOLD: Mapping[str, TypeAdapter[Any]] = {
    "redeem": sale_bodies.PRICED,
    "return": sale_bodies.GIVEN_BACK,
    "void": sale_bodies.VOIDED,
}
NUL = "\0"  # which no column of PostgreSQL takes
UNREAD = (ValueError, KeyError, TypeError, AttributeError, IndexError, ArithmeticError,
          RecursionError, CodeError)  # fmt: skip
CLOSED_KEYS = ConfigDict(strict=True)


def _moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _hex(text: str) -> str:
    bytes.fromhex(text)
    return text


Text = Annotated[str, Field(max_length=1 << 22)]
MOST_FIGURE = 2**53
Amount = Annotated[int, Field(ge=-MOST_FIGURE, le=MOST_FIGURE)]
Figure = Annotated[int, Field(ge=0, le=10**12)]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_moment)]


class Blob(TypedDict):
    """Bytes, as a journal says them."""

    __pydantic_config__ = CLOSED_KEYS  # type: ignore[misc]
    hex: Annotated[str, Field(max_length=1 << 22), AfterValidator(_hex)]


class Answered(TypedDict):
    """A row of `till_answers`, as SQLite has it."""

    __pydantic_config__ = CLOSED_KEYS  # type: ignore[misc]
    store: Name
    till: Name
    day: Day
    transaction: Name
    verb: Literal["reserve", "redeem", "return", "void"]
    digest: Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
    answer: Blob
    content: Text
    of_store: Name | None
    of_till: Name | None
    of_day: Day | None
    of_transaction: Name | None
    at: Moment


class Used(TypedDict):
    """A row of `redemptions` of a sale, as SQLite has it; its list and household are looked up."""

    __pydantic_config__ = CLOSED_KEYS  # type: ignore[misc]
    kind: Literal["redeem"]
    offer: Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
    key_id: Amount | None
    number: Annotated[int, Field(ge=1, le=MOST_USES)]
    uses: Annotated[int, Field(ge=1, le=1)]
    units: Figure
    money: Figure
    funder_money: Figure
    lines: Text
    at: Moment


class Offered(TypedDict):
    """A row of `offers`: one that a coupon's own string says."""

    __pydantic_config__ = CLOSED_KEYS  # type: ignore[misc]
    id: Annotated[str, Field(pattern=r"^[!-~]{1,64}$")]
    terms: Text


class Change(TypedDict):
    """A change of some table; see promo.checkout.pack.changes."""

    __pydantic_config__ = CLOSED_KEYS  # type: ignore[misc]
    do: Literal["insert", "update", "delete"]
    table: Annotated[str, Field(max_length=64)]
    row: dict[str, Any]


class Said(TypedDict):
    """A decision's JSON."""

    __pydantic_config__ = CLOSED_KEYS  # type: ignore[misc]
    seq: Annotated[int, Field(ge=1, le=2**53)]
    changes: list[dict[str, Any]]


SAID, CHANGE = TypeAdapter(Said), TypeAdapter(Change)
ANSWERED, USED, OFFERED = TypeAdapter(Answered), TypeAdapter(Used), TypeAdapter(Offered)


@dataclass(frozen=True)
class Decision:
    """What a till was answered, and the uses that its store booked; see promo.checkout.answers.

    uses: rows of the sale, in their order; offers: terms of coupons that say
    themselves what they give, by id.
    """

    seq: int
    verb: str
    name: Transaction
    of: Transaction
    at: datetime
    instant: datetime
    digest: str
    said: bytes
    told: Mapping[str, Any]
    content: dict[str, Any]
    uses: tuple[Mapping[str, Any], ...]
    offers: Mapping[str, Terms]

    @cached_property
    def given(self) -> dict[str, tuple[int, int]]:
        """What the till was told of each offer: uses and minor units."""
        return given_by(self.told)

    def is_of(self, store: str) -> bool:
        """Whether a store may have decided it: goods alone come back to any store."""
        return self.name.store == store and (self.verb != "void" or self.of.store == store)


def told_by(verb: str, answer: bytes) -> Mapping[str, Any]:
    """An answer that is stored, read."""
    found: Mapping[str, Any] = TOLD[verb].validate_json(answer)
    return found


def given_by(told: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """What an answer says of each offer that it used or took back: uses and minor units."""
    found: dict[str, tuple[int, int]] = {}
    for each in told.get("offers", ()):
        uses, off = found.get(each["offer"], (0, 0))
        found[each["offer"]] = uses + each["uses"], off + each["off"]
    return {offer: figures for offer, figures in found.items() if any(figures)}


def read(text: str, seq: int) -> Decision | None:
    """A decision that is to be booked; None where it is another one, such as a reservation.

    seq: the number that it came under. Raises Refuse, whose detail names the decision and the fault
    and no value.
    """
    try:
        return _read(text, seq)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = fault_words.place(fault["loc"])
        said = "is missing" if fault["type"] == "missing" else fault_words.expected(fault)
        why = f"`{where}`: {said}" if where else said
    except UNREAD as error:
        why = f"not as a store machine writes it ({type(error).__name__})"
    raise Refuse("malformed", detail=f"Decision {seq}: {why}.")


def _read(text: str, seq: int) -> Decision | None:
    said = SAID.validate_json(text)
    if said["seq"] != seq:
        raise ValueError("another number")
    rows: dict[str, list[dict[str, Any]]] = {"till_answers": [], "redemptions": [], "offers": []}
    for raw in said["changes"]:
        if raw.get("table") in rows and "row" in raw:
            change = CHANGE.validate_python(raw)
            rows[change["table"]].append(change["row"])
    answers = [row for row in rows["till_answers"] if row.get("verb") in BOOKED]
    if not answers:
        return None
    [answer] = (ANSWERED.validate_python(row) for row in answers)
    return _decision(seq, answer, rows)


def _decision(seq: int, answer: Answered, rows: Mapping[str, list[dict[str, Any]]]) -> Decision:
    verb, raw = answer["verb"], bytes.fromhex(answer["answer"]["hex"])
    name = Transaction(*(answer[part] for part in Transaction._fields))  # type: ignore[literal-required]
    about = [answer[f"of_{part}"] for part in Transaction._fields]  # type: ignore[literal-required]
    named = {each is not None for each in about}
    if named != {verb != "redeem"}:
        raise ValueError("of")
    uses = [_use(row) for row in rows["redemptions"]] if verb == "redeem" else []
    if len({(use["offer"], use["number"]) for use in uses}) < len(uses):
        raise ValueError("twice")
    at = _utc(answer["at"])
    coupons = [OFFERED.validate_python(row) for row in rows["offers"] if is_coupon(row["id"])]
    return Decision(
        seq, verb, name, name if verb == "redeem" else Transaction(*about), at,
        _utc(uses[0]["at"]) if uses else at, answer["digest"], raw,
        _told(verb, raw), _content(verb, answer["content"]), tuple(uses),
        {row["id"]: Terms.from_stored(_json(row["terms"])) for row in coupons},
    )  # fmt: skip


def _told(verb: str, answer: bytes) -> Mapping[str, Any]:
    _json(answer)
    return told_by(verb, answer)


def _json(text: str | bytes) -> Any:
    """JSON that a column holds, if the database and later sums can take all that it says."""
    found = from_json(text, allow_inf_nan=False)
    _check(found)
    return found


def _check(value: Any) -> None:
    """Look at texts and figures once they are read: what is written may be escaped twice."""
    if isinstance(value, dict):
        for name, each in value.items():
            _check(name)
            _check(each)
    elif isinstance(value, list):
        for each in value:
            _check(each)
    elif isinstance(value, str) and NUL in value:
        raise ValueError("NUL")
    elif isinstance(value, int | float) and not abs(value) <= MOST_FIGURE:
        raise ValueError("figure")


def _use(row: dict[str, Any]) -> Mapping[str, Any]:
    """A use, with its lines as they are; they must add up to its money."""
    used = USED.validate_python(row)
    lines = _json(used["lines"])
    sums = [sum(line[name] for line in lines["lines"]) for name in ("off", "manufacturer", "store")]
    own, funder = used["money"], used["funder_money"]
    if sums != [own, funder, own - funder] or not 0 <= lines["handling"] <= 10**12:
        raise ValueError("lines")
    if "coupon" in lines:
        claim_of(lines["coupon"])
    return {**used, "lines": lines}


def _content(verb: str, text: str) -> dict[str, Any]:
    """What later requests need of it: read once, so that no return will stumble over it."""
    content: dict[str, Any] = _json(text)
    if verb == "redeem" and content:
        Sale.from_stored(content["sale"])
        for stored in content["terms"].values():
            Terms.from_stored(stored)
        for line, piece, price in content["others"]:
            if not all(type(each) is int for each in (line, piece, price)):
                raise ValueError("others")
        for pairs in content["matches"].values():
            _ = [(offer, purchase) for offer, purchase in pairs]
    elif verb == "return" and content:
        Returned.from_stored(content)
    elif not isinstance(content, dict) or type(content.get("paid", 0)) is not int:
        raise ValueError("content")
    return content


def _utc(text: str) -> datetime:
    """An instant as SQLite has it: in UTC, without a zone."""
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
