"""Models, and the house's own things: that they load, and that the right one is in use."""

import shutil
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from promo.checking.findings import LOOK, WRONG, Check, Finding, several
from promo.checking.look import Look
from promo.checking.parquet import BROKEN, cause
from promo.errors import Sentence
from promo.lists.articles import library
from promo.lists.content import content
from promo.offers import response
from promo.shoppers import models, prices, shelf
from promo.shoppers.models import PRIOR, TASTE

SECRETS = ("code.key", "database.url")
ROOM = 3  # so many times the largest night must find room on the disk
LEAST = 100 * 2**20  # bytes
FIT = "Fit again, or set it aside: `promo models rollback`."


# --- models ---------------------------------------------------------------------------------------


def of_shelf(look: Look) -> Iterator[Finding]:
    """Every model can be loaded, each file of it, and was fitted on days before its own."""
    root = look.settings.paths.models
    used = _in_use(look)
    folders = sorted(path for path in root.glob("????-??-??") if path.is_dir())
    for folder in (*folders, *(path for path in (root / PRIOR,) if path.is_dir())):
        for said in _faults(root, folder):
            yield Finding(look.shown(folder), "the model cannot be used:", said,
                          "files as `promo fit` writes them", FIT,
                          WRONG if folder.name == used else LOOK, moves=True)  # fmt: skip
    if used is None:
        yield Finding(look.shown(root), f"there is for {look.today}", "no model",
                      "a fitted one or the shipped prior",
                      "Run `promo fit`, or copy the project's models/prior.")  # fmt: skip
    yield from _named(look)


def _in_use(look: Look) -> str | None:
    root = look.settings.paths.models
    found = shelf.newest(root, look.today)
    return found or (PRIOR if (root / PRIOR).is_dir() else None)


def _faults(root: Path, folder: Path) -> Iterator[str]:
    try:
        model = models.load(folder)
        if (folder / TASTE).is_dir():
            models.taste(root, model)
        models.clubs(root, folder.name)
        response.load(root, folder.name)
        prices.load(root, folder.name)
        shelf.set_aside(folder)
    except (Sentence, KeyError, *BROKEN) as error:
        yield cause(error)
        return
    last = model.card.get("last_day")
    if folder.name != PRIOR and isinstance(last, str) and last >= folder.name:
        yield f"it was fitted on days up to {last}"


def _named(look: Look) -> Iterator[Finding]:
    """Models that made lists which are still about."""
    root = look.settings.paths.models
    open_ = [run for run in look.made if _last(run) >= look.today]
    gone = sorted({
        f"{run.report['models']['cycles']}"
        for run in open_
        if not (root / run.report["models"]["cycles"]).is_dir()
    })  # fmt: skip
    if gone:
        yield Finding(
            look.shown(root), "lists that are good today were made by models that are gone:",
            several(gone), "their folders", "Restore them: nobody can say why a list is as it is.",
            LOOK,
        )  # fmt: skip


def _last(run: Any) -> date:
    return date.fromisoformat(run.report["last_day"])


# --- settings -------------------------------------------------------------------------------------


def settings(look: Look) -> Iterator[Finding]:
    """Folders are there and can be read, secrets are for their owner's eyes, disks have room."""
    yield from _places(look)
    yield from _secrets(look)
    yield from _room(look)


def _places(look: Look) -> Iterator[Finding]:
    paths = look.settings.paths
    for name in ("state", "lake", "models", "templates"):
        folder: Path = getattr(paths, name)
        if not folder.is_dir():
            yield Finding(
                "config.yaml", f"`paths.{name}` is", f"{folder}", "a folder that is there",
                "Mend the path, or restore the folder.",
            )  # fmt: skip
    try:
        content(paths.templates)
        library(paths.templates)
    except (Sentence, OSError) as error:
        yield Finding(look.shown(paths.templates), "the chain's clubs or articles cannot be read:",
                      cause(error), "content.yaml and articles as the project has them",
                      "Mend the file: a night would stop at it.")  # fmt: skip


def _secrets(look: Look) -> Iterator[Finding]:
    for name in SECRETS:
        path = look.settings.folder / name
        if path.is_file() and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
            yield Finding(
                name, "others than its owner may open it; its mode is", f"{mode:o}", "600",
                f"Run `chmod 600 {name}`; if it was read, make a new secret.", LOOK,
            )  # fmt: skip


def _room(look: Look) -> Iterator[Finding]:
    """A disk that the next nights would fill."""
    paths = look.settings.paths
    need = max(LEAST, ROOM * max((_bytes(look, run.night) for run in look.made[-14:]), default=0))
    for name in ("state", "lake", "out"):
        folder: Path = getattr(paths, name)
        if folder.is_dir() and (free := shutil.disk_usage(folder).free) < need:
            yield Finding(
                f"the disk of `paths.{name}`", "free are", f"{free // 2**20:,} MiB",
                f"{need // 2**20:,} MiB, {ROOM} times the largest of the last nights",
                "Make room: move handed-over folders away.", LOOK,
            )  # fmt: skip


def _bytes(look: Look, night: date) -> int:
    folder = look.settings.paths.out / f"{night}"
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


CHECKS = (
    Check("models", "models can be loaded, and one is in use", of_shelf),
    Check("settings", "folders are there, secrets are secret, disks have room", settings),
)
