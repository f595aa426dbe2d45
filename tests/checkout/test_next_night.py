"""The loop closes: the next night's lists, budgets and profiles know what a till redeemed."""

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_house
from small_house import FIRST
from sqlalchemy import select, update

from checkout.till import new_key, running
from promo import tables
from promo.calendar import BUCKETS
from promo.house import House
from promo.why import why

NEXT = FIRST + timedelta(14)
SALE_DAY = FIRST + timedelta(2)  # what the running service takes for today
SALE = {"store": "1", "till": "7", "day": SALE_DAY.isoformat(), "transaction": "one-scan"}


@pytest.fixture(scope="module")
def over(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house between two nights, whose offers are good once for a household."""
    house = small_house.passed(built, tmp_path_factory.mktemp("loop") / "house")
    offer = tables.Offer
    with house.engine.begin() as connection:
        for row in connection.execute(select(offer.id, offer.terms)).all():
            uses = row.terms.get("uses", {}) | {"per_household": 1}
            terms = row.terms | {"uses": uses}
            connection.execute(update(offer).where(offer.id == row.id).values(terms=terms))
    house.engine.dispose()
    return house.settings.folder


def offers_of(house: House) -> dict[str, list[str]]:
    """Offers by household on the next night's lists, once that night is made."""
    small_house.night(house, NEXT)
    sheet = tables.ShopperList
    with house.engine.connect() as connection:
        rows = connection.execute(select(sheet.__table__).where(sheet.night == NEXT))
        return {row.shopper: [item["offer"] for item in row.content["offers"]] for row in rows}


def listed(house: House, wanted: dict[str, list[str]]) -> tuple[str, dict[str, Any]]:
    """A household and an offer of its that the next night would print again."""
    sheet = tables.ShopperList
    with house.engine.connect() as connection:
        for row in connection.execute(select(sheet.__table__).where(sheet.night == FIRST)):
            for item in row.content["offers"]:
                if item["offer"] in wanted.get(row.shopper, []):
                    return row.shopper, item
    raise AssertionError("no offer comes twice: the test tells nothing")


def sell(house: House, shopper: str, offer: str) -> dict[str, Any]:
    """The sale of one of an offer's goods, with one scan of the card; then the till's own log."""
    pair = tables.OfferProduct
    with house.engine.connect() as connection:
        product = connection.execute(
            select(pair.product).where(pair.offer == offer).order_by(pair.product)
        ).scalars().first()  # fmt: skip
    assert product is not None
    key = new_key(house.engine, verbs=("redeem",))
    with running(house.settings, house.engine) as live:
        body = SALE | {"at": f"{SALE_DAY}T10:30:00", "card": f"c{shopper}",
                       "lines": [{"code": product, "quantity": 1, "amount": 999}]}  # fmt: skip
        answer = live.ask("/v1/redeem", body, key)
    assert answer.status == 200, answer.body
    code = product.removeprefix("internal:")
    line = small_house.scan(shopper, SALE_DAY, 1, code, 999)
    small_house.feed(house, [line | {"transaction": "one-scan", "till": "7", "store": "1"}], "late")
    told: dict[str, Any] = answer.json
    return told | {"product": code}


def test_the_next_night_knows_what_was_redeemed(over: Path, tmp_path: Path) -> None:
    folders = tmp_path / "without", tmp_path / "with"
    for folder in folders:
        shutil.copytree(over, folder)
    without, house = map(small_house.reopen, folders)
    expected = offers_of(without)
    shopper, item = listed(house, expected)
    told = sell(house, shopper, item["offer"])
    assert [each["offer"] for each in told["offers"] if each["uses"]] == [item["offer"]]
    house.fold(range(BUCKETS), NEXT)
    found = offers_of(house)
    assert item["offer"] not in found[shopper]
    with house.engine.connect() as connection:
        counter, sheet = tables.OfferCounter, tables.ShopperList
        spent = connection.execute(
            select(counter.money, counter.uses).where(counter.offer == item["offer"])
        ).one()
        code = connection.execute(
            select(sheet.code).where(sheet.night == NEXT, sheet.shopper == shopper)
        ).scalar_one()
    assert tuple(spent) == (told["off"], 1)
    said = why(house, small_house.keys(house.settings), code, item["offer"])
    assert (said["why"], said["on_list"]) == ("used", False)
    assert said["answer"] == "Ineligible: the household had used it 1 of 1 times before."
    days = house.days(range(BUCKETS), NEXT)
    bought = days.filter(pl.col("shopper") == shopper, pl.col("day") == SALE_DAY)
    assert any(told["product"] in product for product in bought["product"].to_list())
