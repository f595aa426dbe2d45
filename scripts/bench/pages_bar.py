"""Printing from the database: speed of a worker, two workers against one, memory.

Speed is that of one worker that prints a night volume by volume, held against the bare engine fed
with the ready HTML of the very same volume, in the same process, in turns and by processor time, so
that what else the machine does is the same for both. The worker reads the database, draws the
codes, lays out, fills the templates, prints and takes the sums; the bare engine prints. Each has
printed a volume of other lists before, so that fonts, templates and statements are loaded.
Two workers are held against a bare loop in the very same processes, in turns: both are started,
and have printed, before a clock runs. Memory is the peak of the worker and of the process that
started it, each time in new processes.
"""

import argparse
import gc
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from kit import note, report
from print_house import NIGHT, SECRET, house, read, seconds

from promo import config, database, printing
from promo.lists import stored
from promo.lists.codes.keys import load_keys
from promo.lists.press import worker
from promo.lists.press.books import Book, Job, print_job
from promo.lists.press.formats import PIECE, Heading
from promo.lists.press.pdf import write_pdf
from promo.lists.press.press import Press
from promo.lists.press.worker import Shop, Volume

LEAST, MEMORY = 0.9, (0.8, 1.2)
VOLUME = 100  # lists; the first volume warms both sides up and is not counted


def judge() -> None:
    """Twenty volumes three times; memory of 1,000 and 20,000."""
    with house(VOLUME * 21) as (shop, found), tempfile.TemporaryDirectory() as folder:
        _alone(shop, found, Path(folder), rounds=3)
        _together(shop, found[:1000], Path(folder), rounds=5, turns=20_000_000)
    _memory(few=1000, many=20_000, quick=False)


def judge_quickly() -> None:
    """Six volumes once, 240 lists by two workers; memory of 400 and 800, too few to judge by."""
    with house(VOLUME * 7) as (shop, found), tempfile.TemporaryDirectory() as folder:
        _alone(shop, found, Path(folder), rounds=1)
        _together(shop, found[:240], Path(folder), rounds=3, turns=6_000_000)
    _memory(few=400, many=800, quick=True)


def pieces(shop: Shop, found: list[stored.Found]) -> list[str]:
    """The ready HTML of lists, as the PDF format hands it to the engine."""
    press, left, documents = Press(shop.settings), iter(read(shop, found)), []
    while some := list(islice(left, PIECE)):
        made = [press.page(sheet) for sheet in some]
        documents.append(press.print_html(made, style="sheet", title="Bench"))
    return documents


def _alone(shop: Shop, found: list[stored.Found], out: Path, rounds: int) -> None:
    some = [found[at : at + VOLUME] for at in range(0, len(found), VOLUME)]
    ready, alone = [pieces(shop, lists) for lists in some], worker.Worker(shop)
    note(f"pages: {len(some) - 1} volumes of {VOLUME} by a worker and the bare engine, {rounds} x")

    def both(number: int, turn: int) -> tuple[float, float]:
        ids = tuple(each.id for each in some[number])
        volume = Volume(f"{turn}-{number}.pdf", "pdf", ids, Heading("Bench", NIGHT))
        bare = partial(write_pdf, ready[number], out / "bare.pdf", title="Bench", day=NIGHT)
        engine = seconds(bare)
        return engine, seconds(lambda: alone.print(volume, out))

    both(0, 0)
    gc.collect()
    gc.freeze()
    times = [both(number, turn) for turn in range(rounds) for number in range(1, len(some))]
    gc.unfreeze()
    alone.close()
    value = statistics.median(engine / own for engine, own in times)
    bar = "pages: speed of a worker, database and codes included, to the bare engine's"
    report(bar, round(value, 3), LEAST, ok=value >= LEAST)
    per_second = VOLUME / statistics.median(own for _, own in times)
    report("pages: lists a second of a worker", round(per_second, 1), None, ok=None)


