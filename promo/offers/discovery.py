"""Discovery: the last slots of a list are drawn by chance, and the chance is written down.

After the allocation each household draws from what could still stand on its list: first among
offers on products it has never bought, where it has none among the rest. Half of the chance is
shared out evenly and half by value, so that everything that could be shown can be drawn. What an
offer's budget no longer carries cannot be drawn.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promo.offers.allocation import Allocation, Candidates, Offers, Rules
from promo.offers.coins import Keys, coins
from promo.offers.compiled import compiled
from promo.offers.risk import Sums, chance_of, nodes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NO_END = 2**62  # minor units: a list without a most


@dataclass(frozen=True)
class Discovered:
    """Rows drawn, by household and then by draw, and the chance with which each was drawn."""

    drawn: Ints
    chance: Floats


class Pairs(NamedTuple):
    """The candidates' columns, shape (n,), and where each household's begin."""

    start: Ints
    offer: Ints
    category: Ints
    funder: Ints
    worth: Ints
    probability: Floats
    value: Floats
    unseen: NDArray[np.bool_]


class Limits(NamedTuple):
    """The rules as arrays; `apart` are rival pairs, both ways, as first * offers + second."""

    per_category: int
    per_funder: int
    high: Ints
    apart: Ints
    money: Floats
    uses: Floats
    overspend: float  # below 0: every promise counts in full
    nodes: Floats
    weights: Floats


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
    pairs = Pairs(
        np.searchsorted(candidates.shopper, np.arange(len(households) + 1)),
        candidates.offer,
        candidates.category,
        offers.funder[candidates.offer],
        candidates.worth,
        candidates.probability,
        candidates.value,
        unseen,
    )
    chosen = np.zeros(len(candidates.offer), dtype=np.bool_)
    chosen[allocation.chosen] = True
    promised = _promised(candidates, offers, rules, allocation)
    drawn, chance = _draw_all(pairs, _limits(offers, rules), promised, chosen, order, thrown)
    return Discovered(drawn[drawn >= 0], chance[drawn >= 0])


def _limits(offers: Offers, rules: Rules) -> Limits:
    n = len(offers.money)
    rivals = np.zeros((0, 2), np.int64) if offers.rivals is None else offers.rivals
    first, second = rivals.astype(np.int64).reshape(-1, 2).T
    high = np.full(len(rules.slots), NO_END) if rules.high is None else rules.high
    points, weights = nodes(rules.risk) if rules.risk else (np.zeros(0), np.zeros(0))
    return Limits(
        rules.per_category,
        rules.per_funder,
        high.astype(np.int64),
        np.unique(np.concatenate([first * n + second, second * n + first])),
        offers.money.astype(np.float64),
        offers.uses.astype(np.float64),
        rules.risk.overspend if rules.risk else -1.0,
        points,
        weights,
    )


def _promised(
    candidates: Candidates, offers: Offers, rules: Rules, allocation: Allocation
) -> Floats:
    """What is promised of each offer, shape (6, offers), in the order of risk.Sums."""
    rows, n = allocation.chosen, len(offers.money)
    offer, worth = candidates.offer[rows], candidates.worth[rows]
    probability = candidates.probability[rows] if rules.risk else np.ones(len(rows))
    tonight = Sums.of(offer, probability, worth, n)
    if rules.risk and offers.outstanding is not None:
        tonight = offers.outstanding + tonight
    return np.array(tonight.columns())


@compiled
def _draw_all(
    pairs: Pairs,
    limits: Limits,
    promised: Floats,
    chosen: NDArray[np.bool_],
    order: Ints,
    thrown: Floats,
) -> tuple[Ints, Floats]:
    """Rows drawn and their chances, shape (households, slots); -1 where nothing could be."""
    drawn = np.full(thrown.shape, -1, dtype=np.int64)
    chance = np.zeros(thrown.shape)
    for household in order:
        for slot in range(thrown.shape[1]):
            row = -1
            for unseen in (True, False):
                open_rows = _open(pairs, limits, promised, chosen, household, unseen)
                if len(open_rows):
                    row, share = _pick(pairs.value, open_rows, thrown[household, slot])
                    drawn[household, slot], chance[household, slot] = row, share
                    break
            if row < 0:
                break
            chosen[row] = True
            _promise(promised, pairs.offer[row], _probability(pairs, limits, row), pairs.worth[row])
    return drawn, chance


@compiled
def _open(
    pairs: Pairs,
    limits: Limits,
    promised: Floats,
    chosen: NDArray[np.bool_],
    household: int,
    unseen: bool,
) -> Ints:
    """The rows that may still go on a household's list."""
    begin, end = pairs.start[household], pairs.start[household + 1]
    standing = begin + np.flatnonzero(chosen[begin:end])
    worth = pairs.worth[standing].sum()
    found = np.empty(end - begin, dtype=np.int64)
    count = 0
    for row in range(begin, end):
        if (
            not chosen[row]
            and pairs.unseen[row] == unseen
            and worth + pairs.worth[row] <= limits.high[household]
            and _agrees(pairs, limits, standing, row)
            and _affordable(pairs, limits, promised, row)
        ):
            found[count] = row
            count += 1
    return found[:count]


@compiled
def _agrees(pairs: Pairs, limits: Limits, standing: Ints, row: int) -> bool:
    """Whether category, funder and rivals let a row stand beside those that do."""
    of_category, of_funder = 0, 0
    for other in standing:
        of_category += pairs.category[other] == pairs.category[row]
        of_funder += pairs.funder[other] == pairs.funder[row]
        pair = pairs.offer[other] * len(limits.money) + pairs.offer[row]
        at = np.searchsorted(limits.apart, pair)
        if at < len(limits.apart) and limits.apart[at] == pair:
            return False
    return of_category < limits.per_category and of_funder < limits.per_funder


@compiled
def _affordable(pairs: Pairs, limits: Limits, promised: Floats, row: int) -> bool:
    """Whether the budget still carries a row."""
    offer = pairs.offer[row]
    then = promised[:, offer : offer + 1].copy()
    _promise(then, 0, _probability(pairs, limits, row), pairs.worth[row])
    money, uses = limits.money[offer], limits.uses[offer]
    if limits.overspend < 0:
        return bool(then[0, 0] <= money and then[4, 0] <= uses)
    a, b, c, d, e, f = then[:, 0]
    passed = chance_of(a, b, c, d, e, f, money, uses, limits.nodes, limits.weights)
    return bool(passed <= limits.overspend)


@compiled
def _probability(pairs: Pairs, limits: Limits, row: int) -> float:
    return 1.0 if limits.overspend < 0 else float(pairs.probability[row])


@compiled
def _promise(promised: Floats, offer: int, p: float, c: int) -> None:
    promised[0, offer] += p * c
    promised[1, offer] += p * c * c
    promised[2, offer] += p * c * c * c
    promised[3, offer] += p * p * c * c
    promised[4, offer] += p
    promised[5, offer] += p * p


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
