"""Profiles on disk, by bucket: `<lake>/profiles/<bucket>/<delivery>.parquet`.

The file's name says through which delivery its scans are folded in, so that the profile and that
fact are written in one stroke; a killed fold leaves the old file, and folding again gives the
same bytes.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import polars as pl

from promo import calendar
from promo.scans import lake
from promo.shoppers import profiles

MOST_BYTES = 64 * 2**20  # of pending scans on disk, of all buckets together, folded at a time


def _folder(root: Path, bucket: int) -> Path:
    return root / "profiles" / f"{bucket:03d}"


def newest(root: Path, bucket: int) -> Path | None:
    """The file with a bucket's profiles; None when there are none."""
    return max(_folder(root, bucket).glob("????????.parquet"), default=None)


def folded_through(root: Path, bucket: int) -> int:
    """The last delivery in a bucket's profiles; 0 when there are none."""
    found = newest(root, bucket)
    return int(found.stem) if found else 0


def read(root: Path, buckets: Iterable[int]) -> pl.DataFrame:
    """The profiles of some buckets as they stand, sorted within each bucket."""
    paths = [path for bucket in buckets if (path := newest(root, bucket))]
    return pl.read_parquet(paths) if paths else profiles.empty()


def as_if_folded(root: Path, bucket: int, delivery: int) -> pl.DataFrame:
    """A bucket's profile with the deliveries up to `delivery` folded in; nothing is written."""
    # Looked up once: between two looks a night at work may fold, and scans would count twice.
    found = newest(root, bucket)
    profile = pl.read_parquet(found) if found else profiles.empty()
    pending = lake.parts(root, after=int(found.stem) if found else 0, until=delivery)
    return profiles.fold(profile, *lake.changes(pending, [bucket]))


def fold_pending(
    root: Path, buckets: Iterable[int], delivery: int, oldest: date
) -> Iterator[tuple[int, int]]:
    """Fold the deliveries up to `delivery` into the buckets' profiles, dropping days < `oldest`.

    Buckets that were folded through the same delivery are done together, as many at a time as
    their scans fit into memory. Yields, a group of buckets, (buckets done, scans folded).
    """
    groups: dict[int, list[int]] = {}
    for bucket in buckets:
        groups.setdefault(folded_through(root, bucket), []).append(bucket)
    for through, group in sorted(groups.items()):
        pending = lake.parts(root, after=through, until=delivery)
        if through >= delivery:
            for bucket in group:
                _sweep(root, bucket)
            yield len(group), 0
            continue
        size = max(1, len(group) * MOST_BYTES // (1 + sum(p.stat().st_size for p in pending)))
        for start in range(0, len(group), size):
            some = group[start : start + size]
            yield len(some), _fold_group(root, some, pending, delivery, oldest)


def _fold_group(
    root: Path, group: list[int], pending: list[Path], delivery: int, oldest: date
) -> int:
    changes = lake.changes(pending, group)
    by_bucket = [scans.partition_by("bucket", as_dict=True) for scans in changes]
    nothing = changes[0].clear()
    for bucket in group:
        profile = read(root, [bucket])
        folded = profiles.fold(profile, *(some.get((bucket,), nothing) for some in by_bucket))
        target = _folder(root, bucket) / f"{delivery:08d}.parquet"
        lake.write(target, folded.filter(pl.col("day") >= oldest))
        _sweep(root, bucket)
    return sum(scans.height for scans in changes)


def refold(root: Path, shoppers: Iterable[str], oldest: date) -> None:
    """Fold the scans of some households anew, as far as their buckets' profiles have come.

    For households whose lines in the lake have become others: the profiles are then what folding
    the whole lake from the beginning gives. Those without lines are gone from them.
    """
    by_bucket: dict[int, list[str]] = {}
    for shopper in shoppers:
        by_bucket.setdefault(calendar.bucket(shopper), []).append(shopper)
    for bucket, some in sorted(by_bucket.items()):
        file = newest(root, bucket)
        if file is None:
            continue  # the first fold will see the lines as they are now
        own = pl.col("shopper").is_in(some)
        parts = lake.parts(root, until=int(file.stem))
        lines = lake.read_parts(parts, [bucket]).filter(own)
        folded = profiles.fold(profiles.empty(), lines).filter(pl.col("day") >= oldest)
        others = pl.read_parquet(file).filter(~own)
        lake.write(file, pl.concat([others, folded]).sort(profiles.KEYS))


def _sweep(root: Path, bucket: int) -> None:
    """Remove what the newest profile has taken the place of, and what a killed fold left."""
    kept = newest(root, bucket)
    for old in _folder(root, bucket).glob("*"):
        if old != kept:
            old.unlink()


def size(root: Path, bucket: int) -> int:
    """Bytes on disk of a bucket's profiles."""
    found = newest(root, bucket)
    return found.stat().st_size if found else 0
