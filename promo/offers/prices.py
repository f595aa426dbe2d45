"""The budgets' prices: Newton's method on the dual, first on some households, then on all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from promo.offers import dual
from promo.offers.household import Flags, Floats, Ints, Night, Work, work

BLOCKS = 16  # of households: sums are taken by block, so that threads change no byte
FEWEST_IN_A_BLOCK = 64
PAIRS = 40_000  # of stand-ins that a block may write down
MANY = 1_000_000  # candidates tell the typical value
FEWEST = 600  # households from which prices may be learned at all
FEWER = 8  # times fewer households a level below
ROUNDS = 30  # at most, at one level
SWEEPS = 40  # over the prices, for one step
NEAR = 12  # stand-ins wanted a price: the width follows from it
NARROWER = 0.6  # at most so much narrower from round to round
TRUSTED = 10.0  # near the minimum a step leaves a small part of what it promised
WARM = 0.1  # of the first width, where prices are known
FURTHEST = 4.0  # widths that a step goes where nothing is known of the curvature
LEAST_WON = 0.01  # of what a step promised; below that it went too far
WIDER, IN_VAIN = 1.5, 4  # then the step is halved, so many times at most
CALM = 0.02  # part of the curvature added to itself
NOISE = 0.1  # what some households promise may be as wrong as this, a price and promise


@dataclass(frozen=True)
class Prices:
    """Value of one more minor unit and of one more use of each offer's budget, shape (offers,)."""

    money: Floats
    uses: Floats


@dataclass(frozen=True)
class Look:
    """What lists use at some prices: the dual's value less the budgets', use (m, 6), stand-ins."""

    scores: float
    used: Floats
    pairs: list[Ints]


Limits = Callable[[Floats], Floats]  # budgets (m, 2) that go with a use (m, 6)


class Dual:
    """The dual of a night. `threads` changes the time it takes and nothing else."""

    def __init__(self, night: Night, threads: int = 1) -> None:
        self.night = night
        self.households = len(night.slots)
        self.blocks = max(1, min(BLOCKS, self.households // FEWEST_IN_A_BLOCK))
        self.edges = np.linspace(0, self.households, self.blocks + 1).astype(np.int64).tolist()
        self.threads = threads
        self.rooms: list[Work] = [work(night) for _ in range(self.blocks)]
        self.pairs = np.zeros((self.blocks, min(PAIRS, len(night.offer) + 1), 2), np.int64)
        self.unit, self.size = _units(night)

    def look(
        self, price: Floats, step: int, width: float, nodes: int, chosen: Flags | None = None
    ) -> Look:
        """Solve every step-th household at prices (m, 2)."""
        lists = np.zeros(0, np.uint8) if chosen is None else chosen
        used = np.zeros((self.blocks, len(price), 6))

        def block(b: int) -> tuple[float, int]:
            first, last = self.edges[b], self.edges[b + 1]
            first += -first % step
            return dual.look(
                self.night, self.rooms[b], price, first, last, step, nodes, width,
                used[b], self.pairs[b], lists,
            )  # fmt: skip

        if self.threads == 1:
            found = [block(b) for b in range(self.blocks)]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                found = list(pool.map(block, range(self.blocks)))
        pairs = [self.pairs[b, :count] for b, (_, count) in enumerate(found)]
        return Look(sum(total for total, _ in found), used.sum(axis=0), pairs)


def _units(night: Night) -> tuple[float, Floats]:
    """The mean of the values above zero; and what a promise uses of its offer's budgets (m, 2)."""
    every = max(len(night.value) // MANY, 1)
    value, offer, worth = night.value[::every], night.offer[::every], night.worth[::every]
    share = night.chance[::every] if len(night.chance) else np.ones(len(worth))
    count = np.maximum(np.bincount(offer, minlength=len(night.funder)), 1)
    sums = [np.bincount(offer, x, minlength=len(night.funder)) for x in (share * worth, share)]
    size = np.stack(sums, axis=1) / count[:, None]
    good = value[value > 0]
    return float(good.mean()) if len(good) else 1.0, np.where(size > 0, size, 1.0)


def solve(
    problem: Dual, limits: Limits, tolerance: float, nodes: int, start: Prices | None
) -> Floats:
    """Prices (m, 2) that nearly minimise the dual.

    Stops when another step promises less than `tolerance` of the dual's value. Without prices to
    start from, some hundred households are asked first, then eight times as many, then all.
    """
    width, step = 0.5 * problem.unit, 1
    if start is None:
        price = np.zeros((len(problem.night.funder), 2))
        while problem.households // (step * FEWER) >= FEWEST:
            step *= FEWER
    else:
        price, width = np.column_stack([start.money, start.uses]), width * WARM
        if problem.households >= FEWEST * FEWER:  # below that a step more costs nothing
            tolerance *= TRUSTED
    while True:
        price, width = _level(problem, limits, tolerance, nodes, price, width, step)
        if step == 1:
            return price
        step //= FEWER


def _level(
    problem: Dual, limits: Limits, tolerance: float, nodes: int, price: Floats, width: float,
    step: int,
) -> tuple[Floats, float]:  # fmt: skip
    """Newton's steps on every step-th household; prices, and the width they ended with."""
    best, best_price, won = np.inf, price, 0.0
    vain = 0
    few = problem.households // step * max(int(problem.night.slots.max(initial=1)), 1)
    for _ in range(ROUNDS):
        seen = problem.look(price, step, width, nodes)
        used = seen.used * step
        limit = limits(used)
        value = seen.scores * step + float((price * limit).sum())
        if value > best - LEAST_WON * won:  # too far
            price, won, vain = (price + best_price) / 2, won / 2, vain + 1
            width = min(width * WIDER, 0.5 * problem.unit)
            if vain == IN_VAIN:
                break
            continue
        best, best_price, vain = value, price, 0
        move, won, active = _newton(problem, seen, limit - used[:, :2], price, width, step)
        price = np.maximum(price + move, 0.0)
        pairs = sum(len(some) for some in seen.pairs)
        if won <= max(tolerance, step > 1 and NOISE * active / few) * abs(value):
            return price, width
        width = max(NARROWER * width, min(width, width * NEAR * active / max(pairs, 1)))
    return best_price, width


def _newton(
    problem: Dual, seen: Look, slope: Floats, price: Floats, width: float, step: int
) -> tuple[Floats, float, int]:
    """A step of the prices (m, 2), what it promises, and how many prices may move."""
    flat, at = slope.ravel(), price.ravel()
    active = np.flatnonzero((at > 0) | (flat < 0))
    place = np.full(len(at), -1)
    place[active] = np.arange(len(active))
    matrix = np.zeros((len(active), len(active)))
    for pairs in seen.pairs:
        dual.curvature(problem.night, pairs, step / width, place, matrix)
    own = matrix.diagonal()
    furthest = FURTHEST * width / problem.size.ravel()[active]
    floor = np.abs(flat[active]) / furthest + 1e-12
    matrix[np.diag_indices(len(active))] = own * (1 + CALM) + floor
    move = np.zeros(len(active))
    won = dual.descend(flat[active], matrix, at[active], move, SWEEPS)
    whole = np.zeros(len(at))
    whole[active] = move
    return whole.reshape(price.shape), won, len(active)
