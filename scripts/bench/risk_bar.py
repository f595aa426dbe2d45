"""The bar of budget risk: no budget is passed oftener than promised, none is left half used.

A made-up night with budgets of 5 to 2,000 redemptions is allocated at one per cent of risk; then
its promises are redeemed a thousand times, each time under one shock that all of them share. Last,
the same rule meets redemptions that happened: Complete Journey's campaigns of types B and C, where
everybody held every coupon. A budget is set, coupons are promised to the likeliest households while
the rule allows, and what those households then redeemed is held against the budget.
"""

import math
import time
from dataclasses import dataclass

import numpy as np
import polars as pl
from kit import note, report
from numpy.typing import NDArray
from real_coupons import pairs

from promo.offers.allocation import Allocation, Candidates, Offers, Rules, allocate
from promo.offers.compiled import compiled
from promo.offers.risk import Risk, Sums, chance

RISK = Risk(overspend=0.01, cv=0.2)
DRAWS, MOST = 1000, 25
FULL = 0.95
SLOTS, EACH = 12, 30
LADDER = (0.5, 0.75, 1.0)  # of the face value, by grid cell
SHARES = (0.25, 0.5, 0.9)  # budgets on real campaigns, as parts of what all holders would redeem
SEED = 20171106

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Night:
    """Candidates, budgets and rules of one made-up night."""

    candidates: Candidates
    offers: Offers
    rules: Rules


