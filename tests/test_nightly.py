"""The night, end to end, on a small house of invented households; see `small_house`."""

import csv
import hashlib
import json
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import small_house
from click.testing import CliRunner
from small_house import FIRST, FORTNIGHT, HOUSEHOLDS, UNSAID, feed, log_of, night, reopen
from sqlalchemy import select

from promo import cli, nightly, tables
from promo.database import upsert
from promo.files import only_one
from promo.house import House
from promo.lists.press.formats import PrintError
from promo.lists.press.render import RenderError
from promo.nightly import AlreadyPublished
from promo.offers import budgets, risk
from promo.publishing import PublishError, publish
from promo.shoppers.models import ModelError

LATE = date(2017, 11, 1)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder; not what SQLite keeps beside an open database."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith("promo.db-")
    }


def output(house: House) -> dict[str, bytes]:
    """What left the building, and what the lake remembers of it."""
    paths = house.settings.paths
    return contents(paths.out) | contents(paths.lake / "shown")


def rows(house: House, table: type[tables.Base]) -> list[dict[str, Any]]:
    columns = table.__table__.columns
    order = [column.name for column in table.__mapper__.primary_key]
    with house.engine.connect() as connection:
        found = connection.execute(select(*columns).order_by(*order))
        return [dict(row) for row in found.mappings()]


def stored(house: House) -> list[list[dict[str, Any]]]:
    """What the database knows of the nights."""
    return [rows(house, t) for t in (tables.ShopperList, tables.Promise, tables.Run)]


def late_log() -> list[small_house.Scan]:
    """Lines that come late and would change every list: each household bought cat food."""
    return [
        small_house.scan(household, LATE, 100 + number, "110", 900)
        for household in HOUSEHOLDS
        for number in range(3)
    ]


@pytest.fixture
def drop(small: Path) -> House:
    """A small house that makes all its lists on FIRST."""
    small_house.one_big_drop(small)
    return reopen(small)


@dataclass(frozen=True)
class Replay:
    """A fortnight of nights, each before its day's till log came; and their reports."""

    house: House
    reports: dict[date, dict[str, Any]]

    @property
    def lists(self) -> list[dict[str, Any]]:
        return rows(self.house, tables.ShopperList)


