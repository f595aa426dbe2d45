"""Coins: numbers drawn by chance that can be drawn again, one for each thing they decide.

A coin depends on the seed of `config.yaml`, on what it is for, and on the things it is about, and
on nothing else: neither the order of households nor how they are cut into groups moves it.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Floats = NDArray[np.float64]

# Steele, Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014 (SplitMix64).
STEP, FIRST, SECOND = (
    np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


def key(name: str) -> int:
    """A name as 64 bits: the first eight bytes of its BLAKE2b digest."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


def keys(names: Iterable[str]) -> Keys:
    """The keys of n names, shape (n,)."""
    return np.fromiter((key(name) for name in names), dtype=np.uint64)


def coins(seed: int, purpose: str, *about: Keys) -> Floats:
    """Uniform numbers in [0, 1), of the shape that the keys in `about` have together.

    The same seed, purpose and keys give the same number, for ever.
    """
    state = np.array(key(f"{seed}/{purpose}"), dtype=np.uint64)
    for part in about:
        state = _mixed(state ^ part)
    return (_mixed(state) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mixed(state: Keys) -> Keys:
    with np.errstate(over="ignore"):
        z = state + STEP
        z = (z ^ (z >> np.uint64(30))) * FIRST
        z = (z ^ (z >> np.uint64(27))) * SECOND
    return z ^ (z >> np.uint64(31))
