"""Allocation held against HiGHS, against its own bound, and against itself.

HiGHS gets the same program as a sparse matrix; building it is not counted, nor is compiling ours.
Both run on one thread and are timed in processor seconds, so that a busy machine counts little.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import highspy
import numpy as np
from kit import note, report
from numpy.typing import NDArray
from scipy import sparse

from promo.offers.allocation import (
    Allocation,
    Candidates,
    Effort,
    Limits,
    Offers,
    Rules,
    allocate,
    as_night,
)
from promo.offers.household import Night
from promo.offers.prices import Dual, Prices, solve

PER_HOUSEHOLD, OFFERS, SLOTS, PER_FUNDER = 40, 300, 14, 3
WAVES = 14
FAR_TOO_MUCH = 100_000  # a worth that no list reaches
INFINITE = highspy.kHighsInf

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Numbers = Floats | Ints
Draw = np.random.Generator


@dataclass(frozen=True)
class World:
    """A made-up catalogue: what offers are like before any household is seen; shape (offers,)."""

    popular: Floats
    category: Ints
    funder: Ints
    face: Ints  # what a heavy buyer gets, minor units
    margin: Floats  # minor units on a redemption
    scarce: Floats  # budget as a part of what lists without budgets would take
    by_money: NDArray[np.bool_]  # whether money or uses are scarce

    @classmethod
    def made(cls, draw: Draw, scarce: tuple[float, float]) -> "World":
        """Faces of .50 to 2.00; four offers to a category, five to a funder."""
        return cls(
            popular=draw.normal(0, 1, OFFERS),
            category=draw.integers(0, OFFERS // 4, OFFERS),
            funder=draw.integers(0, OFFERS // 5, OFFERS),
            face=5 * draw.integers(10, 41, OFFERS),
            margin=draw.lognormal(5, 0.4, OFFERS),
            scarce=draw.uniform(*scarce, OFFERS),
            by_money=draw.random(OFFERS) < 0.7,
        )


def candidates(world: World, draw: Draw, households: int) -> Candidates:
    """Forty offers a household, the popular more often; ladder steps of a half, 3/4 and 1."""
    offers, probabilities, worths, values = [], [], [], []
    for begin in range(0, households, 20_000):
        size = (min(20_000, households - begin), PER_HOUSEHOLD)
        wanted = (world.popular + draw.gumbel(size=(size[0], OFFERS))).astype(np.float32)
        offer = np.sort(np.argpartition(-wanted, PER_HOUSEHOLD, axis=1)[:, :PER_HOUSEHOLD], axis=1)
        prone = draw.normal(0, 0.7, (size[0], 1)) + draw.normal(0, 0.6, size)
        probability = np.minimum(0.5, np.exp(-4.2 + prone))
        step = np.array([0.5, 0.75, 1.0])[draw.integers(0, 3, size)]
        offers.append(offer.ravel())
        probabilities.append(probability.ravel())
        worths.append((5 * np.round(world.face[offer] * step / 5)).astype(np.int64).ravel())
        values.append((probability * world.margin[offer] * draw.lognormal(0, 0.3, size)).ravel())
    offer = np.concatenate(offers)
    return Candidates(
        shopper=np.repeat(np.arange(households), PER_HOUSEHOLD),
        offer=offer,
        category=world.category[offer],
        value=np.concatenate(values),
        worth=np.concatenate(worths),
        probability=np.concatenate(probabilities),
    )


def budgets(world: World, some: Candidates) -> Offers:
    """Each offer's budget as a part of what households would take if there were none."""
    value = some.value.reshape(-1, PER_HOUSEHOLD)
    best = np.argpartition(-value, SLOTS, axis=1)[:, :SLOTS]
    rows = (best + np.arange(len(value))[:, None] * PER_HOUSEHOLD).ravel()
    money = np.bincount(some.offer[rows], some.worth[rows], OFFERS)
    uses = np.bincount(some.offer[rows], minlength=OFFERS)
    return Offers(
        money=(np.where(world.by_money, world.scarce, 3) * money).astype(np.int64) + 100,
        uses=(np.where(world.by_money, 3, world.scarce) * uses).astype(np.int64) + 1,
        funder=world.funder,
    )


