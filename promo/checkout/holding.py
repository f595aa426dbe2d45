"""What a household holds when its basket is priced: offers, and how often each may still be used.

Whoever changes anything holds the household first and reads then, so that of two tills at one
instant the second sees what the first did.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from promo.checkout import serials
from promo.checkout.basket.model import Held, Left, Matches
from promo.checkout.finding_lists import Stored
from promo.checkout.handed import Claim, Handed
from promo.checkout.noticing import WITHIN
from promo.checkout.request import Made, Request, Transaction
from promo.checkout.statements import Statements
from promo.offers.terms import Terms

HOLD = "select 1 from shoppers where id = ? "
# What is taken back counts for the day of its use.
USES = """select r.offer, r.key_id, r.counter, r.uses, r.promised,
cast(coalesce(o.day, r.day) as text), r.kind, r.store, r.till, cast(r.day as text), r."transaction",
r.at > ? and r.at <= ? from {0} r left join redemptions o on o.id = r.reverses
where r.shopper = ? and ({1} or (r.at > ? and r.at <= ?))"""
RESERVED = """select offer, key_id, counter, uses, money, store, till, cast(day as text),
"transaction" from reservations where until > ? and (shopper = ? or {})"""
OFFERS = """select o.id, o.state, o.hard, o.budget_money, o.budget_redemptions,
cast(o.terms as text), e.sentence, coalesce(c.uses, 0), coalesce(c.money, 0) from offers o
left join offer_events e on e.offer = o.id and e.kind = 'stopped'
left join offer_counters c on c.offer = o.id where {}"""


class Offer(NamedTuple):
    """An offer's row, with its counter."""

    id: str
    state: str
    hard: bool
    budget_money: int
    budget_uses: int
    terms: Terms
    stored: Mapping[str, Any]  # the terms as JSON
    sentence: str
    spent_uses: int
    spent_money: int


class Taken(NamedTuple):
    """How often offers were taken: on the list, by the household in all, and today."""

    on_list: Counter[str]
    in_all: Counter[str]
    today: Counter[str]

    @classmethod
    def nothing(cls) -> "Taken":
        """None of any."""
        return cls(Counter(), Counter(), Counter())

    def add(self, offer: str, uses: int, *, on_list: bool, today: bool) -> None:
        """Count uses in."""
        self.in_all[offer] += uses
        self.today[offer] += uses * today
        self.on_list[offer] += uses * on_list

    def left(self, terms: Terms, on_list: int | None, before: int) -> Left:
        """What is left of an offer; on_list: how often the list has it; before: in this basket."""
        most, name = terms.uses, terms.id
        return Left(
            None if on_list is None else on_list - self.on_list[name],
            None if most.per_household is None
            else most.per_household - self.in_all[name] - before,
            None if most.per_day is None else most.per_day - self.today[name] - before,
        )  # fmt: skip


class Used(NamedTuple):
    """What a household has used of some offers, and the same with what it holds elsewhere."""

    paid: Taken
    with_reserved: Taken
    promised: Counter[str]
    baskets: set[Transaction]  # of the last hour at this till, with offers


@dataclass(frozen=True)
class Room:
    """What is left of a hard offer's budget."""

    uses: int
    money: int


@dataclass(frozen=True)
class Holding:
    """Everything that pricing a basket takes, by the offers' keys in the basket."""

    held: tuple[Held, ...]
    items: Mapping[str, dict[str, Any]]  # what stands on the list, by offer
    refused: Mapping[str, tuple[str, str]]  # by key: a code of WHY_NOT, a sentence stored with it
    titles: Mapping[str, str]
    coupons: Mapping[str, int]  # by key: the coupon's place
    handed: Sequence[Handed]
    rooms: Mapping[str, Room]  # of hard offers
    used: Used
    offers: Mapping[str, Offer]

    def without(self, key: str, code: str) -> "Holding":
        """The same without an offer that is refused by a code of WHY_NOT."""
        held = tuple(each for each in self.held if each.key != key)
        return replace(self, held=held, refused={**self.refused, key: (code, "")})


def hold(statements: Statements, shopper: str | None) -> None:
    """Let nobody else use the household's offers until the transaction ends."""
    if shopper is not None:
        statements.rows(HOLD + statements.held, (shopper,))


