"""A store machine answers as head office does, byte for byte, and says what it cannot do alone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from drafts import KEYS
from sqlalchemy import Engine

from checkout.machine import Machine, build, keys_of, machine, stop, tills
from checkout.shop import AT, CODE, OFFERS, add_offer, basket, named, open_shop, used, why
from checkout.till import CARD, NOW, OTHERS, Running, running
from promo.config import Settings
from promo.lists.codes import list_code

SALES: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "by code": [("quote", basket("milk 2 500, eggs 1 300, jam 2 700"))],
    "by card": [("quote", basket("milk 1 250, eggs 1 300", card=CARD))],
    "twice": [("redeem", basket("milk 1 250")), ("redeem", basket("milk 1 250"))],
    "another under one name": [("redeem", basket("milk 1 250")), ("redeem", basket("eggs 1 250"))],
    "used up": [("redeem", basket("milk 1 250")), ("redeem", basket("milk 1 250", "2"))],
    "void": [("redeem", basket("milk 1 250, jam 2 500")), ("void", named() | {"at": AT}),
             ("redeem", basket("milk 1 250", "2")), ("redeem", basket("milk 1 250"))],
    "void first": [("void", named() | {"at": AT}), ("redeem", basket("milk 1 250"))],
    "return": [("redeem", basket("milk 1 250, jam 2 500, eggs 1 300")),
               ("return", named("2") | {"at": AT, "of": named(),
                                        "lines": [{"line": 1, "quantity": 1}]}),
               ("return", named("3") | {"at": AT, "of": named()}),
               ("return", named("4") | {"at": AT, "of": named()}),
               ("void", named("2") | {"at": AT})],
    "reserve": [("reserve", basket("milk 1 250")), ("quote", basket("milk 1 250", "2")),
                ("redeem", basket("milk 1 250", "2")), ("redeem", basket("milk 1 250"))],
    "coupon": [("redeem", basket("bread 1 400", coupons=["web"], nobody=True)),
               ("redeem", basket("bread 1 400", "2", coupons=["web", "nothing", "milk"]))],
    "never": [("redeem", basket("vodka 1 900, bag 1 100, milk 1 250"))],
    "nobody": [("redeem", basket("milk 1 250", nobody=True))],
    "mistyped": [("quote", basket("milk 1 250", code="0000-0000-0000"))],
    "forged": [("quote", basket("milk 1 250", code=CODE[:-1] + str((int(CODE[-1]) + 1) % 10)))],
    "wrong day": [("redeem", basket("milk 1 250", day="2017-12-24"))],
    "no such item": [("quote", basket("milk 1 250") | {"lines": [{"code": "?"}]})],
    "stopped": [("quote", basket("milk 1 250, bread 2 300")), ("lookup", {"code": CODE})],
    "not a body": [("redeem", {"store": "1"})],
}  # fmt: skip


@pytest.fixture
def shop(sqlite_engine: Engine) -> Engine:
    """Offers on a list, one of them stopped, and a coupon that is on none."""
    stopped = {"products": ["internal:bread"]}
    web = {"products": ["internal:bread"], "printable": False}
    open_shop(sqlite_engine, OFFERS | {"old": stopped, "web": web}, unlisted=("web",))
    stop(sqlite_engine, "old", "It was misprinted.")
    return sqlite_engine


@pytest.fixture
def keys(shop: Engine) -> dict[str, str]:
    return keys_of(shop)


@pytest.fixture
def pack(shop: Engine, settings: Settings, keys: dict[str, str], tmp_path: Path) -> Path:
    return build(shop, settings, tmp_path / "base.pack")


@pytest.fixture
def store(settings: Settings, pack: Path, tmp_path: Path) -> Iterator[Machine]:
    with machine(settings, pack, tmp_path / "machine") as found:
        yield found


@pytest.fixture
def head_office(settings: Settings, shop: Engine) -> Iterator[Running]:
    with running(settings, shop) as found:
        yield found


def ask(live: Running, keys: dict[str, str], verb: str, body: dict[str, Any]) -> tuple[int, bytes]:
    got = live.ask(f"/v1/{verb}", body, keys[body.get("store", "1")])
    return got.status, got.body


def at_till(body: Any, till: str) -> Any:
    """A body, sent from another till: sales do not meet."""
    if not isinstance(body, dict):
        return body
    own = {"till": till} if "till" in body else {}
    return {name: at_till(value, till) for name, value in body.items()} | own


def test_answers_are_head_offices_byte_for_byte(
    store: Machine, head_office: Running, keys: dict[str, str]
) -> None:
    for number, (sale, requests) in enumerate(SALES.items()):
        till, sold = f"{number}", []
        for verb, body in requests:
            mine = at_till(body, till)
            got = ask(store, keys, verb, mine)
            assert got == ask(head_office, keys, verb, mine), (sale, verb)
            if verb == "redeem" and got[0] == 200:
                sold.append(mine["transaction"])
        for transaction in dict.fromkeys(sold):  # so that the next one finds nothing used
            void = named(transaction, till) | {"at": AT}
            assert ask(store, keys, "void", void) == ask(head_office, keys, "void", void), sale


def test_a_till_of_another_store_is_sent_away(
    settings: Settings, pack: Path, keys: dict[str, str], tmp_path: Path
) -> None:
    """The machine's journal is its own store's: nobody would take in another's decision."""
    with machine(settings, pack, tmp_path / "one", stores=("1",)) as store:
        for verb in ("lookup", "redeem"):
            body = {"code": CODE} if verb == "lookup" else basket("milk 1 300", store="2")
            got = store.ask(f"/v1/{verb}", body, keys["2"])
            assert (got.status, got.refused) == (403, "other_store")
            assert got.json["detail"] == "This machine stands in store 1."
        assert ask(store, keys, "redeem", basket("milk 1 300"))[0] == 200
        assert store.ask("/ready", method="GET").json["journal"]["decisions"] == 1


