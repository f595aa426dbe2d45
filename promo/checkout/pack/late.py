"""A store's decision booked at head office as it happened, and whatever of it does not fit.

What is held, and in which order, is that of promo.checkout.selling: the transaction's name, serial
numbers, the household, the offers' counters; so a late sale and a till's wait for each other as two
tills do, and what is left is read behind the same locks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from promo.checkout import answers, booking, holding, taking_back
from promo.checkout.answers import Given
from promo.checkout.pack import used_twice
from promo.checkout.pack.conflicts import Conflict
from promo.checkout.pack.decisions import Decision, given_by, told_by
from promo.checkout.request import Transaction
from promo.checkout.statements import Statements

FORGOTTEN = "forgotten"  # the digest where an answer was cut with its household
ANSWERED = f"select digest, answer from till_answers where {answers.NAMED} and verb = ?"
BOOKED = f"""select offer, sum(uses), sum(money) from redemptions where {answers.NAMED}
and kind = ? group by offer order by offer"""
VOID = f"""select store, till, cast(day as text), "transaction" from till_answers
where {answers.ABOUT} and verb = 'void'"""
OTHER = """select 1 from conflicts where store = ? and till = ? and day = ? and "transaction" = ?
and verb = 'redeem' and kind = 'identity' and journal = ?"""
NO_RETURN: dict[str, Any] = {"units": [], "refund": 0, "uses": [], "others": []}


class Late(NamedTuple):
    """Something that a till did, as booking wants it: see promo.checkout.request.Made."""

    name: Transaction
    of: Transaction
    instant: datetime
    now: datetime


@dataclass
class Booked:
    """What became of a decision: offers whose budgets it spent, uses and minor units of a sale that
    was booked, and conflicts.
    """

    spent: Sequence[str] = ()
    uses: int = 0
    off: int = 0
    conflicts: list[Conflict] = field(default_factory=list)


def book(statements: Statements, decision: Decision, journal: str, now: datetime) -> Booked:
    """Book a journal's decision in the caller's transaction; one that is booked already stays as it
    is.
    """
    answers.hold(statements, decision.of)
    made = Late(decision.name, decision.of, decision.instant, now)
    for digest, answer in statements.rows(ANSWERED, (*decision.name, decision.verb)):
        return Booked(conflicts=_both(decision, digest, bytes(answer)))
    if decision.verb != "redeem" and statements.rows(OTHER, (*decision.of, journal)):
        return _of_another(statements, decision, made)
    work = {"redeem": _redeem, "return": _bring_back, "void": _void}[decision.verb]
    return work(statements, decision, made)


def _both(decision: Decision, digest: str, answer: bytes) -> list[Conflict]:
    """Head office has an answer under the name: it stands, whatever the store has told its till."""
    if digest == FORGOTTEN or (digest == decision.digest and answer == decision.said):
        return []
    if digest != decision.digest:
        return _identity(decision)
    return _differs(decision, given_by(told_by(decision.verb, answer)))


def _identity(decision: Decision) -> list[Conflict]:
    found = [Conflict("identity", offer, uses, money, "store")
             for offer, (uses, money) in decision.given.items()]  # fmt: skip
    return found or [Conflict("identity", bearer="store")]


def _differs(decision: Decision, booked: dict[str, tuple[int, int]]) -> list[Conflict]:
    """By offer, what the till was told beyond what is booked."""
    told, none = decision.given, (0, 0)
    pairs = {
        offer: (told.get(offer, none), booked.get(offer, none))
        for offer in sorted(told.keys() | booked.keys())
    }
    found = [
        Conflict("differs", offer, one[0] - other[0], one[1] - other[1])
        for offer, (one, other) in pairs.items()
        if one != other
    ]
    return found or [Conflict("differs")]


# --- sales ----------------------------------------------------------------------------------------


def _redeem(statements: Statements, decision: Decision, made: Late) -> Booked:
    """A sale. Where a file has brought its redemptions already, only its answer is kept."""
    known = statements.rows(BOOKED, (*made.name, "redeem"))
    sheet = used_twice.sheet_of(statements, decision.told.get("list_code"))
    gone = sheet is None and "list_code" in decision.told
    if known:
        _keep(statements, decision, made, cut=gone)
        booked = {offer: (int(uses), int(money)) for offer, uses, money in known}
        return Booked(conflicts=[] if booked == decision.given else _differs(decision, booked))
    booking.free(statements, made.name)
    answers.forget(statements, made.name, "reserve")
    claims = used_twice.claim(statements, decision)
    holding.hold(statements, sheet.shopper if sheet else None)
    _enter(statements, decision)
    sale = used_twice.judged(statements, decision, made, sheet, claims)
    spent = booking.book(statements, made, sale.rows)
    _keep(statements, decision, made, cut=gone,
          content=sale.content)  # fmt: skip
    uses, off = (sum(row[name] for row in sale.rows) for name in ("uses", "money"))
    found = Booked(spent, uses, off, sale.conflicts + _only_told(decision))
    if void := statements.rows(VOID, made.name):
        taking_back.undo(statements, made._replace(name=Transaction(*void[0])))
        found.conflicts = [Conflict("voided_before", "", uses, off, None)]
    return found


def _only_told(decision: Decision) -> list[Conflict]:
    """What the till was told and the store has no uses of: it only remembered the answer, and did
    not know the offer.
    """
    booked: dict[str, tuple[int, int]] = {}
    for use in decision.uses:
        uses, off = booked.get(use["offer"], (0, 0))
        booked[use["offer"]] = uses + use["uses"], off + use["money"]
    return [] if booked == decision.given else _differs(decision, booked)


def _enter(statements: Statements, decision: Decision) -> None:
    """Coupons that say themselves what they give become offers; then hold all counters."""
    used = {use["offer"] for use in decision.uses}
    terms = [each.model_copy(update={"id": name})
             for name, each in decision.offers.items() if name in used]  # fmt: skip
    booking.enter(statements, terms)
    known = used_twice.known(statements, used)
    booking.hold_counters(statements, known)


def _keep(
    statements: Statements, decision: Decision, made: Late, *, cut: bool = False,
    content: dict[str, Any] | None = None, about: bool = True,
) -> None:  # fmt: skip
    """Keep the till's answer; cut where its household was forgotten, as promo.person would.

    about: whether the sale that it names is the one that it is about.
    """
    digest, said = (FORGOTTEN, b"{}") if cut else (decision.digest, decision.said)
    own = decision.content if content is None else content
    given = Given(decision.verb, digest, said, own, about)
    answers.keep(statements, made._replace(now=decision.at), given)


# --- taken back -----------------------------------------------------------------------------------


def _of_another(statements: Statements, decision: Decision, made: Late) -> Booked:
    """It takes back a basket that could not be booked: the one booked under its name stays."""
    _keep(statements, decision, made, about=False)
    return Booked(conflicts=_identity(decision))


def _bring_back(statements: Statements, decision: Decision, made: Late) -> Booked:
    """A return: what of it is still there to be taken back is, and no more."""
    told = int(decision.told["refund"])
    stored = answers.history(statements, made.of)
    if not stored.sale or stored.void:
        kind = "returned_twice" if stored.void else "no_sale"
        _keep(statements, decision, made, content=NO_RETURN | {"paid": told})
        return Booked(conflicts=[Conflict(kind, money=told)])
    lines = decision.told["lines"]
    left, taken = _left(stored, stored.sale, lines), None
    if left:
        taken = taking_back.take(statements, made, stored, stored.sale, left)
    content = taken.content if taken else NO_RETURN
    _keep(statements, decision, made, content=content | {"paid": told})
    refund, booked = taken.refund if taken else 0, _booked(statements, made, "return")
    if left != lines:
        return Booked(conflicts=[Conflict("returned_twice", money=told - refund)])
    if told != refund:
        return Booked(conflicts=[Conflict("differs", money=told - refund)])
    if booked != decision.given:
        return Booked(conflicts=_differs(decision, booked))
    return Booked()


def _left(
    stored: answers.History, sale: dict[str, Any], lines: Sequence[dict[str, int]]
) -> list[dict[str, int]]:
    """So much of some lines as there is left to bring back."""
    found, bringing = [], taking_back.Bringing(stored, sale)
    for each in lines:
        quantity = min(each["quantity"], bringing.count(each["line"]))
        if quantity:
            found.append({"line": each["line"], "quantity": quantity})
    return found


def _void(statements: Statements, decision: Decision, made: Late) -> Booked:
    """A void: nothing is left of the sale, whatever the store knew of it."""
    stored = answers.history(statements, made.of)
    known, paid = bool(decision.told["known"]), int(decision.content.get("paid", 0))
    before = taking_back.paid_back(stored)
    if not stored.void:
        taking_back.undo(statements, made)
    _keep(statements, decision, made)
    booked = _booked(statements, made, "void")
    if not known or not stored.sale:
        if booked == decision.given:
            return Booked()
        is_there = stored.sale or stored.only_answered or booked
        return Booked(conflicts=_differs(decision, booked) if is_there else
                      [Conflict("no_sale", money=decision.told["off"])])  # fmt: skip
    to_pay = taking_back.to_pay(stored.sale)
    twice = to_pay - paid if stored.void else before - paid
    if twice > 0:
        return Booked(conflicts=[Conflict("returned_twice", money=twice)])
    return Booked(conflicts=[] if booked == decision.given else _differs(decision, booked))


def _booked(statements: Statements, made: Late, kind: str) -> dict[str, tuple[int, int]]:
    """What is taken back under a name, as tills are told it."""
    rows = statements.rows(BOOKED, (*made.name, kind))
    found = {offer: (-int(uses), -int(money)) for offer, uses, money in rows}
    return {offer: figures for offer, figures in found.items() if any(figures)}
