"""Durable, the journal's part: every byte that is changed is found, nothing is lost when killed.

A process that sells baskets in four threads is killed (kill -9) at random instants, again and
again on the same journal. What it had acknowledged is then in the journal and in `store.db`, in
the same bytes and once; the journal is sound; and a `store.db` made anew from it is the same.
"""

import io
import itertools
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from checkout_shop import faults
from kit import note, report
from offline_sales import NOW, STORES, Till, driver_of, make_shop, start

from promo import database
from promo.checkout.pack import journaled
from promo.checkout.pack.chain import Broken, Head, JournalError, Kept, Place, as_text, line_of
from promo.checkout.pack.changes import MUTABLE
from promo.checkout.pack.journal_reading import records, verify, verify_file

CHILD = Path(__file__).with_name("offline_journal_child.py")
WAIT = 0.0, 0.5  # seconds from the first acknowledged sale to the kill


def judge() -> None:
    """500 changed bytes, 50 kills, a journal of 100,000 decisions."""
    measure(changes=500, kills=50, many=100_000, quick=False)


def judge_quickly() -> None:
    """100 changed bytes, 5 kills, a journal of 5,000 decisions."""
    measure(changes=100, kills=5, many=5_000, quick=True)


def measure(*, changes: int, kills: int, many: int, quick: bool) -> None:
    """Measure and report."""
    with tempfile.TemporaryDirectory() as name:
        folder = make_shop(Path(name) / "killed", 3_000 if quick else 30_000)
        value, good = killed(folder, kills)
        report("durable: journal, killed", value, 0, ok=good, quick=quick)
        value, good = tampered(folder / "journal", changes)
        report("durable: journal, a byte changed", value, changes, ok=good, quick=quick)
        report("journal: growth", growth(Path(name) / "growth"), None, ok=None, quick=quick)
        value = long(Path(name) / "growth", many)
        report(f"journal: of {many:,} decisions", value, None, ok=None, quick=quick)


# --- killed ---------------------------------------------------------------------------------------


def killed(folder: Path, kills: int) -> tuple[dict[str, object], bool]:
    """Kill a process that sells so many times; what it said, and whether all is right after it."""
    chance, said, found, torn = random.Random(7), dict[int, str](), list[str](), 0
    first = 0
    for _ in range(kills):
        acknowledged = _run(folder, first, chance.uniform(*WAIT))
        said |= acknowledged
        journal = verify(folder / "journal")
        torn += journal.torn > 0
        sold = _answers(folder / "journal", first)
        found += [f"basket {n} is not in the journal as acknowledged"
                  for n, digest in acknowledged.items() if sold.get(n) != digest]  # fmt: skip
        first = max(sold, default=first) + 1
    start(folder).close()
    start(folder, "before.db").close()
    found += _store_faults(folder, said)
    for fault in found[:10]:
        note(fault)
    value: dict[str, object] = {
        "kills": kills, "acknowledged": len(said), "decisions": journal.place.seq,
        "torn tails": torn, "faults": len(found),
    }  # fmt: skip
    return value, not found


def _run(folder: Path, first: int, seconds: float) -> dict[int, str]:
    """What a process acknowledged until it was killed, so long after its first answer."""
    child = subprocess.Popen([sys.executable, str(CHILD), str(folder), str(first)],
                             stdout=subprocess.PIPE, text=True)  # fmt: skip
    assert child.stdout is not None
    lines = [child.stdout.readline()]
    time.sleep(seconds)  # the instant is what is drawn
    child.kill()
    # The last line may be cut: then nobody was told.
    lines += child.stdout.read().splitlines(keepends=True)
    child.wait()
    if not lines[0]:
        raise RuntimeError("bench: the child sold nothing")
    pairs = [line.split() for line in lines if line.endswith("\n")]
    return {int(number): digest for number, digest in pairs}


def _answers(path: Path, first: int) -> dict[int, str]:
    """The baskets from one on that stand in a journal, and the digests of their answers."""
    found = {}
    for record in records(path):
        number = int(record.content["name"][3])
        if number >= first:
            [answer] = [each.row for each in record.changes if each.table == "till_answers"]
            assert answer is not None
            found[number] = sha256(answer["answer"]).hexdigest()
    return found


