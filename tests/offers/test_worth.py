from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.strategies import MORE, REWARDS
from offers.written import BREAD, terms
from promo.offers import worth
from promo.offers.cells import CELLS


def everywhere(offer: dict[str, Any], typical: dict[int, int], **more: Any) -> int:
    found = worth.ladder(terms(**offer), typical, **more)
    assert tuple(found) == CELLS
    (same,) = set(found.values())
    return same


@pytest.mark.parametrize(
    ("offer", "typical", "minor"),
    [
        ({}, {1: 299}, 100),
        ({}, {1: 60}, 60),  # never more than the item costs
        ({}, {}, 100),  # the price is unknown: as it is written
        ({"reward": {"amount_off": 3, "over_value": "nothing"}}, {1: 299}, 0),
        ({"reward": {"amount_off": 3}, "buy": 2}, {1: 149}, 298),
        ({"reward": {"percent_off": 20}, "buy": 2}, {1: 299}, 120),
        ({"reward": {"percent_off": 20}}, {}, 50),  # of the 2.50 that are assumed
        ({"reward": {"percent_off": 10}, "spend": 10}, {1: 300}, 120),  # four pieces
        ({"reward": {"new_price": 2}}, {1: 299}, 99),
        ({"reward": {"new_price": 2}}, {}, 50),
        ({"reward": {"new_price": 3}}, {1: 299}, 0),
        ({"reward": {"bundle_price": 5}, "buy": 3}, {1: 199}, 97),
        ({"reward": {"get": 1}, "buy": 2}, {1: 199}, 199),
        ({"reward": {"get": 1, "among": True}, "buy": 2}, {1: 199}, 199),
        ({"reward": {"get": 1, "amount_off": 1}}, {}, 100),
        ({"reward": {"free_item": 3}}, {1: 199}, 199),
        ({"reward": {"free_item": 3}}, {}, 300),
        ({"reward": {"amount_off": "0.5", "per": "lb"}, "pounds": 2}, {1: 299}, 100),
        ({"reward": {"amount_off": 5}, "products": [], "basket": 50}, {}, 500),
        ({"reward": {"percent_off": 10}, "products": [], "basket": 50}, {}, 500),
        ({"reward": {"amount_off": 1}, "basket": 50}, {1: 299}, 100),
        ({"second": BREAD}, {1: 40, 2: 50}, 90),
        ({"second": BREAD, "rule": "any"}, {1: 40, 2: 500}, 40),  # the first way to earn it
        ({"reward": {"get": 1, "applies_to": "second"}, "second": BREAD | {"nothing": True}},
         {1: 40, 2: 250}, 250),
        ({"uses": {"per_list": 5}}, {1: 299}, 100),  # of one use
        ({"reward": {"points": 100}}, {1: 299}, 50),
    ],
)  # fmt: skip
def test_worth_of_one_use(offer: dict[str, Any], typical: dict[int, int], minor: int) -> None:
    assert everywhere(offer, typical, unknown=250, point=Decimal("0.5")) == minor


def test_without_a_price_to_assume_nothing_is_promised() -> None:
    assert everywhere({"reward": {"percent_off": 20}}, {}) == 0
    assert everywhere({"reward": {"points": 20}}, {}) == 0


def test_the_ladder_is_priced_cell_by_cell() -> None:
    offer = terms(
        reward={"percent_off": 20}, ladder={"heavy": 30, "medium": 20, "light": 10, "none": 50}
    )
    found = worth.ladder(offer, {1: 1000})
    assert [found["national", volume] for volume in ("heavy", "medium", "light")] == [300, 200, 100]
    assert found["unknown", "none"] == 500


@given(REWARDS, st.integers(1, 4), MORE, st.tuples(*[st.integers(1, 2000)] * 3))
def test_no_offer_is_worth_more_than_its_items_cost(
    reward: Any, buy: int, more: Any, prices: tuple[int, int, int]
) -> None:
    offer = terms(**{"reward": reward, "buy": buy} | more)
    typical = dict(enumerate(prices, 1))
    given_on_top = 3  # pieces at most, in REWARDS
    most = sum(typical[n] * (p.amount + given_on_top) for n, p in offer.purchases.items())
    found = worth.ladder(offer, typical, unknown=250)
    assert all(0 <= minor <= most for minor in found.values())
