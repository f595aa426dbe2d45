"""Killed: kill -9 of a night and its workers at instants spread over it; then it is run again.

In the end everything is byte for byte as after a night that nobody disturbed. Half of the instants
are drawn, each in its own stretch of the night's time; the other half are the same, and then the
next moment in which a file is being written, flushed, renamed or a transaction committed (printing
of volumes, which fills most of a night, does not count). All processes are stopped before they are
killed, so that it is known where each of them was.

Work is processor seconds, because others use the same machine: those of the killed night, up to
its death, and of the one that was run after it, over those of an undisturbed one: the mean of those
run before and after each few kills, as a second of a busy machine is worth more or less from minute
to minute. The bar is on the mean over the instants that are drawn: a night that takes nothing up
would have 1.5 there, and 2 at the worst. The mean of the others, which lie where the writes are,
and the worst are told as well.
Starting Python and its libraries, two to three seconds that nobody can take up, is part of each.
"""

import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from kit import ROOT, note, report
from operate_child import PRINTING, SETTLING, SLOTS, WRITING
from operate_house import NIGHT, Houses, Place, Snapshot, differences, houses
from till_kit import postgresql

CHILD = ROOT / "scripts/bench/operate_child.py"
INSIDE, MOST_WORK = 15, 1.5
DRAWN = "work, mean of the drawn instants"
TURN = 5  # kills between two undisturbed nights
ENOUGH = 120.0  # seconds that a night may take at most


def judge() -> None:
    """50 kills on each database, of nights of some 100 lists, three times printed."""
    kills(50, 3, "html, pdf, large", 8)


def judge_quickly() -> None:
    """4 kills on each, of nights of some 40."""
    kills(4, 1, "html, pdf", 8, quick=True)


def kills(count: int, times: int, formats: str, volume: int, *, quick: bool = False) -> None:
    """Measure and report."""
    with postgresql() as server:
        for name, url in (("SQLite", None), ("PostgreSQL", server)):
            with houses(url) as some:
                note(f"killed: a house on {name}")
                some.made(times, formats, volume)
                trial = Trial(some)
                trial.run(count)
            for fault in trial.faults[:10]:
                note(f"{name}: {fault}")
            told = trial.told()
            inside = told["inside writes"] >= (INSIDE if count >= 50 else 1)
            good = not trial.faults and inside
            if not quick:  # whose nights are mostly the start of Python
                good = good and told[DRAWN] <= MOST_WORK
            limit = {"differences": 0, "inside writes": INSIDE, DRAWN: MOST_WORK}
            report(f"killed: {name}", told, limit, ok=good, quick=quick)


@dataclass
class Night:
    """A night in processes of its own."""

    place: Place
    flags: Path
    words: tuple[str, ...] = ("nightly", "--day", f"{NIGHT}")
    more: dict[str, str] = field(default_factory=dict)

    def start(self) -> "subprocess.Popen[str]":
        """Begin it, in a process group of its own."""
        command = [sys.executable, str(CHILD), "--config", str(self.place.folder / "config.yaml")]
        own = {"PROMO_BENCH_FLAGS": str(self.flags), "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [*command, *self.words], env=self.place.environment | own | self.more,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def whole(self) -> float:
        """Run it to its end; returns its processor seconds."""
        before = _children()
        process = self.start()
        _, said = process.communicate(timeout=ENOUGH)
        if process.returncode:
            raise RuntimeError(f"bench: a night left with {process.returncode}: {said}")
        return _children() - before

    def killed(self, after: float, *, inside: bool) -> tuple[int, float] | None:
        """Kill it so many seconds after its start: what it was in the middle of, and its processor
        seconds; None where it had ended.
        """
        with self.flags.open("r+b") as file:
            file.truncate(0)
            file.truncate(SLOTS)
        began, process = time.monotonic(), self.start()
        while time.monotonic() - began < after and process.poll() is None:
            time.sleep(0.001)
        while inside and process.poll() is None and not self._at() & (WRITING | SETTLING):
            pass
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGSTOP)
        family = [p for p in psutil.process_iter() if _group(p.pid) == process.pid]
        found = self._at(), sum(_seconds(each) for each in family)
        ended = process.poll() is not None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        psutil.wait_procs(family, timeout=20)
        return None if ended else found

    def _at(self) -> int:
        """What any of its processes is in the middle of."""
        data = self.flags.read_bytes()
        return max(data[number % SLOTS] for number in _living(data))


def _living(data: bytes) -> list[int]:
    return [0, *(p for p in psutil.pids() if data[p % SLOTS])]


def _group(process: int) -> int | None:
    try:
        return os.getpgid(process)
    except ProcessLookupError:
        return None


def _seconds(process: psutil.Process) -> float:
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.NoSuchProcess:
        return 0.0


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Trial:
    """Kills on one kind of database, and what is wrong afterwards."""

    def __init__(self, some: Houses) -> None:
        self.houses, self.chance = some, random.Random(7)
        self.flags = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.flags /= "flags"
        self.flags.write_bytes(bytes(SLOTS))
        self.expected: Snapshot = {}
        self.faults: list[str] = []
        self.at: list[int] = []
        self.spent: list[float] = []  # processor seconds of each killed night and the one after it
        self.plain: list[float] = []  # of undisturbed nights: before each turn, and after the last

    def run(self, count: int) -> None:
        """Kills in turns, undisturbed nights before, between and after."""
        elapsed = 0.0
        for number in range(count):
            if number % TURN == 0:
                elapsed = self._undisturbed()
            stretch = (number // 2 + self.chance.random()) / (count // 2)
            self._kill(stretch * elapsed, inside=bool(number % 2))
        self._undisturbed()

    def _undisturbed(self) -> float:
        with self.houses.copy() as place:
            began = time.monotonic()
            self.plain.append(Night(place, self.flags).whole())
            elapsed = time.monotonic() - began
            found = place.snapshot()
        note(f"an undisturbed night: {elapsed:.1f} s, {self.plain[-1]:.1f} s of processor")
        self.expected = self.expected or found
        self.faults += [f"undisturbed: {name}" for name in differences(found, self.expected)]
        return elapsed

    def _kill(self, after: float, *, inside: bool) -> None:
        with self.houses.copy() as place:
            night = Night(place, self.flags)
            found = night.killed(after, inside=inside)
            if found is None:  # it was quicker this time
                return self._kill(after * 0.9, inside=inside)
            at, used = found
            self.at.append(at)
            self.spent.append(used + night.whole())
            wrong = differences(place.snapshot(), self.expected)
            self.faults += [f"killed after {after:.2f} s, in {at}: {name}" for name in wrong]
        return None

    @property
    def work(self) -> list[float]:
        """What each kill cost, to an undisturbed night of its own minutes."""
        return [
            spent / statistics.fmean(self.plain[number // TURN :][:2])
            for number, spent in enumerate(self.spent)
        ]

    def told(self) -> dict[str, float]:
        """The figures of the bar."""
        return {
            "kills": len(self.at),
            "inside writes": sum(bool(at & (WRITING | SETTLING)) for at in self.at),
            "of these flushing, renaming, committing": sum(bool(at & SETTLING) for at in self.at),
            "while printing a volume": sum(at == PRINTING for at in self.at),
            "differences": len(self.faults),
            DRAWN: round(statistics.fmean(self.work[::2]), 3),
            "work, mean of the others": round(statistics.fmean(self.work[1::2]), 3),
            "work, worst": round(max(self.work), 3),
        }
