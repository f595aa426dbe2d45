"""A store machine with a head office: passed on, remembered, decided alone, and back again."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from checkout.machine import Machine, build, keys_of, machine, tills
from checkout.shop import CODE, OFFERS, Tills, add_offer, basket, counters, open_shop, used, why
from checkout.till import Running, running
from promo.checkout.pack.head_office import HeadOffice, Said
from promo.checkout.service_address import Address
from promo.config import Settings


class Line(HeadOffice):
    """A line that can be cut, after the request has arrived or before."""

    def __init__(self, port: int) -> None:
        super().__init__(Address.of(f"http://127.0.0.1:{port}"), 30.0, 4)
        self.cut = ""
        self.asked = list[str]()

    async def ask(self, path: str, raw: bytes, authorization: str) -> Said | None:
        self.asked.append(path)
        if self.cut == "before":
            return None
        said = await super().ask(path, raw, authorization)
        return None if self.cut == "after" else said


class Sent:
    """Sends nothing; says what has been sent."""

    def __init__(self) -> None:
        self.sent = 0

    async def run(self) -> None:
        await asyncio.Event().wait()

    def close(self) -> None:
        """There is nothing to end."""


@pytest.fixture
def shop(sqlite_engine: Engine) -> Engine:
    open_shop(sqlite_engine, OFFERS)
    return sqlite_engine


class Two:
    """Head office and a store machine that passes on to it."""

    def __init__(self, office: Running, store: Machine, line: Line, sent: Sent) -> None:
        self.office, self.store, self.line, self.sent = office, store, line, sent
        self.keys: dict[str, str] = {}
        self.engine: Engine

    @property
    def till(self) -> Tills:
        return tills(self.store, self.engine, self.keys)

    @property
    def at_office(self) -> Tills:
        return tills(self.office, self.engine, self.keys)


@pytest.fixture
def two(settings: Settings, shop: Engine, tmp_path: Path) -> Iterator[Two]:
    keys = keys_of(shop)
    pack = build(shop, settings, tmp_path / "base.pack")
    with running(settings, shop) as office:
        line, sent = Line(office.port), Sent()
        with machine(settings, pack, tmp_path / "m", line=line, sending=sent) as store:
            found = Two(office, store, line, sent)
            found.keys, found.engine = keys, shop
            yield found


def test_while_the_line_is_up_head_office_decides(two: Two, shop: Engine) -> None:
    sold = two.till.ask("redeem", basket("milk 1 250, eggs 1 300"))
    assert counters(shop)["milk"] == (1, 100)
    assert two.at_office.ask("redeem", basket("milk 1 250, eggs 1 300")).body == sold.body
    assert why(two.till.do("quote", "milk 1 250", "2"))["milk"] == "no_uses"
    wrong = basket("milk 1 250", "5", code="0000-0000-0000")
    assert two.till.ask("redeem", wrong).refused == "forged"
    assert two.store.ask("/ready", method="GET").json["journal"] == {"decisions": 1, "unsent": 0}
    assert two.store.ask("/v1/sheet", {"code": CODE, "format": "html"}, two.keys["1"]).status == 200


def test_what_head_office_answered_is_remembered(two: Two, shop: Engine) -> None:
    sold = two.till.ask("redeem", basket("milk 1 250, eggs 1 300"))
    two.line.cut = "before"
    assert two.till.ask("redeem", basket("milk 1 250, eggs 1 300")).body == sold.body
    assert two.till.ask("redeem", basket("milk 2 250")).refused == "conflict"
    assert why(two.till.do("redeem", "milk 1 250", "2"))["milk"] == "no_uses"
    assert two.till.give_back("3", (1, 1)).json["off"] == 30  # it knows the sale whole
    assert counters(shop)["eggs"] == (1, 30)


def test_a_retry_that_crosses_the_line_gets_one_answer(two: Two, shop: Engine) -> None:
    """Head office has done it, its answer is lost: the machine decides the same, once."""
    two.line.cut = "after"
    sold = two.till.ask("redeem", basket("milk 1 250"))
    assert used(sold.json) == {"milk": 100}
    two.line.cut = ""
    assert two.till.ask("redeem", basket("milk 1 250")).body == sold.body
    assert two.at_office.ask("redeem", basket("milk 1 250")).body == sold.body
    assert counters(shop)["milk"] == (1, 100)


def test_head_office_is_asked_again_when_it_knows_all(two: Two) -> None:
    two.line.cut = "before"
    two.till.do("redeem", "milk 1 250")
    two.line.cut, two.line.asked = "", []
    # Head office does not know that the milk is used: it would give it once more.
    assert why(two.till.do("redeem", "milk 1 250", "2"))["milk"] == "no_uses"
    assert two.till.void("1").json["known"]
    assert two.line.asked == []
    two.sent.sent = two.store.house.journal.place.seq
    assert used(two.till.do("redeem", "milk 1 250", "3")) == {"milk": 100}
    assert two.line.asked == ["/v1/redeem"]


def test_what_is_remembered_of_an_unknown_list_counts(two: Two, shop: Engine) -> None:
    """An offer that came after the pack: the machine cannot price it, and keeps what was said."""
    with shop.begin() as connection:
        add_offer(connection, "late", {"products": ["internal:bread"], "printable": False})
    sold = two.till.ask("redeem", basket("milk 1 250, bread 1 400", coupons=["late"]))
    assert used(sold.json) == {"milk": 100, "late": 100}
    two.line.cut = "before"
    assert two.till.ask("redeem", basket("milk 1 250, bread 1 400", coupons=["late"])).body == (
        sold.body
    )
    assert why(two.till.do("quote", "milk 1 250", "2"))["milk"] == "no_uses"
    assert two.till.give_back("3").refused == "line_down"
    assert two.till.void("1").refused == "line_down"


def test_a_void_of_what_is_only_remembered_gives_the_uses_back(two: Two, shop: Engine) -> None:
    with shop.begin() as connection:
        add_offer(connection, "late", {"products": ["internal:bread"], "printable": False})
    two.till.do("redeem", "milk 1 250, bread 1 400", coupons=["late"])
    void = two.till.void("1")
    assert void.json["known"]
    two.line.cut = "before"
    assert two.till.void("1").body == void.body
    assert used(two.till.do("quote", "milk 1 250", "2")) == {"milk": 100}


def test_a_line_that_fell_is_left_alone_for_a_while(
    settings: Settings, shop: Engine, tmp_path: Path
) -> None:
    keys = keys_of(shop)
    pack = build(shop, settings, tmp_path / "p")
    with closed_port() as port:
        line = HeadOffice(Address.of(f"http://127.0.0.1:{port}"), 5.0, 2)
        with machine(settings, pack, tmp_path / "m", line=line) as store:
            till = tills(store, shop, keys)
            assert used(till.do("redeem", "milk 1 250")) == {"milk": 100}
            assert line.is_down
            assert store.ask("/ready", method="GET").json["head_office"] == "down"


@contextmanager
def closed_port() -> Iterator[int]:
    """A port that refuses; nobody else gets it meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"<html>", b'{"refused": "unavailable"}', b"{}", b'{"refused": ["x"]}',
     b'{"refused": "no_such_path"}'],
)  # fmt: skip
def test_what_is_no_decision_is_no_answer(body: bytes) -> None:
    assert not Said(503, body, "application/json").is_decided


def test_a_decision_is_one() -> None:
    assert Said(404, b'{"refused": "forged"}', "application/json").is_decided
    assert Said(200, b"", "application/json").is_decided