def timed(work: Callable[[], Allocation], repeats: int = 3) -> tuple[float, Allocation]:
    """Processor seconds of the fastest of several runs, and what came out."""
    taken = []
    for _ in range(repeats):
        began = time.process_time()
        found = work()
        taken.append(time.process_time() - began)
    return min(taken), found


def keeps_budgets(some: Candidates, offers: Offers, found: Allocation) -> bool:
    """To the cent and the use."""
    rows = found.chosen
    money = np.bincount(some.offer[rows], some.worth[rows], len(offers.money))
    uses = np.bincount(some.offer[rows], minlength=len(offers.money))
    return bool((money <= offers.money).all() and (uses <= offers.uses).all())


@dataclass(frozen=True)
class Program:
    """The same problem for HiGHS: maximise value . x, lower <= matrix x <= upper, 0 <= x <= 1."""

    value: Floats
    matrix: sparse.csc_matrix
    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, some: Candidates, offers: Offers, rules: Rules, unmet: set[int]) -> "Program":
        """unmet: households whose band no list of theirs can meet."""
        n = len(some.offer)
        one, pull = np.ones(n), np.zeros(n)
        by_category = some.shopper * 2**20 + some.category
        by_funder = some.shopper * 2**20 + offers.funder[some.offer]
        slots = np.full(n, int(rules.slots[0]))
        parts = [
            _sums(some.offer, some.worth, -INFINITE, offers.money),
            _sums(some.offer, one, -INFINITE, offers.uses),
            _at_most(some.shopper, int(slots[0])),
            _at_most(by_category, rules.per_category),
            _at_most(by_funder, rules.per_funder),
        ]
        if rules.low is not None and rules.high is not None:
            out = np.array(sorted(unmet), dtype=np.int64)
            low = rules.low.astype(np.float64)
            low[out] = -INFINITE
            pull[np.isin(some.shopper, out)] = rules.pull
            parts.append(_sums(some.shopper, some.worth, low, rules.high))
        if offers.rivals is not None:
            parts.append(_rivals(some, offers.rivals))
        matrix = sparse.vstack([part[0] for part in parts]).tocsc()
        lower, upper = (np.concatenate([part[i] for part in parts]) for i in (1, 2))
        return cls(some.value + pull * some.worth, matrix, lower, upper)


Part = tuple[sparse.csr_matrix, Floats, Floats]


def _sums(key: Ints, weight: Numbers, lower: Floats | float, upper: Numbers) -> Part:
    n = len(key)
    matrix = sparse.csr_matrix((weight.astype(np.float64), (key, np.arange(n))), (len(upper), n))
    return matrix, np.broadcast_to(lower, len(upper)).astype(np.float64), upper.astype(np.float64)


def _at_most(key: Ints, most: int) -> Part:
    """Rows for those keys that more than `most` candidates share."""
    _, place, count = np.unique(key, return_inverse=True, return_counts=True)
    matrix = _sums(place, np.ones(len(key)), 0.0, np.zeros(len(count)))[0][count > most]
    rows = matrix.shape[0]
    return matrix, np.full(rows, -INFINITE), np.full(rows, float(most))


def _rivals(some: Candidates, pairs: Ints) -> Part:
    """A row for each household that could get both of a pair."""
    row = {(s, o): i for i, (s, o) in
           enumerate(zip(some.shopper.tolist(), some.offer.tolist(), strict=True))}  # fmt: skip
    both = [
        (row[h, a], row[h, b])
        for h in range(int(some.shopper[-1]) + 1)
        for a, b in pairs.tolist()
        if (h, a) in row and (h, b) in row
    ]
    at = np.repeat(np.arange(len(both)), 2)
    columns = np.array(both, dtype=np.int64).ravel()
    shape = (len(both), len(some.offer))
    matrix = sparse.csr_matrix((np.ones(len(at)), (at, columns)), shape)
    return matrix, np.full(len(both), -INFINITE), np.ones(len(both))


