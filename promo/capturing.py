"""Which files of a house belong to one moment of its database, and bringing them into a backup.

Nothing waits for a backup, so files are written while it is made. What goes in follows from the
database's snapshot, and from when it is looked at:

    profiles     before the snapshot: none can then hold a delivery that the snapshot lacks
    scans        after it: the parts of all its deliveries are there, and never change
    records      of the nights whose report the snapshot has: a night at work makes its own again
    output       of its drafts and open lists; a closed list's pages are known by the run's digests
    models, templates, settings, rejected lines    as they are

The copy of the product table is left out; a house makes it when it is first asked for.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from promo import tables
from promo.calendar import BUCKETS
from promo.config import Settings
from promo.files import sync
from promo.scans import lake
from promo.shoppers import profile_store

RECORDS = {"shown": "parquet", "decisions": "parquet", "prices": "csv"}
KNOWN = {"scans", "profiles", "products", *RECORDS}  # folders of the lake with a rule of their own
NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP)  # another disk, or one without


@dataclass(frozen=True)
class Moment:
    """What the snapshot says: its last delivery, its nights, and what was issued anew."""

    delivery: int
    reports: dict[date, tuple[str, dict[str, Any]]]  # state and report of nights that are done
    reissued: list[str]  # folders below `out`

    @classmethod
    def of(cls, connection: Connection) -> "Moment":
        """Read it."""
        run, earlier = tables.Run, tables.EarlierIssue
        runs = connection.execute(select(run.night, run.state, run.report)).all()
        batches = connection.execute(
            select(earlier.day, earlier.replaced).distinct().order_by(earlier.day, earlier.replaced)
        )
        numbers: dict[date, int] = {}
        names = []
        for day, _ in batches:
            numbers[day] = numbers.get(day, 0) + 1
            names.append(f"{day}-reissued-{numbers[day]}")
        return cls(
            connection.execute(select(func.max(tables.Delivery.id))).scalar() or 0,
            {row.night: (row.state, row.report) for row in runs if row.report},
            names,
        )

    def remade(self, now: "Moment") -> list[date]:
        """Nights that were made again since."""
        none = "", dict[str, Any]()
        return sorted(
            night
            for night, (_, report) in self.reports.items()
            if now.reports.get(night, none)[1] != report
        )

    def open(self, day: date) -> list[date]:
        """Nights that may still be published, or whose lists are good on `day` or later."""
        return sorted(
            night
            for night, (state, report) in self.reports.items()
            if state == "draft" or date.fromisoformat(report["last_day"]) >= day
        )


def profiles(settings: Settings, target: Path) -> None:
    """Bring each bucket's profile as it stands; to be called before the snapshot is taken."""
    root = settings.paths.lake
    for bucket in range(BUCKETS):
        while source := profile_store.newest(root, bucket):
            try:
                bring(source, target / "lake" / source.relative_to(root))
                break
            except FileNotFoundError:  # folded meanwhile: the next one is there
                continue


def everything_else(settings: Settings, moment: Moment, target: Path) -> None:
    """Bring what belongs to the snapshot's moment. FileNotFoundError: it was replaced just now."""
    paths = settings.paths
    for part in lake.parts(paths.lake, until=moment.delivery):
        bring(part, target / "lake" / part.relative_to(paths.lake))
    for night in moment.reports:
        for name, ending in RECORDS.items():
            source = paths.lake / name / f"{night}.{ending}"
            if source.is_file():
                bring(source, target / "lake" / name / source.name)
    for folder in paths.lake.iterdir() if paths.lake.is_dir() else ():
        if folder.name not in KNOWN:
            _tree(folder, target / "lake" / folder.name)
    _output(settings, moment, target)
    _tree(paths.models, target / "models")
    _tree(paths.templates, target / "templates", linked=False)
    _tree(paths.state / "rejects", target / "rejects")
    bring(settings.folder / "config.yaml", target / "config.yaml", linked=False)


def _output(settings: Settings, moment: Moment, target: Path) -> None:
    nights = moment.open(settings.current_day())
    names = [f"{night}" for night in nights]
    if nights:
        names += [name for name in moment.reissued if name[:10] >= f"{nights[0]}"]
    for name in names:
        _tree(settings.paths.out / name, target / "out" / name)


def _tree(source: Path, target: Path, *, linked: bool = True) -> None:
    for path in walked(source):
        bring(path, target / path.relative_to(source), linked=linked)


def walked(folder: Path) -> Iterator[Path]:
    """The files below a folder, and below those that links lead to; not what is being written."""
    if folder.is_file():
        yield folder
    for below, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(below) / name for name in sorted(names) if not name.startswith("."))


def bring(source: Path, target: Path, *, linked: bool = True) -> None:
    """A file, elsewhere. One that is never written to again needs no room on the same disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if linked and not source.is_symlink():
        try:
            os.link(source, target)
            return
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
    shutil.copyfile(source, target)
    sync(target)
