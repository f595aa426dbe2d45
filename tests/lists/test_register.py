"""The register, on both databases: serials that never come twice, promises held and replaced."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from drafts import KEYS, NIGHT, draft, offer
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import DBAPIError

from promo import tables
from promo.calendar import Window
from promo.database import upsert
from promo.lists.codes import open_code
from promo.lists.codes.keys import MAX_COUNTER, CodeKeys
from promo.lists.items import Draft
from promo.lists.register import NoLongerLive, Registered, open_elsewhere, register
from promo.scans.gtin import CodeError

SECOND = CodeKeys(KEYS.document_type, KEYS.secrets, active=2)
LATER = NIGHT + timedelta(1)


@pytest.fixture(autouse=True)
def _masters(engine: Engine) -> None:
    """Stores, households, offers and runs that the lists refer to."""
    store = {"id": "1", "name": None, "gln": None, "time_zone": "UTC", "language": "en"}
    shopper = {"bucket": 0, "name": None, "language": "en", "suppressed": False}
    terms = {
        "starts": NIGHT, "ends": NIGHT, "funder": "f", "objective": "reward", "terms": {},
        "budget_money": 1, "budget_redemptions": 1,
    }  # fmt: skip
    run = {"wave": 1, "state": "draft", "report": {}}
    with engine.begin() as connection:
        upsert(connection, tables.Store, [store])
        upsert(connection, tables.Shopper, [shopper | {"id": f"{i}"} for i in range(3000)])
        upsert(connection, tables.Offer, [terms | {"id": f"o{i}"} for i in range(4)])
        upsert(connection, tables.Run, [run | {"night": night} for night in (NIGHT, LATER)])


def days(night: date) -> Window:
    return Window(night, night + timedelta(13))


def make(
    engine: Engine, shoppers: Sequence[str], night: date = NIGHT, keys: CodeKeys = KEYS
) -> dict[str, tuple[int, int]]:
    """Register lists; each household's key id and counter."""
    made = [draft(shopper=shopper) for shopper in shoppers]
    with engine.begin() as connection:
        found = register(connection, night, days(night), made, keys)
    assert [item.draft for item in found] == made
    return {item.draft.shopper: (keys.active, item.counter) for item in found}


def stored(engine: Engine, night: date = NIGHT) -> dict[str, tuple[int, int]]:
    table = tables.ShopperList
    with engine.connect() as connection:
        rows = connection.execute(
            select(table.shopper, table.key_id, table.counter).where(table.night == night)
        )
        return {row.shopper: (row.key_id, row.counter) for row in rows}


def test_a_row_a_list(engine: Engine) -> None:
    made = draft(shopper="7")
    with engine.begin() as connection:
        [item] = register(connection, NIGHT, days(NIGHT), [made], KEYS)
    with engine.connect() as connection:
        [row] = connection.execute(select(tables.ShopperList.__table__)).all()
    assert row._asdict() == {
        "key_id": 1, "counter": 1, "code": item.code, "night": NIGHT, "shopper": "7", "store": "1",
        "first_day": NIGHT, "last_day": NIGHT + timedelta(13), "worth": 100,
        "issue": 1, "content": made.content(), "joined": 0,
    }  # fmt: skip
    assert open_code(KEYS, item.code) == open_code(KEYS, item.short)
    assert open_code(KEYS, item.code).counter == 1


def test_serials_are_kept_over_re_runs(engine: Engine) -> None:
    first = make(engine, ["5", "3", "4"])
    assert first == {"5": (1, 1), "3": (1, 2), "4": (1, 3)}
    assert make(engine, ["3", "4", "5"]) == first == stored(engine)


def test_a_dropped_serial_is_never_given_again(engine: Engine) -> None:
    make(engine, ["1", "2"])
    assert make(engine, ["2", "3"]) == {"2": (1, 2), "3": (1, 3)}
    assert make(engine, ["1", "2", "3"]) == {"1": (1, 4), "2": (1, 2), "3": (1, 3)}
    assert make(engine, []) == stored(engine) == {}
    assert make(engine, ["9"], LATER) == {"9": (1, 5)}


def test_a_rolled_back_night_leaves_nothing(engine: Engine) -> None:
    make(engine, ["1"])
    with engine.connect() as connection:  # closed without a commit, as by a kill
        register(connection, NIGHT, days(NIGHT), [draft(shopper="2")], KEYS)
    assert stored(engine) == {"1": (1, 1)}
    assert make(engine, ["2"]) == {"2": (1, 2)}


def test_nights_do_not_touch_each_other(engine: Engine) -> None:
    first = make(engine, ["1", "2"])
    later = make(engine, ["1"], LATER)
    assert later == {"1": (1, 3)}
    make(engine, ["2"])
    assert stored(engine, LATER) == later
    assert stored(engine) == {"2": first["2"]}


def test_each_key_has_counters_of_its_own(engine: Engine) -> None:
    make(engine, ["1", "2"])
    assert make(engine, ["1"], LATER, SECOND) == {"1": (2, 1)}
    # A re-run under a new key gives new codes: the old key may be the reason for the re-run.
    assert make(engine, ["1", "2"], NIGHT, SECOND) == {"1": (2, 2), "2": (2, 3)}
    # And back: the first key's serials were dropped.
    assert make(engine, ["1"], NIGHT, KEYS) == {"1": (1, 3)}