def read(
    statements: Statements, request: Request, row: Stored | None, own: Collection[Transaction],
    handed: Sequence[Handed], claims: Collection[Claim],
) -> Holding:  # fmt: skip
    """What may be used; `own` reservations hold nothing back.

    handed: the coupons in their order; claims: the serial numbers that are the basket's to use.
    """
    refused = {each.claim for each in handed if each.claim} - set(claims)
    waiting = serials.waiting(statements, refused, request.now)
    items = {item["offer"]: item for item in row.content["offers"]} if row else {}
    offers = read_offers(statements, [*items, *(each.offer for each in handed)])
    used = used_by(statements, request, row, offers, own)
    found = _Held(items, offers, used, statements.needs_line)
    for name in items:
        found.add(name)
    free = set(claims)
    for place, each in enumerate(handed):
        found.hand(f"coupon {place + 1}", place, each, free, waiting)
    hard = [offer.id for offer in offers.values() if offer.hard]
    return Holding(
        tuple(found.held), items, found.refused, found.titles, found.places, handed,
        rooms(statements, request, hard, own) if hard else {}, used, offers,
    )  # fmt: skip


def read_offers(statements: Statements, names: Iterable[str]) -> dict[str, Offer]:
    """The offers of some names that there are."""
    query = OFFERS.format(statements.among("o.id"))
    wanted = sorted(set(names))
    return {
        row[0]: Offer(row[0], row[1], bool(row[2]), row[3], row[4], *_terms(row[5]), row[6] or "",
                      row[7], row[8])
        for row in statements.rows(query, (statements.several(wanted),))
    }  # fmt: skip


@lru_cache(maxsize=20_000)
def _terms(stored: str) -> tuple[Terms, Mapping[str, Any]]:
    """Terms by what is stored: who changes an offer changes the key."""
    raw = json.loads(stored)
    return Terms.from_stored(raw), raw


def rooms(
    statements: Statements, request: Request, hard: Sequence[str], own: Collection[Transaction]
) -> dict[str, Room]:
    """What budgets of hard offers hold, less what baskets elsewhere have reserved."""
    query = RESERVED.format(statements.among("offer"))
    values = (statements.moment(request.now), None, statements.several(hard))
    uses, money = Counter[str](), Counter[str]()
    for offer, _, _, reserved, worth, *name in statements.rows(query, values):
        if Transaction(*name) not in own:
            uses[offer] += reserved
            money[offer] += worth
    return {
        each.id: Room(each.budget_uses - each.spent_uses - uses[each.id],
                      each.budget_money - each.spent_money - money[each.id])
        for each in read_offers(statements, hard).values()
    }  # fmt: skip


def goods(
    statements: Statements, held: Iterable[Held], products: Iterable[str], never: Sequence[str]
) -> tuple[Matches, set[str]]:
    """Which of the basket's products count to which purchases; those no offer may touch.

    never: categories.
    """
    offers = sorted({each.terms.id for each in held})
    matches: dict[str, list[tuple[str, int]]] = {}
    excluded = set()
    for product, offer, purchase in statements.goods(offers, sorted(set(products)), never):
        if offer is None:
            excluded.add(product)
        else:
            matches.setdefault(product, []).append((offer, purchase))
    return matches, excluded


class OnList(Protocol):
    """A list, and whose it is."""

    @property
    def key_id(self) -> int:
        """With the counter, the list's serial."""

    @property
    def counter(self) -> int:
        """See key_id."""

    @property
    def shopper(self) -> str:
        """The household."""


