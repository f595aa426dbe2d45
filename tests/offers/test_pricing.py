"""The price of one offer on given lines: by tables, by properties, by a second implementation."""

import itertools
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.strategies import LINES, MORE, NEEDS, REWARDS
from offers.written import BREAD, JAM, PURCHASE_OF, lines, terms
from promo.offers.basket import Line, apportion, pieces
from promo.offers.pricing import Priced, price
from promo.offers.terms import Offered


def priced(offer: Offered, basket: list[Line], **more: Any) -> Priced:
    return price(offer, offer.reward.number, basket, PURCHASE_OF, **more)


@pytest.mark.parametrize(
    ("offer", "basket", "shares"),
    [
        # an amount off
        ({}, "a 1 300", [100]),
        ({}, "a 3 900", [100]),
        ({"uses": {"per_list": 2}}, "a 3 900", [200]),
        ({"uses": {"per_list": 9}}, "a 3 900", [300]),
        ({"buy": 2}, "a 1 300, a2 1 100", [75, 25]),
        ({"buy": 3}, "a 1 100, a2 2 200", [34, 66]),
        ({"buy": 2, "uses": {"per_list": 9}}, "a 5 1500", [200]),
        ({}, "x 1 900, a 1 300 -, a2 1 200", [0, 0, 100]),
        ({"reward": {"amount_off": 5}}, "a 1 300, a2 1 100", [300, 0]),  # capped at the dearest
        ({"reward": {"amount_off": 5, "over_value": "nothing"}}, "a 1 300, a2 1 100", [0, 0]),
        ({"reward": {"amount_off": 3, "over_value": "nothing"}}, "a 1 300, a2 1 100", [300, 0]),
        ({"reward": {"amount_off": "0.5", "per": "unit"}, "buy": 2}, "a 1 300, a2 1 30", [50, 30]),
        ({"reward": {"amount_off": "0.5", "per": "unit", "over_value": "nothing"}, "buy": 2},
         "a 1 300, a2 1 30", [50, 0]),
        ({"reward": {"amount_off": "0.5", "per": "lb"}, "pounds": 2}, "a 1 999 2.5lb", [125]),
        ({"reward": {"amount_off": "0.5", "per": "lb"}, "pounds": 2}, "a 1 999 1.999lb", [0]),
        ({"reward": {"amount_off": "0.5", "per": "lb"}, "pounds": 2}, "a 1 999 0.908kg", [100]),
        ({"reward": {"amount_off": 1, "per": "kg"}, "kilograms": 1}, "a 1 999", [0]),  # unweighed
        # a percentage off
        ({"reward": {"percent_off": 20}}, "a 2 598", [60]),
        ({"reward": {"percent_off": 50}}, "a 1 101", [51]),  # a half upwards
        ({"reward": {"percent_off": "12.5"}, "spend": 10}, "a 2 1001, a2 2 601", [125, 75]),
        ({"reward": {"percent_off": 50, "at_most": 1}}, "a 1 300", [100]),
        ({"reward": {"percent_off": 20}, "buy": 2, "or_more": True}, "a 3 900", [180]),
        ({"reward": {"percent_off": 100}}, "a 1 300", [300]),
        # a new price
        ({"reward": {"new_price": 2}}, "a 2 598", [99]),
        ({"reward": {"new_price": 2}, "buy": 2}, "a 2 598, a2 1 150", [198, 0]),
        ({"reward": {"new_price": 3}}, "a 2 598", [0]),
        ({"reward": {"new_price": "2.99", "per": "kg"}, "kilograms": 1}, "a 1 1001 2.5kg", [253]),
        # so many for a price
        ({"reward": {"bundle_price": 5}, "buy": 3}, "a 3 600, a2 1 100", [100, 0]),
        ({"reward": {"bundle_price": 5}, "buy": 3, "uses": {"per_list": 2}}, "a 7 1400", [200]),
        ({"reward": {"bundle_price": 5}, "buy": 3}, "a 2 600", [0]),
        # some more free, or for less
        ({"reward": {"get": 1}, "buy": 2}, "a 2 600", [0]),
        ({"reward": {"get": 1}, "buy": 2}, "a 1 500, a2 2 600", [0, 300]),
        ({"reward": {"get": 1}, "buy": 2, "uses": {"per_list": 2}},
         "a 2 1000, a2 4 800", [0, 400]),
        ({"reward": {"get": 1}, "buy": 2, "choose": "cheapest"}, "a 1 500, a2 3 600", [0, 200]),
        ({"reward": {"get": 1, "among": True}, "buy": 2}, "a 2 600", [300]),
        ({"reward": {"get": 1, "percent_off": 50}, "buy": 1}, "a 2 300", [75]),
        ({"reward": {"get": 2, "amount_off": 2}, "buy": 1}, "a 3 900", [400]),
        ({"reward": {"get": 2, "at_most": 5}, "buy": 1}, "a 3 900", [500]),
        ({"reward": {"get": 1, "applies_to": "second"}, "second": BREAD | {"nothing": True}},
         "a 1 300, b 2 500", [0, 250]),
        # a free item
        ({"reward": {"free_item": 3}}, "a 1 250", [250]),
        ({"reward": {"free_item": 3}}, "a 1 350", [300]),
        ({"reward": {"free_item": 3}, "buy": 2}, "a 1 350, a2 1 200", [0, 200]),
        ({"reward": {"free_item": 3, "applies_to": "second"}, "buy": 2, "second": BREAD},
         "a 2 700, b 1 250", [0, 250]),
        # thresholds
        ({"reward": {"amount_off": 2}, "spend": 10}, "a 1 600, a2 2 400", [120, 80]),
        ({"reward": {"amount_off": 2}, "spend": 10}, "a 1 600, a2 2 399", [0, 0]),
        ({"reward": {"amount_off": 2}, "spend": 5, "or_more": False, "uses": {"per_list": 9}},
         "a 3 1500, a2 1 100", [600, 0]),
        ({"reward": {"amount_off": 5}, "products": [], "basket": 50},
         "x 4 3333, a 1 1667", [333, 167]),
        ({"reward": {"amount_off": 5}, "products": [], "basket": 50}, "x 4 3333, a 1 1666", [0, 0]),
        ({"reward": {"amount_off": 5}, "products": [], "basket": 50}, "x 1 5000 -, a 1 99", [0, 0]),
        ({"reward": {"percent_off": 10}, "products": [], "basket": 10, "uses": {"per_list": 3}},
         "x 1 2000", [380]),  # ten percent, and ten percent of what is left
        ({"reward": {"amount_off": 1}, "basket": 20}, "x 1 2000, a 1 300", [0, 100]),
        ({"reward": {"amount_off": 1, "applies_to": "basket"}, "buy": 2}, "a 2 300, x 1 100",
         [75, 25]),
        ({"reward": {"amount_off": 9, "applies_to": "basket"}, "nothing": True},
         "x 1 500, y 1 -300", [200, 0]),  # a return lowers the basket
    ],
)  # fmt: skip
def test_what_comes_off_each_line(offer: dict[str, Any], basket: str, shares: list[int]) -> None:
    found = priced(terms(**offer), lines(basket))
    assert list(found.shares) == shares
    assert found.discount == sum(shares)
    assert (found.why_not is None) == (found.uses > 0) == (sum(shares) > 0)


