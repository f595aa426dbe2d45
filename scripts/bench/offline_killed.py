"""Durable, the service: kill -9 of a store machine at random instants while tills redeem.

What was acknowledged is there afterwards, in the same bytes; nothing is there twice; every decision
stands in the journal once and the chain holds. At every third kill `store.db` is lost, too, as in a
power cut that it did not survive: it is made anew from pack and journal.
"""

import random
import signal
import tempfile
from collections import Counter
from pathlib import Path

from checkout_killed import Load
from checkout_shop import faults, open_shop
from kit import note, report
from offline_store import build, make_store, store_served

from promo import database
from promo.checkout.pack import journal

KILLS, QUICK_KILLS = 50, 4
LISTS, QUICK_LISTS = 60_000, 6_000
SPOILED = 3  # every so many kills `store.db` is lost


def judge() -> None:
    """50 kills."""
    kills(KILLS, LISTS, quick=False)


def judge_quickly() -> None:
    """4 kills."""
    kills(QUICK_KILLS, QUICK_LISTS, quick=True)


def kills(count: int, lists: int, *, quick: bool) -> None:
    """Measure and report."""
    with tempfile.TemporaryDirectory() as name:
        trial = Trial(Path(name), lists)
        for number in range(count):
            trial.kill(spoil=number % SPOILED == 0)
        found = trial.faults()
        for fault in found[:10]:
            note(f"durable, service: {fault}")
        value = {
            "kills": count, "store.db lost": trial.spoiled, "sent": trial.load.sent,
            "acknowledged": len(trial.load.answers), "decisions": trial.decisions,
            "faults": len(found),
        }  # fmt: skip
        report("durable, service", value, 0, ok=not found, quick=quick)


class Trial:
    """A store machine that is killed under load, and what is wrong afterwards."""

    def __init__(self, folder: Path, lists: int) -> None:
        self.chance = random.Random(7)
        self.store = make_store(folder / "store")
        engine = database.connect(f"sqlite:///{folder / 'head-office.db'}")
        self.load = Load(open_shop(engine, lists), lists)
        self.pack = build(engine, self.store, folder)
        engine.dispose()
        self.kept = self.store / "line-down"
        self.spoiled = self.decisions = 0

    def kill(self, *, spoil: bool) -> None:
        """Start it, let tills ask, kill it."""
        with store_served(self.store, self.pack) as (process, port):
            self.load.run(port, lambda: process.send_signal(signal.SIGKILL), self.chance)
            process.wait(20)
        if spoil:
            self.spoiled += 1
            for each in self.kept.glob("store.db*"):
                each.unlink()

    def faults(self) -> list[str]:
        """What is wrong: with answers, with the books, with the journal."""
        with store_served(self.store, self.pack) as (_, port):
            found = [*self.load.faults, *self.load.again(port)]
        engine = database.connect(f"sqlite:///{self.kept / 'store.db'}")
        found += faults(engine)
        engine.dispose()
        return found + self._of_journal()

    def _of_journal(self) -> list[str]:
        path = self.kept / "journal"
        report_ = journal.verify(path)  # raises where the chain does not hold
        names = Counter(each.content["name"][3] for each in journal.records(path))
        self.decisions = report_.place.seq
        found = [f"{name} is {n} times in the journal" for name, n in names.items() if n > 1]
        lost = {f"{number}" for number in self.load.answers} - names.keys()
        return found + [f"{name} was acknowledged and is not in the journal" for name in lost]
