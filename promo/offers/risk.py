"""Budget risk: the chance that what is promised, once redeemed, passes what is left of a budget.

Model. A shock S common to all promises of an offer (lognormal, mean 1, cv `response_cv`) stands for
all that moves every household at once: weather, paper, season, a model that is off. Given S the
promises are used independently, promise i with probability min(1, S p_i), and cost their face
value c_i. Lognormal, because causes multiply, because its tail is the heavier one (a gamma of the
same cv allows more), and because it divides: S = A B with A and B lognormal and independent. A is
summed over nodes; B is so narrow that its first three moments are enough. Summing over S itself
would turn large budgets, whose fate S alone decides, into a staircase with a step a node.

Given A, money is taken as a lattice variable a N: N binomial, Poisson or negative binomial, its
width a and two parameters matched to mean, variance and third cumulant. Equal costs make a that
cost and uses are the case a = 1, so small budgets are counted in whole redemptions, as they must.
Where costs are more skewed than any of these, a shifted gamma (the limit a -> 0) takes over.
The tail of N is that of `promo.offers.tails`.
"""

import math
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from promo.offers.compiled import compiled, owned
from promo.offers.tails import above

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Six = tuple[float, float, float, float, float, float]

STEP = 0.75  # between nodes, in standard deviations of log S
NARROW = 0.5  # standard deviation of log B, in those of log S; STEP / NARROW decides the error
LOWEST, HIGHEST = -3.0, 4.5  # the nodes' reach, in standard deviations
FINEST = 0.02  # narrowest lattice, as a part of the mean cost; below it stands the shifted gamma
SAME = 1e-9  # relative variance below which all costs are one
MIXED = 0.15  # how far unequal probabilities are thought to thin the binomial's variance
NOTHING = 1e-6  # chances that need no further thought
DUST = 1e-9  # what adding and taking away leaves of a sum that is nothing
HALVINGS = 32


@dataclass(frozen=True)
class Sums:
    """Sums over the promises of each offer, arrays of shape (offers,).

    With p a promise's redemption probability and c its face value in minor units: money_1 = sum
    pc, money_2 = sum pc^2, money_3 = sum pc^3, money_22 = sum p^2c^2, uses_1 = sum p,
    uses_22 = sum p^2.
    """

    money_1: Floats
    money_2: Floats
    money_3: Floats
    money_22: Floats
    uses_1: Floats
    uses_22: Floats

    @classmethod
    def zero(cls, n: int) -> Self:
        """Nothing promised, for n offers."""
        return cls(*(np.zeros(n) for _ in fields(cls)))

    @classmethod
    def of(cls, offer: Ints, probability: Floats, worth: Ints, n: int) -> Self:
        """Sums of promises: row number of the offer, probability and face value of each."""
        p, c = np.asarray(probability, dtype=np.float64), np.asarray(worth, dtype=np.float64)
        terms = (p * c, p * c**2, p * c**3, (p * c) ** 2, p, p**2)
        sums = (np.bincount(offer, weights=term, minlength=n) for term in terms)
        return cls(*(np.asarray(by_offer, dtype=np.float64) for by_offer in sums))

    def __add__(self, other: "Sums") -> "Sums":
        pairs = zip(self.columns(), other.columns(), strict=True)
        return Sums(*(mine + theirs for mine, theirs in pairs))

    def columns(self) -> tuple[Floats, ...]:
        """The six arrays, in the order in which `chance_of` takes them."""
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class Risk:
    """overspend: chance allowed of passing a budget; cv: coefficient of variation of the shock."""

    overspend: float
    cv: float


def nodes(risk: Risk) -> tuple[Floats, Floats]:
    """Nodes and weights of the wide factor A, ascending and each a fixed ratio above the last.

    The ratio tells `chance_of` the width of B, so nodes of another making will not do.
    """
    if risk.cv <= 0:
        return np.ones(1), np.ones(1)
    deviation = math.sqrt(math.log1p(risk.cv**2))
    at = np.arange(LOWEST, HIGHEST + STEP / 2, STEP)
    variance = 1 - NARROW**2
    weights = np.exp(-(at**2) / (2 * variance))
    return np.exp(deviation * at - deviation**2 * variance / 2), weights / weights.sum()


