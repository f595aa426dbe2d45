"""Sales taken back: returns of some or all of it, and voids; what is given back is what was stored.

A return is read from the sale as it was stored, and a void from the rows of its uses; nothing is
priced again.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promo.checkout import answers, booking, sentences, serials, telling
from promo.checkout.answers import History
from promo.checkout.basket.giving_back import Back, Returned, give_back
from promo.checkout.basket.model import Part
from promo.checkout.basket.sale import Sale
from promo.checkout.booking import Row
from promo.checkout.handed import claim_of
from promo.checkout.refusals import Refuse
from promo.checkout.request import Made, Request, Transaction
from promo.checkout.statements import Statements
from promo.config import Settings
from promo.offers.basket import Unit
from promo.offers.terms import Terms

COLUMNS = """id, offer, key_id, counter, shopper, number, uses, units, money, funder_money,
cast(night as text), promised, worth, probability, cast(lines as text), reverses"""
NAMES = ("id", "offer", "key_id", "counter", "shopper", "number", "uses", "units", "money",
         "funder_money", "night", "promised", "worth", "probability", "lines",
         "reverses")  # fmt: skip
OF = f"""select {COLUMNS} from redemptions
where store = ? and till = ? and day = ? and "transaction" = ? and kind = 'redeem'"""
FIGURES = ("uses", "units", "money", "funder_money")
AMOUNTS = (*FIGURES, "promised")
SHARES = ("units", "off", "manufacturer", "store", "points")
SAME = ("offer", "key_id", "counter", "shopper", "number", "night", "worth", "probability")


def bring_back(statements: Statements, settings: Settings, request: Request) -> bytes:
    """A return. Raises Refuse."""
    answers.hold(statements, request.of)
    if (same := answers.given(statements, request)) is not None:
        return same
    stored = answers.history(statements, request.of)
    if stored.void:
        raise Refuse("voided")
    if stored.sale is None:
        raise Refuse(statements.unknown_sale)
    request.check_days(settings.checkout.late_days)
    taken = take(statements, request, stored, stored.sale, request.body.get("lines"))
    return answers.store(statements, request, _told_return(request, taken), taken.content)


@dataclass(frozen=True)
class Taken:
    """What a return took back: pieces that offers could touch, others, and what is paid."""

    back: Returned
    others: Sequence[Unit]
    refund: int

    @property
    def content(self) -> dict[str, Any]:
        """What later returns and a void need of it."""
        return self.back.stored() | {"others": [*map(list, self.others)], "paid": self.refund}


def take(
    statements: Statements, made: Made, stored: History, sale: Mapping[str, Any],
    lines: Sequence[Mapping[str, int]] | None,
) -> Taken:  # fmt: skip
    """Take pieces of a sale back, all that are left where no line is named. Raises Refuse."""
    found = Bringing(stored, sale)
    units, others = found.wanted(lines)
    terms = {name: Terms.from_stored(each) for name, each in sale["terms"].items()}
    back = give_back(found.sale, units, found.earlier, terms, sale["matches"])
    _book_return(statements, made, found, back)
    return Taken(back, others, back.refund + sum(found.others[unit] for unit in others))


def to_pay(sale: Mapping[str, Any]) -> int:
    """What was paid for a sale."""
    sold = Sale.from_stored(sale["sale"])
    off = sum(use.discount for each in sold.offers for use in each.uses)
    others: int = sum(price for _, _, price in sale["others"])
    return sum(sold.prices.values()) + others - off


def paid_back(stored: History) -> int:
    """What returns have paid out of a sale."""
    return sum(each.get("paid", each["refund"]) for each in stored.returns)


def void(statements: Statements, settings: Settings, request: Request) -> bytes:
    """A sale that is to be as if it had never been; one that never was can then no longer be.

    Raises Refuse.
    """
    answers.hold(statements, request.of)
    if (same := answers.given(statements, request)) is not None:
        return same
    stored = answers.history(statements, request.of)
    if stored.void:
        raise Refuse("voided")
    if stored.only_answered and not statements.has_all_uses:
        raise Refuse(statements.unknown_sale)
    known = stored.sale is not None or stored.only_answered
    if not known and answers.is_return(statements, request.of):
        raise Refuse("a_return")
    request.check_days(settings.checkout.late_days)
    rows = undo(statements, request)
    told = _told_void(request, rows, known=known)
    return answers.store(statements, request, told, {"paid": paid_back(stored)})


def undo(statements: Statements, made: Made) -> list[Row]:
    """Take back all that is left of a sale's uses; returns that."""
    rows = _left(statements, made.of)
    booking.free(statements, made.of)
    answers.forget(statements, made.of, "reserve")
    booking.hold_counters(statements, (row["offer"] for row in rows))
    booking.book(statements, made, [_reversal("void", row, row) for row in rows])
    _release(statements, made, rows)
    return rows


