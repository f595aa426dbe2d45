"""Allocation held against HiGHS, against its own bound, and against itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Made:
    """A made-up night: candidates by household, then offer; budgets in full face value."""

    shopper: NDArray[np.int64]
    offer: NDArray[np.int64]
    category: NDArray[np.int64]
    value: NDArray[np.float64]
    worth: NDArray[np.int64]
    probability: NDArray[np.float64]
    money: NDArray[np.int64]
    uses: NDArray[np.int64]
    funder: NDArray[np.int64]


def world(rng, offers=300):
    return dict(
        popular=rng.normal(0, 1, offers),
        category=rng.integers(0, max(offers // 4, 1), offers),
        funder=rng.integers(0, max(offers // 5, 1), offers),
        face=5 * rng.integers(10, 41, offers),  # what a heavy buyer gets: .50 to 2.00
        margin=rng.lognormal(5, .4, offers),
        scarce=rng.uniform(.25, 1.3, offers),
        money_bound=rng.random(offers) < .7,
    )


def night(world, rng, households, per=40, slots=14):
    n = len(world["face"])
    parts = []
    for begin in range(0, households, 20_000):
        size = min(20_000, households - begin)
        score = (world["popular"] + rng.gumbel(size=(size, n))).astype(np.float32)
        offer = np.sort(np.argpartition(-score, per, axis=1)[:, :per], axis=1)
        proneness = rng.normal(0, .7, (size, 1))
        p = np.minimum(.5, np.exp(-4.2 + proneness + rng.normal(0, .6, (size, per))))
        step = rng.integers(0, 3, (size, per))
        worth = np.round(world["face"][offer] * np.array([.5, .75, 1.])[step] / 5).astype(np.int64) * 5
        value = p * world["margin"][offer] * rng.lognormal(0, .3, (size, per))
        parts.append((offer, worth, value, p))
    offer, worth, value, p = (np.concatenate([x[i] for x in parts]) for i in range(4))
    # what every list would take if there were no budgets, as the measure of scarcity
    top = np.argpartition(-value, slots, axis=1)[:, :slots]
    o = np.take_along_axis(offer, top, 1).ravel()
    money = np.bincount(o, weights=np.take_along_axis(worth, top, 1).ravel(), minlength=n)
    uses = np.bincount(o, minlength=n)
    money_b = np.where(world["money_bound"], world["scarce"] * money, 3 * money).astype(np.int64) + 100
    uses_b = np.where(world["money_bound"], 3 * uses, world["scarce"] * uses).astype(np.int64) + 1
    shopper = np.repeat(np.arange(households), per)
    offer = offer.ravel()
    return Made(shopper, offer.astype(np.int64), world["category"][offer], value.ravel(), worth.ravel(), p.ravel(),
                money_b, uses_b, world["funder"])