def test_a_list_is_seen_as_at_head_office(
    store: Machine, head_office: Running, keys: dict[str, str]
) -> None:
    for body in ({"code": CODE}, {"card": CARD}):
        assert ask(store, keys, "lookup", body) == ask(head_office, keys, "lookup", body)


def test_what_is_not_in_the_pack_is_no_guess(
    store: Machine, shop: Engine, keys: dict[str, str]
) -> None:
    later = list_code(KEYS, 2)  # genuine: made after the pack
    for whose in ({"code": later}, {"card": OTHERS}):
        got = store.ask("/v1/lookup", whose, keys["2"])
        assert (got.status, got.refused) == (404, "elsewhere")
        assert "lista" in got.json["shopper"]
    assert store.service.metrics.guesses == 0
    assert store.ask("/v1/lookup", {"code": CODE[:-1] + "0"}, keys["1"]).refused == "forged"
    assert store.service.metrics.guesses == 1


def test_what_cannot_be_done_alone_says_so(
    store: Machine, shop: Engine, keys: dict[str, str]
) -> None:
    sheet = store.ask("/v1/sheet", {"code": CODE, "format": "html"}, keys["1"])
    assert (sheet.status, sheet.refused) == (503, "line_down")
    assert sheet.headers["retry-after"]
    back = tills(store, shop, keys).give_back("2", of="never sold here")
    assert (back.status, back.refused) == (503, "line_down")


def test_an_offer_that_waits_for_the_line_is_not_given(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    with shop.begin() as connection:
        add_offer(connection, "hard", {"products": ["internal:bread"], "printable": False,
                                       "hard": True})  # fmt: skip
        add_offer(connection, "brave", {"products": ["internal:bread"], "printable": False,
                                        "hard": True, "offline": {"policy": "honour"}})  # fmt: skip
    keys = keys_of(shop)
    with machine(settings, build(shop, settings, tmp_path / "p"), tmp_path / "m") as store:
        sold = tills(store, shop, keys).do(
            "redeem", "bread 2 600", coupons=["hard", "brave"], nobody=True
        )
    assert why(sold) == {"hard": "needs_line"}
    assert used(sold) == {"brave": 100}
    assert sold["offers"][0]["sentence"].startswith("The offer cannot be given while the line")


def test_an_expired_pack_sells_no_more_but_takes_back(
    shop: Engine, settings: Settings, pack: Path, keys: dict[str, str], tmp_path: Path
) -> None:
    at = [NOW]
    with machine(settings, pack, tmp_path / "m", now=lambda: at[0]) as store:
        till = tills(store, shop, keys)
        first = till.ask("redeem", basket("milk 1 250"))
        at[0] = NOW + timedelta(hours=settings.packs.good_hours)
        for verb, body in (
            ("redeem", basket("eggs 1 300", "2")), ("quote", basket("eggs 1 300", nobody=True)),
            ("lookup", {"store": "1", "code": CODE}),
        ):  # fmt: skip
            got = till.ask(verb, body)
            assert (got.status, got.refused) == (503, "pack_expired"), verb
        assert store.ask("/ready", method="GET").refused == "pack_expired"
        assert till.ask("redeem", basket("milk 1 250")).body == first.body
        assert till.void().status == 200
        assert float(measured(store, "promo_pack_left_seconds")) == 0


def measured(live: Running, name: str) -> str:
    """A figure of /metrics."""
    lines = live.ask("/metrics", method="GET").body.decode().splitlines()
    [found] = [line for line in lines if line.startswith((f"{name} ", f"{name}{{"))]
    return found.rpartition(" ")[2]


def test_the_pack_and_the_journal_are_seen(
    store: Machine, shop: Engine, keys: dict[str, str]
) -> None:
    tills(store, shop, keys).do("redeem", "milk 1 250")
    said = store.ask("/ready", method="GET").json
    version = store.house.pack.about.version
    assert said["pack"]["version"] == version
    assert said["pack"]["age_seconds"] == 0
    assert said["journal"] == {"decisions": 1, "unsent": 1}
    assert measured(store, "promo_journal_unsent") == "1"
    assert measured(store, "promo_pack_age_seconds") == "0"
    assert f'version="{version}"' in store.ask("/metrics", method="GET").body.decode()


def test_uses_elsewhere_count_and_own_ones_only_once(
    shop: Engine, settings: Settings, keys: dict[str, str], head_office: Running, tmp_path: Path
) -> None:
    """Milk is used at head office before the pack; eggs here, which head office then learns."""
    online = tills(head_office, shop, keys)
    online.do("redeem", "milk 1 250")
    folder = tmp_path / "m"
    with machine(settings, build(shop, settings, tmp_path / "1"), folder) as store:
        till = tills(store, shop, keys)
        assert why(till.do("quote", "milk 1 250, eggs 1 300", "2"))["milk"] == "no_uses"
        sold = till.ask("redeem", basket("eggs 1 300", "2"))
        seen = store.ask("/v1/lookup", {"code": CODE}, keys["1"]).json["offers"]
        assert {each["offer"]: each["state"] for each in seen} == {
            "milk": "used", "eggs": "used", "two": "open", "old": "stopped",
        }  # fmt: skip
        assert online.ask("redeem", basket("eggs 1 300", "2")).body == sold.body  # as a sync would
        newer = build(shop, settings, tmp_path / "2", NOW + timedelta(minutes=1))
        store.taken_up(newer)
        assert till.do("quote", "eggs 1 300", "3")["off"] == 0
        assert till.void("2").json["known"]
        assert used(till.do("quote", "eggs 1 300", "3")) == {"eggs": 30}
