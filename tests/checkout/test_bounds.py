"""Upper bounds: no order of uses gives more, on whatever pieces are left."""

import random

import baskets
from hypothesis import given, settings
from hypothesis import strategies as st

from promo.checkout.basket.belt import Belt
from promo.checkout.basket.bounds import Bound
from promo.checkout.basket.groups import contested
from promo.checkout.basket.model import Rules
from promo.checkout.basket.ways import Offer


def offers(case: baskets.Case, policy: str) -> list[Offer]:
    belt = Belt.of(case.lines)
    rules = Rules("best_for_chain" if policy == "chain" else "best_for_shopper")
    wanted = belt.wanted(case.matches)
    found = [Offer(n, held, belt, wanted, rules) for n, held in enumerate(case.held)]
    for offer in found:
        offer.meet(found)
    return found


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["shopper", "chain"]))
def test_an_offers_uses_never_pass_its_bound(seed: int, policy: str) -> None:
    chance = random.Random(seed)
    found = offers(baskets.small(chance), policy)
    shared = contested([offer.mask for offer in found])
    for offer in found:
        bound = Bound(offer, offer.mask & ~shared)
        # What others want may go before any use; what nobody else wants goes by its uses alone.
        free, worth = offer.belt.whole, 0
        allowed = []
        for made in range(offer.most):
            free &= ~(shared & chance.getrandbits(len(offer.belt.pieces) + 1))
            allowed.append(worth + bound(free, made))
            ways = offer.ways(free, made).gives
            if not ways:
                break
            way = chance.choice(ways)
            worth += way.worth
            free &= ~way.mask
        assert worth <= min(allowed, default=worth)
