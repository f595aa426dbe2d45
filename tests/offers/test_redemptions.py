"""Redemptions, on both databases: counted once, reversed and never edited, exact in a crowd."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from offers import shop
from offers.shop import ON, USE, use
from promo import tables
from promo.offers.counters import BudgetSpent, RedemptionError, lock
from promo.offers.known import ListId
from promo.offers.redemptions import Recorded, Redemption, record, record_all

TILLS = 8  # at the same instant
ID = re.compile(r"id=\d+, ")


@pytest.fixture(autouse=True)
def _offers(engine: Engine) -> None:
    shop.masters(engine)
    for name in ("o1", "o2"):
        shop.offer(engine, name)


def put(engine: Engine, redemption: Redemption) -> Recorded:
    with engine.begin() as connection:
        return record(connection, redemption)


def rows(engine: Engine) -> list[dict[str, Any]]:
    table = tables.Redemption
    with engine.connect() as connection:
        found = connection.execute(select(table.__table__).order_by(table.id))
        return [dict(row) for row in found.mappings()]


def void(name: str = "o1", **change: Any) -> Redemption:
    return use(name, **{"kind": "void", "of": USE} | change)


def back(money: int, uses: int = 0, *, number: int = 1, transaction: str = "2002") -> Redemption:
    """A return in a later transaction."""
    own = USE._replace(transaction=transaction, number=number)
    return use("o1", use=own, kind="return", of=USE, money=money, funder_money=0, uses=uses,
               units=0)  # fmt: skip


def test_a_use_is_stored_and_counted(engine: Engine) -> None:
    found = put(engine, use("o1", lines={"1": 60, "2": 40}))
    assert found == Recorded(found.id, 1, 1, 100, 80)
    assert shop.counted(engine, "o1") == (100, 1)
    [row] = rows(engine)
    assert (row["kind"], row["money"], row["lines"], row["night"], row["promised"]) == (
        "redeem", 100, {"1": 60, "2": 40}, None, 0,
    )  # fmt: skip


def test_the_same_use_sent_again_gets_the_same_answer_and_counts_once(engine: Engine) -> None:
    first = put(engine, use("o1"))
    again = put(engine, use("o1"))
    assert (again, again.repeated, first.repeated) == (first, True, False)
    # What was done since does not change it.
    put(engine, void())
    assert put(engine, use("o1")) == first
    assert shop.counted(engine, "o1") == (0, 0)


@pytest.mark.parametrize("change", [{"money": 99}, {"uses": 2}, {"units": 3}, {"funder_money": 1}])
def test_the_same_use_with_other_figures_is_refused(engine: Engine, change: dict[str, Any]) -> None:
    put(engine, use("o1"))
    with pytest.raises(RedemptionError, match=r"is stored with other figures: money 100, uses 1\."):
        put(engine, use("o1", **change))
    assert shop.counted(engine, "o1") == (100, 1)


@pytest.mark.parametrize(
    "other",
    [
        use("o1", 2),
        use("o2"),
        use("o1", use=USE._replace(store="9")),
        use("o1", use=USE._replace(till="9")),
        use("o1", use=USE._replace(transaction="9")),
        use("o1", use=USE._replace(day=shop.NIGHT)),
    ],
)
def test_every_part_of_the_identity_makes_another_use(engine: Engine, other: Redemption) -> None:
    put(engine, use("o1"))
    assert not put(engine, other).repeated
    assert len(rows(engine)) == 2


def test_a_void_takes_all_back_and_is_a_row_of_its_own(engine: Engine) -> None:
    first = put(engine, use("o1", uses=2, units=4))
    undone = put(engine, void())
    assert undone == Recorded(undone.id, -2, -4, -100, -80)
    assert put(engine, void()) == undone
    assert shop.counted(engine, "o1") == (0, 0)
    stored = rows(engine)
    assert [(r["id"], r["money"], r["reverses"]) for r in stored] == [
        (first.id, 100, None), (undone.id, -100, first.id),
    ]  # fmt: skip
    with pytest.raises(RedemptionError, match="money 0 and uses 0 are left to take back"):
        put(engine, void(use=USE._replace(transaction="3003")))


def test_returns_take_back_what_they_say_and_a_void_the_rest(engine: Engine) -> None:
    put(engine, use("o1"))
    put(engine, back(-30))
    put(engine, back(-30, number=2))
    assert shop.counted(engine, "o1") == (40, 1)
    with pytest.raises(RedemptionError, match="money 40 and uses 1 are left"):
        put(engine, back(-41, number=3))
    assert put(engine, void()).money == -40
    assert shop.counted(engine, "o1") == (0, 0)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (use("o9"), "There is no offer 'o9'"),
        (use("o1", uses=0), "at least one use"),
        (use("o1", money=-1), "no negative figure"),
        (use("o1", of=USE), "reverses nothing"),
        (use("o1", funder_money=101), "more than money 100"),
        (use("o1", kind="void"), "must name the use"),
        (use("o1", kind="return"), "must name the use"),
        (void(of=USE._replace(number=7)), "There is no use 7 of offer o1"),
        (void("o2"), "There is no use 1 of offer o2"),
        (back(0), "negative figures"),
        (back(1), "negative figures"),
        (use("o1", on=ListId(1, 77)), "There is no such list"),
    ],
)
def test_what_cannot_be_recorded_leaves_nothing(
    engine: Engine, wrong: Redemption, words: str
) -> None:
    put(engine, use("o1"))
    with pytest.raises(RedemptionError, match=words):
        put(engine, wrong if wrong.of else shop_use(wrong))
    assert len(rows(engine)) == 1
    assert shop.counted(engine, "o1") == (100, 1)


def shop_use(wrong: Redemption) -> Redemption:
    """The same in a transaction that has not come yet."""
    return Redemption(**vars(wrong) | {"use": USE._replace(transaction="5005")})


def test_a_dead_transaction_leaves_nothing(engine: Engine) -> None:
    with engine.connect() as connection:  # closed without a commit, as by a kill
        record(connection, use("o1"))
    assert (rows(engine), shop.counted(engine, "o1")) == ([], (0, 0))


# --- on lists --------------------------------------------------------------------------------


def test_a_use_takes_its_promise_once(engine: Engine) -> None:
    shop.a_list(engine, 1, [shop.item("o1", worth=150, probability=0.125)])
    put(engine, use("o1", on=ON))
    put(engine, use("o1", 2, on=ON))  # more than the list promised: somebody else's concern
    taken = [(r["night"], r["promised"], r["worth"], r["probability"], r["shopper"])
             for r in rows(engine)]  # fmt: skip
    assert taken == [(shop.NIGHT, 1, 150, 0.125, "100"), (shop.NIGHT, 0, 150, 0.125, "100")]
    put(engine, void(of=USE))
    put(engine, use("o1", 3, on=ON))
    assert [r["promised"] for r in rows(engine)] == [1, 0, -1, 1]


def test_a_return_does_not_open_the_promise_again(engine: Engine) -> None:
    shop.a_list(engine, 1, [shop.item("o1")])
    put(engine, use("o1", on=ON))
    put(engine, back(-100, -1))
    assert [r["promised"] for r in rows(engine)] == [1, 0]


def test_an_offer_of_an_earlier_issue_is_honoured_without_a_promise(engine: Engine) -> None:
    shop.a_list(engine, 1, [shop.item("o1")], issue=2)
    earlier = {
        "key_id": 1, "counter": 1, "issue": 1, "day": shop.NIGHT, "replaced": shop.NOW,
        "reason": "recall", "content": {"offers": [shop.item("o2")]},
    }  # fmt: skip
    with pytest.raises(RedemptionError, match="Offer o2 does not stand on this list"):
        put(engine, use("o2", on=ON))
    with engine.begin() as connection:
        connection.execute(insert(tables.EarlierIssue).values(earlier))
    put(engine, use("o2", on=ON))
    assert [(r["promised"], r["counter"]) for r in rows(engine)] == [(0, 1)]


def test_a_list_and_a_card_must_be_of_one_household(engine: Engine) -> None:
    shop.a_list(engine, 1, [shop.item("o1")])
    with pytest.raises(RedemptionError, match="not of one household"):
        put(engine, use("o1", on=ON, shopper="200"))


# --- budgets ---------------------------------------------------------------------------------


def test_crossing_the_budget_is_told_once_and_uses_go_on(engine: Engine) -> None:
    shop.offer(engine, "o1", redemptions=2)
    told = [put(engine, use("o1", number)).exhausted for number in (1, 2, 3)]
    assert told == [False, True, False]
    assert shop.counted(engine, "o1") == (300, 3)  # a printed promise is honoured
    # A use given back and another one cross the same line: no news.
    put(engine, void(of=USE))
    put(engine, void(of=USE._replace(number=2), use=USE._replace(number=2)))
    assert not put(engine, use("o1", 4)).exhausted
    assert shop.events(engine, "o1") == ["exhausted"]


def test_money_crosses_as_well_as_uses(engine: Engine) -> None:
    shop.offer(engine, "o1", money=250)
    assert [put(engine, use("o1", n)).exhausted for n in (1, 2, 3)] == [False, False, True]
    with engine.connect() as connection:
        reason = connection.execute(select(tables.OfferEvent.reason)).scalar_one()
    assert reason == "spent 300 of 250 minor units, 3 of 100 redemptions"


def test_a_new_budget_is_told_of_anew(engine: Engine) -> None:
    shop.offer(engine, "o1", redemptions=1)
    put(engine, use("o1", 1))
    shop.set_budget(engine, "o1", 10_000, 2)
    event = {"offer": "o1", "at": shop.NOW, "kind": "budget", "reason": "more"}
    with engine.begin() as connection:
        connection.execute(insert(tables.OfferEvent).values(event))
    assert put(engine, use("o1", 2)).exhausted


@pytest.mark.parametrize(("money", "uses"), [(250, 100), (10_000, 2)])
def test_a_hard_offer_is_refused_at_its_limit_and_leaves_the_rest_alone(
    engine: Engine, money: int, uses: int
) -> None:
    shop.offer(engine, "o1", money=money, redemptions=uses, hard=True, printable=False)
    put(engine, use("o1", 1))
    put(engine, use("o1", 2))
    with engine.begin() as connection:
        with pytest.raises(BudgetSpent, match="Offer o1 has reached its limit"):
            record(connection, use("o1", 3))
        record(connection, use("o2", 3))  # the same basket goes on
    assert shop.counted(engine, "o1") == (200, 2)
    assert shop.counted(engine, "o2") == (100, 1)
    # A repeat is no new use; a void makes room.
    assert put(engine, use("o1", 2)).repeated
    put(engine, void(of=USE))
    put(engine, use("o1", 3))
    assert shop.counted(engine, "o1") == (200, 2)


# --- many in one transaction -----------------------------------------------------------------


def batch() -> list[Redemption]:
    """Uses on a list and off, repeats, mistakes, voids and returns of uses in the same batch."""
    return [
        use("o1", 1, on=ON),
        use("o2", 1, on=ON),
        use("o1", 1, on=ON),
        use("o1", 1, money=99),
        back(-30, number=9),
        back(-30, number=9),
        back(-71, number=10),
        use("o1", 2, on=ON),
        void(of=USE),
        use("o1", 3, on=ON),
        void(of=USE, use=USE._replace(number=8)),
        void(of=USE._replace(number=3), use=USE._replace(number=3)),
        use("o1", 4),
        use("o1", 5, on=ListId(1, 77)),
        use("o2", 2),
        use("o2", 3),
    ]


def one_by_one(engine: Engine, redemptions: list[Redemption]) -> list[str]:
    """What became of each, in words."""
    said = []
    for redemption in redemptions:
        try:
            said.append(str(put(engine, redemption)))
        except RedemptionError as error:
            said.append(str(error))
    return said


@pytest.mark.parametrize("earlier", [0, 1, 5, 10])
def test_a_batch_is_recorded_as_one_after_the_other(engine: Engine, earlier: int) -> None:
    shop.offer(engine, "o1", redemptions=2)
    shop.offer(engine, "o2", redemptions=2, hard=True, printable=False)
    shop.a_list(engine, 1, [shop.item("o1"), shop.item("o2")])
    expected = one_by_one(engine, batch()), rows(engine), counters(engine)
    with engine.begin() as connection:
        connection.execute(update(tables.OfferCounter).values(uses=0, money=0))
        connection.execute(delete(tables.OfferEvent))
        connection.execute(delete(tables.Redemption).where(tables.Redemption.reverses > 0))
        connection.execute(delete(tables.Redemption))
    said = one_by_one(engine, batch()[:earlier])
    with engine.begin() as connection:
        said += [str(one) for one in record_all(connection, batch()[earlier:])]
    assert counters(engine) == expected[2]
    assert [without_id(row) for row in rows(engine)] == [without_id(row) for row in expected[1]]
    assert [ID.sub("", one) for one in said] == [ID.sub("", one) for one in expected[0]]


def counters(engine: Engine) -> list[tuple[int, int]]:
    return [shop.counted(engine, name) for name in ("o1", "o2")]


def without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in row if name not in ("id", "reverses")}


def test_a_batch_with_an_offer_there_is_not_leaves_nothing(engine: Engine) -> None:
    with (
        engine.begin() as connection,
        pytest.raises(RedemptionError, match="There is no offer 'o9'"),
    ):
        record_all(connection, [use("o1"), use("o9")])
    assert rows(engine) == []


# --- at the same instant ---------------------------------------------------------------------


def together(work: Callable[[int], Any]) -> list[Any]:
    """Results, or exceptions, of TILLS calls that begin at the same instant."""
    start = Barrier(TILLS, timeout=60)

    def one(number: int) -> Any:
        start.wait()
        try:
            return work(number)
        except RedemptionError as error:
            return error

    with ThreadPoolExecutor(TILLS) as pool:
        return list(pool.map(one, range(TILLS)))


def test_tills_at_the_same_instant_are_all_counted(engine: Engine) -> None:
    shop.offer(engine, "o1", redemptions=TILLS)

    def five(till: int) -> list[Recorded]:
        return [put(engine, use("o1", 10 * till + number)) for number in range(5)]

    found = [one for till in together(five) for one in till]
    assert shop.counted(engine, "o1") == (500 * TILLS, 5 * TILLS)
    assert len({one.id for one in found}) == 5 * TILLS
    assert sum(one.exhausted for one in found) == 1
    assert shop.events(engine, "o1") == ["exhausted"]


def test_one_use_sent_by_many_at_once_is_one(engine: Engine) -> None:
    found = together(lambda _: put(engine, use("o1")))
    assert len(set(found)) == 1
    assert sorted(one.repeated for one in found) == [False] + [True] * (TILLS - 1)
    assert shop.counted(engine, "o1") == (100, 1)


def test_batches_sent_by_many_at_once_are_counted_once(engine: Engine) -> None:
    def both(till: int) -> list[Recorded | RedemptionError]:
        names = ["o1", "o2"] if till % 2 else ["o2", "o1"]
        with engine.begin() as connection:
            return record_all(connection, [use(name, n) for name in names for n in range(3)])

    found = [one for till in together(both) for one in till]
    assert len(set(found)) == 6
    assert sum(not one.repeated for one in found) == 6
    assert counters(engine) == [(300, 3), (300, 3)]


def test_the_last_of_a_hard_offer_goes_to_one(engine: Engine) -> None:
    shop.offer(engine, "o1", redemptions=3, hard=True, printable=False)
    found = together(lambda number: put(engine, use("o1", number)))
    assert sum(isinstance(one, Recorded) for one in found) == 3
    assert sum(isinstance(one, BudgetSpent) for one in found) == TILLS - 3
    assert shop.counted(engine, "o1") == (300, 3) == (100 * len(rows(engine)), len(rows(engine)))


def test_one_use_is_taken_back_once(engine: Engine) -> None:
    put(engine, use("o1"))
    found = together(lambda n: put(engine, void(use=USE._replace(transaction=f"v{n}"))))
    assert sum(isinstance(one, Recorded) for one in found) == 1
    assert shop.counted(engine, "o1") == (0, 0)


def test_baskets_with_the_same_offers_in_any_order_do_not_wait_for_each_other(
    engine: Engine,
) -> None:
    def basket(number: int) -> None:
        names = ["o1", "o2"] if number % 2 else ["o2", "o1"]
        with engine.begin() as connection:
            lock(connection, names)
            for name in names:
                record(connection, use(name, number))

    assert together(basket) == [None] * TILLS
    assert shop.counted(engine, "o1") == shop.counted(engine, "o2") == (100 * TILLS, TILLS)


def test_one_promise_is_taken_once(engine: Engine) -> None:
    shop.a_list(engine, 1, [shop.item("o1")])
    together(lambda number: put(engine, use("o1", number, on=ON)))
    assert sum(row["promised"] for row in rows(engine)) == 1


def test_the_counter_is_the_sum_of_its_rows(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(tables.OfferCounter))
    for number in range(6):
        put(engine, use("o1", number, money=100 + number))
    put(engine, void(of=USE._replace(number=3)))
    put(engine, back(-50))
    stored = rows(engine)
    assert shop.counted(engine, "o1") == (
        sum(row["money"] for row in stored), sum(row["uses"] for row in stored),
    )  # fmt: skip
