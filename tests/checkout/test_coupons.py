"""Manufacturers' coupons at the till: what comes off, who pays, once only, given back as stored."""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from checkout.shop import Tills, basket, counters, named, open_shop, rows, sums
from checkout.test_once import LIMITS, TILLS, at_once
from checkout.till import NOW, running
from promo import tables
from promo.checkout import family_file, positive_file
from promo.checkout.filed import Filed
from promo.config import Settings
from promo.scans.gtin import check_digit

MAKER, OTHER = "0614141", "0614142"


def item(prefix: str, number: int) -> str:
    """A GTIN-13 given out under a prefix."""
    body = f"{prefix}{number:0{12 - len(prefix)}d}"
    return body + check_digit(body)


A, B, C = (item(MAKER, n) for n in (1, 2, 3))
X = item(OTHER, 1)
HEAD = f"1{MAKER}654321"
ONE = f"8110{HEAD}3100110000"  # 1.00 off any one item of the maker's
OFFER = "011234567999999"  # of AI 8112: digital, funder 1234567, offer 999999
DIGITAL = f"8112{OFFER}0666666"
ROWS: list[dict[str, Any]] = [
    {
        "base_gs1": f"8112{OFFER}", "description": "1.00 off any A or B",
        "redemption_start_date": "2017-11-01", "redemption_end_date": "2017-11-30",
        "primary_purchase_save_value": 100, "primary_purchase_requirements": 1,
        "primary_purchase_req_code": 0, "primary_purchase_gtins": [A, B, C],
        "primary_purchase_excluded_gtins": [C],
    },
]  # fmt: skip
INSERT = "211234567888888"  # format 2: without a serial


def stock(engine: Engine, settings: Settings, folder: Path) -> None:
    """The makers' items, two families, and a positive offer file."""
    plain = {"description": "", "store_brand": False, "no_coupon": False, "delisted": False}
    with engine.begin() as connection:
        connection.execute(insert(tables.Product), [
            plain | {"id": f"gtin:0{code}", "domain": "gtin", "code": f"0{code}"}
            for code in (A, B, C, X)
        ])  # fmt: skip
        file = folder / "families.csv"
        file.write_text(f"prefix,family,code\n{OTHER},121,{X}\n", encoding="utf-8")
        assert not family_file.import_file(connection, settings, file).refused
    take(engine, settings, folder, *ROWS, ROWS[0] | {"base_gs1": INSERT})


def take(engine: Engine, settings: Settings, folder: Path, *given: dict[str, Any]) -> Filed:
    file = folder / "offers.jsonl"
    file.write_text("\n".join(json.dumps(each) for each in given), encoding="utf-8")
    with engine.begin() as connection:
        return positive_file.import_file(connection, settings, file)


@pytest.fixture
def tills(settings: Settings, engine: Engine, folder: Path) -> Iterator[Tills]:
    milk = {"products": ["internal:milk"], "reward": {"amount_off": 1}}
    half = {"products": ["internal:jam"], "reward": {"percent_off": 50}, "printable": False}
    open_shop(engine, {"milk": milk, "half": half}, unlisted=["half"])
    stock(engine, settings, folder)
    with engine.begin() as connection:
        pair = {"offer": "half", "product": f"gtin:0{A}"}
        connection.execute(insert(tables.OfferProduct), [pair])
    with running(settings, engine, **LIMITS) as live:
        yield Tills(live, engine)


def lines(text: str) -> list[dict[str, Any]]:
    """`A 2 500, B 1 300`: item, pieces, minor units."""
    found = []
    for each in text.split(", "):
        name, quantity, amount = each.split()
        code = {"A": A, "B": B, "C": C, "X": X}.get(name, f"internal:{name}")
        found.append({"code": code, "quantity": int(quantity), "amount": int(amount)})
    return found


def body(text: str, coupons: Sequence[str], transaction: str = "1", **more: Any) -> dict[str, Any]:
    whose = {} if {"code", "card"} & more.keys() else {"nobody": True}
    return basket("", transaction, **whose, **more) | {
        "lines": lines(text), "coupons": list(coupons)
    }  # fmt: skip


