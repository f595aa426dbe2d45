"""Lists issued anew without what was stopped, on both databases; all of it or nothing."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from offers import shop
from offers.shop import LAST, NIGHT, ON, item, use
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import DBAPIError

from promo import tables
from promo.checkout import opening
from promo.checkout.statements import Statements
from promo.lists.items import OfferItem
from promo.lists.register import NoLongerLive
from promo.lists.reissue import Sheet, Wanted, drafts, find, reissue
from promo.offers import budgets, states
from promo.offers.budgets import SUMS, Promised, promise_rows
from promo.offers.redemptions import record

DAY = timedelta(1)
NOW = datetime(2017, 11, 8, 9, 30, tzinfo=UTC)
TODAY = NIGHT + 2 * DAY
BAD, GOOD, NEW = (item(name, category=name.upper()) for name in ("bad", "good", "new"))


@pytest.fixture(autouse=True)
def _lists(engine: Engine) -> None:
    """Households 100 and 200 hold a bad and a good offer, 100's list of yesterday only the good."""
    shop.masters(engine)
    for name in ("bad", "good", "new"):
        shop.offer(engine, name)
    shop.a_list(engine, 1, [BAD, GOOD])
    shop.a_list(engine, 2, [GOOD, BAD], shopper="200")
    shop.a_list(engine, 3, [GOOD], NIGHT - DAY)
    hold(engine, NIGHT, [BAD, GOOD, GOOD, BAD])
    hold(engine, NIGHT - DAY, [GOOD])


def hold(engine: Engine, night: date, items: Sequence[dict[str, Any]]) -> None:
    promises = [Promised(i["offer"], i["probability"], i["worth"], i["uses"]) for i in items]
    for row in promise_rows(promises):
        sums = {name: row[name] for name in SUMS}
        shop.promise(engine, row["offer"], night, row["uses"], **sums)


def stop(engine: Engine, name: str = "bad") -> None:
    with engine.begin() as connection:
        states.change(
            connection, name, "stopped", "recall", NOW, bearer="Maker 7", sentence="Sorry."
        )


def refill(*names: str) -> Any:
    """Offers that come, whoever it is for."""

    def some(_: str, staying: Sequence[OfferItem], slots: int) -> list[OfferItem]:
        assert staying
        return [OfferItem(**item(name, category=name.upper())) for name in names][:slots]

    return some  # fmt: skip


def run(engine: Engine, wanted: Wanted | None = None, *coming: str) -> list[Sheet]:
    with engine.begin() as connection:
        sheets = find(connection, wanted or Wanted(), TODAY)
        reissue(connection, sheets, refill(*coming), TODAY, NOW)
    return sheets


def stored(engine: Engine) -> dict[int, tuple[int, int, list[str]]]:
    """Issue, worth and offers by counter."""
    table = tables.ShopperList
    with engine.connect() as connection:
        rows = connection.execute(select(table.__table__).order_by(table.counter)).all()
    return {
        row.counter: (row.issue, row.worth, [o["offer"] for o in row.content["offers"]])
        for row in rows
    }


def promised(engine: Engine) -> dict[str, tuple[int, float]]:
    """Open uses, and their expected money, by offer."""
    names = ("bad", "good", "new")
    with engine.connect() as connection:
        found = budgets.read(connection, names, TODAY)
    columns = (found.open_uses.tolist(), found.open.money_1.tolist())
    return dict(zip(names, zip(*columns, strict=True), strict=True))


def test_nothing_stopped_nothing_done(engine: Engine) -> None:
    before = stored(engine)
    assert run(engine, None, "new") == []
    assert stored(engine) == before


def test_what_stays_keeps_its_other_categories(engine: Engine) -> None:
    shop.a_list(engine, 1, [BAD, GOOD | {"also_on": ["TEA"]}])
    stop(engine)
    run(engine)
    with engine.connect() as connection:
        table = tables.ShopperList
        content = connection.execute(select(table.content).where(table.counter == 1)).scalar_one()
    assert [(each["offer"], each.get("also_on")) for each in content["offers"]] == [
        ("good", ["TEA"])
    ]


def test_what_is_stopped_leaves_and_another_comes(engine: Engine) -> None:
    stop(engine)
    assert len(run(engine, None, "new")) == 2
    assert stored(engine) == {
        1: (2, 200, ["good", "new"]), 2: (2, 200, ["good", "new"]), 3: (1, 100, ["good"]),
    }  # fmt: skip
    assert promised(engine) == {"bad": (0, 0), "good": (3, 75), "new": (2, 50)}
    with engine.connect() as connection:
        rows = connection.execute(select(tables.EarlierIssue.__table__)).all()
        own = connection.execute(select(tables.ShopperList.__table__)).all()
    assert [(r.counter, r.issue, r.day, r.reason) for r in rows] == [
        (1, 1, TODAY, "stopped: bad"), (2, 1, TODAY, "stopped: bad"),
    ]  # fmt: skip
    assert rows[0].content["offers"] == [BAD, GOOD]
    assert {(r.code, r.first_day, r.last_day) for r in own if r.night == NIGHT} == {
        (f"code {n}", NIGHT, LAST) for n in (1, 2)
    }
    # The second time there is nothing to do.
    before = stored(engine)
    assert run(engine, None, "new") == []
    assert stored(engine) == before


