"""A store machine with a head office: passed on, remembered, decided alone, and back again."""

import asyncio
import http.server
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_json
from sqlalchemy import Engine, delete

from checkout.machine import Machine, build, keys_of, machine, tills
from checkout.pack.stores import found, sync_key
from checkout.shop import (
    AT,
    CODE,
    OFFERS,
    Tills,
    add_offer,
    basket,
    counters,
    named,
    open_shop,
    rows,
    sums,
    used,
    why,
)
from checkout.till import Running, running
from promo import tables
from promo.checkout import openapi
from promo.checkout.pack.head_office import FORMS, HeadOffice, Said
from promo.checkout.pack.store_service import PASSED, StoreService
from promo.checkout.pack.syncing import Sender, Where
from promo.checkout.pack.turnstile import Turnstile
from promo.checkout.request import Request
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


@contextmanager
def opened(settings: Settings, shop: Engine, folder: Path) -> Iterator[Two]:
    keys = keys_of(shop)
    pack = build(shop, settings, folder / "base.pack")
    with running(settings, shop) as office:
        line, sent = Line(office.port), Sent()
        with machine(settings, pack, folder / "m", line=line, sending=sent) as store:
            found = Two(office, store, line, sent)
            found.keys, found.engine = keys, shop
            yield found


@pytest.fixture
def two(settings: Settings, shop: Engine, tmp_path: Path) -> Iterator[Two]:
    with opened(settings, shop, tmp_path) as found:
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


SEVERAL: dict[str, dict[str, Any]] = {
    "milk": {"products": ["internal:milk"], "uses": {"per_list": 2}},
    "web": {"products": ["internal:jam"], "uses": {"per_household": 9}, "printable": False},
}


def test_each_use_that_is_remembered_comes_to_head_office(
    settings: Settings, engine: Engine, tmp_path: Path
) -> None:
    """Several uses of an offer, and one coupon several times, in an answer of head office's."""
    open_shop(engine, SEVERAL, unlisted=("web",), uses=2)
    key, text = sync_key(engine), "milk 2 500, jam 3 1500, bread 1 400"
    with opened(settings, engine, tmp_path) as two:
        with engine.begin() as connection:
            add_offer(connection, "late", {"products": ["internal:bread"], "printable": False})
        sold = two.till.ask("redeem", basket(text, coupons=["web", "late", "web"]))
        assert used(sold.json) == {"milk": 200, "web": 100, "late": 100}
        booked = _figures(engine)
        where = Where(Address.of(f"http://127.0.0.1:{two.office.port}"), key)
        journal = two.store.house.journal.path
        assert send_all(journal, where) == 1
        assert (found(engine), _figures(engine)) == ([], booked)
        # Head office is put back from a backup: what only the machine knows comes back from it.
        with engine.begin() as connection:
            for table in (tables.TillAnswer, tables.Redemption, tables.OfferCounter,
                          tables.Journal):  # fmt: skip
                connection.execute(delete(table))
        assert send_all(journal, where) == 1
        assert _figures(engine) == [each for each in booked if each[0] != "late"]
        assert found(engine) == [("differs", "1", "late", 1, 100, "chain")]
        # It is not known whole, which a return needs, and a void does not.
        assert two.at_office.give_back("2").refused == "no_sale"
        void = two.at_office.void("1", "3").json
        assert (void["known"], void["off"]) == (True, 400)
        assert counters(engine) == sums(engine) == {"milk": (0, 0), "web": (0, 0)}


def send_all(journal: Path, where: Where) -> int:
    with Sender(journal, where) as sender:
        return sender.send()


def _figures(engine: Engine) -> list[tuple[Any, ...]]:
    return sorted((row.offer, row.number, row.uses, row.units, row.money, row.funder_money)
                  for row in rows(engine))  # fmt: skip


