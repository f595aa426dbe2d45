"""What goods cost in a store with prices of its own."""

import math
from typing import Any

import pytest

from offers.shelf_goods import catalogue, prices_of, stocked, there

TYPICAL = {"a": 100, "b": 200, "c": 300}
EVERYTHING = there("abcdef")


@pytest.mark.parametrize(
    ("own", "held", "median"),
    [
        ({"a": 60}, "abcdef", 130),  # of 60 and 200
        ({"a": 60}, "a", 60),
        ({"a": 60, "b": 61}, "abcdef", 60),  # a half goes to the even number
        ({"a": 60, "b": 63}, "abcdef", 62),
        ({"a": 0}, "abcdef", 100),
    ],
)
def test_the_median_of_what_is_there(own: dict[str, Any], held: str, median: int) -> None:
    prices = prices_of(catalogue(["ab"], ["c"], typical=TYPICAL))
    [found] = prices.priced(stocked(**own), there(held))
    assert (found.offer, found.typical) == (0, ((1, median),))


@pytest.mark.parametrize(("own", "held"), [({}, "abc"), ({"a": 60}, "bc"), ({"d": 60}, "abcd")])
def test_offers_without_a_price_of_their_own_are_as_everywhere(
    own: dict[str, Any], held: str
) -> None:
    prices = prices_of(catalogue(["ab"], ["c"], typical=TYPICAL))
    assert prices.priced(stocked(**own), there(held)) == []


def test_each_purchase_has_its_own() -> None:
    prices = prices_of(catalogue(["a", "bc"], ["f"], typical=TYPICAL))
    [found] = prices.priced(stocked(b=50), EVERYTHING)
    assert found.typical == ((1, 100), (2, 175))


def test_the_chain_earns_less_by_as_much_as_a_piece_costs_less() -> None:
    prices = prices_of(catalogue(["ab"]), a=100.0, b=200.0)
    [found] = prices.priced(stocked(a=60), EVERYTHING)
    assert (found.price, found.margin) == ((60 + 200) / 2, (10 - 40 + 10) / 2)
    assert found.typical == ((1, 60),)  # nobody knows what b typically costs
    [unknown] = prices_of(catalogue(["f"])).priced(stocked(f=70), EVERYTHING)
    assert (unknown.price, unknown.margin) == (70, 0)


def test_a_piece_without_any_price() -> None:
    prices = prices_of(catalogue(["f", "e"]))
    [found] = prices.priced(stocked(e=70), EVERYTHING)
    assert found.typical == ((2, 70),)
    assert math.isnan(found.price)
    assert math.isnan(found.margin)
