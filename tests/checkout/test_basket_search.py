"""Random baskets against every order, and the promises that no basket may break."""

import random

import basket_bars
import basket_brute
import baskets
from hypothesis import given, settings
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32)


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_no_order_of_uses_takes_more_off(seed: int) -> None:
    case = baskets.small(random.Random(seed), most_offers=6)
    found = basket_bars.reckoned(case, work=basket_bars.ALL)
    try:
        wanted = basket_brute.most_off(case.lines, case.held, case.matches, 3_000)
    except basket_brute.TooMany:
        return
    assert found.exact
    assert found.discount == wanted


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_no_basket_breaks_a_promise(seed: int) -> None:
    chance = random.Random(seed)
    assert basket_bars.broken(baskets.small(chance), chance) == []


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_a_large_basket_keeps_them_too(seed: int) -> None:
    chance = random.Random(seed)
    assert basket_bars.broken(baskets.dense(chance, lines=25, offers=10), chance) == []


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_another_offer_never_lowers_what_the_shopper_gets(seed: int) -> None:
    case = baskets.small(random.Random(seed), most_offers=6)
    held = [each for each in case.held if not each.coupon]
    fewer = baskets.Case(case.lines, held[:-1], case.matches)
    more = baskets.Case(case.lines, held, case.matches)
    if held:
        less = basket_bars.reckoned(fewer, work=basket_bars.ALL)
        assert basket_bars.reckoned(more, work=basket_bars.ALL).discount >= less.discount
