"""The lake's scans: parts and deliveries, each line once, and everything that lines name."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Row, select

from promo import calendar, tables
from promo.checking.findings import LOOK, Check, Finding, several
from promo.checking.look import Look
from promo.checking.parquet import BROKEN, cause, fault, height
from promo.scans import lake
from promo.scans.canonical import IDENTITY

PART = re.compile(rf"\d{{8}}(-\d{{4}}|{lake.TAKEN_BACK})\.parquet")
MOST_LINES = 4_000_000  # in memory at a time, unless a single day has more
RECENT = 14  # days of the lake that a quick look reads
RESTORE = "Restore the lake and the database from one backup."
AGAIN = "Restore the file from a backup; where there is none, restore the house and ingest again."


def _files(look: Look) -> list[Path]:
    """Every file in a folder of scans, parts or not, but for those being written."""
    found = (look.settings.paths.lake / "scans").glob("*/*")
    return sorted(path for path in found if not path.name.startswith("."))


def _counted(look: Look) -> list[Path]:
    """The parts that count: whose delivery is committed."""
    return [
        path
        for path in _files(look)
        if PART.fullmatch(path.name) and lake.delivery_of(path) <= look.last_delivery
    ]


def _days(look: Look) -> Iterator[tuple[date, list[Path]]]:
    """The days of the lake with those of their parts that can be read; in a quick look the last."""
    by_day: dict[date, list[Path]] = defaultdict(list)
    for path in _counted(look):
        day = _day_of(path)
        if day is not None and fault(path, lake.STORED) is None:
            by_day[day].append(path)
    newest = max(by_day, default=date.min)
    for day, paths in sorted(by_day.items()):
        if not look.quick or day > newest - timedelta(RECENT):
            yield day, paths


def _day_of(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.parent.name)
    except ValueError:
        return None


# --- parts ----------------------------------------------------------------------------------------


def parts(look: Look) -> Iterator[Finding]:
    """Parts can be read, lie in their day's folder, and are sorted by the households' buckets."""
    for path in _files(look):
        where = look.shown(path)
        if not PART.fullmatch(path.name) or _day_of(path) is None:
            yield Finding(
                where, "this is no part of the lake:", path.name,
                "<business day>/<delivery>-<batch>.parquet",
                "Move it out of the lake: a night would read it or stop at it.",
            )  # fmt: skip
    for path in _counted(look):
        if (broken := fault(path, lake.STORED)) is not None:
            yield Finding(look.shown(path), "the part cannot be used:", broken,
                          "the columns of a stored scan", AGAIN)  # fmt: skip
        else:
            yield from _part(look, path)


def _part(look: Look, path: Path) -> Iterator[Finding]:
    where, day = look.shown(path), _day_of(path)
    try:
        rows = pl.read_parquet(path, columns=["business_day", "shopper", "bucket"])
    except BROKEN as error:
        yield Finding(where, "the part cannot be read:", cause(error), "sound Parquet", AGAIN)
        return
    others = rows["business_day"].unique().drop_nulls().to_list()
    if others != [day]:
        yield Finding(where, "it holds lines of", several(sorted(others)) or "no day",
                      f"{day}, whose folder it lies in", AGAIN)  # fmt: skip
    if not rows["bucket"].is_sorted():
        yield Finding(where, "its rows are", "not sorted by bucket",
                      "buckets that rise: a night reads only those of its wave", AGAIN)  # fmt: skip
    yield from _misplaced(look, where, rows)


def _misplaced(look: Look, where: str, rows: pl.DataFrame) -> Iterator[Finding]:
    """Households whose lines stand in a bucket that is not theirs: no night would find them."""
    pairs = rows.filter(pl.col("shopper").is_not_null()).select("shopper", "bucket").unique()
    known = pairs.join(look.households.select("shopper", "own"), on="shopper", how="left")
    unknown = known.filter(pl.col("own").is_null())
    own = [calendar.bucket(shopper) for shopper in unknown["shopper"]]
    bad = pl.concat([
        known.filter(pl.col("own") != pl.col("bucket")),
        unknown.with_columns(own=pl.Series(own, dtype=pl.Int16)).filter(
            pl.col("own") != pl.col("bucket")
        ),
    ]).sort("shopper")  # fmt: skip
    if bad.height:
        yield Finding(
            where, f"{bad.height:,} households stand in the wrong bucket:",
            several(f"{s} in {b}" for s, b, _ in bad.iter_rows()),
            f"the first byte of the BLAKE2b digest of the id, {bad['own'][0]} for "
            f"{bad['shopper'][0]}", AGAIN,
        )  # fmt: skip


# --- deliveries -----------------------------------------------------------------------------------


def deliveries(look: Look) -> Iterator[Finding]:
    """The rows and days of each delivery are those of its parts; no part is without a delivery."""
    rows, days = dict[int, int](), defaultdict[int, set[date]](set)
    unread = set[int]()
    for path in _counted(look):
        number, found, day = lake.delivery_of(path), height(path), _day_of(path)
        if found is None:
            unread.add(number)
        if lake.TAKEN_BACK not in path.name:
            rows[number] = rows.get(number, 0) + (found or 0)
        else:
            rows.setdefault(number, 0)
        days[number] |= {day} if day else set()
    for number, row in look.deliveries.items():
        if number not in unread:
            yield from _delivery(number, row, rows.get(number, 0), days[number])
    unknown = sorted(rows.keys() - look.deliveries.keys())
    if unknown:
        yield Finding(
            "deliveries", "the lake has parts of deliveries that the table lacks:",
            several(unknown), "a row for each delivery", RESTORE, moves=True,
        )  # fmt: skip
    yield from _leftovers(look)


def _delivery(number: int, row: Row[Any], found: int, days: set[date]) -> Iterator[Finding]:
    where = f"delivery {number} ({row.source})"
    if found != row.rows:
        yield Finding(where, "its parts in the lake have", f"{found:,} rows",
                      f"{row.rows:,}, as were taken in", RESTORE, moves=True)  # fmt: skip
        return
    span = (min(days), max(days)) if days else (None, None)
    if span != (row.first_day, row.last_day):
        yield Finding(where, "its parts are of", f"{span[0]} to {span[1]}",
                      f"{row.first_day} to {row.last_day}", RESTORE, moves=True)  # fmt: skip


def _leftovers(look: Look) -> Iterator[Finding]:
    """Parts beyond the last delivery that no ingest at work has written."""
    begun = look.holder.since if look.holder else None
    left = [
        path
        for path in lake.parts(look.settings.paths.lake, after=look.last_delivery)
        if begun is None or path.stat().st_mtime < begun
    ]
    if left:
        yield Finding(
            look.shown(left[0]), "parts were left by an ingest that died:", f"{len(left):,}",
            f"none beyond delivery {look.last_delivery}",
            "They do not count. Run `promo ingest` of that file again: it sweeps them away first.",
            LOOK,
        )  # fmt: skip


# --- lines ----------------------------------------------------------------------------------------


def lines(look: Look) -> Iterator[Finding]:
    """Each line is in the lake once; stores, cards and households that lines name are known."""
    stores = look.frame(select(tables.Store.id), {"store": pl.String()})
    cards = look.frame(select(tables.Card.card), {"card": pl.String()})
    known = (stores, cards, look.households.select("shopper"))
    for first, last, paths in _together(look):
        where = look.shown(look.settings.paths.lake / "scans")
        where += f", {first}" if first == last else f", {first} to {last}"
        try:
            scans = pl.scan_parquet(paths)
            yield from _twice(where, pl.concat(list(lake.by_day(paths))))
            unknown = {name: _unknown(scans, table) for table in known for name in table.columns}
        except BROKEN as error:
            yield Finding(where, "lines cannot be read:", cause(error), "sound Parquet", AGAIN)
            continue
        for name, found in unknown.items():
            if found:
                yield Finding(
                    where, f"lines name {len(found):,} that the table of {TABLES[name]} lacks:",
                    several(found), f"{TABLES[name]} of the table",
                    f"Ingest the {TABLES[name]}, or restore lake and database from one backup.",
                    moves=True,
                )  # fmt: skip


TABLES = {"store": "stores", "card": "cards", "shopper": "shoppers"}


def _together(look: Look) -> Iterator[tuple[date, date, list[Path]]]:
    """Days in a row that fit into memory: the first, the last, and their parts."""
    days, paths, rows = list[date](), list[Path](), 0
    for day, own in _days(look):
        more = sum(height(path) or 0 for path in own)
        if days and rows + more > MOST_LINES:
            yield days[0], days[-1], paths
            days, paths, rows = [], [], 0
        days.append(day)
        paths += own
        rows += more
    if days:
        yield days[0], days[-1], paths


def _twice(where: str, scans: pl.LazyFrame) -> Iterator[Finding]:
    """Lines whose identity comes twice; hashes first, which take little room."""
    hashed = scans.select(pl.struct(IDENTITY).hash()).collect().to_series()
    if hashed.n_unique() == hashed.len():
        return
    twice = scans.group_by(IDENTITY).len().filter(pl.col("len") > 1).sort(IDENTITY).collect()
    if twice.height:
        names = several("/".join(map(str, row[:-1])) for row in twice.iter_rows())
        yield Finding(
            where, f"{twice.height:,} lines are in the lake twice:", names,
            "each store/till/day/transaction/line once",
            "Their households' purchases are counted twice. " + RESTORE, moves=True,
        )  # fmt: skip


def _unknown(scans: pl.LazyFrame, known: pl.DataFrame) -> Sequence[str]:
    """The values of a column of lines that a table lacks."""
    [name] = known.columns
    named = scans.select(name).unique().drop_nulls().collect()
    return named.join(known, on=name, how="anti")[name].sort().to_list()


CHECKS = (
    Check("parts", "parts of the lake can be read, lie under their day, are sorted by bucket",
          parts),
    Check("deliveries", "the rows and days of each delivery are those of its parts", deliveries),
    Check("lines", "each line is in the lake once; its store, card and household are known", lines),
)  # fmt: skip
