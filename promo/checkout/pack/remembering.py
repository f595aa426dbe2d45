"""What head office answered, remembered here: a till that asks again when the line has fallen gets
the same bytes, and what was used stays used.

Mostly the machine comes to the very same answer by itself; then it knows the sale whole, and can
take goods back with no line. Else it knows what was used and no more, and sends whoever brings
goods back to head office.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from sqlite3 import IntegrityError
from typing import Any

from promo.checkout import answers, booking, selling, taking_back
from promo.checkout.answers import Given
from promo.checkout.booking import Row
from promo.checkout.holding import read_offers
from promo.checkout.pack.pack_statements import PackStatements
from promo.checkout.refusals import Refuse
from promo.checkout.request import Request
from promo.checkout.selling import House
from promo.lists.codes import open_code
from promo.lists.lookup import Refused


class _Differs(Exception):
    """What would be answered here is not what was answered."""


def remember(statements: PackStatements, house: House, request: Request, said: bytes) -> None:
    """Keep what head office answered to a redeem, return or void, in the caller's transaction."""
    if answers.given(statements, request) is not None:
        return
    driver = statements.driver
    driver.execute("savepoint by_itself")
    try:
        if _done(statements, house, request) != said:
            raise _Differs
    except (_Differs, Refuse, Refused, IntegrityError):
        driver.execute("rollback to by_itself")
        _keep(statements, house, request, said)
    driver.execute("release by_itself")


def _done(statements: PackStatements, house: House, request: Request) -> bytes:
    if request.verb == "redeem":
        return selling.redeem(statements, house, request).answer
    take = taking_back.bring_back if request.verb == "return" else taking_back.void
    return take(statements, house.settings, request)


def _keep(statements: PackStatements, house: House, request: Request, said: bytes) -> None:
    """Keep the bytes, and what was used or is good again."""
    answers.keep(statements, request, Given(request.verb, request.digest, said, {}))
    if request.verb == "redeem":
        rows = _used(statements, house, json.loads(said))
        booking.hold_counters(statements, (row["offer"] for row in rows))
        booking.book(statements, request, rows)
    elif request.verb == "void":
        taking_back.undo(statements, request)


def _used(statements: PackStatements, house: House, told: Mapping[str, Any]) -> list[Row]:
    """A row of `redemptions` for each use that an answer tells of, of offers that are known here.

    What is not in the pack cannot be given here in any case.
    """
    known = read_offers(statements, [each["offer"] for each in told["offers"]])
    on: Row = {"key_id": None, "counter": None, "shopper": None}
    if "list_code" in told:
        opened = open_code(house.keys, told["list_code"])
        found = statements.pack.lists_of_code(opened.key_id, opened.counter)
        on = {"key_id": opened.key_id, "counter": opened.counter,
              "shopper": found[0].shopper if found else None}  # fmt: skip
    rows, numbers = list[Row](), Counter[str]()
    for offer in told["offers"]:
        name, is_coupon = offer["offer"], "coupon" in offer
        own = on | ({"key_id": None, "counter": None} if is_coupon else {})
        for figures in _of_each_use(offer) if name in known else ():
            numbers[name] += 1
            rows.append(own | figures | {
                "kind": "redeem", "offer": name, "number": numbers[name], "uses": 1,
                "promised": 0, "worth": 0, "probability": 0.0,
            })  # fmt: skip
    return rows


def _of_each_use(offer: Mapping[str, Any]) -> Iterator[Row]:
    """The figures of each use: an answer tells those of all together, so each has its part."""
    uses = offer["uses"]
    for n in range(uses):
        lines = [_share(line, n, uses) for line in offer["lines"]]
        money, funder = (sum(line[name] for line in lines) for name in ("off", "manufacturer"))
        yield {
            "units": _part(offer["units"], n, uses), "money": money, "funder_money": funder,
            "lines": {"lines": lines, "handling": 0},
        }  # fmt: skip


def _share(line: Mapping[str, int], n: int, uses: int) -> dict[str, int]:
    part = {name: _part(line[name], n, uses) for name in ("units", "off", "manufacturer", "points")}
    return part | {"line": line["line"], "store": part["off"] - part["manufacturer"]}


def _part(figure: int, n: int, uses: int) -> int:
    return figure // uses + (n < figure % uses)