def test_more_lists_than_one_statement_holds(engine: Engine) -> None:
    some = [str(i) for i in range(3000)]
    assert make(engine, some) == {name: (1, i) for i, name in enumerate(some, 1)} == stored(engine)


@pytest.mark.parametrize(("free", "works"), [(2, True), (1, False)])
def test_the_last_counters(engine: Engine, *, free: int, works: bool) -> None:
    last = {"key_id": 1, "last": MAX_COUNTER - free}
    with engine.begin() as connection:
        upsert(connection, tables.KeyCounter, [last])
    if works:
        assert make(engine, ["1", "2"])["2"] == (1, MAX_COUNTER)
        return
    with pytest.raises(CodeError, match="key 1 has no serials left for 2 lists: add a new key"):
        make(engine, ["1", "2"])
    assert stored(engine) == {}


def promise(engine: Engine, night: date, *lists: Draft) -> list[Registered]:
    with engine.begin() as connection:
        return register(connection, night, days(night), lists, KEYS)


def held(engine: Engine) -> list[tuple[object, ...]]:
    table = tables.Promise
    with engine.connect() as connection:
        query = select(table.night, table.offer, table.uses, table.money, table.last_day)
        return [tuple(row) for row in connection.execute(query.order_by(table.night, table.offer))]


def test_promises_are_held_and_replaced(engine: Engine) -> None:
    one, two = offer(offer="o1", worth=100), offer(offer="o2", worth=55)
    richer = offer(offer="o1", worth=150)
    promise(engine, NIGHT, draft(shopper="1", offers=(one, two)), draft(shopper="2", offers=(one,)))
    promise(engine, LATER, draft(shopper="3", offers=(two,)))
    last, later = NIGHT + timedelta(13), LATER + timedelta(13)
    assert held(engine) == [
        (NIGHT, "o1", 2, 200, last),
        (NIGHT, "o2", 1, 55, last),
        (LATER, "o2", 1, 55, later),
    ]
    promise(engine, NIGHT, draft(shopper="2", offers=(richer,)))
    assert held(engine) == [(NIGHT, "o1", 1, 150, last), (LATER, "o2", 1, 55, later)]
    promise(engine, NIGHT, draft(shopper="2", offers=()))
    assert held(engine) == [(LATER, "o2", 1, 55, later)]


def test_offers_on_other_lists_that_are_open(engine: Engine) -> None:
    promise(engine, NIGHT, draft(shopper="1", offers=(offer(offer="o1"), offer(offer="o3"))))
    # First and last day of a window, counted from the night whose list is good for 14 days.
    table = {(-14, -1): False, (-13, 0): True, (3, 5): True, (13, 26): True, (14, 27): False}
    for (first, last), found in table.items():
        window = Window(NIGHT + timedelta(first), NIGHT + timedelta(last))
        with engine.connect() as connection:
            expected = {("1", "o1"), ("1", "o3")} if found else set()
            assert open_elsewhere(connection, LATER, window, range(256)) == expected
            assert open_elsewhere(connection, NIGHT, window, range(256)) == set()


@pytest.mark.parametrize("state", ["stopped", "paused"])
def test_what_was_stopped_while_the_night_was_at_work_is_not_registered(
    engine: Engine, state: str
) -> None:
    both = [offer(offer="o1"), offer(offer="o2")]
    promise(engine, NIGHT, draft(shopper="1", offers=both[:1]))
    before, open_ = stored(engine), held(engine)
    with engine.begin() as connection:
        connection.execute(update(tables.Offer).where(tables.Offer.id == "o2").values(state=state))
    with pytest.raises(NoLongerLive, match="while the lists were made: o2"):
        promise(engine, NIGHT, draft(shopper="1", offers=both), draft(shopper="2", offers=both))
    assert (stored(engine), held(engine)) == (before, open_)


def test_who_stops_an_offer_waits_for_a_night_that_registers_it(engine: Engine) -> None:
    hurry = {"sqlite": "pragma busy_timeout=20", "postgresql": "set lock_timeout='20ms'"}
    stop = update(tables.Offer).where(tables.Offer.id == "o1").values(state="stopped")
    with engine.begin() as connection:
        register(connection, NIGHT, days(NIGHT), [draft()], KEYS)
        with engine.connect() as other:
            other.execute(text(hurry[engine.dialect.name]))
            with pytest.raises(DBAPIError, match="lock"):
                other.execute(stop)


def test_the_response_expected_of_promises(engine: Engine) -> None:
    one = offer(offer="o1", worth=100, probability=0.5)
    thrice = offer(offer="o1", worth=200, probability=0.25, uses=3)
    promise(engine, NIGHT, draft(shopper="1", offers=(one,)), draft(shopper="2", offers=(thrice,)))
    with engine.connect() as connection:
        row = connection.execute(select(tables.Promise.__table__)).one()
    assert (row.uses, row.money) == (4, 700)
    assert (row.uses_1, row.uses_22) == (1.25, 0.4375)
    assert (row.money_1, row.money_2, row.money_3, row.money_22) == (200, 35e3, 65e5, 1e4)
