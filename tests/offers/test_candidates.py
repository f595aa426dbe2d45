from itertools import product

import numpy as np
import polars as pl
import pytest

from promo.offers import candidates
from promo.offers.live import LADDER, Catalogue

KNOWN = pl.DataFrame(
    [("m1", "MILK"), ("m2", "MILK"), ("m3", "MILK"), ("m4", "MILK"), ("s1", "SALT"), ("s2", "SALT"),
     ("x", None)],
    {"id": pl.String, "category": pl.String},
    orient="row",
)  # fmt: skip
CELLS = pl.DataFrame(
    [("a", "MILK", "national", "heavy"), ("b", "MILK", "switcher", "medium"),
     ("a", "SALT", "store_brand", "light")],
    ["shopper", "category", "loyalty", "volume"],
    orient="row",
)  # fmt: skip


def catalogue(*items: str) -> Catalogue:
    """Offers worth 3.00, 2.00 and 1.00 to heavy, medium and light, on products such as `m1 s1`."""
    worths = {"heavy": 300, "medium": 200, "light": 100, "none": 100}
    cells = [*product(("national", "store_brand", "switcher"), ("heavy", "medium", "light")),
             ("unknown", "none")]  # fmt: skip
    ladder = [(n, *cell, worths[cell[1]]) for n, _ in enumerate(items) for cell in cells]
    rows = [(n, f"o{n}") for n, _ in enumerate(items)]
    pairs = [(n, product) for n, names in enumerate(items) for product in names.split()]
    return Catalogue(
        pl.DataFrame(rows, {"offer": pl.UInt32, "id": pl.String}, orient="row"),
        pl.DataFrame(ladder, LADDER, orient="row"),
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


def find(found: pl.DataFrame, of_category: pl.DataFrame, offers: Catalogue) -> pl.DataFrame:
    return candidates.find(found, of_category, CELLS, offers, KNOWN)


@pytest.mark.parametrize(
    ("bought", "probability"),
    [
        ([("m1", 0.4)], 0.4),
        ([("m1", 0.4), ("m2", 0.5)], 0.7),  # 1 - .6 x .5
        ([("m1", 0.4), ("m3", 0.9)], 0.4),  # m3 is not in the offer
        ([("m1", 1.0), ("m2", 1.0)], 1.0),
        ([("m1", 0.0)], 0.0),
    ],
)
def test_known_products_any_one_of_which_may_be_bought(
    bought: list[tuple[str, float]], probability: float
) -> None:
    rows = [("a", product, "MILK", 100, p) for product, p in bought]
    found = find(products(*rows), categories(("a", "MILK", 0.99)), catalogue("m1 m2")).row(
        0, named=True
    )
    assert found["probability"] == pytest.approx(probability)
    assert (found["new"], found["category"], found["worth"]) == (False, "MILK", 300)
    assert found["value"] == pytest.approx(300 * probability)


@pytest.mark.parametrize(
    ("items", "category", "probability"),
    [
        ("m1", "MILK", 0.8 / 4),  # one of four in the category
        ("m1 m2 m3 m4", "MILK", 0.8),
        ("m1 m2 s1", "MILK", 0.8 * 2 / 4),  # the category with most of the offer's products
        ("m1 s1", "MILK", 0.8 / 4),  # equally many: by name
    ],
)
def test_products_never_bought_go_by_the_share_of_their_category(
    items: str, category: str, probability: float
) -> None:
    forecast = categories(("a", "MILK", 0.8), ("a", "SALT", 0.5))
    (found,) = find(products(), forecast, catalogue(items)).iter_rows(named=True)
    assert (found["new"], found["category"]) == (True, category)
    assert found["probability"] == pytest.approx(probability)


def test_what_the_household_knows_goes_before_what_it_does_not() -> None:
    forecast = categories(("a", "MILK", 0.8), ("a", "SALT", 0.9))
    (found,) = find(
        products(("a", "s1", "SALT", 5, 0.1)), forecast, catalogue("m1 m2 s1")
    ).iter_rows(named=True)
    assert (found["new"], found["category"]) == (False, "SALT")
    assert found["probability"] == pytest.approx(0.1)


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
        ("c", "m1", "MILK", ("unknown", "none", 100)),  # a household without a cell gets the least
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


def test_arrays_number_households_by_their_row() -> None:
    bought = products(("b", "m1", "MILK", 5, 0.5), ("a", "s1", "SALT", 5, 0.25))
    found = find(bought, categories(), catalogue("m1 s1"))
    arrays = candidates.as_arrays(found, pl.Series(["b", "z", "a"]))
    assert arrays.shopper.tolist() == [2, 0]  # a, b
    assert arrays.offer.tolist() == [0, 0]
    assert arrays.category.tolist() == [2, 1]  # SALT, MILK
    assert arrays.worth.tolist() == [100, 200]
    assert arrays.value.tolist() == pytest.approx([25, 100])
    whole = (arrays.shopper, arrays.offer, arrays.category, arrays.worth)
    assert {array.dtype for array in whole} == {np.dtype(np.int64)}


def test_no_candidates_are_empty_arrays() -> None:
    found = find(products(), categories(), catalogue())
    arrays = candidates.as_arrays(found, pl.Series([], dtype=pl.String))
    assert len(arrays.shopper) == len(arrays.value) == 0
