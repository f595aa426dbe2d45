"""Redeems a second: the service against a bare psycopg loop with the very same statements.

A redeem is done once in a transaction that is rolled back, and its statements are written down; the
bare loop (checkout_bare) then plays them one after the other, with 16 connections, on the core that
the service has in its turn. Both take the same households' turn by turn, each list once.
"""

import json
import pickle
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psutil
from checkout_chain import open_chain
from checkout_shop import basket, make_house, served
from kit import note, report
from sqlalchemy import Engine, make_url
from till_kit import CLIENT_CORE, KEYS, Load, Served, code, on_core, postgresql, posts

from promo import config, database
from promo.checkout.request import Request
from promo.checkout.selling import House, redeem
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.language import Languages

SHARE, TIMES, FLAT = 0.5, 3.0, 0.15
NOW = datetime(2017, 11, 8, 12, tzinfo=UTC)
STEP = 7_919  # a prime: households are taken all over the chain
BUFFERS = "2GB"  # a quarter of a small server's memory, as PostgreSQL's manual advises
MANY = 50_000  # lists, more than any round can use up
MOST = 1_500  # redeems a second that no service reaches here
Recorded = list[tuple[str, Any]]


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    seconds: float
    rounds: int
    bare: int  # redeems of the bare loop in a round
    lists: tuple[int, int]
    offers: tuple[int, int]


WHOLE = Size(3.0, 7, 200, (10_000, 1_000_000), (10, 10_000))
QUICK = Size(0.6, 3, 100, (10_000, 40_000), (10, 1_000))


def judge() -> None:
    """All bars: 10,000 to a million lists, 10 to 10,000 offers."""
    to_bare(WHOLE, quick=False)
    flat_in_lists(WHOLE, quick=False)
    flat_in_offers(WHOLE, quick=False)


def judge_quickly() -> None:
    """Fewer rounds, and the offers' range cut short; a million lists are the long run's."""
    to_bare(QUICK, quick=True)
    flat_in_offers(QUICK, quick=True)


def to_bare(size: Size, *, quick: bool) -> None:
    """Redeems a second, and the processor's time of each, to those of a bare loop."""
    with _shop(MANY, 300) as shop:
        for sync in ("on", "off"):
            shop.synchronous(sync)
            seen = [(shop.bare(size.bare), shop.redeems(size.seconds)) for _ in range(size.rounds)]
            share = statistics.median(ours.rate / bare.rate for bare, ours in seen)
            times = statistics.median(ours.cost / bare.cost for bare, ours in seen)
            value: dict[str, object] = {
                "to bare": round(share, 2), "processor": round(times, 2),
                "a second": round(statistics.median(ours.rate for _, ours in seen)),
                "us each": round(statistics.median(ours.cost for _, ours in seen)),
            }  # fmt: skip
            if sync == "on":
                report("redeems", value, SHARE, ok=share >= SHARE, quick=quick)
            else:
                report("processor", value, TIMES, ok=times <= TIMES, quick=quick)


def flat_in_lists(size: Size, *, quick: bool) -> None:
    """Few lists, and many, with 300 offers."""
    _flat("lists", [(count, 300, 14) for count in size.lists], size, quick=quick)


def flat_in_offers(size: Size, *, quick: bool) -> None:
    """Few live offers, and many, on lists of ten."""
    _flat("offers", [(size.lists[0], count, 10) for count in size.offers], size, quick=quick)


def _flat(what: str, sizes: Sequence[tuple[int, int, int]], size: Size, *, quick: bool) -> None:
    """The same load on a small and a large chain, in turns."""
    with ExitStack() as stack:
        pair = [stack.enter_context(_shop(*each)) for each in sizes]
        for shop in pair:
            shop.synchronous("off")
            shop.warm()
        for verb in ("redeems", "lookups"):
            # A quarter as long: the small chain has each list but once. The first round only warms.
            seen = [_in_turn(pair, verb, size.seconds / 4, backwards=bool(number % 2))
                    for number in range(2 * size.rounds + 1)][1:]  # fmt: skip
            times = statistics.median(large.rate / small.rate for small, large in seen)
            cost = statistics.median(large.cost / small.cost for small, large in seen)
            value = {"rate": round(times, 3), "processor": round(cost, 3),
                     what: [each[what == "offers"] for each in sizes]}  # fmt: skip
            limit = [1 - FLAT, 1 + FLAT]
            good = limit[0] <= times <= limit[1]
            report(f"flat in {what}, {verb}", value, limit, ok=good, quick=quick)


def _in_turn(pair: Sequence["Shop"], verb: str, seconds: float, *, backwards: bool) -> list[Served]:
    """What each does, in the pair's order: who goes first finds what the other has left."""
    order = reversed(pair) if backwards else pair
    done = {id(shop): getattr(shop, verb)(seconds) for shop in order}
    return [done[id(shop)] for shop in pair]


