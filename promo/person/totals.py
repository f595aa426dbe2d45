"""Totals that a change of households must leave as they are, in the database and in the lake.

Those of the database are taken twice in one transaction that sees nothing else move, the tills go
on selling meanwhile; those of the lake over the files that a change rewrites.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, func, literal, select, union_all

from promo import tables
from promo.errors import Sentence

Totals = dict[str, dict[str, Any]]
USE, SHEET, RUN = tables.Redemption, tables.ShopperList, tables.Run
SCANS = ("quantity", "paid", "regular", "store_discount", "manufacturer_discount")
SHOWN = ("probability", "worth", "chance")


class Moved(Sentence):
    """A total would not be what it was; nothing was changed."""


def _lists() -> Select[Any]:
    """Lists by night: those that are there, and those of households that were forgotten."""
    both = union_all(
        select(SHEET.night, literal(1).label("lists")), select(RUN.night, RUN.forgotten)
    ).subquery()
    return select(both.c.night, func.sum(both.c.lists).label("lists")).group_by(both.c.night)


def _queries() -> dict[str, Select[Any]]:
    """What is added up, by what; the first columns say of what, the others are sums."""
    counter, promise, answer = tables.OfferCounter, tables.Promise, tables.TillAnswer
    held, serial = tables.Reservation, tables.CouponSerial
    sums = [func.sum(getattr(USE, name)).label(name) for name in
            ("uses", "units", "money", "funder_money", "promised")]  # fmt: skip
    count = func.count().label("rows")
    of_use, told = (USE.offer, USE.store, USE.day, USE.kind), (answer.store, answer.day)
    return {
        "redemptions by offer, store, day and kind": select(*of_use, count, *sums).group_by(
            *of_use
        ),
        "redemptions by night and offer": (
            select(USE.night, USE.offer, count, *sums).group_by(USE.night, USE.offer)
        ),
        "counters of offers": select(counter.offer, counter.uses, counter.money),
        "promises by offer and night": select(
            promise.offer, promise.night, promise.uses, promise.money
        ),
        "reservations by offer": (
            select(held.offer, func.sum(held.uses).label("uses")).group_by(held.offer)
        ),
        "answers to tills by store and day": select(*told, count).group_by(*told),
        "serials of coupons": select(serial.coupon, count).group_by(serial.coupon),
        "lists by night": _lists(),
    }


def of_database(connection: Connection) -> Totals:
    """Each kind of total: how many there are, their sums, and a digest of them all."""
    found: Totals = {}
    for name, query in _queries().items():
        result = connection.execute(query)
        names = list(result.keys())
        rows = sorted([str(value) for value in row] for row in result)
        sums = [n for n in ("rows", "lists", "uses", "money", "funder_money") if n in names]
        found[name] = {
            "count": len(rows),
            **{n: sum(int(row[names.index(n)]) for row in rows) for n in sums},
            "digest": _digest(rows),
        }
    return found


def of_scans(paths: Iterable[Path]) -> dict[str, Any]:
    """Lines and sums of some parts of the lake, and a digest by day, store and product."""
    empty = pl.DataFrame(schema={"rows": pl.UInt32, **dict.fromkeys(SCANS, pl.Int64)})
    keys = ["business_day", "store", "product"]
    found = [
        pl.scan_parquet(path).group_by(keys).agg(pl.len().alias("rows"), pl.col(SCANS).sum())
        for path in paths
    ]
    frame = pl.concat(found).collect() if found else empty
    if found:
        frame = frame.group_by(keys).agg(pl.col("rows", *SCANS).sum()).sort(keys)
    sums = {name: int(frame[name].sum()) for name in ("rows", *SCANS)}
    return {"count": frame.height, **sums, "digest": _digest(frame.cast(pl.String).rows())}


def of_shown(paths: Iterable[Path]) -> dict[str, Any]:
    """What was shown: rows and sums by night, kind and item, to the last bit in any order."""
    keys, rows = ["kind", "item"], list[list[str]]()
    total: dict[str, list[float]] = {name: [] for name in SHOWN}
    count = 0
    for path in paths:
        frame = pl.read_parquet(path, columns=[*keys, *SHOWN])
        count += frame.height
        for name in SHOWN:
            total[name] += frame[name].to_list()
        for key, some in frame.sort(*keys, *SHOWN).group_by(keys, maintain_order=True):
            sums = [math.fsum(some[name]) for name in SHOWN]
            rows.append([path.stem, *map(str, key), str(some.height), *map(repr, sums)])
    in_all = {name: round(math.fsum(values), 6) for name, values in total.items()}
    return {"count": len(rows), "rows": count, **in_all, "digest": _digest(rows)}


def of_lake(scans: Sequence[Path], shown: Sequence[Path]) -> Totals:
    """The totals of the files that a change rewrites."""
    return {"scans in what is rewritten": of_scans(scans),
            "shown by night and item": of_shown(shown)}  # fmt: skip


def check(before: Totals, after: Totals) -> None:
    """Raise Moved unless nothing has moved."""
    other = [name for name, total in before.items() if after.get(name) != total]
    if other:
        raise Moved(
            f"Totals would move, and must not: {', '.join(other)}. Nothing of that was changed; "
            "keep the house as it is and look for what is wrong."
        )


def lines(before: Totals, after: Totals) -> list[str]:
    """A line for each total: what it was, and that it is the same."""
    return [
        f"  {'same' if after[name] == total else 'OTHER'}  {name}: {_said(total)}"
        for name, total in before.items()
    ]


def _said(total: dict[str, Any]) -> str:
    named = (f"{key} {value:,}" for key, value in total.items() if key not in ("count", "digest"))
    return "; ".join((f"{total['count']:,} sums", *named, f"digest {total['digest'][:12]}"))


def _digest(rows: Iterable[Sequence[Any]]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps([str(value) for value in row]).encode())
    return digest.hexdigest()
