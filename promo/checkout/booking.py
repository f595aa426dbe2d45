"""Uses of offers written down: counters, rows of `redemptions`, alarms; in raw SQL, for tills wait.

promo.offers.redemptions writes the same rows for files; a test holds the two against each other.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic_core import to_json

from promo.checkout import serials
from promo.checkout.handed import Claim
from promo.checkout.request import Made, Transaction
from promo.checkout.statements import Statements
from promo.offers.counters import Counted, Spent
from promo.offers.handed import is_coupon
from promo.offers.terms import Terms

HELD = "select offer from offer_counters where {} order by offer "
# All or none, in one statement: the count is of the same moment as the rows.
ALL_HELD = """select offer from offer_counters where {0}
and (select count(*) from offer_counters where {0}) = ? order by offer """
MISSING = """insert into offer_counters (offer, uses, money) select name, 0, 0 from {}
where true on conflict (offer) do nothing"""
COUNT = """update offer_counters set uses = uses + n.more_uses, money = money + n.more_money from {}
where offer = n.name returning offer, uses, money,
(select budget_money from offers where id = offer),
(select budget_redemptions from offers where id = offer)"""
COLUMNS = {
    "kind": "text", "reverses": "bigint", "offer": "text", "key_id": "bigint",
    "counter": "bigint", "shopper": "text", "store": "text", "till": "text", "day": "date",
    "transaction": "text", "number": "bigint", "uses": "bigint", "units": "bigint",
    "money": "bigint", "funder_money": "bigint", "night": "date", "promised": "bigint",
    "worth": "bigint", "probability": "float8", "lines": "json", "at": "timestamptz",
}  # fmt: skip
QUOTED = {'"transaction"' if name == "transaction" else name: kind
          for name, kind in COLUMNS.items()}  # fmt: skip
INSERT = f"insert into redemptions ({', '.join(QUOTED)}) select {', '.join(QUOTED)} from {{}}"
LAST_ALARM = """select kind from offer_events where offer = ? and kind in ('exhausted', 'budget')
order by id desc limit 1"""
ALARM = "insert into offer_events (offer, at, kind, reason) values (?, ?, 'exhausted', ?)"
FREE = """delete from reservations where store = ? and till = ? and day = ? and "transaction" = ?
returning offer"""
RESERVED = {
    "store": "text", "till": "text", "day": "date", '"transaction"': "text", "offer": "text",
    "shopper": "text", "key_id": "bigint", "counter": "bigint", "uses": "bigint",
    "money": "bigint", "until": "timestamptz",
}  # fmt: skip
OFFER = {
    "id": "text", "starts": "date", "ends": "date", "funder": "text", "objective": "text",
    "hard": "boolean", "state": "text", "budget_money": "bigint", "budget_redemptions": "bigint",
    "terms": "json",
}  # fmt: skip
RESERVE = f"insert into reservations ({', '.join(RESERVED)}) select {', '.join(RESERVED)} from {{}}"
# What a string said itself is an offer from its first use on, so that the books can name it.
ENTER = f"""insert into offers ({", ".join(OFFER)}) select {", ".join(OFFER)} from {{}}
where true order by id on conflict (id) do nothing"""
Row = dict[str, Any]


def hold_counters(statements: Statements, offers: Iterable[str]) -> None:
    """Keep the counters of some offers for ourselves, as promo.offers.counters.lock does.

    Nothing is held before those that are missing are made: who waits to make one, and holds
    others, can be waited for by who has made it.
    """
    wanted = sorted(set(offers))
    if not wanted:
        return
    among, several = statements.among("offer"), statements.several(wanted)
    query = ALL_HELD.format(among) + statements.held
    if not statements.rows(query, (several, several, len(wanted))):
        names = json.dumps([{"name": name} for name in wanted])
        statements.change(MISSING.format(statements.table({"name": "text"})), (names,))
        statements.rows(HELD.format(among) + statements.held, (several,))


def book(statements: Statements, made: Made, rows: Collection[Row]) -> list[str]:
    """Write rows of `redemptions`, and count them; returns the offers whose budget that spent.

    Their counters are held already. A row has COLUMNS, but for those of the transaction.
    """
    if not rows:
        return []
    own = made.name._asdict() | {"at": statements.moment(made.instant)}
    written = to_json([dict.fromkeys(COLUMNS) | row | own for row in rows]).decode()
    statements.change(INSERT.format(statements.table(QUOTED)), (written,))
    more: dict[str, Row] = {}
    for row in rows:
        one = more.setdefault(row["offer"],
                              {"name": row["offer"], "more_uses": 0, "more_money": 0})  # fmt: skip
        one["more_uses"] += row["uses"]
        one["more_money"] += row["money"]
    types = {"name": "text", "more_uses": "bigint", "more_money": "bigint"}
    query = COUNT.format(statements.table(types))
    counted = statements.rows(query, (json.dumps(list(more.values())),))
    return [each[0] for each in counted if _alarm(statements, made, more[each[0]], each)]


def _alarm(statements: Statements, made: Made, more: Row, counted: tuple[Any, ...]) -> bool:
    """Store that a budget is spent, once for each size of it; returns whether it was now."""
    name, uses, money, budget_money, budget_uses = counted
    after, budget = Spent(money, uses), Spent(budget_money, budget_uses)
    before = Spent(money - more["more_money"], uses - more["more_uses"])
    if not Counted(before, after, budget).crossed:
        return False
    if [row[0] for row in statements.rows(LAST_ALARM, (name,))] == ["exhausted"]:
        return False
    reason = (f"spent {money} of {budget_money} minor units, "
              f"{uses} of {budget_uses} redemptions")  # fmt: skip
    statements.change(ALARM, (name, statements.moment(made.now), reason))
    return True


def enter(statements: Statements, terms: Iterable[Terms]) -> None:
    """Make offers of terms that stand on no file of offers, unless they are there."""
    rows = [
        {
            "id": each.id, "starts": each.starts.isoformat(), "ends": each.ends.isoformat(),
            "funder": each.funder, "objective": each.objective, "hard": each.hard, "state": "live",
            "budget_money": 0, "budget_redemptions": 0, "terms": each.stored(),
        }
        for each in {each.id: each for each in terms}.values()
    ]  # fmt: skip
    if rows:
        statements.change(ENTER.format(statements.table(OFFER)), (json.dumps(rows),))


def reserve(statements: Statements, rows: Collection[Mapping[str, Any]]) -> None:
    """Hold uses for a basket that is not paid yet."""
    if rows:
        written = json.dumps(list(rows))
        statements.change(RESERVE.format(statements.table(RESERVED)), (written,))


def free(statements: Statements, name: Transaction, kept: Collection[Claim] = ()) -> None:
    """Let go what a transaction has reserved; serial numbers of coupons but for some."""
    if any(is_coupon(offer) for (offer,) in statements.rows(FREE, name)):
        serials.let_go(statements, name, kept)
