"""What killed commands left goes; what lives, and what can be taken up, stays."""

import os
import subprocess
from pathlib import Path

import pytest

from promo import leftovers
from promo.config import Settings
from promo.files import only_one_in

DEAD = 999_999_999  # above every number that Linux gives
DAYS = 86_400


def put(path: Path, days_old: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    moment = path.stat().st_mtime - days_old * DAYS
    os.utime(path, (moment, moment))
    os.utime(path.parent, (moment, moment))
    return path


def test_temporary_files_of_the_dead_go(settings: Settings) -> None:
    paths = settings.paths
    with subprocess.Popen(["sleep", "60"]) as living:
        places = [
            settings.folder, paths.state / "rejects", paths.out, paths.models,
            paths.models / "2017-11-06", paths.lake / "shown", paths.lake / "profiles" / "017",
            paths.lake / "scans" / "2017-11-05",
        ]  # fmt: skip
        dead = [put(place / f".x.csv.{DEAD}.tmp") for place in places]
        own = put(paths.lake / "shown" / f".y.parquet.{os.getpid()}.tmp")
        kept = [put(place / f".x.csv.{living.pid}.tmp") for place in places]
        kept += [put(paths.lake / "x.tmp"), put(paths.out / "2017-11-06" / "lists.pdf")]
        kept += [put(paths.lake / "shown" / ".x.csv.1.tmp")]  # of somebody else's process
        leftovers.sweep(settings)
        living.kill()
    assert [path for path in (*dead, own) if path.exists()] == []
    assert [path for path in kept if not path.exists()] == []


@pytest.mark.parametrize(
    ("name", "days", "stays"),
    [
        (".2017-11-06.new", 1, True),
        (".2017-11-06.new", 3, False),
        (".2017-11-06.made", 1, True),
        (".2017-11-06.made", 3, False),
        (".2017-11-06.old", 0, False),
        (".2017-11-06.new", -1, True),  # the clock was set back
        (".git", 9, True),
    ],
)
def test_folders_of_dead_prints(settings: Settings, name: str, days: float, *, stays: bool) -> None:
    put(settings.paths.out / name / "lists.pdf", days)
    leftovers.sweep(settings)
    assert (settings.paths.out / name).exists() == stays


def test_a_print_at_work_keeps_its_folder(settings: Settings) -> None:
    working = put(settings.paths.out / ".2017-11-06.new" / "lists.pdf", 3).parent
    waiting = settings.paths.out / ".2017-11-07.old"
    with only_one_in(working, "print"), only_one_in(waiting, "print"):
        leftovers.sweep(settings)
        assert working.is_dir()
        assert waiting.is_dir()


def test_what_died_in_its_swap(settings: Settings) -> None:
    """The old folder comes back where there is none; the new one waits for who takes it up."""
    out, models = settings.paths.out, settings.paths.models
    put(out / ".a.gone" / "file")
    put(out / ".a.old" / "file")
    put(out / ".a.made" / "file")
    put(out / ".b.gone" / "old")
    put(out / "b" / "new")
    put(models / ".2017-11-06.gone" / "card.json")
    put(models / ".2017-11-06.old" / "card.json")
    put(models / ".2017-11-13.tmp" / "card.json")
    leftovers.sweep(settings)
    assert sorted(path.name for path in out.iterdir()) == [".a.made", ".a.old", "a", "b"]
    assert [path.name for path in (out / "b").iterdir()] == ["new"]
    assert sorted(path.name for path in models.iterdir()) == ["2017-11-06"]
