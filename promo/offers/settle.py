"""Households with bands or rivals settle among themselves before budgets are enforced.

Their lists are lumps: shut out of one offer, a list may need five others to come back into its
band. So before anything is dropped they are served one after the other at prices that rise as a
budget fills and fall as it empties, more steeply from round to round, until lists fit side by side.
"""

import numpy as np

from promo.offers import search
from promo.offers.compiled import compiled
from promo.offers.household import Flags, Floats, Night, Work

FURTHEST = 3.0  # the logarithm of the most that a price rises or falls
LEAST = 0.02  # of the typical value a promise: the price of an offer that was free


@compiled
def _reprice(
    now: Floats, price: Floats, limit: Floats, size: Floats, used: Floats, o: int, unit: float,
    steep: float,
) -> None:  # fmt: skip
    """The prices of offer o: as given where one promise of typical size is left."""
    for k in range(2):
        left = (limit[o, k] - used[o, k]) / size[o, k]
        change = min(max(steep * (1 - left), -FURTHEST), FURTHEST)
        base = max(price[o, k], LEAST * unit / size[o, k] if left < 3 else 0.0)
        now[o, k] = base * np.exp(change)


@compiled
def settle(
    night: Night, w: Work, price: Floats, limit: Floats, size: Floats, unit: float,
    chosen: Flags, nodes: int, steep: float,
) -> None:  # fmt: skip
    """One round: each household with bands or rivals gets its best list at prices of the moment.

    price, limit, size: (m, 2) of money and uses: prices, budgets, what a typical promise uses;
    unit: the typical value of a candidate. Changes the lists `chosen` (n,), budgets or no.
    """
    start, offer, worth, chance = night.start, night.offer, night.worth, night.chance
    used, now = np.zeros_like(price), np.zeros_like(price)
    for row in range(len(offer)):
        if chosen[row]:
            p = chance[row] if len(chance) else 1.0
            used[offer[row], 0] += p * worth[row]
            used[offer[row], 1] += p
    for o in range(len(price)):
        _reprice(now, price, limit, size, used, o, unit, steep)
    for h in range(len(night.slots)):
        if night.plain[h]:
            continue
        for turn in range(2):
            sign = 2 * turn - 1.0
            for row in range(start[h], start[h + 1]):
                if chosen[row]:
                    p = chance[row] if len(chance) else 1.0
                    used[offer[row], 0] += sign * p * worth[row]
                    used[offer[row], 1] += sign * p
                    _reprice(now, price, limit, size, used, offer[row], unit, steep)
            if turn == 0 and search.solve(night, w, h, now, nodes)[0] > search.NONE:
                chosen[start[h] : start[h + 1]] = w.taken[: start[h + 1] - start[h]]
