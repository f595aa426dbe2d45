"""Lookups: the service against bare Starlette with the same SQL, on PostgreSQL, in turns.

Bare is stack_server.py: no keys, limits, logs, metrics or checks of bodies.
"""

import shutil
import statistics
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kit import ROOT, report
from sqlalchemy import make_url
from till_kit import (
    CLIENT_CORE,
    Load,
    Served,
    card,
    code,
    fill,
    free_port,
    on_core,
    postgresql,
    posts,
    server,
)

from promo import database
from promo.checkout import store_keys

LISTS, SECONDS, ROUNDS = 10_000, 3.0, 5
SHARE = 0.5
TODAY = "2017-11-08"
SECRET = "1:only for the bench, never in a shop"
MAIN = "from promo.cli import main; main()"


def judge() -> None:
    """The bar of lookups."""
    for bar in lookups():
        report(bar["bar"], bar["value"], bar["limit"], ok=bar["ok"])


judge_quickly = judge


def lookups() -> list[dict[str, Any]]:
    """Answers a second of the service over those of bare Starlette; by code, and by card."""
    with postgresql() as url, tempfile.TemporaryDirectory() as folder:
        engine = database.connect(url)
        fill(engine, LISTS)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("vacuum analyze")
        with engine.begin() as connection:
            key = store_keys.add(connection, "1", ["lookup"], datetime.now(UTC))
        house = _house(Path(folder))
        on_core(CLIENT_CORE)
        by_code = posts("/v1/lookup", [{"code": code(n)} for n in range(LISTS)], key)
        by_card = posts("/v1/lookup", [{"card": card(n)} for n in range(LISTS)], key)
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        seen: dict[str, list[Served]] = {"bare": [], "code": [], "card": []}
        for _ in range(ROUNDS):
            seen["bare"].append(_bare(plain, by_code))
            for name, load in (("code", by_code), ("card", by_card)):
                seen[name].append(_service(house, url, load))
    return [_bar(f"lookup by {name}", seen[name], seen["bare"]) for name in ("code", "card")]


def _house(folder: Path) -> Path:
    """Settings for the service, with limits that the bench does not reach."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("today: null ", f"today: {TODAY} "),
        ("requests_per_second: 50 ", "requests_per_second: 1000000 "),
        ("burst: 100 ", "burst: 1000000 "),
    ):
        text = text.replace(old, new, 1)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    (folder / "code.key").write_text(SECRET, encoding="utf-8")
    shutil.copytree(ROOT / "templates", folder / "templates")
    return folder


def _bare(url: str, load: list[bytes]) -> Served:
    port, script = free_port(), str(Path(__file__).with_name("stack_server.py"))
    words = [sys.executable, script, "starlette/uvicorn", "threads", url, f"{port}"]
    with server(words, port, PYTHONPATH=str(ROOT)) as process:
        return Load(load).run(port, process, SECONDS)


def _service(house: Path, url: str, load: list[bytes]) -> Served:
    port = free_port()
    words = [sys.executable, "-c", MAIN, "--config", str(house / "config.yaml"), "serve"]
    environment = {"PYTHONPATH": str(ROOT), "PROMO_DATABASE_URL": url}
    with server([*words, "--port", f"{port}"], port, **environment) as process:
        return Load(load).run(port, process, SECONDS)


def _bar(name: str, ours: list[Served], bare: list[Served]) -> dict[str, Any]:
    share = statistics.median(o.rate / b.rate for o, b in zip(ours, bare, strict=True))
    cost = statistics.median(o.cost / b.cost for o, b in zip(ours, bare, strict=True))
    value = f"{share:.2f} of bare; processor {cost:.2f} times; {ours[-1].rate:,.0f} a second"
    return {"bar": name, "value": value, "limit": SHARE, "ok": share >= SHARE}


if __name__ == "__main__":
    judge()
