"""Allocation: which candidates stand on which list, to the last cent of the budgets.

Maximise the value of all lists, subject to each household's rules (slots, categories, funders,
rivals, value band) and each offer's budget. Budgets get prices (`prices`), at which households are
served alone (`household`, `search`); what prices leave over or spend too much is put right list by
list (`repair`). The prices also prove how much better any allocation could be: `bound`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from promo.offers import ledger, reasons, repair, search
from promo.offers.compiled import owned
from promo.offers.household import Flags, Floats, Ints, Night, Numbers, work
from promo.offers.prices import Dual, Prices, solve
from promo.offers.risk import Risk, Sums, capacity, nodes
from promo.offers.settle import settle

NO_LIMIT = 2**62
FEW = 3000  # households
STEEP = (0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.2, 1.5, 2.0, 2.5)  # rounds of `settle`


@dataclass(frozen=True)
class Candidates:
    """n (household, offer) pairs, each once, sorted by household, then offer; shape (n,) all."""

    shopper: Ints  # row number of the household
    offer: Ints  # row number of the offer
    category: Ints  # of the offer, for this household; small numbers from 0
    value: Floats  # what the pair is worth to us; more is better
    worth: Ints  # face value to the shopper, minor units
    probability: Floats  # that it is redeemed if printed


@dataclass(frozen=True)
class Offers:
    """What is left of each offer, arrays of shape (offers,)."""

    money: Ints  # minor units: the budget less what is spent (without risk: less promises, too)
    uses: Ints
    funder: Ints  # small numbers from 0
    outstanding: Sums | None = None  # promises of other nights that are open; with risk only
    pace: Floats | None = None  # most expected money tonight (without risk: most face value)
    rivals: Ints | None = None  # (m, 2) pairs of offers that never stand on one list


@dataclass(frozen=True)
class Rules:
    """What a list must keep to; arrays of shape (households,)."""

    slots: Ints  # most offers on a list
    low: Ints | None = None  # least worth of a list, minor units; 0 where there is none
    high: Ints | None = None  # most worth of a list; 2**62 where there is none
    per_category: int = 1
    per_funder: int = 2**30
    pull: float = 1.0  # value of a minor unit of worth where the band cannot be met
    risk: Risk | None = None  # None: every promise counts in full


@dataclass(frozen=True)
class Effort:
    """How far to go. `tolerance`: of the bound, what another step of the prices must promise."""

    tolerance: float = 3e-5
    nodes: int = 400  # partial lists looked at for one household before the best is taken
    passes: int = 8  # over all households at the end, at most
    threads: int = 1  # changes the time, never the answer

    @classmethod
    def quick(cls) -> "Effort":
        """A tenth of a per cent is good enough."""
        return cls(tolerance=1e-4, nodes=50, passes=1)


@dataclass(frozen=True)
class Allocation:
    """The lists, and what proves them good."""

    chosen: Ints  # rows of the candidates that stand on a list, rising
    prices: Prices
    bound: float  # no allocation that keeps bands is worth more (with risk: see docs/allocation.md)
    value: float  # of what is chosen, with the pull of worth where no list is in the band
    why: Flags  # (n,) a reason each, see `promo.offers.reasons`
    beaten_by: Ints  # (n,) the row that stands in its place, or -1
    unmet: Ints  # households whose list stays below its band


def allocate(
    candidates: Candidates,
    offers: Offers,
    rules: Rules,
    prices: Prices | None = None,
    effort: Effort = Effort(),
) -> Allocation:
    """Choose the lists of a night.

    prices: those of the night before, if known; they only save time. The same input gives the same
    bytes. Raises ValueError where the arrays are not as `Candidates` says.
    """
    night = as_night(candidates, offers, rules)
    low = night.low.copy()
    _give_up_bands(night, rules.pull, effort.nodes)
    pull = night.pull
    dual = Dual(night, effort.threads)
    limits = Limits(night, offers, rules.risk)
    price = solve(dual, limits, effort.tolerance, 0, prices)
    chosen = np.zeros(len(night.offer), np.uint8)
    seen = dual.look(price, 1, 0.0, effort.nodes, chosen)
    bound = seen.scores + float((price * limits(seen.used)).sum())
    todo = Todo(price, limits(seen.used), dual, books(night, offers, rules.risk, chosen * 0))
    ways = [night]
    if len(low) <= FEW:  # where budgets hold few promises, every list is a lump in them
        ways.append(night._replace(plain=np.zeros_like(night.plain)))
    made = [_put_right(way, todo, chosen.copy(), effort, rules.pull) for way in ways]
    after, chosen = max(made, key=lambda way: _merit(night, low, way[1]))
    rows = np.flatnonzero(chosen)
    shopper = candidates.shopper[rows]
    worth = np.bincount(shopper, night.worth[rows], len(low))
    why, beaten_by = reasons.find(after, chosen)
    return Allocation(
        chosen=rows,
        prices=Prices(price[:, 0], price[:, 1]),
        bound=bound,
        value=float((night.value[rows] + pull[shopper] * night.worth[rows]).sum()),
        why=why,
        beaten_by=beaten_by,
        unmet=np.flatnonzero(worth < low),
    )


class Todo(NamedTuple):
    """What lists at prices are put right with."""

    price: Floats
    limit: Floats
    dual: Dual
    books: ledger.Ledger  # without the lists


def _put_right(
    night: Night, todo: Todo, chosen: Flags, effort: Effort, pull: float
) -> tuple[Night, Flags]:
    """Lists within budgets, made of those at prices; households that are not plain settle first.

    Returns the night without the bands that were given up, too.
    """
    night = night._replace(low=night.low.copy(), pull=night.pull.copy())  # bands may be given up
    price, dual, held = todo.price, todo.dual, todo.books
    if not night.plain.all():
        room = work(night)
        for steep in STEEP:
            settle(
                night, room, price, todo.limit, dual.size, dual.unit, chosen, effort.nodes, steep
            )
    own = held._replace(
        sums=held.sums.copy(), tonight=held.tonight.copy(), refused=held.refused.copy()
    )
    ledger.book_all(night, own, chosen)
    repair.repair(night, own, price, chosen, dual.unit, effort.nodes, effort.passes, pull)
    return night, chosen


def _merit(night: Night, low: Ints, chosen: Flags) -> tuple[int, float]:
    """Lists that reach their band, then value."""
    rows = np.flatnonzero(chosen)
    shopper = np.searchsorted(night.start, rows, "right") - 1
    worth = night.worth[rows]
    reached = np.bincount(shopper, worth, len(low)) >= low
    return int(reached.sum()), float((night.value[rows] + night.pull[shopper] * worth).sum())


def as_night(candidates: Candidates, offers: Offers, rules: Rules) -> Night:
    """What compiled code sees; columns are narrowed, and checked where that costs little."""
    households, count = len(rules.slots), len(offers.money)
    shopper, offer = candidates.shopper, candidates.offer
    rising = (shopper[1:] > shopper[:-1]) | (
        (shopper[1:] == shopper[:-1]) & (offer[1:] > offer[:-1])
    )
    if not rising.all():
        row = int(np.flatnonzero(~rising)[0]) + 1
        raise ValueError(f"candidate {row} does not follow {row - 1} by household, then offer")
    for name, column, most in (
        ("shopper", shopper, households), ("offer", offer, count),
        ("category", candidates.category, 2**31), ("worth", candidates.worth, 2**31),
    ):  # fmt: skip
        if len(column) and not 0 <= column.min() <= column.max() < most:
            raise ValueError(f"{name} of a candidate is not in 0 to {most - 1}")
    if not np.isfinite(candidates.value).all():
        raise ValueError("value of a candidate is not a finite number")
    start = np.searchsorted(shopper, np.arange(households + 1)).astype(np.int64)
    rival_start, rival = _rivals(offers.rivals, count)
    low = np.zeros(households, np.int64) if rules.low is None else rules.low.astype(np.int64)
    high = np.full(households, NO_LIMIT) if rules.high is None else rules.high.astype(np.int64)
    plain = (low <= 0) & (high >= NO_LIMIT)
    if len(rival):
        plain[shopper[np.diff(rival_start)[offer] > 0]] = False
    return Night(
        start, _narrow(offer), _narrow(candidates.category), _narrow(candidates.worth),
        owned(candidates.value, np.float64),
        np.zeros(0) if rules.risk is None else owned(candidates.probability, np.float64),
        _narrow(offers.funder), rival_start, rival, _narrow(rules.slots), low.copy(), high,
        np.zeros(households), plain.astype(np.uint8), rules.per_category, rules.per_funder,
    )  # fmt: skip


def _narrow(column: Ints) -> Numbers:
    return owned(column, np.int32)


def _rivals(pairs: Ints | None, count: int) -> tuple[Numbers, Numbers]:
    """Where each offer's rivals begin, and the rivals."""
    if pairs is None or len(pairs) == 0:
        return np.zeros(count + 1, np.int32), np.zeros(0, np.int32)
    both = np.unique(np.concatenate([pairs, pairs[:, ::-1]]), axis=0)
    start = np.searchsorted(both[:, 0], np.arange(count + 1))
    return _narrow(start), _narrow(both[:, 1])


