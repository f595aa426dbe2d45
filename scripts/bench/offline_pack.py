"""What a pack costs: its size, opening it, finding lists in it, a delta over it."""

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from kit import ROOT, note, report
from offline_chain import A_DAY, CONTENTS, fill_chain, use
from sqlalchemy import Engine
from till_kit import KEYS, NIGHT, card, postgresql

from promo import config, database
from promo.checkout.pack import building, layout
from promo.checkout.pack.keys import PackKeys
from promo.checkout.pack.opened import READ_ONLY, Pack
from promo.checkout.pack.reading import Scope

LISTS, FEW = 1_000_000, 20_000
SIZE, OPENS, SHARE, DELTA = 120, 1.0, 0.8, 2.0
CHANGED = 100  # of so many lists one
ROUNDS, ASKED = 101, 3_000
BUFFERS = "1GB"
BARE = "select row from lists where id = ?"
# The content of another list, and one issue more, as `promo lists reissue` leaves it.
REISSUED = f"""update lists l set issue = l.issue + 1, content = o.content,
worth = o.worth from lists o
where l.counter %% {CHANGED} = 7 and o.key_id = 1
and o.counter = (l.counter + 4241) %% {{contents}}"""


def judge() -> None:
    """All bars, of a million lists."""
    _judge(LISTS, quick=False)


def judge_quickly() -> None:
    """The same with fewer lists, so that sizes say little."""
    _judge(FEW, quick=True)


def _judge(lists: int, *, quick: bool) -> None:
    with postgresql(BUFFERS) as url, tempfile.TemporaryDirectory() as folder:
        engine = database.connect(url)
        note(f"a chain of {lists:,} lists")
        fill_chain(engine, lists)
        base, delta = Path(folder) / "banner.pack", Path(folder) / "banner.delta"
        keys = PackKeys({}).with_new()
        _size(engine, keys, base, lists, quick=quick)
        _opens(keys, base, None, quick=quick)
        _lookups(keys, base, None, lists, quick=quick)
        _delta(engine, keys, base, delta, lists, quick=quick)
        _opens(keys, base, delta, quick=quick)
        _lookups(keys, base, delta, lists, quick=quick)
        engine.dispose()


def _order(keys: PackKeys) -> building.Order:
    settings = config.load(ROOT / "config.yaml")
    return building.Order(settings, Scope("banner", None, NIGHT, 14), keys, datetime.now(UTC))


def _size(engine: Engine, keys: PackKeys, base: Path, lists: int, *, quick: bool) -> None:
    began = time.perf_counter()
    about = building.build(engine, _order(keys), base)
    seconds = time.perf_counter() - began
    megabytes = base.stat().st_size / 1e6
    value = {
        "megabytes": round(megabytes, 2), "bytes_a_list": round(1e6 * megabytes / lists, 1),
        "build_seconds": round(seconds, 1), "rows": about.counts,
    }  # fmt: skip
    report("size", value, SIZE, ok=None if quick else megabytes <= SIZE, quick=quick)


def _opens(keys: PackKeys, base: Path, delta: Path | None, *, quick: bool) -> None:
    """Every byte is proven, too."""
    seen = []
    for _ in range(5):
        began = time.perf_counter()
        _open(keys, base, delta).close()
        seen.append(time.perf_counter() - began)
    seconds = statistics.median(seen)
    value = {"seconds": round(seconds, 3), "with_delta": delta is not None}
    report("opens", value, OPENS, ok=None if quick else seconds < OPENS, quick=quick)


def _open(keys: PackKeys, base: Path, delta: Path | None) -> Pack:
    return Pack.open(base, delta, keys.public(), KEYS, datetime.now(UTC))


def _lookups(keys: PackKeys, base: Path, delta: Path | None, lists: int, *, quick: bool) -> None:
    """`Pack.lists_of_code` against a SELECT of the same rows of the same file, turn by turn.

    A second is one of the processor's. The bare SELECT is on a connection that has the one file
    open, by its id, and leaves its bytes as they are; `code` is what a till's question takes of a
    pack, header read and content not yet, `code_and_content` with all items and the code made anew.
    """
    pack = _open(keys, base, delta)
    uri = base.absolute().as_uri() + READ_ONLY
    with closing(pack), closing(sqlite3.connect(uri, uri=True)) as bare:
        chance = random.Random(1)

        def select(counters: Sequence[int]) -> None:
            for counter in counters:
                number = layout.PER_KEY + counter
                bare.execute(BARE, (number,)).fetchone()

        def find(counters: Sequence[int]) -> None:
            for counter in counters:
                pack.lists_of_code(1, counter)

        def take_apart(counters: Sequence[int]) -> None:
            for counter in counters:
                (found,) = pack.lists_of_code(1, counter)
                found.content["offers"], found.code

        def by_card(counters: Sequence[int]) -> None:
            for counter in counters:
                pack.lists_of_card(card(counter))

        ways = {"select": select, "code": find, "code_and_content": take_apart, "card": by_card}
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            counters = [chance.randrange(lists) for _ in range(ASKED)]
            for name, way in ways.items():
                rates[name].append(_rate(way, counters))
    shares = {
        name: round(statistics.median(map(_share, rates[name], rates["select"])), 3)
        for name in ways
        if name != "select"
    }
    a_second = {name: round(statistics.median(seen)) for name, seen in rates.items()}
    value = {"shares": shares, "a_second": a_second, "with_delta": delta is not None}
    report("lookups", value, SHARE, ok=None if quick else shares["code"] >= SHARE, quick=quick)


def _share(ours: float, bare: float) -> float:
    return ours / bare


def _rate(way: Callable[[Sequence[int]], None], counters: Sequence[int]) -> float:
    began = time.process_time()
    way(counters)
    return len(counters) / (time.process_time() - began)


def _delta(
    engine: Engine, keys: PackKeys, base: Path, delta: Path, lists: int, *, quick: bool
) -> None:
    """One list of a hundred issued anew, and a day's uses."""
    with engine.begin() as connection:
        connection.exec_driver_sql("set local session_replication_role = replica")
        connection.exec_driver_sql(REISSUED.format(contents=min(CONTENTS, lists)))
    use(engine, A_DAY, till="2")
    began = time.perf_counter()
    about = building.build_delta(engine, _order(keys), base, delta)
    seconds = time.perf_counter() - began
    megabytes = delta.stat().st_size / 1e6
    value = {
        "megabytes": round(megabytes, 2), "seconds": round(seconds, 1),
        "lists": about.counts["lists"], "uses": about.counts["uses"],
    }  # fmt: skip
    report("delta", value, DELTA, ok=None if quick else megabytes <= DELTA, quick=quick)
