"""Persons who are forgotten: nothing is left of them, no total has moved, on both databases.

What is left is looked for without promo's own search (see `traces`), and totals are added up with
plain SQL and Polars.
"""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import kit
import persons_house
import polars as pl
import till_kit
from sqlalchemy import create_engine, make_url, select, text
from traces import traces

from promo import config, tables
from promo.lists.codes import short_code
from promo.lists.codes.keys import load_keys

SUMS = (
    "select offer, store, day, kind, count(*), sum(uses), sum(units), sum(money), "
    "sum(funder_money), sum(promised) from redemptions group by offer, store, day, kind",
    "select night, sum(n) from (select night, count(*) as n from lists group by night "
    "union all select night, forgotten from runs) as both_of_them group by night",
    "select offer, uses, money from offer_counters",
    "select offer, night, uses, money, money_1 from promises",
    "select offer, sum(uses), sum(money) from reservations group by offer",
    "select store, day, verb, count(*) from till_answers group by store, day, verb",
    "select coupon, count(*) from coupon_serials group by coupon",
)


def judge() -> None:
    """Ten households of six hundred."""
    _judge(600, 10, quick=False)


def judge_quickly() -> None:
    """Two households of sixty."""
    _judge(60, 2, quick=True)


def _judge(households: int, forgotten: int, *, quick: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="promo-bench-") as folder:
        _measure("sqlite", Path(folder) / "sqlite", households, forgotten, "", quick=quick)
        with till_kit.postgresql() as server:
            admin = create_engine(server, isolation_level="AUTOCOMMIT")
            with admin.connect() as connection:
                connection.execute(text("create database persons"))
            admin.dispose()
            url = make_url(server).set(database="persons").render_as_string(hide_password=False)
            where = Path(folder) / "postgresql"
            _measure("postgresql", where, households, forgotten, url, quick=quick)


def _measure(
    name: str, folder: Path, households: int, forgotten: int, url: str, *, quick: bool
) -> None:
    kit.note(f"forgotten: a house of {households} on {name}")
    persons_house.make(folder, households, url)
    chosen = [persons_house.person(n * households // forgotten) for n in range(forgotten)]
    values = _values(folder, url, chosen)
    seen = traces(folder, values, url)
    unseen = [value for value in values if not any(trace.endswith(value) for trace in seen)]
    before = _totals(folder, url)
    cards = [each["card"] for each in chosen]
    done = persons_house.command(folder, url, "forget", "--yes", *cards)
    left, after = traces(folder, values, url), _totals(folder, url)
    for trace in left[:20]:
        kit.note(f"left on {name}: {trace}")
    kit.report(f"forgotten, {name}: values traced before", len(values) - len(unseen), len(values),
               ok=not unseen, quick=quick)  # fmt: skip
    kit.report(f"forgotten, {name}: traces left of {len(seen)}", len(left), 0, ok=not left,
               quick=quick)  # fmt: skip
    moved = [key for key, total in before.items() if after[key] != total]
    kit.report(f"forgotten, {name}: totals moved of {len(before)}", len(moved), 0, ok=not moved,
               quick=quick)  # fmt: skip
    kit.report(f"forgotten, {name}: seconds for {forgotten} households",
               round(done.seconds, 1), None, ok=None, quick=quick)  # fmt: skip


def _values(folder: Path, url: str, chosen: Sequence[dict[str, str]]) -> list[str]:
    """All that leads to the households: who they are, and the codes of their lists."""
    settings = config.load(folder / "config.yaml")
    keys = load_keys(settings.lists.document_type, kit.KEY)
    engine, sheet = persons_house.engine_of(folder, url), tables.ShopperList
    ids = [each["id"] for each in chosen]
    with engine.connect() as connection:
        rows = connection.execute(
            select(sheet.code, sheet.counter).where(sheet.shopper.in_(ids))
        ).all()
    engine.dispose()
    facts = [each[name] for each in chosen for name in ("id", "card", "name", "line1", "email")]
    return [*facts, *(row.code for row in rows), *(short_code(keys, row.counter) for row in rows)]


def _totals(folder: Path, url: str) -> dict[str, Any]:
    """Sums of the database by SQL, of the lake by Polars."""
    engine = persons_house.engine_of(folder, url)
    with engine.connect() as connection:
        found: dict[str, Any] = {
            sql: sorted(str(tuple(row)) for row in connection.execute(text(sql))) for sql in SUMS
        }
    engine.dispose()
    by = ["business_day", "store", "product"]
    sums = ("quantity", "paid", "regular", "store_discount", "manufacturer_discount")
    scans = pl.read_parquet(folder / "lake/scans/*/*.parquet")
    scans = scans.group_by(by).agg(pl.len(), pl.col(sums).sum()).sort(by)
    found["scans"] = scans.rows()
    for path in sorted((folder / "lake/shown").glob("*.parquet")):
        shown = pl.read_parquet(path).group_by("kind", "item").agg(
            pl.len(), pl.col("probability", "chance").sort().sum(), pl.col("worth").sum()
        )  # fmt: skip
        found[path.name] = shown.sort("kind", "item").rows()
    for path in sorted((folder / "out").glob("*/run.json")):
        found[str(path)] = json.loads(path.read_text(encoding="utf-8"))["counts"]
    return found
