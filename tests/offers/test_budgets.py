"""Where budgets stand, on both databases: spent, promised, left; against sums done one by one."""

import random
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, insert

from offers import shop
from offers.shop import LAST, NIGHT, USE, use
from promo import tables
from promo.offers import budgets
from promo.offers.budgets import SUMS, Budgets, Promised, promise_rows
from promo.offers.known import ListId
from promo.offers.redemptions import record

DAY = timedelta(1)


@pytest.fixture(autouse=True)
def _offers(engine: Engine) -> None:
    shop.masters(engine)
    for name in ("o1", "o2"):
        shop.offer(engine, name)


def read(engine: Engine, *names: str, day: date = NIGHT, **asked: Any) -> Budgets:
    with engine.connect() as connection:
        return budgets.read(connection, names or ("o1", "o2"), day, **asked)


def test_nothing_spent_nothing_promised(engine: Engine) -> None:
    found = read(engine, "o2", "o1", "unknown")
    assert found.offers == ("o2", "o1", "unknown")
    assert found.money_left.tolist() == [10_000, 10_000, 0]
    assert found.uses_left.tolist() == [100, 100, 0]
    assert not np.any([found.open_money, found.open_uses, *found.open.columns()])


def test_no_offers_at_all(engine: Engine) -> None:
    with engine.connect() as connection:
        assert budgets.read(connection, [], NIGHT).money.shape == (0,)


def test_what_is_spent_is_left_out_of_what_is_left(engine: Engine) -> None:
    with engine.begin() as connection:
        record(connection, use("o1", money=10_500, uses=3))
    found = read(engine)
    assert found.spent_money.tolist() == [10_500, 0]
    assert found.money_left.tolist() == [-500, 10_000]
    assert found.uses_left.tolist() == [97, 100]


# Days after the lists' last one, late_days, whether the promise still counts.
@pytest.mark.parametrize(
    ("after", "late", "open_"),
    [(-13, 0, True), (0, 0, True), (1, 0, False), (1, 1, True), (2, 1, False), (3, 3, True)],
)
def test_promises_end_with_their_lists(
    engine: Engine, after: int, late: int, *, open_: bool
) -> None:
    shop.promise(engine, "o1", uses=4)
    found = read(engine, day=LAST + after * DAY, late_days=late)
    assert found.open_money.tolist() == [400 * open_, 0]
    assert found.open_uses.tolist() == [4 * open_, 0]
    assert [column[0] for column in found.open.columns()] == [
        n * open_ for n in (100.0, 10_000.0, 1_000_000.0, 2500.0, 1.0, 0.25)
    ]


def test_the_night_that_is_made_again_is_left_out(engine: Engine) -> None:
    for nights, uses in ((0, 1), (1, 2), (-1, 4)):
        shop.promise(engine, "o1", NIGHT + nights * DAY, uses)
    assert read(engine).open_uses[0] == 7
    assert read(engine, without=NIGHT).open_uses[0] == 6
    assert read(engine, without=NIGHT + DAY).open_uses[0] == 5


def test_what_is_redeemed_is_promised_no_longer(engine: Engine) -> None:
    """Lists drawn by chance, some used, some voided: sums done one by one say the same."""
    chance = random.Random(3)
    every: list[tuple[ListId, dict[str, Any]]] = []
    shop.households(engine, [f"h{counter}" for counter in range(1, 41)])
    for counter in range(1, 41):
        night = NIGHT - chance.randrange(20) * DAY
        offers = [
            shop.item(name, worth=chance.randrange(50, 400), probability=chance.random() / 4,
                      uses=chance.choice((1, 1, 3)))
            for name in ("o1", "o2")
        ]  # fmt: skip
        shop.a_list(engine, counter, offers, night, shopper=f"h{counter}")
        every += [(ListId(1, counter), item | {"night": night}) for item in offers]
    hold(engine, [item for _, item in every])
    expected = {name: np.zeros(8) for name in ("o1", "o2")}
    for number, (on, item) in enumerate(every):
        used, undone = chance.random() < 0.4, chance.random() < 0.3
        own = USE._replace(number=number)
        with engine.begin() as connection:
            if used:
                record(connection, use(item["offer"], use=own, on=on))
            if used and undone:
                record(connection, use(item["offer"], use=own, kind="void", of=own))
        left = item["uses"] - (used and not undone)
        if item["night"] + 13 * DAY >= NIGHT:
            expected[item["offer"]] += left * one_use(item)
    found = read(engine)
    for row, name in enumerate(found.offers):
        columns = (found.open_money, found.open_uses, *found.open.columns())
        assert [c[row] for c in columns] == pytest.approx(expected[name], rel=1e-9)


def one_use(item: dict[str, Any]) -> Any:
    p, c = item["probability"], item["worth"]
    return np.array([c, 1, p * c, p * c**2, p * c**3, p**2 * c**2, p, p**2])


def hold(engine: Engine, items: list[dict[str, Any]]) -> None:
    """Write the promises of all lists, night by night."""
    for night in {item["night"] for item in items}:
        own = [Promised(i["offer"], i["probability"], i["worth"], i["uses"])
               for i in items if i["night"] == night]  # fmt: skip
        rows = [r | {"night": night, "last_day": night + 13 * DAY} for r in promise_rows(own)]
        with engine.begin() as connection:
            connection.execute(insert(tables.Promise), rows)


def test_a_promise_used_up_leaves_no_crumbs(engine: Engine) -> None:
    shop.a_list(engine, 1, [shop.item("o1", worth=137, probability=0.1)])
    shop.a_list(engine, 2, [shop.item("o1", worth=111, probability=0.3)], shopper="200")
    hold(engine, [shop.item("o1", worth=w, probability=p, night=NIGHT)
                  for w, p in ((137, 0.1), (111, 0.3))])  # fmt: skip
    for counter in (2, 1):
        with engine.begin() as connection:
            record(connection, use("o1", counter, on=ListId(1, counter)))
    found = read(engine)
    assert not np.any([found.open_money, found.open_uses, *found.open.columns()])


def test_rows_of_promises() -> None:
    promises = [Promised("b", 0.5, 100, 1), Promised("a", 0.1, 20, 3), Promised("b", 0.25, 200, 1)]
    first, second = promise_rows(promises)
    assert list(first) == list(second) == ["offer", "uses", "money", *SUMS]
    assert list(second.values())[:3] == ["b", 2, 300]
    assert [second[name] for name in SUMS] == pytest.approx(
        [100, 15_000, 2_500_000, 5000, 0.75, 0.3125]
    )
    assert list(first.values())[:3] == ["a", 3, 60]
    assert (first["uses_1"], first["money_1"]) == pytest.approx((0.3, 6))
    assert promise_rows([]) == []
