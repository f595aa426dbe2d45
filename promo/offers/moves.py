"""Moves from lists to better lists within budgets, in compiled code; `promo.offers.repair` leads.

Each takes one household's list and makes it anew, the best there is of what budgets still afford:
so all the household's rules hold at all times, and what budgets afford they go on affording.
"""

import numpy as np

from promo.offers import search
from promo.offers.compiled import compiled
from promo.offers.household import Flags, Floats, Ints, Night, Work, set_scores
from promo.offers.ledger import Ledger, affords, bar, book, holds


@compiled
def _apply(night: Night, w: Work, led: Ledger, h: int, chosen: Flags) -> None:
    """Put the list in `taken` in the place of the household's, in the books too."""
    offer, worth, chance, begin = night.offer, night.worth, night.chance, night.start[h]
    for row in range(begin, night.start[h + 1]):
        if w.taken[row - begin] != chosen[row]:
            sign = 1 if w.taken[row - begin] else -1
            book(led, offer[row], chance[row] if len(chance) else 1.0, worth[row], sign)
            chosen[row] = w.taken[row - begin]


@compiled
def _redo(
    night: Night, w: Work, led: Ledger, h: int, price: Floats, chosen: Flags, nodes: int
) -> bool:
    """Give household h a better list at these prices, within budgets; whether there was one.

    `barred` says what may not be taken; it is cleared. A list that holds a barred candidate is
    worth nothing.
    """
    best = search.solve(night, w, h, price, nodes)[0]
    begin, had, illegal = night.start[h], 0.0, False
    n = night.start[h + 1] - begin
    for j in range(n):
        if chosen[begin + j]:
            had += w.score[j]
            illegal = illegal or w.barred[j] == 1
    w.barred[:n] = 0
    better = best > search.NONE and (illegal or best > had + 1e-12 * (1 + abs(had)))
    if better:
        _apply(night, w, led, h, chosen)
    return better


@compiled
def _mark(night: Night, w: Work, h: int, n: int, chosen: Flags) -> tuple[int, int]:
    """The least of the chosen by category, into `next_in`; free slots, and the least of all."""
    score, next_in, category, begin = w.score, w.next_in, night.category, night.start[h]
    in_category, room, least = w.in_category, night.slots[h], -1
    for j in range(n):
        if chosen[begin + j]:
            room -= 1
            place = category[begin + j]
            in_category[place] += 1
            if next_in[place] < 0 or score[j] < score[next_in[place]]:
                next_in[place] = j
            if least < 0 or score[j] < score[least]:
                least = j
    return room, least


@compiled
def _unmark(night: Night, w: Work, h: int, n: int) -> None:
    category, begin = night.category, night.start[h]
    for j in range(n):
        w.in_category[category[begin + j]] = 0
        w.next_in[category[begin + j]] = -1


@compiled
def to_spare(
    night: Night, w: Work, price: Floats, chosen: Flags, overspent: Flags, width: float,
    rows: Ints, households: Ints, losses: Floats,
) -> int:  # fmt: skip
    """Chosen rows of overspent offers (m,), without which their list loses less than `width`.

    Written into rows, households and losses (a unit of what their budget's prices give back);
    returns how many. A list's own rules beyond slots and categories are left for later.
    """
    count, offer, category, score = 0, night.offer, night.category, w.score
    for h in range(len(night.slots)):
        begin = night.start[h]
        hit = False
        for row in range(begin, night.start[h + 1]):
            hit = hit or (chosen[row] == 1 and overspent[offer[row]] == 1)
        if not hit:
            continue
        n = set_scores(night, w, h, price)
        _mark(night, w, h, n, chosen)
        for j in range(n):
            row = begin + j
            if chosen[row] and overspent[offer[row]] and count < len(rows):
                stand_in = 0.0
                for k in range(n):  # the best of those that could come for it
                    place = category[begin + k]
                    free = w.in_category[place] < night.per_category or place == category[row]
                    if free and not chosen[begin + k] and not overspent[offer[begin + k]]:
                        stand_in = max(stand_in, score[k])
                if score[j] - stand_in < width:
                    paid = max(night.value[row] - score[j], 1e-12)
                    rows[count], households[count] = row, h
                    losses[count] = (score[j] - stand_in) / paid
                    count += 1
        _unmark(night, w, h, n)
    return count


