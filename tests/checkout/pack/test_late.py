"""What a store decided on its own, booked at head office: as it happened, and what does not fit."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from checkout.pack.stores import Store, answered, found, sync_key
from checkout.shop import (
    CODE,
    OFFERS,
    Tills,
    basket,
    counters,
    named,
    open_shop,
    rows,
    sums,
    used,
)
from checkout.till import CARD, NOW, Running, running
from promo import tables
from promo.checking.every import named as checks_named
from promo.checking.look import Look
from promo.config import Settings
from promo.database import snapshot
from promo.offers import states

Open = Callable[..., "House"]
CHECKS = ("counters", "limits", "reversals", "shares", "promised", "answers", "serials",
          "references", "journals")  # fmt: skip


class House:
    """Head office with tills of its own, and stores whose line is down."""

    def __init__(
        self, live: Running, engine: Engine, settings: Settings, folder: Path, **shop: Any
    ) -> None:
        open_shop(engine, **shop)
        self.live, self.engine, self.settings = live, engine, settings
        self.tills = Tills(live, engine)
        self.keys = {store: sync_key(engine, store) for store in ("1", "2")}
        self.folder, self.shop = folder, shop
        self._stores: dict[str, Store] = {}

    @property
    def one(self) -> Store:
        """The first store."""
        return self.store("1")

    def store(self, name: str) -> Store:
        """A store, opened when it is asked for."""
        if name not in self._stores:
            folder = self.folder / f"store-{name}"
            self._stores[name] = Store(folder, self.settings, name, **self.shop)
        return self._stores[name]

    def sync(self, *stores: str) -> list[tuple[Any, ...]]:
        """Stores' journals sent, one after the other; the conflicts."""
        for name in stores or ("1",):
            store = self.store(name)
            got = store.send(self.live, self.keys[name])
            assert got.json["seq"] == len(store.records), got.body
        assert counters(self.engine) == sums(self.engine)
        assert list(self.findings()) == []
        return found(self.engine)

    def findings(self) -> Iterator[str]:
        """What `promo check` says of it."""
        with snapshot(self.engine) as connection:
            look = Look(self.settings, connection, NOW, NOW.date())
            for check in checks_named(CHECKS):
                yield from (finding.in_words for finding in check.find(look))


@pytest.fixture
def open_(settings: Settings, sqlite_engine: Engine, tmp_path: Path) -> Iterator[Open]:
    """Opens a house on SQLite; `shop` is as checkout.shop.open_shop takes it."""
    with running(settings, sqlite_engine) as live:
        yield lambda **shop: House(live, sqlite_engine, settings, tmp_path, **shop)


@pytest.fixture
def open_both(settings: Settings, engine: Engine, tmp_path: Path) -> Iterator[Open]:
    """The same on each database."""
    with running(settings, engine) as live:
        yield lambda **shop: House(live, engine, settings, tmp_path, **shop)


def test_a_late_sale_is_booked_as_if_it_had_been_made_here(open_: Open) -> None:
    house = open_()
    told = house.one.sell("milk 1 300, eggs 12 360, jam 2 500, bag 1 10")
    assert house.sync() == []
    here = house.tills.do("redeem", "milk 1 300", nobody=True, transaction="9")
    assert used(told) == {"milk": 100, "eggs": 3, "two": 100}
    late = {row.offer: row for row in rows(house.engine)}
    assert (late["milk"].shopper, late["milk"].promised, late["milk"].worth) == ("100", 1, 100)
    assert late["milk"].probability > 0
    assert f"{late['milk'].at:%Y-%m-%d %H:%M}" == "2017-11-08 15:30"
    assert not used(here)
    # The same request gets the same bytes here.
    again = house.tills.ask("redeem", basket("milk 1 300, eggs 12 360, jam 2 500, bag 1 10"))
    assert again.json == told
    assert len(rows(house.engine)) == 3


