"""Printing from the database: speed a worker, two workers, memory; and the speed of HTML.

Parts that `print.py` runs; each returns its bars as dicts of bar, value, limit, ok. Speeds are held
against the bare engine fed with the ready HTML of the same lists, in the same process, in turns and
by processor time, so that what else the machine does is the same for both.
"""

import argparse
import json
import multiprocessing
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from kit import ROOT, note
from sqlalchemy import insert

from promo import config, database, printing, tables
from promo.calendar import bucket, window
from promo.lists import register, stored
from promo.lists.codes.keys import load_keys
from promo.lists.items import Draft, DueItem, OfferItem
from promo.lists.press.books import Book, Job, print_job
from promo.lists.press.formats import FORMATS, PIECE, Heading
from promo.lists.press.page import Page
from promo.lists.press.pdf import write_pdf
from promo.lists.press.press import Press
from promo.lists.press.render import BOX, LIST, speaker
from promo.lists.press.worker import Shop

Bar = dict[str, Any]
NIGHT = date(2017, 11, 6)
SECRET = "1:" + "5ec2e7" * 8
STORES = 40
NAMES = ("Ann", "Bob", "The Garcías", "张伟", "Household of the Very Long Name of Somewhere", "")
TONGUES = ("en",) * 7 + ("es", "es", "zh")


def draft(number: int, draw: random.Random) -> Draft:
    """A full list of made-up things."""
    due = tuple(
        DueItem(
            f"C{n}", f"{draw.choice(WORDS)} {draw.choice(WORDS).lower()}", f"Department {n % 7}",
            f"{draw.randint(4, 64)} oz, {draw.choice(WORDS)}", draw.random(), NIGHT, 1.0,
        )
        for n in range(draw.randint(8, 20))
    )  # fmt: skip
    offers = tuple(
        OfferItem(
            f"o{n}", f"Any {draw.choice(WORDS).lower()} {draw.choice(WORDS).lower()}",
            draw.randint(5, 40) * 10, 1, f"C{n}", "national/heavy", draw.random(), 1,
            f"${draw.randint(1, 4)}.{draw.randint(10, 99)} off", "When you buy two. Once.",
        )
        for n in range(draw.randint(8, 14))
    )  # fmt: skip
    store = str(number % STORES)
    name = f"{draw.choice(NAMES)} {number}".strip()
    return Draft(str(number), name, draw.choice(TONGUES), store, "base", due, offers)


WORDS = (
    "Cereal", "Soft drinks", "Yogurt", "Paper towels", "Cat food", "Coffee", "Frozen pizza",
    "Pasta", "Salad", "Cheese", "Ground beef", "Apples", "Shampoo", "Detergent", "Crackers",
    "Ice cream",
)  # fmt: skip


@contextmanager
def house(lists: int) -> Iterator[tuple[Shop, list[stored.Found]]]:
    """A house with one night of so many lists, and what a worker needs to print them."""
    folder = Path(tempfile.mkdtemp(prefix="promo-bench-"))
    try:
        shutil.copy(ROOT / "config.yaml", folder)
        shutil.copytree(ROOT / "templates", folder / "templates")
        settings = config.load(folder / "config.yaml")
        engine = database.connect(settings.database_url)
        database.migrate(engine)
        keys = load_keys(settings.lists.document_type, SECRET)
        draw = random.Random(1)
        made = [draft(number, draw) for number in range(lists)]
        with engine.begin() as connection:
            fill(connection, made)
            days = window(NIGHT, 0)
            register.register(connection, NIGHT, days, made, keys)
        with engine.connect() as connection:
            found = stored.find(connection, stored.Which(NIGHT), NIGHT)
        yield printing.shop(settings, engine, keys), found
        engine.dispose()
    finally:
        shutil.rmtree(folder)


