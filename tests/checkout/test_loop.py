"""The loop: what tills redeem is what files would have said, and what everybody reads after."""

from contextlib import closing
from datetime import timedelta

from drafts import KEYS, NIGHT
from sqlalchemy import Engine

from checkout.shop import AT, CODE, Tills, counters, named, open_shop, rows
from checkout.till import running
from promo.checkout import opening
from promo.checkout.statements import Statements
from promo.config import Settings
from promo.offers import budgets, redemptions
from promo.offers.known import ListId, Use

SAME = ("kind", "offer", "key_id", "counter", "shopper", "store", "till", "day", "transaction",
        "number", "uses", "units", "money", "funder_money", "night", "promised", "worth",
        "probability", "lines", "at")  # fmt: skip


def test_rows_are_those_that_redemptions_of_a_file_leave(
    settings: Settings, engine: Engine
) -> None:
    open_shop(engine)
    with running(settings, engine) as live:
        tills = Tills(live, engine)
        tills.do("redeem", "milk 1 300, eggs 12 360, jam 2 500")
        tills.give_back("2", (2, 1))
        tills.void("1", transaction="3")
    ours, counted = rows(engine), counters(engine)
    with engine.begin() as connection:
        for table in ("redemptions", "offer_counters"):
            connection.exec_driver_sql(f"delete from {table}")
        names = {row.id: _use(row) for row in ours}
        for row in ours:
            redemptions.record(connection, redemptions.Redemption(
                row.offer, _use(row), row.at, row.money, row.funder_money, row.uses, row.units,
                row.kind, names.get(row.reverses),
                None if row.reverses else ListId(row.key_id, row.counter), row.shopper, row.lines,
            ))  # fmt: skip
    theirs = rows(engine)
    assert [[getattr(row, name) for name in SAME] for row in theirs] == [
        [getattr(row, name) for name in SAME] for row in ours
    ]
    assert [row.reverses and names[row.reverses] for row in ours] == [
        row.reverses and {each.id: _use(each) for each in theirs}[row.reverses] for row in theirs
    ]
    assert counters(engine) == counted


def _use(row: object) -> Use:
    return Use(*(getattr(row, name) for name in Use._fields))


def test_budgets_promises_and_lookups_know_a_redeem(settings: Settings, engine: Engine) -> None:
    open_shop(engine)

    def standing() -> tuple[int, int, int, int]:
        """Spent and promised tomorrow morning: money and uses of each."""
        with engine.connect() as connection:
            found = budgets.read(connection, ["milk"], NIGHT + timedelta(3))
        spent = int(found.spent_money[0]), int(found.spent_uses[0])
        return (*spent, int(found.open_money[0]), int(found.open_uses[0]))

    def state() -> str:
        with closing(Statements.of(engine)) as statements:
            row = opening.by_code(statements, KEYS, CODE, NIGHT + timedelta(3))
            return str(opening.answer(statements, row)["offers"][0]["state"])

    assert (standing(), state()) == ((0, 0, 100, 1), "open")
    with running(settings, engine) as live:
        tills = Tills(live, engine)
        tills.do("redeem", "milk 1 300")
        assert (standing(), state()) == ((100, 1, 0, 0), "used")
        assert tills.ask("void", named("1") | {"at": AT}).status == 200
        assert (standing(), state()) == ((0, 0, 100, 1), "open")
