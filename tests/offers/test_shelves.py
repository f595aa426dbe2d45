"""The shelves of stores: why an offer is gone, and what it is worth at own prices."""

import numpy as np
import pytest

from offers.shelf_goods import catalogue, prices_of, stocked
from promo.offers import shelves
from promo.offers.shelves import Ladders, shelf, together


@pytest.mark.parametrize(
    ("carried", "out", "store", "why"),
    [
        (None, "", "1", {}),
        (None, "ab", "1", {0: "out_of_stock"}),
        ("bcdef", "b", "1", {0: "out_of_stock"}),  # the other one would not have been there
        ("cdef", "", "1", {0: "not_carried"}),
        ("cdef", "ab", "1", {0: "not_carried"}),
        ("", "", "1", {0: "not_carried"}),
        ("cdef", "ab", "2", {0: "store"}),
        (None, "", "", {0: "store"}),  # any store but those that are named
    ],
)
def test_why_an_offer_is_gone(
    carried: str | None, out: str, store: str, why: dict[int, str]
) -> None:
    offers = catalogue(["ab"], where={"stores": ["1"]})
    assert dict(shelf(prices_of(offers), stocked(carried, out), store).gone) == why


def test_what_is_delisted_is_in_no_store() -> None:
    found = shelf(prices_of(catalogue(["ab"], ["bc"]), delisted="abe"), stocked("abcdef"))
    assert found.gone == {0: "not_carried"}
    assert (found.empty, found.full) == (["MILK", "TEA"], False)
    assert found.lost == []  # b was never among its goods


def test_a_full_shelf() -> None:
    assert shelf(prices_of(catalogue(["ab"])), stocked()).full
    assert shelf(prices_of(catalogue(["ab"])), stocked("abcdef", f=9)).full  # f is in no offer
    assert not shelf(prices_of(catalogue(["ab"])), stocked(a=9)).full
    assert not shelf(prices_of(catalogue(["ab"])), stocked(out="f")).full


def test_what_is_gone_has_no_price_and_loses_nothing() -> None:
    found = shelf(prices_of(catalogue(["ac", "d"])), stocked("ac", a=9))
    assert found.gone == {0: "not_carried"}
    assert (found.lost, found.priced) == ([], [])


def test_shelves_together() -> None:
    offers = catalogue(["ab"], ["c"], typical={"a": 300, "b": 300, "c": 300})
    prices, ladders = prices_of(offers), Ladders(offers.terms, offers.typical)
    stores = {
        "1": shelf(prices, stocked(a=40, b=40), "1"),
        "2": shelf(prices, stocked("ab", a=40, b=40), "2"),
        "3": shelf(prices, stocked(a=50, b=50, c=0), "3"),
    }
    found = together(stores, shelf(prices, stocked()), ladders)
    assert found.of.rows() == [("1", 1), ("2", 2), ("3", 3)]
    assert found.there.sum(axis=1).tolist() == [6, 6, 2, 6]
    assert found.gone.rows() == [(2, 1, "not_carried")]
    # Equal prices of an offer share a ladder.
    assert found.priced.select("shelf", "offer", "variant").rows() == [
        (1, 0, 1), (2, 0, 1), (3, 0, 2), (3, 1, 3),
    ]  # fmt: skip
    worth = found.ladder.group_by("offer", "variant", maintain_order=True).agg("worth")
    assert [set(row) for row in worth["worth"]] == [{40}, {50}, {0}]
    again = together({"3": stores["3"]}, shelf(prices, stocked()), ladders)
    assert again.ladder.equals(found.ladder)
    assert np.array_equal(again.there[1], found.there[3])


def test_the_words_are_those_that_are_recorded() -> None:
    assert set(shelves.KEPT) == {"not_carried", "out_of_stock", "store", "no_saving"}
