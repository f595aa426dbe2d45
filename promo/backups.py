"""What a backup is: a folder of tables and files, and a manifest that has every one's digest.

<moment>-<schema>/
    backup.json                       the manifest, written last
    tables/<table>/<part>.parquet     the database, as promo.table_files has it
    house/                            config.yaml, templates, lake, models, out, rejects
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

from promo import schema
from promo.errors import Sentence
from promo.files import only_one_in, sha256, sync, write_text
from promo.table_files import Dumped, height

FORMAT = 1  # of the folder; it counts up where an older promo could not read it
MANIFEST = "backup.json"
WORKING = ".backup.new"


class BackupError(Sentence):
    """A backup cannot be made, or is not what it should be; the message says why."""


class Entangled(BackupError):
    """A house and its backup were to lie one inside the other."""

    exit_code = 2


def is_inside(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or lies in it, wherever links lead; neither need be there."""
    return path.resolve().is_relative_to(folder.resolve())


@dataclass(frozen=True)
class File:
    """What a file must be, to the byte."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class Manifest:
    """What stands in a backup. `whole`: the house, or its database alone."""

    made: str
    promo: str
    revision: str
    whole: bool
    delivery: int
    secrets: bool
    tables: tuple[Dumped, ...]
    files: dict[str, File] = field(repr=False)

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(file.bytes for file in self.files.values())


@contextmanager
def working(to: Path) -> Iterator[Path]:
    """A folder below `to` for a backup that is being made; gone when that fails.

    Nobody but its owner may look into it: it holds names and addresses. Raises Busy.
    """
    folder = to / WORKING
    with only_one_in(folder, "backup"):
        folder.chmod(0o700)
        _clear(folder)  # what a dead one left
        try:
            yield folder
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def finish(
    folder: Path, revision: str, tables: tuple[Dumped, ...], delivery: int = 0, *,
    whole: bool, secrets: bool = False,
) -> Path:  # fmt: skip
    """Write the manifest of a working folder and give it its name: moment and schema."""
    now = datetime.now(UTC)
    files = {name: File(sha256(folder / name), (folder / name).stat().st_size)
             for name in sorted(names(folder))}  # fmt: skip
    said = Manifest(
        now.isoformat(timespec="seconds"), version("promo"), revision, whole, delivery, secrets,
        tables, files,
    )  # fmt: skip
    for below, _, _ in os.walk(folder):
        sync(Path(below))
    write_text(folder / MANIFEST, json.dumps({"format": FORMAT} | asdict(said), indent=1) + "\n")
    target = _free(folder.parent, f"{now:%Y%m%dT%H%M%SZ}-{revision}")
    folder.rename(target)
    sync(target.parent)
    return target


def names(folder: Path) -> Iterator[str]:
    """The files below a folder, by their paths from there."""
    for below, _, found in os.walk(folder):
        for name in found:
            yield (Path(below) / name).relative_to(folder).as_posix()


def _free(folder: Path, name: str) -> Path:
    number = 1
    while (target := folder / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return target


def read(folder: Path) -> Manifest:
    """The manifest of a backup that this promo can read. Raises BackupError, DatabaseError."""
    path = folder / MANIFEST
    if not path.is_file():
        raise BackupError(
            f"There is no {MANIFEST} in {folder}: it is no backup, or not a whole one."
        )
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        number = raw.pop("format")
        found = _manifest(raw) if number == FORMAT else None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BackupError(f"{path} is not what `promo backup` wrote.") from None
    if found is None:
        raise BackupError(
            f"{folder} is a backup of format {number}, and this promo reads format {FORMAT}: use "
            "the promo that made it, or a newer one."
        )
    schema.check_not_newer(found.revision)
    return found


def _manifest(raw: dict[str, Any]) -> Manifest:
    tables = tuple(Dumped(t["name"], t["rows"], tuple(t["files"])) for t in raw["tables"])
    files = {name: File(**file) for name, file in raw["files"].items()}
    strange = [n for n in files if PurePosixPath(n).is_absolute() or ".." in PurePosixPath(n).parts]
    if strange or not {file for table in tables for file in table.files} <= files.keys():
        raise ValueError(strange)
    return Manifest(**raw | {"tables": tables, "files": files})


def verified(folder: Path) -> Manifest:
    """The manifest, once every file and every table has been held against it.

    Raises BackupError, naming what is missing, changed or too much.
    """
    found = read(folder)
    faults = [fault for name, file in found.files.items() if (fault := _fault(folder / name, file))]
    there = set(names(folder)) - {MANIFEST}
    faults += [
        f"{folder / name} does not belong to it" for name in sorted(there - set(found.files))
    ]
    if not faults:  # else it could not be read
        for table in found.tables:
            rows = sum(height(folder / name) for name in table.files)
            if rows != table.rows:
                faults.append(f"{table.name} holds {rows:,} rows, expected {table.rows:,}")
    if faults:
        others = f" (and {len(faults) - 3:,} more)" if len(faults) > 3 else ""
        raise BackupError(
            f"The backup {folder} is not whole: {'; '.join(faults[:3])}{others}. Nothing was "
            "restored: take another copy of it, or another backup."
        )
    return found


def _fault(path: Path, file: File) -> str:
    if not path.is_file():
        return f"{path} is missing"
    if path.stat().st_size != file.bytes or sha256(path) != file.sha256:
        return f"{path} is not what was written"
    return ""