def chance(sums: Sums, money_left: Ints | Floats, uses_left: Ints | Floats, risk: Risk) -> Floats:
    """Chance, by offer, that redemptions of all promises pass the money or the uses left.

    money_left (minor units) and uses_left: shape (offers,). A limit below zero is passed already.
    Returns shape (offers,), on the safe side where both limits are near (see `chance_of`).
    """
    stack = np.column_stack(sums.columns())
    return _chances(stack, _floats(money_left), _floats(uses_left), *nodes(risk))


def capacity(
    mix: Sums,
    money_left: Ints | Floats,
    uses_left: Ints | Floats,
    risk: Risk,
    outstanding: Sums | None = None,
) -> tuple[Floats, Floats]:
    """Most expected money and expected uses that promises of this mix may add, by offer.

    The mix is scaled until, together with what is outstanding, the chance of passing a limit is
    `risk.overspend`. Returns money (minor units) and uses, shape (offers,); both are zero for an
    offer whose mix is empty or whose outstanding promises are too many already.
    """
    stack = np.column_stack(mix.columns())
    held = np.zeros_like(stack) if outstanding is None else np.column_stack(outstanding.columns())
    left = _floats(money_left), _floats(uses_left)
    scale = _scales(stack, held, *left, risk.overspend, *nodes(risk))
    return scale * mix.money_1, scale * mix.uses_1


def _floats(values: Ints | Floats) -> Floats:
    return owned(values, np.float64)


@compiled
def chance_of(
    money_1: float,
    money_2: float,
    money_3: float,
    money_22: float,
    uses_1: float,
    uses_22: float,
    money_left: float,
    uses_left: float,
    nodes: Floats,
    weights: Floats,
) -> float:
    """`chance` of one offer, for compiled callers; nodes and weights from `nodes(risk)`.

    Passing money and passing uses both become likelier with every use, so given the shock they
    are at least as often spared together as if independent (Harris): 1 - (1-a)(1-b) is a safe
    union. With equal costs they are one event, and the nearer limit alone counts.
    """
    sums = (money_1, money_2, money_3, money_22, uses_1, uses_22)
    return min(_total(sums, money_left, uses_left, nodes, weights, 0.0, 1.0), 1.0)


@compiled
def keeps_within(
    sums: Six, money_left: float, uses_left: float, nodes: Floats, weights: Floats, overspend: float
) -> bool:
    """Whether `chance_of` is at most `overspend`; sums: its first six arguments.

    In less time: the worst shocks come first, and mostly settle it.
    """
    return _total(sums, money_left, uses_left, nodes, weights, overspend, overspend) <= overspend


@compiled
def _total(
    sums: Six,
    money_left: float,
    uses_left: float,
    nodes: Floats,
    weights: Floats,
    low: float,
    enough: float,
) -> float:
    """`chance_of`; or a bound on it, once that is surely at most `low` or more than `enough`."""
    money_1, money_2, money_3, money_22, uses_1, uses_22 = sums
    if money_left < 0 or uses_left < 0:
        return 1.0
    if uses_1 < DUST:
        return 0.0
    free = money_1 < DUST
    one_cost = free or money_1 * money_3 - money_2 * money_2 <= SAME * money_2 * money_2
    count = np.floor(uses_left)
    if one_cost and not free:
        count = min(count, np.floor(money_left * money_1 / money_2 + 1e-6))
    high = min(max(uses_22 / uses_1, 0.0), 1.0)
    if not one_cost:
        high = min(high, max(money_22 / money_2, 0.0))
    narrow = _narrow(nodes)
    total, rest, uses, money = 0.0, 1.0, 1.0, 0.0 if one_cost else 1.0
    for row in range(len(nodes) - 1, -1, -1):  # from the worst shock down
        if uses > NOTHING:
            uses = _uses_pass(uses_1, high, count, nodes[row], narrow)
        if money > NOTHING:
            money = _money_pass(money_1, money_2, money_3, high, money_left, nodes[row], narrow)
        either = uses + money - uses * money
        if rest * either <= max(NOTHING, low - total):  # milder shocks add less
            return total + rest * either
        total += weights[row] * either
        rest -= weights[row]
        if total > enough:
            break
    return total