def test_a_row_is_the_same_whether_it_comes_late_or_not(open_both: Open) -> None:
    house = open_both()
    house.one.sell("milk 1 300, eggs 12 360", card=CARD)
    house.sync()
    house.tills.void()
    here = basket("milk 1 300, eggs 12 360", "2", card=CARD)
    assert house.tills.ask("redeem", here).status == 200
    all_ = rows(house.engine)
    late = [row._asdict() for row in all_ if (row.kind, row.transaction) == ("redeem", "1")]
    mine = [row._asdict() for row in all_ if (row.kind, row.transaction) == ("redeem", "2")]
    for one in (*late, *mine):
        del one["id"], one["transaction"]
    assert late == mine


def test_two_stores_give_the_same_use(open_both: Open) -> None:
    house = open_both()
    assert used(house.one.sell("milk 1 300")) == {"milk": 100}
    assert used(house.store("2").sell("milk 1 300, eggs 12 360")) == {"milk": 100, "eggs": 3}
    assert house.sync("1", "2") == [("used_elsewhere", "1", "milk", 1, 100, "chain")]
    by_store = {(row.store, row.offer): row for row in rows(house.engine)}
    assert by_store["1", "milk"].funder_money == 100
    # What the manufacturer does not bear is not claimed from it.
    assert by_store["2", "milk"].funder_money == 0
    assert by_store["2", "eggs"].funder_money == 2
    assert [row.promised for row in rows(house.engine)] == [1, 0, 1]
    # Nor is anything given back to it.
    body = named("8", store="2") | {"at": "2017-11-08T10:30:00", "of": named("1", store="2")}
    assert house.tills.ask("return", body).json["manufacturer"] == 2
    assert list(house.findings()) == []


@pytest.mark.parametrize(("bearer", "funder"), [("manufacturer", 100), ("store", 0)])
def test_the_bearer_is_the_offers(open_: Open, bearer: str, funder: int) -> None:
    house = open_(offers={"milk": OFFERS["milk"] | {"offline": {"bearer": bearer}}})
    house.tills.do("redeem", "milk 1 300", "7")
    house.one.sell("milk 1 300")
    assert house.sync() == [("used_elsewhere", "1", "milk", 1, 100, bearer)]
    assert rows(house.engine)[1].funder_money == funder


@pytest.mark.parametrize("uses", [{"per_household": 1}, {"per_day": 1}])
def test_households_and_days_have_limits_too(open_: Open, uses: dict[str, int]) -> None:
    offers = {"milk": OFFERS["milk"] | {"uses": {"per_list": 3} | uses}}
    house = open_(offers=offers, uses=3)
    house.tills.do("redeem", "milk 1 300", "7")
    house.one.sell("milk 1 300")
    assert house.sync() == [("used_elsewhere", "1", "milk", 1, 100, "chain")]


def test_several_uses_in_one_basket_are_one_conflict(open_: Open) -> None:
    offers = {"milk": OFFERS["milk"] | {"uses": {"per_list": 3}}}
    house = open_(offers=offers, uses=3)
    house.tills.do("redeem", "milk 1 300", "7")
    assert used(house.one.sell("milk 3 900")) == {"milk": 300}
    assert house.sync() == [("used_elsewhere", "1", "milk", 1, 100, "chain")]
    house.tills.do("redeem", "eggs 1 300", "8")
    assert used(house.store("2").sell("milk 3 900")) == {"milk": 300}
    assert house.sync("2")[1:] == [("used_elsewhere", "1", "milk", 3, 300, "chain")]


def test_a_hard_offers_budget(open_: Open) -> None:
    web = {"products": ["internal:jam"], "printable": False, "hard": True,
           "budget": {"money": 2.5, "redemptions": 100},
           "offline": {"policy": "honour"}}  # fmt: skip
    house = open_(offers={"web": web}, unlisted=["web"])
    for n in range(2):
        house.tills.do("redeem", "jam 1 300", f"{n + 5}", nobody=True, coupons=["web"])
    told = house.one.sell("jam 1 300", nobody=True, coupons=["web"])
    assert used(told) == {"web": 100}
    assert house.sync() == [("over_budget", "1", "web", 1, 100, "chain")]
    with house.engine.connect() as connection:
        kinds = connection.execute(select(tables.OfferEvent.kind)).scalars().all()
    assert kinds == ["exhausted"]