# --- returns --------------------------------------------------------------------------------------


@dataclass
class Bringing:
    """A sale and what was brought back of it before."""

    stored: History
    content: Mapping[str, Any]
    sale: Sale = field(init=False)
    earlier: list[Returned] = field(init=False)
    others: dict[Unit, int] = field(init=False)  # prices of pieces that no offer could touch
    gone: set[Unit] = field(init=False)

    def __post_init__(self) -> None:
        self.sale = Sale.from_stored(self.content["sale"])
        self.earlier = [Returned.from_stored(each) for each in self.stored.returns]
        self.others = {(line, n): price for line, n, price in self.content["others"]}
        self.gone = {unit for each in self.earlier for unit in each.units}
        self.gone |= {(line, n) for each in self.stored.returns for line, n in each["others"]}

    def wanted(self, lines: Sequence[Mapping[str, int]] | None) -> tuple[list[Unit], list[Unit]]:
        """Pieces that come back: those that offers could touch, and others. Raises Refuse."""
        if lines is None:
            units = [unit for unit in self.sale.prices if unit not in self.gone]
            others = [unit for unit in self.others if unit not in self.gone]
        else:
            units, others = [], []
            asked = Counter[int]()
            for each in lines:
                asked[each["line"]] += each["quantity"]
            for line, quantity in asked.items():
                mine = self.sale.pick(line, quantity, self.gone)
                rest = [unit for unit in sorted(self.others)
                        if unit[0] == line and unit not in self.gone]  # fmt: skip
                rest = rest[: quantity - len(mine)]
                if len(mine) + len(rest) < quantity:
                    raise Refuse("not_left", detail=f"`lines`: line {line} has fewer left.")
                units += mine
                others += rest
        if not units and not others:
            raise Refuse("not_left")
        return sorted(units), sorted(others)

    def count(self, line: int) -> int:
        """How many pieces of a line are left."""
        return sum(unit[0] == line for unit in {*self.sale.prices, *self.others} - self.gone)

    def numbers(self) -> dict[tuple[str, int], int]:
        """The number in `redemptions` of each use, by its key in the basket and its own number."""
        found, last = {}, Counter[str]()
        for sold in self.sale.offers:
            for use in sold.uses:
                last[sold.offer] += 1
                found[sold.key, use.number] = last[sold.offer]
        return found

    def pieces_back(self, back: Back) -> list[Unit]:
        """The pieces of which this return takes all that earlier ones have left."""
        left = {
            unit: part
            for sold in self.sale.offers
            for use in sold.uses
            if (sold.key, use.number) == (back.key, back.number)
            for unit, part in use.parts.items()
        }
        for each in (b for r in self.earlier for b in r.uses):
            if (each.key, each.number) == (back.key, back.number):
                left |= {unit: _less(left[unit], part) for unit, part in each.parts.items()}
        return [unit for unit, part in back.parts.items() if left[unit] == part]


def _less(one: Part, other: Part) -> Part:
    return Part(one.off - other.off, one.funder - other.funder, one.points - other.points)


def _book_return(statements: Statements, made: Made, found: Bringing, back: Returned) -> None:
    """Write a row of `redemptions` for each use that gives something up."""
    if not back.uses:
        return
    uses = {(row["offer"], row["number"]): row for row in _rows(statements, made.of)}
    numbers, rows, products = found.numbers(), list[Row](), found.sale.products
    again = list[Row]()
    for each in back.uses:
        lines = telling.shares(each.parts.items())
        taken = {
            "uses": each.uses, "units": len(found.pieces_back(each)), "money": each.discount,
            "funder_money": each.funder, "promised": 0,
            "lines": {
                "lines": [line | {"product": products[line["line"]]} for line in lines],
                "handling": each.handling,
            },
        }  # fmt: skip
        use = uses[each.offer, numbers[each.key, each.number]]
        again += [use] * each.uses
        rows.append(_reversal("return", use, taken))
    booking.hold_counters(statements, (row["offer"] for row in rows))
    booking.book(statements, made, rows)
    _release(statements, made, again)


