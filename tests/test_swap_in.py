"""A folder takes the place of another as a whole, also after a kill in between."""

from pathlib import Path

import pytest

from promo.swapping import swap_in


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