def test_an_offer_that_was_stopped(open_both: Open) -> None:
    house = open_both()
    noon = datetime(2017, 11, 8, 15, 30, tzinfo=UTC)
    with house.engine.begin() as connection:
        states.change(connection, "milk", "stopped", "recall", noon, bearer="chain", sentence="No.")
    house.one.sell("milk 1 300", at="2017-11-08T10:29:59")
    assert house.sync() == []
    house.store("2").sell("milk 1 300", "2")
    assert house.sync("2") == [("withdrawn", "2", "milk", 1, 100, "chain")]


def test_a_household_that_was_forgotten(open_: Open) -> None:
    house = open_()
    told = house.one.sell("milk 1 300")
    with house.engine.begin() as connection:
        connection.execute(delete(tables.ShopperList))
        connection.execute(delete(tables.Card).where(tables.Card.shopper == "100"))
        connection.execute(delete(tables.Shopper).where(tables.Shopper.id == "100"))
    assert house.sync() == [("withdrawn", "1", "milk", 1, 100, "chain")]
    [row] = rows(house.engine)
    assert (row.shopper, row.key_id, row.counter, row.money) == (None, None, None, 100)
    [answer] = answered(house.engine)
    assert told["list_code"] == CODE
    assert CODE.encode() not in answer[-1]
    house.one.give_back("2")
    assert house.sync() == [("withdrawn", "1", "milk", 1, 100, "chain")]


def test_an_offer_that_the_list_never_had(open_: Open) -> None:
    house = open_(unlisted=["two"])
    with house.engine.begin() as connection:
        connection.execute(update(tables.Offer).values(state="live"))
        [content] = connection.execute(select(tables.ShopperList.content)).scalars()
        content["offers"] = [item for item in content["offers"] if item["offer"] != "eggs"]
        connection.execute(update(tables.ShopperList).values(content=content))
    house.one.sell("milk 1 300, eggs 12 360")
    assert house.sync() == [("withdrawn", "1", "eggs", 1, 3, "chain")]
    assert {row.offer: row.counter for row in rows(house.engine)} == {"milk": 1, "eggs": None}


def test_an_issue_before_promised_nothing_and_is_no_conflict(open_: Open) -> None:
    house = open_()
    with house.engine.begin() as connection:
        [content] = connection.execute(select(tables.ShopperList.content)).scalars()
        earlier = {"key_id": 1, "counter": 1, "issue": 1, "day": NOW.date(), "replaced": NOW,
                   "reason": "recall", "content": dict(content)}  # fmt: skip
        connection.execute(insert(tables.EarlierIssue), [earlier])
        content["offers"] = [item for item in content["offers"] if item["offer"] != "eggs"]
        connection.execute(update(tables.ShopperList).values(content=content, issue=2))
    house.one.sell("milk 1 300, eggs 12 360")
    assert house.sync() == []
    assert {row.offer: row.promised for row in rows(house.engine)} == {"milk": 1, "eggs": 0}


def test_an_offer_that_head_office_does_not_know(open_: Open) -> None:
    house = open_()
    with house.engine.begin() as connection:
        for table in (tables.OfferProduct, tables.Promise):
            connection.execute(delete(table).where(table.offer == "eggs"))
        connection.execute(delete(tables.Offer).where(tables.Offer.id == "eggs"))
    house.one.sell("milk 1 300, eggs 12 360")
    assert house.sync() == [("unknown_offer", "1", "eggs", 1, 3, "store")]
    assert counters(house.engine) == {"milk": (1, 100)}


# --- coupons --------------------------------------------------------------------------------------

ITEM = "0614141000012"  # of the coupon's maker
SERIAL = "811010614141654321310011000050123456"  # 1.00 off any one of them, number 123456


def test_a_coupon_that_says_itself_what_it_gives_becomes_an_offer(open_: Open) -> None:
    house = open_()
    told = house.one.sell(f"{ITEM} 1 300", nobody=True, coupons=[SERIAL])
    [(offer, off)] = used(told).items()
    assert off == 100
    assert house.sync() == []
    assert counters(house.engine) == {offer: (1, 100)}
    got = house.tills.do("redeem", f"{ITEM} 1 300", "9", nobody=True, coupons=[SERIAL])
    assert got["offers"][0]["why"] == "coupon_used"


