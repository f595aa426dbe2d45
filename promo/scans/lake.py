"""The Parquet lake: scans by business day, in parts that are written once and never changed.

    <lake>/scans/<business day>/<delivery>-<batch>.parquet

A part counts only when its delivery's row is committed in the database, so a delivery is in the
lake as a whole or not at all. Rows are sorted by bucket, so that a night reads only the row
groups of its wave.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path

import polars as pl

from promo.files import replacing
from promo.scans.canonical import SCHEMA

NO_BUCKET = -1  # lines without a card
ROW_GROUP = 65_536
STORED = SCHEMA | {"shopper": pl.String(), "bucket": pl.Int16()}


def write(path: Path, frame: pl.DataFrame) -> None:
    """Write a Parquet file, complete or not at all, the same bytes for the same rows."""
    with replacing(path) as temporary:
        frame.write_parquet(temporary, compression="zstd", row_group_size=ROW_GROUP)


def part_path(lake: Path, day: date, delivery: int, batch: int) -> Path:
    """Where a delivery's lines of one business day are."""
    return lake / "scans" / day.isoformat() / f"{delivery:08d}-{batch:04d}.parquet"


def delivery_of(part: Path) -> int:
    """The delivery that a part came with."""
    return int(part.stem.split("-")[0])


def parts(lake: Path, after: int = 0, until: int | None = None) -> list[Path]:
    """Parts of the deliveries in (after, until], in a fixed order."""
    found = (lake / "scans").glob("*/*.parquet")
    return sorted(
        p for p in found if after < delivery_of(p) and (until is None or delivery_of(p) <= until)
    )


def day_parts(lake: Path, day: date) -> list[Path]:
    """All parts of one business day."""
    return sorted((lake / "scans" / day.isoformat()).glob("*.parquet"))


def discard_uncommitted(lake: Path, last_committed: int) -> int:
    """Remove what a killed delivery left; returns how many parts."""
    left = parts(lake, after=last_committed)
    for part in left:
        part.unlink()
        with suppress(OSError):  # other parts are in it
            part.parent.rmdir()
    return len(left)


def newest_day(lake: Path, until: int | None = None) -> date | None:
    """The newest business day with scans of the deliveries up to `until`, or None.

    Who does not say until when counts parts, too, that a delivery at work, or a killed one, has
    not committed.
    """
    for day in sorted((lake / "scans").glob("????-??-??"), reverse=True):
        found = day.glob("*.parquet")
        if any(until is None or delivery_of(part) <= until for part in found):
            return date.fromisoformat(day.name)
    return None


def read_alike(paths: Iterable[Path], keys: pl.DataFrame) -> pl.DataFrame:
    """The scans whose values in the columns of `keys` are those of one of its rows.

    Part after part, so that it takes the memory of a part and of what is found.
    """
    found = [pl.DataFrame(schema=STORED)]
    for path in paths:
        like = pl.read_parquet(path, columns=keys.columns).with_row_index("row")
        rows = like.join(keys, on=keys.columns, how="semi")["row"]
        if rows.len():
            found.append(pl.read_parquet(path)[rows.sort()])
    return pl.concat(found)


def read_parts(paths: Iterable[Path], buckets: Iterable[int] | None = None) -> pl.DataFrame:
    """The scans of some parts, of all buckets or of some, in a fixed order."""
    paths = list(paths)
    if not paths:
        return pl.DataFrame(schema=STORED)
    lazy = pl.scan_parquet(paths)
    if buckets is not None:
        lazy = lazy.filter(pl.col("bucket").is_in(sorted(buckets)))
    return lazy.collect()
