"""The good house, built once: never write to it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_house

from checking import good
from promo.house import House


@pytest.fixture(scope="session")
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


@pytest.fixture
def either(fine: House, database_url: str) -> Iterator[House]:
    """The same on both databases; on PostgreSQL its files are the same."""
    house = fine if database_url.startswith("sqlite") else good.moved_to(fine, database_url)
    yield house
    house.engine.dispose()