def test_a_serial_number_that_two_sales_used(open_both: Open) -> None:
    house = open_both()
    for store in ("1", "2"):
        house.store(store).sell(f"{ITEM} 1 300", nobody=True, coupons=[SERIAL])
    [conflict] = house.sync("1", "2")
    assert (conflict[0], conflict[3:]) == ("serial_used", (1, 100, "chain"))
    # A return of the second gives nothing back that is the first one's.
    house.store("2").void()
    assert len(house.sync("2")) == 1
    assert house.tills.do("redeem", f"{ITEM} 1 300", "9", nobody=True, coupons=[SERIAL])["off"] == 0


def test_a_sale_goes_before_a_basket_that_is_not_paid(open_: Open) -> None:
    house = open_()
    assert (
        house.tills.do("reserve", f"{ITEM} 1 300", "5", nobody=True, coupons=[SERIAL])["off"] == 100
    )
    house.one.sell(f"{ITEM} 1 300", nobody=True, coupons=[SERIAL])
    assert house.sync() == []
    assert house.tills.do("redeem", f"{ITEM} 1 300", "5", nobody=True, coupons=[SERIAL])["off"] == 0


# --- the same name --------------------------------------------------------------------------------


def test_what_both_decided_alike_is_there_once(open_: Open) -> None:
    house = open_()
    assert house.tills.do("redeem", "milk 1 300") == house.one.sell("milk 1 300")
    assert house.sync() == []
    assert len(rows(house.engine)) == 1


def test_what_both_decided_otherwise_stays_as_head_office_did(open_: Open) -> None:
    house = open_()
    house.tills.do("redeem", "milk 1 300", "7")
    assert used(house.tills.do("redeem", "milk 1 300, eggs 12 360")) == {"eggs": 3}
    told = house.one.sell("milk 1 300, eggs 12 360")
    assert used(told) == {"milk": 100, "eggs": 3}
    assert house.sync() == [("differs", "1", "milk", 1, 100, "chain")]
    assert house.sync() == [("differs", "1", "milk", 1, 100, "chain")]


def test_another_basket_under_the_same_name(open_: Open) -> None:
    house = open_()
    house.tills.do("redeem", "eggs 12 360")
    house.one.sell("milk 1 300")
    assert house.sync() == [("identity", "1", "milk", 1, 100, "store")]
    assert counters(house.engine) == {"eggs": (1, 3)}


def test_what_is_taken_back_of_another_basket_is_not_the_booked_one(open_both: Open) -> None:
    house = open_both()
    house.tills.do("redeem", "eggs 12 360", "1")
    house.tills.do("redeem", "jam 2 500", "2")
    house.one.sell("milk 1 300", "1")
    house.one.give_back("8")
    house.one.sell("bread 1 200", "2")
    house.one.void("2")
    assert house.sync() == [
        ("identity", "1", "milk", 1, 100, "store"), ("identity", "8", "milk", 0, 100, "store"),
        ("identity", "2", "", 0, 0, "store"), ("identity", "2", "", 0, 0, "store"),
    ]  # fmt: skip
    assert counters(house.engine) == {"eggs": (1, 3), "two": (1, 100)}
    assert house.tills.give_back("9", of="1").json["refund"] == 357
    assert house.tills.void("2", "10").json["known"] is True
    assert list(house.findings()) == []


def test_text_that_looks_like_an_escape_is_text(open_both: Open) -> None:
    house = open_both()
    house.one.sell(r"milk 1 300, x\u0000 1 100")
    assert house.sync() == []
    assert house.tills.give_back("2").json["refund"] == 300


def test_redemptions_that_a_file_brought_are_not_booked_again(open_: Open) -> None:
    house = open_()
    house.one.sell("milk 1 300")
    house.sync()
    with house.engine.begin() as connection:
        connection.execute(delete(tables.TillAnswer))
        connection.execute(delete(tables.Journal))
    assert house.sync() == []
    assert counters(house.engine) == {"milk": (1, 100)}


# --- taken back -----------------------------------------------------------------------------------


