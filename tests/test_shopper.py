"""`promo shopper`: what it says of a household, and what it never says."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import small_house
from click.testing import CliRunner, Result
from small_house import CATEGORY, FIRST, HOUSEHOLDS, SCANS, UNSAID, eligible, feed, reopen

from promo import calendar, cli, due, shopper, tables
from promo.calendar import BUCKETS
from promo.database import upsert
from promo.house import House
from promo.shopper import UnknownCard
from promo.shoppers import models, segments
from promo.shoppers.clubs import Clubs

NEVER = "; never a due item"


@pytest.fixture(scope="module")
def house(built: Path) -> Iterator[House]:
    """The small house itself, to ask and not to change."""
    house = reopen(built)
    yield house
    house.engine.dispose()


def run(folder: Path, *arguments: str, code: int = 0, columns: int = 200) -> Result:
    config = str(folder / "config.yaml")
    command = ["--config", config, "shopper", "--day", f"{FIRST}", *arguments]
    found = CliRunner().invoke(cli.main, command, env={"COLUMNS": str(columns)})
    assert found.exit_code == code, found.output
    return found


def asked(folder: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(folder, *arguments, "--json").stdout)
    return found


def days_of(household: str, category: str) -> list[date]:
    """The days on which a household bought a category before FIRST, from the scans themselves."""
    return sorted(
        {
            scan["business_day"]
            for scan in SCANS
            if scan["card"] == f"c{household}" and scan["business_day"] < FIRST
            and CATEGORY[scan["product"]] == category and scan["paid"] > 0
        }
    )  # fmt: skip


@pytest.mark.parametrize("household", ["200", "207", "220", "235"])
def test_every_category_is_told_as_the_scans_have_it(built: Path, household: str) -> None:
    found = asked(built, f"c{household}", "--all")
    assert found["shopper"] == household
    told = {one["category"]: one for one in found["categories"]}
    expected = {c for c in CATEGORY.values() if c not in UNSAID and days_of(household, c)}
    assert set(told) == expected
    for category, one in told.items():
        days = days_of(household, category)
        gaps = pl.Series([(b - a).days for a, b in pairwise(days)])
        assert (one["n"], one["last"]) == (len(days), days[-1].isoformat())
        assert one["days_ago"] == (FIRST - days[-1]).days
        if len(days) < 3:
            assert one["cycle_days"] is one["spread_days"] is None
        else:
            assert one["cycle_days"] == pytest.approx(gaps.mean(), abs=0.051)
            assert one["spread_days"] == pytest.approx(gaps.std(), abs=0.051)
        assert one["why"].endswith(NEVER) == (category in {"FUEL", "BOTTLE DEPOSITS"})
        assert one["due"] == (one["probability"] >= 0.15 and not one["why"].endswith(NEVER))
    chances = [one["probability"] for one in found["categories"]]
    assert chances == sorted(chances, reverse=True)


def test_the_chances_are_those_behind_the_lists(small: Path, tmp_path: Path) -> None:
    house = reopen(small)
    due.write(house, FIRST, tmp_path / "due.parquet")
    forecasts = pl.read_parquet(tmp_path / "due.parquet").filter(pl.col("level") == "category")
    for household in ("200", "207", "220"):
        mine = forecasts.filter(pl.col("shopper") == household)
        expected = {row["item"]: row for row in mine.iter_rows(named=True)}
        found = asked(small, f"c{household}", "--all")["categories"]
        assert {one["category"] for one in found} == set(expected)
        for one in found:
            row = expected[one["category"]]
            assert one["probability"] == pytest.approx(row["probability"], abs=5.1e-5)
            assert one["expected_day"] == row["expected_day"].isoformat()
            assert one["expected_quantity"] == pytest.approx(row["expected_quantity"], abs=0.0051)


def test_sensitive_and_restricted_categories_are_never_said(house: House) -> None:
    bought = {CATEGORY[s["product"]] for s in SCANS if s["business_day"] < FIRST}
    assert set(UNSAID) <= bought
    for household in HOUSEHOLDS:
        text = json.dumps(shopper.of_card(house, f"c{household}", FIRST))
        assert not [word for word in (*UNSAID, "Unsaid") if word in text]
    assert "Unsaid" not in run(house.settings.folder, "c207", "--all").stdout


def test_names_are_said_only_when_asked_for(built: Path) -> None:
    for words in ([], ["--json"]):
        assert "(Household 207)" not in run(built, "c207", *words).stdout
        assert '"Household 207"' not in run(built, "c207", *words).stdout
    assert "name" not in asked(built, "c207")
    assert asked(built, "c207", "--name")["name"] == "Household 207"
    assert "Household 207 (Household 207): base, $" in run(built, "c207", "--name").stdout


def test_eligible_or_why_not(house: House) -> None:
    for household in HOUSEHOLDS:
        found = shopper.of_card(house, f"c{household}", FIRST)
        assert found["eligible"] == eligible(household, FIRST)
        start = "It gets lists: " if found["eligible"] else "It gets no list: "
        assert found["why"].startswith(start)


@pytest.mark.parametrize(
    ("household", "why"),
    [
        ("202", "has not agreed to lists, or took its consent back"),
        ("204", "has not agreed to lists, or took its consent back"),
        ("205", "is suppressed"),
        ("304", "paid $0.00 in 91 days, less than $325.00"),
    ],
)
def test_why_not(built: Path, household: str, why: str) -> None:
    assert why in run(built, f"c{household}").stdout


def test_scans_that_no_night_has_folded_yet_count(small: Path) -> None:
    """And nothing is written: a late log is seen, the profiles stay as they are."""
    house = reopen(small)
    late = [small_house.scan("300", FIRST - timedelta(1), 77, "110", 900)]
    feed(house, late, "late.csv")
    profiles = small / "lake" / "profiles"
    before = {path: path.read_bytes() for path in profiles.rglob("*.parquet")}
    seen = asked(small, "c300", "--all")
    assert {path: path.read_bytes() for path in profiles.rglob("*.parquet")} == before
    cat = next(one for one in seen["categories"] if one["category"] == "CAT FOOD")
    assert cat["why"] == "bought once, yesterday"
    house.fold(range(BUCKETS), FIRST)
    assert {path: path.read_bytes() for path in profiles.rglob("*.parquet")} != before
    assert asked(small, "c300", "--all") == seen


def test_any_card_of_the_household(small: Path) -> None:
    house = reopen(small)
    with house.engine.begin() as connection:
        upsert(connection, tables.Card, [{"card": "second", "shopper": "207"}])
    assert asked(small, "second") == asked(small, " c207 ")


def test_a_household_that_never_came(small: Path) -> None:
    house = reopen(small)
    with house.engine.begin() as connection:
        new = {"id": "999", "bucket": calendar.bucket("999"), "name": None, "language": "en",
               "suppressed": False}  # fmt: skip
        upsert(connection, tables.Shopper, [new])
        upsert(connection, tables.Card, [{"card": "c999", "shopper": "999"}])
    found = shopper.of_card(house, "c999", FIRST)
    assert (found["tier"], found["spend_a_week"], found["store"]) == ("base", 0, None)
    assert (found["eligible"], found["categories"]) == (False, [])
    assert "Household 999 (no name): base, $0.00 a week, no store." in run(
        small, "c999", "--name"
    ).stdout  # fmt: skip


def test_an_unknown_card(built: Path) -> None:
    found = run(built, "nobody", code=3)
    assert (found.stdout, found.stderr) == ("", "No household carries the card 'nobody'.\n")
    with pytest.raises(UnknownCard):
        shopper.of_card(reopen(built), "x" * 99, FIRST)


def test_only_what_is_due_or_likely_unless_all_is_asked_for(built: Path) -> None:
    unlikely = 0
    for card in (f"c{household}" for household in small_house.ORDINARY[:12]):
        some, every = asked(built, card), asked(built, card, "--all")
        expected = [one for one in every["categories"] if one["probability"] >= 0.05]
        assert some["categories"] == expected
        unlikely += len(every["categories"]) - len(expected)
    assert unlikely > 0


def test_months_on_everything_has_probably_stopped(built: Path) -> None:
    found = asked(built, "c207", "--all", "--day", "2018-08-01")["categories"]
    assert found
    for one in found:
        assert one["lapsed"]
        assert "probably stopped" in one["why"]


def test_the_table(built: Path) -> None:
    text = run(built, "c207").stdout
    assert "Chances are for 2017-11-06 to 2017-11-19, by model prior.\n" in text
    assert "Bread and rolls" in text
    assert "about every 5 days, last yesterday, often two at a time" in text
    assert "too few to tell" in run(built, "c300", "--all").stdout


def test_a_narrow_terminal_gets_what_matters(built: Path) -> None:
    lines = run(built, "c207", columns=80).stdout.splitlines()
    assert any(
        "Bread and rolls" in line and "%" in line and "about every" in line for line in lines
    )
    assert max(map(len, lines[1:])) <= 80


def test_who_the_household_is(built: Path) -> None:
    found = asked(built, "c207", "--all")
    days = {s["business_day"] for s in SCANS if s["card"] == "c207" and s["business_day"] < FIRST
            and CATEGORY[s["product"]] != "FUEL"}  # fmt: skip
    paid = sum(s["paid"] for s in SCANS if s["card"] == "c207" and s["business_day"] < FIRST
               and CATEGORY[s["product"]] != "FUEL")  # fmt: skip
    assert found["state"]["days_ago"] == (FIRST - max(days)).days
    assert found["state"]["first_ago"] == (FIRST - min(days)).days
    assert found["kind"]["basket"] == pytest.approx(paid / len(days), abs=1e-4)
    assert found["kind"]["deal_share"] == 0
    assert found["club"] is None  # the prior knows none
    text = run(built, "c207").stdout
    for part in ("state", "kind"):
        assert found[part]["words"] + "\n" in text
    for one in found["categories"]:
        known = not one["why"].endswith(NEVER)
        assert (one["loyalty"] in segments.LOYALTY) == (one["volume"] in segments.VOLUME) == known
        assert bool(one["buyer"]) == known
    assert any(f"{volume}, " in text for volume in segments.VOLUME)


def test_its_club_unless_it_may_no_longer_be_said(small: Path) -> None:
    house = reopen(small)
    root = house.settings.paths.models
    said = ("CHEESE", "EGGS")
    some = Clubs((said,), np.ones(1), said, ("Cheese", "Eggs"), np.zeros(2), np.ones(2),
                 np.ones((2, 1)))  # fmt: skip
    prior = models.load(root / "prior")
    models.save(root, replace(prior, name="2017-11-05"), clubs=some)
    small_house.change(small, "least_purchases: 40", "least_purchases: 1")
    cards = [card for card in (f"c{h}" for h in small_house.ORDINARY) if asked(small, card)["club"]]
    bought = [card for card in (f"c{h}" for h in small_house.ORDINARY)
              if any(days_of(card[1:], c) for c in said)]  # fmt: skip
    assert cards == bought
    assert asked(small, cards[0])["club"]["name"] == "Cheese · Eggs"
    assert "Club: Cheese · Eggs (100% of its purchases).\n" in run(small, cards[0]).stdout
    config = small / "config.yaml"
    unsaid = re.sub(
        r"  sensitive:.*?(?=  restricted:)",
        "  sensitive: [CHEESE]\n",
        config.read_text(),
        flags=re.S,
    )
    config.write_text(unsaid)
    names = {asked(small, card)["club"]["name"] for card in cards if days_of(card[1:], "EGGS")}
    assert names == {"Eggs"}
