"""The drill of docs/backup.md, as it is run by hand."""

import shutil
from pathlib import Path

import pytest
import restore_drill
import small_house

from promo.house import House


def test_the_drill(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def copied(folder: Path) -> House:
        return small_house.reopen(Path(shutil.copytree(built, folder)))

    monkeypatch.setattr(small_house, "build", copied)  # it is built once for all tests
    monkeypatch.setattr("sys.argv", ["restore-drill"])
    assert restore_drill.main() == 0
    said = capsys.readouterr().out
    assert "opens" in said
    assert "the drill went well" in said