def told(tills: Tills, verb: str, text: str, *coupons: str, **more: Any) -> Any:
    got = tills.ask(verb, body(text, coupons, **more))
    assert got.status == 200, got.body
    return got.json


def offs(answer: Any) -> list[Any]:
    """What each coupon takes off, or why it takes nothing."""
    return [each.get("why", each["off"]) for each in answer["offers"] if "coupon" in each]


def second(rule: int, prefix: str = "") -> str:
    """One of any items of the funder's or another maker's."""
    return f"1{rule}110000" + (f"1{prefix}" if prefix else "9")


THIRD = "21100009"
# 8110 strings, a basket, and what comes off or why nothing does.
SAID = [
    (ONE, "A 1 300", 100),
    (f"(8110){ONE[4:]}", "A 1 300", 100),
    (f"]C1{ONE}", "A 1 300", 100),
    (f"]e0{ONE}", "A 1 300", 100),
    (f"\x1d{ONE}\x1d", "A 1 300", 100),
    (f"]e0\x1d(8110){ONE[4:]}", "A 1 300", 100),
    (ONE, "X 1 300", "not_bought"),  # another maker's
    (ONE, "milk 1 300", "not_bought"),
    (ONE, "A 1 99", "over_value"),  # worth more than its items: nothing at all
    (f"{ONE}3171107", "A 1 300", "day"),
    (f"{ONE}3171108", "A 1 300", 100),  # its last day
    (f"{ONE}3171100", "A 1 300", 100),  # the month's last
    (f"{ONE}3171231" + "4171109", "A 1 300", "day"),
    (f"8110{HEAD}3100120000", "A 1 300", "too_few"),
    (f"8110{HEAD}3100120000", "A 1 300, B 1 200", 100),
    (f"8110{HEAD}310034501000", "A 1 400", "too_little"),  # 4.50 of them
    (f"8110{HEAD}310034501000", "A 1 400, B 1 50", 100),
    (f"8110{HEAD}310034502000", "A 1 300, milk 1 149", "basket_too_small"),
    (f"8110{HEAD}310034502000", "A 1 300, milk 1 150", 100),
    (f"8110{HEAD}310010900096000", "milk 1 300", 100),  # off the basket, nothing required
    (f"8110{HEAD}325011000095000", "A 1 300", "coupon_unclear"),  # 250 percent
    (f"8110{HEAD}22511000095000", "A 1 300", 75),
    (f"8110{HEAD}320011000091000", "A 1 300, B 1 250", 200),  # a free item up to 2.00
    (f"8110{HEAD}1113000092000", "A 2 600, B 1 200", 200),  # one of three, the cheapest
    (ONE + second(0, OTHER), "X 1 300", 100),  # any one
    (ONE + second(1, OTHER), "X 1 300", "too_few"),  # all
    (ONE + second(1, OTHER), "A 1 300, X 1 300", 100),
    (ONE + second(2) + THIRD, "A 1 300", "too_few"),  # the first and another one
    (ONE + second(2) + THIRD, "A 1 300, B 1 300", 100),
    (ONE + second(3) + THIRD, "A 1 300", "coupon_unclear"),  # read in two ways
    (ONE + THIRD, "A 1 300", "coupon_unclear"),
    (ONE + "60614141", "A 1 300", "coupon_unreadable"),
    (ONE + "610614141", "A 1 300", "store"),
    (f"8110{HEAD}3100115000", "A 1 300", "coupon_unreadable"),
    ("8110", "A 1 300", "coupon_unreadable"),
    ("8119999", "A 1 300", "unknown_coupon"),
    # Families: 0614142 has sent its list, 0614141 none, so that all of its items count.
    (f"8110{HEAD}3100110555", "A 1 300", 100),
    (f"81101{OTHER}6543213100110121", "X 1 300", 100),
    (f"81101{OTHER}6543213100110120", "X 1 300", 100),  # 120 to 129
    (f"81101{OTHER}6543213100110100", "X 1 300", 100),
    (f"81101{OTHER}6543213100110000", "X 1 300", 100),
    (f"81101{OTHER}6543213100110122", "X 1 300", "coupon_unclear"),
    ("811006141416543213100110000", "A 1 300", 100),  # a U.P.C. company prefix
    ("811000614146543213100110000", "A 1 300", "not_bought"),
]


