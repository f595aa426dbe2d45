"""A late sale's uses held against what lists, households, days and budgets still allow.

The first one that head office hears of has an offer's use; the one that comes after it is booked as
well, since the shopper has had it, and is a conflict.
"""

import copy
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from promo.checkout import booking, holding, serials
from promo.checkout.handed import Claim, claim_of
from promo.checkout.holding import Offer, Used
from promo.checkout.pack.conflicts import OF_USES, Conflict, together
from promo.checkout.pack.decisions import Decision
from promo.checkout.request import Made
from promo.checkout.statements import Statements

SHEET = """select key_id, counter, shopper, cast(night as text), cast(content as text)
from lists where code = ?"""
EARLIER = """select cast(content as text) from earlier_issues where key_id = ? and counter = ?"""
KNOWN = "select id from offers where {}"
STOPPED = "select offer, cast(at as text) from offer_events where kind = 'stopped' and {}"
FOR_GOOD = datetime.max.replace(tzinfo=UTC)  # a sale that was made goes before what is reserved
Row = dict[str, Any]


class Sheet(NamedTuple):
    """A list as it is stored now."""

    key_id: int
    counter: int
    shopper: str
    night: str
    items: Mapping[str, Mapping[str, Any]]  # by offer
    earlier: frozenset[str]  # offers that stood on it before it was issued anew


@dataclass
class Judged:
    """A sale's rows of `redemptions`, its content as it is stored, and its conflicts."""

    rows: list[Row] = field(default_factory=list)
    content: dict[str, Any] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)


def sheet_of(statements: Statements, code: str | None) -> Sheet | None:
    """The list of a code, unless it went with its household."""
    for key_id, counter, shopper, night, content in statements.rows(SHEET, (code,)):
        items = {item["offer"]: item for item in json.loads(content)["offers"]}
        earlier = frozenset(
            item["offer"]
            for (issue,) in statements.rows(EARLIER, (key_id, counter))
            for item in json.loads(issue)["offers"]
        )
        return Sheet(key_id, counter, shopper, night, items, earlier)
    return None


def known(statements: Statements, offers: Iterable[str]) -> set[str]:
    """Those of some offers that there are."""
    query = KNOWN.format(statements.among("id"))
    return {name for (name,) in statements.rows(query, (statements.several(sorted(offers)),))}


def claim(statements: Statements, decision: Decision) -> set[Claim]:
    """Take the serial numbers that a sale used; returns those that no other sale has."""
    wanted = {each for each in map(_claim, decision.uses) if each is not None}
    if not wanted:
        return set()
    return serials.claim(statements, wanted, decision.name, FOR_GOOD, None)


def _claim(use: Mapping[str, Any]) -> Claim | None:
    coupon = use["lines"].get("coupon")
    return claim_of(coupon) if coupon else None


def judged(
    statements: Statements, decision: Decision, made: Made, sheet: Sheet | None, claims: set[Claim]
) -> Judged:
    """A sale's uses one after the other. Household and counters are held already."""
    names = sorted({use["offer"] for use in decision.uses})
    offers = holding.read_offers(statements, names)
    used = holding.used_by(statements, made, sheet, names, {made.name})
    judge = _Judge(made, sheet, offers, used, _stopped(statements, offers), claims)
    found = Judged(content=copy.deepcopy(decision.content))
    for use in decision.uses:
        kind = judge.kind(use)
        bearer = judge.bearer(use)
        row = judge.row(use)
        if kind is not None:
            on = (row["key_id"], row["counter"])
            found.conflicts.append(Conflict(kind, use["offer"], 1, use["money"], bearer, *on))
            if bearer != "manufacturer":
                row = _unfunded(row)
                _unfund(found.content, use)
        if kind != "unknown_offer":
            found.rows.append(row)
            judge.count(row)
    found.conflicts = together(found.conflicts)
    return found


def _stopped(statements: Statements, offers: Mapping[str, Offer]) -> dict[str, datetime]:
    """When offers were stopped."""
    wanted = sorted(name for name, offer in offers.items() if offer.state == "stopped")
    if not wanted:
        return {}
    query = STOPPED.format(statements.among("offer"))
    found = {}
    for name, at in statements.rows(query, (statements.several(wanted),)):
        moment = datetime.fromisoformat(at)
        found[name] = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return found


