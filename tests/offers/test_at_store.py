"""Candidates at the household's own store."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from offers.shelf_goods import catalogue, known, prices_of, stocked
from promo import config
from promo.offers import candidates
from promo.offers.at_store import MISSED, AtStore
from promo.offers.candidates import Found, Households
from promo.offers.cells import CELLS
from promo.offers.filling import Stocked
from promo.offers.live import LADDER, OFFERS, Catalogue
from promo.offers.response import Response
from promo.offers.shelves import Ladders, shelf, together
from promo.offers.terms import Terms

NIGHT = date(2017, 11, 6)
SETTINGS = config.load(Path(__file__).parents[2] / "config.yaml")
MODEL = Response(-4.0, 0.5, 0.8, -5.0, -3.0, 0.33)
PRICES: dict[str, Any] = dict.fromkeys("abcdef", 300.0)
TABLE = known(**PRICES).with_columns(
    brand_owner=pl.lit("Acme"), description=pl.col("id"), store_brand=pl.lit(value=False)
)
# The household has bought a and c, of MILK and SALT; it never buys TEA.
BOUGHT = pl.DataFrame(
    [("x", "a", "MILK", 500, 0.5, 3), ("x", "c", "SALT", 100, 0.25, 1)],
    {"shopper": pl.String, "product": pl.String, "category": pl.String, "paid": pl.Int64,
     "probability": pl.Float64, "n": pl.Int64}, orient="row",
).with_columns(first=NIGHT - timedelta(9))  # fmt: skip
OF_CATEGORY = pl.DataFrame(
    {"shopper": "x", "category": ["MILK", "SALT"], "probability": [0.8, 0.4]}
)
WORTH = 100


def offers(*goods: list[str]) -> Catalogue:
    """Offers of 1.00 off goods that typically cost 3.00."""
    found = catalogue(*goods, typical=dict.fromkeys("abcdef", 300))
    own = {
        "title": "Title", "starts": NIGHT, "ends": NIGHT, "funder": "F", "objective": "reward",
        "buy": 1, "spend": 0, "uses_each": 1, "funder_share": 1.0, "handling": 0,
    }  # fmt: skip
    rows = pl.DataFrame([own | {"id": each.id} for each in found.terms], OFFERS)
    ladder = [(n, *cell, WORTH) for n, _ in enumerate(goods) for cell in CELLS]
    return replace(
        found,
        offers=rows.with_row_index("offer"),
        ladder=pl.DataFrame(ladder, LADDER, orient="row"),
    )


def at_store(of: Catalogue, says: Stocked) -> AtStore:
    prices = prices_of(of, **PRICES)
    home = pl.DataFrame({"shopper": ["x"], "store": ["1"]})
    every = shelf(prices, stocked())
    return AtStore.of(
        together({"1": shelf(prices, says, "1")}, every, Ladders(of.terms, of.typical)), home
    )


def find(of: Catalogue, says: Stocked | None, uses: pl.DataFrame | None = None) -> Found:
    days = BOUGHT.select("shopper", "product", "paid", "category").with_columns(
        day=NIGHT - timedelta(9), units=pl.lit(1), manufacturer_discount=pl.lit(0)
    )
    cells = pl.DataFrame(
        {"shopper": ["x"], "category": ["MILK"], "loyalty": ["national"], "volume": ["heavy"]}
    )
    told = Households(NIGHT, days, BOUGHT, OF_CATEGORY, cells, None, uses,
                      None if says is None else at_store(of, says))  # fmt: skip
    return candidates.find(told, of, TABLE, MODEL, SETTINGS)


def test_a_store_that_has_everything_changes_nothing() -> None:
    of = offers(["ab"], ["d"], ["a", "e"], ["f"])
    found, plain = find(of, stocked("abcdef")), find(of, None)
    assert found.kept.equals(plain.kept)
    assert found.missed.is_empty()
    assert found.missed.schema == plain.missed.schema == MISSED


@pytest.mark.parametrize(
    ("says", "familiar", "category", "baseline"),
    [
        (stocked("abcd"), True, "MILK", 0.5 + 0.25 - 0.5 * 0.25),
        (stocked("cd"), True, "SALT", 0.25),  # what it knows, and the store still has
        (stocked(out="a"), True, "SALT", 0.25),
        (stocked("bd"), False, "MILK", 0.8),  # it knows nothing of it any more
    ],
)
def test_an_offer_counts_by_what_the_store_has(
    says: Stocked,
    familiar: bool,
    category: str,
    baseline: float,
) -> None:
    found = find(offers(["abcd"]), says)
    rows = found.kept.select("familiar", "category", "baseline").rows()
    assert rows == [(familiar, category, pytest.approx(baseline))]
    assert found.missed.is_empty()


def test_a_stranger_is_not_offered_what_is_gone_from_the_category_it_would_count_in() -> None:
    found = find(offers(["abcd"]), stocked("d"))
    assert found.kept.is_empty()
    assert found.missed.select("category", "why").rows() == [("MILK", "not_carried")]


def test_what_a_store_keeps_from_a_household_is_told() -> None:
    found = find(offers(["a"], ["b"], ["c", "e"], ["d"], ["e"]), stocked("bcf", "b"))
    assert found.kept.is_empty()
    # Of tea the household knows nothing, so that nobody would ask why.
    assert found.missed.select("offer", "category", "why").rows() == [
        (0, "MILK", "not_carried"), (1, "MILK", "out_of_stock"), (2, "SALT", "not_carried"),
        (3, "SALT", "not_carried"),
    ]  # fmt: skip
    cells = found.missed.select("loyalty", "volume").rows()
    assert cells == [("national", "heavy")] * 2 + [("unknown", "none")] * 2
    assert found.missed["baseline"].to_list() == pytest.approx([0.5, 0.4, 0.25, 0.2])


def test_what_is_used_up_is_no_fault_of_the_store() -> None:
    of = offers(["a"])
    once = Terms.from_stored(of.terms[0].stored() | {"uses": {"per_household": 1}})
    uses = pl.DataFrame({"shopper": ["x"], "offer": ["o0"], "uses": [1]})
    found = find(replace(of, terms=(once,)), stocked(out="a"), uses)
    assert found.kept.is_empty()
    assert found.missed.is_empty()


def test_worth_depth_and_chance_at_the_prices_of_the_store() -> None:
    of = offers(["a"], ["c"])
    plain, own = find(of, None).kept, find(of, stocked(a=60, c=150)).kept
    assert plain["worth"].to_list() == [100, 100]
    assert own["worth"].to_list() == [60, 100]
    assert own["depth"].to_list() == pytest.approx([1.0, 100 / 150])
    assert own["price"].to_list() == [60, 150]
    # Deeper, and so likelier to be redeemed.
    assert own["probability"][1] > plain["probability"][1]
    assert own.columns == plain.columns


def test_what_the_prices_of_the_store_make_worthless() -> None:
    found = find(offers(["a"], ["c"]), stocked(a=0))
    assert found.kept["offer"].to_list() == [1]
    assert found.missed.select("offer", "why").rows() == [(0, "no_saving")]


def test_a_product_that_the_table_lacks_nobody_says_is_missing() -> None:
    at = at_store(offers(["a"]), stocked("b"))
    asked = pl.DataFrame({"shopper": ["x"] * 3, "product": ["a", "b", "unheard-of"]})
    assert at.has(asked, TABLE).to_list() == [False, True, True]
    assert at.has(asked, TABLE.clear()).to_list() == [True] * 3
    assert at.has(asked.clear(), TABLE).to_list() == []


def test_categories_that_are_due() -> None:
    at = at_store(offers(["a"]), stocked("cef"))
    assert at.due(OF_CATEGORY).rows() == [("x", "SALT", 0.4)]


def test_categories_of_offers_by_store() -> None:
    of = offers(["abc"], ["ce"])
    assert at_store(of, stocked("ce")).lost(of.offers).rows() == [("1", "o0", "MILK")]
