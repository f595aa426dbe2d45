"""What killed commands left: temporary files, working folders that nobody will come back to.

Swept by the next command that holds the house. Never what belongs to a process that lives, nor
what an interrupted print can take up again.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from promo.config import Settings
from promo.files import Busy, lives, only_one_in
from promo.swapping import aside, restore

TEMPORARY = re.compile(r"\..+\.(\d+)\.tmp")  # of promo.files.replacing: the writer's number in it
WORKING = re.compile(r"\.(.+)\.new")  # of promo.printing
RECORDS = re.compile(r"\.(.+)\.made")
FITTING = re.compile(r"\..+\.tmp")  # of promo.shoppers.models, beside the fitted ones
SWAPPED = re.compile(r"\.(.+)\.(?:old|gone)")  # of promo.swapping
PATIENCE = 2 * 86_400  # seconds that a dead print may wait for somebody to finish it


def sweep(settings: Settings) -> None:
    """Remove them from the house; the caller holds its lock."""
    paths = settings.paths
    for folder in (settings.folder, paths.state, paths.state / "rejects", paths.out, paths.models):
        _sweep_files(folder.glob(".*.tmp"))
    _sweep_files(paths.models.glob("*/.*.tmp"))
    _sweep_files(_below(paths.lake))
    for folder in (paths.out, paths.models):
        for path in sorted(folder.glob(".*")):
            if path.is_dir():
                _sweep_folder(path, fitting=folder == paths.models)


def _below(folder: Path) -> Iterator[Path]:
    """Temporary files anywhere below a folder."""
    for at, _, names in os.walk(folder):
        yield from (Path(at, name) for name in names if name.endswith(".tmp"))


def _sweep_files(found: Iterator[Path]) -> None:
    for path in list(found):
        own = TEMPORARY.fullmatch(path.name)
        # One of our own number is another's: this process has not written anything yet.
        if own and not path.is_dir() and (int(own[1]) == os.getpid() or not lives(int(own[1]))):
            path.unlink(missing_ok=True)


def _sweep_folder(path: Path, *, fitting: bool) -> None:
    if fitting and FITTING.fullmatch(path.name):
        shutil.rmtree(path, ignore_errors=True)
    elif found := SWAPPED.fullmatch(path.name):
        target = path.with_name(found[1])
        held = aside(target) if aside(target).is_dir() else path
        with suppress(Busy), only_one_in(held, "print"):
            restore(target)
            if not _taken_up(target):
                shutil.rmtree(path, ignore_errors=True)
    elif _is_old(path) and WORKING.fullmatch(path.name):
        with suppress(Busy), only_one_in(path, "print"):
            shutil.rmtree(path, ignore_errors=True)
    elif _is_old(path) and RECORDS.fullmatch(path.name):
        shutil.rmtree(path, ignore_errors=True)


def _taken_up(target: Path) -> bool:
    """Whether a print died between its last volume and its end; the next one takes it up."""
    return target.with_name(f".{target.name}.made").is_dir()


def _is_old(path: Path) -> bool:
    return time.time() - path.stat().st_mtime > PATIENCE
