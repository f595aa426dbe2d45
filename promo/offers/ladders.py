"""Ladders: the reward by cell of the grid; who buys much gets no less than who buys little.

A ladder goes by volume alone, {heavy, medium, light}, or by cell, {national/heavy: ...}; `none` is
for households that do not buy the category.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from pydantic import ValidationInfo

from promo.offers.cells import LOYALTY, NOT_A_BUYER, VOLUME, Cell
from promo.offers.rewards import NUMBERS, Reward
from promo.offers.values import fault, missing


def rung(ladder: Mapping[str, int], reward: Reward, cell: Cell) -> int:
    """A cell's number. A loyalty without rungs gets the reward's own number; a household that does
    not buy the category `none`, and where that is not said the least that anybody gets.
    """
    loyalty, volume = cell
    if volume == NOT_A_BUYER:
        least = min if reward.more_is_better else max
        return ladder.get(NOT_A_BUYER, least(*ladder.values(), reward.number))
    return ladder.get(f"{loyalty}/{volume}", ladder.get(volume, reward.number))


def checked(raw: dict[Any, Any], reward: Reward, info: ValidationInfo) -> dict[str, int]:
    """A ladder by volume or by cell, numbers checked as the reward's own. Raises ValueError."""
    cells = {f"{loyalty}/{volume}" for loyalty in LOYALTY for volume in VOLUME}
    example = f"{LOYALTY[0]}/{VOLUME[0]}"
    for name, value in raw.items():
        if name not in cells and name not in (*VOLUME, NOT_A_BUYER):
            known = ", ".join((*VOLUME, NOT_A_BUYER))
            fault(str(name), f"unknown; expected {known} or a cell such as {example}", value)
    groups = sorted({name.rpartition("/")[0] for name in raw if name != NOT_A_BUYER}) or [""]
    if groups[0] == "" and len(groups) > 1:
        fault(f"{groups[1]}/{VOLUME[0]}", "either cells or volumes alone, not both", None)
    found = {}
    for name in [f"{group}/{v}" if group else v for group in groups for v in VOLUME]:
        if name not in raw:
            missing(name)
    adapter = NUMBERS[reward.varies]
    found = adapter.validate_python(raw, context=info.context)
    for group in groups:
        _falls([f"{group}/{v}" if group else v for v in VOLUME], found, raw, reward)
    return found


def _falls(names: list[str], found: dict[str, int], raw: dict[Any, Any], reward: Reward) -> None:
    for more, less in pairwise(names):
        better, worse = found[more], found[less]
        if better < worse if reward.more_is_better else better > worse:
            fault(less, f"{more} ({raw[more]}) must not get less than {less} ({raw[less]})",
                  raw[less])  # fmt: skip
