"""The kiosk: one list's sheet from the service and from the command, against the bare render.

Bare is PlutoPrint on the ready HTML of the very pages, in the same run and process order.
"""

import json
import os
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
from typing import Any

from kit import ROOT, note, report
from till_kit import card, fill, free_port, server

from promo import config, database
from promo.checkout import store_keys
from promo.lists import stored
from promo.lists.codes import keys as code_keys
from promo.lists.press.pdf import pdf_bytes
from promo.lists.press.press import Press

REQUESTS, LISTS = 150, 2_000
TIMES, SECONDS = 3.0, 1.5
TODAY = "2017-11-08"
SECRET = "1:only for the bench, never in a shop"


def judge() -> None:
    """All bars of the kiosk."""
    for bar in (*service(), *command()):
        report(bar["bar"], bar["value"], bar["limit"], ok=bar["ok"])


def judge_quickly() -> None:
    """The same: it takes a minute."""
    judge()


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


def service() -> list[dict[str, Any]]:
    """Median answer of the service over the median bare render, of the same lists."""
    with house() as folder:
        settings = config.load(folder / "config.yaml")
        engine = database.connect(settings.database_url)
        with engine.begin() as connection:
            token = store_keys.add(connection, "1", ["sheet"], datetime.now(UTC))
        note(f"kiosk: {REQUESTS} sheets from the service")
        port = free_port()
        with server(_promo(folder, "serve", "--port", f"{port}"), port, PYTHONPATH=str(ROOT)):
            answers, renders = _side_by_side(port, token, settings, engine)
        ratio = statistics.median(answers) / statistics.median(renders)
        note(f"kiosk: {1e3 * statistics.median(answers):.1f} ms, bare "
             f"{1e3 * statistics.median(renders):.1f} ms")  # fmt: skip
        return [_bar("kiosk service", round(ratio, 2), TIMES)]


def _side_by_side(
    port: int, token: str, settings: config.Settings, engine: Any
) -> tuple[list[float], list[float]]:
    """Seconds of answers and of bare renders, in turns, so that both see the same machine."""
    keys, press = code_keys.load_keys(settings.lists.document_type, SECRET), Press(settings)
    answers, renders = [], []
    for number in range(REQUESTS):
        with engine.connect() as connection:
            day = settings.current_day()
            sheet = stored.by_card(connection, keys, card(number), day, settings)
        html = press.print_html([press.page(sheet)], title=settings.banner)
        began = time.perf_counter()
        bare, _ = pdf_bytes(html, title=settings.banner, day=day)
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


def command() -> list[dict[str, Any]]:
    """Seconds of `promo lists print --card`, the median of five."""
    with house() as folder:
        seconds = []
        for number in range(5):
            out = folder / f"out-{number}.pdf"
            words = _promo(folder, "lists", "print", "--card", card(number), "--output", str(out))
            began = time.perf_counter()
            subprocess.run(words, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
            seconds.append(time.perf_counter() - began)
            if not out.read_bytes().startswith(b"%PDF-"):
                sys.exit(f"bench: {out} is no PDF")
        return [_bar("kiosk command", round(statistics.median(seconds), 2), SECONDS)]


def _promo(folder: Path, *words: str) -> list[str]:
    """A promo command in a house."""
    main = "from promo.cli import main; main()"
    return [sys.executable, "-c", main, "--config", str(folder / "config.yaml"), *words]


def _bar(name: str, value: float, limit: float) -> dict[str, Any]:
    return {"bar": name, "value": value, "limit": limit, "ok": value <= limit}


if __name__ == "__main__":
    judge()
