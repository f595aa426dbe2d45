"""POSLog: a large file streamed in little memory at a good speed; damaged ones refused by name.

The yardstick is lxml.etree.iterparse over the same file in the same run, which does nothing with
the elements but let them go: kept, a gigabyte of them would take some ten of memory. Seconds are
processor seconds of one thread.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import poslog_files
from kit import Measured, make_house, note, promo, report

MEMORY_MB, SPEED = 300, 0.3
CHILD = Path(__file__).with_name("poslog_child.py")
AT_ONCE = 500  # documents a child
YARDSTICK = """
import sys, time
from lxml import etree
began = time.process_time()
for _, element in etree.iterparse(sys.argv[1]):
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]
print(time.process_time() - began)
"""
TO_BATCHES = """
import sys, time
from pathlib import Path
from promo.scans import poslog
began = time.process_time()
tills = poslog.Tills("USD", {}, Path("/nonexistent"))
print(sum(batch.lines for batch in poslog.read(Path(sys.argv[1]), tills)), end=" ")
print(time.process_time() - began)
"""


def judge() -> None:
    """A gigabyte, and ten thousand documents."""
    judge_large(1_000_000_000)
    judge_damaged(10_000)


def judge_quickly() -> None:
    """Thirty megabytes, and three hundred documents."""
    judge_large(30_000_000, quick=True)
    judge_damaged(300, quick=True)


def judge_large(size: int, *, quick: bool = False) -> None:
    """Memory and speed of `promo ingest`, and whether all of the file is in the lake."""
    with tempfile.TemporaryDirectory() as name:
        house = make_house(Path(name) / "house", today="2017-11-07")
        _masters(house)
        path = Path(name) / "log.xml"
        sums = poslog_files.write(path, size)
        note(f"{path.stat().st_size / 1e6:,.0f} MB, {sums['lines']:,} lines of goods")
        yardstick = float(_python(YARDSTICK, path).split()[-1])
        reading = float(_python(TO_BATCHES, path).split()[-1])
        started, _ = _ingest(house, _empty(house))
        whole, done = _ingest(house, path)
        _report_all_in(house, done, sums, quick=quick)
    memory = {"peak_mb": round(done.peak_mb), "file_mb": round(size / 1e6)}
    ok = done.peak_mb < MEMORY_MB
    report("POSLog: memory of promo ingest", memory, MEMORY_MB, ok=ok, quick=quick)
    speed = {
        "ratio": round(yardstick / whole, 3),
        "ratio_to_batches": round(yardstick / reading, 3),
        "iterparse_seconds": round(yardstick, 2),
        "to_batches_seconds": round(reading, 2),
        "ingest_seconds": round(whole, 2),
        "of_which_starting": round(started, 2),
        "wall_seconds": round(done.seconds, 2),
    }
    # Starting Python and its libraries is most of a small file's time, little of a large one's.
    ok = yardstick / (whole - started if quick else whole) >= SPEED
    bar = "POSLog: promo ingest against lxml.etree.iterparse"
    report(bar, speed, SPEED, ok=ok, quick=quick)


def _empty(house: Path) -> Path:
    path = house / "empty.xml"
    path.write_text("<POSLog/>", encoding="utf-8")
    return path


def _ingest(house: Path, path: Path) -> tuple[float, Measured]:
    """Processor seconds of `promo ingest`, and what it said."""
    before = _processor()
    done = promo(house, "ingest", str(path), "--format", "poslog", "--json")
    return _processor() - before, done


def _masters(house: Path) -> None:
    codes = (poslog_files.gtin(number) for number in range(poslog_files.Size().products))
    files = {
        "stores": ["id,time_zone", *(f"{s},America/New_York" for s in poslog_files.STORES)],
        "products": ["code,description", *(f"{code},goods" for code in codes)],
    }
    for table, lines in files.items():
        path = house / f"{table}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        promo(house, "ingest", str(path), "--format", "csv")


def _python(program: str, path: Path) -> str:
    """What a program says, run in a process of its own."""
    words = [sys.executable, "-c", program, str(path)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def _processor() -> float:
    """Processor seconds of the children that have ended, and of theirs."""
    times = os.times()
    return times.children_user + times.children_system


def _report_all_in(house: Path, done: Measured, sums: dict[str, int], *, quick: bool) -> None:
    from promo.scans import lake

    scans = lake.read_parts(lake.parts(house / "lake"))
    found = {name: int(scans[name].sum()) for name in ("paid", "regular", "quantity")}
    found["lines"] = scans.height
    said = json.loads(done.out.splitlines()[-1])
    value = {"lines": scans.height, "rejects": said["rejects"]}
    report("POSLog: all that was sold is in the lake", value, sums["lines"],
           ok=found == sums and not said["rejects"], quick=quick)  # fmt: skip


def judge_damaged(number: int, *, quick: bool = False) -> None:
    """No crash, and every document either read or refused with a sentence that names it."""
    counts: dict[str, int] = {}
    odd: list[str] = []
    began = time.perf_counter()
    for first in range(0, number, AT_ONCE):
        words = [sys.executable, str(CHILD), str(first), str(min(first + AT_ONCE, number))]
        done = subprocess.run(words, check=False, capture_output=True, text=True)
        if done.returncode:
            odd.append(
                f"documents from {first}: ended with {done.returncode}: {done.stderr[-300:]}"
            )
            continue
        found = json.loads(done.stdout)
        odd += found["odd"]
        for kind, many in found["counts"].items():
            counts[kind] = counts.get(kind, 0) + many
    for each in odd[:20]:
        note(each)
    value = {"documents": number, **counts, "neither": len(odd),
             "seconds": round(time.perf_counter() - began)}  # fmt: skip
    report("POSLog: damaged documents neither read nor refused by name", value, 0,
           ok=not odd and sum(counts.get(k, 0) for k in ("read", "refused")) == number,
           quick=quick)  # fmt: skip


if __name__ == "__main__":
    judge_quickly()
