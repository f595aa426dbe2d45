"""Counters at a first use: tills and files of redemptions at one instant never block each other.

Who makes a counter keeps it from others until its transaction ends, and so does who holds one.
"""

import random
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text

from checkout.shop import Tills, basket, counters, open_shop, sums
from checkout.till import NOW, running
from promo import tables
from promo.checkout import booking
from promo.checkout.statements import Statements
from promo.config import Settings
from promo.offers.counters import lock
from promo.offers.known import Use
from promo.offers.redemptions import Recorded, Redemption, record_all

on_postgresql = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
WAITS = """select count(*) from pg_stat_activity
where wait_event_type = 'Lock' and datname = current_database()"""
GOODS = ("milk", "eggs", "jam", "bread", "vodka", "bag")
SEVERAL: dict[str, dict[str, Any]] = {f"on-{name}": {"products": [f"internal:{name}"]}
                                      for name in GOODS}  # fmt: skip
FOUR = "milk 1 300, eggs 1 300, jam 1 300, bread 1 300"
THREADS, TURNS = 6, 25


@on_postgresql
def test_a_till_holds_no_counter_while_it_waits_to_make_one(engine: Engine) -> None:
    """The order of events that closed the circle: one counter is there, the one before it is not.

    A file of redemptions has made the first and not yet come to the second; a till that held the
    second waited for the first.
    """
    open_shop(engine, SEVERAL)
    first, second = sorted(SEVERAL)[:2]
    with engine.begin() as connection:
        connection.execute(insert(tables.OfferCounter), [{"offer": second, "uses": 0, "money": 0}])
    hold = partial(booking.hold_counters, offers=[first, second])
    with closing(Statements.of(engine)) as statements, ThreadPoolExecutor(1) as threads:
        with engine.begin() as importing:
            lock(importing, [first])
            till = threads.submit(statements.in_transaction, hold)
            until_it_waits(engine, till)
            lock(importing, [first, second])
        till.result()


def until_it_waits(engine: Engine, work: "Future[None]") -> None:
    """Return when somebody waits for a lock, or when the one who should is through."""
    with engine.connect() as connection:
        while not work.done() and not connection.execute(text(WAITS)).scalar():
            connection.rollback()


@on_postgresql
def test_any_offers_in_any_order_by_either_way(engine: Engine) -> None:
    """Each transaction is undone, so that there is a first use again and again."""
    open_shop(engine, SEVERAL)

    def work(seed: int) -> None:
        chance = random.Random(seed)
        with closing(Statements.of(engine)) as statements:
            for _ in range(TURNS):
                some = chance.sample(sorted(SEVERAL), 3)
                if chance.random() < 0.5:
                    with engine.connect() as connection:
                        lock(connection, some)
                        connection.rollback()
                else:
                    statements.driver.execute("begin")
                    booking.hold_counters(statements, some)
                    statements.driver.execute("commit" if seed == 0 else "rollback")

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(work, range(THREADS)))


def test_a_file_of_redemptions_beside_the_tills(settings: Settings, engine: Engine) -> None:
    open_shop(engine, SEVERAL, uses=THREADS)
    with running(settings, engine) as live, ThreadPoolExecutor(2 * THREADS) as threads:
        tills = Tills(live, engine)
        bodies = [basket(FOUR, f"{n}", till=f"{n}") for n in range(THREADS)]
        sold = [threads.submit(tills.ask, "redeem", body) for body in bodies]
        taken = [threads.submit(imported, engine, f"file {n}") for n in range(THREADS)]
        answers = [each.result() for each in sold]
        assert all(isinstance(one, Recorded) for each in taken for one in each.result())
    assert [answer.status for answer in answers] == [200] * THREADS
    assert counters(engine) == sums(engine)


def imported(engine: Engine, transaction: str) -> list[Any]:
    """What a file says that was used: one of each offer, the last first."""
    uses = [Use("2", "9", NOW.date(), transaction, n) for n in range(len(SEVERAL))]
    with engine.begin() as connection:
        names = sorted(SEVERAL, reverse=True)
        return record_all(
            connection,
            [Redemption(name, use, NOW, 100) for name, use in zip(names, uses, strict=True)],
        )
