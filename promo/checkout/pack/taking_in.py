"""Journals of stores taken in: each decision once, in order, in one transaction with its place.

A journal's place is how far it is taken in. Whoever takes a decision in holds the place first, and
looks: what stands before it is there already, what leaves a gap waits, and of two senders at once
the second finds the decision done. The place says the chain up to it, too, which covers every
decision before: another journal under the same name is told at once, and nothing of it is booked.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from promo.checkout.connections import Connections
from promo.checkout.metrics import Metrics
from promo.checkout.pack import conflicts, decisions, late
from promo.checkout.pack.chain import chained
from promo.checkout.pack.conflicts import Conflict
from promo.checkout.pack.journal_bodies import JournalSent, JournalTaken, RecordSent
from promo.checkout.pack.late import Booked
from promo.checkout.refusals import Refuse
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.checkout.watching import Write

PLACE = "select store, seq, chain from journals where id = ? "
BEGIN = """insert into journals (id, store, seq, chain, first, last) values (?, ?, 0, ?, ?, ?)
on conflict (id) do nothing"""
ADVANCE = "update journals set seq = ?, chain = ?, last = ? where id = ?"


@dataclass(frozen=True)
class Head:
    """Whose journal it is, and the chain of its first line."""

    journal: str
    store: str
    chain: str


@dataclass(frozen=True)
class Taken:
    """How far a journal is taken in, with the chain up to there.

    booked: what became of the decision that was just sent, if it came next.
    """

    seq: int
    chain: str
    booked: Booked | None = None


def head_of(text: str, store: str) -> Head:
    """A journal's first line, as a store sends it. Raises Refuse."""
    try:
        said = json.loads(text)
        name = said["journal"]
        if not isinstance(name, str) or not 1 <= len(name) <= 64 or not name.isalnum():
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refuse("malformed", detail="`head`: expected the journal's first line.") from None
    return Head(name, store, chained("", text.encode()))


def place(statements: Statements, head: Head) -> Taken:
    """How far a journal is taken in; up to its first line where nothing is. Raises Refuse."""
    for store, seq, chain in statements.rows(PLACE, (head.journal,)):
        _check_store(store, head)
        return Taken(int(seq), chain)
    return Taken(0, head.chain)


def take(statements: Statements, head: Head, sent: RecordSent, now: datetime) -> Taken:
    """Take a decision in, in the caller's transaction, if it comes next. Raises Refuse."""
    store, seq, chain = _held(statements, head, now)
    _check_store(store, head)
    if sent["seq"] == seq and sent["chain"] != chain:
        raise _forked(seq)
    if sent["seq"] != seq + 1:
        return Taken(seq, chain)
    if sent["chain"] != chained(chain, sent["json"].encode()):
        raise _forked(sent["seq"])
    booked, decision = Booked(), decisions.read(sent["json"], sent["seq"])
    if decision is not None:
        if not decision.is_of(head.store):
            raise Refuse("other_store", detail=f"Decision {sent['seq']} is another store's.")
        booked = late.book(statements, decision, head.journal, now)
        found = conflicts.Found(decision.name, decision.verb, head.journal, decision.seq, now)
        conflicts.note(statements, found, booked.conflicts)
    moment = statements.moment(now)
    statements.change(ADVANCE, (sent["seq"], sent["chain"], moment, head.journal))
    return Taken(sent["seq"], sent["chain"], booked)


def _held(statements: Statements, head: Head, now: datetime) -> tuple[str, int, str]:
    """The journal's place, which nobody else moves until the transaction ends."""
    query, values = PLACE + statements.held, (head.journal,)
    found = statements.rows(query, values)
    if not found:
        moment = statements.moment(now)
        statements.change(BEGIN, (head.journal, head.store, head.chain, moment, moment))
        found = statements.rows(query, values)
    [(store, seq, chain)] = found
    return store, seq, chain


def _check_store(store: str, head: Head) -> None:
    if store != head.store:
        raise Refuse("other_store", detail="The journal is another store's.")


def _forked(seq: int) -> Refuse:
    return Refuse("forked", detail=f"Decision {seq} is not the one that follows what came before: "
                  "was the journal put back from a copy, or changed?")  # fmt: skip


class Journals:
    """Takes batches in, for the service."""

    def __init__(self, connections: Connections, metrics: Metrics, write: Write) -> None:
        self.connections = connections
        self.metrics = metrics
        self.write = write

    async def take(
        self, key: StoreKey, sent: JournalSent, now: Callable[[], datetime]
    ) -> JournalTaken:
        """A batch's answer. What comes before a refusal stays. Raises Refuse, Unavailable."""
        head = head_of(sent["head"], key.store)
        taken = await self.connections.read(lambda statements: place(statements, head))
        for each in sent["records"]:
            taken = await self._take(head, each, now())
            if taken.booked is not None:
                self._notice(key, taken, now())
            if taken.seq < each["seq"]:
                break  # a gap: what comes next is expected first
        return {"seq": taken.seq, "chain": taken.chain}

    def _take(self, head: Head, sent: RecordSent, now: datetime) -> Awaitable[Taken]:
        return self.connections.write(partial(take, head=head, sent=sent, now=now))

    def _notice(self, key: StoreKey, taken: Taken, now: datetime) -> None:
        """Tell who watches, without a word about whom it concerns."""
        where: dict[str, object] = {
            "time": now.isoformat(timespec="milliseconds"),
            "store": key.store,
        }
        self.metrics.decisions += 1
        booked = taken.booked or Booked()
        self.metrics.uses += booked.uses
        self.metrics.off += booked.off
        for offer in booked.spent:
            self.metrics.budgets_spent += 1
            self.write(where | {"noticed": "budget_spent", "offer": offer})
        for each in booked.conflicts:
            self.metrics.conflicts += 1
            self.write(where | _said(each))


def _said(conflict: Conflict) -> dict[str, object]:
    return {"noticed": "conflict", "kind": conflict.kind, "offer": conflict.offer}
