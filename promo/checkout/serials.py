"""Serial numbers of coupons: each is good once. Who claims one first has it; the table decides.

Claims come before everything else that a sale holds, in the order of their names, so that no two
tills can wait for each other.
"""

import json
from collections.abc import Collection, Iterable
from datetime import datetime

from promo.checkout.handed import Claim
from promo.checkout.request import Transaction
from promo.checkout.statements import Statements

NAMED = 'store = ? and till = ? and day = ? and "transaction" = ?'
COLUMNS = {
    "coupon": "text", "serial": "text", "store": "text", "till": "text", "day": "date",
    '"transaction"': "text", "until": "timestamptz",
}  # fmt: skip
# A number that only a basket held, and no longer does, is free.
CLAIM = f"""insert into coupon_serials ({", ".join(COLUMNS)}) select {", ".join(COLUMNS)} from {{}}
where true order by coupon, serial on conflict (coupon, serial) do update set
store = excluded.store, till = excluded.till, day = excluded.day,
"transaction" = excluded."transaction", until = excluded.until
where coupon_serials.until <= ? returning coupon, serial"""
HELD = """select coupon, serial, until is null, store, till, cast(day as text), "transaction"
from coupon_serials where {} and (until is null or until > ?)"""
RESERVED = f"select coupon, serial from coupon_serials where {NAMED} and until is not null"
RELEASE = f"delete from coupon_serials where coupon = ? and serial = ? and {NAMED}"
EXPIRED = "delete from coupon_serials where until < ?"


def claim(
    statements: Statements, wanted: Iterable[Claim], name: Transaction, now: datetime,
    until: datetime | None,
) -> set[Claim]:  # fmt: skip
    """Take serial numbers for a transaction; returns those that it got.

    until: when a basket that is not paid lets them go; None where they are used for good.
    """
    end = None if until is None else statements.moment(until)
    rows = [
        name._asdict() | {"coupon": coupon, "serial": serial, "until": end}
        for coupon, serial in sorted(set(wanted))
    ]
    if not rows:
        return set()
    query = CLAIM.format(statements.table(COLUMNS))
    got = statements.rows(query, (json.dumps(rows), statements.moment(now)))
    return {(coupon, serial) for coupon, serial in got}


def free_now(
    statements: Statements, wanted: Collection[Claim], own: Collection[Transaction], now: datetime
) -> set[Claim]:
    """The serial numbers that are free or that `own` have reserved, without taking them."""
    if not wanted:
        return set()
    query = HELD.format(statements.among("serial"))
    values = (statements.several(sorted({serial for _, serial in wanted})), statements.moment(now))
    held = {
        (coupon, serial)
        for coupon, serial, for_good, *name in statements.rows(query, values)
        if for_good or Transaction(*name) not in own
    }
    return set(wanted) - held


def waiting(statements: Statements, some: Collection[Claim], now: datetime) -> set[Claim]:
    """Those of some serial numbers that baskets hold which are not paid."""
    if not some:
        return set()
    query = HELD.format(statements.among("serial"))
    values = (statements.several(sorted({serial for _, serial in some})), statements.moment(now))
    return {
        (coupon, serial)
        for coupon, serial, for_good, *_ in statements.rows(query, values)
        if not for_good and (coupon, serial) in some
    }


def let_go(statements: Statements, name: Transaction, kept: Collection[Claim] = ()) -> None:
    """Give up what a transaction has reserved, but for some."""
    reserved = {(coupon, serial) for coupon, serial in statements.rows(RESERVED, name)}
    release(statements, name, reserved - set(kept))


def release(statements: Statements, name: Transaction, claims: Iterable[Claim]) -> None:
    """Let serial numbers that a transaction took be used again."""
    for coupon, serial in sorted(claims):
        statements.change(RELEASE, (coupon, serial, *name))


def sweep(statements: Statements, now: datetime) -> None:
    """Forget what baskets held that were never paid."""
    statements.change(EXPIRED, (statements.moment(now),))
