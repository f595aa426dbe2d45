"""`promo backup`: a house at one moment, while its tills redeem and its night is at work.

The database is read in one transaction that holds nobody up, and the files that belong to its
moment are brought together (promo.capturing). No lock is taken: who only adds to the house cannot
disturb a backup, and what rewrites its past is waited for.
"""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from promo import backups, capturing, database, schema, table_files
from promo.backups import BackupError, Entangled, Manifest, is_inside
from promo.capturing import Moment
from promo.config import Settings
from promo.files import Busy, holder, sync
from promo.scans import lake

ADDS = {"init", "ingest", "fit", "due", "nightly", "publish", "coupons", "offers import",
        "offers budget", "models rollback", "models restore", "lists reissue"}  # fmt: skip
"""Commands beside which a backup may be made: what they write is new, or replaced as a whole."""

PATIENCE, LOOK = 600.0, 0.2  # seconds that any other command is waited for, and between two looks
TRIES = 5


@dataclass(frozen=True)
class Made:
    """A backup that was made, and what stands in it."""

    folder: Path
    manifest: Manifest


class _Moved(Exception):
    """The house was changed under our hands in a way that a backup must not mix."""


def back_up(settings: Settings, engine: Engine, to: Path, *, secrets: bool) -> Made:
    """Make a backup of a whole house below `to`. Raises Busy, BackupError, Entangled.

    secrets: put the list-code keys in, too; without them no printed list opens.
    """
    _refuse_within(settings, to)
    keys = settings.secret("PROMO_CODE_KEYS", "code.key") if secrets else None
    if secrets and not keys:
        raise BackupError("There are no list-code keys to put in: leave --with-secrets out.")
    with backups.working(to) as folder:
        for _ in range(TRIES):
            _wait(settings)
            try:
                moment, tables = _captured(settings, engine, folder)
                break
            except (_Moved, FileNotFoundError):
                shutil.rmtree(folder / "house", ignore_errors=True)
                shutil.rmtree(folder / "tables", ignore_errors=True)
        else:
            raise Busy(
                f"The house was changed {TRIES} times while it was copied: no backup was made. "
                "Try again later."
            )
        if keys:
            path = folder / "house" / "code.key"
            path.touch(mode=0o600)
            path.write_text(keys, encoding="utf-8")
            sync(path)
        made = backups.finish(
            folder, schema.REVISION, tables, moment.delivery, whole=True, secrets=bool(keys)
        )
    return Made(made, backups.read(made))


def _refuse_within(settings: Settings, to: Path) -> None:
    """Raise Entangled where a backup would come to lie in what it copies, and copy itself."""
    paths = settings.paths
    copied = {
        "paths.lake": paths.lake, "paths.models": paths.models, "paths.out": paths.out,
        "paths.templates": paths.templates, "of paths.state": paths.state / "rejects",
    }  # fmt: skip
    for name, folder in copied.items():
        if is_inside(to, folder):
            raise Entangled(
                f"{to} lies in {folder} ({name}), which is backed up itself: name a folder outside "
                "of it. No backup was made."
            )


def back_up_database(engine: Engine, revision: str, to: Path) -> Made:
    """Make a backup of a database alone, at whatever schema it is."""
    with backups.working(to) as folder:
        with database.sentences(engine), engine.connect() as connection:
            table_files.snapshot(connection)
            tables = tuple(table_files.dump(connection, folder))
        made = backups.finish(folder, revision, tables, whole=False)
    return Made(made, backups.read(made))


def _captured(
    settings: Settings, engine: Engine, folder: Path
) -> tuple[Moment, tuple[table_files.Dumped, ...]]:
    house = folder / "house"
    capturing.profiles(settings, house)
    with database.sentences(engine), engine.connect() as connection:
        table_files.snapshot(connection)
        moment = Moment.of(connection)
        before = _history(settings, moment)
        capturing.everything_else(settings, moment, house)
        _check_still(settings, engine, moment, before)
        return moment, tuple(table_files.dump(connection, folder))


def _wait(settings: Settings) -> None:
    lock = settings.paths.state / "promo.lock"
    end = time.monotonic() + PATIENCE
    while (found := holder(lock)) and found.who not in ADDS:
        if time.monotonic() > end:
            raise Busy(f"promo {found.who} is at work on this house, and a backup must not be made "
                       "beside it: none was made. Try again later.")  # fmt: skip
        time.sleep(LOOK)


def _history(settings: Settings, moment: Moment) -> dict[Path, int]:
    """The parts of the lake that belong to a moment; who rewrites one makes another file of it."""
    parts = lake.parts(settings.paths.lake, until=moment.delivery)
    return {part: part.stat().st_ino for part in parts}


def _check_still(
    settings: Settings, engine: Engine, moment: Moment, before: dict[Path, int]
) -> None:
    """Raise _Moved where a night was made again, or the past rewritten, since the snapshot."""
    with engine.connect() as other:
        if moment.remade(Moment.of(other)):
            raise _Moved
    found = holder(settings.paths.state / "promo.lock")
    if (found and found.who not in ADDS) or _history(settings, moment) != before:
        raise _Moved
