"""Pausing, resuming, stopping, budgets, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, select

from offers import shop
from offers.shop import NIGHT, NOW, use
from promo import tables
from promo.money import in_words
from promo.offers import states
from promo.offers.redemptions import record
from promo.offers.risk import Risk
from promo.offers.terms import OfferError

RISK = Risk(0.01, 0.2)


def dollars(minor: int) -> str:
    return in_words(minor, "USD")


@pytest.fixture(autouse=True)
def _offers(engine: Engine) -> None:
    shop.masters(engine)
    shop.offer(engine, "o1")


def change(engine: Engine, kind: str, name: str = "o1") -> bool:
    with engine.begin() as connection:
        return states.change(connection, name, kind, "why", NOW, bearer="us", sentence="Sorry.")


def state(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(states.get(connection, "o1").state)


def test_there_and_back_and_to_the_end(engine: Engine) -> None:
    steps = [("resumed", "live", False), ("paused", "paused", True), ("paused", "paused", False),
             ("resumed", "live", True), ("stopped", "stopped", True),
             ("stopped", "stopped", False)]  # fmt: skip
    for kind, after, changed in steps:
        assert (change(engine, kind), state(engine)) == (changed, after)
    assert shop.events(engine, "o1") == ["paused", "resumed", "stopped"]
    for kind in ("paused", "resumed"):
        with pytest.raises(OfferError, match="a stopped offer stays stopped"):
            change(engine, kind)
    with pytest.raises(OfferError, match="There is no offer 'o9'"):
        change(engine, "stopped", "o9")


def test_a_paused_offer_can_be_stopped(engine: Engine) -> None:
    change(engine, "paused")
    assert change(engine, "stopped")
    with engine.connect() as connection:
        table = tables.OfferEvent
        row = connection.execute(select(table.__table__).order_by(table.id.desc())).first()
    assert row is not None
    assert (row.kind, row.reason, row.bearer, row.sentence) == ("stopped", "why", "us", "Sorry.")


def test_of_many_that_stop_it_at_once_one_does(engine: Engine) -> None:
    start = Barrier(6, timeout=60)

    def one(_: int) -> bool:
        start.wait()
        return change(engine, "stopped")

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(one, range(6))) == 1
    assert shop.events(engine, "o1") == ["stopped"]


def set_budget(engine: Engine, money: int, uses: int) -> None:
    with engine.begin() as connection:
        states.set_budget(connection, "o1", money, uses, NOW, NIGHT, RISK, in_words=dollars)


def budget(engine: Engine) -> tuple[int, int]:
    with engine.connect() as connection:
        row = states.get(connection, "o1")
    return row.budget_money, row.budget_redemptions


def test_a_budget_may_always_grow(engine: Engine) -> None:
    with engine.begin() as connection:
        record(connection, use("o1", money=50_000, uses=500))
    set_budget(engine, 20_000, 100)  # still overspent, and less so
    assert budget(engine) == (20_000, 100)
    assert shop.events(engine, "o1") == ["exhausted", "budget"]


# 1.00 x 4 are spent, 1.00 x 100 promised with probability 1/4 each.
@pytest.mark.parametrize(
    ("money", "uses", "good"),
    [
        (10_400, 104, True),  # all of it could be used
        (10_000, 100, True),
        (6000, 60, True),
        (6000, 35, False),
        (3500, 60, False),
        (399, 100, False),  # less than is spent
        (10_000, 3, False),
        (0, 0, False),
    ],
)
def test_a_budget_shrinks_as_far_as_what_is_spent_and_promised(
    engine: Engine, money: int, uses: int, *, good: bool
) -> None:
    shop.promise(engine, "o1", uses=100)
    with engine.begin() as connection:
        record(connection, use("o1", money=400, uses=4))
    shop.set_budget(engine, "o1", 20_000, 200)
    if good:
        set_budget(engine, money, uses)
        assert budget(engine) == (money, uses)
    else:
        with pytest.raises(OfferError, match=r"cannot be so low: \$4\.00 in 4 redemptions"):
            set_budget(engine, money, uses)
        assert budget(engine) == (20_000, 200)
