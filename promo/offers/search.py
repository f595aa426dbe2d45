"""One household's best list where a value band, funders' limits or rivals are in the way.

Branch and bound. Multipliers turn the band and the funders' limits into scores, `bent`; with them
what is greedily taken is an upper bound, and mostly nearly a list. Candidates are then put in or
out, in falling score, as long as the bound promises more than the best list found.
(The idea is Fisher, "The Lagrangian relaxation method for solving integer programming problems",
Management Science 27, 1981.)
"""

from promo.offers.compiled import compiled
from promo.offers.household import (
    Flags,
    Floats,
    Night,
    Work,
    are_rivals,
    greedy,
    rank,
    set_scores,
    sort,
    special_rules_hold,
    worth_of,
)

NONE = -1e300  # the score of no list at all
DOUBLINGS, HALVINGS = 40, 20  # of the interval in which a multiplier lies
SWEEPS = 3  # over the multipliers
SLACK = 1e-9  # of the scores: a bound that promises no more than this promises nothing


@compiled
def solve(night: Night, w: Work, h: int, price: Floats, nodes: int) -> tuple[float, float]:
    """Household h's best list at prices (m, 2), into `taken`: its score, and a bound on any score.

    `barred` is respected. `nodes` is how many partial lists are looked at before the best found is
    taken as it is; the two numbers agree where the search came to its end. Where no list was found
    `taken` is empty and the score NONE: perhaps none of the household's lists is in its band.
    """
    n = set_scores(night, w, h, price)
    rank(w, n)
    good = greedy(night, w, h, n)
    w.taken[:n] = w.trial[:n]
    if good and special_rules_hold(night, w, h, n):
        score = _sum(w.score, w.trial, n)
        return score, score
    w.taken[:n] = 0
    best, bound, constant = _tune(night, w, h, n)
    if bound > best + SLACK * abs(bound) and nodes > 0:
        best, bound = _search(night, w, h, n, best, bound, constant, nodes)
    for j in range(n):
        w.fee[night.funder[night.offer[night.start[h] + j]]] = 0.0
    return best, bound


@compiled
def _sum(what: Floats, which: Flags, n: int) -> float:
    total = 0.0
    for j in range(n):
        if which[j]:
            total += what[j]
    return total


@compiled
def _keep(w: Work, n: int, best: float) -> float:
    """Keep the list in `trial` if it is better than the best so far; returns the best score."""
    score = _sum(w.score, w.trial, n)
    if score > best:
        w.taken[:n] = w.trial[:n]
    return max(score, best)


@compiled
def _bend(night: Night, w: Work, h: int, n: int, theta: float, best: float) -> float:
    """Bend scores by theta a minor unit of worth and by fees, and look at the greedy list."""
    fee, funder, offer, worth = w.fee, night.funder, night.offer, night.worth
    begin, bent, score = night.start[h], w.bent, w.score
    for j in range(n):
        row = begin + j
        bent[j] = score[j] + theta * worth[row] - fee[funder[offer[row]]]
    sort(w, n)
    if greedy(night, w, h, n) and special_rules_hold(night, w, h, n):
        return _keep(w, n, best)
    return best


@compiled
def _constant(night: Night, w: Work, h: int, n: int, theta: float) -> float:
    """What multipliers add to a list's bent score to make it a bound."""
    total = -theta * night.low[h] if theta > 0 else -theta * night.high[h] if theta < 0 else 0.0
    begin, fee, seen, funders, offer = (
        night.start[h], w.fee, w.in_funder, night.funder, night.offer,
    )  # fmt: skip
    for j in range(n):  # each funder once: at its first candidate
        funder = funders[offer[begin + j]]
        if fee[funder] > 0 and seen[funder] == 0:
            seen[funder] = 1
            total += fee[funder] * night.per_funder
    for j in range(n):
        seen[funders[offer[begin + j]]] = 0
    return total


@compiled
def _of_funder(night: Night, w: Work, h: int, n: int, funder: int) -> int:
    trial, funders, offer, begin, count = w.trial, night.funder, night.offer, night.start[h], 0
    for j in range(n):
        if trial[j] and funders[offer[begin + j]] == funder:
            count += 1
    return count