def highs(
    program: Program, method: str, *, whole: bool = False, seconds: float = 1e9
) -> tuple[float, float, float]:
    """Processor seconds, the value reached (nan: none), and the bound; `whole`: in integers."""
    make: Any = highspy.Highs
    solver = make()
    for name, option in (("output_flag", False), ("threads", 1), ("solver", method),
                         ("time_limit", seconds)):  # fmt: skip
        solver.setOptionValue(name, option)
    lp = highspy.HighsLp()
    n, m = len(program.value), len(program.upper)
    lp.num_col_, lp.num_row_ = n, m
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = -program.value, np.zeros(n), np.ones(n)
    lp.row_lower_, lp.row_upper_ = program.lower, program.upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = program.matrix.indptr, program.matrix.indices
    lp.a_matrix_.value_ = program.matrix.data
    if whole:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * n
    solver.passModel(lp)
    began = time.process_time()
    solver.run()
    taken = time.process_time() - began
    info = solver.getInfo()
    bound = -info.mip_dual_bound if whole else -info.objective_function_value
    good = info.primal_solution_status == 2
    return taken, -info.objective_function_value if good else np.nan, bound


def judge_lp(households: int = 10_000, methods: tuple[str, ...] = ("simplex", "ipm")) -> None:
    """Value and speed beside the faster of HiGHS's methods on the same linear program."""
    draw = np.random.default_rng(1)
    world = World.made(draw, (0.25, 1.3))
    some = candidates(world, draw, households)
    offers, rules = budgets(world, some), Rules(np.full(households, SLOTS), per_funder=PER_FUNDER)
    program = Program.of(some, offers, rules, set())
    theirs = {}
    for method in methods:
        note(f"{households:,} households: HiGHS, {method}")
        theirs[method] = highs(program, method)
    seconds = min(taken for taken, _, _ in theirs.values())
    best = next(iter(theirs.values()))[1]
    for name, effort, least, times in (
        ("default", Effort(), 0.9995, 10), ("quick", Effort.quick(), 0.999, 20),
    ):  # fmt: skip
        allocate(some, offers, rules, effort=effort)  # compiles
        taken, found = timed(partial(allocate, some, offers, rules, effort=effort))
        good = keeps_budgets(some, offers, found)
        value = {
            "of the optimum": round(found.value / best, 6),
            "times as fast": round(seconds / taken, 1),
            "seconds": round(taken, 3),
            "highs seconds": {method: round(took, 2) for method, (took, _, _) in theirs.items()},
            "within budgets": good,
        }
        ok = good and found.value >= least * best and seconds >= times * taken
        report(
            f"lp, {name}: part of the optimum, times HiGHS's speed", value, [least, times], ok=ok
        )


def judge_bands(households: int = 1_000, seconds: float = 120) -> None:
    """Bands and rivals: beside HiGHS's integer search and the bound of the linear program."""
    draw = np.random.default_rng(2)
    world = World.made(draw, (0.8, 2.5))
    some = candidates(world, draw, households)
    pairs = np.array([[a, b] for a, b in draw.integers(0, OFFERS, (60, 2)) if a != b])
    offers = replace(budgets(world, some), rivals=pairs)
    low = np.full(households, 1500)
    low[draw.random(households) < 0.02] = FAR_TOO_MUCH
    high = np.where(low == FAR_TOO_MUCH, 2 * FAR_TOO_MUCH, 1700)
    rules = Rules(np.full(households, SLOTS), low, high, per_funder=PER_FUNDER, pull=0.01)
    allocate(some, offers, rules)  # compiles
    taken, found = timed(lambda: allocate(some, offers, rules), 1)
    program = Program.of(some, offers, rules, set(found.unmet.tolist()))
    note("bands: the linear program")
    bound = highs(program, "simplex")[1]
    note(f"bands: HiGHS's integer search, {seconds:.0f} s")
    _, theirs, their_bound = highs(program, "choose", whole=True, seconds=seconds)
    worth = np.bincount(some.shopper[found.chosen], some.worth[found.chosen], households)
    inside = (low <= worth) & (worth <= high)
    listed = bool((np.flatnonzero(~inside) == found.unmet).all())
    value = {
        "value": round(found.value, 1),
        "highs incumbent": round(theirs, 1),
        "of the linear bound": round(found.value / bound, 5),
        "highs of it": round(theirs / bound, 5),
        "highs own bound of it": round(their_bound / bound, 5),
        "seconds": round(taken, 2),
        "unmet": len(found.unmet),
        "unmet asked too much": int((low == FAR_TOO_MUCH).sum()),
        "within budgets and bands, or listed": listed and keeps_budgets(some, offers, found),
    }
    good = listed and keeps_budgets(some, offers, found)
    ok = good and found.value >= 0.985 * bound and not found.value < theirs
    report("bands: HiGHS's incumbent, part of the linear bound", value, 0.985, ok=ok)


