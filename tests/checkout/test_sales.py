"""Baskets over HTTP, on both databases: quoted, redeemed, refused; and what is stored of them."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import Engine, update

from checkout.shop import (
    CODE,
    Tills,
    basket,
    counters,
    open_shop,
    rows,
    sums,
    used,
    why,
)
from checkout.till import CARD, OTHERS, running
from promo import tables
from promo.checkout import sale_bodies, sentences
from promo.checkout.basket import reasons
from promo.config import Settings


@pytest.fixture
def tills(settings: Settings, engine: Engine) -> Iterator[Tills]:
    open_shop(engine)
    with running(settings, engine) as live:
        yield Tills(live, engine)


@pytest.fixture
def opened(settings: Settings, sqlite_engine: Engine) -> Iterator[Any]:
    """A shop with other offers, on SQLite: for what does not depend on the database."""
    with running(settings, sqlite_engine) as live:

        def open_(offers: dict[str, dict[str, Any]], **more: Any) -> Tills:
            open_shop(sqlite_engine, offers, **more)
            return Tills(live, sqlite_engine)

        yield open_


def test_a_quote_has_no_effect_and_says_what_a_redeem_then_does(tills: Tills) -> None:
    basket_ = "milk 1 300, eggs 12 360, jam 2 500, bag 1 10"
    quoted = tills.do("quote", basket_)
    assert not rows(tills.engine)
    redeemed = tills.do("redeem", basket_)
    assert redeemed == quoted
    assert used(redeemed) == {"milk": 100, "eggs": 3, "two": 100}
    assert (quoted["total"], quoted["off"], quoted["to_pay"]) == (1170, 203, 967)
    assert (quoted["manufacturer"], quoted["store_bears"]) == (202, 1)
    assert [(line["line"], line["off"]) for line in quoted["lines"]] == [(0, 100), (1, 3), (2, 100)]
    assert (quoted["cashier"], quoted["shopper"]) == ("3 offers apply.", "You save $2.03.")
    TypeAdapter(sale_bodies.Priced).validate_python(quoted)


def test_what_is_stored_of_a_redeem(tills: Tills) -> None:
    tills.do("redeem", "eggs 12 360, jam 2 500")
    eggs, jam = rows(tills.engine)
    assert (eggs.offer, eggs.kind, eggs.key_id, eggs.counter, eggs.shopper) == (
        "eggs", "redeem", 1, 1, "100")  # fmt: skip
    assert (eggs.uses, eggs.units, eggs.money, eggs.funder_money) == (1, 1, 3, 2)
    assert (eggs.promised, eggs.worth, eggs.probability) == (1, 100, 0.25)
    assert jam.lines == {
        "lines": [{"line": 1, "product": "internal:jam", "units": 2, "off": 100,
                   "manufacturer": 100, "store": 0, "points": 0}],
        "handling": 0,
    }  # fmt: skip
    assert counters(tills.engine) == sums(tills.engine) == {"eggs": (1, 3), "two": (1, 100)}


def test_an_offer_is_used_once_whoever_asks_and_wherever(tills: Tills) -> None:
    assert used(tills.do("redeem", "milk 1 300")) == {"milk": 100}
    for transaction, more in (("2", {}), ("3", {"store": "2"}), ("4", {"card": CARD})):
        again = tills.do("redeem", "milk 1 300", transaction, **more)
        assert (used(again), why(again)["milk"]) == ({}, "no_uses")
    assert counters(tills.engine) == {"milk": (1, 100)}
    [milk, *_] = tills.live.ask("/v1/lookup", {"code": CODE}, tills.keys["1"]).json["offers"]
    assert milk["state"] == "used"


def test_sent_again_it_gets_the_same_bytes_after_a_restart_too(
    tills: Tills, settings: Settings
) -> None:
    first = tills.ask("redeem", basket("milk 1 300"))
    assert tills.ask("redeem", basket("milk 1 300")).body == first.body
    with running(settings, tills.engine) as again:
        other = Tills(again, tills.engine)
        assert other.ask("redeem", basket("milk 1 300")).body == first.body
        back = other.give_back("2")
        assert other.give_back("2").body == back.body
        gone = other.void()
        assert other.void().body == gone.body
    assert len(rows(tills.engine)) == 3


def test_another_basket_of_the_same_name_is_a_conflict(tills: Tills) -> None:
    tills.do("redeem", "milk 1 300")
    for other in (basket("milk 2 300"), basket("milk 1 300", card=CARD),
                  basket("milk 1 300", coupons=["x"])):  # fmt: skip
        got = tills.ask("redeem", other)
        assert (got.status, got.refused) == (409, "conflict")
    assert used(tills.do("redeem", "jam 2 500", till="4")) == {"two": 100}  # another till's "1"
    assert tills.ask("reserve", basket("milk 1 300")).refused == "conflict"


def test_a_refused_redeem_leaves_nothing_and_may_be_sent_again(tills: Tills) -> None:
    wrong = CODE[:-1] + str((int(CODE[-1]) + 1) % 10)
    assert tills.ask("redeem", basket("milk 1 300", code=wrong)).refused == "forged"
    assert used(tills.do("redeem", "milk 1 300")) == {"milk": 100}


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"card": OTHERS}, 404, "unknown"),
        ({"code": "253" + 30 * "0"}, 404, "forged"),
        ({"at": "2017-11-08T25:00:00"}, 400, "malformed"),
        ({"at": "2017-11-08T10:30:00Z"}, 400, "malformed"),
        ({"at": "2017-11-10T10:30:00"}, 409, "wrong_day"),
        ({"day": "2017-11-04", "at": "2017-11-04T10:30:00"}, 409, "wrong_day"),
        ({"day": "2017-11-31"}, 400, "malformed"),
        ({"card": CARD, "code": CODE}, 400, "malformed"),
        ({"lines": [{"code": "internal:milk"}]}, 400, "malformed"),
        ({"lines": [{"code": "internal:milk", "amount": 1.5}]}, 400, "malformed"),
        ({"lines": [{"code": "internal:milk", "quantity": 0, "amount": 1}]}, 400, "malformed"),
        ({"lines": [{"code": "98112345678", "amount": 1}]}, 400, "malformed"),
        ({"extra": 1}, 400, "malformed"),
    ],
)  # fmt: skip
def test_what_is_refused(opened: Any, changes: dict[str, Any], status: int, code: str) -> None:
    tills = opened({"milk": {"products": ["internal:milk"]}})
    place = {name: changes.pop(name) for name in ("day",) if name in changes}
    body = basket("milk 1 300", **{"nobody": True} | place) | {"code": CODE} | changes
    if "card" in changes and "code" not in changes:
        del body["code"]
    for verb in ("quote", "reserve", "redeem"):
        got = tills.ask(verb, body)
        assert (got.status, got.refused) == (status, code), got.body
    assert not rows(tills.engine)


def test_keys_are_of_a_store_and_of_verbs(tills: Tills) -> None:
    body = basket("milk 1 300", store="2")
    assert tills.live.ask("/v1/redeem", body, tills.keys["1"]).refused == "other_store"
    spanish = tills.do("redeem", "milk 1 300", store="2")
    assert spanish["shopper"] != "You save $1.00."


def test_stopped_offers_are_refused_with_the_stored_sentence(opened: Any) -> None:
    tills = opened({"milk": {"products": ["internal:milk"]}, "jam": {"products": ["internal:jam"]}})
    event = {"offer": "milk", "at": "x", "kind": "stopped", "reason": "recall", "bearer": "chain"}
    with tills.engine.begin() as connection:
        connection.execute(update(tables.Offer).where(tables.Offer.id == "milk")
                           .values(state="stopped"))  # fmt: skip
        connection.execute(update(tables.Offer).where(tables.Offer.id == "jam")
                           .values(state="paused"))  # fmt: skip
        connection.exec_driver_sql(
            "insert into offer_events (offer, at, kind, reason, bearer, sentence) "
            "values (:offer, '2017-11-08 00:00:00.000000', :kind, :reason, :bearer, 'Recalled.')",
            event,
        )
    got = tills.do("redeem", "milk 1 300, jam 1 300")
    assert used(got) == {"jam": 100}
    [milk, _] = got["offers"]
    assert (milk["why"], milk["sentence"]) == ("stopped", "Recalled.")


def test_a_printed_offer_is_honoured_beyond_its_budget_and_an_alarm_raised_once(
    settings: Settings, engine: Engine
) -> None:
    budget = {"money": 1, "redemptions": 50}
    open_shop(engine, {"milk": {"products": ["internal:milk"], "budget": budget,
                                "uses": {"per_list": 3}}}, uses=3)  # fmt: skip
    with running(settings, engine) as live:
        tills = Tills(live, engine)
        assert used(tills.do("redeem", "milk 3 900")) == {"milk": 300}
        assert counters(engine) == {"milk": (3, 300)}
        assert [line["offer"] for line in live.lines if "noticed" in line] == ["milk"]
    with engine.connect() as connection:
        events = connection.execute(tables.OfferEvent.__table__.select()).all()
    assert [(each.kind, each.reason) for each in events] == [
        ("exhausted", "spent 300 of 100 minor units, 3 of 50 redemptions")]  # fmt: skip


HARD: dict[str, Any] = {"products": ["internal:milk"], "printable": False, "hard": True}


def test_hard_offers_stop_at_their_limit(settings: Settings, engine: Engine) -> None:
    budget = {"money": 2.50, "redemptions": 50}
    open_shop(engine, {"web": HARD | {"budget": budget}}, unlisted=["web"])
    with running(settings, engine) as live:
        tills = Tills(live, engine)
        for n, expected in enumerate([{"web": 100}, {"web": 100}, {}]):
            got = tills.do("redeem", "milk 1 300", f"{n}", nobody=True, coupons=["web"])
            assert used(got) == expected
        assert why(got) == {"web": "budget"}
        assert why(tills.do("quote", "milk 1 300", nobody=True, coupons=["web"]))["web"] == "budget"
        tills.void(of="0")
        got = tills.do("redeem", "milk 1 300", "9", nobody=True, coupons=["web"])
        assert used(got) == {"web": 100}
    assert counters(engine) == sums(engine) == {"web": (2, 200)}


def test_coupons_handed_over(opened: Any) -> None:
    web = {"products": ["internal:jam"], "printable": False, "uses": {"per_household": 1}}
    tills = opened({"milk": {"products": ["internal:milk"]}, "web": web}, unlisted=["web"])
    got = tills.do("redeem", "milk 1 300, jam 2 600", coupons=["web", "web", "milk", "what"])
    assert used(got) == {"milk": 100, "web": 100}
    assert [(each["offer"], each.get("coupon"), each.get("why")) for each in got["offers"]] == [
        ("milk", None, None), ("web", 0, None), ("web", 1, "no_uses_household"),
        ("milk", 2, "unknown_coupon"), ("what", 3, "unknown_coupon"),
    ]  # fmt: skip
    assert why(tills.do("redeem", "jam 1 300", "2", coupons=["web"]))["web"] == "no_uses_household"


def test_uses_a_day_and_a_household(opened: Any) -> None:
    uses = {"per_list": 5, "per_day": 1, "per_household": 2}
    tills = opened({"milk": {"products": ["internal:milk"], "uses": uses}}, uses=5)
    assert used(tills.do("redeem", "milk 3 900", "1")) == {"milk": 100}
    assert why(tills.do("redeem", "milk 3 900", "2")) == {"milk": "no_uses_today"}
    other = {"day": "2017-11-07"} | {"at": "2017-11-07T10:00:00"}
    assert used(tills.do("redeem", "milk 3 900", "3", **other)) == {"milk": 100}
    tomorrow = {"day": "2017-11-09"} | {"at": "2017-11-09T10:00:00"}
    assert why(tills.do("redeem", "milk 3 900", "4", **tomorrow)) == {"milk": "no_uses_household"}
    assert (
        tills.void(of="3", transaction="5", day="2017-11-07").status == 200
    )  # on another day than its use
    assert why(tills.do("redeem", "milk 3 900", "6")) == {"milk": "no_uses_today"}
    assert used(tills.do("redeem", "milk 3 900", "7", **other)) == {"milk": 100}


def test_a_bare_plu_is_an_item_of_the_basket(opened: Any) -> None:
    """Offers see it where they name it; else it counts to the basket's sum."""
    tills = opened({"any": {"products": [], "basket": "9.00"}})
    lines = [{"code": "4011", "amount": 450}, {"code": "94011", "amount": 450}]
    got = tills.ask("quote", basket("") | {"lines": lines}).json
    assert (got["total"], used(got)) == (900, {"any": 100})


