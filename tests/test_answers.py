"""What a house learns from its own lists, on the small house with redemptions made up."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median_low
from typing import Any

import polars as pl
import pytest
import small_house
from small_house import FIRST, SCANS
from sqlalchemy import insert

from promo import answers, tables
from promo.house import House
from promo.offers import response
from promo.shoppers import prices

AFTER = FIRST + timedelta(14)
SHARE = 3  # one shown offer in so many is redeemed


@pytest.fixture(scope="module")
def over(built: Path, tmp_path_factory: pytest.TempPathFactory) -> House:
    """A house whose lists of FIRST are published and over."""
    house = small_house.passed(built, tmp_path_factory.mktemp("answers") / "house")
    with house.engine.begin() as connection:
        connection.execute(insert(tables.Redemption), made_up(offers_shown(house)))
    return house


def offers_shown(house: House) -> pl.DataFrame:
    path = house.settings.paths.lake / "shown" / f"{FIRST}.parquet"
    return pl.read_parquet(path).filter(pl.col("kind") == "offer")


def use(number: int, shopper: str, offer: str, day: date, **changes: Any) -> dict[str, Any]:
    return {
        "id": number, "kind": "redeem", "reverses": None, "offer": offer, "key_id": 1,
        "counter": 1, "shopper": shopper, "store": "1", "till": "1", "day": day,
        "transaction": f"t{number}", "number": 1, "uses": 1, "units": 1, "money": 100,
        "funder_money": 100, "lines": {}, "at": datetime(2017, 11, 7, tzinfo=UTC),
    } | changes  # fmt: skip


def made_up(shown: pl.DataFrame) -> list[dict[str, Any]]:
    """Every third offer is used in time, the next voided or used too late."""
    rows = []
    for n, (shopper, offer) in enumerate(shown.select("shopper", "item").iter_rows()):
        day = FIRST + timedelta(n % 14)
        if n % SHARE == 0:
            rows.append(use(10 * n + 1, shopper, offer, day))
        elif n % SHARE == 1 and n % 2:
            rows.append(use(10 * n + 1, shopper, offer, day))
            rows.append(
                use(10 * n + 2, shopper, offer, day, kind="void", reverses=10 * n + 1, uses=-1)
            )
        elif n % SHARE == 1:
            rows.append(use(10 * n + 1, shopper, offer, AFTER))
    return rows


def found(house: House, day: date = AFTER) -> pl.DataFrame:
    known = prices.with_margins(house.products, None, house.settings.margin)
    usual = response.load(house.settings.paths.models, "prior").usual_depth
    return answers.examples(house, day, known, usual)


def test_every_offer_shown_is_an_example_and_only_uses_in_time_that_count_are_redeemed(
    over: House,
) -> None:
    shown, rows = offers_shown(over), found(over)
    assert shown.height > 100
    expected = [(s, o, int(n % SHARE == 0)) for n, (s, o) in
                enumerate(shown.select("shopper", "item").iter_rows())]  # fmt: skip
    assert rows.select("shopper", "offer", "redeemed").rows() == expected
    assert set(rows["days"]) == {14}


def test_an_example_knows_what_its_night_knew(over: House) -> None:
    """The night's own probabilities come out again, though a fortnight of scans has come since."""
    shown, rows = offers_shown(over), found(over)
    model = response.load(over.settings.paths.models, "prior")
    again = model.probability(rows, over.settings.response.elasticity)
    assert again.tolist() == pytest.approx(shown["probability"].to_list(), abs=5.1e-7)


def test_lists_whose_days_are_not_over_teach_nothing(over: House) -> None:
    assert found(over, AFTER - timedelta(1)).is_empty()
    assert answers.shown(over, FIRST).is_empty()
    assert answers.shown(over, FIRST + timedelta(answers.LOOK_BACK + 1)).is_empty()


def test_the_response_moves_from_the_prior_to_what_was_redeemed(over: House) -> None:
    paid = answers.typical_prices(over, AFTER)
    learned, before = answers.learn(over, AFTER, paid), response.prior(over.settings.paths.models)
    assert learned is not None
    assert before is not None
    assert learned.bias > before.bias + 1  # a third redeemed, not one in a hundred
    assert learned.redemptions - before.redemptions == found(over)["redeemed"].sum()
    assert answers.learn(over, FIRST, paid) == before


def test_a_house_without_a_prior_learns_from_redemptions_alone(over: House, tmp_path: Path) -> None:
    paths = over.settings.paths.model_copy(update={"models": tmp_path})
    bare = House(over.settings.model_copy(update={"paths": paths}), over.engine)
    paid = answers.typical_prices(over, AFTER)
    assert answers.learn(bare, FIRST, paid) is None
    learned = answers.learn(bare, AFTER, paid)
    assert learned is not None
    assert learned.pairs == offers_shown(over).height


def test_typical_prices_are_those_of_the_last_weeks(over: House) -> None:
    oldest = AFTER - timedelta(prices.RECENT_DAYS)
    sold: dict[str, list[int]] = {}
    for scan in SCANS:
        if oldest <= scan["business_day"] < AFTER and scan["paid"] > 0:
            sold.setdefault(f"internal:{scan['product']}", []).append(scan["paid"])
    expected = [(p, median_low(paid), len(paid)) for p, paid in sorted(sold.items())]
    assert answers.typical_prices(over, AFTER).rows() == expected
