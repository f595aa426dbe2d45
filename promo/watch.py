"""The calibration watch: each night, the lists whose days are over are held against the tills.

`lake/watch/<night>.json` holds the sums of one night's published lists (see
promo.shoppers.calibration) and the night on which they were made, `watched`: a night that is run
again makes its own anew and leaves the others alone, and so says the same again. Lists that were
never published were never in anybody's hand, and are not watched. Lines that come in after that
night are not counted any more.
"""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import select

from promo import tables
from promo.files import write_text
from promo.house import House
from promo.scans import lake
from promo.shoppers import calibration, households, profiles

LONGEST = 91  # days looked back for nights that are not watched yet; a window ends within 56


def run(house: House, night: date) -> list[dict[str, Any]]:
    """Watch every night's lists that are over and not watched yet; returns what it found, by night.

    A list is over when its last day is before `night` and the till logs have come that far.
    """
    newest = lake.newest_day(house.settings.paths.lake, house.last_delivery)
    with house.engine.connect() as connection:
        runs = connection.execute(
            select(tables.Run.night, tables.Run.report)
            .where(
                tables.Run.state == "published",
                tables.Run.night.between(night - timedelta(LONGEST), night - timedelta(1)),
            )
            .order_by(tables.Run.night)
        ).all()
    found = []
    for past, report in runs:
        last = date.fromisoformat(report["last_day"])
        if last < night and newest is not None and last <= newest and _mine(house, past, night):
            found.append(_watch(house, past, report, night))
    return found


def _path(house: House, night: date) -> Path:
    return house.settings.paths.lake / "watch" / f"{night}.json"


def _mine(house: House, past: date, night: date) -> bool:
    path = _path(house, past)
    if not path.is_file():
        return (house.settings.paths.lake / "shown" / f"{past}.parquet").is_file()
    return bool(json.loads(path.read_text(encoding="utf-8"))["watched"] == night.isoformat())


def _watch(house: House, past: date, report: dict[str, Any], night: date) -> dict[str, Any]:
    shown = pl.read_parquet(house.settings.paths.lake / "shown" / f"{past}.parquet")
    window = [date.fromisoformat(report[name]) for name in ("first_day", "last_day")]
    sums = calibration.sums(calibration.outcomes(shown, _days(house, report["buckets"], window)))
    about = {"night": past.isoformat(), "model": report["models"]["cycles"]}
    kept = about | {"watched": night.isoformat()} | sums
    write_text(_path(house, past), json.dumps(kept, indent=1) + "\n")
    return about | calibration.measures(sums)


def _days(house: House, buckets: list[int], window: list[date]) -> pl.DataFrame:
    """Profile rows of some buckets on a window's days, from the scans themselves.

    The profiles of these buckets may wait for days yet until their next turn folds them.
    """
    parts = [
        part
        for part in lake.parts(house.settings.paths.lake, until=house.last_delivery)
        if window[0] <= date.fromisoformat(part.parent.name) <= window[1]
    ]
    days = profiles.of_scans(lake.read_parts(parts, buckets))
    return households.with_products(days, house.products)


def by_model(root: Path) -> dict[str, dict[str, Any]]:
    """What was watched of each model's lists: `calibration.measures` and nights, by its name."""
    found: dict[str, list[calibration.Sums]] = {}
    for path in sorted((root / "watch").glob("????-??-??.json")):
        kept = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault(kept["model"], []).append(kept)
    return {
        model: calibration.measures(calibration.total(nights)) | {"nights": len(nights)}
        for model, nights in found.items()
    }


def warnings(found: list[dict[str, Any]], house: House) -> list[str]:
    """A sentence for each night whose forecasts were too far off."""
    bounds = house.settings.models
    said = (
        calibration.warning(one["night"], one, bounds.watch_tolerance, bounds.watch_errors)
        for one in found
    )
    return [sentence for sentence in said if sentence]
