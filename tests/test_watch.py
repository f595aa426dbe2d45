"""The calibration watch, on the small house: what was forecast beside what the tills say."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
import small_house
from small_house import CATEGORY, FIRST, FORTNIGHT, SCANS, feed, night, promo, reopen

from promo import watch
from promo.house import House
from promo.publishing import publish

AFTER = FIRST + timedelta(14)


@pytest.fixture(scope="module")
def passed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house whose lists of FIRST are published and over, with all their days in the lake."""
    house = small_house.passed(built, tmp_path_factory.mktemp("passed") / "house")
    house.engine.dispose()
    return house.settings.folder


@pytest.fixture
def over(passed: Path, tmp_path: Path) -> House:
    """A copy of it to work in."""
    return reopen(Path(shutil.copytree(passed, tmp_path / "over")))


def kept(house: House) -> dict[str, bytes]:
    paths = (house.settings.paths.lake / "watch").glob("*")
    return {path.name: path.read_bytes() for path in sorted(paths)}


def counted(house: House) -> list[tuple[float, int]]:
    """Probability, and bought or not, of each due item of FIRST, from the scans themselves."""
    shown = pl.read_parquet(house.settings.paths.lake / "shown" / f"{FIRST}.parquet")
    bought = {
        (scan["card"], CATEGORY[scan["product"]])
        for scan in SCANS
        if scan["business_day"] >= FIRST and scan["quantity"] > 0
    }
    due = shown.filter(pl.col("kind") == "due")
    return [
        (row["probability"], int((f"c{row['shopper']}", row["item"]) in bought))
        for row in due.iter_rows(named=True)
    ]


def test_what_was_forecast_is_held_against_what_was_bought(over: House) -> None:
    pairs = counted(over)
    assert len(pairs) > 100
    assert {y for _, y in pairs} == {0, 1}
    (found,) = night(over, AFTER)["calibration"]
    assert (found["night"], found["model"], found["rows"]) == (f"{FIRST}", "prior", len(pairs))
    assert found["predicted"] == pytest.approx(sum(p for p, _ in pairs) / len(pairs), abs=5.1e-5)
    assert found["bought"] == pytest.approx(sum(y for _, y in pairs) / len(pairs), abs=5.1e-5)
    assert 0 < found["calibration_error"] < 1
    assert list(kept(over)) == [f"{FIRST}.json"]
    sums = json.loads(kept(over)[f"{FIRST}.json"])
    assert set(sums) == {"night", "model", "watched", "rows", "log_loss", "squares", "bins"}
    assert sum(each["bought"] for each in sums["bins"]) == sum(y for _, y in pairs)
    assert watch.by_model(over.settings.paths.lake) == {
        "prior": {k: v for k, v in found.items() if k not in ("night", "model")} | {"nights": 1}
    }


def test_a_night_run_again_says_the_same_and_a_later_one_nothing(over: House) -> None:
    first = night(over, AFTER)["calibration"]
    files, run = kept(over), (over.settings.paths.out / f"{AFTER}" / "run.json").read_bytes()
    late = [small_house.scan("300", FIRST, 99, "150", 900)]
    assert night(over, AFTER)["calibration"] == first
    assert kept(over) == files
    assert (over.settings.paths.out / f"{AFTER}" / "run.json").read_bytes() == run
    feed(over, late, "late.csv")
    assert watch.run(over, AFTER + timedelta(1)) == []
    assert kept(over) == files


@pytest.mark.parametrize("day", [FORTNIGHT[1], FORTNIGHT[-1]])
def test_lists_that_are_still_good_are_not_watched(over: House, day: date) -> None:
    assert watch.run(over, day) == []
    assert kept(over) == {}


def test_lists_are_watched_once_even_where_nights_were_skipped(over: House) -> None:
    assert len(watch.run(over, AFTER + timedelta(20))) == 1
    assert watch.run(over, AFTER + timedelta(21)) == []


def test_drafts_and_nights_without_their_record_are_not_watched(small: Path) -> None:
    small_house.one_big_drop(small)
    house = reopen(small)
    night(house)
    feed(house, [scan for scan in SCANS if scan["business_day"] >= FIRST], "fortnight.csv")
    assert watch.run(house, AFTER) == []
    publish(house, FIRST)
    (small / "lake" / "shown" / f"{FIRST}.parquet").rename(small / "shown.parquet")
    assert watch.run(house, AFTER) == []
    (small / "shown.parquet").rename(small / "lake" / "shown" / f"{FIRST}.parquet")
    assert len(watch.run(house, AFTER)) == 1


def test_logs_that_have_not_come_are_waited_for(small: Path) -> None:
    small_house.one_big_drop(small)
    house = reopen(small)
    night(house)
    publish(house, FIRST)
    most = [s for s in SCANS if FIRST <= s["business_day"] < FORTNIGHT[-1]]
    for rows, expected in ((most, 0), (small_house.log_of(FORTNIGHT[-1]), 1)):
        feed(house, rows, f"{expected}.csv")
        assert len(watch.run(house, AFTER)) == expected


def test_a_night_off_has_nothing_to_watch(small: Path) -> None:
    small_house.one_big_drop(small)
    house = reopen(small)
    off = FORTNIGHT[1]
    night(house, off)
    publish(house, off)
    feed(house, [s for s in SCANS if s["business_day"] >= FIRST], "fortnight.csv")
    later = off + timedelta(14)
    feed(house, [small_house.scan("300", later, 1, "150", 900)], "later.csv")
    (found,) = watch.run(house, later)
    assert (found["rows"], found["predicted"]) == (0, None)
    assert watch.warnings([found], house) == []


@pytest.mark.parametrize(("errors", "tolerance", "warned"), [(0, 0.0, True), (1000000, 0.0, False)])
def test_the_night_warns(over: House, errors: int, tolerance: float, warned: bool) -> None:
    folder = over.settings.folder
    small_house.change(folder, "watch_errors: 3 ", f"watch_errors: {errors} ")
    small_house.change(folder, "watch_tolerance: 0.03 ", f"watch_tolerance: {tolerance} ")
    found = promo(folder, "nightly", "--day", f"{AFTER}")
    sentence = f"The lists of {FIRST} said that"
    assert (sentence in found.stderr) == warned
    listed = json.loads(
        promo(folder, "models", "list", "--json", "--day", f"{AFTER}", COLUMNS="200").stdout
    )
    assert [one["watched"]["nights"] for one in listed if one["watched"]] == [1]
    assert "% bought of" in " ".join(promo(folder, "models", "list", COLUMNS="200").stdout.split())
