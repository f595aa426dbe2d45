"""A basket at the till: quoted without effect, reserved for a while, redeemed for good.

All three price alike. The order of what is held is always the same: the transaction's name, the
household, the offers' counters by their ids; so no two tills can wait for each other.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from promo.checkout import answers, booking, families, handed, holding, opening, serials, telling
from promo.checkout.basket.model import Answer, Rules, Together, Use
from promo.checkout.basket.near import near
from promo.checkout.basket.sale import Sale
from promo.checkout.finding_lists import Stored
from promo.checkout.handed import Claim, Handed
from promo.checkout.holding import Holding, Room
from promo.checkout.items import ItemError, Reader
from promo.checkout.refusals import Refuse
from promo.checkout.request import Request, Transaction
from promo.checkout.statements import Statements
from promo.config import Settings
from promo.lists.codes.keys import CodeKeys
from promo.offers.basket import Line, pieces
from promo.scans.item_codes import layouts_of


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
        layouts = layouts_of(self.settings.checkout.item_codes)
        return Reader(self.settings.currency, layouts)

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
    claims: frozenset[Claim] = frozenset()  # serial numbers that the basket has to itself

    @cached_property
    def used(self) -> list[Answer]:
        """The offers that are used."""
        return [answer for answer in self.given.answers if answer.uses]

    def handed_as(self, key: str) -> Handed | None:
        """The coupon that an offer in the basket is; None for one of the list."""
        place = self.holding.coupons.get(key)
        return None if place is None else self.holding.handed[place]

    @cached_property
    def of_key(self) -> dict[str, str]:
        """Offers by their keys in the basket."""
        return {each.key: each.terms.id for each in self.holding.held}


@dataclass(frozen=True)
class Done:
    """What a request did.

    answer: its bytes; uses, off: what a redeem gave, nothing where it is one sent again; spent:
    offers whose budgets that spent; household: whose basket it is, and its other baskets of the
    last hour at this till in which offers were used.
    """

    answer: bytes
    uses: int = 0
    off: int = 0
    spent: Sequence[str] = ()
    household: str | None = None
    baskets: Collection[Transaction] = ()


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
    until = request.now + timedelta(seconds=house.settings.checkout.reserve_seconds)
    found = _reckoned(statements, house, request, lines, hold=True, until=until)
    _free(statements, request.name, found.claims)
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
        _free(statements, name, found.claims)
    rows = list(_rows(found))
    spent = booking.book(statements, request, rows)
    content = _content(found)
    answer = answers.store(statements, request, telling.priced(request, found), content)
    household = found.row.shopper if found.row else None
    baskets = found.holding.used.baskets
    return Done(answer, len(rows), found.given.discount, spent, household, baskets)


def _free(statements: Statements, name: Transaction, kept: Collection[Claim]) -> None:
    """Let go what a transaction has reserved, and that it was told so."""
    booking.free(statements, name, kept)
    answers.forget(statements, name, "reserve")


def _lines(house: House, request: Request) -> list[Line]:
    try:
        return house.reader.lines(request.body["lines"])
    except ItemError as error:
        # Never the sentence, which says what was sent: it may be a card in the wrong field.
        fault = error.faults[0]
        raise Refuse("malformed", detail=f"`{fault.field}`: {fault.expected}.") from None


def _reckoned(
    statements: Statements, house: House, request: Request, lines: Sequence[Line],
    own: Iterable[Transaction] = (), *, hold: bool = False, until: datetime | None = None,
) -> Reckoned:  # fmt: skip
    """A basket priced, with everything that it uses held if wanted, for good or until a moment."""
    statements.check_good(request.now)
    row, own = _opened(statements, house, request), {request.name, *own}
    products = {line.product for line in lines}
    coupons, meant = _handed(statements, house, request, products)
    claims = _claims(statements, request, coupons, own, hold=hold, until=until)
    if hold:
        holding.hold(statements, row.shopper if row else None)
    found = holding.read(statements, request, row, own, coupons, claims)
    matches, excluded = holding.goods(statements, found.held, products, house.never)
    for product, pairs in meant.items():
        matches = {**matches, product: [*matches.get(product, ()), *pairs]}
    lines = [replace(line, excluded=True) if line.product in excluded else line for line in lines]

    def reckon(held: Holding) -> Reckoned:
        given = near(lines, held.held, matches, at=request.at, store=request.name.store,
                         rules=house.rules)  # fmt: skip
        return Reckoned(row, lines, held, given, matches, claims)

    if not hold:
        return _within_budgets(found, reckon)
    if found.rooms:
        _enter(statements, found, {each.key for each in found.held})
        offers = {each.terms.id for each in found.held}
        booking.hold_counters(statements, offers)
        rooms = holding.rooms(statements, request, sorted(found.rooms), own)
        reckoned = _within_budgets(replace(found, rooms=rooms), reckon)
    else:
        reckoned = reckon(found)
        used = {each.key for each in reckoned.used}
        _enter(statements, found, used)
        booking.hold_counters(statements, {reckoned.of_key[key] for key in used})
    return _without_unused(statements, request, reckoned)


def _handed(
    statements: Statements, house: House, request: Request, products: Collection[str]
) -> tuple[list[Handed], dict[str, list[tuple[str, int]]]]:
    """The coupons handed over, and what products those of makers mean."""
    settings, today = house.settings, request.at.date()
    found = [
        handed.read(code, settings.coupons, settings.currency, today)
        for code in request.body.get("coupons", ())
    ]
    if not any(each.groups or each.retailer for each in found):
        return found, {}
    any_of_maker = settings.coupons.families == "prefix"
    return families.fitting(statements, found, products, request.name.store,
                            any_of_maker=any_of_maker)  # fmt: skip


def _claims(
    statements: Statements, request: Request, coupons: Iterable[Handed],
    own: Collection[Transaction], *, hold: bool, until: datetime | None,
) -> frozenset[Claim]:  # fmt: skip
    """The serial numbers of the coupons that nobody else has; taken, if they are to be held."""
    wanted = {each.claim for each in coupons if each.claim is not None and not each.why}
    if not wanted:
        return frozenset()
    if not hold:
        return frozenset(serials.free_now(statements, wanted, own, request.now))
    for name in sorted(own):
        serials.let_go(statements, name)
    return frozenset(serials.claim(statements, wanted, request.name, request.now, until))


def _enter(statements: Statements, found: Holding, keys: Collection[str]) -> None:
    """Coupons that say themselves what they give become offers of the books."""
    booking.enter(
        statements,
        (each.terms for each in found.held if each.key in keys
         and each.coupon and found.handed[found.coupons[each.key]].terms is not None),
    )  # fmt: skip


def _without_unused(statements: Statements, request: Request, found: Reckoned) -> Reckoned:
    """The same, without the serial numbers of coupons that give nothing: they stay good."""
    if not found.claims:
        return found
    used = [found.handed_as(each.key) for each in found.used]
    claims = frozenset(each.claim for each in used if each is not None and each.claim is not None)
    serials.release(statements, request.name, found.claims - claims)
    return replace(found, claims=claims)


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
            own |= _on(found, answer.key) | _figures(found, answer.key, use)
            own |= {"promised": 0, "worth": 0, "probability": 0.0}
            if item is not None and row is not None:
                is_promised = promised[offer] < item.get("uses", 1)
                promised[offer] += is_promised
                own |= {
                    "night": row.night.isoformat(), "promised": int(is_promised),
                    "worth": item["worth"], "probability": item.get("probability", 0.0),
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


def _figures(found: Reckoned, key: str, use: Use) -> booking.Row:
    products = [line.product for line in found.lines]
    lines = telling.shares([(unit, part) for unit, part in use.parts.items()])
    coupon = found.handed_as(key)
    return {
        "units": len(use.parts), "money": use.discount, "funder_money": use.funder,
        "lines": {
            "lines": [line | {"product": products[line["line"]]} for line in lines],
            "handling": use.handling,
        }
        | ({"coupon": coupon.digits} if coupon is not None and coupon.digits else {}),
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
        "terms": _terms_of(found, used),
        "matches": {product: pairs for product, pairs in matches.items() if pairs},
    }


def _terms_of(found: Reckoned, used: Collection[str]) -> dict[str, Any]:
    """Terms as they are stored, of an 8110 coupon as it was read: it may have no row yet."""
    offers = found.holding.offers
    read = {each.terms.id: each.terms for each in found.holding.held if each.terms.id not in offers}
    return {
        name: offers[name].stored if name in offers else read[name].stored()
        for name in sorted(used)
    }
