"""`promo offers preview` on the small house: what it says, and that nothing is left of it."""

import hashlib
import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_house
from small_house import FIRST, offer, promo
from sqlalchemy import select

from promo import tables
from promo.house import House

PETS = [code for code, category in small_house.CATEGORY.items() if category == "CAT FOOD"]
RICH = offer(
    50, PETS, title="Cat food, rich", reward={"amount_off": "2.00"}, funder="Rich",
    ladder={"heavy": "3.00", "medium": "2.50", "light": "2.00"},
    budget={"money": "5000.00", "redemptions": 5000},
)  # fmt: skip


def write(folder: Path, *written: dict[str, Any]) -> str:
    path = folder.parent / "offers.yaml"
    path.write_text(json.dumps({"offers": written}), encoding="utf-8")
    return str(path)


def preview(folder: Path, *written: dict[str, Any], code: int = 0) -> dict[str, Any]:
    source = write(folder, *written)
    day = ["--day", FIRST.isoformat(), "--json"]
    found: dict[str, Any] = json.loads(
        promo(folder, "offers", "preview", source, *day, code=code).stdout
    )
    return found


def state(folder: Path) -> dict[str, Any]:
    """Every file of a house, and every row of its database."""
    house = small_house.reopen(folder)
    with house.engine.connect() as connection:
        rows: dict[str, Any] = {
            table.name: list(map(tuple, connection.execute(select(table))))
            for table in tables.Base.metadata.sorted_tables
        }
    house.engine.dispose()
    files = {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("promo.db")
    }
    return rows | files


@pytest.fixture
def drop(small: Path) -> Path:
    """The folder of a small house that makes all its lists on FIRST; nothing by chance."""
    small_house.one_big_drop(small)
    for name, share in (("discovery_slots", 2), ("control_households", 0.02),
                        ("control_offers", 0.02)):  # fmt: skip
        small_house.change(small, f"{name}: {share}", f"{name}: 0")
    return small


def decisions(house: House) -> pl.DataFrame:
    frame = pl.read_parquet(house.settings.paths.lake / "decisions" / f"{FIRST}.parquet")
    return frame.filter("chosen")


def test_what_is_said_is_what_the_night_then_does(drop: Path) -> None:
    house = small_house.reopen(drop)
    small_house.night(house)
    before = decisions(house).select("shopper", "offer")
    found = preview(drop, RICH)
    [said] = found["offers"]
    source = write(drop, RICH)
    promo(drop, "offers", "import", source)
    small_house.night(house)
    after = decisions(house)
    mine = after.filter(pl.col("offer") == "o50")
    assert (said["id"], said["title"], said["lists"]) == ("o50", "Cat food, rich", mine.height)
    assert mine.height > 3
    p, worth = mine["probability"], mine["worth"]
    expected = {
        "redemptions": p.sum(), "cost": (p * worth).sum(), "funder_cost": (p * worth).sum(),
        "incremental_margin": mine["incremental_margin"].sum(),
    }  # fmt: skip
    for name, value in expected.items():
        assert said[name]["expected"] == pytest.approx(value)
        assert said[name]["low"] <= value <= said[name]["high"]
    gone = before.join(after, on=["shopper", "offer"], how="anti").join(
        mine, on="shopper", how="semi"
    )
    assert said["displaced"] == dict(gone["offer"].value_counts().iter_rows())
    assert said["displaced"]
    assert said["eligible"] == said["lists"] + sum(said["why"].values())
    cells = said["cells"]
    assert sum(cell["eligible"] for cell in cells) == said["eligible"]
    assert sum(cell["lists"] for cell in cells) == said["lists"]


def test_nothing_is_stored(drop: Path) -> None:
    small_house.night(small_house.reopen(drop))
    before = state(drop)
    preview(drop, RICH, small_house.offers()[5] | {"budget": {"money": 999, "redemptions": 999}})
    assert state(drop) == before


def test_what_is_not_folded_is_said(drop: Path) -> None:
    assert preview(drop, RICH)["notices"] == []
    shutil.rmtree(drop / "lake" / "profiles")
    found = preview(drop, RICH)
    assert found["households"] == 0
    [notice] = found["notices"]
    assert notice.startswith("256 of 256 buckets of households were never folded: ")


def test_households_with_a_list_of_last_week_count_as_well(small: Path) -> None:
    """The fortnight's other nights come when those lists are over."""
    house = small_house.reopen(small)
    fresh = preview(small, RICH)
    assert fresh["households"] > 20
    for n in range(3):
        small_house.night(house, FIRST - timedelta(n + 1))
    with house.engine.connect() as connection:
        assert connection.execute(select(tables.ShopperList.shopper)).all()
    again = preview(small, RICH)
    assert again["households"] == fresh["households"]
    assert "elsewhere" not in again["offers"][0]["why"]


def test_a_fortnight_may_use_a_fortnights_budget(small: Path) -> None:
    """Its wave is the whole fortnight, though the night of that day is a fourteenth of it."""
    small_house.change(small, "pace: 1.5", "pace: 1.0")
    scarce = RICH | {"ends": "2017-12-02", "budget": {"money": "30.00", "redemptions": 12}}
    calm = preview(small, scarce)["offers"][0]
    small_house.change(small, "pace: 1.0", "pace: 1000.0")
    free = preview(small, scarce)["offers"][0]
    assert calm["lists"] == free["lists"] > 3


def test_refused_offers_and_those_of_another_time(small: Path) -> None:
    late = RICH | {"id": "o51", "starts": "2018-01-01"}
    source = write(small, RICH, late, RICH | {"id": "o52", "reward": {"amount_off": "-1"}})
    found = promo(small, "offers", "preview", source, "--day", f"{FIRST}", code=1)
    assert "Refused. " in found.stderr
    assert "o52" in found.stderr
    assert "o51: not good for lists of that day, or without budget" in found.stdout
    assert "o50: Cat food, rich\n" in found.stdout
    assert "households could get it, " in found.stdout
    assert "Nine in ten lie between." in found.stdout


def test_an_offer_that_nobody_should_get(small: Path) -> None:
    """A manufacturer's trial that wins nobody who would not buy anyway."""
    [said] = preview(small, RICH | {"objective": "trial"})["offers"]
    nothing = {"expected": 0.0, "low": 0.0, "high": 0.0}
    assert (said["lists"], said["displaced"]) == (0, {})
    assert said["eligible"] > said["why"]["worthless"] > 10
    assert said["cost"] == said["redemptions"] == said["incremental_margin"] == nothing