def test_a_slot_stays_empty_where_nothing_comes(engine: Engine) -> None:
    stop(engine)
    run(engine)
    assert stored(engine)[1] == (2, 100, ["good"])
    assert promised(engine)["new"] == (0, 0)


@pytest.mark.parametrize(
    ("wanted", "counters"),
    [
        (Wanted(night=NIGHT), [1, 2]),
        (Wanted(night=NIGHT - DAY), []),
        (Wanted(offer="bad"), [1, 2]),
        (Wanted(offer="good"), []),
        (Wanted(code="code 2"), [2]),
        (Wanted(code="code 3"), []),
        (Wanted(code="no code"), []),
    ],
)
def test_only_what_is_asked_for(engine: Engine, wanted: Wanted, counters: list[int]) -> None:
    stop(engine)
    assert [sheet.row.counter for sheet in run(engine, wanted, "new")] == counters


@pytest.mark.parametrize(("day", "found"), [(LAST, 2), (LAST + DAY, 0)])
def test_lists_that_are_over_are_left_alone(engine: Engine, day: date, found: int) -> None:
    stop(engine)
    with engine.begin() as connection:
        assert len(find(connection, Wanted(), day)) == found


def test_drafts_are_nights_to_make_again(engine: Engine) -> None:
    stop(engine)
    run_ = update(tables.Run).where(tables.Run.night == NIGHT).values(state="draft")
    with engine.begin() as connection:
        assert drafts(connection, Wanted(), TODAY) == []
        connection.execute(run_)
        assert find(connection, Wanted(), TODAY) == []
        for wanted in (Wanted(), Wanted(night=NIGHT), Wanted(offer="bad"), Wanted(code="code 1")):
            assert drafts(connection, wanted, TODAY) == [NIGHT]
        for wanted in (Wanted(night=TODAY), Wanted(offer="good"), Wanted(code="code 3")):
            assert drafts(connection, wanted, TODAY) == []


def test_what_is_used_stays_and_is_not_promised_twice(engine: Engine) -> None:
    with engine.begin() as connection:
        record(connection, use("bad", on=ON))
    stop(engine)
    assert [sheet.row.counter for sheet in run(engine, None, "new")] == [2]
    assert stored(engine)[1] == (1, 200, ["bad", "good"])
    assert promised(engine) == {"bad": (0, 0), "good": (3, 75), "new": (1, 25)}


def test_of_an_offer_used_in_part_the_rest_leaves(engine: Engine) -> None:
    shop.a_list(engine, 1, [item("bad", uses=3), GOOD])
    with engine.begin() as connection:
        record(connection, use("bad", on=ON))
        connection.execute(update(tables.Promise).values(uses=4, money=400, money_1=100.0,
                                                         uses_1=1.0))  # fmt: skip
    stop(engine)
    run(engine, Wanted(code="code 1"), "new")
    assert promised(engine)["bad"] == (1, 25)  # household 200's


def test_a_dead_run_leaves_all_as_it_was(engine: Engine) -> None:
    stop(engine)
    before, open_ = stored(engine), promised(engine)
    with engine.connect() as connection:  # closed without a commit, as by a kill
        reissue(connection, find(connection, Wanted(), TODAY), refill("new"), TODAY, NOW)
    assert (stored(engine), promised(engine)) == (before, open_)
    assert len(run(engine, None, "new")) == 2


def test_what_comes_must_be_live_when_it_is_stored(engine: Engine) -> None:
    stop(engine)
    stop(engine, "new")
    before = stored(engine)
    with pytest.raises(NoLongerLive, match="lists were made: new"):
        run(engine, None, "new")
    assert stored(engine) == before


def test_who_stops_an_offer_waits_for_a_reissue_that_prints_it(engine: Engine) -> None:
    stop(engine)
    with engine.begin() as connection:
        reissue(connection, find(connection, Wanted(), TODAY), refill("new"), TODAY, NOW)
        with engine.connect() as other:
            hurry = {"sqlite": "pragma busy_timeout=20", "postgresql": "set lock_timeout='20ms'"}
            other.execute(text(hurry[engine.dialect.name]))
            with pytest.raises(DBAPIError, match="lock"):
                states.change(other, "new", "paused", "why", NOW)
    stop(engine, "new")


def test_lookup_tells_what_is_stopped_and_what_is_used(engine: Engine) -> None:
    def offers() -> dict[str, tuple[str, str | None]]:
        statements = Statements.of(engine)
        found = opening.answer(statements, opening.by_card(statements, "c100", TODAY))["offers"]
        statements.close()
        return {each["offer"]: (each["state"], each.get("sentence")) for each in found}

    with engine.begin() as connection:
        states.change(connection, "good", "paused", "why", NOW)
    assert offers() == {"bad": ("open", None), "good": ("open", None)}
    stop(engine)
    assert offers() == {"bad": ("stopped", "Sorry."), "good": ("open", None)}
    with engine.begin() as connection:
        record(connection, use("good", on=ON))
    assert offers() == {"bad": ("stopped", "Sorry."), "good": ("used", None)}
    run(engine, None, "new")
    assert offers() == {"good": ("used", None), "new": ("open", None)}
