"""What a night leaves in the lake, and what coins do to its lists."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_house
from small_house import FIRST
from sqlalchemy import select, update

from promo import records, tables
from promo.house import House
from promo.lists import compose
from promo.lists.register import NoLongerLive
from promo.offers import control


def lists(house: House) -> dict[str, set[str]]:
    """The offers on each household's list."""
    with house.engine.connect() as connection:
        found = connection.execute(select(tables.ShopperList.__table__)).all()
    return {row.shopper: {item["offer"] for item in row.content["offers"]} for row in found}


def lake(house: House, name: str) -> pl.DataFrame:
    return pl.read_parquet(house.settings.paths.lake / name / f"{FIRST}.parquet")


def drop(folder: Path, **shares: Any) -> House:
    """A small house that makes all its lists on FIRST, with other shares of control."""
    small_house.one_big_drop(folder)
    for name, share in shares.items():
        small_house.change(folder, f"{name}: 0.02", f"{name}: {share}")
    return small_house.reopen(folder)


def of_kind(shown: pl.DataFrame, kind: str) -> dict[str, set[str]]:
    rows = shown.filter(pl.col("kind") == kind).group_by("shopper").agg("item")
    return {shopper: set(items) for shopper, items in rows.iter_rows()}


def test_a_household_whose_coin_falls_gets_no_list_and_is_remembered(small: Path) -> None:
    house = drop(small, control_households=0.4, control_offers=0)
    report = small_house.night(house)
    made, shown = lists(house), lake(house, "shown")
    number = control.season(FIRST, house.settings.calendar.first_night, 182)
    everyone = pl.Series("shopper", sorted(set(shown["shopper"])))
    coins = control.households(everyone, house.settings.seed, number, house.settings.exploration)
    held = set(everyone.filter(coins))
    assert held
    assert set(made) == set(everyone) - held
    assert (report["control"], report["counts"]["lists"]) == (len(held), len(made))
    for shopper, rows in shown.group_by("shopper"):
        kinds = {"held due", "held offer"} if shopper[0] in held else {"due", "offer"}
        assert set(rows["kind"]) <= kinds
        assert rows["counter"].is_null().all() == (shopper[0] in held)
    # What a control household would have got is what its decisions say, and binds no budget.
    decided = lake(house, "decisions").filter("chosen").group_by("shopper").agg("offer")
    told = of_kind(shown, "held offer") | of_kind(shown, "offer")
    assert told == {shopper: set(offers) for shopper, offers in decided.iter_rows()}
    assert of_kind(shown, "offer") == {s: offers for s, offers in made.items() if offers}
    with house.engine.connect() as connection:
        promised = connection.execute(select(tables.Promise.offer, tables.Promise.uses)).all()
    assert sum(row.uses for row in promised) == sum(map(len, made.values()))


def test_offers_that_coins_hold_back_are_remembered_with_their_list(small: Path) -> None:
    house = drop(small, control_households=0, control_offers=0.5)
    small_house.night(house)
    made, shown, decided = lists(house), lake(house, "shown"), lake(house, "decisions")
    held = of_kind(shown, "held offer")
    control_rows = decided.filter(pl.col("why") == "control").group_by("shopper").agg("offer")
    assert held == {shopper: set(offers) for shopper, offers in control_rows.iter_rows()}
    assert len(held) > 10
    for shopper, offers in held.items():
        assert not offers & made[shopper]
    assert shown["counter"].null_count() == 0  # their household has its list
    known = decided.rename({"offer": "item"}).select("shopper", "item", "chance", "worth")
    both = shown.filter(pl.col("kind").str.ends_with("offer")).join(known, on=["shopper", "item"])
    assert both.height == sum(map(len, held.values())) + sum(map(len, made.values()))
    assert (both["chance"] == both["chance_right"]).all()
    assert (both["worth"] == both["worth_right"]).all()


def test_a_night_without_anything_leaves_empty_records(small: Path) -> None:
    small_house.one_big_drop(small)
    house = small_house.reopen(small)
    off = date(2017, 11, 7)
    small_house.night(house, off)
    root = house.settings.paths.lake
    assert pl.read_parquet(root / "shown" / f"{off}.parquet").is_empty()
    assert pl.read_parquet(root / "decisions" / f"{off}.parquet").is_empty()


def test_prices_of_the_newest_night_before(tmp_path: Path) -> None:
    assert records.prices_before(tmp_path, FIRST) is None
    folder = tmp_path / "prices"
    folder.mkdir()
    for day, price in (("2017-11-01", 1.0), ("2017-11-05", 5.0), ("2017-11-06", 6.0)):
        frame = pl.DataFrame({"id": ["007"], "money": [price], "uses": [0.0]})
        frame.write_csv(folder / f"{day}.csv")
    (folder / "notes.csv").write_text("mine", encoding="utf-8")
    found = records.prices_before(tmp_path, FIRST)
    assert found is not None
    assert found.rows() == [("007", 5.0, 0.0)]  # not of the night itself, and ids are text
    assert records.prices_before(tmp_path, date(2017, 11, 1)) is None


@pytest.mark.parametrize("times", [1, 2])
def test_a_night_goes_back_once_when_an_offer_is_stopped(
    small: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """Whoever stops one between choice and register, twice in a row is too often."""
    house = drop(small)
    small_house.night(house)
    names = sorted({offer for offers in lists(house).values() for offer in offers})[:times]
    left = list(names)

    def late(*given: Any) -> Any:
        if left:
            with house.engine.begin() as connection:
                gone = update(tables.Offer).where(tables.Offer.id == left.pop(0))
                connection.execute(gone.values(state="paused"))
        return compose.drafts(*given)

    monkeypatch.setattr("promo.nightly.drafts", late)
    if times == 2:
        with pytest.raises(NoLongerLive, match=names[1]):
            small_house.night(house)
        return
    small_house.night(house)
    after = lists(house)
    assert after
    assert not any(names[0] in offers for offers in after.values())
    assert names[0] not in set(lake(house, "decisions")["offer"])
