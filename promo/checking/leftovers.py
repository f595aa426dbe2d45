"""What killed commands left: files half written, working folders, changes of households."""

import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from promo import tables
from promo.checking.findings import LOOK, Check, Finding
from promo.checking.look import Look
from promo.files import lives
from promo.leftovers import TEMPORARY

FOLDER = re.compile(r"\.(.+)\.(new|old|gone|made|tmp)")
NIGHT = re.compile(r"\d{4}-\d\d-\d\d")
AN_HOUR = 3600.0  # seconds: a print that is at work changes something more often


def leftovers(look: Look) -> Iterator[Finding]:
    """No half-written file and no working folder is left of a command that is dead."""
    paths = look.settings.paths
    state = [path for path in paths.state.glob(".*") if path.is_file()]
    rejects, lake = (paths.state / "rejects").rglob(".*"), paths.lake.rglob(".*")
    beside = (*paths.out.rglob(".*"), *paths.models.rglob(".*"))
    for path in sorted({*state, *rejects, *lake, *beside}):
        temporary, folder = TEMPORARY.fullmatch(path.name), FOLDER.fullmatch(path.name)
        if temporary and not path.is_dir():
            if not lives(int(temporary[1])):
                yield _left(look, path, "a file half written", "Remove it.")
        elif folder and path.is_dir() and not _is_at_work(look, path, folder[1]):
            yield _left(look, path, "a working folder", ADVICE[folder[2]])


ADVICE = {
    "new": "The next run of the same command takes it up or removes it; you may remove it, too.",
    "old": "It is what a new folder took the place of. If the new one is there, remove it.",
    "gone": "The next command puts it back if what was to come is not there; or removes it.",
    "made": "The next print of that night takes it up; you may remove it.",
    "tmp": "Remove it.",
}


def _is_at_work(look: Look, path: Path, name: str) -> bool:
    """Whether somebody may still write there: nights print under the house's lock, others need not.

    Whether the folder itself is locked is not tried: a print that begins would find it taken.
    """
    if look.holder is not None:
        return True
    if NIGHT.fullmatch(name):
        return False
    newest = max(each.stat().st_mtime for each in (path, *path.rglob("*")))
    return look.now.timestamp() - newest < AN_HOUR


def _left(look: Look, path: Path, what: str, todo: str) -> Finding:
    return Finding(look.shown(path), "a command that died left", what, "nothing", todo, LOOK,
                   moves=True)  # fmt: skip


def changes(look: Look) -> Iterator[Finding]:
    """Every change of households that was begun is done."""
    change = tables.HouseholdChange
    query = select(change.kind, change.day, change.state).where(change.state != "done")
    for kind, day, state in look.rows(query.order_by(change.id)):
        yield Finding(
            f"the {kind} of households begun on {day}", "it is", state, "done",
            "It was killed. The next command that changes the house finishes it, such as `promo "
            "ingest`; until then other checks may find what it has half done.", LOOK, moves=True,
        )  # fmt: skip


CHECKS = (
    Check("changes", "every change of households that was begun is done", changes),
    Check("leftovers", "nothing half written is left of commands that died", leftovers),
)