TWO = {"second": BREAD | {"buy": 3}}
THREE = {"second": BREAD, "third": JAM}


@pytest.mark.parametrize(
    ("offer", "basket", "shares"),
    [
        (TWO | {"rule": "any"}, "a 1 300", [100]),
        (TWO | {"rule": "any"}, "b 3 300", [100]),
        (TWO | {"rule": "any"}, "b 2 300", [0]),
        (TWO, "a 1 300", [0]),
        (TWO, "a 1 300, b 3 300", [50, 50]),
        (THREE, "a 1 300, b 1 300", [0, 0]),
        (THREE, "a 1 100, b 1 100, c 1 100", [34, 33, 33]),
        (THREE | {"rule": "first_and_other"}, "a 1 300, c 1 100", [75, 25]),
        (THREE | {"rule": "first_and_other"}, "b 1 300, c 1 100", [0, 0]),
        (THREE | {"rule": "first_or_others"}, "b 1 300, c 1 100", [75, 25]),
        (THREE | {"rule": "first_or_others"}, "b 1 300", [0]),
        (THREE | {"rule": "first_or_others"}, "a 1 300", [100]),
        (THREE | {"rule": "third_and_other"}, "a 1 300, b 1 300", [0, 0]),
        (THREE | {"rule": "third_and_other"}, "b 1 300, c 1 100", [75, 25]),
        (
            TWO | {"reward": {"percent_off": 50, "applies_to": "first"}},
            "a 1 300, b 3 300",
            [150, 0],
        ),
        # a piece that counts to both serves one of them
        ({"second": BREAD}, "ab 1 300", [0]),
        ({"second": BREAD}, "ab 2 300", [100]),
        ({"second": BREAD}, "ab 1 300, a 1 300", [50, 50]),
        ({"second": BREAD}, "ab 1 300, b 1 300", [50, 50]),
        (THREE, "ab 1 100, bc 1 100, abc 1 100", [34, 33, 33]),
    ],
)
def test_purchases_are_joined_by_the_rule(
    offer: dict[str, Any], basket: str, shares: list[int]
) -> None:
    assert list(priced(terms(**offer), lines(basket)).shares) == shares


