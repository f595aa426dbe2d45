"""The Parquet lake: scans by business day, in parts that are written once and never changed.

    <lake>/scans/<business day>/<delivery>-<batch>.parquet        lines that came
    <lake>/scans/<business day>/<delivery>-taken-back.parquet     lines that a correction takes back
    <lake>/corrected/<business day>/<delivery>.parquet            transactions that it settled
    <lake>/voided/<business day>/<delivery>-<batch>.parquet       transactions of the day that are
                                                                  void, and what voids each

A part counts only when its delivery's row is committed in the database, so a delivery is in the
lake as a whole or not at all. Rows are sorted by bucket, so that a night reads only the row
groups of its wave.

A line that is taken back is written once more, as it was, into a part of its own: whoever adds up
subtracts it (`changes`), whoever reads whole days does not see it (`by_day`, `read_parts`).
"""

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from itertools import groupby
from pathlib import Path
from shutil import disk_usage

import polars as pl

from promo import mishaps
from promo.files import replacing
from promo.scans.canonical import IDENTITY, SCHEMA, TRANSACTION

NO_BUCKET = -1  # lines without a card
TAKEN_BACK = "-taken-back"
ROW_GROUP = 65_536
LITTLE = 2**20  # bytes: who fails to write with less left has a full disk
VOIDED = {name: SCHEMA[name] for name in TRANSACTION}
VOIDED |= {f"by_{name}": dtype for name, dtype in VOIDED.items()}
STORED = SCHEMA | {"shopper": pl.String(), "bucket": pl.Int16()}


def write(path: Path, frame: pl.DataFrame) -> None:
    """Write a Parquet file, complete or not at all, the same bytes for the same rows."""
    with replacing(path) as temporary:
        try:
            frame.write_parquet(temporary, compression="zstd", row_group_size=ROW_GROUP)
        except pl.exceptions.ComputeError as error:
            raise _unwritten(path, error) from None


def _unwritten(path: Path, error: pl.exceptions.ComputeError) -> OSError:
    """What Polars could not write as the system would say it; Polars speaks of bad files."""
    number = mishaps.number(str(error))
    if number is None:
        number = errno.ENOSPC if disk_usage(path.parent).free < LITTLE else errno.EIO
    return OSError(number, os.strerror(number), str(path))


def part_path(lake: Path, day: date, delivery: int, batch: int) -> Path:
    """Where a delivery's lines of one business day are."""
    return lake / "scans" / day.isoformat() / f"{delivery:08d}-{batch:04d}.parquet"


def taken_back_path(lake: Path, day: date, delivery: int) -> Path:
    """Where the lines of one business day are that a delivery takes back."""
    return lake / "scans" / day.isoformat() / f"{delivery:08d}{TAKEN_BACK}.parquet"


def corrected_path(lake: Path, day: date, delivery: int) -> Path:
    """Where it is said which transactions of a business day a delivery settled as a whole."""
    return lake / "corrected" / day.isoformat() / f"{delivery:08d}.parquet"


def voided_path(lake: Path, day: date, delivery: int, batch: int) -> Path:
    """Where it is said which transactions of a business day a delivery voids, and by which."""
    return lake / "voided" / day.isoformat() / f"{delivery:08d}-{batch:04d}.parquet"


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
    said = [*(lake / "corrected").glob("*/*.parquet"), *(lake / "voided").glob("*/*.parquet")]
    left = parts(lake, after=last_committed)
    for path in [*left, *(p for p in said if delivery_of(p) > last_committed)]:
        path.unlink()
        with suppress(OSError):  # other parts are in it
            path.parent.rmdir()
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
    """The scans of a day, as they stand, that are in the columns of `keys` as one of its rows.

    `paths` are all parts of the day, keys some columns of IDENTITY. Part after part, so that it
    takes the memory of a part and of what is found.
    """
    came, gone = (_alike(some, keys) for some in _split(paths))
    return _standing(came.lazy(), gone.lazy()).collect()


def _alike(paths: Iterable[Path], keys: pl.DataFrame) -> pl.DataFrame:
    found = [pl.DataFrame(schema=STORED)]
    for path in paths:
        like = pl.read_parquet(path, columns=keys.columns).with_row_index("row")
        rows = like.join(keys, on=keys.columns, how="semi")["row"]
        if rows.len():
            found.append(pl.read_parquet(path)[rows.sort()])
    return pl.concat(found)


def read_parts(paths: Iterable[Path], buckets: Iterable[int] | None = None) -> pl.DataFrame:
    """The scans of whole days as they stand, of all buckets or of some, in a fixed order."""
    days = list(by_day(paths, buckets))
    return pl.concat(days).collect() if days else pl.DataFrame(schema=STORED)


def by_day(paths: Iterable[Path], buckets: Iterable[int] | None = None) -> Iterator[pl.LazyFrame]:
    """The scans of each business day as they stand; `paths` are all parts of the days they name.

    Where a line came with several contents one after the other, each but the last was taken
    back; so of its contents, in the order in which they came, as many do not stand as were.
    """
    chosen = None if buckets is None else sorted(buckets)
    for _, some in groupby(sorted(paths), key=lambda path: path.parent):
        came, gone = _split(some)
        lines = _scan(came, chosen)
        yield _standing(lines, _scan(gone, chosen)) if gone else lines


def _standing(came: pl.LazyFrame, gone: pl.LazyFrame) -> pl.LazyFrame:
    """The lines that came, in their order, but for as many of each as are gone."""
    taken = gone.group_by(IDENTITY).agg(_taken=pl.len())
    lines = came.with_columns(_before=pl.int_range(pl.len()).over(IDENTITY))
    counted = lines.join(taken, on=IDENTITY, how="left", maintain_order="left")
    stand = pl.col("_before") >= pl.col("_taken").fill_null(0)
    return counted.filter(stand).select(list(STORED))


def changes(
    paths: Iterable[Path], buckets: Iterable[int] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What some parts add to the sums of others, and what they take from them: two frames of scans.

    The parts need not be whole days: what is taken back may have come with any delivery before.
    """
    chosen = None if buckets is None else sorted(buckets)
    came, gone = (_scan(some, chosen).collect() for some in _split(paths))
    return came, gone


def corrected(lake: Path, day: date) -> pl.DataFrame:
    """The transactions of a business day that corrections settled: TRANSACTION, each once."""
    found = sorted((lake / "corrected" / day.isoformat()).glob("*.parquet"))
    if not found:
        return pl.DataFrame(schema={name: STORED[name] for name in TRANSACTION})
    return pl.read_parquet(found).unique()


def voided(lake: Path, day: date) -> pl.DataFrame:
    """The transactions of a business day that others void, and these: VOIDED, each once."""
    found = sorted((lake / "voided" / day.isoformat()).glob("*.parquet"))
    return pl.read_parquet(found).unique() if found else pl.DataFrame(schema=VOIDED)


def _split(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The parts of lines that came, and those of lines that were taken back."""
    came: list[Path] = []
    gone: list[Path] = []
    for path in paths:
        (gone if path.stem.endswith(TAKEN_BACK) else came).append(path)
    return came, gone


def _scan(paths: list[Path], buckets: list[int] | None) -> pl.LazyFrame:
    lazy = pl.scan_parquet(paths) if paths else pl.LazyFrame(schema=STORED)
    return lazy if buckets is None else lazy.filter(pl.col("bucket").is_in(buckets))
