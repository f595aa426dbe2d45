"""A folder takes the place of another as a whole, also after a kill in between."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from promo import swapping
from promo.swapping import restore, swap_in


def folder(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "run.json").write_text(text)
    return path


def test_swap_in(tmp_path: Path) -> None:
    target = tmp_path / "2017-11-06"
    swap_in(folder(tmp_path / ".2017-11-06.new", "first"), target)
    assert (target / "run.json").read_text() == "first"
    swap_in(folder(tmp_path / ".2017-11-06.new", "second"), target)
    assert (target / "run.json").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith((".2", "2"))] == [
        "2017-11-06"
    ]


@pytest.mark.parametrize("left", [[".2017-11-06.old"], [".2017-11-06.old", "2017-11-06"]])
def test_swap_in_after_a_killed_swap(tmp_path: Path, left: list[str]) -> None:
    """Killed before the new folder took its place, or before the old one was removed."""
    for name in left:
        folder(tmp_path / name, "before")
    swap_in(folder(tmp_path / ".2017-11-06.new", "again"), tmp_path / "2017-11-06")
    assert (tmp_path / "2017-11-06" / "run.json").read_text() == "again"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2017-11-06"]


WITHOUT: list[Path] = []  # targets that are looked for before each rename and removal
MISSING: list[Path] = []


def _hear(name: str, _: tuple[object, ...]) -> None:
    if name in ("os.rename", "os.remove", "os.rmdir", "os.mkdir"):
        MISSING.extend(path for path in WITHOUT if not path.is_dir())


sys.addaudithook(_hear)


@contextmanager
def looked_for(target: Path) -> Iterator[list[Path]]:
    """Note when a folder is missing in the block, before each change that Python makes."""
    WITHOUT.append(target)
    try:
        yield MISSING
    finally:
        WITHOUT.clear()
        MISSING.clear()


def test_the_target_is_never_missing(tmp_path: Path) -> None:
    target = folder(tmp_path / "x", "old")
    with looked_for(target) as missing:
        swap_in(folder(tmp_path / ".x.new", "new"), target)
        assert missing == []
    assert (target / "run.json").read_text() == "new"


def test_a_file_system_that_cannot_exchange(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "_exchange", lambda *_: False)
    target = folder(tmp_path / "x", "old")
    swap_in(folder(tmp_path / ".x.new", "new"), target)
    assert (target / "run.json").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_what_two_strokes_left_is_put_back(tmp_path: Path) -> None:
    folder(tmp_path / ".x.gone", "old")
    restore(tmp_path / "x")
    assert (tmp_path / "x" / "run.json").read_text() == "old"
    folder(tmp_path / ".x.gone", "older")
    restore(tmp_path / "x")
    assert (tmp_path / "x" / "run.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_an_exchange_that_fails_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        swapping._exchange(tmp_path / "none", tmp_path / "nothing")


def test_all_of_it_is_on_disk_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder whose files were not flushed would be whole in name only after a power cut."""
    synced: list[Path] = []
    monkeypatch.setattr(swapping, "sync", synced.append)
    new = folder(tmp_path / ".x.new", "new")
    folder(new / "stores", "one")
    swap_in(new, tmp_path / "x")
    assert set(synced) == {
        new, new / "run.json", new / "stores", new / "stores" / "run.json", tmp_path,
    }  # fmt: skip
