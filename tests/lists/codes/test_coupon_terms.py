"""A coupon as terms: what the till takes off is what the string says."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.lists.codes.coupon_8110 import Coupon8110, parse
from promo.lists.codes.coupon_fields import CouponError
from promo.lists.codes.coupon_terms import RuleThree, need, reward, to_terms
from promo.offers.basket import Line
from promo.offers.pricing import price
from promo.offers.terms import OfferError, Terms

TODAY = date(2014, 1, 20)
NOON = datetime(2014, 1, 20, 12, tzinfo=UTC)
FAMILIES = {"120": ("a",), "650": ("a",), "850": ("b",), "860": ("c",), "000": ("a", "b", "c")}
HEAD = "10614141654321"


def products(prefix: str, family: str) -> tuple[str, ...]:
    return FAMILIES.get(family, ()) if prefix == "0614141" else ()


def of(text: str, rule_three: RuleThree | None = None) -> Terms:
    return to_terms(parse(text), products, TODAY, rule_three=rule_three)


def purchase_of(terms: Terms) -> Mapping[str, tuple[int, ...]]:
    numbered = terms.purchases.items()
    everything = {product for _, purchase in numbered for product in purchase.products}
    return {
        product: tuple(n for n, purchase in numbered if product in purchase.products)
        for product in everything
    }


def off(text: str, *basket: Line, rule_three: RuleThree | None = None) -> int:
    terms = of(text, rule_three)
    return price(terms, terms.reward.number, basket, purchase_of(terms)).discount


A, B, C, X = Line("a", 1, 399), Line("b", 1, 250), Line("c", 1, 120), Line("x", 1, 5000)


@pytest.mark.parametrize(
    ("text", "basket", "discount"),
    [
        (HEAD + "3250" + "110120" + "3140131", [A], 250),
        (HEAD + "3250" + "110120" + "3140131", [Line("a", 1, 249)], 0),  # not worth its value
        (HEAD + "3250" + "110120" + "3140131", [B], 0),
        (HEAD + "275" + "110650" + "1013085093140131", [A], 75),  # one bundle
        (HEAD + "275" + "110650" + "1013085093140131", [Line("b", 3, 600)], 75),  # three boxes
        (HEAD + "275" + "110650" + "1013085093140131", [Line("b", 2, 400)], 0),
        # The flag alone wanted the last field: it still goes for the boxes.
        (HEAD + "275" + "110650" + "101308509" + "90001", [Line("b", 3, 600)], 75),
        (HEAD + "275" + "110120" + "111108509", [A], 0),  # all of them
        (HEAD + "275" + "110120" + "111108509", [A, B], 75),
        (HEAD + "275" + "110120" + "121108509" + "2110860" + "9", [A], 0),  # first and another
        (HEAD + "275" + "110120" + "121108509" + "2110860" + "9", [B, C], 0),
        (HEAD + "275" + "110120" + "121108509" + "2110860" + "9", [A, C], 75),
        (HEAD + "3200" + "410001120", [Line("a", 2, 1000)], 200),  # 10.00 on the group
        (HEAD + "3200" + "410001120", [Line("a", 2, 999)], 0),
        (HEAD + "3200" + "450002120", [A, X], 200),  # 50.00 in all
        (HEAD + "3200" + "450002120", [A], 0),
        (HEAD + "3100" + "31503120", [Line("a", 1, 300, 1500, "lb")], 100),
        (HEAD + "3100" + "31503120", [Line("a", 1, 300, 1499, "lb")], 0),
        (HEAD + "3100" + "31504120", [Line("a", 1, 300, 1500, "kg")], 100),
        (HEAD + "3100" + "109000" + "96000", [X], 100),  # off the basket, nothing required
        (HEAD + "3300" + "110120" + "91000", [A], 300),  # a free item up to 3.00
        (HEAD + "3500" + "110120" + "91000", [A], 399),
        (HEAD + "10" + "110120" + "91000", [A], 399),  # a free item, whatever it costs
        (HEAD + "11" + "130120" + "92000", [Line("a", 3, 900)], 300),  # one of three free
        (HEAD + "225" + "120120" + "95000", [Line("a", 2, 500)], 125),
        (HEAD + "10" + "110120" + "111108509" + "91100", [A, B], 250),  # buy one, get another
    ],
)  # fmt: skip
def test_what_comes_off(text: str, basket: list[Line], discount: int) -> None:
    assert off(text, *basket) == discount


def test_rule_three_is_the_callers_to_read() -> None:
    text = HEAD + "275" + "110120" + "131108509" + "2110860" + "9"
    with pytest.raises(CouponError, match="rules code is 3, which is read in two ways"):
        of(text)
    assert off(text, A, rule_three="first_or_others") == 75
    assert off(text, A, rule_three="third_and_other") == 0
    assert off(text, A, C, rule_three="third_and_other") == 75


def test_days_and_flags() -> None:
    terms = of(HEAD + "3250" + "110120" + "3140200" + "4140110" + "90001")
    assert (terms.starts, terms.ends) == (date(2014, 1, 10), date(2014, 2, 28))
    assert (terms.funder, terms.may_be_doubled, terms.printable) == ("0614141", False, False)
    assert terms.id == "8110:0614141-654321"
    assert terms.closed(datetime(2014, 3, 1, 12, tzinfo=UTC), "1") == "day"


def test_what_the_string_leaves_out() -> None:
    terms = of(HEAD + "3250" + "110120")
    assert terms.starts == terms.ends == TODAY
    assert terms.may_be_doubled
    old = of(HEAD + "3250" + "110120" + "3131231")
    assert (old.starts, old.closed(NOON, "1")) == (date(2013, 12, 31), "day")
    early = of(HEAD + "3250" + "110120" + "4140201")
    assert early.starts == early.ends == date(2014, 2, 1)


def test_a_store_coupon_is_the_chains_own() -> None:
    assert of(HEAD + "3250" + "110120" + "90010").funder_share == 0
    assert of(HEAD + "3250" + "110120").funder_share == 1


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (HEAD + "3250" + "110999", "first purchase family code"),
        (HEAD + "3250" + "110120" + "1111085010614142", "second purchase family code"),
        (HEAD + "3250" + "110120" + "21108509", "third purchase"),
        (HEAD + "3250" + "100120", "requirement"),
        (HEAD + "3250" + "31000120", "requirement"),
        (HEAD + "10" + "110120", "save value"),
        (HEAD + "3101" + "110120" + "95000", "save value"),
        (HEAD + "3100" + "110120" + "92000", "save value"),
    ],
)
def test_what_terms_cannot_say(text: str, field: str) -> None:
    with pytest.raises(CouponError) as caught:
        of(text)
    assert caught.value.field == field
    assert str(caught.value).endswith(".")


def test_a_reward_on_a_purchase_that_there_is_not() -> None:
    with pytest.raises(OfferError, match="8110 coupon 0614141-654321: `reward`"):
        of(HEAD + "3250" + "110120" + "90100")


def test_save_up_to_is_8112s_own() -> None:
    assert reward(7, 500, None) == {"amount_off": 500, "over_value": "cap"}
    assert need(3, 150) == {"pounds": 1500}


NUMBERS = st.integers(1, 99999).map(str)
CODES = st.sampled_from([0, 1, 2, 3, 4, 9])


@given(NUMBERS, NUMBERS, CODES, CODES, st.integers(0, 3), st.sampled_from("01256"),
       st.integers(0, 1))  # fmt: skip
def test_every_coupon_is_priced_or_refused_by_name(
    value: str, requirement: str, first: int, second: int, rule: int, save: str, applies: int
) -> None:
    sized = f"{len(requirement)}{requirement}"
    text = (f"{HEAD}{len(value)}{value}{sized}{first}120"
            f"1{rule}{sized}{second}8509" + f"9{save}{applies}00")  # fmt: skip
    coupon: Coupon8110 = parse(text)
    try:
        terms = to_terms(coupon, products, TODAY, rule_three="first_or_others")
    except (CouponError, OfferError) as error:
        assert str(error).endswith(".")  # noqa: PT017
        return
    basket = [Line(product, 3, 900, 4000, "lb") for product in ("a", "b", "x")]
    priced = price(terms, terms.reward.number, basket, purchase_of(terms))
    assert 0 <= priced.discount == sum(priced.shares) <= 2700
