"""Which offers can be filled with what is there."""

from typing import Any

import numpy as np
import pytest

from offers.shelf_goods import catalogue, goods_of, numbers, stocked, there
from promo.offers.filling import NONE, starts_of, sums


@pytest.mark.parametrize(
    ("goods", "rule", "held", "fills"),
    [
        (["ab"], "all", "ab", True),
        (["ab"], "all", "b", True),
        (["ab"], "all", "cdef", False),
        (["a", "c"], "all", "ac", True),
        (["a", "c"], "all", "a", False),
        (["a", "c"], "all", "c", False),
        (["a", "c"], "any", "c", True),
        (["a", "c"], "any", "e", False),
        (["a", "b", "c"], "first_and_other", "ac", True),
        (["a", "b", "c"], "first_and_other", "bc", False),
        (["a", "b", "c"], "first_or_others", "a", True),
        (["a", "b", "c"], "first_or_others", "bc", True),
        (["a", "b", "c"], "first_or_others", "c", False),
        (["a", "b", "c"], "third_and_other", "bc", True),
        (["a", "b", "c"], "third_and_other", "ab", False),
    ],
)
def test_one_product_of_each_purchase_in_one_of_the_ways(
    goods: list[str], rule: str, held: str, *, fills: bool
) -> None:
    offers = catalogue(["f"], goods, rule=rule) if rule == "all" else catalogue(goods, rule=rule)
    number = len(offers.terms) - 1
    assert (number not in goods_of(offers).unfilled(there(held))) == fills


@pytest.mark.parametrize(
    ("named", "few", "held", "fills"),
    [
        ({"products": ["internal:x"], "brands": []}, 3, "abc", True),
        ({"products": ["internal:x"], "brands": []}, 3, "ab", False),
        ({"products": ["internal:x"], "brands": []}, 2, "a", True),  # three are no longer few
        ({"products": ["internal:x"], "brands": []}, 0, "a", True),
        ({"products": ["internal:x"], "brands": ["Acme"]}, 3, "a", True),
        ({"products": [], "categories": ["MILK"], "brands": []}, 3, "a", True),
    ],
)
def test_all_of_few_products_that_are_named_by_code(
    named: dict[str, Any], few: int, held: str, *, fills: bool
) -> None:
    found = goods_of(catalogue(["abc"], **named), few).unfilled(there(held))
    assert found == (set() if fills else {0})


def test_a_delisted_product_counts_among_the_few() -> None:
    named: dict[str, Any] = {"products": ["internal:x"], "brands": []}
    goods = goods_of(catalogue(["ab"], **named), 2, delisted="b")
    assert goods.least.tolist() == [2]
    assert goods.listed.tolist() == there("acdef").tolist()


def test_a_basket_without_goods_is_filled_everywhere() -> None:
    offers = catalogue([], products=[], brands=[], basket=20)
    goods = goods_of(offers)
    assert goods.unfilled(there("")) == set()
    assert goods.lost(there("")) == []


def test_categories_of_which_nothing_is_there() -> None:
    goods = goods_of(catalogue(["ace"], ["bf"]))
    assert goods.empty(there("abcdef")) == []
    assert goods.empty(there("bf")) == ["SALT", "TEA"]
    assert goods.lost(there("bcf")) == [(0, "MILK"), (0, "TEA")]
    assert goods.lost(there("a")) == [(0, "SALT"), (0, "TEA"), (1, "MILK")]
    # What is delisted is not among an offer's goods, and so not lost.
    assert goods_of(catalogue(["ac"]), delisted="c").lost(there("")) == [(0, "MILK")]


def test_the_lowest_of_several_prices_is_asked() -> None:
    own = stocked("abc", "a", a=90, b=70)
    found = own.beside(stocked(None, "af", b=80, a=60, c=5))
    assert found.carried is own.carried
    assert found.out.tolist() == numbers("af").tolist()
    assert dict(zip(found.priced.tolist(), found.price.tolist(), strict=True)) == {
        0: 60, 1: 70, 2: 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "silent"),
    [({}, True), ({"carried": ""}, False), ({"out": "a"}, False), ({"a": 0}, False)],
)
def test_a_store_that_says_nothing(given: dict[str, Any], *, silent: bool) -> None:
    assert stocked(**given).silent == silent


def test_parts_of_nothing() -> None:
    assert starts_of(NONE, NONE).tolist() == sums(NONE, NONE).tolist() == []
    keys = np.array([1, 1, 2, 2]), np.array([5, 6, 6, 6])
    assert starts_of(*keys).tolist() == [0, 1, 2]
    assert sums(np.array([1, 2, 3, 4]), starts_of(*keys)).tolist() == [1, 2, 7]
