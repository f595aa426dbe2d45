"""Lookups: the service against bare Starlette with the same SQL, on PostgreSQL, in turns.

Bare is stack_server.py: no keys, limits, logs, metrics or checks of bodies; as many threads, which
have a connection each. Both are there all the time, on the same core, and only one is asked.
"""

import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil
from checkout_shop import make_house, served
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

LISTS, SHARE = 10_000, 0.5


def judge() -> None:
    """Seven rounds."""
    lookups(LISTS, 3.0, 7, quick=False)


def judge_quickly() -> None:
    """Three short ones."""
    lookups(2_000, 0.8, 3, quick=True)


def lookups(lists: int, seconds: float, rounds: int, *, quick: bool) -> None:
    """Answers a second of the service over those of bare Starlette; by code, and by card."""
    with postgresql() as url, tempfile.TemporaryDirectory() as folder:
        key = _filled(url, lists)
        on_core(CLIENT_CORE)
        by_code = posts("/v1/lookup", [{"code": code(n)} for n in range(lists)], key)
        by_card = posts("/v1/lookup", [{"card": card(n)} for n in range(lists)], key)
        loads = {"bare": by_code, "code": by_code, "card": by_card}
        seen: dict[str, list[Served]] = {name: [] for name in loads}
        house = make_house(Path(folder) / "house")
        with _bare(url) as (other, other_port), served(house, url) as (ours, port):
            at = {"bare": (other_port, other), "code": (port, ours), "card": (port, ours)}
            for turn in range(rounds + 1):
                for name, load in loads.items():
                    where, who = at[name]
                    done = Load(load).run(where, who, seconds)
                    seen[name] += [done] if turn else []  # the first only warms
    for name in ("code", "card"):
        _report(f"lookup by {name}", seen[name], seen["bare"], quick=quick)


def _filled(url: str, lists: int) -> str:
    engine = database.connect(url)
    fill(engine, lists)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum analyze")
    with engine.begin() as connection:
        key = store_keys.add(connection, "1", ["lookup"], datetime.now(UTC))
    engine.dispose()
    return key


@contextmanager
def _bare(url: str) -> Iterator[tuple[psutil.Process, int]]:
    port, script = free_port(), str(Path(__file__).with_name("stack_server.py"))
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    words = [sys.executable, script, "starlette/uvicorn", "service", plain, f"{port}"]
    with server(words, port, PYTHONPATH=str(ROOT)) as process:
        yield process, port


def _report(name: str, ours: list[Served], bare: list[Served], *, quick: bool) -> None:
    share = statistics.median(o.rate / b.rate for o, b in zip(ours, bare, strict=True))
    cost = statistics.median(o.cost / b.cost for o, b in zip(ours, bare, strict=True))
    value = {"to bare": round(share, 2), "processor": round(cost, 2),
             "a second": round(statistics.median(each.rate for each in ours))}  # fmt: skip
    report(name, value, SHARE, ok=share >= SHARE, quick=quick)