@pytest.fixture(scope="module")
def replay(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    folder = Path(shutil.copytree(built, tmp_path_factory.mktemp("replay") / "house"))
    house = reopen(folder)
    reports = {}
    for day in FORTNIGHT:
        reports[day] = night(house, day)
        feed(house, log_of(day), f"{day}.csv")
    yield Replay(house, reports)
    house.engine.dispose()


def test_every_eligible_household_and_no_other_has_one_list(replay: Replay) -> None:
    expected = {
        household: small_house.night_of(household)
        for household in HOUSEHOLDS
        if small_house.eligible(household, small_house.night_of(household))
    }
    assert 20 < len(expected) < len(HOUSEHOLDS)
    assert Counter(row["shopper"] for row in replay.lists) == Counter(list(expected))
    assert {row["shopper"]: row["night"] for row in replay.lists} == expected


def test_households_on_the_edge_of_the_rule(replay: Replay) -> None:
    """`small_house` says what is particular about each."""
    listed = {row["shopper"] for row in replay.lists}
    assert listed & {"300", "301", "302", "303", "304", "305", "306", "307"} == {
        "300",
        "302",
        "305",
    }
    assert listed & {"201", "202", "203", "204", "205", "206"} == {"203"}


def test_lists_are_good_from_their_night_for_a_fortnight(replay: Replay) -> None:
    for row in replay.lists:
        assert (row["first_day"], row["last_day"]) == (row["night"], row["night"] + timedelta(13))


def test_offers_cover_the_whole_window_of_every_list(replay: Replay) -> None:
    dates = {row["id"]: (row["starts"], row["ends"]) for row in rows(replay.house, tables.Offer)}
    given = {
        (offer["offer"], row["first_day"], row["last_day"])
        for row in replay.lists
        for offer in row["content"]["offers"]
    }
    assert all(dates[o][0] <= first and last <= dates[o][1] for o, first, last in given)
    # Those that end or start in the fortnight are on some lists, the others on none.
    names = {offer for offer, _, _ in given}
    assert {"o03", "o04"} <= names
    assert not {"o18", "o19"} & names


def test_no_list_has_two_offers_of_a_category_or_one_twice(replay: Replay) -> None:
    for row in replay.lists:
        categories = [offer["category"] for offer in row["content"]["offers"]]
        assert len(set(categories)) == len(categories) <= 16
        assert row["worth"] == sum(offer["worth"] for offer in row["content"]["offers"])
    assert sum(row["worth"] for row in replay.lists) > 0


def test_the_chance_of_passing_a_budget_is_what_was_asked(replay: Replay) -> None:
    """Promises are held with their probabilities, and together they seldom pass a budget."""
    offers = rows(replay.house, tables.Offer)
    held, uses = defaultdict[str, list[float]](lambda: [0.0] * len(budgets.SUMS)), Counter[str]()
    for row in rows(replay.house, tables.Promise):
        held[row["offer"]] = [
            value + row[name] for value, name in zip(held[row["offer"]], budgets.SUMS, strict=True)
        ]
        uses[row["offer"]] += row["uses"]
    promised = Counter(o["offer"] for row in replay.lists for o in row["content"]["offers"])
    assert uses == promised
    sums = risk.Sums(
        *(np.array(column) for column in zip(*(held[o["id"]] for o in offers), strict=True))
    )
    money, most = (
        np.array([o[name] for o in offers]) for name in ("budget_money", "budget_redemptions")
    )
    allowed = replay.house.settings.allocation
    chances = risk.chance(sums, money, most, risk.Risk(allowed.overspend_risk, allowed.response_cv))
    assert (chances <= allowed.overspend_risk).all()
    assert uses["o02"] == 0  # nothing to spend
    assert uses["o00"] > 2  # of two redemptions: more lists than that may promise them


def test_sensitive_and_restricted_categories_are_nowhere(replay: Replay) -> None:
    paths = replay.house.settings.paths
    never = replay.house.settings.categories.never_due
    assert set(UNSAID) | {"FUEL", "BOTTLE DEPOSITS"} <= never
    pages = list(paths.out.rglob("*.html"))
    said = [path.read_text(encoding="utf-8") for path in pages]
    said += [json.dumps(row["content"]) for row in replay.lists]
    assert len(pages) >= 10
    for text in said:
        assert not [word for word in (*UNSAID, "Unsaid", "Unlisted") if word in text]
    shown = pl.read_parquet(paths.lake / "shown" / "*.parquet")
    assert not never & set(shown["item"])
    assert "o16" not in set(shown["item"])


def test_what_was_shown_is_remembered(replay: Replay) -> None:
    shown = pl.read_parquet(replay.house.settings.paths.lake / "shown" / "*.parquet")
    expected = {
        (row["counter"], row["shopper"], kind, item[name], item["probability"])
        for row in replay.lists
        for kind, part, name in (("due", "due", "category"), ("offer", "offers", "offer"))
        for item in row["content"][part]
    }
    columns = ("counter", "shopper", "kind", "item", "probability")
    on_lists = shown.filter(pl.col("kind").is_in(["due", "offer"]))
    assert set(on_lists.select(columns).rows()) == expected
    held = shown.filter(pl.col("kind") == "held offer")
    assert set(held["shopper"]) <= {row["shopper"] for row in replay.lists}
    assert 0 < held.height < 0.1 * on_lists.filter(pl.col("kind") == "offer").height
    assert on_lists.filter(pl.col("kind") == "due")["chance"].unique().to_list() == [1.0]
    assert shown["chance"].is_between(0, 1, closed="right").all()
    assert shown["probability"].is_between(0, 1, closed="none").all()


def test_the_report_names_every_file_and_no_times(replay: Replay) -> None:
    out = replay.house.settings.paths.out
    for day, report in replay.reports.items():
        folder = out / f"{day}"
        assert json.loads((folder / "run.json").read_text(encoding="utf-8")) == report
        assert {file["path"]: file["sha256"] for file in report["files"]} == {
            path: hashlib.sha256(data).hexdigest()
            for path, data in contents(folder).items()
            if path != "run.json"
        }
        own = [row for row in replay.lists if row["night"] == day]
        assert report["counts"]["lists"] == len(own)
        assert report["counts"]["worth"] == sum(row["worth"] for row in own)
        assert set(report) == {"day", "wave", "buckets", "first_day", "last_day", "models", "seed",
                               "counts", "files", "calibration", "control",
                               "unmet_bands", "without"}  # fmt: skip
        assert all(set(file) == {"path", "kind", "pages", "sha256"} for file in report["files"])
    assert sorted(path.name for path in out.iterdir()) == [f"{day}" for day in FORTNIGHT]
    assert sum(len(report["buckets"]) for report in replay.reports.values()) == 256


def test_the_same_bytes_from_two_copies_and_from_a_re_run(drop: House, tmp_path: Path) -> None:
    copy = reopen(Path(shutil.copytree(drop.settings.folder, tmp_path / "copy")))
    night(drop)
    night(copy)
    first, known = output(drop), stored(drop)
    assert len(known[0]) > 20
    assert output(copy) == first
    assert stored(copy) == known
    night(drop)
    assert output(drop) == first
    assert stored(drop) == known


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_same_bytes_on_postgresql(drop: House, database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "on postgresql"
    small_house.build(folder, database_url).engine.dispose()
    small_house.one_big_drop(folder)
    other = reopen(folder, database_url)
    night(drop, per_store=True)
    night(other, per_store=True)
    assert output(other) == output(drop)
    assert len(output(drop)) > 12
    assert stored(other) == stored(drop)
    other.engine.dispose()


def test_lists_by_store_add_up(drop: House) -> None:
    report = night(drop, per_store=True)
    folder = drop.settings.paths.out / f"{FIRST}"

    def codes(path: Path) -> list[str]:
        with (path / "manifest.csv").open(newline="") as file:
            return [row["list_code"] for row in csv.DictReader(file)]

    stores = [path.name for path in (folder / "stores").iterdir()]
    assert sorted(stores) == ["1", "10", "2"]
    # The whole night is sorted by store, with 2 before 10.
    assert codes(folder) == [
        code for store in ("1", "2", "10") for code in codes(folder / "stores" / store)
    ]
    by_code = {row["code"]: row["store"] for row in rows(drop, tables.ShopperList)}
    for store in stores:
        assert {by_code[code] for code in codes(folder / "stores" / store)} == {store}
    pages = Counter[bool]()
    for file in report["files"]:
        if file["kind"] == "pdf":
            pages[file["path"].startswith("stores/")] += file["pages"]
    assert pages[True] == pages[False] >= report["counts"]["lists"]


def test_a_late_log_changes_a_draft_but_nothing_published(drop: House, tmp_path: Path) -> None:
    night(drop)
    first, known = output(drop), stored(drop)
    draft = reopen(Path(shutil.copytree(drop.settings.folder, tmp_path / "copy")))
    feed(draft, late_log(), "late.csv")
    night(draft)
    assert output(draft) != first

    publish(drop, FIRST)
    published = stored(drop)
    assert published[:2] == known[:2]
    feed(drop, late_log(), "late.csv")
    with pytest.raises(AlreadyPublished, match="2017-11-06 is published; nothing was changed"):
        night(drop)
    assert publish(drop, FIRST) == known[2][0]["report"]
    assert output(drop) == first
    assert stored(drop) == published


def test_the_night_s_own_day_is_not_looked_at(drop: House, tmp_path: Path) -> None:
    copy = reopen(Path(shutil.copytree(drop.settings.folder, tmp_path / "copy")))
    feed(copy, log_of(FIRST))
    night(drop)
    night(copy)
    assert output(copy) == output(drop)
    assert stored(copy) == stored(drop)


def test_a_night_killed_between_register_and_print(drop: House, tmp_path: Path) -> None:
    clean = reopen(Path(shutil.copytree(drop.settings.folder, tmp_path / "copy")))
    template = drop.settings.paths.templates / "phone.html.j2"
    sound = template.read_text(encoding="utf-8")
    template.write_text(sound + "{{ page.nmae }}", encoding="utf-8")
    with pytest.raises(RenderError, match="nmae"):
        night(drop)
    assert len(rows(drop, tables.ShopperList)) > 20
    assert contents(drop.settings.paths.out) == {}
    with pytest.raises(PublishError, match="died before its lists were printed"):
        publish(drop, FIRST)
    template.write_text(sound, encoding="utf-8")
    night(drop)
    night(clean)
    assert output(drop) == output(clean)
    assert stored(drop) == stored(clean)


def test_a_night_that_cannot_be_printed_leaves_the_last_draft(drop: House) -> None:
    night(drop)
    first = output(drop)
    template = drop.settings.paths.templates / "print.css"
    sound = template.read_text(encoding="utf-8")
    template.write_text(sound + "article { height: 900mm !important; }", encoding="utf-8")
    with pytest.raises(PrintError, match=r"lists\.pdf: the list \d+\w* takes \d+ pages, but the"):
        night(drop)
    kept = {name for name in output(drop) if name not in first}
    assert {name: data for name, data in output(drop).items() if name in first} == first
    # What could be printed waits for the night that mends the rest, and none of it is used then.
    assert kept == {".2017-11-06.new/lists.html", ".2017-11-06.new/.made/lists.html.json"}
    template.write_text(sound, encoding="utf-8")
    night(drop)
    assert output(drop) == first


def test_a_night_off(drop: House) -> None:
    day = FORTNIGHT[1]
    report = night(drop, day)
    assert (report["wave"], report["buckets"], report["counts"]["lists"]) == (None, [], 0)
    folder = drop.settings.paths.out / f"{day}"
    assert sorted(contents(folder)) == ["manifest.csv", "run.json", "sha256sums"]
    assert (folder / "manifest.csv").read_text() == "file,page,pages,sequence,list_code\n"
    assert publish(drop, day) == report
    assert "a night off; the calendar makes no lists." in nightly.describe(
        drop, nightly.plan(drop, FORTNIGHT[2])
    )


def test_the_shipped_model_is_used_until_there_is_another(drop: House) -> None:
    models = drop.settings.paths.models
    assert night(drop)["models"] == {"cycles": "prior"}
    shutil.copytree(models / "prior", models / f"{FIRST}")
    shutil.copytree(models / "prior", models / f"{FORTNIGHT[1]}")
    assert night(drop)["models"] == {"cycles": "2017-11-06"}
    shutil.rmtree(models)
    with pytest.raises(ModelError, match="Run `promo fit --day 2017-11-06`"):
        night(drop)


def test_lead_days_move_the_window(drop: House) -> None:
    folder = drop.settings.folder
    small_house.change(folder, "way: kiosk", "way: mail")
    report = night(reopen(folder))
    assert (report["first_day"], report["last_day"]) == ("2017-11-11", "2017-11-24")
    given = {o["offer"] for row in rows(drop, tables.ShopperList) for o in row["content"]["offers"]}
    assert "o04" in given  # starts on the 10th
    assert "o03" not in given  # ends on the 23rd


def test_a_list_that_is_still_open_keeps_its_offers(small: Path) -> None:
    """Lists good for four weeks overlap with the next; no offer is on both."""
    small_house.one_big_drop(small)
    small_house.change(small, "window_days: 14", "window_days: 28")
    house = reopen(small)
    night(house)
    given = {row["shopper"]: offers_of(row) for row in rows(house, tables.ShopperList)}
    fortnight = FIRST + timedelta(14)
    night(house, fortnight)
    again = [row for row in rows(house, tables.ShopperList) if row["night"] == fortnight]
    assert {row["shopper"] for row in again} & set(given)
    assert any(offers_of(row) for row in again)
    for row in again:
        assert not given.get(row["shopper"], set()) & offers_of(row)


def offers_of(row: dict[str, Any]) -> set[str]:
    return {offer["offer"] for offer in row["content"]["offers"]}


def test_a_change_of_the_calendar_gives_nobody_a_second_list(drop: House) -> None:
    """Half of the households would get their next list a week on."""
    night(drop)
    small_house.change(drop.settings.folder, "nights: [0]", "nights: [0, 7]")
    house = reopen(drop.settings.folder)
    for days, expected in ((7, False), (14, True)):
        assert (night(house, FIRST + timedelta(days))["counts"]["lists"] > 0) == expected


def test_store_ids_do_not_lead_out_of_the_folder(small: Path) -> None:
    small_house.one_big_drop(small)
    house = reopen(small)
    ids = {"1": "../../x", "2": "..", "10": "10"}
    with house.engine.begin() as connection:
        for row in rows(house, tables.Store):
            upsert(connection, tables.Store, [row | {"id": ids[row["id"]]}])
    dear = {"till": "9", "paid": 90000, "regular": 90000}
    feed(house, [s | dear | {"store": ids[s["store"]]} for s in log_of(LATE)], "moved.csv")
    night(house, per_store=True)
    stores = house.settings.paths.out / f"{FIRST}" / "stores"
    assert {path.name for path in stores.iterdir()} >= {"%2E%2E%2F%2E%2E%2Fx", "%2E%2E"}
    assert {path.name for path in house.settings.paths.out.iterdir()} == {f"{FIRST}"}


def test_a_dry_run_changes_nothing(drop: House) -> None:
    before = contents(drop.settings.folder)
    config = str(drop.settings.folder / "config.yaml")
    arguments = ["--config", config, "nightly", "--day", f"{FIRST}", "--dry-run"]
    found = CliRunner().invoke(cli.main, arguments)
    assert found.exit_code == 0
    assert "wave 1, buckets 0 to 255 with 44 households" in found.output
    assert found.output.endswith("Nothing was changed.\n")
    assert contents(drop.settings.folder) == before


def test_of_two_nights_at_once_the_second_leaves(drop: House) -> None:
    settings = drop.settings
    main = "from promo.cli import main; main()"
    command = [sys.executable, "-c", main, "--config", str(settings.folder / "config.yaml")]
    with only_one(settings.paths.state / "promo.lock", "nightly"):
        found = subprocess.run(
            [*command, "nightly", "--day", f"{FIRST}"], capture_output=True, text=True, check=False
        )
    assert found.returncode == 75
    assert "is at work on this house; this nightly changed nothing. Try again" in found.stderr
    assert not settings.paths.out.exists()
    assert rows(drop, tables.Run) == []