def fill(connection: Any, made: list[Draft]) -> None:
    """The households, stores and offers that lists refer to."""
    facts = {"language": "en", "time_zone": "America/New_York"}
    stores = [{"id": str(n), "name": f"Main Street {n}"} | facts for n in range(STORES)]
    offer = {
        "starts": NIGHT, "ends": NIGHT, "funder": "Acme", "objective": "reward",
        "budget_money": 10**9, "budget_redemptions": 10**9, "terms": {},
    }  # fmt: skip
    people = [
        {
            "id": each.shopper, "bucket": bucket(each.shopper), "name": each.name,
            "language": each.language, "suppressed": False, "line1": "12 Elm Street",
            "city": "Springfield", "region": "OH", "postal_code": "45501",
        }
        for each in made
    ]  # fmt: skip
    said = [
        {"shopper": each.shopper, "purpose": "lists", "day": NIGHT, "given": True} for each in made
    ]
    connection.execute(insert(tables.Store), stores)
    connection.execute(insert(tables.Offer), [offer | {"id": f"o{n}"} for n in range(14)])
    connection.execute(insert(tables.Run), [{"night": NIGHT, "state": "draft", "report": {}}])
    connection.execute(insert(tables.Shopper), people)
    connection.execute(insert(tables.Consent), said)


def seconds(do: Callable[[], object]) -> float:
    """Processor seconds that something takes in this process."""
    began = time.process_time()
    do()
    return time.process_time() - began


def pieces(shop: Shop, found: list[stored.Found]) -> list[str]:
    """The ready HTML of lists, as the PDF format hands it to the engine."""
    press = Press(shop.settings)
    engine = database.connect(shop.url)
    with engine.connect() as reading:
        sheets = stored.sheets(reading, [f.id for f in found], shop.keys, shop.settings)
        documents = []
        while some := list(islice(sheets, PIECE)):
            made = [press.page(sheet) for sheet in some]
            documents.append(press.print_html(made, style="sheet", title="Bench"))
    engine.dispose()
    return documents


def pages(*, quick: bool) -> list[Bar]:
    """A worker against the bare engine, and two workers against a bare loop."""
    count, rounds = (400, 1) if quick else (2000, 5)
    with house(count) as (shop, found):
        return [_alone(shop, found, rounds), _two(shop, found, rounds)]


def _alone(shop: Shop, found: list[stored.Found], rounds: int) -> Bar:
    note(f"pages: {len(found)} lists through one worker and the bare engine, {rounds} times")
    ready = pieces(shop, found)
    job = Job([Book(found)], ["pdf"], "Bench", NIGHT)
    alone = _with(shop, workers=1)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)

        def whole() -> None:
            print_job(job, out / "whole", alone, lambda *_: None)

        def bare() -> None:
            write_pdf(iter(ready), out / "bare.pdf", title="Bench", day=NIGHT)

        whole()
        bare()  # once each, so that caches are warm for both
        ratios = []
        for _ in range(rounds):
            shutil.rmtree(out / "whole")
            own = seconds(whole)
            ratios.append(seconds(bare) / own)
    value = statistics.median(ratios)
    per_second = len(found) / own
    bar = "pages: speed of a worker, database and codes included, to the bare engine's"
    return {"bar": bar, "value": round(value, 3), "limit": 0.9, "ok": value >= 0.9,
            "lists_a_second": round(per_second, 1)}  # fmt: skip


def _with(shop: Shop, workers: int, size: int | None = None) -> Shop:
    change = {"workers": workers} | ({"pages_per_file": size} if size else {})
    lists = shop.settings.lists.model_copy(update=change)
    settings = shop.settings.model_copy(update={"lists": lists})
    return Shop(settings, shop.keys, shop.url, shop.made_from)


def _loop(turns: int) -> float:
    """A bare loop; its own wall seconds."""
    began = time.perf_counter()
    total = 0
    for number in range(turns):
        total += number * number % 7
    return time.perf_counter() - began


