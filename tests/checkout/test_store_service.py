"""A store machine answers as head office does, byte for byte, and says what it cannot do alone."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from checkout import machine as machines
from checkout.machine import Machine, build, machine
from checkout.shop import AT, CODE, OFFERS, Tills, add_offer, basket, items, named, open_shop, used, why
from checkout.till import CARD, NOW, OTHERS, Running, running
from promo.config import Settings

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
    machines.stop(sqlite_engine, "old", "It was misprinted.")
    return sqlite_engine


@pytest.fixture
def keys(shop: Engine) -> dict[str, str]:
    return machines.keys_of(shop)


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
            sold += [mine["transaction"]] * (verb == "redeem" and got[0] == 200)
        for transaction in sold:  # so that the next one finds nothing used
            void = named(transaction, till) | {"at": AT}
            assert ask(store, keys, "void", void) == ask(head_office, keys, "void", void), sale


def test_a_list_is_seen_as_at_head_office(
    store: Machine, head_office: Running, keys: dict[str, str]
) -> None:
    for body in ({"code": CODE}, {"card": CARD}):
        assert ask(store, keys, "lookup", body) == ask(head_office, keys, "lookup", body)
