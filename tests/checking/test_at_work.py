"""A house at work gives no false alarm: nights in the middle, tills, imports, ingests; killed ones
leave no more than something to look at. The interruptions come between the steps of what runs, so
that nothing depends on how fast anything is."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
import small_house
from small_house import FIRST

from checking import good
from checking.good import NEXT, SALE_DAY, named
from promo import nightly, printing
from promo.checking import (
    every,
    folds,
    leftovers,
    lists,
    offers,
    outputs,
    parts,
    promises,
    records,
    redemptions,
    references,
    running,
    tills,
)
from promo.checking.findings import LOOK, Finding
from promo.files import only_one
from promo.house import House
from promo.progress import Progress
from promo.scans import lake
from promo.swapping import swap_in


class Interrupted(Progress):
    """Progress that does something at the end of each stage, and in the middle of printing."""

    def __init__(self, act: Callable[[str], None]) -> None:
        super().__init__("nightly", terminal=False)
        self.act = act

    @contextmanager
    def stage(self, name: str) -> Iterator[dict[str, object]]:
        with super().stage(name) as facts:
            yield facts
            self.act(name)


def late_news(house: House) -> None:
    """Lines that change what the night would make."""
    day = NEXT - timedelta(5)
    lines = [small_house.scan(h, day, 90 + n, "110", 900) for h in small_house.HOUSEHOLDS
             for n in range(2)]  # fmt: skip
    small_house.feed(house, lines, "late.csv")


def again(house: House, act: Callable[[str], None]) -> None:
    """Make the draft again from other scans."""
    todo = nightly.plan(house, NEXT)
    nightly.run(house, todo, small_house.keys(house.settings), Interrupted(act))


def of(*modules: ModuleType) -> list[str]:
    """The names of the checks of some modules."""
    return [check.name for module in modules for check in module.CHECKS]


# What a night may change between one look and the next.
MOVED = [*of(lists, promises, records, outputs, leftovers), "profiles", "product-copy"]


def said(found: list[Finding]) -> list[str]:
    return [finding.in_words for finding in found]


def test_nothing_is_wrong_in_a_good_house(fine: House) -> None:
    assert said(good.findings(fine)) == []
    assert said(good.findings(fine, quick=True)) == []


def test_nor_on_either_database(either: House) -> None:
    if either.engine.dialect.name == "postgresql":
        assert said(good.findings(either)) == []


def test_nothing_is_found_in_the_middle_of_a_night(fine: House) -> None:
    late_news(fine)
    stages = []

    def look(stage: str) -> None:
        stages.append(stage)
        assert said(good.findings(fine, *MOVED)) == [], stage

    with only_one(fine.settings.paths.state / "promo.lock", "nightly"):
        again(fine, look)
    assert {"fold", "register", "print"} <= set(stages)
    assert said(good.findings(fine)) == []


class Killed(BaseException):
    """What no code of ours catches."""


def killed_at(stage: str, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the draft again, and die when a stage is done, or around the swap of its folder."""

    def die(at: str) -> None:
        if at == stage:
            raise Killed

    def swap(finished: Path, target: Path) -> None:
        if stage == "swapped":
            swap_in(finished, target)
        raise Killed

    with monkeypatch.context() as patched:
        if "swap" in stage:
            patched.setattr(printing, "swap_in", swap)
        with pytest.raises(Killed):
            again(house, die)