def test_what_8110_strings_take_off(tills: Tills) -> None:
    for text, bought, wanted in SAID:
        answer = told(tills, "quote", bought, text)
        assert offs(answer) == [wanted], (text, bought, answer["offers"])
    assert not rows(tills.engine)


def test_the_field_at_fault_is_named(tills: Tills) -> None:
    [one] = [e for e in told(tills, "quote", "A 1 300", f"8110{HEAD}3100115000")["offers"]
             if "coupon" in e]  # fmt: skip
    assert one["detail"].startswith("The first purchase requirement code of the 8110 coupon is '5'")
    assert one["sentence"] == "We could not read this coupon."
    assert one["cashier"].startswith("Please scan the coupon again.")
    spanish = told(tills, "quote", "A 1 300", f"8112{OFFER[:-1]}80666666", store="2")
    assert spanish["offers"][-1]["sentence"] == "No aceptamos este cupón."


def test_who_pays_and_what_is_kept_for_settlement(tills: Tills) -> None:
    answer = told(tills, "redeem", "A 1 300, B 1 300", ONE, f"{ONE}90010")
    maker, store = (each for each in answer["offers"] if "coupon" in each)
    assert (maker["off"], maker["manufacturer"], maker["store"]) == (100, 100, 0)
    assert (store["off"], store["manufacturer"], store["store"]) == (100, 0, 100)
    assert answer["lines"][0]["manufacturer"] + answer["lines"][1]["manufacturer"] == 100
    kept = {row.lines["coupon"]: row for row in rows(tills.engine)}
    assert kept.keys() == {ONE, f"{ONE}90010"}
    assert kept[ONE].lines["handling"] == 8
    assert kept[f"{ONE}90010"].lines["handling"] == 0
    assert counters(tills.engine) == sums(tills.engine)
    assert {name.partition(":")[0] for name in counters(tills.engine)} == {"8110"}


def test_own_offers_come_before_coupons_on_the_same_piece(tills: Tills) -> None:
    assert offs(told(tills, "quote", "A 1 300", ONE, "half")) == ["taken", 150]
    assert offs(told(tills, "quote", "A 2 600", ONE, "half")) == [100, 150]
    assert offs(told(tills, "quote", "A 1 300", ONE, ONE)) == [100, "taken"]
    assert offs(told(tills, "quote", "A 2 600", ONE, ONE)) == [100, 100]


def test_8112_gives_what_its_file_says(tills: Tills) -> None:
    for bought, wanted in (("A 1 300", 100), ("B 1 300", 100), ("C 1 300", "not_bought"),
                           ("A 1 99", "over_value")):  # fmt: skip
        for front in ("", "]C1", "]Q3\x1d"):
            assert offs(told(tills, "quote", bought, front + DIGITAL)) == [wanted]
    unknown = f"8112{OFFER[:-1]}80666666"
    assert offs(told(tills, "quote", "A 1 300", unknown)) == ["unknown_coupon"]
    assert offs(told(tills, "quote", "A 1 300", f"8112{OFFER}")) == ["coupon_unreadable"]
    assert offs(told(tills, "quote", "A 1 300", f"8112:{OFFER}")) == ["coupon_unreadable"]


def test_later_files_replace_and_end(
    tills: Tills, settings: Settings, folder: Path, engine: Engine
) -> None:
    take(engine, settings, folder, ROWS[0] | {"primary_purchase_save_value": 150})
    assert offs(told(tills, "quote", "A 1 300", DIGITAL)) == [150]
    take(engine, settings, folder, ROWS[0] | {"redemption_end_date": "2017-11-07"})
    assert offs(told(tills, "quote", "A 1 300", DIGITAL)) == ["day"]


def test_a_stopped_coupon_is_refused(tills: Tills, engine: Engine) -> None:
    with engine.begin() as connection:
        offer = tables.Offer
        connection.execute(update(offer).where(offer.id == f"8112:{OFFER}").values(state="stopped"))
    assert offs(told(tills, "quote", "A 1 300", DIGITAL)) == ["stopped"]


