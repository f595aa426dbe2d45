"""Whoever means ill, or errs: no harm done, nothing told that was sent, nothing undocumented."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from drafts import KEYS
from sqlalchemy import Engine

from checkout.shop import AT, CODE, DAY, Tills, basket, named, open_shop, rows, used
from checkout.till import CARD, NOW, OTHERS, Answer, new_key, running
from promo.checkout import items, openapi, store_keys
from promo.checkout.connections import Connections, Unavailable
from promo.checkout.refusals import REFUSALS
from promo.checkout.sentences import WHY_NOT
from promo.config import Settings
from promo.language import Languages
from promo.lists.codes import short_code

SECRETS = (CODE, CARD, OTHERS, short_code(KEYS, 1), "Nadine")


class Watcher(Tills):
    """Tills whose every refusal must be documented and must repeat nothing that was sent."""

    def ask(self, verb: str, body: dict[str, Any], key: str = "") -> Answer:
        key = key or self.keys.get(body["store"], self.keys["1"])
        got = self.live.ask(f"/v1/{verb}", body, key)
        responses = openapi.document()["paths"][f"/v1/{verb}"]["post"]["responses"]
        answer = responses[f"{got.status}"]["content"]["application/json"]["schema"]
        if got.status != 200:
            assert got.refused in answer["allOf"][1]["properties"]["refused"]["enum"]
            assert not [secret for secret in SECRETS if secret in got.body.decode()]
        return got


@pytest.fixture
def tills(settings: Settings, sqlite_engine: Engine) -> Iterator[Watcher]:
    open_shop(sqlite_engine)
    with running(settings, sqlite_engine) as live:
        yield Watcher(live, sqlite_engine)
        assert not [secret for secret in SECRETS if secret in json.dumps(live.lines)]


def refused(tills: Tills, verb: str, body: dict[str, Any]) -> str:
    return tills.ask(verb, body).refused


# --- what a line may say --------------------------------------------------------------------------


WRONG: list[dict[str, Any]] = [
    {"code": CODE, "amount": 1},
    {"code": CARD, "amount": 1},
    {"code": short_code(KEYS, 1), "amount": 1},
    {"code": f"(253){CODE[3:]}", "amount": 1},
    {"code": f"https://{CARD}/01/{CARD}", "amount": 1},
    {"code": "internal:milk", "quantity": int(CARD), "amount": 1},
    {"code": "internal:milk", "quantity": 1, "amount": -int(CARD)},
    {"code": "internal:milk", "quantity": 1, "amount": int(CODE)},
    {"code": "internal:milk", "amount": 1, CARD: CARD},
    {"code": "internal:milk", "quantity": 0, "amount": 1},
    {"code": "internal:milk", "quantity": -1, "amount": 1},
    {"code": "internal:milk"},
    {"code": "٠١٢٣٤٥٦٧", "amount": 1},
    {"code": "²²²²²²²²", "amount": 1},
    {"code": "internal:", "amount": 1},
    {"code": "internal:milk", "quantity": 999, "price": 10**12},
    {"code": "https://example.com/01/00011110012340?3920=999999999999", "quantity": 999},
]


def test_a_line_that_is_wrong_is_refused_without_a_word_of_it(tills: Watcher) -> None:
    for line in WRONG:
        for verb in ("quote", "reserve", "redeem"):
            got = tills.ask(verb, basket("") | {"lines": [line]})
            assert got.refused == "malformed", line
            assert re.match("`lines|The body has a field that is not known", got.json["detail"])


def test_names_of_goods_in_any_script_but_no_control_characters(
    settings: Settings, engine: Engine
) -> None:
    """PostgreSQL's text takes no NUL: it was answered that the service is busy, for ever."""
    open_shop(engine)
    with running(settings, engine) as live:
        tills = Watcher(live, engine)
        for code, status in (("a\x00b", 400), ("\x00", 400), ("a\x1fb", 400), ("\x7f", 400),
                             ("käse 奶酪 \U0001f9c0", 200), ("\u202e", 200)):  # fmt: skip
            lines = [{"code": f"internal:{code}", "quantity": 1, "amount": 100}]
            for verb in ("quote", "redeem"):
                got = tills.ask(verb, basket("", code.strip("\x00\x1f\x7f")[:1] or "0")
                                | {"transaction": f"{ord(code[0])}", "lines": lines})  # fmt: skip
                assert got.status == status, got.body


