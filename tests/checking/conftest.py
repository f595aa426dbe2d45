"""The good house, built once: never write to it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_house

from checking import good
from promo.house import House


@pytest.fixture(scope="module")
def good_folder(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a house after a fortnight, in which nothing is wrong."""
    folder = tmp_path_factory.mktemp("good") / "house"
    good.build(built, folder).engine.dispose()
    return folder


@pytest.fixture
def fine(good_folder: Path, tmp_path: Path) -> Iterator[House]:
    """A copy of it to work in."""
    house = small_house.reopen(Path(shutil.copytree(good_folder, tmp_path / "fine")))
    yield house
    house.engine.dispose()
