"""A small house after a fortnight: published lists, sales and what became of them, a draft."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import small_house
from small_house import FIRST
from sqlalchemy import Connection, Engine, Table, func, insert, select

from promo import database, reissuing, tables
from promo.checking import every, running
from promo.checking.findings import Finding
from promo.checkout import selling, taking_back
from promo.checkout.request import Request
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.config import Settings
from promo.house import House
from promo.language import Languages
from promo.lists.reissue import Wanted
from promo.offers import states
from promo.offers.known import ListId, Use
from promo.offers.redemptions import Redemption, record
from promo.progress import Progress

NEXT = FIRST + timedelta(14)
SALE_DAY = FIRST + timedelta(2)
NOW = datetime(2017, 11, 20, 9, 0, tzinfo=UTC)
MAKER = "0614141"
ITEM = "0614141000012"
COUPON = f"81101{MAKER}654321310011000050123456"  # 1.00 off an item of the maker's; serial 123456
VERBS = {"return": taking_back.bring_back, "void": taking_back.void}
Body = dict[str, Any]


def build(built: Path, folder: Path) -> House:
    """The house; `built` is a small house before its first night."""
    house = small_house.passed(built, folder)
    small_house.change(folder, "today: null", f"today: {NEXT}")
    (folder / "code.key").chmod(0o600)
    house.engine.dispose()
    house = small_house.reopen(folder)
    trade(house)
    small_house.night(house, NEXT)
    return house


def trade(house: House) -> None:
    """Sales with offers: voided, brought back, imported; a coupon, a reservation; a recall."""
    sheets = lists_of(house)
    for number, row in enumerate(sheets[:4]):
        ask(house, "redeem", sale(house, row, f"t{number}"))
    ask(house, "void", named("t0") | {"at": f"{SALE_DAY}T11:00:00"})
    ask(house, "return", named("r1") | {"at": f"{SALE_DAY}T11:30:00", "of": named("t1")})
    import_use(house, sheets[4])
    coupon = {"lines": [{"code": ITEM, "quantity": 1, "amount": 500}], "coupons": [COUPON]}
    ask(house, "redeem", named("c1") | {"at": f"{SALE_DAY}T12:00:00"} | coupon)
    ask(house, "reserve", sale(house, sheets[5], "held"))
    with house.engine.begin() as connection:
        used = connection.execute(select(tables.Redemption.offer).where(
            tables.Redemption.transaction == "t2")).scalars().first()  # fmt: skip
        assert used is not None
        at = datetime(2017, 11, 9, 8, 0, tzinfo=UTC)
        states.change(connection, used, "stopped", "recall", at, bearer="Acme", sentence="Gone.")
    day, progress = SALE_DAY + timedelta(1), Progress("reissue", terminal=False)
    done = reissuing.run(house, small_house.keys(house.settings), Wanted(), day, progress)
    assert done.lists


def lists_of(house: House) -> Sequence[Any]:
    """The lists of the published night, in the order of their counters."""
    sheet = tables.ShopperList.__table__
    with house.engine.connect() as connection:
        query = select(sheet).where(sheet.c.night == FIRST).order_by(sheet.c.counter)
        return connection.execute(query).all()


def named(transaction: str) -> Body:
    return {"store": "1", "till": "7", "day": f"{SALE_DAY}", "transaction": transaction}


def sale(house: House, row: Any, transaction: str) -> Body:
    """A basket with the goods of a list's first three offers."""
    pair, lines = tables.OfferProduct, []
    with house.engine.connect() as connection:
        for item in row.content["offers"][:3]:
            query = select(pair.product).where(pair.offer == item["offer"]).order_by(pair.product)
            code = connection.execute(query).scalars().first()
            lines += [{"code": code, "quantity": 2, "amount": 1998}]
    return named(transaction) | {"at": f"{SALE_DAY}T10:30:00", "code": row.code, "lines": lines}


def ask(house: House, verb: str, body: Body) -> bytes:
    """What a till is answered, by what stands behind the service."""
    key = StoreKey(1, "1", frozenset({verb}), "", "", NOW, None, None, "America/New_York", "en")
    language = Languages.of(house.settings)["en"]
    now = datetime(2017, 11, 20, 8, 59, 30, tzinfo=UTC)
    request = Request(verb, body, key, now, SALE_DAY, language)
    shop = selling.House(house.settings, small_house.keys(house.settings))

    def work(statements: Statements) -> bytes:
        if verb == "redeem":
            return selling.redeem(statements, shop, request).answer
        if verb == "reserve":
            return selling.reserve(statements, shop, request)
        return VERBS[verb](statements, house.settings, request)

    statements = Statements.of(house.engine)
    try:
        return statements.in_transaction(work)
    finally:
        statements.close()


def import_use(house: House, row: Any, number: int = 1) -> None:
    """A use that the tills before ours reported, in a file."""
    use = Use("2", "1", SALE_DAY, "old", number)
    at = datetime(2017, 11, 8, 15, 0, tzinfo=UTC)
    item = row.content["offers"][0]
    made = Redemption(item["offer"], use, at, 100, 40, on=ListId(row.key_id, row.counter))
    with house.engine.begin() as connection:
        record(connection, made)


def moved_to(house: House, url: str) -> House:
    """The same house with its rows in another, empty database."""
    engine = database.connect(url)
    database.migrate(engine)
    with house.engine.connect() as old, engine.begin() as new:
        for table in tables.Base.metadata.sorted_tables:
            rows = [dict(row) for row in old.execute(select(table)).mappings()]
            for row in rows:
                for name, value in row.items():
                    if isinstance(value, datetime) and value.tzinfo is None:
                        row[name] = value.replace(tzinfo=UTC)
            if rows:
                new.execute(insert(table), rows)
                _count_on(new, table)
    house.engine.dispose()
    return House(house.settings, engine)


def _count_on(connection: Connection, table: Table) -> None:
    """Let the database number a table's next rows after those that are there."""
    [first, *others] = table.primary_key.columns
    if connection.dialect.name == "postgresql" and first.name == "id" and not others:
        name = select(func.pg_get_serial_sequence(table.name, "id")).scalar_subquery()
        if connection.execute(select(name)).scalar():
            highest = select(func.max(first)).scalar_subquery()
            connection.execute(select(func.setval(name, highest)))


def check(
    settings: Settings, engine: Engine, *names: str, quick: bool = False
) -> list[running.Result]:
    """What some checks find, or all."""
    asked = running.Asked(every.named(names), NOW, NEXT, quick)
    return list(running.run(settings, engine, asked))


def findings(house: House, *names: str, quick: bool = False) -> list[Finding]:
    """The findings alone."""
    found = check(house.settings, house.engine, *names, quick=quick)
    return [finding for result in found for finding in result.findings]


def summary(house: House, *names: str) -> dict[str, list[str]]:
    """The levels of the findings by check, of checks that found something."""
    found = check(house.settings, house.engine, *names)
    return {r.check.name: [f.level for f in r.findings] for r in found if r.findings}
