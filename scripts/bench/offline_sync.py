"""Sync: stores whose lines are cut send what they decided, and head office has each of it once.

Each store is a process of its own that decides and sends. Between it and head office is a line that
loses requests and answers, cuts answers short, repeats requests, and sends some again long after.
Stores and head office are killed (kill -9) and started again; other senders send the same journals
meanwhile; some tills have asked head office as well. In the end every decision is there once, in
the same bytes, counters are sums, and the conflicts are those that `offline_sync_reckoned` reckons.
"""

import http.client
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from checkout_shop import MAIN, make_house
from kit import ROOT, note, report
from offline_line import cutting
from offline_sync_plan import Chain, Item, make_database
from offline_sync_reckoned import Reckoned
from sqlalchemy import create_engine, func, select
from till_kit import free_port, postgresql

from promo import database, tables
from promo.checkout import store_keys
from promo.checkout.pack.journal_reading import begun, records
from promo.checkout.pack.syncing import LineDown, Sender, Where
from promo.checkout.service_address import Address

CHILD = Path(__file__).with_name("offline_sync_child.py")
VERBS = ("redeem", "return", "void", "sync")
LOOK = 0.2  # seconds between looks at how far the stores are
PATIENCE = 3600.0  # seconds for all of it


def judge() -> None:
    """20 stores, 100,000 redemptions, 60 kills of stores and 15 of head office."""
    measure(Chain(stores=20, baskets=1_700, shared=600), (60, 15), quick=False)


def judge_quickly() -> None:
    """4 stores, 1,000 redemptions, 6 kills of stores and 2 of head office."""
    measure(Chain(stores=4, baskets=88, shared=20), (6, 2), quick=True)


def measure(chain: Chain, kills: tuple[int, int], *, quick: bool) -> None:
    """Measure and report."""
    with postgresql() as url, tempfile.TemporaryDirectory() as folder:
        run = Run(chain, url, make_house(Path(folder) / "house"))
        began = time.perf_counter()
        run.through(*kills)
        seconds = time.perf_counter() - began
        engine = database.connect(url)
        found = Reckoned(engine, chain, run.folders, run.direct)
        faults = found.faults()
        engine.dispose()
    for fault, times in faults.items():
        note(f"{fault}: {times}")
    value = {
        "stores": chain.stores, **found.counts, "also at head office": len(run.direct),
        "killed": {"stores": kills[0], "head office": kills[1]}, "line": dict(run.fates),
        "seconds": round(seconds), "faults": faults.total(),
    }  # fmt: skip
    report("sync", value, 0, ok=not faults, quick=quick)