def _two(shop: Shop, found: list[stored.Found], rounds: int) -> Bar:
    """Wall time with one and two processes, of printing and of a bare loop, in turns."""
    note("pages: two workers against one, and a bare loop likewise")
    size = max(len(found) // 8, 1)
    job = Job([Book(found)], ["pdf"], "Bench", NIGHT)
    turns = 4_000_000
    gains = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            times = {}
            for workers in (1, 2):
                out = Path(folder) / f"{number}-{workers}"
                own = _with(shop, workers, size)
                times[workers] = _wall(partial(print_job, job, out, own, _quiet))
            with _pool(1) as one, _pool(2) as two:
                list(one.map(_loop, [1000]))
                list(two.map(_loop, [1000] * 2))
                alone = _wall(lambda: list(one.map(_loop, [turns] * 2)))
                together = _wall(lambda: list(two.map(_loop, [turns] * 2)))
            gains.append((times[1] / times[2]) / (alone / together))
    value = statistics.median(gains)
    bar = "pages: scaling of two workers to that of a bare loop"
    return {"bar": bar, "value": round(value, 3), "limit": 0.9, "ok": value >= 0.9}


def _quiet(*_: object) -> None:
    """Tell nobody."""


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"))


def _wall(do: Callable[[], object]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def memory(*, quick: bool) -> list[Bar]:
    """The peak of a worker that prints few and many lists, each in a process of its own."""
    few, many = (500, 2000) if quick else (1000, 20_000)
    note(f"memory: one worker prints {few} and {many} lists")
    peaks = {}
    with house(many) as (shop, _):
        for count in (few, many):
            done = subprocess.run(
                [sys.executable, __file__, "--peak", str(shop.settings.folder), str(count)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            peaks[count] = json.loads(done.stdout)["peak_kb"]
    value = peaks[many] / peaks[few]
    bar = f"memory: peak with {many} lists to that with {few}"
    return [{"bar": bar, "value": round(value, 3), "limit": [0.8, 1.2], "ok": 0.8 <= value <= 1.2,
             "peak_mb": round(peaks[many] / 1024)}]  # fmt: skip


def _peak(folder: Path, count: int) -> None:
    """Print so many lists of a house and say what memory that took."""
    settings = config.load(folder / "config.yaml")
    engine = database.connect(settings.database_url)
    keys = load_keys(settings.lists.document_type, SECRET)
    with engine.connect() as connection:
        found = stored.find(connection, stored.Which(NIGHT), NIGHT)[:count]
    shop = _with(printing.shop(settings, engine, keys), workers=1)
    job = Job([Book(found)], ["pdf"], "Bench", NIGHT)
    with tempfile.TemporaryDirectory() as out:
        print_job(job, Path(out), shop, _quiet)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"peak_kb": peak}))


def html(*, quick: bool) -> list[Bar]:
    """The press's HTML against the template engine's own speed on the bare template."""
    count, rounds = (200, 5) if quick else (1000, 9)
    note(f"html: {count} lists, {rounds} times")
    with house(count) as (shop, found), tempfile.TemporaryDirectory() as folder:
        press = Press(shop.settings)
        engine = database.connect(shop.url)
        with engine.connect() as reading:
            ids = [each.id for each in found]
            sheets = list(stored.sheets(reading, ids, shop.keys, shop.settings))
        engine.dispose()
        heading, out = Heading("Bench", NIGHT), Path(folder) / "lists.html"
        ready = [press.page(sheet) for sheet in sheets]
        strict, drawn = [], []
        for _ in range(rounds):
            own = seconds(lambda: FORMATS["html"].write(iter(sheets), out, press, heading))
            template = seconds(lambda: press.html(ready, title="Bench"))
            bare = seconds(lambda: _bare(press, ready))
            strict.append(bare / own)
            drawn.append(bare / template)
    return [_html_bar("from stored lists to a file", strict, None),
            _html_bar("from ready pages", drawn, 0.8)]  # fmt: skip


def _bare(press: Press, pages: list[Page]) -> str:
    """Jinja2 alone on the list's own template and the same pages: autoescape, nothing of ours."""
    environment = BARE.get(press) or BARE.setdefault(press, _environment(press))
    template = environment.get_template(LIST["web"])
    box, banner = BOX["web"], press.settings.banner
    says = [(page, speaker(page.tongue)) for page in pages]
    return "".join([
        template.render(page=page, _=say, banner=banner, box=box) for page, say in says
    ])  # fmt: skip


BARE: dict[Press, Environment] = {}


def _environment(press: Press) -> Environment:
    return Environment(
        loader=FileSystemLoader(press.settings.paths.templates),
        undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True,
        auto_reload=False,
    )  # fmt: skip


def _html_bar(what: str, ratios: list[float], limit: float | None) -> Bar:
    value = statistics.median(ratios)
    bar = f"html: speed to the template engine's own on the bare template, {what}"
    ok = None if limit is None else value >= limit
    return {"bar": bar, "value": round(value, 3), "limit": limit, "ok": ok}


PARTS = {"pages": pages, "html": html, "memory": memory}


def main() -> None:
    """Measure the parts that the command line names, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="fewer pages")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    words = parser.parse_args()
    if words.peak:
        _peak(Path(words.peak[0]), int(words.peak[1]))
        return
    for name in words.parts or PARTS:
        for bar in PARTS[name](quick=words.quick):
            print(json.dumps(bar), flush=True)


if __name__ == "__main__":
    main()
