"""The kiosk: one list's sheet from the service and from the command, against the bare render.

Bare is PlutoPrint on the ready HTML of the very pages, in the same run and process order.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from kit import ROOT, note, report
from till_kit import card, fill, free_port, server

from promo import config, database, one_list
from promo.checkout import store_keys
from promo.lists.codes import keys as code_keys
from promo.lists.press.pdf import pdf_bytes
from promo.lists.press.press import Press

REQUESTS, RUNS, LISTS = 150, 9, 2_000
FORMATS = {"pdf": b"%PDF-", "html": b"<!doctype html>", "receipt-80": b"\x1b@"}  # how they begin
TIMES, SECONDS = 3.0, 1.5
TODAY = "2017-11-08"
SECRET = "1:only for the bench, never in a shop"


def judge() -> None:
    """All bars of the kiosk."""
    _judge(REQUESTS, RUNS)


def judge_quickly() -> None:
    """The same with fewer requests."""
    _judge(REQUESTS // 5, 3)


def _judge(requests: int, runs: int) -> None:
    with house() as folder:
        ratio = service(folder, requests)
        report("kiosk: service over bare render", ratio, TIMES, ok=ratio <= TIMES)
        for form in FORMATS:
            seconds, processor = command(folder, form, runs)
            name = "kiosk: command" if form == "pdf" else f"kiosk: command, {form}"
            report(f"{name}, seconds", seconds, SECONDS, ok=seconds <= SECONDS)
            report(f"{name}, processor seconds", processor, None, ok=None)


@contextmanager
def house() -> Iterator[Path]:
    """A house with lists in force on TODAY."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        text = (ROOT / "config.yaml").read_text(encoding="utf-8")
        text = text.replace("today: null ", f"today: {TODAY} ", 1)
        (path / "config.yaml").write_text(text, encoding="utf-8")
        shutil.copytree(ROOT / "templates", path / "templates")
        (path / "code.key").write_text(SECRET, encoding="utf-8")
        fill(database.connect(config.load(path / "config.yaml").database_url), LISTS)
        yield path


def service(folder: Path, requests: int) -> float:
    """Median answer of the service over the median bare render, of the same lists."""
    settings = config.load(folder / "config.yaml")
    engine = database.connect(settings.database_url)
    with engine.begin() as connection:
        token = store_keys.add(connection, "1", ["sheet"], datetime.now(UTC))
    note(f"kiosk: {requests} sheets from the service")
    port = free_port()
    with server(_promo(folder, "serve", "--port", f"{port}"), port, PYTHONPATH=str(ROOT)):
        answers, renders = _side_by_side(port, token, settings, requests)
    note(f"kiosk: {1e3 * statistics.median(answers):.1f} ms, bare "
         f"{1e3 * statistics.median(renders):.1f} ms")  # fmt: skip
    return round(statistics.median(answers) / statistics.median(renders), 2)


def _side_by_side(
    port: int, token: str, settings: config.Settings, requests: int
) -> tuple[list[float], list[float]]:
    """Seconds of answers and of bare renders, in turns, so that both see the same machine."""
    keys, press = code_keys.load_keys(settings.lists.document_type, SECRET), Press(settings)
    answers, renders = [], []
    for number in range(requests):
        day = settings.current_day()
        sheet = one_list.found(settings, keys, one_list.Asked(day, card=card(number))).sheet
        html = press.print_html([press.page(sheet)], title=settings.banner)
        began = time.perf_counter()
        bare, _ = pdf_bytes(html, title=settings.banner, day=sheet.window.first)
        renders.append(time.perf_counter() - began)
        began = time.perf_counter()
        got = _asked(port, token, {"card": card(number), "format": "pdf"})
        answers.append(time.perf_counter() - began)
        if got != bare:
            sys.exit("bench: the service's sheet is another than the bare one")
        time.sleep(0.05)  # within what a key may ask
    return answers, renders


def _asked(port: int, token: str, body: object) -> bytes:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/sheet",
                                     json.dumps(body).encode(), headers)  # fmt: skip
    with urllib.request.urlopen(request) as answer:
        found: bytes = answer.read()
        return found


def command(folder: Path, form: str, runs: int) -> tuple[float, float]:
    """Median seconds, and of the processor, of `promo lists print --card`, once files are warm."""
    seconds, processor = [], []
    for number in range(runs + 1):
        out = folder / f"out-{form}-{number}"
        card_of = ("--card", card(number), "--format", form, "--output", str(out))
        began, before = time.perf_counter(), _children()
        subprocess.run(_promo(folder, "lists", "print", *card_of), env=_environment(), check=True,
                       stdout=subprocess.DEVNULL)  # fmt: skip
        seconds.append(time.perf_counter() - began)
        processor.append(_children() - before)
        if not out.read_bytes().startswith(FORMATS[form]):
            sys.exit(f"bench: {out} is no {form}")
    return round(statistics.median(seconds[1:]), 2), round(statistics.median(processor[1:]), 2)


def _children() -> float:
    """Processor seconds of all processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment() -> dict[str, str]:
    """As an installed promo has it: its modules are compiled once, not each time."""
    own = os.environ | {"PYTHONPATH": str(ROOT)}
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    return own


def _promo(folder: Path, *words: str) -> list[str]:
    """A promo command in a house."""
    main = "from promo.cli import main; main()"
    return [sys.executable, "-c", main, "--config", str(folder / "config.yaml"), *words]


if __name__ == "__main__":
    judge()