def _give_up_bands(night: Night, pull: float, nodes: int) -> None:
    """Households without a list in their band lose its low end and are pulled towards it."""
    room, nothing = work(night), np.zeros((len(night.funder), 2))
    for h in np.flatnonzero(night.low > 0).tolist():
        if search.solve(night, room, h, nothing, nodes)[0] <= search.NONE:
            night.low[h], night.pull[h] = 0, pull


def books(night: Night, offers: Offers, risk: Risk | None, chosen: Flags) -> ledger.Ledger:
    """The budgets, with the promises of other nights and the chosen ones booked."""
    count = len(offers.money)
    sums = np.zeros((count, 6))
    if risk is not None and offers.outstanding is not None:
        sums[:, ledger.COLUMNS] = np.stack(offers.outstanding.columns(), axis=1)
    books = ledger.Ledger(
        offers.money.astype(np.float64), offers.uses.astype(np.float64),
        np.full(count, np.inf) if offers.pace is None else offers.pace.astype(np.float64),
        sums, np.zeros(count), np.full((count, 2), np.inf),
        *(nodes(risk) if risk is not None else (np.zeros(0), np.zeros(0))),
        risk.overspend if risk is not None else 0.0,
    )  # fmt: skip
    ledger.book_all(night, books, chosen)
    return books


