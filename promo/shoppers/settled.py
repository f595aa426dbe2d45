"""Settled: a household that stands near a line does not change sides every fortnight.

A side changes only when the value is past its line by a margin (hysteresis), and the side before is
what was found a fortnight earlier, on the profile as of that day. Profiles are day facts, so the
past is a filter: nothing is stored, and a re-run gives the same bytes. The looks back begin
`STEPS` fortnights ago with the plain side.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from promo.calendar import FORTNIGHT

STEPS = 6  # fortnights looked back; profiles on disk reach back further (house.fold)
REACH = STEPS * FORTNIGHT  # days beyond those kept that the oldest look needs

Floats = NDArray[np.float64]


def sums(
    days: pl.DataFrame, keys: Sequence[str], names: Sequence[str], day: date, keep_days: int
) -> pl.DataFrame:
    """Sums of integer columns over the kept days before each look, one row a key.

    `days` are rows of [day - keep_days - REACH, day). Returns the keys, sorted, and for each name
    a list of STEPS + 1 sums, oldest first. Keys without a row before the last look are left out.
    """
    age = (pl.lit(day) - pl.col("day")).dt.total_days()
    # The looks, counted in fortnights back, that see a row: from `nearest` to `farthest`.
    nearest = pl.max_horizontal((age - keep_days + FORTNIGHT - 1) // FORTNIGHT, pl.lit(0))
    farthest = pl.min_horizontal((age - 1) // FORTNIGHT, pl.lit(STEPS))
    # Most rows are seen by the same looks: added up first, they are few.
    rows = days.group_by(*keys, nearest=nearest, farthest=farthest).agg(pl.col(names).sum())
    seen = [pl.lit(k).is_between("nearest", "farthest") for k in range(STEPS, -1, -1)]
    marked = rows.with_columns(
        pl.when(sees).then(pl.col(name)).otherwise(0).alias(f"{name} {look}")
        for look, sees in enumerate(seen)
        for name in names
    )
    columns = {name: [f"{name} {look}" for look in range(len(seen))] for name in names}
    every = [column for parts in columns.values() for column in parts]
    summed = marked.group_by(keys).agg(pl.col(every).sum(), now=seen[-1].any())
    lists = (pl.concat_list(parts).alias(name) for name, parts in columns.items())
    return summed.filter("now").sort(keys).select(*keys, *lists)


def looks_of(column: pl.Series) -> Floats:
    """A column of `sums` as a matrix: (n, looks), oldest first."""
    return column.explode().to_numpy().astype(np.float64).reshape(-1, STEPS + 1)


def side(values: Floats, lines: Floats, margins: Floats) -> NDArray[np.int64]:
    """How many lines each value has settled above, shape (n,).

    values: (n, looks), oldest first, NaN where nothing was known; lines, margins: (n, lines) or
    (lines,), rising. A side is left only when the value is past its line by the margin; on a line
    counts as above it.
    """
    found = np.full(len(values), -1)
    for value in values.T[:, :, None]:
        known = ~np.isnan(value[:, 0])
        plain, least, most = (
            (value >= border).sum(axis=1) for border in (lines, lines + margins, lines - margins)
        )
        now = np.where(found < 0, plain, np.clip(found, least, most))
        found = np.where(known, now, found)
    return found
