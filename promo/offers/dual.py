"""Prices of the budgets: the Lagrangian dual of the allocation, minimised by Newton's method.

    D(price) = sum over households of the best list's score at those prices + price . budgets

is convex, bounds the value of every allocation, and its slope is what budgets leave over. Its
curvature is how lists change with prices: of a candidate that stands on a list with little to spare
(a score less than `width` above that of whoever would take its place) 1 / width leaves as its
offer's price rises by one, and its stand-in comes. Summed over households that makes a matrix, and
Newton's step follows from it; prices stay above zero.
(A household alone, prices in between: Zhang, Qi, Hua & Yang, "Solving Billion-Scale Knapsack
Problems", WWW 2020.)
"""

import numpy as np

from promo.offers import search
from promo.offers.compiled import compiled
from promo.offers.household import Flags, Floats, Ints, Night, Work


@compiled
def _stand_ins(night: Night, w: Work, h: int, width: float, pairs: Ints, count: int) -> int:
    """Add (row, row of its stand-in or -1) for whoever on the list has little to spare."""
    taken, order, bent = w.taken, w.order, w.bent
    in_category, next_in, category = w.in_category, w.next_in, night.category
    begin, per_category, anyone = night.start[h], night.per_category, -1
    n = night.start[h + 1] - begin
    for j in range(n):
        in_category[category[begin + j]] += taken[j]
    for i in range(n):
        j = order[i]
        if bent[j] <= 0:
            break
        place = category[begin + j]
        if taken[j] == 0 and in_category[place] < per_category:
            anyone = j if anyone < 0 else anyone
        elif taken[j] == 0 and next_in[place] < 0:
            next_in[place] = j
    for j in range(n):
        if taken[j] and count < len(pairs):
            other, same = anyone, next_in[category[begin + j]]
            if same >= 0 and (other < 0 or bent[same] > bent[other]):
                other = same
            if bent[j] - (bent[other] if other >= 0 else 0.0) < width:
                pairs[count, 0] = begin + j
                pairs[count, 1] = begin + other if other >= 0 else -1
                count += 1
    for j in range(n):
        in_category[category[begin + j]] = 0
        next_in[category[begin + j]] = -1
    return count


@compiled
def add(sums: Floats, p: float, c: float, sign: int) -> None:
    """Add a promise of chance p and face value c to the six sums of its offer, or take it away."""
    sums[0] += sign * p * c
    sums[1] += sign * p
    sums[2] += sign * p * c * c
    sums[3] += sign * p * c * c * c
    sums[4] += sign * p * c * p * c
    sums[5] += sign * p * p


@compiled
def look(
    night: Night, w: Work, price: Floats, first: int, last: int, step: int, nodes: int,
    width: float, used: Floats, pairs: Ints, chosen: Flags,
) -> tuple[float, int]:  # fmt: skip
    """Solve every step-th household of [first, last) at prices (m, 2).

    Adds what their lists use to `used` (m, 6: sums of pc and p; where chances count also of pc^2,
    pc^3, p^2c^2 and p^2), writes pairs of stand-ins, and the lists into `chosen` (n,) unless it is
    empty. Returns the sum of the bounds on their scores, and how many pairs there are.
    """
    start, offer, worth, chance = night.start, night.offer, night.worth, night.chance
    taken, total, count = w.taken, 0.0, 0
    for h in range(first, last, step):
        total += search.solve(night, w, h, price, nodes)[1]
        begin, end = start[h], start[h + 1]
        for row in range(begin, end):
            if taken[row - begin] and len(chance):
                add(used[offer[row]], chance[row], worth[row], 1)
            elif taken[row - begin]:
                used[offer[row], 0] += worth[row]
                used[offer[row], 1] += 1
        if len(chosen):
            chosen[begin:end] = taken[: end - begin]
        if width > 0:
            count = _stand_ins(night, w, h, width, pairs, count)
    return total, count


@compiled
def curvature(night: Night, pairs: Ints, share: float, place: Ints, matrix: Floats) -> None:
    """Add the pairs' curvature to a matrix (k, k); `place` (2 m,) is a price's row there, or -1."""
    offer, worth, chance = night.offer, night.worth, night.chance
    where, what = np.zeros(4, np.int64), np.zeros(4)
    for i in range(len(pairs)):
        count = 0
        for side in range(2):
            row = pairs[i, side]
            for kind in range(2 if row >= 0 else 0):
                spot = place[2 * offer[row] + kind]
                if spot >= 0:
                    much = (chance[row] if len(chance) else 1.0) * (worth[row] if kind == 0 else 1)
                    where[count], what[count] = spot, much if side == 0 else -much
                    count += 1
        for a in range(count):
            for b in range(count):
                matrix[where[a], where[b]] += share * what[a] * what[b]


@compiled
def descend(slope: Floats, matrix: Floats, price: Floats, step: Floats, sweeps: int) -> float:
    """Minimise slope . step + step . matrix . step / 2 with price + step >= 0; what is won.

    Coordinate by coordinate (Gauss-Seidel), so that the bounds cost nothing.
    """
    k = len(slope)
    gradient = slope.copy()
    for _ in range(sweeps):
        for i in range(k):
            move = max(-gradient[i] / matrix[i, i], -price[i] - step[i])
            if move != 0:
                step[i] += move
                for j in range(k):
                    gradient[j] += move * matrix[i, j]
    won = 0.0
    for i in range(k):
        won -= 0.5 * (slope[i] + gradient[i]) * step[i]
    return won