class Limits:
    """Budgets (offers, 2) of money and uses for the prices: linear in what promises count."""

    def __init__(self, night: Night, offers: Offers, risk: Risk | None) -> None:
        self.offers, self.risk, self.count = offers, risk, len(offers.money)
        whole = np.stack([offers.money, offers.uses], axis=1).astype(np.float64)
        self.whole: Floats = np.maximum(whole, 0)
        if offers.pace is not None:
            self.whole[:, 0] = np.minimum(self.whole[:, 0], offers.pace)
        if risk is not None:
            offer, worth = night.offer.astype(np.int64), night.worth.astype(np.int64)
            every = Sums.of(offer, night.chance, worth, self.count)
            self.every = np.stack(every.columns())
            self.most = np.bincount(night.offer, minlength=self.count) + 1

    def __call__(self, used: Floats) -> Floats:
        """Budgets for lists that use as much as this (offers, 6).

        With risk they are what lists of this mix may promise by money alone and by uses alone.
        """
        if self.risk is None:
            return self.whole
        offers = self.offers
        mix = np.where(used[:, 1] > 0, used[:, ledger.COLUMNS].T, self.every)
        rest = self.risk, offers.outstanding
        money, _ = capacity(Sums(*mix), offers.money, self.most, *rest)
        _, uses = capacity(Sums(*mix), np.full(self.count, NO_LIMIT), offers.uses, *rest)
        if offers.pace is not None:
            money = np.minimum(money, offers.pace)
        return np.stack([money, uses], axis=1)
