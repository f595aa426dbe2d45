"""Offers told apart beforehand: the same answer as reckoning all of them."""

import random

import baskets
import pytest

from promo.checkout.basket.model import Policy, Rules
from promo.checkout.basket.near import near
from promo.checkout.basket.together import together


@pytest.mark.parametrize("policy", ["best_for_shopper", "best_for_chain", "in_order"])
def test_it_says_what_together_says(policy: Policy) -> None:
    for seed in range(150):
        chance = random.Random(seed)
        case = baskets.small(chance)
        some = [line for line in case.lines if chance.random() < 0.4]
        more = {"at": baskets.AT, "store": baskets.STORE, "rules": Rules(policy)}
        found = near(some, case.held, case.matches, **more)  # type: ignore[arg-type]
        assert found.answers == together(some, case.held, case.matches, **more).answers  # type: ignore[arg-type]