def used_by(
    statements: Statements, request: Made, row: OnList | None, offers: Collection[str],
    own: Collection[Transaction],
) -> Used:  # fmt: skip
    """What a household has used of some offers; `own` reservations do not count."""
    used = Used(Taken.nothing(), Taken.nothing(), Counter(), set())
    if row is None:
        return used
    on, day, till = (row.key_id, row.counter), request.name.day, request.name[:2]
    hour = (statements.moment(request.instant - WITHIN), statements.moment(request.instant))
    for use in statements.uses_elsewhere(row.shopper):
        is_on = (use.key_id, use.counter) == on
        for taken in (used.paid, used.with_reserved):
            taken.add(use.offer, use.uses, on_list=is_on, today=use.day == day)
        used.promised[use.offer] += use.promised * is_on
    query = USES.format(statements.uses, statements.among("r.offer"))
    values = (*hour, row.shopper, statements.several(offers), *hour)
    for offer, key_id, counter, uses, promised, on_day, kind, *name, late in statements.rows(
        query, values
    ):
        is_on = (key_id, counter) == on
        for taken in (used.paid, used.with_reserved):
            taken.add(offer, uses, on_list=is_on, today=on_day == day)
        used.promised[offer] += promised * is_on
        if late and kind == "redeem" and tuple(name[:2]) == till:
            used.baskets.add(Transaction(*name))
    query = RESERVED.format(statements.among("offer"))
    now = statements.moment(request.now)
    for offer, key_id, counter, uses, _, *name in statements.rows(
        query, (now, row.shopper, statements.several(()))
    ):
        if Transaction(*name) not in own:
            is_on = (key_id, counter) == on
            used.with_reserved.add(offer, uses, on_list=is_on, today=name[2] == day)
    return used


class _Held:
    """Offers taken up one by one: those that can be used, and why others cannot."""

    def __init__(
        self, items: Mapping[str, dict[str, Any]], offers: Mapping[str, Offer], used: Used,
        needs_line: Callable[[Terms], bool],
    ) -> None:  # fmt: skip
        self.items, self.offers, self.used = items, offers, used
        self.needs_line = needs_line
        self.held: list[Held] = []
        self.refused: dict[str, tuple[str, str]] = {}
        self.titles: dict[str, str] = {}
        self.places: dict[str, int] = {}
        self.before = Counter[str]()  # uses that the same offer may have had in this basket

    def add(self, name: str) -> None:
        """Take up an offer of the list."""
        offer, item = self.offers.get(name), self.items[name]
        self.titles[name] = item["title"]
        if offer is None:
            self.titles[name], self.refused[name] = "", ("unknown_coupon", "")
        elif offer.state == "stopped":
            self.refused[name] = ("stopped", offer.sentence)
        elif self.needs_line(offer.terms):
            self.refused[name] = ("needs_line", "")
        else:
            loyalty, _, volume = item["cell"].partition("/")
            self._hold(name, offer.terms, offer.terms.number((loyalty, volume)), item)

    def hand(
        self, key: str, place: int, handed: Handed, free: set[Claim], waiting: Collection[Claim]
    ) -> None:
        """Take up a coupon that is handed over; its serial number is free no more.

        waiting: serial numbers that baskets elsewhere hold and have not paid.
        """
        self.places[key] = place
        offer = self.offers.get(handed.offer)
        terms = handed.terms or (offer.terms if offer else None)
        self.titles[key] = terms.title if terms and not terms.printable else ""
        if handed.why:
            self.refused[key] = (handed.why, "")
        elif offer is not None and offer.state == "stopped":
            self.refused[key] = ("stopped", offer.sentence)
        elif terms is None or terms.printable:
            self.refused[key] = ("unknown_coupon", "")
        elif offer is not None and self.needs_line(offer.terms):
            self.refused[key] = ("needs_line", "")
        elif handed.claim is not None and handed.claim not in free:
            self.refused[key] = ("reserved" if handed.claim in waiting else "coupon_used", "")
        else:
            free.discard(handed.claim or ("", ""))
            self._hold(key, terms, terms.reward.number, None)

    def _hold(self, key: str, terms: Terms, number: int, item: dict[str, Any] | None) -> None:
        """A second coupon of an offer has what the first may leave."""
        on_list, before = None if item is None else item.get("uses", 1), self.before[terms.id]
        left = self.used.with_reserved.left(terms, on_list, before)
        if _is_gone(left) and not _is_gone(self.used.paid.left(terms, on_list, before)):
            self.refused[key] = ("reserved", "")
            return
        self.before[terms.id] += terms.uses.per_list
        self.held.append(Held(key, terms, number, left, key in self.places))


def _is_gone(left: Left) -> bool:
    return any(each is not None and each <= 0 for each in left)
