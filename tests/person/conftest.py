"""One house in which people have lived, built once and copied for each test."""

import shutil
from pathlib import Path

import pytest
import small_house

from person import people
from promo.house import House


@pytest.fixture(scope="session")
def living(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a house of people; never write to it."""
    house = people.living(built, tmp_path_factory.mktemp("living") / "house")
    house.engine.dispose()
    return house.settings.folder


@pytest.fixture
def home(living: Path, tmp_path: Path) -> House:
    """A copy of it to work in."""
    return small_house.reopen(Path(shutil.copytree(living, tmp_path / "home")))