class Run:
    """The chain at work."""

    def __init__(self, chain: Chain, url: str, house: Path) -> None:
        self.chain, self.url, self.house = chain, url, house
        self.port, self.chance = free_port(), random.Random("kills")
        self.folders = {store: house / f"store-{store}" for store in chain.names}
        self.direct: dict[tuple[str, str, str], tuple[str, int, bytes]] = {}
        self.fates: dict[str, int] = {}
        self.stores: dict[str, subprocess.Popen[bytes]] = {}
        self.total = sum(sum(1 for _ in chain.plan(store)) for store in chain.names)
        self._make()

    def _make(self) -> None:
        engine = database.connect(self.url)
        sheets = sorted({n for store in self.chain.names for n in self.chain.lists(store)})
        make_database(engine, self.chain, sheets, head_office=True)
        for store, folder in self.folders.items():
            folder.mkdir()
            own = database.connect(f"sqlite:///{folder / 'store.db'}")
            make_database(own, self.chain, self.chain.lists(store), head_office=False)
            own.dispose()
            with engine.begin() as connection:
                key = store_keys.add(connection, store, VERBS, datetime.now(UTC))
            (folder / "key").write_text(key)
        engine.dispose()
        note(f"{self.total} requests at {self.chain.stores} stores")

    def through(self, stores: int, head_office: int) -> None:
        """All of it, with so many kills, to the last decision."""
        with ExitStack() as stack, cutting(self.port) as (line, cut):
            self._serve()
            stack.callback(self._stop_serving)
            for store in self.chain.names:
                self._start(store, cut)
            stack.callback(self._end)
            asking = threading.Thread(target=self._ask_too)
            asking.start()
            at = sorted(self.chance.uniform(0.02, 0.98) for _ in range(stores + head_office))
            whom = ["store"] * stores + ["head office"] * head_office
            self.chance.shuffle(whom)
            for share, who in zip(at, whom, strict=True):
                self._wait_for(share * self.total)
                self._kill(who, cut)
            asking.join()
            self._wait_for(self.total)
            self._wait_until_sent(cut)
            self.fates = dict(line.fates)

    # --- processes -------------------------------------------------------------------------------

    def _serve(self) -> None:
        words = [sys.executable, "-c", MAIN, "--config", str(self.house / "config.yaml"), "serve"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PROMO_DATABASE_URL": self.url}
        self.served = subprocess.Popen(
            [*words, "--port", f"{self.port}"], env=environment, stderr=subprocess.DEVNULL
        )
        while socket.socket().connect_ex(("127.0.0.1", self.port)):
            if self.served.poll() is not None:
                sys.exit(f"bench: head office left with {self.served.returncode}")
            time.sleep(LOOK)

    def _stop_serving(self) -> None:
        self.served.kill()
        self.served.wait()

    def _start(self, store: str, port: int) -> None:
        words = [str(CHILD), str(self.folders[store]), store, *(f"{n}" for n in self.chain),
                 f"http://127.0.0.1:{port}"]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(CHILD.parent)])}
        self.stores[store] = subprocess.Popen([sys.executable, *words], env=environment)

    def _kill(self, who: str, port: int) -> None:
        if who == "head office":
            self._stop_serving()
            self._serve()
            return
        store = self.chance.choice(self.chain.names)
        self.stores[store].kill()
        self.stores[store].wait()
        self._start(store, port)
        self._send_beside(self.chance.choice(self.chain.names))

    def _end(self) -> None:
        for each in self.stores.values():
            each.kill()
            each.wait()

    def _send_beside(self, store: str) -> None:
        """Another sender of the same journal, on a line that is sound."""
        folder = self.folders[store]
        where = Where(Address.of(f"http://127.0.0.1:{self.port}"), (folder / "key").read_text())
        if (folder / "journal").exists():
            with suppress(LineDown), Sender(folder / "journal", where) as sender:
                sender.send()

    # --- how far they are ------------------------------------------------------------------------

    def _acknowledged(self) -> int:
        logs = (folder / "acknowledged" for folder in self.folders.values())
        return sum(log.read_bytes().count(b"\n") for log in logs if log.exists())

    def _wait_for(self, count: float) -> None:
        began = time.perf_counter()
        while self._acknowledged() < count:
            for store, each in self.stores.items():
                if each.poll() is not None:
                    sys.exit(f"bench: store {store} left with {each.returncode}")
            if time.perf_counter() - began > PATIENCE:
                sys.exit(f"bench: {self._acknowledged()} of {self.total} after {PATIENCE} seconds")
            time.sleep(LOOK)

    def _wait_until_sent(self, port: int) -> None:
        """Until head office has every journal; it is killed once more on the way."""
        engine, wanted = create_engine(self.url), {}
        for folder in self.folders.values():
            path = folder / "journal"
            wanted[begun(path)[0].journal] = sum(1 for _ in records(path))
        self._kill("head office", port)
        began, table = time.perf_counter(), tables.Journal
        while True:
            with engine.connect() as connection:
                rows = connection.execute(select(table.id, func.max(table.seq)).group_by(table.id))
                if {row[0]: row[1] for row in rows} == wanted:
                    break
            if time.perf_counter() - began > PATIENCE:
                sys.exit("bench: the journals are not sent")
            time.sleep(LOOK)
        engine.dispose()

    # --- tills that also ask head office ----------------------------------------------------------

    def _ask_too(self) -> None:
        """Each such request once its time has come, until it is answered."""
        items = [*self._online()]
        self.chance.shuffle(items)
        for number, (store, item) in enumerate(items):
            self._wait_for(0.9 * self.total * number / len(items))
            assert item.online is not None
            kind, body = item.online
            verb = {"same": "redeem", "other": "redeem"}.get(kind, kind)
            key = (self.folders[store] / "key").read_text()
            status, said = self._answer(verb, body, key)
            self.direct[store, item.transaction, verb] = kind, status, said

    def _online(self) -> Iterator[tuple[str, Item]]:
        for store in self.chain.names:
            for item in self.chain.plan(store):
                if item.online is not None:
                    yield store, item

    def _answer(self, verb: str, body: object, key: str) -> tuple[int, bytes]:
        raw = json.dumps(body).encode()
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            try:
                connection.request("POST", f"/v1/{verb}", raw, headers)
                got = connection.getresponse()
                said = got.read()
            except (OSError, http.client.HTTPException):
                time.sleep(LOOK)  # it was killed
                continue
            finally:
                connection.close()
            if got.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                return got.status, said


if __name__ == "__main__":
    judge_quickly() if "--quick" in sys.argv else judge()
