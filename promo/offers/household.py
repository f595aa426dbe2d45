"""One household's list at given prices, where nothing but slots and categories is in the way.

At prices for the offers' budgets every household can be served alone: it takes the candidates with
the greatest score, at most `slots` of them and `per_category` of a category. Those two limits nest,
so taking candidates in falling score is exact. Where the list so found breaks another rule (too
many of a funder, rivals, the value band), `promo.offers.search` looks further.

Compiled functions take what they need out of a tuple of arrays first: inside a loop numba would
count references to the array at every turn, which costs more than the turn itself.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promo.offers.compiled import compiled

Floats = NDArray[np.float64]
Numbers = NDArray[np.int32]
Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]


class Night(NamedTuple):
    """What the compiled functions see: n candidates by household, h households, m offers."""

    start: Ints  # (h + 1,) where a household's candidates begin
    offer: Numbers  # (n,)
    category: Numbers  # (n,)
    worth: Numbers  # (n,) minor units
    value: Floats  # (n,)
    chance: Floats  # (n,) weight of a promise in the budgets; empty: all count in full
    funder: Numbers  # (m,)
    rival_start: Numbers  # (m + 1,) where an offer's rivals begin
    rival: Numbers  # offers
    slots: Numbers  # (h,)
    low: Ints  # (h,) least worth of a list, 0 for none
    high: Ints  # (h,) most worth of a list
    pull: Floats  # (h,) value of a minor unit of worth, where the band cannot be met; else 0
    plain: Flags  # (h,) 1: no band and no rivals among its candidates
    per_category: int
    per_funder: int


class Work(NamedTuple):
    """Room to work in for one household; `k` is the most candidates that one has."""

    score: Floats  # (k,) value less prices
    bent: Floats  # (k,) the score with the multipliers of the household's own rules
    order: Ints  # (k,) by falling `bent`
    by_worth: Ints  # (k,) by falling worth
    taken: Flags  # (k,) the answer
    barred: Flags  # (k,) 1: may not be taken
    state: Flags  # (k,) of the search: 0 free, 1 in, 2 out
    trial: Flags  # (k,) of the search: the list looked at
    stack: Ints  # (k,) of the search: what was decided, in order
    in_category: Numbers  # (categories,) zero between uses
    in_funder: Numbers  # (funders,) zero between uses
    next_in: Numbers  # (categories,) -1 between uses
    fee: Floats  # (funders,) multipliers of the funders' limits, zero between uses


def work(night: Night) -> Work:
    """Room for any household of a night."""
    k = max(int(np.diff(night.start).max(initial=0)), 1)
    categories = int(night.category.max(initial=0)) + 1
    funders = int(night.funder.max(initial=0)) + 1
    return Work(
        score=np.zeros(k),
        bent=np.zeros(k),
        order=np.zeros(k, np.int64),
        by_worth=np.zeros(k, np.int64),
        taken=np.zeros(k, np.uint8),
        barred=np.zeros(k, np.uint8),
        state=np.zeros(k, np.uint8),
        trial=np.zeros(k, np.uint8),
        stack=np.zeros(k, np.int64),
        in_category=np.zeros(categories, np.int32),
        in_funder=np.zeros(funders, np.int32),
        next_in=np.full(categories, -1, np.int32),
        fee=np.zeros(funders),
    )


@compiled
def set_scores(night: Night, w: Work, h: int, price: Floats) -> int:
    """Scores of household h's candidates at prices (m, 2) of a minor unit and of a use.

    Returns how many candidates the household has.
    """
    score, bent, chance = w.score, w.bent, night.chance
    begin, pull, sure = night.start[h], night.pull[h], len(chance) == 0
    n = int(night.start[h + 1] - begin)
    offers, worths, values = night.offer, night.worth, night.value
    for j in range(n):
        offer, worth = offers[begin + j], worths[begin + j]
        paid = price[offer, 0] * worth + price[offer, 1]
        s = values[begin + j] + pull * worth - (paid if sure else chance[begin + j] * paid)
        score[j] = s
        bent[j] = s
    return n


@compiled
def rank(w: Work, n: int) -> None:
    """Put those with a score above zero into `order`, falling, ties by row; then the others."""
    score, order = w.score, w.order
    good, bad = 0, n
    for j in range(n):
        s = score[j]
        if s > 0:
            i = good - 1
            while i >= 0 and score[order[i]] < s:
                order[i + 1] = order[i]
                i -= 1
            order[i + 1] = j
            good += 1
    for j in range(n - 1, -1, -1):
        if score[j] <= 0:
            bad -= 1
            order[bad] = j


@compiled
def sort(w: Work, n: int) -> None:
    """Put `order` by falling `bent`, ties by row; fast when it nearly is."""
    bent, order = w.bent, w.order
    for i in range(1, n):
        j = order[i]
        s = bent[j]
        k = i - 1
        while k >= 0 and (bent[order[k]] < s or (bent[order[k]] == s and order[k] > j)):
            order[k + 1] = order[k]
            k -= 1
        order[k + 1] = j


@compiled
def greedy(night: Night, w: Work, h: int, n: int) -> bool:
    """Take candidates in order into `trial`, by slots and categories alone.

    Returns whether funders' limits hold as well.
    """
    bent, order, trial, barred = w.bent, w.order, w.trial, w.barred
    in_category, in_funder = w.in_category, w.in_funder
    offer, category, funders = night.offer, night.category, night.funder
    begin, room, good = night.start[h], night.slots[h], True
    per_category, per_funder = night.per_category, night.per_funder
    trial[:n] = 0
    seen = 0
    for i in range(n):
        j = order[i]
        if bent[j] <= 0 or room <= 0:
            break
        seen = i + 1
        place = category[begin + j]
        if barred[j] == 0 and in_category[place] < per_category:
            in_category[place] += 1
            funder = funders[offer[begin + j]]
            in_funder[funder] += 1
            good = good and in_funder[funder] <= per_funder
            trial[j] = 1
            room -= 1
    for i in range(seen):
        in_category[category[begin + order[i]]] = 0
        in_funder[funders[offer[begin + order[i]]]] = 0
    return good


@compiled
def worth_of(night: Night, w: Work, h: int, n: int) -> int:
    """The worth of the list in `trial`, minor units."""
    worth, trial, begin, total = night.worth, w.trial, night.start[h], 0
    for j in range(n):
        if trial[j]:
            total += worth[begin + j]
    return total


@compiled
def are_rivals(night: Night, one: int, other: int) -> bool:
    """Whether two offers never stand on one list."""
    start, rival, found = night.rival_start, night.rival, False
    for i in range(start[one], start[one + 1]):
        found = found or rival[i] == other
    return found


@compiled
def has_rivals(night: Night, w: Work, h: int, n: int) -> bool:
    """Whether two offers of the list in `trial` are rivals."""
    trial, offer, start, begin = w.trial, night.offer, night.rival_start, night.start[h]
    for j in range(n):
        one = offer[begin + j]
        if trial[j] and start[one + 1] > start[one]:
            for k in range(n):
                if trial[k] and are_rivals(night, one, offer[begin + k]):
                    return True
    return False


@compiled
def special_rules_hold(night: Night, w: Work, h: int, n: int) -> bool:
    """Whether the list in `trial` is in the band and without rivals."""
    if night.plain[h]:
        return True
    return night.low[h] <= worth_of(night, w, h, n) <= night.high[h] and not has_rivals(
        night, w, h, n
    )