def judge_growth(sizes: tuple[int, int] = (100_000, 1_000_000)) -> None:
    """Gap to its own bound, time for ten times the households, and a start from known prices."""
    taken, gaps = [], []
    for households in sizes:
        note(f"growth: {households:,} households")
        draw = np.random.default_rng(3)
        world = World.made(draw, (0.25, 1.3))
        some = candidates(world, draw, households)
        offers, rules = budgets(world, some), Rules(np.full(households, SLOTS), per_funder=3)
        repeats = 3 if households <= 100_000 else 1
        seconds, found = timed(partial(allocate, some, offers, rules), repeats)
        taken.append(seconds)
        gaps.append(1 - found.value / found.bound)
        del some
    times = sizes[1] / sizes[0] * 1.05
    value = {"gaps": [round(gap, 6) for gap in gaps], "seconds": [round(t, 2) for t in taken],
             "times": round(taken[1] / taken[0], 2)}  # fmt: skip
    ok = max(gaps) <= 0.0002 and taken[1] <= times * taken[0]
    report("growth: gap to its own bound, ten times the work", value, [0.0002, times], ok=ok)


def judge_warm(households: int = 100_000) -> None:
    """The next night: the same offers, other households, budgets less what was spent."""
    draw = np.random.default_rng(4)
    world = World.made(draw, (0.25, 1.3))
    rules = Rules(np.full(households, SLOTS), per_funder=PER_FUNDER)
    first, second = (candidates(world, draw, households) for _ in range(2))
    tonight = budgets(world, first)
    found = allocate(first, tonight, rules)
    spent = np.bincount(first.offer[found.chosen], first.worth[found.chosen], OFFERS)
    used = np.bincount(first.offer[found.chosen], minlength=OFFERS)
    rest = replace(
        tonight,  # each night may take its share of what is left
        money=((WAVES * tonight.money - spent) / (WAVES - 1)).astype(np.int64),
        uses=((WAVES * tonight.uses - used) / (WAVES - 1)).astype(np.int64),
    )
    note(f"warm: {households:,} households, from nothing and from last night's prices")
    whole, gaps = [], []
    for start in (None, found.prices):
        seconds, made = timed(partial(allocate, second, rest, rules, start))
        whole.append(seconds)
        gaps.append(round(1 - made.value / made.bound, 6))
    night = as_night(second, rest, rules)
    limits = Limits(night, rest, None)
    cold, warm = (
        min(_until_prices(night, limits, start) for _ in range(3)) for start in (None, found.prices)
    )
    value = {
        "times": round(cold / warm, 2),
        "seconds to prices": [round(cold, 2), round(warm, 2)],
        "seconds to lists": [round(seconds, 2) for seconds in whole],
        "gaps": gaps,
    }
    report("warm: prices found so many times faster than cold", value, 3, ok=cold >= 3 * warm)


def _until_prices(night: Night, limits: Limits, start: Prices | None) -> float:
    """Processor seconds; what follows is the same work whatever the prices began with."""
    began = time.process_time()
    solve(Dual(night), limits, Effort().tolerance, 0, start)
    return time.process_time() - began


def judge() -> None:
    """All bars, about ten minutes, most of them HiGHS's; 12 GB."""
    judge_lp()
    judge_bands()
    judge_growth()
    judge_warm()


def judge_quickly() -> None:
    """The same on small nights."""
    judge_lp(1_000, ("simplex",))
    judge_bands(100, 10)
    judge_growth((2_000, 20_000))
    judge_warm(5_000)