def test_excluded_goods_count_for_nothing(opened: Any) -> None:
    whole = {
        "products": ["internal:bag", "internal:vodka", "internal:bread"],
        "uses": {"per_list": 3},
    }
    tills = opened({"any": whole}, uses=3)
    got = tills.do("redeem", "bag 1 300, vodka 1 900, bread 1 200")
    assert [(line["line"], line["off"]) for line in got["lines"]] == [(2, 100)]


def test_many_baskets_at_one_till_are_noticed_and_not_refused(
    opened: Any, settings: Settings
) -> None:
    most = settings.checkout.flag_baskets
    tills = opened({"milk": {"products": ["internal:milk"], "uses": {"per_list": 99}}}, uses=99)
    for n in range(most + 1):
        assert used(tills.do("redeem", "milk 1 300", f"{n}", at="2017-11-08T07:00:00"))
    noticed = [line for line in tills.live.lines if line.get("noticed") == "many_baskets"]
    assert len(noticed) == 2  # the last of `most`, and the one more
    assert noticed[0].keys() == {"time", "store", "till", "noticed"}
    assert tills.live.service.metrics.many_baskets == 2


def test_reasons_all_have_sentences() -> None:
    assert set(reasons.REASONS) <= set(sentences.WHY_NOT)


def test_no_list_no_card_no_coupon_is_an_ordinary_basket(tills: Tills) -> None:
    got = tills.do("redeem", "milk 1 300", nobody=True)
    assert (got["offers"], got["off"], "list_code" in got) == ([], 0, False)
    assert got["cashier"] == "No offer applies to this basket."