def test_a_remembered_void_of_what_came_back_from_a_machine_is_no_conflict(
    two: Two, shop: Engine
) -> None:
    key = sync_key(shop)
    with shop.begin() as connection:
        add_offer(connection, "late", {"products": ["internal:bread"], "printable": False})
    # The coupon is told of, and not used: its uses are all in the pack.
    two.till.do("redeem", "milk 1 250", coupons=["late"])
    two.till.void("1")
    with shop.begin() as connection:
        for table in (tables.TillAnswer, tables.Redemption, tables.OfferCounter):
            connection.execute(delete(table))
    where = Where(Address.of(f"http://127.0.0.1:{two.office.port}"), key)
    assert send_all(two.store.house.journal.path, where) == 2
    assert found(shop) == []
    assert counters(shop) == sums(shop) == {"milk": (0, 0)}


def test_what_no_database_takes_is_refused_with_the_line_and_without(two: Two) -> None:
    for two.line.cut in ("", "before"):
        body = basket("milk 1 250")
        body["lines"][0]["code"] = "internal:a\0"
        assert two.till.ask("redeem", body).refused == "malformed"
        body["lines"][0]["code"] = r"internal:a\u0000"
        body |= {"transaction": two.line.cut or "1"}
        assert two.till.ask("redeem", body).status == 200


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


JSON = "application/json"
MILK = basket("milk 1 250")
ASKED = {
    "lookup": {"code": CODE}, "sheet": {"code": CODE, "format": "pdf"}, "quote": MILK,
    "reserve": MILK, "redeem": MILK,
    "return": named("2") | {"at": AT, "of": named()}, "void": named() | {"at": AT},
}  # fmt: skip


def decided(said: Said, verb: str = "redeem") -> bool:
    return said.is_decided(f"/v1/{verb}", to_json(ASKED[verb]))


NO_FORM = [b"", b"[]", b"null", b"<html>", b"{}", b'{"ok": true}', b"[" * 100_000, b'{"offers": ']


@pytest.mark.parametrize(
    "body",
    [*NO_FORM, b'{"refused": "unavailable"}', b'{"refused": ["x"]}', b'{"refused": "no_such_path"}',
     b'{"refused": "x"}'],
    ids=lambda body: body[:20].decode(),
)  # fmt: skip
def test_what_is_no_decision_is_no_answer(body: bytes) -> None:
    assert not decided(Said(503, body, JSON))


@pytest.mark.parametrize("verb", sorted(PASSED))
@pytest.mark.parametrize("body", NO_FORM, ids=lambda body: body[:20].decode())
def test_status_200_alone_is_no_answer(verb: str, body: bytes) -> None:
    assert not decided(Said(200, body, JSON), verb)
    assert not decided(Said(200, body, "text/html"), verb)
    assert not decided(Said(200, body, ""), verb)


def test_a_decision_is_one() -> None:
    assert decided(Said(404, b'{"refused": "forged"}', JSON))
    assert not decided(Said(404, b'{"refused": "forged"}', "text/html"))
    assert decided(Said(200, b"%PDF", "application/pdf"), "sheet")
    told = b'{"transaction": "1", "to_pay": 1, "offers": [], "later": 1}'
    assert decided(Said(200, told, "application/json; charset=utf-8"))
    assert not decided(Said(200, told, JSON), "void")


def test_every_answer_has_its_form(two: Two) -> None:
    """What head office says to each verb, and what the document promises of it, is an answer."""
    for verb in PASSED:
        got = two.at_office.ask(verb, ASKED[verb] | {"store": "1"})
        assert decided(Said(got.status, got.body, got.headers["content-type"]), verb), got.body
    document = two.office.ask(openapi.PATH, method="GET").json
    for verb, form in FORMS.items():
        content = document["paths"][f"/v1/{verb}"]["post"]["responses"]["200"]["content"]
        name = content[JSON]["schema"]["$ref"].rpartition("/")[2]
        assert set(document["components"]["schemas"][name]["required"]) >= form