def test_a_serial_number_is_good_once(tills: Tills) -> None:
    for coupon in (DIGITAL, f"{ONE}50123456"):
        name = f"{coupon[:4]} once"
        first = told(tills, "redeem", "A 1 300", coupon, transaction=name)
        assert offs(first) == [100]
        assert told(tills, "redeem", "A 1 300", coupon, transaction=name) == first
        again = told(tills, "redeem", "A 2 600", coupon, coupon, transaction=f"{name} more")
        assert offs(again) == ["coupon_used"] * 2
        assert offs(told(tills, "quote", "A 1 300", coupon)) == ["coupon_used"]
        assert tills.void(name).status == 200
        assert offs(told(tills, "quote", "A 2 600", coupon, coupon)) == [100, "coupon_used"]
    forged = f"8110{HEAD}3300110000" + "50123456"  # the same number, another value
    told(tills, "redeem", "A 1 300", f"{ONE}50123456", transaction="real")
    assert offs(told(tills, "quote", "A 1 900", forged)) == ["coupon_used"]


def test_a_coupon_that_gives_nothing_stays_good(tills: Tills) -> None:
    assert offs(told(tills, "redeem", "milk 1 300", DIGITAL)) == ["not_bought"]
    assert offs(told(tills, "redeem", "A 1 300", DIGITAL, transaction="2")) == [100]


def test_an_insert_has_no_number_and_is_good_again(tills: Tills) -> None:
    for number in range(2):
        got = told(tills, "redeem", "A 1 300", f"8112{INSERT}", transaction=f"{number}")
        assert offs(got) == [100]


def test_simultaneous_tills_get_one_yes(tills: Tills) -> None:
    for coupon in (DIGITAL, f"{ONE}50123456"):
        bodies = [body("A 1 300", [coupon], "s" + coupon[:4], till=f"{n}") for n in range(TILLS)]
        answers = at_once(tills, "redeem", bodies)
        found = [offs(answer.json)[0] for answer in answers]
        assert sorted(map(str, found)) == ["100"] + ["coupon_used"] * (TILLS - 1)
        again = at_once(tills, "redeem", bodies)
        assert [answer.body for answer in again] == [answer.body for answer in answers]
    assert counters(tills.engine) == sums(tills.engine)
    assert {uses for uses, _ in counters(tills.engine).values()} == {1}


def test_a_coupon_without_a_number_is_good_at_many_tills_at_once(tills: Tills) -> None:
    """Each would be the first to bring its offer into the books."""
    bodies = [body("A 1 300", [ONE], "many", till=f"{n}") for n in range(16)]
    assert [offs(answer.json) for answer in at_once(tills, "redeem", bodies)] == [[100]] * 16
    assert list(counters(tills.engine).values()) == [(16, 1600)]
    assert counters(tills.engine) == sums(tills.engine)


def test_crossed_coupons_at_once_do_not_lock_each_other_out(tills: Tills) -> None:
    two = [DIGITAL, f"{ONE}50123456"]
    bodies = [
        body("A 2 600", two if n % 2 else two[::-1], "crossed", till=f"{n}") for n in range(16)
    ]
    answers = at_once(tills, "redeem", bodies)
    assert {answer.status for answer in answers} == {200}
    found = [offs(answer.json) for answer in answers]
    assert sorted(map(str, found)) == sorted(map(str, [[100, 100]] + [["coupon_used"] * 2] * 15))