def made_up(households: int, offers: int, most: int, seed: int = SEED) -> Night:
    """A night whose budgets are 5 to `most` redemptions, about half of them binding."""
    rng = np.random.default_rng(seed)
    popular = rng.normal(0, 0.7, offers)
    face = 5 * rng.integers(8, 41, offers)
    keys = popular + rng.gumbel(size=(households, offers))
    offer = np.sort(np.argpartition(-keys, EACH, axis=1)[:, :EACH], axis=1)
    prone = rng.normal(0, 0.7, (households, 1))
    p = np.clip(np.exp(-3.5 + prone + rng.normal(0, 0.8, offer.shape)), 0.002, 0.3)
    step = np.array(LADDER)[rng.integers(0, len(LADDER), offer.shape)]
    uniform = rng.random(offers) < 0.25  # offers without a ladder: every promise costs the same
    worth = 5 * np.round(face[offer] * np.where(uniform[offer], 1, step) / 5).astype(np.int64)
    value = p * rng.lognormal(4, 0.4, offers)[offer] * rng.lognormal(0, 0.3, offer.shape)
    uses = np.exp(rng.uniform(math.log(5), math.log(most), offers)).astype(np.int64)
    money = (uses * face * rng.choice([0.6, 0.75, 3.0], offers)).astype(np.int64)
    category = rng.integers(0, offers // 3, offers)
    flat = offer.ravel().astype(np.int64)
    candidates = Candidates(
        np.repeat(np.arange(households), EACH), flat, category[flat],
        value.ravel(), worth.ravel(), p.ravel(),
    )  # fmt: skip
    budgets = Offers(money, uses, rng.integers(0, max(offers // 5, 1), offers))
    return Night(candidates, budgets, Rules(np.full(households, SLOTS), risk=RISK))


@compiled
def redeem(
    offer: Ints, p: Floats, worth: Ints, shocks: Floats, money: Ints, uses: Ints, seed: int
) -> Ints:
    """How many draws pass each offer's money or uses; promises are one by one, as they are."""
    np.random.seed(seed)
    passed = np.zeros(len(money), np.int64)
    for shock in shocks:
        spent, used = np.zeros(len(money), np.int64), np.zeros(len(money), np.int64)
        for i in range(len(offer)):
            if np.random.random() < shock * p[i]:
                spent[offer[i]] += worth[i]
                used[offer[i]] += 1
        passed += (spent > money) | (used > uses)
    return passed


def drawn(rng: np.random.Generator, n: int) -> Floats:
    """Common shocks, lognormal of mean one."""
    deviation = math.sqrt(math.log1p(RISK.cv**2))
    return rng.lognormal(-(deviation**2) / 2, deviation, n)


def best_refused(night: Night, made: Allocation) -> Ints:
    """By offer the row of the household that would gain most by it, were it not for its budget.

    -1 where nobody would. The gain is the value less that of what it would push off the list: the
    least of its category if the list has one, else the least of all if no slot is free.
    """
    c, n = night.candidates, len(night.offers.money)
    on = np.zeros(len(c.value), dtype=bool)
    on[made.chosen] = True
    households = len(night.rules.slots)
    room = night.rules.slots - np.bincount(c.shopper[on], minlength=households)
    categories = int(c.category.max()) + 1
    place = c.shopper * categories + c.category
    in_category = np.full(households * categories, np.inf)
    np.minimum.at(in_category, place[on], c.value[on])
    least = np.full(households, np.inf)
    np.minimum.at(least, c.shopper[on], c.value[on])
    least[room > 0] = 0
    own = in_category[place]
    gain = np.where(on, 0, c.value - np.where(np.isfinite(own), own, least[c.shopper]))
    best = np.full(n, -1, dtype=np.int64)
    order = np.argsort(gain, kind="stable")
    order = order[gain[order] > 0]
    best[c.offer[order]] = order
    return best


def full(night: Night, made: Allocation) -> tuple[int, int]:
    """Binding budgets, and how many of them one more household would put at risk."""
    c, o = night.candidates, night.offers
    best = best_refused(night, made)
    binding = np.flatnonzero(best >= 0)
    rows = best[binding]
    held = promised(c, made.chosen, len(o.money))
    more = Sums.of(c.offer[rows], c.probability[rows], c.worth[rows], len(o.money))
    after = chance(held + more, o.money, o.uses, RISK)[binding]
    return len(binding), int((after > RISK.overspend).sum())


def promised(c: Candidates, rows: Ints, n: int) -> Sums:
    """Sums of some rows, by offer."""
    return Sums.of(c.offer[rows], c.probability[rows], c.worth[rows], n)


def made_up_bar(households: int, offers: int, most: int) -> None:
    """Allocate, redeem a thousand times, and ask of every binding budget whether it is full."""
    night = made_up(households, offers, most)
    began = time.perf_counter()
    made = allocate(night.candidates, night.offers, night.rules)
    note(f"risk: {len(made.chosen)} promises in {time.perf_counter() - began:.1f} s")
    c, o = night.candidates, night.offers
    shocks = drawn(np.random.default_rng(SEED), DRAWS)
    rows = made.chosen
    passed = redeem(
        c.offer[rows], c.probability[rows], c.worth[rows], shocks, o.money, o.uses, SEED
    )
    said = chance(promised(c, rows, offers), o.money, o.uses, RISK)
    binding, broken = full(night, made)
    value = {"most": int(passed.max()), "draws": DRAWS, "offers": offers,
             "mean where binding": round(float(passed[said > 0.005].mean()), 1),
             "said": round(float(said[said > 0.005].mean() * DRAWS), 1)}  # fmt: skip
    report("risk: overspent draws of an offer", value, MOST, ok=bool(passed.max() <= MOST))
    share = {"share": round(broken / max(binding, 1), 4), "binding": binding}
    report("risk: binding budgets that are full", share, FULL, ok=broken >= FULL * binding > 0)


def real_bar() -> None:
    """The rule on redemptions that happened; reported, for there are few campaigns to judge by."""
    real = pairs()
    for level in ("coupon", "campaign"):
        report(f"risk: real {level}s, cv of the shock", spread(real, level), RISK.cv, ok=None)
        for share in SHARES:
            report(f"risk: real {level}s", replay(real, level, share), RISK.overspend, ok=None)


def spread(real: pl.DataFrame, level: str) -> float:
    """How far redemptions strayed from those expected, beyond what chance alone explains."""
    sums = real.group_by(level).agg(said=pl.col("p").sum(), was=pl.col("redeemed").sum())
    said, was = sums["said"].to_numpy(), sums["was"].to_numpy()
    said = said * was.sum() / said.sum()  # the level of all is another matter
    beyond = ((was - said) ** 2 - said).sum() / (said**2).sum()
    return round(math.sqrt(max(beyond, 0)), 2)


def replay(real: pl.DataFrame, level: str, share: float) -> dict[str, float]:
    """Budgets of `share` of the uses expected of all holders, filled by the rule, then redeemed."""
    told = dict.fromkeys(("budgets", "overspent", "allowed", "expected", "used"), 0.0)
    for _, some in real.sort("p", descending=True, maintain_order=True).group_by(level):
        p, hit = some["p"].to_numpy(), some["redeemed"].to_numpy()
        budget = math.floor(share * p.sum())
        if budget:
            n = fitting(p, budget)
            used = int(hit[:n].sum())
            now = (1, int(used > budget), budget, p[:n].sum(), used)
            told = dict(zip(told, map(sum, zip(told.values(), now, strict=True)), strict=True))
    return {"part": share} | {key: round(float(number), 1) for key, number in told.items()}


def fitting(p: Floats, budget: int) -> int:
    """How many of these holders, in order, the rule lets an offer of so many redemptions have."""
    low, high = 0, len(p)
    while low < high:
        middle = (low + high + 1) // 2
        held = Sums.of(np.zeros(middle, dtype=np.int64), p[:middle], np.full(middle, 100), 1)
        if chance(held, np.array([100 * budget]), np.array([budget]), RISK)[0] <= RISK.overspend:
            low = middle
        else:
            high = middle - 1
    return low


def judge() -> None:
    """All of it."""
    made_up_bar(40_000, 120, 2000)
    real_bar()


def judge_quickly() -> None:
    """The made-up night alone, smaller."""
    made_up_bar(5_000, 60, 300)
