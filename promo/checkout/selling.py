"""A basket at the till: quoted without effect, reserved for a while, redeemed for good.

All three price alike. The order of what is held is always the same: the transaction's name, the
household, the offers' counters by their ids; so no two tills can wait for each other.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from functools import cached_property
from typing import Any

from promo.checkout import answers, booking, holding, opening, telling
from promo.checkout.basket.model import Answer, Rules, Together, Use
from promo.checkout.basket.near import near
from promo.checkout.basket.sale import Sale
from promo.checkout.holding import Holding, Room
from promo.checkout.items import ItemError, Reader
from promo.checkout.opening import Stored
from promo.checkout.refusals import Refuse
from promo.checkout.request import Request, Transaction
from promo.checkout.statements import Statements
from promo.checkout.variable import LAYOUTS
from promo.config import Settings
from promo.lists.codes.keys import CodeKeys
from promo.offers.basket import Line, pieces


@dataclass(frozen=True)
class House:
    """What all tills of a chain have in common."""

    settings: Settings
    keys: CodeKeys

    @cached_property
    def rules(self) -> Rules:
        """How offers that compete are decided on."""
        return Rules(self.settings.checkout.policy)

    @cached_property
    def reader(self) -> Reader:
        """How items are read."""
        country = self.settings.checkout.item_codes
        return Reader(self.settings.currency, LAYOUTS[country] if country else {})

    @cached_property
    def never(self) -> Sequence[str]:
        """Categories that no offer touches, and that count to no threshold."""
        categories = self.settings.categories
        return sorted(categories.restricted | categories.not_grocery | categories.unlisted)


@dataclass(frozen=True)
class Reckoned:
    """A basket priced; `row` is the list, if there is one."""

    row: Stored | None
    lines: Sequence[Line]
    holding: Holding
    given: Together
    matches: Any

    @cached_property
    def used(self) -> list[Answer]:
        """The offers that are used."""
        return [answer for answer in self.given.answers if answer.uses]

    @cached_property
    def of_key(self) -> dict[str, str]:
        """Offers by their keys in the basket."""
        return {each.key: each.terms.id for each in self.holding.held}


@dataclass(frozen=True)
class Done:
    """A redeem: the answer's bytes; whether the household's baskets were many."""

    answer: bytes
    many_baskets: bool = False
    spent: Sequence[str] = ()


def quote(statements: Statements, house: House, request: Request) -> bytes:
    """What a basket would get. Raises Refuse, lookup.Refused."""
    lines = _lines(house, request)
    request.check_days(house.settings.checkout.late_days)
    return answers.as_bytes(telling.priced(request, _reckoned(statements, house, request, lines)))


def reserve(statements: Statements, house: House, request: Request) -> bytes:
    """The same, and what it uses is held until a moment. Raises Refuse, lookup.Refused."""
    lines = _lines(house, request)
    answers.hold(statements, request.name)
    before = answers.history(statements, request.name)
    if before.void or before.sale is not None:
        raise Refuse("voided" if before.void else "conflict")
    if (same := answers.still_reserved(statements, request)) is not None:
        return same
    request.check_days(house.settings.checkout.late_days)
    found = _reckoned(statements, house, request, lines, hold=True)
    until = request.now + timedelta(seconds=house.settings.checkout.reserve_seconds)
    _free(statements, request.name)
    booking.reserve(statements, _reserved(found, request, statements.moment(until)))
    end = {"reserved_until": until.astimezone(UTC).isoformat()}
    return answers.store(statements, request, telling.priced(request, found) | end, end)


def redeem(statements: Statements, house: House, request: Request) -> Done:
    """A basket that is paid: its offers are used. Raises Refuse, lookup.Refused."""
    lines = _lines(house, request)
    answers.hold(statements, request.name)
    before = answers.before(statements, request)
    if before.answer is not None:
        return Done(before.answer)
    if before.void:
        raise Refuse("voided")
    request.check_days(house.settings.checkout.late_days)
    own = {request.name} if before.reserved else set[Transaction]()
    if "reservation" in request.body:
        own.add(Transaction.of(request.body["reservation"]))
    found = _reckoned(statements, house, request, lines, own, hold=True)
    for name in sorted(own):
        _free(statements, name)
    spent = booking.book(statements, request, list(_rows(found)))
    content = _content(found)
    answer = answers.store(statements, request, telling.priced(request, found), content)
    baskets = found.holding.used.baskets | ({request.name} if found.used else set())
    many = bool(found.used) and len(baskets) >= house.settings.checkout.flag_baskets
    return Done(answer, many, spent)


def _free(statements: Statements, name: Transaction) -> None:
    """Let go what a transaction has reserved, and that it was told so."""
    booking.free(statements, name)
    answers.forget(statements, name, "reserve")


def _lines(house: House, request: Request) -> list[Line]:
    try:
        return house.reader.lines(request.body["lines"])
    except ItemError as error:
        raise Refuse("malformed", detail=f"`{error.faults[0].field}`: "
                     f"{error.faults[0].sentence}") from None  # fmt: skip


def _reckoned(
    statements: Statements, house: House, request: Request, lines: Sequence[Line],
    own: Iterable[Transaction] = (), *, hold: bool = False,
) -> Reckoned:  # fmt: skip
    """A basket priced, with everything that it uses held if wanted."""
    row, own = _opened(statements, house, request), {request.name, *own}
    if hold:
        holding.hold(statements, row.shopper if row else None)
    found = holding.read(statements, request, row, own)
    never = (found.held, {line.product for line in lines}, house.never)
    matches, excluded = holding.goods(statements, *never)
    lines = [replace(line, excluded=True) if line.product in excluded else line for line in lines]

    def reckon(held: Holding) -> Reckoned:
        given = near(lines, held.held, matches, at=request.at, store=request.name.store,
                         rules=house.rules)  # fmt: skip
        return Reckoned(row, lines, held, given, matches)

    if not hold:
        return _within_budgets(found, reckon)
    if found.rooms:
        offers = {each.terms.id for each in found.held}
        booking.hold_counters(statements, offers)
        rooms = holding.rooms(statements, request, sorted(found.rooms), own)
        return _within_budgets(replace(found, rooms=rooms), reckon)
    reckoned = reckon(found)
    booking.hold_counters(statements, {reckoned.of_key[each.key] for each in reckoned.used})
    return reckoned


def _opened(statements: Statements, house: House, request: Request) -> Stored | None:
    day = request.at.date()
    if "card" in request.body:
        return opening.by_card(statements, request.body["card"], day)
    if "code" in request.body:
        prefix = house.settings.lists.ean_prefix
        desk = opening.desk(statements, request.name.store, prefix, day)
        return opening.by_code(statements, house.keys, request.body["code"], day, desk)
    return None


def _within_budgets(found: Holding, reckon: Callable[[Holding], Reckoned]) -> Reckoned:
    """The basket without the hard offers that their budgets do not hold."""
    reckoned = reckon(found)
    while (over := _over(reckoned)) is not None:
        found = found.without(over, "budget")
        reckoned = reckon(found)
    return reckoned


def _over(reckoned: Reckoned) -> str | None:
    """The last key of a hard offer that goes beyond its budget."""
    uses, money, found = Counter[str](), Counter[str](), None
    for answer in reckoned.used:
        offer = reckoned.of_key[answer.key]
        room: Room | None = reckoned.holding.rooms.get(offer)
        uses[offer] += len(answer.uses)
        money[offer] += answer.discount
        if room is not None and (uses[offer] > room.uses or money[offer] > room.money):
            found = answer.key
    return found


def _rows(found: Reckoned) -> Iterable[booking.Row]:
    """A row of `redemptions` for each use."""
    numbers, promised = Counter[str](), Counter(found.holding.used.promised)
    row = found.row
    for answer in found.used:
        offer = found.of_key[answer.key]
        item = None if answer.key in found.holding.coupons else found.holding.items.get(offer)
        for use in answer.uses:
            numbers[offer] += 1
            own = {"kind": "redeem", "offer": offer, "number": numbers[offer], "uses": 1}
            own |= _on(found, answer.key) | _figures(found, use)
            own |= {"promised": 0, "worth": 0, "probability": 0.0}
            if item is not None and row is not None:
                is_promised = promised[offer] < item.get("uses", 1)
                promised[offer] += is_promised
                own |= {
                    "night": row.night.isoformat(), "promised": int(is_promised),
                    "worth": item["worth"], "probability": item["probability"],
                }  # fmt: skip
            yield own


def _on(found: Reckoned, key: str) -> dict[str, Any]:
    """The list that an offer was used from, which a coupon was not, and the household."""
    row, is_coupon = found.row, key in found.holding.coupons
    if row is None:
        return {"key_id": None, "counter": None, "shopper": None}
    if is_coupon:
        return {"key_id": None, "counter": None, "shopper": row.shopper}
    return {"key_id": row.key_id, "counter": row.counter, "shopper": row.shopper}


def _figures(found: Reckoned, use: Use) -> booking.Row:
    products = [line.product for line in found.lines]
    lines = telling.shares([(unit, part) for unit, part in use.parts.items()])
    return {
        "units": len(use.parts), "money": use.discount, "funder_money": use.funder,
        "lines": {
            "lines": [line | {"product": products[line["line"]]} for line in lines],
            "handling": use.handling,
        },
    }  # fmt: skip


def _reserved(found: Reckoned, request: Request, until: str) -> list[dict[str, Any]]:
    """A row of `reservations` for each offer that a basket would use."""
    rows: dict[str, dict[str, Any]] = {}
    for answer in found.used:
        offer = found.of_key[answer.key]
        named = request.name._asdict() | _on(found, answer.key)
        none = {"offer": offer, "uses": 0, "money": 0, "until": until}
        one = rows.setdefault(offer, named | none)
        one["uses"] += len(answer.uses)
        one["money"] += answer.discount
    return list(rows.values())


def _content(found: Reckoned) -> dict[str, Any]:
    """What a return will need: the sale as it is, and the terms it was made by."""
    used = {found.of_key[answer.key] for answer in found.used}
    matches = {
        product: [pair for pair in pairs if pair[0] in used]
        for product, pairs in found.matches.items()
    }
    others = []
    if any(line.excluded for line in found.lines):
        others = pieces([replace(line, excluded=not line.excluded) for line in found.lines], {},
                        dearest=True)  # fmt: skip
    return {
        "sale": Sale.of(found.lines, found.holding.held, found.given).stored(),
        "others": [[*piece.unit, piece.price] for piece in others],
        "terms": {name: found.holding.offers[name].stored for name in sorted(used)},
        "matches": {product: pairs for product, pairs in matches.items() if pairs},
    }
