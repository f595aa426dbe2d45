"""What tills were answered: a request sent again gets the same bytes, also after a restart.

An answer is stored in the transaction of its effect, so that there is never one without the other.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple

from pydantic_core import to_json

from promo.checkout.refusals import Refuse
from promo.checkout.request import Made, Request, Transaction
from promo.checkout.statements import Statements

NAMED = 'store = ? and till = ? and day = ? and "transaction" = ?'
IS_RETURN = f"select 1 from till_answers where {NAMED} and verb = 'return'"
ABOUT = "of_store = ? and of_till = ? and of_day = ? and of_transaction = ?"
GIVEN = f"select digest, answer from till_answers where {NAMED} and verb = ?"
BEFORE = f"""select verb, digest, answer from till_answers where {NAMED}
union all select 'voided', null, null from till_answers where {ABOUT} and verb = 'void'"""
HISTORY = f"""select verb, cast(content as text) from till_answers where {NAMED} and verb = 'redeem'
union all select verb, cast(content as text) from till_answers where {ABOUT}"""
STORE = """insert into till_answers (store, till, day, "transaction", verb, digest, answer, content,
of_store, of_till, of_day, of_transaction, at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
FORGET = f"delete from till_answers where {NAMED} and verb = ?"
SWEEP = "delete from till_answers where day < ?"


class History(NamedTuple):
    """What is stored of a sale: its content and its returns', and whether it is void.

    only_answered: what a till was answered is there, and not what it holds: a store machine has so
    little of what head office decided, and so has head office where that came back from a machine.
    """

    sale: dict[str, Any] | None
    returns: list[dict[str, Any]]
    void: bool
    only_answered: bool = False


def hold(statements: Statements, name: Transaction) -> None:
    """Let nobody else change a sale, nor make it, until the transaction ends.

    On SQLite the transaction has kept all others out from its beginning.
    """
    if statements.is_postgresql:
        statements.rows("select pg_advisory_xact_lock(?)", (name.lock,))


def given(statements: Statements, request: Request) -> bytes | None:
    """What the same request was answered. Raises Refuse where it is another one of its name."""
    for digest, answer in statements.rows(GIVEN, (*request.name, request.verb)):
        if digest != request.digest:
            raise Refuse("conflict")
        return bytes(answer)
    return None


class Before(NamedTuple):
    """What is known of a transaction when its basket is paid."""

    answer: bytes | None  # of the same redeem
    void: bool
    reserved: bool


def before(statements: Statements, request: Request) -> Before:
    """What a redeem's transaction was answered before. Raises Refuse as `given` does."""
    found = {
        verb: (digest, answer)
        for verb, digest, answer in statements.rows(BEFORE, (*request.name, *request.name))
    }
    digest, answer = found.get("redeem", (None, None))
    if answer is not None and digest != request.digest:
        raise Refuse("conflict")
    return Before(None if answer is None else bytes(answer), "voided" in found, "reserve" in found)


def still_reserved(statements: Statements, request: Request) -> bytes | None:
    """What the same basket was told when it was reserved, unless that is over.

    A basket that has changed since is no conflict: it is not paid yet.
    """
    for digest, answer in statements.rows(GIVEN, (*request.name, request.verb)):
        until = datetime.fromisoformat(json.loads(bytes(answer))["reserved_until"])
        if digest == request.digest and until > request.now:
            return bytes(answer)
    return None


def forget(statements: Statements, name: Transaction, verb: str) -> None:
    """Let a transaction be asked anew."""
    statements.change(FORGET, (*name, verb))


def history(statements: Statements, name: Transaction) -> History:
    """What has become of a sale so far."""
    found: dict[str, list[dict[str, Any]]] = {"redeem": [], "return": [], "void": []}
    for verb, content in statements.rows(HISTORY, (*name, *name)):
        found[verb].append(json.loads(content))
    sale, void = next(iter(found["redeem"]), None), bool(found["void"])
    if not all((*found["redeem"], *found["return"])):
        return History(None, [], void, only_answered=True)
    return History(sale, found["return"], void)


def is_return(statements: Statements, name: Transaction) -> bool:
    """Whether a transaction brought goods back."""
    return bool(statements.rows(IS_RETURN, name))


def store(
    statements: Statements, request: Request, answer: Mapping[str, Any], content: Mapping[str, Any]
) -> bytes:
    """Keep an answer and what later requests need of it; returns its bytes."""
    said = as_bytes(answer)
    keep(statements, request, Given(request.verb, request.digest, said, content))
    return said


class Given(NamedTuple):
    """An answer's bytes, to which request it was given, and what later requests need of it.

    about: whether a return or void counts for the sale that it names.
    """

    verb: str
    digest: str
    said: bytes
    content: Mapping[str, Any]
    about: bool = True


def keep(statements: Statements, made: Made, given: Given) -> None:
    """Keep an answer as it was given."""
    about = made.of if given.about and given.verb in ("return", "void") else (None,) * 4
    statements.change(STORE, (*made.name, given.verb, given.digest, given.said,
                              to_json(given.content).decode(), *about,
                              statements.moment(made.now)))  # fmt: skip


def as_bytes(answer: Mapping[str, Any]) -> bytes:
    """An answer as it is sent."""
    return to_json(answer)


def sweep(statements: Statements, before: date) -> None:
    """Forget the answers of business days before one."""
    statements.change(SWEEP, (before.isoformat(),))
