"""The lake: parts written once, in a fixed order, that count by delivery."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from promo.scans import lake

DAY = date(2017, 11, 6)


def rows(*buckets: int) -> pl.DataFrame:
    """Stored scans, empty but for bucket and line."""
    count = len(buckets)
    columns = {name: pl.Series([None] * count, dtype=kind) for name, kind in lake.STORED.items()}
    return pl.DataFrame(
        columns
        | {
            "bucket": pl.Series(buckets, dtype=pl.Int16),
            "line": pl.Series(range(count), dtype=pl.Int64),
        }
    )


def put(root: Path, day: date, delivery: int, batch: int = 0, *buckets: int) -> Path:
    path = lake.part_path(root, day, delivery, batch)
    lake.write(path, rows(*(buckets or (1,))))
    return path


def test_where_a_part_is(tmp_path: Path) -> None:
    path = lake.part_path(tmp_path, DAY, 12, 3)
    assert path == tmp_path / "scans" / "2017-11-06" / "00000012-0003.parquet"
    assert lake.delivery_of(path) == 12


def test_the_same_rows_are_the_same_bytes(tmp_path: Path) -> None:
    one, two = put(tmp_path / "a", DAY, 1, 0, 1, 2, 3), put(tmp_path / "b", DAY, 1, 0, 1, 2, 3)
    assert one.read_bytes() == two.read_bytes()
    assert_frame_equal(pl.read_parquet(one), rows(1, 2, 3))


@pytest.mark.parametrize(
    ("after", "until", "deliveries"),
    [(0, None, [3, 1, 2]), (1, None, [3, 2]), (0, 2, [1, 2]), (1, 2, [2]), (3, None, [])],
)
def test_parts_of_some_deliveries(
    tmp_path: Path, after: int, until: int | None, deliveries: list[int]
) -> None:
    put(tmp_path, date(2017, 11, 8), 2)
    put(tmp_path, date(2017, 11, 7), 1)
    put(tmp_path, DAY, 3)
    found = lake.parts(tmp_path, after, until)
    assert [lake.delivery_of(p) for p in found] == deliveries  # by day, then by delivery


def test_parts_of_a_day(tmp_path: Path) -> None:
    expected = [put(tmp_path, DAY, 1), put(tmp_path, DAY, 2, 0), put(tmp_path, DAY, 2, 1)]
    put(tmp_path, date(2017, 11, 7), 2)
    assert lake.day_parts(tmp_path, DAY) == expected
    assert lake.day_parts(tmp_path, date(2017, 1, 1)) == []


def test_discarding_leaves_what_is_committed(tmp_path: Path) -> None:
    kept = put(tmp_path, DAY, 1)
    put(tmp_path, DAY, 2, 0)
    put(tmp_path, date(2017, 11, 7), 2, 1)
    assert lake.discard_uncommitted(tmp_path, 1) == 2
    assert lake.parts(tmp_path) == [kept]
    assert lake.discard_uncommitted(tmp_path, 1) == 0


def test_the_newest_day_is_one_with_scans(tmp_path: Path) -> None:
    assert lake.newest_day(tmp_path) is None
    put(tmp_path, DAY, 1)
    put(tmp_path, date(2017, 10, 31), 2)
    put(tmp_path, date(2017, 11, 7), 3).unlink()
    assert lake.newest_day(tmp_path) == DAY


def test_the_newest_day_of_what_is_committed(tmp_path: Path) -> None:
    """A log that is on its way in, or whose delivery was killed, says nothing yet."""
    put(tmp_path, DAY, 1)
    put(tmp_path, date(2017, 11, 7), 2)
    assert lake.newest_day(tmp_path) == date(2017, 11, 7)
    assert lake.newest_day(tmp_path, 2) == date(2017, 11, 7)
    assert lake.newest_day(tmp_path, 1) == DAY
    assert lake.newest_day(tmp_path, 0) is None


def test_reading_some_buckets(tmp_path: Path) -> None:
    parts = [put(tmp_path, DAY, 1, 0, -1, 1, 2, 2, 3), put(tmp_path, DAY, 2, 0, 2)]
    assert lake.read_parts(parts)["bucket"].to_list() == [-1, 1, 2, 2, 3, 2]
    assert lake.read_parts(parts, {2, 3})["bucket"].to_list() == [2, 2, 3, 2]
    assert lake.read_parts(parts, []).is_empty()


def test_reading_nothing_has_the_columns(tmp_path: Path) -> None:
    assert dict(lake.read_parts([]).schema) == lake.STORED


def test_a_half_written_part_is_not_seen(tmp_path: Path) -> None:
    part = put(tmp_path, DAY, 1)
    part.with_name(f".{part.name}.123.tmp").write_bytes(part.read_bytes()[:50])
    assert lake.parts(tmp_path) == lake.day_parts(tmp_path, DAY) == [part]