def _store_faults(folder: Path, said: dict[int, str]) -> list[str]:
    """What `store.db` has otherwise than it was acknowledged, or than one made anew has it."""
    engine = database.connect(f"sqlite:///{folder / 'store.db'}")
    found = faults(engine)
    engine.dispose()
    driver, again = driver_of(folder / "store.db"), driver_of(folder / "before.db")
    sql = 'select cast("transaction" as integer), answer from till_answers'
    kept = {number: sha256(answer).hexdigest() for number, answer in driver.execute(sql)}
    found += [f"basket {n} is not in store.db as acknowledged" for n in said
              if kept.get(n) != said[n]]  # fmt: skip
    for name in MUTABLE:
        rows = [sorted(each.execute(f"select * from {name}"), key=repr) for each in (driver, again)]
        if rows[0] != rows[1]:
            found.append(f"{name} is another in a store.db that was made anew")
    driver.close()
    again.close()
    return found


# --- tampered -------------------------------------------------------------------------------------


def tampered(path: Path, changes: int) -> tuple[dict[str, object], bool]:
    """Change one byte so many times, anywhere in the first decisions; how often it was found."""
    raw = bytearray(b"".join(path.read_bytes().splitlines(keepends=True)[:400]))
    chance, found, named = random.Random(11), 0, 0
    for _ in range(changes):
        at = chance.randrange(len(raw))
        was = raw[at]
        raw[at] = (was + chance.randint(1, 255)) % 256
        line = raw.count(b"\n", 0, at) + 1
        try:
            verify_file(io.BytesIO(raw), path)
        except Broken as error:
            found += 1
            named += f"line {line:,} " in str(error)
        except JournalError:
            found += 1
        raw[at] = was
    value: dict[str, object] = {
        "changed": changes, "found": found, "in the right line": named, "bytes": len(raw),
    }  # fmt: skip
    return value, found == named == changes


# --- how large, how quick -------------------------------------------------------------------------


def growth(folder: Path, sales: int = 500) -> dict[str, object]:
    """Bytes that a sale of eight lines and three offers takes, and how long it takes to sell."""
    make_shop(folder, sales)
    with start(folder) as journal:
        till, empty = Till(folder, journal), journal.place.end
        took = []
        for number in range(sales):
            began = time.perf_counter()
            till.sell(number)
            took.append(1e3 * (time.perf_counter() - began))
        size = (journal.place.end - empty) / sales
        till.statements.close()
    took.sort()
    return {"bytes a sale": round(size), "ms a sale, median": round(took[sales // 2], 2),
            "ms a sale, 99 of 100": round(took[sales * 99 // 100], 2)}  # fmt: skip


def long(folder: Path, many: int) -> dict[str, object]:
    """Seconds to start on a long journal: from the beginning, where it ended, and to verify it."""
    path = folder / "long" / "journal"
    path.parent.mkdir()
    head, place = _write(path, [each.content for each in records(folder / "journal")], many)
    driver = driver_of(folder / "before.db")
    driver.execute(journaled.MAKE)
    figures: dict[str, object] = {"MB": round(path.stat().st_size / 1e6)}
    journaled.keep(driver, Kept(head.journal, place))
    figures["start, up to date, s"] = _seconds(lambda: _start(driver, path))
    figures["verify, s"] = _seconds(lambda: verify(path))
    driver.execute("delete from journal_place")
    figures["start, all done again, s"] = _seconds(lambda: _start(driver, path))
    driver.close()
    return figures


def _write(path: Path, some: Sequence[dict[str, Any]], many: int) -> tuple[Head, Place]:
    """A journal of so many decisions, the same ones again and again under other names."""
    head, ids = Head("0" * 32, STORES, NOW), itertools.count(1)
    raw, chain = line_of(head.text, "")
    with path.open("wb") as file:
        file.write(raw)
        for number in range(many):
            content = some[number % len(some)]
            changes = [_renamed(each, f"{number}", ids) for each in content["changes"]]
            text = as_text(content | {"seq": number + 1, "changes": changes})
            raw, chain = line_of(text, chain)
            file.write(raw)
        return head, Place(many, chain, file.tell())


def _renamed(change: dict[str, Any], transaction: str, ids: Iterator[int]) -> dict[str, Any]:
    """A change as if it had been of another transaction."""
    row = dict(change["row"])
    if "transaction" in row:
        row["transaction"] = transaction
    if "id" in row:
        row["id"] = next(ids)
    return change | {"row": row}


def _start(driver: sqlite3.Connection, path: Path) -> None:
    journaled.start(driver, path, STORES, NOW).close()


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return round(time.perf_counter() - began, 3)
