"""Trouble: disk full, database gone, clock stepped back, two nights at once.

Each time: a sentence and an exit code that tells, nothing half, and the next run completes, byte
for byte as a night that had no trouble.

The disk is a real one, of a fixed size, over one of the house's folders: in a name space of its
own where `unshare -Urm` is allowed (as on Debian), which needs no root. The database is a
PostgreSQL whose every process is killed.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from checkout_killed import Server
from kit import note, report
from operate_child import SLOTS
from operate_house import NIGHT, Houses, Place, differences, houses
from operate_killed import ENOUGH, Night

ROOM = 0.0, 0.3, 0.6, 0.9  # of what the night needs in a folder, that there is
FOLDERS = "out", "lake", "state"
GONE = 60.0  # seconds that the database is gone
KEPT = ("run it again", "Run it again")


def judge() -> None:
    """All of it."""
    troubles(quick=False)


def judge_quickly() -> None:
    """One disk of each kind, and a database that is gone for a shorter while."""
    troubles(quick=True)


def troubles(*, quick: bool) -> None:
    """Measure and report."""
    with houses(None) as some, flags() as board:
        trial = Trial(some, board)
        disks = trial.disks(ROOM[:1] if quick else ROOM)
        report("trouble: disk full", disks, 0, ok=_good(disks), quick=quick)
        for name, found in (("clock stepped back", trial.clock()), ("two nights", trial.two())):
            report(f"trouble: {name}", found, 0, ok=_good(found), quick=quick)
    server = Server()
    try:
        with houses(server.url) as some, flags() as board:
            found = Trial(some, board).gone(server, 8.0 if quick else GONE)
        report("trouble: database gone", found, 0, ok=_good(found), quick=quick)
    finally:
        server.stop()


def _good(found: dict[str, object]) -> bool | None:
    """Whether there was no fault; None where it could not be tried."""
    return None if "not tried" in found else not found["faults"]


@contextmanager
def flags() -> Iterator[Path]:
    """The board on which watched nights say what they are at; nobody looks at it here."""
    with tempfile.TemporaryDirectory() as folder:
        board = Path(folder) / "flags"
        board.write_bytes(b"")
        os.truncate(board, SLOTS)
        yield board


class Trial:
    """Troubles of one house."""

    def __init__(self, some: Houses, board: Path) -> None:
        self.houses, self.board = some, board
        note("trouble: a house")
        some.made(1, "html, pdf", 8)
        with some.copy() as place:
            began = time.monotonic()
            Night(place, board).whole()
            self.seconds = time.monotonic() - began
            self.expected = place.snapshot()
            self.needed = {name: _size(place.folder / name) for name in FOLDERS}

    def disks(self, rooms: tuple[float, ...]) -> dict[str, object]:
        """Nights on disks that have too little room; then there is more."""
        if subprocess.run(["unshare", "-Urm", "true"], check=False, capture_output=True).returncode:
            return {"not tried": "unshare -Urm is not allowed here"}
        said: list[str] = []
        faults: list[str] = []
        for name in FOLDERS:
            for room in rooms:
                with self.houses.copy() as place:
                    told, wrong = self._disk(place, name, room)
                said.append(told)
                faults += [f"{name} with {room:.0%} of the room: {each}" for each in wrong]
        _note(faults)
        return {"disks": len(said), "said": sorted(set(said))[:3], "faults": len(faults)}

    def _disk(self, place: Place, name: str, room: float) -> tuple[str, list[str]]:
        """A night in a name space whose `name` is a small disk; what it said, what is wrong."""
        there = _size(place.folder / name)
        size = int(there + room * (self.needed[name] - there))
        words = [sys.executable, __file__, str(place.folder), place.url, name, str(size)]
        done = subprocess.run(
            ["unshare", "-Urm", *words, str(self.board)],
            capture_output=True, text=True, check=False, timeout=3 * ENOUGH,
        )  # fmt: skip
        if done.returncode:
            return "", [done.stderr[-500:]]
        code, said = json.loads(done.stdout.splitlines()[-1])
        # What takes the place of other files may find room enough; with none at all it cannot.
        wrong = [] if code == 0 and room else _unsaid(said, code, (3,))
        found = place.snapshot()
        return said, wrong + differences(found, self.expected)

    def clock(self) -> dict[str, object]:
        """Tonight is made; then the clock says three days ago, and ever earlier."""
        back = {"PROMO_BENCH_DAY": f"{NIGHT - timedelta(3)}"}
        with self.houses.copy() as place:
            Night(place, self.board).whole()
            code, said = _run(Night(place, self.board, ("nightly",), back))
            wrong = [] if code == 0 and "was it set back?" in said else [f"{code}: {said}"]
            ours = f"out/{NIGHT}/"
            found = place.snapshot()
            wrong += [n for n in differences(found, self.expected) if n.startswith(ours)]
        with self.houses.copy() as place:  # the whole night by such a clock
            code, text = _run(Night(place, self.board, more=back))
            wrong += [] if code == 0 else [f"{code}: {text}"]
            wrong += differences(place.snapshot(), self.expected)
        _note(wrong)
        return {"said": said.splitlines()[0] if said else "", "faults": len(wrong)}

    def two(self) -> dict[str, object]:
        """Two nights at one instant, several times; one of them leaves, or comes too late."""
        codes, faults = [], []
        for _ in range(3):
            with self.houses.copy() as place:
                nights = [Night(place, self.board).start() for _ in range(2)]
                said = [night.communicate(timeout=ENOUGH)[1] for night in nights]
                left = sorted(night.returncode for night in nights)
                codes.append(left)
                if left not in ([0, 0], [0, 75]) or "Traceback" in "".join(said):
                    faults.append(f"{left}: {said}")
                faults += differences(place.snapshot(), self.expected)
        _note(faults)
        return {"exit codes": codes, "faults": len(faults)}

    def gone(self, server: Server, seconds: float) -> dict[str, object]:
        """The database is killed in the middle of a night; it comes back, or not in time."""
        faults: list[str] = []
        for part in (0.4, 0.6, 0.8):
            with self.houses.copy() as place:
                code, said = self._without(place, server, part, seconds)
                survived = code == 0 and "Waiting for it" in said
                faults += [] if survived or code == 0 else [f"{code}: {said[-500:]}"]
                note(f"gone at {part:.0%}: left with {code}, waited: {survived}")
                faults += differences(place.snapshot(), self.expected)
        with self.houses.copy() as place:
            config = place.folder / "config.yaml"
            text = config.read_text(encoding="utf-8").replace(
                "wait_seconds: 120", "wait_seconds: 1"
            )
            config.write_text(text, encoding="utf-8")
            code, said = self._without(place, server, 0.5, seconds)
            faults += _unsaid(said, code, (75, 3))
            Night(place, self.board).whole()
            faults += differences(place.snapshot(), self.expected)
        _note(faults)
        last = [line for line in said.splitlines() if "run it again" in line]
        return {"gone, s": seconds, "said": last[:1], "faults": len(faults)}

    def _without(
        self, place: Place, server: Server, part: float, seconds: float
    ) -> tuple[int, str]:
        """A night whose database is killed after a part of its time, for so long."""
        process = Night(place, self.board).start()
        time.sleep(part * self.seconds)
        server.kill()
        back = threading.Timer(seconds, server.start)
        back.start()
        _, said = process.communicate(timeout=ENOUGH + seconds)
        back.join()
        server.engine.dispose()
        return process.returncode, said


def _run(night: Night) -> tuple[int, str]:
    process = night.start()
    _, said = process.communicate(timeout=ENOUGH)
    return process.returncode, "\n".join(x for x in said.splitlines() if not x.startswith("promo="))


def _unsaid(said: str, code: int, codes: tuple[int, ...]) -> list[str]:
    """What is wrong with how a night left."""
    found = []
    if code not in codes:
        found.append(f"left with {code}: {said[-300:]}")
    if "Traceback" in said or not any(word in said for word in KEPT):
        found.append(f"no sentence: {said[-500:]}")
    return found


def _note(faults: list[str]) -> None:
    for fault in faults[:10]:
        note(fault)


def _size(folder: Path) -> int:
    """Bytes that a folder needs on a disk of pages of 4 KiB."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(-(-path.stat().st_size // 4096) * 4096 for path in files)


def inside(folder: Path, url: str, name: str, size: int, board: Path) -> None:
    """In the name space: a disk of `size` bytes over a folder, a night on it, then a larger one.

    Prints what the first night left with and said. The folder is put back in the end.
    """
    place, own = Place(folder, url), folder / name
    own.mkdir(exist_ok=True)
    aside = Path(shutil.copytree(own, folder / f"{name}.aside"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(own)], check=True)
    shutil.copytree(aside, own, dirs_exist_ok=True)
    code, said = _run(Night(place, board))
    half = [str(path) for path in own.rglob("*.tmp")]
    subprocess.run(["mount", "-o", "remount,size=1g", str(own)], check=True)
    Night(place, board).whole()
    shutil.rmtree(aside)
    shutil.copytree(own, aside)
    subprocess.run(["umount", str(own)], check=True)
    shutil.rmtree(own)
    aside.rename(own)
    print(json.dumps([code, said + "".join(f" Traceback: {path}" for path in half)]))


if __name__ == "__main__":
    inside(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), Path(sys.argv[5]))
