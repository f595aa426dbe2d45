"""Compile the allocation, so that no night or test waits for it. Seconds where it is done already.

Machine code is kept beside the modules, once for each state of the sources (promo.offers.compiled).
"""

import numpy as np

from promo.offers.allocation import Candidates, Offers, Rules, allocate
from promo.offers.coins import keys
from promo.offers.discovery import discover
from promo.offers.risk import Risk, Sums, capacity

HOUSEHOLDS, EACH, OFFERS = 40, 12, 30


def main() -> None:
    """A small night with everything in it that a night may have; and the same without risk."""
    chance = np.random.default_rng(1)
    shopper = np.repeat(np.arange(HOUSEHOLDS), EACH)
    offer = np.concatenate(
        [np.sort(chance.choice(OFFERS, EACH, replace=False)) for _ in range(HOUSEHOLDS)]
    )
    n = len(offer)
    pairs = Candidates(
        shopper, offer, offer // 3, chance.random(n) * 3, chance.integers(50, 200, n),
        chance.random(n) / 10,
    )  # fmt: skip
    budget = np.full(OFFERS, 900), np.full(OFFERS, 9)
    capacity(Sums.of(offer, pairs.probability, pairs.worth, OFFERS), *budget, Risk(0.01, 0.2))
    offers = Offers(
        *budget, np.arange(OFFERS) // 4, Sums.zero(OFFERS), np.full(OFFERS, 90.0),
        np.array([[0, 9]]),
    )  # fmt: skip
    for risk in (Risk(0.01, 0.2), None):
        some = np.full(HOUSEHOLDS, 5), np.full(HOUSEHOLDS, 300), np.full(HOUSEHOLDS, 900)
        rules = Rules(*some, 1, 3, pull=0.02, risk=risk)
        found = allocate(pairs, offers, rules)
        throws = (1, "compile", keys(str(h) for h in range(HOUSEHOLDS)))
        discover(pairs, np.ones(n, dtype=np.bool_), offers, rules, found, 2, throws)


if __name__ == "__main__":
    main()