def test_pieces_of_a_basket_are_bounded(tills: Watcher) -> None:
    most = items.MOST_IN_ALL
    too_many = [{"code": "internal:milk", "quantity": 999, "amount": 999}] * (most // 999 + 1)
    got = tills.ask("quote", basket("") | {"lines": too_many})
    assert (got.refused, got.json["detail"]) == (
        "malformed", "`lines`: expected at most 5,000 pieces in all.")  # fmt: skip
    back = [line | {"quantity": -999, "amount": -999} for line in too_many[:3]]
    assert refused(tills, "quote", basket("") | {"lines": too_many[:3] + back}) == "malformed"


def test_many_pieces_are_sold_and_come_back(tills: Watcher) -> None:
    """The longest basket that is taken; a return that looked at all for each would never end."""
    lines = [{"code": "internal:milk", "quantity": 999, "amount": 99_900}] * 5
    sold = tills.ask("redeem", basket("") | {"lines": lines}).json
    assert tills.give_back("2").json["refund"] == sold["to_pay"] == 5 * 99_900 - 100


def test_five_hundred_lines(tills: Watcher) -> None:
    goods = ("milk", "eggs", "jam", "bread", "bag")
    text = ",".join(f"{goods[n % 5]} {1 + n % 3} {100 + n}" for n in range(500))
    sold = tills.do("redeem", text)
    assert set(used(sold)) == {"milk", "eggs", "two"}
    assert tills.give_back("2").json["refund"] == sold["to_pay"]


# --- names, days, stores --------------------------------------------------------------------------


NAMES: list[tuple[dict[str, Any], str]] = [
    ({"day": "0000-01-01"}, "malformed"),
    ({"day": "0001-01-01", "at": "0001-01-01T00:00:00"}, "wrong_day"),
    ({"day": "9999-12-31", "at": "9999-12-31T23:59:59"}, "wrong_day"),
    ({"at": "2017-11-08T24:00:00"}, "malformed"),
    ({"at": "2017-11-08T23:59:60"}, "malformed"),
    ({"at": "2017-11-09T23:59:59"}, ""),  # the day after closed at midnight
    ({"day": "2017-11-09", "at": "2017-11-08T23:59:59"}, ""),
    ({"day": "2017-11-10", "at": "2017-11-09T00:00:00"}, "wrong_day"),
    ({"day": "2017-11-05", "at": "2017-11-05T01:30:00"}, "not_yet_valid"),  # an hour twice
    ({"till": "\u00e9"}, "malformed"),
    ({"transaction": ""}, "malformed"),
    ({"transaction": "x" * 65}, "malformed"),
    ({"store": "2"}, ""),
    ({"store": "1 "}, "other_store"),
    ({"reservation": named("7", store="2")}, "other_store"),
    ({"reservation": named("7", day="2017-02-30")}, "malformed"),
    ({"reservation": named("7")}, ""),
    ({"coupons": ["x"] * 51}, "malformed"),
    ({"coupons": [CARD] * 50}, ""),
    ({"code": "   "}, "mistyped"),
    ({"code": "\t\r\n"}, "mistyped"),
]


def test_names_and_days(tills: Watcher) -> None:
    for number, (changes, code) in enumerate(NAMES):
        body = basket("milk 1 300", f"{number}") | changes
        assert refused(tills, "redeem", body) == code, changes


def test_a_sale_is_made_void_by_its_own_store_alone(tills: Watcher) -> None:
    tills.do("redeem", "milk 1 300")
    theirs = named("9", store="2") | {"at": AT, "of": named("1")}
    assert refused(tills, "void", theirs) == "other_store"
    assert [row.kind for row in rows(tills.engine)] == ["redeem"]
    assert tills.give_back("8", store="2").json["refund"] == 200


def test_a_reservation_that_ends_between_quote_and_payment(tills: Watcher) -> None:
    assert used(tills.do("reserve", "milk 1 300", "1")) == {"milk": 100}
    tills.live.service.now = lambda: NOW + timedelta(seconds=601)
    assert used(tills.do("redeem", "milk 1 300", "2", card=CARD)) == {"milk": 100}
    late = tills.do("redeem", "milk 1 300", "1", reservation=named("1"))
    assert used(late) == {}  # and no offer twice
    assert used(tills.do("redeem", "milk 1 300", "3", reservation=named("1"))) == {}


# --- keys -----------------------------------------------------------------------------------------


def test_a_key_is_rotated_while_tills_sell(settings: Settings, sqlite_engine: Engine) -> None:
    open_shop(sqlite_engine)
    with running(settings, sqlite_engine, key_seconds=0) as live:
        tills = Watcher(live, sqlite_engine)
        old, body = tills.keys["1"], basket("milk 1 300")
        first = tills.ask("redeem", body, old)
        with sqlite_engine.begin() as connection:
            new = store_keys.rotate(connection, int(old.split("-")[1]), NOW, timedelta(hours=1))
        # Both open, and a sale sent again with the other key is the same sale.
        assert tills.ask("redeem", body, new).body == tills.ask("redeem", body, old).body
        assert tills.ask("redeem", body, new).body == first.body
        live.service.gate.now = lambda: NOW + timedelta(hours=1)
        assert tills.ask("redeem", body, old).refused == "no_key"
        assert tills.ask("redeem", body, new).body == first.body
        only = new_key(sqlite_engine, "1", ("quote",))
        assert tills.ask("redeem", body, only).refused == "not_allowed"


def test_one_card_through_many_baskets_is_noticed_whatever_they_hold(
    settings: Settings, sqlite_engine: Engine
) -> None:
    open_shop(sqlite_engine)
    most = settings.checkout.flag_baskets
    with running(settings, sqlite_engine) as live:
        tills = Watcher(live, sqlite_engine)

        def sell(minutes: int, **more: Any) -> int:
            """How often it was noticed so far, after a basket at so many minutes past seven."""
            at = f"2017-11-08T07:{minutes:02}:00"
            tills.do("redeem", "bag 1 10", f"{at} {more}", card=CARD, at=at, **more)
            return live.service.metrics.many_baskets

        assert [sell(n) for n in range(most)] == [0] * (most - 1) + [1]
        assert sell(most, till="4") == 1  # another till
        assert sell(59) == 2
        assert tills.ask("redeem", basket("bag 1 10", "1", card=CARD, at=AT)).status == 200
        assert live.service.metrics.many_baskets == 2  # hours later
        assert [line["noticed"] for line in live.lines if "noticed" in line] == ["many_baskets"] * 2


# --- what is said ---------------------------------------------------------------------------------


def test_every_refusal_has_two_sentences_in_every_language(settings: Settings) -> None:
    languages = Languages.of(settings)
    english = languages["en"]
    for code, refusal in REFUSALS.items():
        for said in (refusal.cashier, refusal.shopper):
            assert said.endswith("."), code
            for language in ("es", "zh"):
                assert languages[language].text(said, day="1") != english.text(said, day="1"), code
    for code, said in WHY_NOT.items():
        for language in ("es", "zh"):
            assert languages[language].text(said) != english.text(said), code


def test_every_refusal_is_documented_where_it_can_come() -> None:
    found = set()
    for path, methods in openapi.document()["paths"].items():
        for answers in (each["responses"] for each in methods.values()):
            for status, answer in answers.items():
                if status != "200":
                    codes = answer["content"]["application/json"]["schema"]["allOf"][1]
                    for code in codes["properties"]["refused"]["enum"]:
                        assert REFUSALS[code].status == int(status), path
                        found.add(code)
    said = openapi.document()["info"]["description"]
    assert {code for code in REFUSALS if code not in found} == {"no_such_path", "wrong_method"}
    assert "`no_such_path`" in said
    assert "`wrong_method`" in said


def test_metrics_count_what_was_given_and_not_what_was_sent_again(tills: Watcher) -> None:
    for _ in range(3):
        tills.do("redeem", "milk 1 300, jam 2 500")
    tills.do("quote", "eggs 1 300", "2")
    said = tills.live.ask("/metrics", method="GET").body.decode().splitlines()
    for line in ("promo_redemptions_total 2", "promo_discount_total 200",
                 "promo_requests_waiting 0", "promo_requests_at_work 1",
                 'promo_answer_seconds_count{route="/v1/redeem"} 3'):  # fmt: skip
        assert line in said


async def _asked(connections: Connections, work: Any) -> Any:
    return await connections.read(work)


def test_a_value_that_no_column_takes_is_our_fault_and_no_reason_to_ask_again(
    sqlite_engine: Engine,
) -> None:
    connections, dbapi = Connections(sqlite_engine, 1), sqlite_engine.dialect.dbapi
    assert dbapi is not None

    def fails(kind: type[Exception]) -> Any:
        def work(_: Any) -> None:
            raise kind(DAY)

        return asyncio.run(_asked(connections, work))

    try:
        with pytest.raises(dbapi.DataError):
            fails(dbapi.DataError)
        with pytest.raises(Unavailable, match="OperationalError"):
            fails(dbapi.OperationalError)
    finally:
        connections.close()
