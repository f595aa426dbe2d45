"""Publishing: only whole drafts are frozen, and once."""

from pathlib import Path

import pytest
import small_house
from small_house import FIRST, reopen
from sqlalchemy import delete, select

from promo import tables
from promo.house import House
from promo.publishing import PublishError, publish


@pytest.fixture
def draft(small: Path) -> House:
    """A small house with the draft of a wave of three households."""
    house = reopen(small)
    assert small_house.night(house)["counts"]["lists"] > 0
    return house


def state(house: House) -> str | None:
    with house.engine.connect() as connection:
        return connection.execute(select(tables.Run.state)).scalar()


def test_publishing_a_draft_once_and_again(draft: House) -> None:
    report = publish(draft, FIRST)
    assert state(draft) == "published"
    assert report["counts"]["lists"] > 0
    # Handed over, the files may be moved away.
    (draft.settings.paths.out / f"{FIRST}").rename(draft.settings.folder / "printed")
    assert publish(draft, FIRST) == report


def test_a_night_that_was_never_made(small: Path) -> None:
    with pytest.raises(PublishError, match="There is no draft of 2017-11-06: run `promo nightly"):
        publish(reopen(small), FIRST)


@pytest.mark.parametrize("name", ["lists.pdf", "lists.html", "manifest.csv", "run.json"])
@pytest.mark.parametrize("missing", [True, False])
def test_a_file_that_is_missing_or_changed(draft: House, name: str, *, missing: bool) -> None:
    path = draft.settings.paths.out / f"{FIRST}" / name
    whole = path.read_bytes()
    if missing:
        path.unlink()
    else:
        path.write_bytes(whole[:-3])
    with pytest.raises(PublishError, match=rf"{name} is (missing or is )?not what the night wrote"):
        publish(draft, FIRST)
    assert state(draft) == "draft"
    path.write_bytes(whole)
    publish(draft, FIRST)
    assert state(draft) == "published"


def test_lists_that_are_not_those_printed(draft: House) -> None:
    with draft.engine.begin() as connection:
        last = select(tables.ShopperList.counter).order_by(tables.ShopperList.counter.desc())
        gone = connection.execute(last.limit(1)).scalar()
        connection.execute(delete(tables.ShopperList).where(tables.ShopperList.counter == gone))
    with pytest.raises(PublishError, match="printed other lists than are stored"):
        publish(draft, FIRST)
    assert state(draft) == "draft"
