"""Every coupon that GS1's 8110 and 8112 can say is an offer in our terms."""

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from offers.written import PURCHASE_OF, terms
from promo.offers.basket import Line
from promo.offers.pricing import price
from promo.offers.terms import Offered

# Code 3 has been read in two ways; both can be said.
RULES = {0: ["any"], 1: ["all"], 2: ["first_and_other"], 3: ["first_or_others", "third_and_other"]}
GROUPS = ("first", "second", "third")


@dataclass(frozen=True)
class Coupon:
    """The fields of a coupon that bear on its price, as they are decoded from the string."""

    save_value: int
    requirement: int
    requirement_code: int
    save_code: int = 0
    applies_to: int | None = None
    others: tuple[tuple[int, int], ...] = ()  # requirement and its code
    do_not_multiply: bool = True


def purchase(requirement: int, code: int) -> dict[str, Any]:
    """Amounts and weights have two implied decimals."""
    amount = f"{requirement / 100:.2f}"
    said: dict[int, dict[str, Any]] = {
        0: {"buy": requirement}, 1: {"spend": amount}, 2: {"basket": amount},
        3: {"pounds": amount}, 4: {"kilograms": amount}, 9: {"nothing": True},
    }  # fmt: skip
    return said[code]


def reward(coupon: Coupon) -> dict[str, Any]:
    """The codes of 8110; 7, save up to, is 8112's own."""
    amount = f"{coupon.save_value / 100:.2f}"
    said: dict[int, dict[str, Any]] = {
        0: {"amount_off": amount, "over_value": "nothing"},
        1: {"free_item": amount},
        2: {"get": coupon.save_value, "among": True},
        5: {"percent_off": coupon.save_value},
        6: {"amount_off": amount, "over_value": "nothing", "applies_to": "basket"},
        7: {"amount_off": amount, "over_value": "cap"},
    }
    found = said[coupon.save_code]
    if coupon.applies_to is not None and coupon.save_code != 6:
        found["applies_to"] = GROUPS[coupon.applies_to]
    return found


def offer(coupon: Coupon, rule: str = "all") -> Offered:
    raw = purchase(coupon.requirement, coupon.requirement_code) | {"reward": reward(coupon)}
    for name, other in zip(GROUPS[1:], coupon.others, strict=False):
        raw[name] = purchase(*other) | {"products": [f"internal:{name}"], "called": name}
    if coupon.others:
        raw["rule"] = rule
    return terms(**raw, may_be_doubled=not coupon.do_not_multiply)


def off(coupon: Coupon, *basket: Line, rule: str = "all") -> int:
    found = offer(coupon, rule)
    return price(found, found.reward.number, basket, PURCHASE_OF).discount


def test_two_fifty_off_one() -> None:
    """8110 1 0614141 654321 3 250 1 1 0 120 3 140131."""
    coupon = Coupon(250, 1, 0)
    assert off(coupon, Line("a", 1, 399)) == 250
    assert off(coupon, Line("a", 3, 1197)) == 250
    assert off(coupon, Line("a", 1, 249)) == 0
    assert off(coupon, Line("b", 1, 399)) == 0


def test_seventy_five_off_one_bundle_or_three_boxes() -> None:
    """8110 1 0614141 123456 2 75 1 1 0 650 1 0 1 3 0 850 9 3 140131."""
    coupon = Coupon(75, 1, 0, others=((3, 0),))
    bundle, boxes = Line("a", 1, 599), Line("b", 3, 597)
    assert off(coupon, bundle, rule="any") == 75
    assert off(coupon, boxes, rule="any") == 75
    assert off(coupon, bundle, boxes, rule="any") == 75
    assert off(coupon, Line("b", 2, 398), rule="any") == 0


@pytest.mark.parametrize(
    ("coupon", "basket", "discount"),
    [
        (Coupon(200, 1000, 1), [Line("a", 2, 1000)], 200),  # the group costs 10.00
        (Coupon(200, 1000, 1), [Line("a", 2, 999)], 0),
        (Coupon(200, 5000, 2), [Line("a", 1, 300), Line("x", 1, 4700)], 200),
        (Coupon(200, 5000, 2), [Line("a", 1, 300), Line("x", 1, 4699)], 0),
        (Coupon(100, 150, 3), [Line("a", 1, 300, 1500, "lb")], 100),
        (Coupon(100, 150, 4), [Line("a", 1, 300, 1500, "lb")], 0),
        (Coupon(100, 0, 9, 6), [Line("x", 1, 300)], 100),
        (Coupon(300, 1, 0, 1), [Line("a", 1, 250)], 250),  # a free item up to 3.00
        (Coupon(300, 1, 0, 1), [Line("a", 1, 350)], 300),
        (Coupon(1, 2, 0, 2), [Line("a", 2, 500)], 250),  # two in the basket, one free
        (Coupon(1, 2, 0, 2), [Line("a", 1, 250)], 0),
        (Coupon(25, 2, 0, 5), [Line("a", 2, 500)], 125),
        (Coupon(500, 1, 0, 6), [Line("a", 1, 100), Line("x", 1, 900)], 500),
        (Coupon(500, 1, 0, 7), [Line("a", 1, 100), Line("x", 1, 900)], 100),  # save up to
        (Coupon(300, 2, 0, 1, 1, ((1, 0),)), [Line("a", 2, 500), Line("b", 1, 199)], 199),
        (Coupon(300, 2, 0, 1, 1, ((1, 0),)), [Line("a", 2, 500)], 0),
        (Coupon(50, 1, 0, 5, 0, ((1, 0),)), [Line("a", 1, 500), Line("b", 1, 199)], 250),
    ],
)
def test_codes_at_the_till(coupon: Coupon, basket: list[Line], discount: int) -> None:
    assert off(coupon, *basket) == discount


def test_every_combination_of_codes_is_an_offer() -> None:
    needs, saves = (0, 1, 2, 3, 4, 9), (0, 1, 2, 5, 6, 7)
    basket = [Line(product, 2, 600, 3000, "lb") for product in ("a", "b", "c", "ab")]
    said = 0
    for first, save in itertools.product(needs, saves):
        for applies in (None, 0):
            said += _priced(Coupon(1, 1, first, save, applies), "all", basket)
        for second, rule, applies in itertools.product(needs, range(3), (None, 0, 1)):
            coupon = Coupon(1, 1, first, save, applies, ((1, second),))
            said += _priced(coupon, RULES[rule][0], basket)
    for (first, second), save in itertools.product(itertools.permutations(needs, 2), saves):
        for rules, applies in itertools.product(RULES.values(), (None, 2)):
            coupon = Coupon(1, 1, first, save, applies, ((1, second), (1, first)))
            said += sum(_priced(coupon, rule, basket) for rule in rules)
    assert said == 36 * 2 + 216 * 9 + 180 * 5 * 2


def _priced(coupon: Coupon, rule: str, basket: list[Line]) -> bool:
    found = offer(coupon, rule)
    result = price(found, found.reward.number, basket, PURCHASE_OF)
    return 0 <= result.discount == sum(result.shares)