class Shop:
    """A filled chain and its service; households are used up from the front."""

    def __init__(self, url: str, engine: Engine, folder: Path, key: str, size: tuple[int, int]):
        self.url, self.engine, self.folder, self.key = url, engine, folder, key
        self.lists, self.offers = size
        self.next = 0
        self.house = make_house(folder / "house")
        self.recorder = _Recorder.of(engine)
        self.selling = House(config.load(self.house / "config.yaml"), KEYS)
        self.words = Languages.of(self.selling.settings)["en"]
        self.process, self.port = psutil.Process(), 0

    def synchronous(self, value: str) -> None:
        """Set `synchronous_commit`, for sessions that are open as well."""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"alter system set synchronous_commit = {value}")
            connection.exec_driver_sql("select pg_reload_conf()")

    def _numbers(self, count: int) -> list[int]:
        first, self.next = self.next, self.next + count
        if self.next > self.lists:
            raise RuntimeError("bench: more redeems than households")
        return [n * STEP % self.lists for n in range(first, first + count)]

    def redeems(self, seconds: float) -> Served:
        """What the service does under 16 connections."""
        most = min(round(MOST * seconds * 1.1) + 16, self.lists - self.next)
        bodies = [basket(n, f"{n}", self.offers) for n in self._numbers(most)]
        load = _Once(posts("/v1/redeem", bodies, self.key))
        done = load.run(self.port, self.process, seconds)
        self.next -= len(load.requests) - load.at  # those not sent are taken next time
        return done

    def warm(self) -> None:
        """Quotes until each offer has probably been met, as on a service that runs for days."""
        count = max(500, 4 * self.offers // 10)
        bodies = [basket(n * STEP % self.lists, f"{n}", self.offers) for n in range(count)]
        load = Load(posts("/v1/quote", bodies, self.key))
        while load.at < count:
            load.run(self.port, self.process, 1.0)

    def lookups(self, seconds: float) -> Served:
        """The same of lookups by code, all over the chain."""
        numbers = [n * STEP % self.lists for n in range(5_000)]
        bodies = [{"code": code(number)} for number in numbers]
        return Load(posts("/v1/lookup", bodies, self.key)).run(self.port, self.process, seconds)

    def bare(self, count: int) -> Served:
        """What a loop over the same statements does."""
        path = self.folder / "statements"
        baskets = [basket(n, f"{n}", self.offers) for n in self._numbers(count)]
        path.write_bytes(pickle.dumps([self._recorded(each) for each in baskets]))
        plain = make_url(self.url).set(drivername="postgresql")
        script = str(Path(__file__).with_name("checkout_bare.py"))
        words = [sys.executable, script, plain.render_as_string(hide_password=False), f"{path}"]
        said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        return Served(**json.loads(said))

    def _recorded(self, body: dict[str, Any]) -> Recorded:
        """The statements of a redeem, which is then rolled back."""
        statements = self.recorder
        key = StoreKey(1, "1", frozenset(), "", "", NOW, None, None, "UTC", "en")
        request = Request("redeem", body, key, NOW, date(2017, 11, 8), self.words)
        statements.said = [("begin", None)]
        statements.inner.execute("begin")
        done = redeem(statements, self.selling, request)
        if sum(each["uses"] for each in json.loads(done.answer)["offers"]) != 3:
            raise RuntimeError(f"bench: {done.answer!r}")
        statements.inner.execute("rollback")
        return [*statements.said, ("commit", None)]


class _Once(Load):
    """Each request once."""

    def next(self) -> bytes:
        """The next request."""
        self.at += 1
        if self.at > len(self.requests):
            raise RuntimeError("bench: more redeems than households were put by")
        return self.requests[self.at - 1]


@contextmanager
def _shop(lists: int, offers: int, slots: int = 14) -> Iterator[Shop]:
    with postgresql(BUFFERS) as url, tempfile.TemporaryDirectory() as folder:
        engine = database.connect(url)
        note(f"fills {lists:,} lists, {offers:,} offers")
        key = open_chain(engine, lists, offers, slots)
        on_core(CLIENT_CORE)
        shop = Shop(url, engine, Path(folder), key, (lists, offers))
        with served(shop.house, url) as (shop.process, shop.port):
            shop.redeems(0.3)  # so that all is warm
            yield shop
        shop.recorder.close()
        engine.dispose()


class _Recorder(Statements):
    """Statements that are written down as the driver gets them."""

    def __init__(self, driver: Any, *, is_postgresql: bool) -> None:
        super().__init__(driver, is_postgresql=is_postgresql)
        self.inner, self.said = self.driver, Recorded()
        self.driver = self

    def execute(self, sql: str, values: Any = None) -> Any:
        """A statement, done and written down."""
        self.said.append((sql, values))
        return self.inner.execute(sql, values)

    def close(self) -> None:
        """Hang up."""
        self.inner.close()