class Page(http.server.BaseHTTPRequestHandler):
    """What a network says that wants a login first, whatever is asked."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = b"<html>Please log in.</html>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", f"{len(body)}")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def portal() -> Iterator[int]:
    """A port where everything is answered with a page."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_a_network_that_asks_to_log_in_is_a_line_that_is_down(
    settings: Settings, shop: Engine, tmp_path: Path
) -> None:
    keys = keys_of(shop)
    pack = build(shop, settings, tmp_path / "p")
    with portal() as port:
        line = HeadOffice(Address.of(f"http://127.0.0.1:{port}"), 30.0, 2)
        with machine(settings, pack, tmp_path / "m", line=line) as store:
            till = tills(store, shop, keys)
            seen = store.ask("/v1/lookup", {"code": CODE}, keys["1"])
            assert seen.json["list_code"]
            assert line.is_down
            assert store.ask("/ready", method="GET").json["head_office"] == "down"
            assert used(till.do("redeem", "milk 1 250")) == {"milk": 100}


def test_a_key_that_asks_too_much_leaves_the_line_to_others(
    settings: Settings, shop: Engine, tmp_path: Path
) -> None:
    keys = keys_of(shop)
    pack = build(shop, settings, tmp_path / "p")
    few = settings.service.model_copy(update={"failed_codes_per_minute": 1})
    with running(settings.model_copy(update={"service": few}), shop) as office:
        line = Line(office.port)
        with machine(settings, pack, tmp_path / "m", line=line) as store:
            for _ in range(3):
                got = store.ask("/v1/lookup", {"code": "0000-0000-0000"}, keys["1"])
                assert got.refused == "forged"
            assert [each.get("refused") for each in office.lines][-1] == "guessing"
            assert not line.is_down


# --- two tills at the same moment -----------------------------------------------------------------


class Counted(Turnstile):
    """Tells who comes to it."""

    def __init__(self) -> None:
        super().__init__()
        self.came = threading.Semaphore(0)

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        self.came.release()
        async with super().passing():
            yield


def test_what_is_being_decided_here_is_not_asked_of_head_office(two: Two, shop: Engine) -> None:
    """A till has no answer, and its sale is decided here; another one comes before that is done."""
    service, turnstile = two.store.service, Counted()
    assert isinstance(service, StoreService)
    service.turnstile = turnstile
    two.line.cut = "before"
    with ThreadPoolExecutor() as threads, stopped(two, turnstile):
        first = threads.submit(two.till.do, "redeem", "milk 1 250", "1")
        assert turnstile.came.acquire(timeout=30)
        two.line.cut = ""
        second = threads.submit(two.till.do, "redeem", "milk 1 250", "2")
        assert turnstile.came.acquire(timeout=30)
    given = [used(each.result()) for each in (first, second)]
    assert sorted(given, key=len) == [{}, {"milk": 100}]
    assert two.line.asked == ["/v1/redeem"]


@contextmanager
def stopped(two: Two, turnstile: Turnstile) -> Iterator[None]:
    """Nothing passes meanwhile."""
    held, go = threading.Event(), asyncio.Event()

    async def hold() -> None:
        async with turnstile.alone():
            held.set()
            await go.wait()

    loop = two.store.loops[0]
    holding = asyncio.run_coroutine_threadsafe(hold(), loop)
    assert held.wait(30)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(go.set)
        holding.result(30)


def test_what_was_decided_while_it_was_looked_for_is_not_asked(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = two.store.service
    assert isinstance(service, StoreService)
    came, go, known = threading.Event(), asyncio.Event(), service._is_known

    async def slow(request: Request) -> bool:
        found = await known(request)
        if request.body["transaction"] == "2":
            came.set()
            await go.wait()
        return found

    monkeypatch.setattr(service, "_is_known", slow)
    with ThreadPoolExecutor() as threads:
        second = threads.submit(two.till.do, "redeem", "milk 1 250", "2")
        assert came.wait(30)
        two.line.cut = "before"
        assert used(two.till.do("redeem", "milk 1 250", "1")) == {"milk": 100}
        two.line.cut = ""
        two.store.loops[0].call_soon_threadsafe(go.set)
        assert used(second.result()) == {}
