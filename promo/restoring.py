"""`promo restore`: a backup made a house again, elsewhere, on whichever database.

Every file and every row is held against the manifest before anything is written; a house that is
there already is never touched. What dies in between leaves no house: a new folder appears as a
whole, and the rows of a database that is not in it come in one transaction.
"""

import shutil
from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from promo import backups, config, database, table_files
from promo.backups import BackupError, Entangled, Manifest, is_inside
from promo.capturing import bring, walked
from promo.config import Settings
from promo.files import only_one, only_one_in, sync
from promo.swapping import swap_in

OWN = {"code.key", "database.url"}  # that may lie in a new house's folder before it is restored
KEPT = {"templates", "code.key"}  # of a house whose settings are named: its own stay, if it has any


@dataclass(frozen=True)
class Restored:
    """Where the house is, what it was made from, and whether it has list-code keys."""

    folder: Path
    manifest: Manifest
    has_keys: bool


def into(backup: Path, house: Path) -> Restored:
    """Make a house in a new folder, with the settings that it had. Raises BackupError, Busy."""
    manifest = backups.verified(backup)
    _refuse_within(backup, house)
    if not manifest.whole:
        raise BackupError(
            f"{backup} holds a database alone: name the settings of its house with --config, and "
            "leave --into out."
        )
    house = house.absolute()
    if _is_full(house, besides=OWN):
        raise BackupError(f"{house} is not empty: name a folder that is new. Nothing was restored.")
    working = _beside(house)
    with only_one_in(working, "restore"):
        for path in working.iterdir():  # what a dead one left
            _remove(path)
        try:
            settings = _settled(backup, house, working)
            for name, source, target in _parts(backup, settings):
                if name not in KEPT or not target.exists():
                    _copy(source, target)
            with _filled(backup, manifest, settings):
                has_keys = bool(settings.secret("PROMO_CODE_KEYS", "code.key"))
        except BaseException:
            shutil.rmtree(working, ignore_errors=True)
            raise
        swap_in(working, house)
    return Restored(house, manifest, has_keys)


def _settled(backup: Path, house: Path, working: Path) -> Settings:
    """The backed-up settings in the working folder, with what the new house has of its own."""
    for name in OWN:
        if (house / name).is_file():
            shutil.copy2(house / name, working / name)
    bring(backup / "house" / "config.yaml", working / "config.yaml", linked=False)
    settings = config.load(working / "config.yaml")
    for name, path in settings.paths:
        if not path.resolve().is_relative_to(working.resolve()):
            raise BackupError(
                f"paths.{name} of the backed-up settings is {path}, outside of the house: write a "
                "config.yaml for the new place, name it with --config, and leave --into out."
            )
    return settings


def by_settings(backup: Path, settings: Settings) -> Restored:
    """Fill the empty places and the empty database that settings name. Raises BackupError, Busy."""
    manifest = backups.verified(backup)
    places = [target for _, _, target in _parts(backup, settings)]
    _refuse_within(backup, settings.paths.state, *places, *_file(settings))
    with only_one(settings.paths.state / "promo.lock", "restore"):
        parts = [
            (source, target)
            for name, source, target in (_parts(backup, settings) if manifest.whole else ())
            if name not in KEPT or not _is_full(target)
        ]
        for _, target in parts:
            if _is_full(target):
                raise BackupError(
                    f"{target} is not empty: a backup is restored where no house is. Nothing was "
                    "restored."
                )
        with _placed(parts), _filled(backup, manifest, settings):
            pass
    keys = settings.secret("PROMO_CODE_KEYS", "code.key")
    return Restored(settings.folder, manifest, bool(keys))


def _file(settings: Settings) -> list[Path]:
    """The database, where it is a file."""
    url = database.connect(settings.database_url).url
    return [Path(url.database)] if url.get_backend_name() == "sqlite" and url.database else []


def _refuse_within(backup: Path, *places: Path) -> None:
    """Raise Entangled where a house would come to lie in the backup, which then is none."""
    for place in places:
        if is_inside(place, backup):
            raise Entangled(
                f"{place} lies in the backup {backup}, which it would ruin: name a place outside "
                "of it. Nothing was restored."
            )


def _parts(backup: Path, settings: Settings) -> list[tuple[str, Path, Path]]:
    """What stands in a backup beside tables and settings: name, where it is, where it belongs."""
    paths = settings.paths
    targets = {
        "lake": paths.lake, "models": paths.models, "out": paths.out,
        "templates": paths.templates, "rejects": paths.state / "rejects",
        "code.key": settings.folder / "code.key",
    }  # fmt: skip
    house = backup / "house"
    return [(n, house / n, target) for n, target in targets.items() if (house / n).exists()]


def _copy(source: Path, target: Path) -> None:
    """Copy a file or a folder; never a link, so that the house and its backup stay apart."""
    for path in walked(source):
        copied = target / path.relative_to(source)
        bring(path, copied, linked=False)
        shutil.copymode(path, copied)
    if target.is_dir():
        for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
            sync(folder)


@contextmanager
def _placed(parts: list[tuple[Path, Path]]) -> Iterator[None]:
    """Copy parts beside where they belong, then put all in place; away again if the block fails."""
    placed = []
    try:
        for source, target in parts:
            _remove(_beside(target))
            _copy(source, _beside(target))
        for _, target in parts:
            _beside(target).rename(target)
            placed.append(target)
            sync(target.parent)
        yield
    except BaseException:
        for path in (*placed, *(_beside(target) for _, target in parts)):
            _remove(path)
        raise


@contextmanager
def _filled(backup: Path, manifest: Manifest, settings: Settings) -> Iterator[None]:
    """Load the tables; they count when the block has ended well. Raises BackupError."""
    engine = database.connect(settings.database_url)
    try:
        _refuse_rows(engine, manifest)
        database.migrate(engine, manifest.revision)
        with database.sentences(engine), engine.begin() as connection:
            table_files.load(connection, backup, manifest.tables)
            yield
        database.migrate(engine)
    finally:
        engine.dispose()


def _refuse_rows(engine: Engine, manifest: Manifest) -> None:
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and not Path(file).exists():
        return
    at = database.revision(engine)
    with database.sentences(engine), engine.connect() as connection:
        if not table_files.are_empty(connection):
            raise BackupError(
                f"The database {engine.url.database} is not empty: name a new one "
                "(PROMO_DATABASE_URL, or database.url beside the settings). Nothing was restored."
            )
    if at is not None and at > manifest.revision:
        raise BackupError(
            f"The database {engine.url.database} is at version {at} already, the backup at "
            f"{manifest.revision}: name one without any tables. Nothing was restored."
        )


def _is_full(path: Path, besides: Set[str] = frozenset()) -> bool:
    """Whether something stands at a path: a file, or a folder with anything in it."""
    if not path.is_dir():
        return path.exists()
    return bool({each.name for each in path.iterdir()} - besides)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.restoring")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
