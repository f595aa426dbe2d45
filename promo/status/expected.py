"""The till logs that a night expected: which came, when, and whether they are as long as usual."""

from datetime import date, datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import select

from promo import logs, tables
from promo.house import House
from promo.scans import arrivals
from promo.status.facts import Log

WEEKS = 4  # of which a weekday's usual lines are the median
LATELY = 1000  # runs of `promo ingest` in which a delivery is looked for
LEAST_WEEKS = 2  # with lines, below which nothing is usual


def logs_of(house: House, night: date, report: dict[str, Any]) -> tuple[Log, ...]:
    """The logs that a night expects, and those that it went on without."""
    left_out = {
        each["store"]: date.fromisoformat(each["day"]) for each in report.get("without", ())
    }
    expected = logs.expected(house, night) | left_out
    until = house.last_delivery
    days = sorted(set(expected.values()))
    came = {day: _lines(house, day, until) for day in days}
    before = {day: [_lines(house, day - timedelta(7 * w), until) for w in range(1, WEEKS + 1)]
              for day in days}  # fmt: skip
    moments = _moments(house) if left_out else {}
    return tuple(
        _log(store, day, came[day], before[day], moments, store in left_out)
        for store, day in expected.items()
    )


def _lines(house: House, day: date, until: int) -> dict[str, tuple[int, int]]:
    """By store: the first delivery with lines of a day, and its lines in all."""
    found = arrivals.of_day(house.settings.paths.lake, day, until)
    rows = found.group_by("store").agg(pl.col("delivery").min(), pl.col("lines").sum())
    return {store: (delivery, lines) for store, delivery, lines in rows.iter_rows()}


def _log(
    store: str,
    day: date,
    came: dict[str, tuple[int, int]],
    before: list[dict[str, tuple[int, int]]],
    moments: dict[int, datetime],
    left_out: bool,
) -> Log:
    delivery, lines = came.get(store, (None, 0))
    earlier = [of[store][1] for of in before if store in of]
    usual = median(earlier) if len(earlier) >= LEAST_WEEKS else None
    moment = moments.get(delivery) if delivery is not None else None
    return Log(store, day, delivery, moment, left_out, lines, usual)


def _moments(house: House) -> dict[int, datetime]:
    """When deliveries came, of those that were noted lately."""
    table = tables.Attempt
    query = select(table.ended, table.began, table.facts).where(table.command == "ingest")
    query = query.order_by(table.id.desc()).limit(LATELY)
    zone = ZoneInfo(house.settings.time_zone)
    with house.engine.connect() as connection:
        return {
            file["delivery"]: (row.ended or row.began).astimezone(zone)
            for row in connection.execute(query)
            for file in row.facts.get("files", ())
            if file["delivery"] is not None and file["taken"]
        }
