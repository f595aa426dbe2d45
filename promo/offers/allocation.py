"""Allocation: which candidates get a slot, within budgets. For now greedy; its form is final."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Candidates:
    """n (household, offer) pairs, all arrays of shape (n,)."""

    shopper: Ints  # row number of the household
    offer: Ints  # row number of the offer
    category: Ints  # of the offer, for this household
    value: NDArray[np.float64]  # what the pair is worth to us; more is better
    worth: Ints  # face value in minor units, held against the budget when it is printed
    probability: NDArray[np.float64]  # of a redemption


@dataclass(frozen=True)
class Budgets:
    """What is left of each offer, arrays of shape (offers,): minor units and uses."""

    money: Ints
    uses: Ints


@dataclass(frozen=True)
class Allocation:
    """Row numbers of the chosen candidates, by household and falling value; and what is left."""

    chosen: Ints
    left: Budgets


def allocate(
    candidates: Candidates, budgets: Budgets, slots: Ints, per_category: int = 1
) -> Allocation:
    """Choose candidates in falling value while slots, categories and budgets last.

    slots: how many offers each household may have, shape (households,). At most `per_category`
    offers of a category stand on one list. Ties go to the lower household, then the lower offer,
    so the same input gives the same answer.
    """
    order = np.lexsort((candidates.offer, candidates.shopper, -candidates.value))
    order = order[candidates.value[order] > 0]
    money, uses, free = budgets.money.tolist(), budgets.uses.tolist(), slots.tolist()
    taken: dict[tuple[int, int], int] = {}
    chosen = []
    rows = zip(
        order.tolist(),
        candidates.shopper[order].tolist(),
        candidates.offer[order].tolist(),
        candidates.category[order].tolist(),
        candidates.worth[order].tolist(),
        strict=True,
    )
    for row, shopper, offer, category, cost in rows:
        in_category = taken.get((shopper, category), 0)
        affordable = uses[offer] > 0 and money[offer] >= cost
        if free[shopper] and in_category < per_category and affordable:
            free[shopper] -= 1
            taken[shopper, category] = in_category + 1
            uses[offer] -= 1
            money[offer] -= cost
            chosen.append(row)
    picked = np.array(chosen, dtype=np.int64)
    by_list = np.lexsort((np.arange(len(picked)), candidates.shopper[picked]))
    left = Budgets(np.array(money, dtype=np.int64), np.array(uses, dtype=np.int64))
    return Allocation(picked[by_list], left)
