"""Why a candidate is or is not on its list, and who stands in its place."""

from enum import IntEnum

import numpy as np

from promo.offers.compiled import compiled
from promo.offers.household import Flags, Floats, Ints, Night, Work, are_rivals, work


class Why(IntEnum):
    """A reason for each candidate; the number is what `Allocation.why` holds."""

    CHOSEN = 0
    WORTHLESS = 1  # its value is not above zero
    RIVAL = 2  # a rival is worth as much or more
    CATEGORY = 3  # another of its category is worth as much or more
    FUNDER = 4  # its funder has better ones on the list
    SLOTS = 5  # all slots have gone to better ones
    BAND = 6  # with it the list would leave its band
    BUDGET = 7  # its budget, its pace or the risk of passing them allows no more


# Compiled code knows no enumerations.
CHOSEN, WORTHLESS, RIVAL, CATEGORY, FUNDER, SLOTS, BAND, BUDGET = (int(why) for why in Why)


def find(night: Night, chosen: Flags) -> tuple[Flags, Ints]:
    """A reason (n,) for each candidate; and the row that stands in its place, or -1."""
    why, by = np.zeros(len(chosen), np.uint8), np.full(len(chosen), -1, np.int64)
    _find(night, work(night), chosen, why, by)
    return why, by


@compiled
def _find(night: Night, w: Work, chosen: Flags, why: Flags, by: Ints) -> None:
    start, value, worth, offer = night.start, night.value, night.worth, night.offer
    category, funder, rival, gone = night.category, night.funder, len(night.rival) > 0, w.trial
    on_list, score, categories, funders = w.stack, w.score, w.order, w.by_worth
    for h in range(len(night.slots)):
        count, pull = 0, night.pull[h]
        for row in range(start[h], start[h + 1]):
            if chosen[row]:
                on_list[count] = row
                score[count] = value[row] + pull * worth[row]
                categories[count] = category[row]
                funders[count] = funder[offer[row]]
                count += 1
        for row in range(start[h], start[h + 1]):
            mine = value[row] + pull * worth[row]
            if chosen[row]:
                continue
            if mine <= 0:
                why[row] = WORTHLESS
                continue
            if night.slots[h] <= 0:
                why[row] = SLOTS
                continue
            gone[:count] = 0
            lost = _rivals_go(night, w, row, count) if rival else 0.0
            reason, least = _reason(
                score, categories, funders, gone, count, mine, lost, category[row],
                funder[offer[row]], night.per_category, night.per_funder, night.slots[h],
            )  # fmt: skip
            if reason == BUDGET and not night.plain[h] and not _in_band(night, w, h, row, count):
                reason = BAND
            why[row], by[row] = reason, on_list[least] if least >= 0 else -1


@compiled
def _rivals_go(night: Night, w: Work, row: int, count: int) -> float:
    """Mark the rivals of a row's offer as gone; what they are worth."""
    offer, lost = night.offer, 0.0
    for i in range(count):
        if are_rivals(night, offer[row], offer[w.stack[i]]):
            w.trial[i] = 1
            lost += w.score[i]
    return lost


@compiled
def _must_go(keys: Ints, gone: Flags, score: Floats, count: int, key: int, most: int) -> int:
    """Which of the list must go so that another with this key (-1: any) may come; -1 if none."""
    number, least = 0, -1
    for i in range(count):
        if gone[i] == 0 and (key < 0 or keys[i] == key):
            number += 1
            if least < 0 or score[i] < score[least]:
                least = i
    return least if number >= most else -1


@compiled
def _reason(
    score: Floats, categories: Ints, funders: Ints, gone: Flags, count: int, mine: float,
    lost: float, category: int, funder: int, per_category: int, per_funder: int, slots: int,
) -> tuple[int, int]:  # fmt: skip
    """Who would have to go for a row of value `mine`, and whether the list would lose by it.

    lost: the value of rivals that have gone already. Returns the reason, and the greatest of those
    that would have to go: its place on the list, or -1.
    """
    most, reason, by, kind = 0.0, BUDGET, -1, RIVAL
    for i in range(count):
        if gone[i] and score[i] >= most:
            most, by, reason = score[i], i, RIVAL
    while lost < mine and kind <= SLOTS:
        i = -1
        if kind == CATEGORY:
            i = _must_go(categories, gone, score, count, category, per_category)
        elif kind == FUNDER:
            i = _must_go(funders, gone, score, count, funder, per_funder)
        elif kind == SLOTS:
            i = _must_go(funders, gone, score, count, -1, slots)
        if i < 0:
            kind += 1
            continue
        gone[i] = 1
        lost += score[i]
        if score[i] >= most or by < 0:
            most, reason, by = score[i], kind, i
    return (reason if lost >= mine and by >= 0 else BUDGET), by


@compiled
def _in_band(night: Night, w: Work, h: int, row: int, count: int) -> bool:
    """Whether the list is in its band with a row in the place of those that have gone."""
    total = night.worth[row]
    for i in range(count):
        if w.trial[i] == 0:
            total += night.worth[w.stack[i]]
    return bool(night.low[h] <= total <= night.high[h])