def _together(shop: Shop, found: list[stored.Found], out: Path, rounds: int, turns: int) -> None:
    note(f"pages: two workers against one and a bare loop likewise, {len(found)} lists {rounds} x")
    with ExitStack() as stack:
        # A pool for each worker, so that it is known what each does.
        pools = [
            stack.enter_context(ProcessPoolExecutor(1, get_context("spawn"), worker.begin, (shop,)))
            for _ in range(2)
        ]
        for number, pool in enumerate(pools):
            _print([pool], _volumes(found)[:1], out / f"warm-{number}")
        gains = []
        for number in range(rounds):
            one, two = [
                _print(pools[:count], _volumes(found), out / f"{number}-{count}")
                for count in (1, 2)
            ]
            alone, both = [_wall(partial(_turn, pools[:count], turns)) for count in (1, 2)]
            gains.append((one / two) / (alone / both))
    value = statistics.median(gains)
    bar = "pages: scaling of two workers to that of a bare loop"
    report(bar, round(value, 3), LEAST, ok=value >= LEAST)


def _volumes(found: list[stored.Found]) -> list[Volume]:
    """Eight files of a night."""
    size = -(-len(found) // 8)
    return [
        Volume(f"{at}.pdf", "pdf", tuple(f.id for f in found[at : at + size]),
               Heading("Bench", NIGHT, at + 1))
        for at in range(0, len(found), size)
    ]  # fmt: skip


def _print(pools: Sequence[ProcessPoolExecutor], volumes: list[Volume], folder: Path) -> float:
    """Wall seconds of printing, the files dealt out to the workers in turn."""
    folder.mkdir()

    def deal() -> list[Future[str]]:
        return [
            pools[number % len(pools)].submit(worker.work, volume, folder)
            for number, volume in enumerate(volumes)
        ]

    took = _wall(deal)
    shutil.rmtree(folder)
    return took


def _turn(pools: Sequence[ProcessPoolExecutor], turns: int) -> "list[Future[int]]":
    return [pools[number % len(pools)].submit(_loop, turns) for number in range(2)]


def _loop(turns: int) -> int:
    total = 0
    for number in range(turns):
        total += number * number % 7
    return total


def _wall(deal: Callable[[], Sequence[Future[Any]]]) -> float:
    began = time.perf_counter()
    running = deal()
    wait(running)
    took = time.perf_counter() - began
    for each in running:
        each.result()
    return took


def _with(shop: Shop, workers: int, size: int | None = None) -> Shop:
    change = {"workers": workers} | ({"pages_per_file": size} if size else {})
    lists = shop.settings.lists.model_copy(update=change)
    settings = shop.settings.model_copy(update={"lists": lists})
    return Shop(settings, shop.keys, shop.url, shop.made_from)


def _memory(*, few: int, many: int, quick: bool) -> None:
    """Peaks where few and many lists are printed by two workers, in files of one size."""
    note(f"memory: two workers print {few} and {many} lists")
    peaks = {}
    with house(many) as (shop, _):
        for count in (few, many):
            words = [sys.executable, __file__, str(shop.settings.folder), str(count), str(few // 4)]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            peaks[count] = json.loads(done.stdout)
    for who in ("worker", "parent"):
        value = peaks[many][who] / peaks[few][who]
        ok = None if quick else MEMORY[0] <= value <= MEMORY[1]
        bar = f"memory: peak of the {who} with {many} lists to that with {few}"
        report(bar, round(value, 3), list(MEMORY), ok=ok)
        report(f"memory: peak of the {who}, MB", round(peaks[many][who] / 1024), None, ok=None)


def _peak(folder: Path, count: int, size: int) -> None:
    """Print so many lists of a house and say what memory that took, in kilobytes."""
    settings = config.load(folder / "config.yaml")
    engine = database.connect(settings.database_url)
    keys = load_keys(settings.lists.document_type, SECRET)
    with engine.connect() as connection:
        found = stored.find(connection, stored.Which(NIGHT), NIGHT)[:count]
    shop = _with(printing.shop(settings, engine, keys), 2, size)
    job = Job([Book(found)], ["pdf"], "Bench", NIGHT)
    with tempfile.TemporaryDirectory() as out:
        print_job(job, Path(out), shop, lambda *_: None)
    own, children = (
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print(json.dumps({"parent": own, "worker": children}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("size", type=int)
    words = parser.parse_args()
    _peak(words.folder, words.count, words.size)