@pytest.mark.parametrize("stage", ["register", "swap", "swapped"])
def test_a_killed_night_is_no_more_than_something_to_look_at(
    fine: House, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    late_news(fine)
    killed_at(stage, fine, monkeypatch)
    found = good.findings(fine, *MOVED, "references", "folded")
    assert {finding.level for finding in found} <= {LOOK}, said(found)
    assert "no report" in str(said(found))
    assert ("a working folder" in str(said(found))) == ("swap" in stage)
    again(fine, lambda _: None)
    assert said(good.findings(fine, *MOVED)) == []


def between_checks(house: House, names: list[str], act: Callable[[int], object]) -> list[Finding]:
    """The findings of some checks, with something done after each of them."""
    asked = running.Asked(every.named(names), good.NOW, NEXT)
    found = list[Finding]()
    for number, result in enumerate(running.run(house.settings, house.engine, asked)):
        found += result.findings
        act(number)
    return found


def test_tills_may_sell_while_the_house_is_checked(either: House) -> None:
    sheets = good.lists_of(either)

    def sell(number: int) -> None:
        name, row = f"n{number}", sheets[number % len(sheets)]
        if number % 3 == 2:
            sold = named(f"n{number - 1}")
            good.ask(either, "void", sold | {"at": f"{SALE_DAY}T11:00:00"})
        elif number % 3 == 1:
            good.ask(either, "redeem", good.sale(either, row, name))
        else:
            good.ask(either, "reserve", good.sale(either, row, name))

    names = of(offers, lists, promises, redemptions, tills, references)
    assert said(between_checks(either, names, sell)) == []
    assert said(good.findings(either, *of(promises, redemptions, tills))) == []


def test_a_draft_may_be_made_while_the_house_is_checked(fine: House) -> None:
    """The rows are of the moment before, the files of the one after: the second look sees it."""
    late_news(fine)
    shown = fine.settings.paths.lake / "shown" / f"{NEXT}.parquet"
    before = shown.read_bytes()

    def make(number: int) -> None:
        if number == 0:
            again(fine, lambda _: None)

    assert said(between_checks(fine, MOVED, make)) == []
    assert shown.read_bytes() != before


def test_an_ingest_and_a_fold_may_come_while_the_house_is_checked(fine: House) -> None:
    def take(number: int) -> None:
        if number == 0:
            late_news(fine)
            fine.fold(range(256), NEXT)

    assert said(between_checks(fine, ["database", *of(parts, folds)], take)) == []


def test_parts_of_an_ingest_at_work_are_no_leftovers(fine: House) -> None:
    part = max((fine.settings.paths.lake / "scans" / f"{FIRST}").glob("*.parquet"))
    with only_one(fine.settings.paths.state / "promo.lock", "ingest"):
        shutil.copyfile(part, part.with_name("00000009-0000.parquet"))
        assert said(good.findings(fine, "deliveries", "lines")) == []
    assert [f.level for f in good.findings(fine, "deliveries")] == [LOOK]


def test_a_restored_house_without_what_was_handed_over_is_something_to_look_at(
    fine: House,
) -> None:
    shutil.rmtree(fine.settings.paths.out)
    found = good.findings(fine)
    assert {finding.level for finding in found} == {LOOK}
    assert len(found) == 2, said(found)


def test_what_forgetting_leaves_is_no_finding(fine: House) -> None:
    """Lines of nobody, and redemptions of nobody whose list is gone."""
    own = pl.col("shopper") == "200"
    for part in lake.parts(fine.settings.paths.lake):
        rows = pl.read_parquet(part)
        if rows.filter(own).is_empty():
            continue
        freed = rows.with_columns(
            shopper=pl.when(own).then(None).otherwise("shopper"),
            card=pl.when(own).then(None).otherwise("card"),
            bucket=pl.when(own).then(pl.lit(-1, pl.Int16)).otherwise("bucket"),
        ).sort("bucket", "shopper")
        lake.write(part, freed.select(rows.columns))
    for path in (fine.settings.paths.lake / "profiles").glob("*/*.parquet"):
        rows = pl.read_parquet(path)
        if not rows.filter(own).is_empty():
            lake.write(path, rows.filter(~own))
    connection = sqlite3.connect(fine.settings.folder / "promo.db")
    connection.execute("update redemptions set shopper = null, key_id = null, counter = null "
                       "where \"transaction\" = 't3'")  # fmt: skip
    connection.execute("update till_answers set answer = '{}', digest = 'forgotten' "
                       "where \"transaction\" = 't3'")  # fmt: skip
    connection.commit()
    connection.close()
    assert said(good.findings(fine)) == []


def test_a_missing_secret_and_room(fine: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (fine.settings.folder / "code.key").unlink()
    usage: Any = type("Usage", (), {"free": 2**20})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    found = good.summary(fine, "codes", "settings")
    assert found == {"codes": ["wrong"], "settings": [LOOK, LOOK, LOOK]}


def test_folders_of_the_house(fine: House) -> None:
    shutil.rmtree(Path(fine.settings.paths.models))
    found = good.summary(fine, "models", "settings")
    assert set(found) == {"models", "settings"}