def test_returns_and_voids_of_late_sales(open_both: Open) -> None:
    house = open_both()
    store = house.one
    store.sell("milk 1 300, jam 2 500", "1")
    store.give_back("2", (0, 1), (1, 1))
    store.sell("eggs 12 360", "3")
    store.void("3", "4")
    assert house.sync() == []
    assert counters(house.engine) == {"milk": (1, 0), "two": (0, 0), "eggs": (0, 0)}
    # What is left of it comes back here.
    assert house.tills.give_back("8").json["refund"] == 250
    assert list(house.findings()) == []


def test_a_return_here_of_a_late_sale_waits_for_it(open_: Open) -> None:
    house = open_()
    house.one.sell("milk 1 300")
    assert house.tills.give_back("8").refused == "no_sale"
    house.sync()
    assert house.tills.give_back("8").json["refund"] == 200


def test_pieces_that_come_back_twice(open_: Open) -> None:
    house = open_()
    house.one.sell("milk 2 600, bread 1 200")
    house.sync()
    assert house.tills.give_back("7", (0, 1)).json["refund"] == 300
    # Another piece of the line, and that one had the offer.
    assert house.one.give_back("8", (0, 1))["refund"] == 300
    assert house.sync() == [("differs", "8", "", 0, 100, "chain")]
    assert house.tills.give_back("9", (1, 1)).json["refund"] == 200
    assert house.one.give_back("10")["refund"] == 400
    assert house.sync()[1:] == [("returned_twice", "10", "", 0, 400, "chain")]
    assert house.tills.give_back("11").refused == "not_left"


def test_a_return_of_what_is_void(open_: Open) -> None:
    house = open_()
    house.one.sell("milk 1 300")
    house.sync()
    house.tills.void()
    house.one.give_back("8")
    assert house.sync() == [("returned_twice", "8", "", 0, 200, "chain")]
    assert counters(house.engine) == {"milk": (0, 0)}


def test_a_void_of_what_came_back_here(open_: Open) -> None:
    house = open_()
    house.one.sell("milk 1 300, bread 1 200")
    house.sync()
    house.tills.give_back("7", (1, 1))
    house.one.void("1", "8")
    assert house.sync() == [("returned_twice", "8", "", 0, 200, "chain")]
    house.tills.void("1", "9")
    assert counters(house.engine) == {"milk": (0, 0)}


def test_a_void_of_what_is_void(open_: Open) -> None:
    house = open_()
    house.one.sell("milk 1 300, bread 1 200")
    house.sync()
    house.tills.void("1", "7")
    house.one.void("1", "8")
    assert house.sync() == [("returned_twice", "8", "", 0, 400, "chain")]


def test_a_void_that_came_before_its_sale(open_both: Open) -> None:
    house = open_both()
    told = house.one.sell("milk 1 300")
    assert house.tills.void("1", "7").json["known"] is False
    assert house.sync() == [("voided_before", "1", "", 1, 100, None)]
    assert counters(house.engine) == {"milk": (0, 0)}
    assert used(house.tills.do("redeem", "milk 1 300", "8")) == {"milk": 100}
    assert used(told) == {"milk": 100}
    house.one.give_back("9")
    assert house.sync()[1:] == [("returned_twice", "9", "", 0, 200, "chain")]


def test_a_void_there_of_a_sale_here(open_: Open) -> None:
    house = open_()
    house.tills.do("redeem", "milk 1 300")
    assert house.one.void()["known"] is False
    assert house.sync() == [("differs", "1", "milk", -1, -100, "chain")]
    assert counters(house.engine) == {"milk": (0, 0)}


def test_what_was_never_sold_anywhere(open_: Open) -> None:
    house = open_()
    house.one.void()
    assert house.sync() == []
    assert house.tills.ask("redeem", basket("milk 1 300")).refused == "voided"


def test_reservations_stay_where_they_are(open_: Open) -> None:
    house = open_()
    house.one.do("reserve", basket("milk 1 300"))
    assert house.sync() == []
    assert answered(house.engine) == []
    assert used(house.tills.do("redeem", "milk 1 300", "2")) == {"milk": 100}
