"""Profiles on disk: folded once, in any number of strokes, to the same bytes."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from promo.scans import lake
from promo.shoppers import profile_store

MONDAY = date(2017, 1, 2)
BUCKETS = [3, 4, 5]


def deliver(root: Path, number: int) -> None:
    """A delivery: 30 lines with a card and 5 without on each of four days, two of them late."""
    random = np.random.default_rng(number)
    for day in (MONDAY + timedelta(2 * number + offset) for offset in range(4)):
        rows = [
            {
                "shopper": None if bucket < 0 else f"h{bucket}-{household}",
                "bucket": bucket,
                "product": str(product),
                "store": "s1",
                "business_day": day,
                "unit": "each",
                "quantity": 1000 * pieces,
                "paid": 99 * pieces,
            }
            for bucket, household, product, pieces in zip(
                [*random.choice(BUCKETS, 30).tolist(), *[lake.NO_BUCKET] * 5],
                random.integers(0, 4, 35).tolist(),
                random.integers(0, 5, 35).tolist(),
                random.choice([-1, 1, 2], 35).tolist(),
                strict=True,
            )
        ]
        lake.write(lake.part_path(root, day, number, 0), pl.DataFrame(rows, schema=lake.STORED))


def fold(root: Path, until: int, oldest: date = MONDAY - timedelta(99)) -> list[tuple[int, int]]:
    return list(profile_store.fold_pending(root, BUCKETS, until, oldest))


def files(root: Path) -> dict[str, bytes]:
    found = sorted((root / "profiles").rglob("*.parquet"))
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, bytes]:
    """The files of profiles into which deliveries 1 to 3 were folded in one go."""
    for number in (1, 2, 3):
        deliver(tmp_path / "whole", number)
    fold(tmp_path / "whole", 3)
    return files(tmp_path / "whole")


@pytest.mark.parametrize("steps", [(3,), (1, 2, 3), (1, 3), (2, 3), (1, 1, 3, 3)])
def test_one_go_or_one_by_one_gives_the_same_bytes(
    tmp_path: Path, whole: dict[str, bytes], steps: tuple[int, ...]
) -> None:
    for number in (1, 2, 3):
        deliver(tmp_path, number)
    for step in steps:
        fold(tmp_path, step)
    assert files(tmp_path) == whole
    assert list(whole) == [f"profiles/{bucket:03d}/00000003.parquet" for bucket in BUCKETS]


def test_what_is_folded_is_every_line_with_a_card(tmp_path: Path, whole: dict[str, bytes]) -> None:
    read = profile_store.read(tmp_path / "whole", BUCKETS)
    assert read["lines"].sum() == 3 * 4 * 30
    assert read["shopper"].null_count() == 0
    one = profile_store.read(tmp_path / "whole", [4])
    assert set(one["shopper"].str.slice(0, 2)) == {"h4"}
    assert whole


def test_a_bucket_is_folded_through_a_delivery_once(tmp_path: Path) -> None:
    deliver(tmp_path, 1)
    assert fold(tmp_path, 1) == [(3, 120)]
    assert fold(tmp_path, 1) == [(3, 0)]
    deliver(tmp_path, 2)
    list(profile_store.fold_pending(tmp_path, [4], 2, MONDAY))
    assert [profile_store.folded_through(tmp_path, b) for b in (3, 4, 5, 6)] == [1, 2, 1, 0]
    done = fold(tmp_path, 2)
    assert [buckets for buckets, _ in done] == [2, 1]
    assert done[1][1] == 0


def test_a_later_delivery_waits_for_its_turn(tmp_path: Path) -> None:
    deliver(tmp_path, 1)
    fold(tmp_path, 1)
    before = files(tmp_path)
    deliver(tmp_path, 2)  # its row in the database is not committed yet
    fold(tmp_path, 1)
    assert files(tmp_path) == before


def test_profiles_that_are_ahead_stay_ahead(tmp_path: Path) -> None:
    deliver(tmp_path, 1)
    deliver(tmp_path, 2)
    fold(tmp_path, 2)
    before = files(tmp_path)
    assert fold(tmp_path, 1) == [(3, 0)]
    assert files(tmp_path) == before


def test_a_fold_that_was_killed_before_it_tidied_up(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    for number in (1, 2, 3):
        deliver(tmp_path, number)
    fold(tmp_path, 1)
    left = files(tmp_path)
    fold(tmp_path, 2)
    for name, data in left.items():
        (tmp_path / name).write_bytes(data)
    fold(tmp_path, 3)
    assert files(tmp_path) == whole


def test_a_fold_that_was_killed_while_it_wrote(tmp_path: Path, whole: dict[str, bytes]) -> None:
    for number in (1, 2, 3):
        deliver(tmp_path, number)
    fold(tmp_path, 2)
    for bucket in BUCKETS:
        half = tmp_path / f"profiles/{bucket:03d}/.00000003.parquet.4711.tmp"
        half.write_bytes(b"PAR1 and no more")
    fold(tmp_path, 3)
    assert files(tmp_path) == whole


def test_a_fold_that_was_killed_right_after_its_last_file(
    tmp_path: Path, whole: dict[str, bytes]
) -> None:
    """There is nothing left to fold, and what it should have removed goes all the same."""
    for number in (1, 2, 3):
        deliver(tmp_path, number)
    fold(tmp_path, 2)
    left = files(tmp_path)
    fold(tmp_path, 3)
    for name, data in left.items():
        (tmp_path / name).write_bytes(data)
    assert fold(tmp_path, 3) == [(3, 0)]
    assert files(tmp_path) == whole


def test_days_older_than_the_oldest_are_gone(tmp_path: Path) -> None:
    deliver(tmp_path, 1)
    deliver(tmp_path, 2)
    oldest = MONDAY + timedelta(5)
    fold(tmp_path, 1, MONDAY)
    fold(tmp_path, 2, oldest)
    assert profile_store.read(tmp_path, BUCKETS)["day"].min() == oldest


def test_no_profiles_yet(tmp_path: Path) -> None:
    assert profile_store.read(tmp_path, BUCKETS).is_empty()
    assert profile_store.size(tmp_path, 3) == 0