def test_a_reservation_holds_a_number_until_it_ends(tills: Tills) -> None:
    assert offs(told(tills, "reserve", "A 1 300", DIGITAL, transaction="r")) == [100]
    got = told(tills, "redeem", "A 1 300", DIGITAL, transaction="2")
    assert offs(got) == offs(told(tills, "quote", "A 1 300", DIGITAL)) == ["reserved"]
    [coupon] = got["offers"]
    assert coupon["sentence"] == "The offer is held for another basket, which is not paid yet."
    assert coupon["cashier"].startswith("Another till holds this coupon. Please finish or cancel")
    assert offs(told(tills, "quote", "A 1 300", DIGITAL, transaction="r")) == [100]
    assert offs(told(tills, "reserve", "B 1 300", DIGITAL, transaction="r")) == [100]
    got = told(tills, "redeem", "A 1 300", DIGITAL, transaction="3", reservation=named("r"))
    assert offs(got) == [100]
    assert tills.void("3").status == 200
    # One left out of the basket that is paid is free, and so is one whose time is over.
    told(tills, "reserve", "A 1 300", DIGITAL, transaction="4")
    told(tills, "redeem", "A 1 300", transaction="4")
    assert offs(told(tills, "reserve", "A 1 300", DIGITAL, transaction="5")) == [100]
    tills.live.service.now = lambda: NOW + timedelta(seconds=601)
    assert offs(told(tills, "redeem", "A 1 300", DIGITAL, transaction="6")) == [100]


def test_a_void_of_a_reservation_lets_the_number_go(tills: Tills) -> None:
    told(tills, "reserve", "A 1 300", DIGITAL, transaction="r")
    assert tills.void("r").status == 200
    assert offs(told(tills, "redeem", "A 1 300", DIGITAL, transaction="2")) == [100]


def test_a_return_gives_back_what_was_stored(tills: Tills) -> None:
    """The coupon stays used: it has been sent to the maker."""
    told(tills, "redeem", "A 1 300, B 1 200", f"8110{HEAD}3100120000" + "50123456")
    back = tills.give_back("9", (0, 1)).json
    assert (back["refund"], back["offers"][0]["off"], back["offers"][0]["uses"]) == (240, 60, 0)
    rest = tills.give_back("10").json
    assert back["refund"] + rest["refund"] == 400
    again = told(tills, "quote", "A 1 300, B 1 200", f"8110{HEAD}3100120000" + "50123456")
    assert offs(again) == ["coupon_used"]
    assert counters(tills.engine) == sums(tills.engine)


def test_a_return_may_make_a_coupon_good_again(
    settings: Settings, sqlite_engine: Engine, folder: Path
) -> None:
    own = settings.model_copy(
        update={"coupons": settings.coupons.model_copy(update={"returns": "restore"})}
    )
    open_shop(sqlite_engine)
    stock(sqlite_engine, own, folder)
    with running(own, sqlite_engine, **LIMITS) as live:
        tills = Tills(live, sqlite_engine)
        for coupon in (DIGITAL, f"{ONE}50123456"):
            name = coupon[:4]
            told(tills, "redeem", "A 1 300", coupon, transaction=name)
            assert offs(told(tills, "quote", "A 1 300", coupon)) == ["coupon_used"]
            assert tills.give_back(f"{name} back", of=name).json["refund"] == 200
            assert offs(told(tills, "quote", "A 1 300", coupon)) == [100]


def test_settings_of_a_chain(settings: Settings, sqlite_engine: Engine, folder: Path) -> None:
    change = {"families": "refuse", "rule_three": "first_or_others"}
    own = settings.model_copy(update={"coupons": settings.coupons.model_copy(update=change)})
    open_shop(sqlite_engine)
    stock(sqlite_engine, own, folder)
    with sqlite_engine.begin() as connection:
        store = tables.Store
        connection.execute(update(store).where(store.id == "1").values(gln=f"{OTHER}000005"))
    with running(own, sqlite_engine, **LIMITS) as live:
        tills = Tills(live, sqlite_engine)
        three = ONE + second(3) + THIRD
        for coupon, wanted in (
            (f"8110{HEAD}3100110555", "coupon_unclear"), (ONE, 100), (three, 100),
            (f"{ONE}61{OTHER}", 100), (f"{ONE}61{MAKER}", "store"),
        ):  # fmt: skip
            assert offs(told(tills, "quote", "A 1 300", coupon)) == [wanted], coupon
    yen = own.model_copy(update={"currency": "JPY"})
    with running(yen, sqlite_engine, **LIMITS) as live:
        assert offs(told(Tills(live, sqlite_engine), "quote", "A 1 300", ONE)) == ["unknown_coupon"]