@compiled
def _tune_band(night: Night, w: Work, h: int, n: int, best: float) -> tuple[float, float]:
    """The smallest multiplier of worth that brings the greedy list into the band; and the best."""
    best = _bend(night, w, h, n, 0.0, best)
    worth = worth_of(night, w, h, n)
    if night.low[h] <= worth <= night.high[h]:
        return 0.0, best
    sign = 1.0 if worth < night.low[h] else -1.0
    much, dear = 1e-12, 1
    for j in range(n):
        much = max(much, abs(w.score[j]))
        dear = max(dear, night.worth[night.start[h] + j])
    less, more = 0.0, much / dear
    for _ in range(DOUBLINGS):
        best = _bend(night, w, h, n, sign * more, best)
        if _enough(night, w, h, n, sign):
            break
        less, more = more, 2 * more
    for _ in range(HALVINGS):
        middle = (less + more) / 2
        best = _bend(night, w, h, n, sign * middle, best)
        if _enough(night, w, h, n, sign):
            more = middle
        else:
            less = middle
    return sign * more, best


@compiled
def _enough(night: Night, w: Work, h: int, n: int, sign: float) -> bool:
    worth = worth_of(night, w, h, n)
    return bool(worth >= night.low[h] if sign > 0 else worth <= night.high[h])


@compiled
def _tune_fee(
    night: Night, w: Work, h: int, n: int, theta: float, funder: int, best: float
) -> float:
    """Set the smallest fee that keeps the funder within its limit; returns the best score."""
    less, more = 0.0, 1e-12
    for j in range(n):
        if night.funder[night.offer[night.start[h] + j]] == funder:
            more = max(more, w.bent[j] + w.fee[funder])
    for _ in range(HALVINGS):
        w.fee[funder] = (less + more) / 2
        best = _bend(night, w, h, n, theta, best)
        if _of_funder(night, w, h, n, funder) > night.per_funder:
            less = w.fee[funder]
        else:
            more = w.fee[funder]
    w.fee[funder] = more
    return _bend(night, w, h, n, theta, best)


@compiled
def _tune(night: Night, w: Work, h: int, n: int) -> tuple[float, float, float]:
    """Set the multipliers one after the other; returns the best score, the bound, the constant."""
    best, bound, constant = NONE, 1e300, 0.0
    begin = night.start[h]
    for _ in range(SWEEPS):
        theta, best = _tune_band(night, w, h, n, best)
        best = _bend(night, w, h, n, theta, best)
        settled = True
        for j in range(n):
            funder = night.funder[night.offer[begin + j]]
            if w.trial[j] and _of_funder(night, w, h, n, funder) > night.per_funder:
                best = _tune_fee(night, w, h, n, theta, funder, best)
                settled = False
        constant = _constant(night, w, h, n, theta)
        bound = _sum(w.bent, w.trial, n) + constant
        if settled or bound <= best + SLACK * abs(bound):
            break
    return best, bound, constant


@compiled
def _addable(night: Night, w: Work, h: int, j: int, depth: int) -> bool:
    """Whether a free candidate may stand beside those that are in."""
    row = night.start[h] + j
    offer = night.offer[row]
    if w.in_category[night.category[row]] >= night.per_category:
        return False
    if w.in_funder[night.funder[offer]] >= night.per_funder:
        return False
    if night.rival_start[offer + 1] > night.rival_start[offer]:
        for i in range(depth):
            k = w.stack[i]
            if w.state[k] == 1 and are_rivals(night, offer, night.offer[night.start[h] + k]):
                return False
    return True


