"""What budgets hold while lists are made: exact sums, or the chance of passing what is left."""

from typing import NamedTuple

import numpy as np

from promo.offers.compiled import compiled
from promo.offers.household import Flags, Floats, Night, Work
from promo.offers.risk import chance_of

COLUMNS = [0, 2, 3, 4, 1, 5]  # where the fields of `risk.Sums` stand in our sums


class Ledger(NamedTuple):
    """Budgets of m offers and what stands against them.

    Sums are, in this order, of pc, p, pc^2, pc^3, p^2c^2 and p^2 over promises of chance p and face
    value c; without risk p is 1, and the first two alone are kept.
    """

    money: Floats  # (m,) what is left, minor units
    uses: Floats  # (m,)
    pace: Floats  # (m,) most expected money tonight
    sums: Floats  # (m, 6) of promises of other nights and of tonight
    tonight: Floats  # (m,) expected money tonight
    refused: Floats  # (m, 2) chance and face value of the smallest promise lately refused
    nodes: Floats  # of the common shock; empty without risk
    weights: Floats
    overspend: float


@compiled
def book(led: Ledger, offer: int, p: float, c: float, sign: int) -> None:
    """Add a promise to the sums of its offer, or take it away (-1)."""
    sums = led.sums[offer]
    sums[0] += sign * p * c
    sums[1] += sign * p
    if len(led.nodes):
        sums[2] += sign * p * c * c
        sums[3] += sign * p * c * c * c
        sums[4] += sign * p * c * p * c
        sums[5] += sign * p * p
    led.tonight[offer] += sign * p * c
    if sign < 0:
        led.refused[offer] = np.inf


@compiled
def holds(led: Ledger, offer: int) -> bool:
    """Whether the offer's promises keep to its budget and pace."""
    s = led.sums[offer]
    if led.tonight[offer] > led.pace[offer] * (1 + 1e-12):
        return False
    if len(led.nodes) == 0:
        return bool(s[0] <= led.money[offer] and s[1] <= led.uses[offer])
    chance = chance_of(
        s[0], s[2], s[3], s[4], s[1], s[5], led.money[offer], led.uses[offer],
        led.nodes, led.weights,
    )  # fmt: skip
    return bool(chance <= led.overspend)


@compiled
def affords(led: Ledger, offer: int, p: float, c: float) -> bool:
    """Whether one more promise would keep to the offer's budget and pace."""
    refused = led.refused[offer]
    if p >= refused[0] and c >= refused[1]:
        return False  # a smaller one was refused, and nothing was given back since
    if len(led.nodes) == 0:
        sums = led.sums[offer]
        return bool(
            sums[0] + c <= led.money[offer]
            and sums[1] + 1 <= led.uses[offer]
            and led.tonight[offer] + c <= led.pace[offer]
        )
    kept = led.sums[offer].copy()
    book(led, offer, p, c, 1)
    good = holds(led, offer)
    led.sums[offer] = kept
    led.tonight[offer] -= p * c
    if not good and p * c <= refused[0] * refused[1]:
        refused[0], refused[1] = p, c
    return good


@compiled
def bar(night: Night, w: Work, led: Ledger, h: int, chosen: Flags) -> None:
    """Bar the candidates of household h that budgets no longer afford; those chosen stay free."""
    offer, worth, chance, barred = night.offer, night.worth, night.chance, w.barred
    begin = night.start[h]
    for row in range(begin, night.start[h + 1]):
        p = chance[row] if len(chance) else 1.0
        free = chosen[row] or affords(led, offer[row], p, worth[row])
        barred[row - begin] = 0 if free else 1


@compiled
def book_all(night: Night, led: Ledger, chosen: Flags) -> None:
    """Book every chosen row (n,)."""
    chance = night.chance
    for row in range(len(chosen)):
        if chosen[row]:
            p = chance[row] if len(chance) else 1.0
            book(led, night.offer[row], p, night.worth[row], 1)
