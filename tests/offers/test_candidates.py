"""Candidates: which offers could stand on whose list, and what is said of each."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.written import terms
from promo import config
from promo.config import Settings
from promo.offers import candidates
from promo.offers.live import LADDER, OFFERS, Catalogue
from promo.offers.response import Response

NIGHT = date(2017, 11, 6)
SETTINGS = config.load(Path(__file__).parents[2] / "config.yaml")
MODEL = Response(-4.0, 0.5, 0.8, -5.0, -3.0, 0.33)
FACTS = [
    ("m1", "MILK"), ("m2", "MILK"), ("m3", "MILK"), ("m4", "MILK"), ("s1", "SALT"), ("s2", "SALT"),
    ("x", None),
]  # fmt: skip
KNOWN = pl.DataFrame(
    FACTS, {"id": pl.String, "category": pl.String}, orient="row"
).with_columns(
    brand_owner=pl.lit("Acme"), description=pl.col("id"), store_brand=pl.lit(value=False),
    price=pl.lit(400.0), margin=pl.lit(100.0), sold=pl.lit(9),
)  # fmt: skip
CELLS = pl.DataFrame(
    [("a", "MILK", "national", "heavy"), ("b", "MILK", "switcher", "medium"),
     ("a", "SALT", "store_brand", "light")],
    ["shopper", "category", "loyalty", "volume"],
    orient="row",
)  # fmt: skip
WORTH = {"heavy": 300, "medium": 200, "light": 100, "none": 100}


def catalogue(*items: str, **changes: Any) -> Catalogue:
    """Offers worth 3.00, 2.00 and 1.00 to heavy, medium and light, on products such as `m1 s1`."""
    own = {
        "title": "Title", "starts": date(2017, 1, 1), "ends": date(2017, 12, 31), "funder": "F",
        "objective": "reward", "buy": 1, "spend": 0, "uses_each": 1,
        "funder_share": 1.0, "handling": 0,
    }  # fmt: skip
    rows = [own | changes | {"id": f"o{n}"} for n, _ in enumerate(items)]
    pairs = [(n, product) for n, names in enumerate(items) for product in names.split()]
    cells = [
        (n, loyalty, volume, WORTH[volume])
        for n, _ in enumerate(items)
        for loyalty in ("national", "store_brand", "switcher", "unknown")
        for volume in WORTH
        if (loyalty == "unknown") == (volume == "none")
    ]
    return Catalogue(
        pl.DataFrame(rows, OFFERS).with_row_index("offer"),
        pl.DataFrame(cells, LADDER, orient="row"),
        pl.DataFrame(pairs, {"offer": pl.UInt32, "product": pl.String}, orient="row"),
    )


def products(*rows: tuple[str, str, str | None, int, float]) -> pl.DataFrame:
    schema = {
        "shopper": pl.String, "product": pl.String, "category": pl.String,
        "paid": pl.Int64, "probability": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema, orient="row")


def categories(*rows: tuple[str, str, float]) -> pl.DataFrame:
    schema = {"shopper": pl.String, "category": pl.String, "probability": pl.Float64}
    return pl.DataFrame(rows, schema, orient="row")


def days_of(bought: pl.DataFrame) -> pl.DataFrame:
    """A day a product, nine days before the night."""
    return bought.select("shopper", "product", "paid", "category").with_columns(
        day=NIGHT - timedelta(9), units=pl.lit(1), manufacturer_discount=pl.lit(0)
    )


def find(
    found: pl.DataFrame,
    of_category: pl.DataFrame,
    offers: Catalogue,
    settings: Settings = SETTINGS,
    known: pl.DataFrame = KNOWN,
) -> pl.DataFrame:
    return candidates.find(told(found, of_category), offers, known, MODEL, settings).kept


def told(found: pl.DataFrame, of_category: pl.DataFrame) -> candidates.Households:
    bought = found.with_columns(n=pl.lit(1), first=NIGHT - timedelta(9))
    return candidates.Households(NIGHT, days_of(found), bought, of_category, CELLS)


@pytest.mark.parametrize(
    ("bought", "baseline"),
    [
        ([("m1", 0.4)], 0.4),
        ([("m1", 0.4), ("m2", 0.5)], 0.7),  # 1 - .6 x .5
        ([("m1", 0.4), ("m3", 0.9)], 0.4),  # m3 is not in the offer
        ([("m1", 1.0), ("m2", 1.0)], 1.0),
        ([("m1", 0.0)], 0.0),
    ],
)
def test_known_products_any_one_of_which_may_be_bought(
    bought: list[tuple[str, float]], baseline: float
) -> None:
    rows = [("a", product, "MILK", 100, p) for product, p in bought]
    found = find(products(*rows), categories(("a", "MILK", 0.99)), catalogue("m1 m2")).row(
        0, named=True
    )
    assert found["baseline"] == pytest.approx(baseline)
    assert (found["familiar"], found["category"], found["worth"]) == (True, "MILK", 300)


@pytest.mark.parametrize(
    ("items", "category", "baseline"),
    [
        ("m1", "MILK", 0.8 / 4),  # one of four in the category
        ("m1 m2 m3 m4", "MILK", 0.8),
        ("m1 m2 s1", "MILK", 0.8 * 2 / 4),  # the category with most of the offer's products
        ("m1 s1", "MILK", 0.8 / 4),  # equally many: by name
    ],
)
def test_products_never_bought_go_by_the_share_of_their_category(
    items: str, category: str, baseline: float
) -> None:
    forecast = categories(("a", "MILK", 0.8), ("a", "SALT", 0.5))
    (found,) = find(products(), forecast, catalogue(items)).iter_rows(named=True)
    assert (found["familiar"], found["category"]) == (False, category)
    assert found["baseline"] == pytest.approx(baseline)


def test_what_the_household_knows_goes_before_what_it_does_not() -> None:
    forecast = categories(("a", "MILK", 0.8), ("a", "SALT", 0.9))
    (found,) = find(
        products(("a", "s1", "SALT", 5, 0.1)), forecast, catalogue("m1 m2 s1")
    ).iter_rows(named=True)
    assert (found["familiar"], found["category"]) == (True, "SALT")
    assert found["baseline"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("milk", "salt", "expected"), [(100, 99, "MILK"), (99, 100, "SALT"), (100, 100, "MILK")]
)
def test_an_offer_counts_in_the_category_the_household_spends_most_in(
    milk: int, salt: int, expected: str
) -> None:
    bought = products(("a", "s1", "SALT", salt, 0.1), ("a", "m1", "MILK", milk, 0.1))
    assert find(bought, categories(), catalogue("m1 s1"))["category"].to_list() == [expected]


@pytest.mark.parametrize(
    ("shopper", "product", "category", "cell"),
    [
        ("a", "m1", "MILK", ("national", "heavy", 300)),
        ("b", "m1", "MILK", ("switcher", "medium", 200)),
        ("a", "s1", "SALT", ("store_brand", "light", 100)),
        ("c", "m1", "MILK", ("unknown", "none", 100)),  # a household without a cell
    ],
)
def test_the_worth_comes_from_the_ladder(
    shopper: str, product: str, category: str, cell: tuple[str, str, int]
) -> None:
    found = find(products((shopper, product, category, 5, 0.5)), categories(), catalogue("m1 s1"))
    assert found.select("loyalty", "volume", "worth").rows() == [cell]


def test_nobody_gets_an_offer_in_a_category_it_does_not_buy() -> None:
    assert find(products(), categories(("a", "SALT", 0.5)), catalogue("m1", "x", "")).is_empty()


def test_an_offer_comes_once_a_household_and_in_order_whatever_the_order_of_the_input() -> None:
    bought = products(
        ("b", "m1", "MILK", 5, 0.5), ("a", "m1", "MILK", 5, 0.5), ("a", "s1", "SALT", 5, 0.5)
    )
    forecast = categories(("b", "MILK", 0.5), ("a", "SALT", 0.5), ("a", "MILK", 0.5))
    offers = catalogue("m1 s1", "m2", "s2")
    found = find(bought, forecast, offers)
    assert found.select("shopper", "offer").rows() == [
        ("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1),
    ]  # fmt: skip
    assert find(bought.reverse(), forecast.reverse(), offers).equals(found)


@pytest.mark.parametrize(
    ("uses", "used", "stands"),
    [
        ({}, 99, True),  # no limit
        ({"per_household": 2}, 1, True),
        ({"per_household": 2}, 2, False),
        ({"per_household": 3, "per_list": 2}, 1, True),
        ({"per_household": 3, "per_list": 2}, 2, False),  # the list would say twice
        ({"per_household": 1}, 0, True),  # given back
    ],
)
def test_an_offer_that_is_used_up_is_not_printed_again(
    uses: dict[str, int], used: int, stands: bool
) -> None:
    bought = products(("a", "m1", "MILK", 5, 0.5), ("b", "m1", "MILK", 5, 0.5))
    offers = replace(catalogue("m1", "m2"), terms=(terms(id="o0", uses=uses), terms(id="o1")))
    past = pl.DataFrame({"shopper": ["a", "gone"], "offer": ["o0", "o0"], "uses": [used, 9]})
    of = replace(told(bought, categories()), uses=past)
    rows = (
        candidates.find(of, offers, KNOWN, MODEL, SETTINGS).kept.select("shopper", "offer").rows()
    )
    assert rows == [("a", 0)] * stands + [("b", 0)]


def test_arrays_number_households_by_their_row() -> None:
    bought = products(("b", "m1", "MILK", 5, 0.5), ("a", "s1", "SALT", 5, 0.25))
    found = find(bought, categories(), catalogue("m1 s1"))
    arrays = candidates.as_arrays(found, pl.Series(["b", "z", "a"]))
    assert arrays.shopper.tolist() == [2, 0]  # a, b
    assert arrays.offer.tolist() == [0, 0]
    assert arrays.category.tolist() == [2, 1]  # SALT, MILK
    assert arrays.worth.tolist() == [100, 200]
    assert arrays.value.tolist() == found["value"].to_list()
    assert arrays.probability.tolist() == found["probability"].to_list()
    whole = (arrays.shopper, arrays.offer, arrays.category, arrays.worth)
    assert {array.dtype for array in whole} == {np.dtype(np.int64)}


def test_no_candidates_are_empty_arrays() -> None:
    found = find(products(), categories(), catalogue())
    arrays = candidates.as_arrays(found, pl.Series([], dtype=pl.String))
    assert len(arrays.shopper) == len(arrays.value) == 0


def test_what_the_response_and_the_value_say_stands_beside_each_pair() -> None:
    offers = catalogue("m1 m2", "m3", funder_share=0.5)
    found = find(products(("a", "m1", "MILK", 900, 0.4)), categories(("a", "MILK", 0.8)), offers)
    first, second = found.iter_rows(named=True)
    assert first["depth"] == pytest.approx(300 / 400)
    assert first["habit"] > second["habit"]
    days = SETTINGS.lists.window_days
    asked = found.with_columns(days=pl.lit(days))
    expected = MODEL.probability(asked, SETTINGS.response.elasticity)
    assert found["probability"].to_list() == pytest.approx(expected.tolist())
    odds = SETTINGS.response.anyway_odds
    anyway = odds * 0.4 / (odds * 0.4 + 0.6)
    won = (1 - anyway) * SETTINGS.response.kept * 100
    assert first["incremental_margin"] == pytest.approx(first["probability"] * (won - 0.5 * 300))


def test_a_default_reward_of_equal_worth_stands_in_the_order_of_habit() -> None:
    bought = products(
        ("a", "m1", "MILK", 100, 0.1), ("a", "m2", "MILK", 900, 0.1), ("a", "m3", "MILK", 400, 0.1)
    )
    found = find(bought, categories(("a", "MILK", 0.5)), catalogue("m1", "m2", "m3", "m4"))
    by = {name: found.sort(name)["offer"].to_list() for name in ("habit", "value", "probability")}
    assert by["habit"] == by["value"] == by["probability"] == [3, 0, 2, 1]


def test_what_is_worth_nothing_is_no_candidate() -> None:
    offers = catalogue("m1", "s1")
    nothing = offers.ladder.with_columns(
        worth=pl.when(pl.col("offer") == 0).then(0).otherwise(pl.col("worth"))
    )
    offers = Catalogue(offers.offers, nothing, offers.items)
    forecast = categories(("a", "MILK", 0.5), ("a", "SALT", 0.5))
    assert find(products(), forecast, offers)["offer"].to_list() == [1]


def test_without_a_price_the_offer_is_as_deep_as_usual() -> None:
    known = KNOWN.with_columns(price=pl.lit(None, pl.Float64), margin=pl.lit(None, pl.Float64))
    forecast = categories(("a", "MILK", 0.5))
    found = find(products(), forecast, catalogue("m1"), known=known)
    assert found["depth"].to_list() == pytest.approx([MODEL.usual_depth])


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(1, 8), st.data())
def test_the_best_few_with_some_that_are_new(
    familiar: list[bool], number: int, data: st.DataObject
) -> None:
    """A second implementation, on values with ties."""
    discovery = data.draw(st.integers(0, number))
    values = data.draw(st.lists(st.integers(0, 3), min_size=len(familiar), max_size=len(familiar)))
    rows = [("a", n, f, float(v)) for n, (f, v) in enumerate(zip(familiar, values, strict=True))]
    frame = pl.DataFrame(rows, ["shopper", "offer", "familiar", "value"], orient="row")
    ranked = sorted(rows, key=lambda row: (-row[3], row[1]))
    strange = [row for row in ranked if not row[2]][:discovery]
    others = [row for row in ranked if row not in strange][: number - len(strange)]
    expected = sorted([*strange, *others], key=lambda row: row[1])
    assert candidates.keep_best(frame, number, discovery).rows() == expected


def test_at_most_so_many_a_household() -> None:
    bought = products(("a", "m1", "MILK", 5, 0.5), ("b", "m1", "MILK", 5, 0.5))
    forecast = categories(("a", "MILK", 0.5), ("b", "MILK", 0.5))
    offers = catalogue("m1", "m1 m2", "m2", "m3", "m4")
    update = {"candidates": 3, "discovery_candidates": 1}
    few = SETTINGS.model_copy(update={"response": SETTINGS.response.model_copy(update=update)})
    found = find(bought, forecast, offers, few)
    assert found["shopper"].to_list() == ["a"] * 3 + ["b"] * 3
    assert found.group_by("shopper").agg((~pl.col("familiar")).sum())["familiar"].to_list() == [
        1,
        1,
    ]
