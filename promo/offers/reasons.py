"""Why a candidate is or is not on its list, and who stands in its place."""

from enum import IntEnum

import numpy as np

from promo.offers.compiled import compiled
from promo.offers.household import Flags, Ints, Night, Work, are_rivals, work


class Why(IntEnum):
    """A reason for each candidate; the number is what `Allocation.why` holds."""

    CHOSEN = 0
    WORTHLESS = 1  # its value is not above zero
    CATEGORY = 2  # another of its category is worth as much or more
    RIVAL = 3  # a rival is worth as much or more
    FUNDER = 4  # its funder has better ones on the list
    SLOTS = 5  # all slots have gone to better ones
    BAND = 6  # with it the list would leave its band
    BUDGET = 7  # its budget, its pace or the risk of passing them allows no more


# Compiled code knows no enumerations.
CHOSEN, WORTHLESS, CATEGORY, RIVAL, FUNDER, SLOTS, BAND, BUDGET = (int(why) for why in Why)


def find(night: Night, chosen: Flags) -> tuple[Flags, Ints]:
    """A reason (n,) for each candidate; and the row that stands in its place, or -1."""
    why, by = np.zeros(len(chosen), np.uint8), np.full(len(chosen), -1, np.int64)
    _find(night, work(night), chosen, why, by)
    return why, by


@compiled
def _find(night: Night, w: Work, chosen: Flags, why: Flags, by: Ints) -> None:
    start, on_list = night.start, w.stack
    for h in range(len(night.slots)):
        count = 0
        for row in range(start[h], start[h + 1]):
            if chosen[row]:
                on_list[count] = row
                count += 1
        for row in range(start[h], start[h + 1]):
            if chosen[row]:
                why[row] = CHOSEN
            else:
                why[row], by[row] = _reason(night, w, h, row, count)


@compiled
def _alike(night: Night, row: int, other: int, kind: int) -> bool:
    """Whether one row's place is, in this respect, the other's."""
    if kind == CATEGORY:
        return night.category[row] == night.category[other]
    if kind == RIVAL:
        return are_rivals(night, night.offer[row], night.offer[other])
    if kind == FUNDER:
        return night.funder[night.offer[row]] == night.funder[night.offer[other]]
    return True


@compiled
def _value(night: Night, h: int, row: int) -> float:
    return night.value[row] + night.pull[h] * night.worth[row]


@compiled
def _must_go(night: Night, w: Work, h: int, row: int, count: int, kind: int, most: int) -> int:
    """Which of the list must go so that at most `most` of a kind stand there; -1 if none."""
    on_list, gone, number, least = w.stack, w.trial, 1, -1
    for i in range(count):
        other = on_list[i]
        if gone[i] == 0 and _alike(night, row, other, kind):
            number += 1
            if least < 0 or _value(night, h, other) < _value(night, h, on_list[least]):
                least = i
    return least if number > most else -1


@compiled
def _reason(night: Night, w: Work, h: int, row: int, count: int) -> tuple[int, int]:
    """Who would have to go for a row, and whether the list would lose by it or leave its band."""
    mine, lost, most, reason, by = _value(night, h, row), 0.0, -np.inf, BUDGET, -1
    if mine <= 0:
        return WORTHLESS, -1
    worth, on_list, gone = night.worth[row], w.stack, w.trial
    for i in range(count):
        gone[i] = 0
        worth += night.worth[on_list[i]]
    limits = np.array([night.per_category, 1, night.per_funder, night.slots[h]])
    for kind in range(CATEGORY, SLOTS + 1):
        limit = limits[kind - CATEGORY]
        i = _must_go(night, w, h, row, count, kind, limit)
        while i >= 0:
            gone[i] = 1
            worth -= night.worth[on_list[i]]
            paid = _value(night, h, on_list[i])
            lost += paid
            if paid > most:
                most, reason, by = paid, kind, on_list[i]
            i = _must_go(night, w, h, row, count, kind, limit)
    if lost >= mine:
        return reason, by
    inside = night.low[h] <= worth <= night.high[h]
    return BUDGET if inside else BAND, by