@compiled
def _narrow(nodes: Floats) -> float:
    """Squared cv of the narrow factor B."""
    if len(nodes) == 1:
        return 0.0
    deviation = math.log(nodes[1] / nodes[0]) * (NARROW / STEP)
    return deviation * deviation


@compiled
def _capped(shock: float, high: float, narrow: float) -> tuple[float, float, float]:
    """The shock on the mean, the typical probability under it, and the variance of B that is left.

    high: typical probability. Past 1 / high the cap bites; no set of probabilities of mean `high`
    can then have a mean factor above 1 + shock (1 - high). Promises differ, of their probabilities
    two moments are known, and the tail hangs on the third: MIXED leans to the safe side.
    """
    used = shock * high
    if used < 1:
        room = (1 / used - 1) / 2
        width = min(narrow, room * room)
        return shock, used * (1 - MIXED * (1 - used)), width
    return 1 + shock * (1 - high), 1.0, narrow * (1 - high) * (1 - high)


@compiled
def _uses_pass(uses_1: float, high: float, count: float, shock: float, narrow: float) -> float:
    """Chance of more than `count` uses, given the wide factor of the shock."""
    factor, used, width = _capped(shock, high, narrow)
    mean = factor * uses_1
    spread = width * factor * factor * max(uses_1 * (uses_1 - high), 0.0)
    return above(count, mean, spread / mean - used)


@compiled
def _money_pass(
    money_1: float,
    money_2: float,
    money_3: float,
    high: float,
    left: float,
    shock: float,
    narrow: float,
) -> float:
    """Chance of more than `left` minor units, given the wide factor of the shock."""
    factor, used, width = _capped(shock, high, narrow)
    mean, square = factor * money_1, factor * money_2
    shared = width * max(mean * mean - factor * high * square, 0.0)
    variance = square * (1 - used) + shared
    third = factor * money_3 * (1 - used) * (1 - 2 * used)
    third += 3 * width * mean * square * (1 - 2 * used) + 2 * width * width * mean * mean * mean
    if variance <= 1e-12 * square:
        return 1.0 if mean > left else 0.0
    lattice = 2 * variance / mean - third / variance
    finest = FINEST * variance / mean
    if lattice < finest:  # more skewed than a gamma from zero: shift it
        lattice = finest
        start = 2 * variance / (third / variance + finest)
        left -= mean - start
        mean = start
        if left < 0:
            return 1.0
    return above(left / lattice - 0.5, mean / lattice, variance / (mean * lattice) - 1)


@compiled
def _chances(
    stack: Floats, money_left: Floats, uses_left: Floats, nodes: Floats, weights: Floats
) -> Floats:
    out = np.empty(len(stack))
    for row in range(len(stack)):
        s = stack[row]
        out[row] = chance_of(s[0], s[1], s[2], s[3], s[4], s[5],
                             money_left[row], uses_left[row], nodes, weights)  # fmt: skip
    return out


@compiled
def _scales(
    mix: Floats,
    held: Floats,
    money_left: Floats,
    uses_left: Floats,
    overspend: float,
    nodes: Floats,
    weights: Floats,
) -> Floats:
    """Largest scale of each mix that keeps the chance at most `overspend`; zero for no mix."""
    out = np.zeros(len(mix))
    for row in range(len(mix)):
        if mix[row, 4] <= 0:
            continue
        dearest = mix[row, 2] / max(mix[row, 1], 1.0)
        by_money = (money_left[row] + dearest) / max(mix[row, 0], 1e-9)
        low, high = 0.0, 2 * min(by_money, (uses_left[row] + 1) / mix[row, 4])
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            s = held[row] + middle * mix[row]
            six = (s[0], s[1], s[2], s[3], s[4], s[5])
            if keeps_within(six, money_left[row], uses_left[row], nodes, weights, overspend):
                low = middle
            else:
                high = middle
        out[row] = low
    return out