@dataclass
class _Judge:
    """What a sale's uses are held against; each use is counted in before the next is looked at."""

    made: Made
    sheet: Sheet | None
    offers: Mapping[str, Offer]
    used: Used
    stopped: Mapping[str, datetime]
    claims: Collection[Claim]
    spent: Counter[tuple[str, str]] = field(default_factory=Counter)

    def kind(self, use: Mapping[str, Any]) -> str | None:
        """The first kind of conflict that fits a use; None where it is sound."""
        offer = self.offers.get(use["offer"])
        if offer is None:
            return "unknown_offer"
        looks = {"withdrawn": self._is_withdrawn, "serial_used": self._has_no_serial,
                 "used_elsewhere": self._is_one_too_many, "over_budget": self._is_over}  # fmt: skip
        return next((name for name in OF_USES if name in looks and looks[name](use, offer)), None)

    def bearer(self, use: Mapping[str, Any]) -> str:
        """Who bears it if it is a conflict: what no offer says, the store."""
        offer = self.offers.get(use["offer"])
        return "store" if offer is None else offer.terms.offline.bearer

    def _is_withdrawn(self, use: Mapping[str, Any], _: Offer) -> bool:
        name, stopped = use["offer"], self.stopped.get(use["offer"])
        if use["key_id"] is not None and not self._stood(name):
            return True
        return stopped is not None and stopped <= self.made.instant

    def _stood(self, name: str) -> bool:
        sheet = self.sheet
        return sheet is not None and (name in sheet.items or name in sheet.earlier)

    def _has_no_serial(self, use: Mapping[str, Any], _: Offer) -> bool:
        wanted = _claim(use)
        return wanted is not None and wanted not in self.claims

    def _is_one_too_many(self, use: Mapping[str, Any], offer: Offer) -> bool:
        item = self._item(use)
        left = self.used.paid.left(offer.terms, None if item is None else item.get("uses", 1), 0)
        return any(each is not None and each <= 0 for each in left)

    def _is_over(self, use: Mapping[str, Any], offer: Offer) -> bool:
        if not offer.hard:
            return False
        uses, money = self.spent[offer.id, "uses"], self.spent[offer.id, "money"]
        return (
            offer.spent_uses + uses + 1 > offer.budget_uses
            or offer.spent_money + money + use["money"] > offer.budget_money
        )

    def _item(self, use: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """What stands on the list of a use that was made from it."""
        if use["key_id"] is None or self.sheet is None:
            return None
        return self.sheet.items.get(use["offer"], {} if self._stood(use["offer"]) else None)

    def row(self, use: Mapping[str, Any]) -> booking.Row:
        """The row of `redemptions`: household, night and promise are those of head office."""
        sheet, item, name = self.sheet, self._item(use), use["offer"]
        own = {each: use[each] for each in ("kind", "offer", "number", "uses", "units", "money",
                                            "funder_money", "lines")}  # fmt: skip
        own |= {"key_id": None, "counter": None, "shopper": sheet.shopper if sheet else None}
        own |= {"promised": 0, "worth": 0, "probability": 0.0}
        if item is None or sheet is None:
            return own
        own |= {"key_id": sheet.key_id, "counter": sheet.counter}
        if item:
            is_promised = self.used.promised[name] < item.get("uses", 1)
            own |= {"night": sheet.night, "promised": int(is_promised), "worth": item["worth"],
                    "probability": item["probability"]}  # fmt: skip
        return own

    def count(self, row: Mapping[str, Any]) -> None:
        """Count a use in."""
        name, on_list = row["offer"], row["key_id"] is not None
        self.used.promised[name] += row["promised"]
        self.spent[name, "uses"] += row["uses"]
        self.spent[name, "money"] += row["money"]
        if row["shopper"] is not None:
            self.used.paid.add(name, row["uses"], on_list=on_list, today=True)


# --- what the manufacturer does not pay -----------------------------------------------------------


def _unfunded(row: Row) -> Row:
    """The row of which nothing is claimed from the manufacturer."""
    said = row["lines"]
    lines = [line | {"manufacturer": 0, "store": line["off"]} for line in said["lines"]]
    return row | {"funder_money": 0, "lines": said | {"lines": lines, "handling": 0}}


def _unfund(content: dict[str, Any], use: Mapping[str, Any]) -> None:
    """The same in the sale as it is stored, from which returns are reckoned."""
    number = 0
    for sold in content.get("sale", {}).get("offers", ()):
        for each in sold["uses"] if sold["offer"] == use["offer"] else ():
            number += 1
            if number == use["number"]:
                each["handling"] = 0
                each["parts"] = [
                    [line, piece, off, 0, points] for line, piece, off, _, points in each["parts"]
                ]