@pytest.mark.parametrize(
    ("offer", "basket", "points"),
    [
        ({"reward": {"points": 500}}, "a 3 900", 500),
        ({"reward": {"points": 10, "per": "unit"}, "buy": 2}, "a 3 900", 20),
        ({"reward": {"points": 10, "per": "lb"}, "pounds": 1}, "a 1 900 2.25lb", 23),
        ({"reward": {"points": 10}, "uses": {"per_list": 2}}, "a 3 900", 20),
        ({"reward": {"points": 10}}, "x 3 900", 0),
    ],
)
def test_points_are_given_and_nothing_comes_off(
    offer: dict[str, Any], basket: str, points: int
) -> None:
    found = priced(terms(**offer), lines(basket))
    assert (found.points, found.discount) == (points, 0)


@pytest.mark.parametrize(
    ("offer", "basket", "more", "code"),
    [
        ({}, "", {}, "not_bought"),
        ({}, "x 1 100", {}, "not_bought"),
        ({"buy": 2}, "a 1 100", {}, "too_few"),
        ({"spend": 5}, "a 1 100", {}, "too_little"),
        ({"pounds": 2}, "a 1 100 1lb", {}, "too_light"),
        ({"basket": 5}, "a 1 100", {}, "basket_too_small"),
        ({}, "a 1 100", {"most": 0}, "no_uses"),
        ({}, "a 1 100", {"taken": {(0, 0)}}, "taken"),
        ({"reward": {"new_price": 2}}, "a 1 100", {}, "no_saving"),
        ({"reward": {"amount_off": 2, "over_value": "nothing"}}, "a 1 100", {}, "over_value"),
        ({"reward": {"get": 1}}, "a 1 100", {}, "too_few"),
        ({"second": BREAD}, "ab 1 100", {}, "too_few"),
        ({}, "a 1 -100", {}, "not_bought"),
        ({}, "a -1 100", {}, "not_bought"),
        ({}, "a 0 100", {}, "not_bought"),
    ],
)
def test_why_nothing_is_given(
    offer: dict[str, Any], basket: str, more: dict[str, Any], code: str
) -> None:
    found = priced(terms(**offer), lines(basket), **more)
    assert found.why_not is not None
    assert found.why_not.code == code
    assert found.why_not.sentence.endswith(".")
    assert (found.uses, found.discount, found.points, found.units) == (0, 0, 0, ())


