"""Redeems a second: the service against a bare psycopg loop with the very same statements.

A redeem is done once in a transaction that is rolled back, and its statements are written down;
the bare loop then plays them, with 16 connections, on the core that the service has in its turn.
"""

import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psutil
from checkout_shop import basket, make_house, open_shop, served
from kit import note, report
from sqlalchemy import Engine, make_url
from till_kit import CLIENT_CORE, CONNECTIONS, KEYS, SERVER_CORE, Load, on_core, postgresql, posts

from promo import config, database
from promo.checkout.request import Request
from promo.checkout.selling import House, redeem
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.language import Languages

SHARE, TIMES, FLAT = 0.5, 3.0, 0.15
SECONDS, ROUNDS, BARE = 3.0, 5, 600
NOW = datetime(2017, 11, 8, 12, tzinfo=UTC)
Recorded = list[tuple[str, Any]]


def judge() -> None:
    """All bars: 10,000 to a million lists, 10 to 10,000 offers."""
    _judge(ROUNDS, (10_000, 1_000_000), (10, 10_000))


def judge_quickly() -> None:
    """Two rounds, and a smaller range."""
    _judge(2, (10_000, 40_000), (20, 2_000))


def _judge(rounds: int, lists: tuple[int, int], offers: tuple[int, int]) -> None:
    for sync in ("on", "off"):
        with _shop(lists[0], 300, sync) as shop:
            seen = [(shop.bare(BARE), shop.service(SECONDS)) for _ in range(rounds)]
        share = statistics.median(ours.rate / bare.rate for bare, ours in seen)
        cost = statistics.median(ours.cost / bare.cost for bare, ours in seen)
        said = f"{seen[-1][1].rate:,.0f} a second, {seen[-1][1].cost:,.0f} us each"
        if sync == "on":
            report("redeems", f"{share:.2f} of bare; {said}", SHARE, ok=share >= SHARE)
        else:
            report("processor", f"{cost:.2f} times bare; {said}", TIMES, ok=cost <= TIMES)
    _flat("lists", [(count, 300) for count in lists], rounds)
    _flat("offers", [(lists[0], count) for count in offers], rounds)


def _flat(what: str, sizes: Sequence[tuple[int, int]], rounds: int) -> None:
    """The same load on a small and a large chain, in turns."""
    small, large = list[float](), list[float]()
    with _shop(*sizes[0], "off") as one, _shop(*sizes[1], "off") as other:
        for _ in range(rounds):
            small.append(one.service(SECONDS).cost)
            large.append(other.service(SECONDS).cost)
    times = statistics.median(large) / statistics.median(small)
    value = f"{times:.2f} times the processor, {sizes[0]} to {sizes[1]}"
    report(f"flat in {what}", value, 1 + FLAT, ok=times <= 1 + FLAT)


@dataclass
class Seen:
    """Redeems a second, and microseconds of the processor each."""

    rate: float
    cost: float


class Shop:
    """A filled chain; households are used up from the front by the service, and by bare."""

    def __init__(self, url: str, engine: Engine, folder: Path, key: str, size: tuple[int, int]):
        self.url, self.engine, self.folder, self.key = url, engine, folder, key
        self.lists, self.offers = size
        self.next = 0
        self.house = make_house(folder / "house")

    def _baskets(self, count: int) -> list[dict[str, Any]]:
        first, self.next = self.next, self.next + count
        return [basket(n % self.lists, f"{n}", self.offers) for n in range(first, first + count)]

    def service(self, seconds: float) -> Seen:
        """What the service does under 16 connections."""
        load = _Once(posts("/v1/redeem", self._baskets(round(700 * (seconds * 1.1 + 1))), self.key))
        with served(self.house, self.url) as (process, port):
            done = load.run(port, process, seconds)
        self.next -= len(load.requests) - load.at  # those not sent are taken next time
        return Seen(done.rate, done.cost)

    def bare(self, count: int) -> Seen:
        """What a loop over the same statements does."""
        path = self.folder / "statements"
        path.write_bytes(pickle.dumps([_recorded(self, each) for each in self._baskets(count)]))
        plain = make_url(self.url).set(drivername="postgresql")
        words = [sys.executable, __file__, plain.render_as_string(hide_password=False), f"{path}"]
        said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        return Seen(**json.loads(said))


class _Once(Load):
    """Each request once."""

    def next(self) -> bytes:
        """The next request."""
        self.at += 1
        if self.at > len(self.requests):
            raise RuntimeError("bench: more redeems than households were put by")
        return self.requests[self.at - 1]


@contextmanager
def _shop(lists: int, offers: int, sync: str) -> Iterator[Shop]:
    with postgresql() as url, tempfile.TemporaryDirectory() as folder:
        engine = database.connect(url)
        note(f"fills {lists:,} lists, {offers:,} offers")
        key = open_shop(engine, lists, offers)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"alter database postgres set synchronous_commit = {sync}")
            connection.exec_driver_sql("vacuum analyze")
        on_core(CLIENT_CORE)
        yield Shop(url, engine, Path(folder), key, (lists, offers))
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


def _recorded(shop: Shop, body: dict[str, Any]) -> Recorded:
    """The statements of a redeem, which is then rolled back."""
    found: tuple[_Recorder, House] | None = getattr(shop, "recorder", None)
    if found is None:
        settings = config.load(shop.house / "config.yaml")
        found = _Recorder.of(shop.engine), House(settings, KEYS)
        shop.recorder = found  # type: ignore[attr-defined]
    statements, house = found
    key = StoreKey(1, "1", frozenset(), "", "", NOW, None, None, "UTC", "en")
    words = Languages.of(house.settings)["en"]
    statements.said = [("begin", None)]
    statements.inner.execute("begin")
    done = redeem(statements, house, Request("redeem", body, key, NOW, date(2017, 11, 8), words))
    if sum(each["uses"] for each in json.loads(done.answer)["offers"]) != 3:
        raise RuntimeError(f"bench: {done.answer!r}")
    statements.inner.execute("rollback")
    return [*statements.said, ("commit", None)]


def _play(url: str, path: str) -> None:
    """Play recorded statements with 16 connections; prints what was seen. (The bare process.)"""
    import psycopg

    psutil.Process().cpu_affinity([SERVER_CORE % (os.cpu_count() or 1)])
    redeems: list[Recorded] = pickle.loads(Path(path).read_bytes())
    connections = [psycopg.connect(url, autocommit=True) for _ in range(CONNECTIONS)]

    def play(connection: Any, some: list[Recorded]) -> None:
        for statements in some:
            for sql, values in statements:
                got = connection.execute(sql, values)
                if got.description:
                    got.fetchall()

    threads = [
        threading.Thread(target=play, args=(connection, redeems[n::CONNECTIONS]))
        for n, connection in enumerate(connections)
    ]
    began, processor = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took, used = time.perf_counter() - began, time.process_time() - processor
    print(json.dumps({"rate": len(redeems) / took, "cost": 1e6 * used / len(redeems)}))


if __name__ == "__main__":
    _play(*sys.argv[1:])