@compiled
def drop(
    night: Night, w: Work, led: Ledger, rows: Ints, households: Ints, price: Floats,
    chosen: Flags, nodes: int, pull: float,
) -> None:  # fmt: skip
    """Drop chosen rows in this order, where their offer is still overspent.

    The household gets the best other list that budgets afford. If that breaks its band it keeps
    what it has; with a `pull` above zero its band is given up instead, `low` becomes zero.
    """
    for i in range(len(rows)):
        row, h = rows[i], households[i]
        if chosen[row] and not holds(led, night.offer[row]):
            for attempt in range(2 if pull > 0 else 1):
                if attempt:
                    night.low[h], night.pull[h] = 0, pull
                bar(night, w, led, h, chosen)
                w.barred[row - night.start[h]] = 1
                if _redo(night, w, led, h, price, chosen, nodes):
                    break


@compiled
def nearest(
    night: Night, w: Work, led: Ledger, price: Floats, chosen: Flags, width: float,
    rows: Ints, households: Ints, gains: Floats,
) -> int:  # fmt: skip
    """Refused candidates that budgets afford and whose list would lose less than `width` by them.

    Written into rows, households and gains (what the price of their budget promises, less the
    loss); returns how many. A list's own rules beyond slots and categories are left for later.
    """
    count, offer, category, score, chance = 0, night.offer, night.category, w.score, night.chance
    for h in range(len(night.slots)):
        n = set_scores(night, w, h, price)
        begin = night.start[h]
        room, least = _mark(night, w, h, n, chosen)
        for j in range(n):
            row = begin + j
            if chosen[row] or score[j] <= -width or count >= len(rows):
                continue
            loss, place = -score[j], category[row]
            if w.in_category[place] >= night.per_category:
                loss += score[w.next_in[place]]
            elif room <= 0:
                loss += score[least] if least >= 0 else np.inf
            p = chance[row] if len(chance) else 1.0
            c = night.worth[row]
            gain = p * (price[offer[row], 0] * c + price[offer[row], 1]) - loss
            if loss < width and gain > 0 and affords(led, offer[row], p, c):
                rows[count], households[count], gains[count] = row, h, gain
                count += 1
        _unmark(night, w, h, n)
    return count


@compiled
def refill(
    night: Night, w: Work, led: Ledger, rows: Ints, households: Ints, price: Floats,
    chosen: Flags, nodes: int,
) -> int:  # fmt: skip
    """Give refused rows a place in this order, where budgets afford it; returns how many got one.

    What a row's own budget has left over costs nothing, all else its price.
    """
    count = 0
    for i in range(len(rows)):
        row, h = rows[i], households[i]
        offer = night.offer[row]
        p = night.chance[row] if len(night.chance) else 1.0
        if chosen[row] == 0 and affords(led, offer, p, night.worth[row]):
            bar(night, w, led, h, chosen)
            money, uses = price[offer, 0], price[offer, 1]
            price[offer, 0], price[offer, 1] = 0.0, 0.0
            count += _redo(night, w, led, h, price, chosen, nodes)
            price[offer, 0], price[offer, 1] = money, uses
    return count


@compiled
def better(
    night: Night, w: Work, led: Ledger, price: Floats, chosen: Flags, nodes: int, special: bool
) -> int:
    """Once through all households: each takes the best list that budgets afford, at these prices.

    Returns how many lists were made anew. special: only households with bands or rivals, and all of
    them; else, meant for no prices at all, those who may hope for something.
    """
    count = 0
    for h in range(len(night.slots)):
        wanted = night.plain[h] == 0 if special else _hopes(night, w, led, h, chosen)
        if wanted:
            bar(night, w, led, h, chosen)
            count += _redo(night, w, led, h, price, chosen, nodes)
    return count


@compiled
def _hopes(night: Night, w: Work, led: Ledger, h: int, chosen: Flags) -> bool:
    """Whether an affordable candidate is worth more than one of those it could replace."""
    value, begin, end = night.value, night.start[h], night.start[h + 1]
    room, least = night.slots[h], np.inf
    for row in range(begin, end):
        if chosen[row]:
            room -= 1
            least = min(least, value[row] + night.pull[h] * night.worth[row])
    if room > 0:
        least = 0.0
    for row in range(begin, end):
        if chosen[row] == 0 and value[row] + night.pull[h] * night.worth[row] > least:
            p = night.chance[row] if len(night.chance) else 1.0
            if affords(led, night.offer[row], p, night.worth[row]):
                return True
    return False
