"""Pacing: how much of an offer's budget a night may use, so that the first wave leaves some.

Only pacing: the risk of passing a budget is held on the whole of it (see promo.offers.risk). Cut
into fourteen waves, each with a risk of its own, a budget of 300 redemptions could be used to 60
per cent only.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from promo.config import Settings

FARTHEST = 364  # nights looked ahead


def shares(
    night: date,
    starts: Sequence[date],
    ends: Sequence[date],
    settings: Settings,
    buckets: int | None = None,
) -> NDArray[np.float64]:
    """The night's part of the lists that may still be made with each offer, shape (offers,).

    A list can hold an offer that is good on all its days. 1.0 on an offer's last night. buckets:
    how many the night makes lists for, where the calendar does not say.
    """
    window = settings.window(night)
    lead = (window.first - night).days
    first = _nights_from(night, starts) - lead
    last = _nights_from(night, ends) - (lead + window.days - 1)
    ahead = int(np.clip(last.max(initial=0), 0, FARTHEST))
    nights = [night + timedelta(n) for n in range(ahead + 1)]
    lists = np.cumsum([0] + [len(settings.wave(one).buckets) for one in nights])
    to_come = lists[np.clip(last + 1, 0, ahead + 1)] - lists[np.clip(first, 0, ahead)]
    tonight = lists[1] if buckets is None else buckets
    return np.where(to_come > 0, np.minimum(1.0, tonight / np.maximum(to_come, 1)), 1.0)


def _nights_from(night: date, days: Sequence[date]) -> NDArray[np.int64]:
    return np.array([(day - night).days for day in days], dtype=np.int64)