@compiled
def _complete(night: Night, w: Work, h: int, n: int, depth: int) -> tuple[float, int]:
    """Complete what is in by the best bent scores, into `trial`: their sum, and whom to try next.

    Funders' limits, rivals and the band count only against what is in; -1: nobody is left to try.
    """
    begin, room, total, following = night.start[h], night.slots[h], 0.0, -1
    trial, state, bent, order = w.trial, w.state, w.bent, w.order
    barred, in_category, category = w.barred, w.in_category, night.category
    for j in range(n):
        trial[j] = 1 if state[j] == 1 else 0
        if trial[j]:
            room -= 1
            total += bent[j]
    for i in range(n):
        j = order[i]
        if room <= 0 or (bent[j] <= 0 and following >= 0):
            break
        if state[j] or barred[j] or not _addable(night, w, h, j, depth):
            continue
        if following < 0:
            following = j
        if bent[j] > 0:
            trial[j] = 1
            in_category[category[begin + j]] += 1
            total += bent[j]
            room -= 1
    for j in range(n):
        if trial[j] and state[j] == 0:
            in_category[category[begin + j]] -= 1
    return total, following


@compiled
def _hopeless(night: Night, w: Work, h: int, n: int, depth: int) -> bool:
    """Whether what is in can no longer come into the band, whatever is added."""
    begin, room, total = night.start[h], night.slots[h], 0
    worth, state, barred, by_worth = night.worth, w.state, w.barred, w.by_worth
    for i in range(depth):
        if state[w.stack[i]] == 1:
            total += worth[begin + w.stack[i]]
            room -= 1
    for i in range(n):
        j = by_worth[i]
        if room <= 0 or total >= night.low[h]:
            break
        if state[j] == 0 and barred[j] == 0 and _addable(night, w, h, j, depth):
            total += worth[begin + j]
            room -= 1
    return bool(total < night.low[h])


@compiled
def _funders_hold(night: Night, w: Work, h: int, n: int) -> bool:
    """Whether `trial` keeps to each funder's limit; those that are in are counted already."""
    trial, state, in_funder, begin, good = w.trial, w.state, w.in_funder, night.start[h], True
    offer, funder, limit = night.offer, night.funder, night.per_funder
    for j in range(n):
        if trial[j] and state[j] == 0:
            in_funder[funder[offer[begin + j]]] += 1
            good = good and in_funder[funder[offer[begin + j]]] <= limit
    for j in range(n):
        if trial[j] and state[j] == 0:
            in_funder[funder[offer[begin + j]]] -= 1
    return good


@compiled
def _count(night: Night, w: Work, h: int, j: int, by: int) -> None:
    """Count a candidate in (1) or out (-1)."""
    row = night.start[h] + j
    w.in_category[night.category[row]] += by
    w.in_funder[night.funder[night.offer[row]]] += by


@compiled
def _order_by_worth(night: Night, w: Work, h: int, n: int) -> None:
    worth, by_worth, begin = night.worth, w.by_worth, night.start[h]
    for i in range(n):
        k = i - 1
        while k >= 0 and worth[begin + by_worth[k]] < worth[begin + i]:
            by_worth[k + 1] = by_worth[k]
            k -= 1
        by_worth[k + 1] = i


@compiled
def _search(
    night: Night, w: Work, h: int, n: int, best: float, bound: float, constant: float, nodes: int
) -> tuple[float, float]:
    """Depth first, in before out; returns the best score, and a bound: the same if all was seen."""
    _order_by_worth(night, w, h, n)
    stack, state, slack = w.stack, w.state, SLACK * abs(bound)
    state[:n] = 0
    depth, all_seen = 0, False
    for _ in range(nodes):
        total, following = _complete(night, w, h, n, depth)
        hopeful = total + constant > best + slack
        if hopeful and _funders_hold(night, w, h, n) and special_rules_hold(night, w, h, n):
            best = _keep(w, n, best)
            hopeful = total + constant > best + slack
        if hopeful and following >= 0 and not _hopeless(night, w, h, n, depth):
            state[following] = 1
            stack[depth] = following
            depth += 1
            _count(night, w, h, following, 1)
            continue
        while depth and state[stack[depth - 1]] == 2:
            depth -= 1
            state[stack[depth]] = 0
        if depth == 0:
            all_seen = True
            break
        state[stack[depth - 1]] = 2
        _count(night, w, h, stack[depth - 1], -1)
    for i in range(depth):
        if state[stack[i]] == 1:
            _count(night, w, h, stack[i], -1)
    return best, best if all_seen else bound
