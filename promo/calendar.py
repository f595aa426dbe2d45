"""Buckets, waves and windows: which households get a list on which night, and for which days.

A household belongs for ever to one of 256 buckets, by a stable hash of its id. The calendar in
`config.yaml` deals the buckets out over the nights of a fortnight; changing it never moves a
file on disk.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta

BUCKETS = 256
FORTNIGHT = 14


def bucket(shopper: str) -> int:
    """The bucket, 0-255, of a household: the first byte of the BLAKE2b digest of its id."""
    return hashlib.blake2b(shopper.encode(), digest_size=1).digest()[0]


@dataclass(frozen=True)
class Window:
    """The days a list is for: `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days the window has."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Wave:
    """What a night makes lists for: the wave's number and its buckets (empty: a night off)."""

    number: int | None
    buckets: tuple[int, ...]


def wave_of(night: date, first_night: date, nights: tuple[int, ...]) -> Wave:
    """Deal the 256 buckets evenly over the fortnight's `nights` and return this night's share.

    `nights` are offsets, 0-13, from the start of a fortnight; fortnights are counted from
    `first_night`, backwards too. Over any fourteen nights in a row every bucket comes once.
    """
    offset = (night - first_night).days % FORTNIGHT
    if offset not in nights:
        return Wave(None, ())
    number = nights.index(offset)
    share = range(number * BUCKETS // len(nights), (number + 1) * BUCKETS // len(nights))
    return Wave(number + 1, tuple(share))


def window(night: date, lead_days: int, days: int = FORTNIGHT) -> Window:
    """The list's days, [night + lead, night + lead + days)."""
    first = night + timedelta(lead_days)
    return Window(first, first + timedelta(days - 1))
