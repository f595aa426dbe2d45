"""Discovery: the last slots of a list are drawn by chance, and the chance is written down.

After the allocation each household draws from what could still stand on its list: first among
offers on products it has never bought, where it has none among the rest. Half of the chance is
shared out evenly and half by value, so that everything that could be shown can be drawn. What an
offer's budget or pace no longer carries cannot be drawn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promo.offers.allocation import Allocation, Candidates, Offers, Rules, as_night, books
from promo.offers.coins import Keys, coins
from promo.offers.compiled import compiled
from promo.offers.household import Flags, Floats, Ints, Night, are_rivals
from promo.offers.ledger import Ledger, affords, book


@dataclass(frozen=True)
class Discovered:
    """Rows drawn, by household and then by draw, and the chance with which each was drawn."""

    drawn: Ints
    chance: Floats


def discover(
    candidates: Candidates,
    unseen: NDArray[np.bool_],
    offers: Offers,
    rules: Rules,
    allocation: Allocation,
    slots: int,
    throws: tuple[int, str, Keys],
) -> Discovered:
    """Draw up to `slots` more offers for each household, under the rules of the allocation.

    unseen, shape (n,): candidates on products that the household has never bought; throws: the
    seed, what the coins are for (the night) and the households' keys, shape (households,). Where
    budgets are scarce, a coin also says which household draws first.
    """
    seed, purpose, households = throws
    order = np.lexsort((households, coins(seed, f"{purpose}/order", households)))
    numbers = np.arange(slots, dtype=np.uint64)
    thrown = coins(seed, purpose, households[:, None], numbers[None, :])
    night = as_night(candidates, offers, rules)
    chosen = np.zeros(len(candidates.offer), dtype=np.uint8)
    chosen[allocation.chosen] = 1
    ledger = books(night, offers, rules.risk, chosen)
    drawn, chance = _draw_all(night, ledger, chosen, unseen.astype(np.uint8), order, thrown)
    return Discovered(drawn[drawn >= 0], chance[drawn >= 0])


@compiled
def _draw_all(
    night: Night, ledger: Ledger, chosen: Flags, unseen: Flags, order: Ints, thrown: Floats
) -> tuple[Ints, Floats]:
    """Rows drawn and their chances, shape (households, slots); -1 where nothing could be."""
    drawn = np.full(thrown.shape, -1, dtype=np.int64)
    chance = np.zeros(thrown.shape)
    for household in order:
        for slot in range(thrown.shape[1]):
            open_rows = _open(night, ledger, chosen, unseen, household, 1)
            if len(open_rows) == 0:
                open_rows = _open(night, ledger, chosen, unseen, household, 0)
            if len(open_rows) == 0:
                break
            row, share = _pick(night.value, open_rows, thrown[household, slot])
            drawn[household, slot], chance[household, slot] = row, share
            chosen[row] = 1
            book(ledger, night.offer[row], _probability(night, row), night.worth[row], 1)
    return drawn, chance


@compiled
def _open(
    night: Night, ledger: Ledger, chosen: Flags, unseen: Flags, household: int, kind: int
) -> Ints:
    """The rows, `unseen` or not, that may still go on a household's list."""
    begin, end = night.start[household], night.start[household + 1]
    standing = begin + np.flatnonzero(chosen[begin:end])
    worth = night.worth[standing].sum()
    found = np.empty(end - begin, dtype=np.int64)
    count = 0
    for row in range(begin, end):
        if (
            chosen[row] == 0
            and unseen[row] == kind
            and worth + night.worth[row] <= night.high[household]
            and _agrees(night, standing, row)
            and affords(ledger, night.offer[row], _probability(night, row), night.worth[row])
        ):
            found[count] = row
            count += 1
    return found[:count]


@compiled
def _agrees(night: Night, standing: Ints, row: int) -> bool:
    """Whether category, funder and rivals let a row stand beside those that do."""
    offer, of_category, of_funder = night.offer[row], 0, 0
    for other in standing:
        of_category += night.category[other] == night.category[row]
        of_funder += night.funder[night.offer[other]] == night.funder[offer]
        if are_rivals(night, offer, night.offer[other]):
            return False
    return of_category < night.per_category and of_funder < night.per_funder


@compiled
def _probability(night: Night, row: int) -> float:
    return float(night.chance[row]) if len(night.chance) else 1.0


@compiled
def _pick(value: Floats, rows: Ints, thrown: float) -> tuple[int, float]:
    """One of the rows, half by even chance and half by value, and the chance it had."""
    worthy = np.maximum(value[rows], 0.0)
    total = worthy.sum()
    even = 1.0 / len(rows)
    passed, at = 0.0, len(rows) - 1
    for i in range(len(rows)):
        passed += (even + worthy[i] / total) / 2 if total > 0 else even
        if thrown < passed:
            at = i
            break
    return rows[at], (even + worthy[at] / total) / 2 if total > 0 else even
