"""What tills were answered, hold reserved, or took of coupons, against what was booked."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Row, Text, and_, cast, exists, func, or_, select, tuple_

from promo import tables
from promo.checking.findings import LOOK, Check, Finding
from promo.checking.journals import not_as_told
from promo.checking.look import Look
from promo.checkout.handed import Claim, claim_of
from promo.offers.handed import MARKS
from promo.scans.gtin import CodeError

ANSWER = tables.TillAnswer.__table__.c
USED = tables.Redemption.__table__.c
NAMES = ("store", "till", "day", "transaction")
KINDS = {"redeem": "redeem", "return": "return", "void": "void"}  # of rows, by an answer's verb
OVERDUE = timedelta(1)  # the service sweeps every hour
TOGETHER = 500  # transactions whose redemptions are read at a time
DIGEST = 32  # characters
FORGOTTEN = "forgotten"  # stands for the digest where the answer was cut with its household
RESTORE = "Restore the database from a backup."
Uses = Mapping[str, tuple[int, int]]  # uses and minor units, by offer


# --- answers --------------------------------------------------------------------------------------


def answers(look: Look) -> Iterator[Finding]:
    """Every answer of a till has its redemptions, and every redemption at a till its answer."""
    yield from _unnamed(look)
    columns = [ANSWER[name] for name in (*NAMES, "verb", "answer")]
    query = (
        select(*columns)
        .where(ANSWER.verb.in_(KINDS), ANSWER.digest != FORGOTTEN, ~not_as_told(ANSWER))
        .order_by(*columns[:-1])
    )
    some = list[Row[Any]]()
    for row in look.rows(query):
        some.append(row)
        if len(some) == TOGETHER:
            yield from _booked(look, some)
            some.clear()
    if some:
        yield from _booked(look, some)
    yield from _unanswered(look)


def _named(row: Row[Any]) -> str:
    return f"store {row.store}, till {row.till}, {row.day}, transaction {row.transaction}"


def _unnamed(look: Look) -> Iterator[Finding]:
    """Answers without what tells a request sent again from another one."""
    query = select(*(ANSWER[name] for name in (*NAMES, "verb", "digest"))).where(
        func.length(ANSWER.digest) != DIGEST, ANSWER.digest != FORGOTTEN
    )
    for row in look.rows(query.order_by(*(ANSWER[name] for name in (*NAMES, "verb")))):
        yield Finding(
            f"till_answers, {_named(row)}, {row.verb}", "its digest is", f"{row.digest!r}",
            f"{DIGEST} hexadecimal digits of the request",
            "The request sent again would be refused. " + RESTORE,
        )  # fmt: skip


def _booked(look: Look, some: list[Row[Any]]) -> Iterator[Finding]:
    found = _redeemed(look, some)
    for row in some:
        where = f"till_answers, {_named(row)}, {row.verb}"
        try:
            said = _said(row)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            yield Finding(where, "the answer cannot be read:", f"{error!r}", "an answer as JSON",
                          RESTORE)  # fmt: skip
            continue
        booked = found.get((*_key(row), KINDS[row.verb]), {})
        for offer in sorted(said.keys() | booked.keys()):
            told, rows = said.get(offer, (0, 0)), booked.get(offer, (0, 0))
            if row.verb == "void":  # of what was imported it does not know the money
                told, rows = (told[0], 0), (rows[0], 0)
            if told != rows:
                yield Finding(
                    where, f"the till was told of offer {offer}",
                    f"{told[0]} uses, {told[1]:,} minor units",
                    f"{rows[0]} uses, {rows[1]:,} minor units, as is booked",
                    "The shopper got what the till was told. " + RESTORE,
                )  # fmt: skip


def _key(row: Row[*tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in NAMES)


def _said(row: Row[Any]) -> dict[str, tuple[int, int]]:
    uses, money = Counter[str](), Counter[str]()
    for each in json.loads(bytes(row.answer))["offers"]:
        uses[each["offer"]] += each["uses"]
        money[each["offer"]] += each["off"]
    return {offer: (uses[offer], money[offer]) for offer in uses if uses[offer] or money[offer]}


def _redeemed(look: Look, some: list[Row[Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """What is booked of some transactions, as positive figures: by transaction, kind and offer."""
    own = [USED[name] for name in NAMES]
    query = (
        select(*own, USED.kind, USED.offer, func.sum(USED.uses).label("uses"),
               func.sum(USED.money).label("money"))
        .where(tuple_(*own).in_(sorted({_key(row) for row in some})))
        .group_by(*own, USED.kind, USED.offer)
    )  # fmt: skip
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in look.connection.execute(query):
        figures = abs(int(row.uses)), abs(int(row.money))
        if any(figures):
            found.setdefault((*_key(row), row.kind), {})[row.offer] = figures
    return found


def _unanswered(look: Look) -> Iterator[Finding]:
    """Redemptions at tills of days whose answers are all kept, and that no till was answered."""
    first = look.connection.execute(select(func.min(ANSWER.day))).scalar()
    kept = look.today - timedelta(look.settings.checkout.return_days - 1)
    begin = max(first or date.max, kept)
    mine = and_(*(ANSWER[name] == USED[name] for name in NAMES), ANSWER.verb == USED.kind)
    query = (
        select(*(USED[name] for name in NAMES), USED.kind, func.count().label("n"))
        .where(USED.day >= begin, cast(USED.lines, Text) != "{}", ~exists().where(mine))
        .group_by(*(USED[name] for name in NAMES), USED.kind)
        .order_by(*(USED[name] for name in NAMES), USED.kind)
    )
    for row in look.rows(query):
        yield Finding(
            f"redemptions, {_named(row)}", f"of this {row.kind} no answer is stored:",
            f"{row.n} rows", "an answer, stored in the same transaction",
            "The request sent again would be taken for a new one. " + RESTORE,
        )  # fmt: skip


# --- reservations ---------------------------------------------------------------------------------


def reservations(look: Look) -> Iterator[Finding]:
    """Nothing is held long past its time: the service that runs sweeps it away."""
    held: tuple[tuple[str, Any], ...] = (
        ("reservations", tables.Reservation), ("coupon_serials", tables.CouponSerial)
    )  # fmt: skip
    for name, table in held:
        query = select(func.count(), func.min(table.until)).where(table.until < look.now - OVERDUE)
        count, oldest = look.connection.execute(query).one()
        if count:
            yield Finding(
                name, f"{count:,} rows are past their time, the oldest since", f"{oldest}",
                "none for longer than a day: the service sweeps them away",
                "They hold nothing back any more. Does the service run? See `promo serve`.", LOOK,
            )  # fmt: skip


# --- serials --------------------------------------------------------------------------------------


def serials(look: Look) -> Iterator[Finding]:
    """Each serial number of a coupon that is used up was used by a sale that is booked."""
    table = tables.CouponSerial.__table__.c
    mine = and_(*(table[name] == USED[name] for name in NAMES), USED.kind == "redeem")
    query = (
        select(table.coupon, table.serial, *(table[name] for name in NAMES))
        .where(table.until.is_(None), ~exists().where(mine))
        .order_by(table.coupon, table.serial)
    )
    for row in look.rows(query):
        yield Finding(
            f"coupon_serials, {row.coupon} {row.serial}", "it was used up by", _named(row),
            "a transaction with redemptions",
            "Nobody can use the coupon. Restore the database, or take the row away.",
        )  # fmt: skip
    yield from _unclaimed(look)


def _unclaimed(look: Look) -> Iterator[Finding]:
    """Coupons with a serial number that a sale used, and that could be used again."""
    back = tables.Redemption.__table__.alias("back")
    query = (
        select(*(USED[name] for name in NAMES), cast(USED.lines, Text).label("said"))
        .where(
            or_(*(USED.offer.startswith(f"{mark}:") for mark in MARKS)),
            USED.kind == "redeem", ~exists().where(back.c.reverses == USED.id),
        )
        .order_by(USED.id)
    )  # fmt: skip
    claims = ((row, claim) for row in look.rows(query) if (claim := _claim(row.said)) is not None)
    while some := list(islice(claims, TOGETHER)):
        yield from _free(look, some)


def _claim(said: str) -> Claim | None:
    try:
        coupon = json.loads(said).get("coupon")
        return claim_of(coupon) if coupon else None
    except (ValueError, AttributeError, CodeError):
        return None  # the check `shares` names lines that cannot be read


def _free(look: Look, some: list[tuple[Row[Any], Claim]]) -> Iterator[Finding]:
    table = tables.CouponSerial
    key = tuple_(table.coupon, table.serial)
    wanted = sorted({claim for _, claim in some})
    rows = look.connection.execute(select(table.coupon, table.serial).where(key.in_(wanted)))
    taken = {(coupon, serial) for coupon, serial in rows}
    for row, claim in some:
        if claim not in taken:
            yield Finding(
                f"redemptions, {_named(row)}", "its coupon's serial number is not taken:",
                " ".join(claim), "a row of coupon_serials",
                "The coupon could be used again: put the row there.",
            )  # fmt: skip


CHECKS = (
    Check("answers", "tills' answers and redemptions are of each other", answers),
    Check("reservations", "nothing is held long past its time", reservations),
    Check("serials", "coupons' serial numbers are those of booked sales", serials),
)
