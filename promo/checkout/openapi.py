"""The OpenAPI 3.1 document, made from the types that check requests and shape answers."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter

from promo.checkout import bodies, sale_bodies
from promo.checkout.pack import journal_bodies
from promo.checkout.refusals import REFUSALS

PATH = "/v1/openapi.json"
MEDIA = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "large": "application/pdf",
    "receipt-80": "application/octet-stream",
    "receipt-58": "application/octet-stream",
}
# Refusals that any authorised request with a body may meet.
COMMON = (
    "malformed", "no_key", "not_allowed", "other_store", "too_slow", "too_large", "wrong_type",
    "too_many", "guessing", "failed", "unavailable",
)  # fmt: skip
LIST = ("mistyped", "forged", "unknown", "not_yet_valid", "expired", "elsewhere", "pack_expired")

SALE = ("conflict", "voided", "wrong_day")
# What a verb does, what is sent, what comes back, and the refusals it may meet.
SALES = {
    "quote": ("What a basket's offers give together; without effect.", "Basket", "Priced",
              (*LIST, "wrong_day")),
    "reserve": ("The same, and what it would use is held for a while.", "Basket", "Priced",
                (*LIST, *SALE)),
    "redeem": ("A basket that is paid: its offers are used.", "Paid", "Priced", (*LIST, *SALE)),
    "return": ("Goods brought back; gives back what was stored.", "Bringing", "GivenBack",
               (*SALE, "no_sale", "not_left", "line_down")),
    "void": ("A sale taken back whole; its offers are good again.", "Voiding", "Voided",
             (*SALE, "a_return", "line_down")),
}  # fmt: skip


def document() -> dict[str, Any]:
    """The whole of it."""
    schemas: dict[str, TypeAdapter[Any]] = {
        "Opening": bodies.OPENING, "SheetAsked": bodies.SHEET, "ListSeen": bodies.LIST_SEEN,
        "Refused": bodies.REFUSED, "Healthy": bodies.HEALTHY,
        "JournalSent": journal_bodies.JOURNAL_SENT, "JournalTaken": journal_bodies.JOURNAL_TAKEN,
        "Basket": sale_bodies.BASKET, "Paid": sale_bodies.PAID, "Bringing": sale_bodies.BRINGING,
        "Voiding": sale_bodies.VOIDING, "Priced": sale_bodies.PRICED,
        "GivenBack": sale_bodies.GIVEN_BACK, "Voided": sale_bodies.VOIDED,
    }  # fmt: skip
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "promo at the till",
            "version": "1",
            "description": "Opens printed lists and redeems their offers. Money is integer minor "
            "units. Any other path is answered 404 `no_such_path`, any other method 405 "
            "`wrong_method`, both as `Refused`; what is no HTTP/1.1, a plain 400.",
        },
        "paths": {
            "/v1/lookup": {"post": _lookup()},
            "/v1/sheet": {"post": _sheet()},
            "/v1/journal": {"post": _journal()},
            **{f"/v1/{verb}": {"post": _sale(verb)} for verb in SALES},
            PATH: {"get": _open("This document.", "application/json", {"type": "object"})},
            "/health": {"get": _open("The process is there.", "application/json", _ref("Healthy"))},
            "/ready": {"get": _ready()},
            "/metrics": {"get": _open("For Prometheus.", "text/plain", {"type": "string"})},
        },
        "components": {
            "schemas": _schemas(schemas),
            "securitySchemes": {"store_key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(types: dict[str, TypeAdapter[Any]]) -> dict[str, Any]:
    """All types by name, and what they are made of."""
    found, parts = TypeAdapter.json_schemas(
        [(name, "validation", kind) for name, kind in types.items()],
        ref_template="#/components/schemas/{model}",
    )
    own = {name: schema for (name, _), schema in found.items() if "$ref" not in schema}
    shared: dict[str, Any] = parts.get("$defs", {})
    return own | shared


def _lookup() -> dict[str, Any]:
    words = "Open a list by its code or a card."
    return _posted("lookup", words, "Opening", {"application/json": {"schema": _ref("ListSeen")}})


def _sheet() -> dict[str, Any]:
    text, octets = {"type": "string"}, {"type": "string", "format": "binary"}
    content = {
        media.partition(";")[0]: {"schema": text if media.startswith("text/") else octets}
        for media in MEDIA.values()
    }
    return _posted("sheet", "A list's sheet, ready for a screen or a printer.",
                   "SheetAsked", content, (*LIST, "line_down"))  # fmt: skip


def _journal() -> dict[str, Any]:
    words = "What a store decided on its own while its line was down; each decision once."
    content = {"application/json": {"schema": _ref("JournalTaken")}}
    return _posted("sync", words, "JournalSent", content, ("forked",))


def _sale(verb: str) -> dict[str, Any]:
    words, asked, answer, refusals = SALES[verb]
    content = {"application/json": {"schema": _ref(answer)}}
    return _posted(verb, words, asked, content, refusals)


def _posted(
    verb: str, words: str, asked: str, content: dict[str, Any], refusals: Iterable[str] = LIST
) -> dict[str, Any]:
    return {
        "operationId": verb,
        "summary": words,
        "description": f"The store key needs the verb `{verb}`.",
        "security": [{"store_key": []}],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _ref(asked)}},
        },
        "responses": {"200": {"description": words, "content": content}}
        | _refused((*refusals, *COMMON)),
    }


def _open(words: str, media: str, schema: dict[str, Any]) -> dict[str, Any]:
    answer = {"description": words, "content": {media: {"schema": schema}}}
    return {"summary": words, "responses": {"200": answer} | _refused(("failed",))}


def _ready() -> dict[str, Any]:
    found = _open("Database and schema are in order.", "application/json", _ref("Healthy"))
    found["responses"] |= _refused(("unavailable",))
    return found


def _refused(codes: Iterable[str]) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(REFUSALS[code].status, []).append(code)
    return {
        f"{status}": {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(some)}.",
            "content": {"application/json": {"schema": _one_of(some)}},
        }
        | _headers(status)
        for status, some in by_status.items()
    }


RETRY_AFTER = {"schema": {"type": "integer"}, "description": "Seconds."}
HEADERS = {401: {"WWW-Authenticate": {"schema": {"const": "Bearer"}}},
           429: {"Retry-After": RETRY_AFTER}, 503: {"Retry-After": RETRY_AFTER}}  # fmt: skip


def _one_of(codes: list[str]) -> dict[str, Any]:
    """A refusal with one of some codes and no other."""
    return {"allOf": [_ref("Refused"), {"properties": {"refused": {"enum": codes}}}]}


def _headers(status: int) -> dict[str, Any]:
    return {"headers": HEADERS[status]} if status in HEADERS else {}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
