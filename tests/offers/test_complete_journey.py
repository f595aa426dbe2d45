"""The data set's coupons as offers: all of them sound, and none about what is never said."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from promo import config, translations
from promo.language import Language, Languages
from promo.offers import complete_journey as campaigns
from promo.offers.cells import VOLUME
from promo.offers.coupon_values import CENTS_OFF, FREE_ITEM
from promo.offers.terms import MAX_TITLE, Offered, parse
from promo.scans import complete_journey
from promo.scans.plain_words import category_words, department_words

INSTALLED = complete_journey.folder(complete_journey.INSTALLED)
ROOT = Path(__file__).parents[2]
UNSAID = config.load(ROOT / "config.yaml").categories.never_said


@pytest.fixture(scope="module")
def offers() -> dict[str, Offered]:
    """Every offer of the data set by id; that they can all be parsed is the first test."""
    found = [parse(raw, where, "USD") for where, raw in campaigns.offers(INSTALLED, UNSAID)]
    by_id = {terms.id: terms for terms in found}
    assert len(by_id) == len(found) > 1000
    return by_id


def test_dates_and_products_are_the_data_s(offers: dict[str, Offered]) -> None:
    terms = offers["cj1-51111030050"]
    listed = pl.read_parquet(INSTALLED / "coupons.parquet").filter(
        coupon_upc=51111030050, campaign_id=1
    )
    assert (terms.starts, terms.ends) == (date(2017, 3, 3), date(2017, 4, 9))
    assert sorted(terms.products) == sorted(f"internal:{p}" for p in listed["product_id"])
    assert (terms.funder, terms.buy, terms.reward.number) == ("maker 69", 1, 100)


def test_no_product_is_of_a_category_that_is_never_said(offers: dict[str, Offered]) -> None:
    products = pl.read_parquet(INSTALLED / "products.parquet")
    never = products.filter(pl.col("product_category").is_in(list(UNSAID)))
    unsaid = {f"internal:{p}" for p in never["product_id"]}
    assert unsaid
    assert not unsaid & {p for terms in offers.values() for p in terms.products}


def test_free_items_are_left_out_and_the_ladder_falls(offers: dict[str, Offered]) -> None:
    for name, terms in offers.items():
        upc = name.split("-")[1]
        assert not (upc.startswith("5") and upc[-2:] in FREE_ITEM)
        heavy, medium, light = (terms.number(("national", volume)) for volume in VOLUME)
        assert heavy >= medium >= light >= 5
        assert all(cents % 5 == 0 for cents in (heavy, medium, light))
        assert terms.budget.money >= terms.budget.redemptions * heavy


def test_the_worth_of_a_maker_s_coupon_is_what_its_code_says(offers: dict[str, Offered]) -> None:
    found = {
        name: (terms.buy, terms.reward.number)
        for name, terms in offers.items()
        if name.split("-")[1].startswith("5") and name[-2:] in CENTS_OFF
    }
    assert len(found) > 500
    for name, (buy, cents) in found.items():
        pieces, said = CENTS_OFF[name[-2:]]
        assert buy == pieces
        assert abs(cents - max(said, min(2 * said, 100))) <= 2.5


def test_the_same_offers_every_time(offers: dict[str, Offered]) -> None:
    again = campaigns.offers(INSTALLED, UNSAID)
    assert [parse(raw, where, "USD") for where, raw in again] == list(offers.values())


Product = dict[str, Any]


def source(
    folder: Path, products: list[Product], upc: int = 10000000001, discounts: tuple[float, ...] = ()
) -> Path:
    """A data set with one coupon on some products, redeemed at some discounts."""
    plain = {
        "manufacturer_id": 1, "department": "GROCERY", "brand": "National",
        "product_category": "COFFEE", "product_type": None, "package_size": None,
    }  # fmt: skip
    text = dict.fromkeys(("product_category", "product_type", "package_size"), pl.String)
    rows = [{"product_id": n} | plain | product for n, product in enumerate(products)]
    day, end = (datetime.combine(date(2017, month, 1), time()) for month in (3, 4))
    households = range(len(discounts))
    tables = {
        "products": pl.DataFrame(rows, schema_overrides=text),
        "coupons": pl.DataFrame(
            [{"coupon_upc": upc, "product_id": r["product_id"], "campaign_id": 9} for r in rows]
        ),
        "campaign_descriptions": pl.DataFrame(
            [(9, "Type A", day, end)],
            ["campaign_id", "campaign_type", "start_date", "end_date"],
            orient="row",
        ),
        "transactions": pl.DataFrame(
            {
                "household_id": households,
                "product_id": [0] * len(discounts),
                "transaction_timestamp": [day + timedelta(hours=25)] * len(discounts),
                "coupon_disc": discounts,
                "coupon_match_disc": [0.1] * len(discounts),
            },
            schema={
                "household_id": pl.Int64, "product_id": pl.Int64,
                "transaction_timestamp": pl.Datetime, "coupon_disc": pl.Float64,
                "coupon_match_disc": pl.Float64,
            },
        ),
        "coupon_redemptions": pl.DataFrame(
            {
                "household_id": households,
                "coupon_upc": [upc] * len(discounts),
                "campaign_id": [9] * len(discounts),
                "redemption_date": [day] * len(discounts),
            },
            schema={
                "household_id": pl.Int64, "coupon_upc": pl.Int64,
                "campaign_id": pl.Int64, "redemption_date": pl.Datetime,
            },
        ),
    }  # fmt: skip
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet")
    return folder


def only(folder: Path) -> dict[str, Any]:
    ((where, raw),) = campaigns.offers(folder, frozenset({"PILLS"}))
    parse(raw, where, "USD")
    return raw


@pytest.mark.parametrize(
    ("upc", "discounts", "buy", "amount"),
    [
        (10000000001, (), 1, "1.00"),  # a store coupon that nobody redeemed
        (10000000001, (0.4,), 1, "0.50"),  # the match of .10 included; the evening before in UTC
        (10000000001, (0.4, 1.4, 2.9), 1, "1.50"),  # the median
        (10000000001, (0.32,), 1, "0.40"),  # .42, to the next five cents
        (51234500076, (4.0,), 1, "1.00"),  # the code, whatever was recorded
        (51234500033, (), 2, "1.00"),
        (51234500025, (), 1, "0.50"),  # doubled
    ],
)
def test_the_worth_of_a_coupon(
    tmp_path: Path, upc: int, discounts: tuple[float, ...], buy: int, amount: str
) -> None:
    raw = only(source(tmp_path, [{}], upc, discounts))
    assert (raw["buy"], raw["reward"]["amount_off"]) == (buy, Decimal(amount))


@pytest.mark.parametrize(
    ("products", "title"),
    [
        ([{}], "Coffee, national brand"),
        ([{"brand": "Private"}] * 2, "Coffee, store brand"),
        ([{"brand": "Private"}, {}], "Coffee"),
        ([{"package_size": "12 OZ"}], "Coffee, 12 oz, national brand"),
        ([{"product_category": "TEAS"}, {}, {}], "Coffee or tea, national brand"),
        ([{"product_category": "PILLS"}, {}], "Coffee, national brand"),
        ([{"product_category": None}, {}], "Coffee, national brand"),
    ],
)
def test_a_title_is_true_of_every_product(
    tmp_path: Path, products: list[Product], title: str
) -> None:
    assert only(source(tmp_path, products))["title"] == title


def test_titles_in_other_languages(tmp_path: Path) -> None:
    languages = Languages.of(config.load(ROOT / "config.yaml"))
    folder = source(tmp_path, [{"product_category": "TEAS", "package_size": "12 OZ"}, {}, {}])
    ((_, raw),) = campaigns.offers(folder, frozenset(), [languages["es"], languages["zh"]])
    assert raw["titles"] == {"es": "Café o té, marca nacional", "zh": "咖啡或茶，全国品牌"}


def test_every_word_of_the_data_set_is_known_in_every_language() -> None:
    """Departments, categories, and the types that titles are made of."""
    for tag in ("es", "zh"):
        known = translations.words(tag, str(ROOT / "templates")).words
        missing = {word for word in said() if word not in known}
        assert missing == set()
        assert max(map(len, known.values())) <= MAX_TITLE


def said() -> set[str]:
    """What the data set's departments and categories come to, and the types in titles."""
    products = pl.read_parquet(INSTALLED / "products.parquet")
    words = {department_words(name) for name in products["department"].drop_nulls().unique()}
    words |= {category_words(name) for name in products["product_category"].drop_nulls().unique()}
    spoken: set[str] = set()

    class Listening(Language):
        def word(self, name: str) -> str:
            spoken.add(name)
            return name

    list(campaigns.offers(INSTALLED, UNSAID, [Listening("en")]))
    return words | spoken


def test_a_coupon_of_many_makers_is_the_chain_s(tmp_path: Path) -> None:
    assert only(source(tmp_path, [{}, {"manufacturer_id": 2}]))["funder"] == "chain"


@pytest.mark.parametrize(
    ("products", "upc"),
    [
        ([{"product_category": "PILLS"}], 10000000001),
        ([{"product_category": None}], 10000000001),  # nothing can be said of it
        ([{}], 51234500001),  # a free item
    ],
)
def test_coupons_that_are_no_offers(tmp_path: Path, products: list[Product], upc: int) -> None:
    assert list(campaigns.offers(source(tmp_path, products, upc), frozenset({"PILLS"}))) == []