def test_units_that_paid_are_named_and_pay_once() -> None:
    offer, basket = terms(buy=2), lines("a 2 500, a2 3 900")
    first = priced(offer, basket)
    assert first.units == ((1, 0), (1, 1))  # the dearest
    second = priced(offer, basket, taken=first.units)
    assert second.units == ((0, 0), (1, 2))
    third = priced(offer, basket, taken=first.units + second.units)
    assert third.why_not is not None
    assert third.why_not.code == "taken"


def test_a_basket_pays_by_its_sum_and_not_by_its_pieces() -> None:
    offer = terms(products=[], basket=10)
    found = priced(offer, lines("x 2 1500"), taken={(0, 0), (0, 1)})
    assert (found.uses, found.units, found.shares) == (1, (), (100,))


def test_a_worked_coupon_of_two_fifty_off_one() -> None:
    reward = {"amount_off": "2.50", "over_value": "nothing"}
    for amount, off in ((250, 250), (400, 250), (249, 0)):
        assert priced(terms(reward=reward), [Line("a", 1, amount)]).discount == off


@given(st.sampled_from(["USD", "JPY", "KWD"]), REWARDS, NEEDS, MORE, LINES, st.randoms())
def test_shares_add_up_and_nothing_goes_below_zero(
    currency: str, reward: Any, need: Any, more: Any, basket: list[Line], chance: Any
) -> None:
    offer = terms(currency, **{"reward": reward} | need | more)
    found = priced(offer, basket)
    assert sum(found.shares) == found.discount == sum(found.off.values())
    for line, share in zip(basket, found.shares, strict=True):
        assert 0 <= share <= max(line.amount, 0)
    prices = {piece.unit: piece.price for piece in pieces(basket, {}, dearest=True)}
    assert all(0 < share <= prices[unit] for unit, share in found.off.items())
    assert len(set(found.units)) == len(found.units)
    assert set(found.units) <= prices.keys()
    assert found.uses <= offer.uses.per_list
    assert (found.why_not is None) == (found.discount + found.points > 0) == (found.uses > 0)

    order = list(range(len(basket)))
    chance.shuffle(order)
    moved = priced(offer, [basket[n] for n in order])
    assert (moved.uses, moved.discount, moved.points) == (found.uses, found.discount, found.points)
    of_line = sorted(zip([basket[n] for n in order], moved.shares, strict=True), key=repr)
    assert of_line == sorted(zip(basket, found.shares, strict=True), key=repr)

    again = priced(offer, basket, taken=found.units)
    assert not set(again.units) & set(found.units)


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(0, 10**6), max_size=8),
)
def test_apportioning_is_fair_to_the_minor_unit(amount: int, prices: list[int]) -> None:
    whole = sum(prices)
    amount = min(amount, whole)
    shares = apportion(amount, prices)
    assert sum(shares) == amount
    for share, price_ in zip(shares, prices, strict=True):
        assert 0 <= share <= price_
        assert abs(share - Fraction(amount * price_, whole or 1)) < 1


@given(
    st.lists(st.sampled_from(["a", "b", "ab", "bc", "abc", "c"]), min_size=1, max_size=5),
    st.lists(st.integers(1, 2), min_size=3, max_size=3),
)
def test_a_use_is_found_wherever_there_is_one(products: list[str], wanted: list[int]) -> None:
    """Against trying every way to deal the pieces out."""
    basket = [Line(product, 1, 100 + n) for n, product in enumerate(products)]
    first, second, third = wanted
    offer = terms(buy=first, second=BREAD | {"buy": second}, third=JAM | {"buy": third})
    possible = any(
        [deal.count(n) for n in (1, 2, 3)] == wanted
        for deal in itertools.product(*((0, *PURCHASE_OF[product]) for product in products))
    )
    assert (priced(offer, basket).uses == 1) == possible
