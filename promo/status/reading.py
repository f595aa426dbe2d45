"""From rows, files and disks to facts. Nothing is judged here, nothing is written."""

import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from promo import offering, tables, watch
from promo.calendar import FORTNIGHT
from promo.config import Settings
from promo.files import holder
from promo.house import House
from promo.person import jobs
from promo.shoppers import shelf
from promo.shoppers.models import PRIOR
from promo.status import tries as attempts
from promo.status.expected import logs_of
from promo.status.facts import (
    Disk,
    Facts,
    Gone,
    ModelStands,
    NightMade,
    OfferStands,
    Try,
    Unfinished,
    Watched,
)
from promo.waiting import HOUSE


class Usage(NamedTuple):
    """A file system: its size, and what of it is used and free; bytes."""

    total: int
    used: int
    free: int


def _usage(path: Path) -> Usage:
    return Usage(*shutil.disk_usage(path))


def read(house: House, day: date, at: datetime, usage: Callable[[Path], Usage] = _usage) -> Facts:
    """All that is known on the morning of `day`, at the moment `at`; usage: of a folder's disk."""
    settings = house.settings
    at = at.astimezone(ZoneInfo(settings.time_zone))
    with house.engine.connect() as connection:
        zone = ZoneInfo(settings.time_zone)
        found = attempts.of_night(connection, day, settings.paths.state, zone)
        night, report = _night(connection, settings, day, at, found.nightly)
    files = attempts.files_of(found.others)
    folder = settings.paths.out / day.isoformat()
    return Facts(
        settings.banner, day, at, settings.currency, night, found.others, files,
        logs_of(house, day, report), _offers(house, day), _model(settings, day),
        _watched(house, report), _disks(settings, usage),
        sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        _changes(house),
        _gone(house, day),
    )  # fmt: skip


def _changes(house: House) -> tuple[Unfinished, ...]:
    """Changes of households that were begun and are not done, where nobody holds the house."""
    before = jobs.unfinished(house.engine)
    if not before or holder(house.settings.paths.state / HOUSE) is not None:
        return ()
    # Whoever held the house until now may have ended what was begun.
    return tuple(
        Unfinished(job.id, job.kind, job.day)
        for job in jobs.unfinished(house.engine)
        if job.id in {each.id for each in before}
    )


def _night(
    connection: Connection, settings: Settings, day: date, at: datetime, tries: tuple[Try, ...]
) -> tuple[NightMade, dict[str, Any]]:
    run = tables.Run
    rows = connection.execute(
        select(run.night, run.state, run.report)
        .where(run.night.in_([day, day - timedelta(FORTNIGHT)]))
    )  # fmt: skip
    by_night = {row.night: row for row in rows}
    row, before = by_night.get(day), by_night.get(day - timedelta(FORTNIGHT))
    made = NightMade(
        day, "none" if row is None else "unfinished",
        due=at >= datetime.combine(day, settings.status.night_by, at.tzinfo),
        works=bool(settings.wave(day).buckets),
        lists_before=before.report["counts"]["lists"] if before and before.report else None,
        tries=tries,
    )  # fmt: skip
    if row is None or not row.report:
        return made, {}
    return _told(made, row.state, row.report), row.report


def _told(made: NightMade, state: str, report: dict[str, Any]) -> NightMade:
    """A night as its report says it."""
    counts = report["counts"]
    return replace(
        made, state=state, lists=counts["lists"], offers=counts["offers"], due_items=counts["due"],
        worth=counts["worth"], stores=counts["stores"], control=report["control"],
        model=report["models"]["cycles"], first_day=date.fromisoformat(report["first_day"]),
        last_day=date.fromisoformat(report["last_day"]),
    )  # fmt: skip


def _offers(house: House, day: date) -> tuple[OfferStands, ...]:
    """The offers that are not over, nearest to their budgets first."""
    names = {each.name for each in fields(OfferStands)}
    found = [
        OfferStands(**{name: each[name] for name in names - {"ends"}},
                    ends=date.fromisoformat(each["ends"]))
        for each in offering.facts(house, day)
        if each["state"] != "expired"
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda offer: (-offer.used, offer.offer)))


def _model(settings: Settings, day: date) -> ModelStands:
    """The model in use, and a newer one that was set aside."""
    entries = shelf.entries(settings.paths.models, day)
    name = shelf.newest(settings.paths.models, day) or PRIOR
    used = next((entry for entry in entries if entry.name == name), None)
    aside = [e for e in entries if e.state == "set aside" and e.name <= day.isoformat()
             and (name == PRIOR or e.name > name)]  # fmt: skip
    newer = {"set_aside": aside[-1].name, "why": aside[-1].why} if aside else {}
    is_prior = name == PRIOR
    if used is None or used.state == "unreadable":
        return ModelStands(None, None, is_prior, **newer)
    fitted = used.card.get("fitted_for")
    age = (day - date.fromisoformat(fitted)).days if fitted else None
    return ModelStands(name, age, is_prior, **newer)


def _watched(house: House, report: dict[str, Any]) -> tuple[Watched, ...]:
    """What the night found of forecasts whose days were over."""
    return tuple(
        Watched(one["night"], one["rows"], one["predicted"], one["bought"],
                next(iter(watch.warnings([one], house)), None))
        for one in report.get("calibration", [])
    )  # fmt: skip


def _gone(house: House, day: date) -> tuple[Gone, ...]:
    """The lake that deliveries should lie in, and the folder of the newest night up to `day`."""
    paths, run = house.settings.paths, tables.Run
    with house.engine.connect() as connection:
        query = select(func.count()).where(tables.Delivery.rows > 0)
        deliveries = connection.execute(query).scalar_one()
        rows = connection.execute(
            select(run.night, run.state, run.report)
            .where(run.night <= day)
            .order_by(run.night.desc())
            .limit(FORTNIGHT)
        )
        made = next((row for row in rows if row.report), None)
    found = []
    if deliveries and not (scans := paths.lake / "scans").is_dir():
        found.append(Gone("lake", str(scans), deliveries))
    # What is over may be cleared away, and a backup has no pages of it.
    if made and (made.state == "draft" or made.report["last_day"] >= day.isoformat()):
        folder = paths.out / made.night.isoformat()
        if not folder.is_dir():
            found.append(Gone("out", str(folder), night=made.night, state=made.state))
    return tuple(found)


def _disks(settings: Settings, usage: Callable[[Path], Usage]) -> tuple[Disk, ...]:
    """The file systems under the house, each once."""
    found: dict[int, tuple[list[str], Path]] = {}
    for name in ("state", "lake", "out", "models"):
        path = _there(getattr(settings.paths, name))
        found.setdefault(path.stat().st_dev, ([], path))[0].append(name)
    disks = ((places, path, usage(path)) for places, path in found.values())
    return tuple(Disk(tuple(p), str(path), of.total, of.free) for p, path, of in disks)


def _there(path: Path) -> Path:
    """The folder, or the nearest above that is there."""
    return next(each for each in (path, *path.absolute().parents) if each.exists())