def _told_return(request: Request, taken: Taken) -> dict[str, Any]:
    """What the till is told: sale_bodies.GivenBack."""
    back, refund = taken.back, taken.refund
    offers = _by_offer(
        {"offer": each.offer, "uses": each.uses, "lines": telling.shares(each.parts.items())}
        for each in back.uses
    )
    sums = telling.summed(offers)
    lines = Counter(unit[0] for unit in (*back.units, *taken.others))
    cashier, shopper = sentences.of_return(refund, sums["points"], request.language)
    return request.name._asdict() | {"of": request.of._asdict(), "refund": refund} | sums | {
        "lines": [{"line": line, "quantity": lines[line]} for line in sorted(lines)],
        "offers": offers, "cashier": cashier, "shopper": shopper,
    }  # fmt: skip


# --- voids ----------------------------------------------------------------------------------------


def _told_void(request: Request, rows: Sequence[Row], *, known: bool) -> dict[str, Any]:
    """What the till is told: sale_bodies.Voided."""
    offers = _by_offer(
        {"offer": row["offer"], "uses": row["uses"], "lines": [
            {name: value for name, value in line.items() if name != "product"}
            for line in row["lines"]["lines"]
        ]}
        for row in rows
    )  # fmt: skip
    sums = telling.summed(offers)
    cashier, shopper = sentences.of_void(known, request.language)
    return request.name._asdict() | {
        "of": request.of._asdict(), "known": known, "off": sums["off"], "points": sums["points"],
        "offers": offers, "cashier": cashier, "shopper": shopper,
    }  # fmt: skip


def _left(statements: Statements, name: Transaction) -> list[Row]:
    """The uses of a sale of which something is left, less what was taken back of each."""
    rows = _rows(statements, name)
    by_id = {row["id"]: row for row in rows}
    query = f"select {COLUMNS} from redemptions where {statements.among('reverses')}"
    for values in statements.rows(query, (statements.several(by_id),)) if rows else ():
        back = _row(values)
        use = by_id[back["reverses"]]
        for amount in AMOUNTS:
            use[amount] += back[amount]
        use["lines"] = {
            "lines": _added(use["lines"]["lines"], back["lines"]["lines"]),
            "handling": use["lines"]["handling"] + back["lines"]["handling"],
        }
    return [row for row in rows if any(row[name] for name in FIGURES)]


def _rows(statements: Statements, name: Transaction) -> list[Row]:
    return [_row(values) for values in statements.rows(OF, name)]


def _row(values: tuple[Any, ...]) -> Row:
    row = dict(zip(NAMES, values, strict=True))
    said = json.loads(row["lines"])
    lines = {"lines": said.get("lines", []), "handling": said.get("handling", 0)}
    return row | {"lines": lines, "coupon": said.get("coupon")}


# --- both -----------------------------------------------------------------------------------------


def _reversal(kind: str, use: Row, taken: Mapping[str, Any]) -> Row:
    """The row that takes something of a use back."""
    lines = [line | {name: -line[name] for name in SHARES} for line in taken["lines"]["lines"]]
    return (
        {name: use[name] for name in SAME}
        | {name: -taken[name] for name in AMOUNTS}
        | {"kind": kind, "reverses": use["id"]}
        | {"lines": {"lines": lines, "handling": -taken["lines"]["handling"]}}
    )


def _by_offer(backs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What each offer gives up: sale_bodies.OfferBack."""
    found: dict[str, dict[str, Any]] = {}
    for back in backs:
        one = found.setdefault(back["offer"], {"offer": back["offer"], "uses": 0, "lines": []})
        one["uses"] += back["uses"]
        one["lines"] = _added(one["lines"], back["lines"])
    for one in found.values():
        one |= {name: sum(line[name] for line in one["lines"]) for name in SHARES}
    return list(found.values())


def _release(statements: Statements, made: Made, uses: Iterable[Row]) -> None:
    """Let the serial numbers of coupons that may be used again be taken again."""
    claims = (claim_of(row["coupon"]) for row in uses if row["coupon"])
    serials.release(statements, made.of, {each for each in claims if each is not None})


def _added(
    some: Sequence[Mapping[str, Any]], more: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Shares by line, added up; lines of which nothing is left are left out."""
    found: dict[int, dict[str, Any]] = {}
    for line in (*some, *more):
        one = found.setdefault(line["line"], dict(line) | dict.fromkeys(SHARES, 0))
        for name in SHARES:
            one[name] += line[name]
    return [one for _, one in sorted(found.items()) if any(one[name] for name in SHARES)]
