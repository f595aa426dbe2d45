"""The lake: parts written once, in a fixed order, that count by delivery."""

import errno
from datetime import date
from pathlib import Path
from types import SimpleNamespace

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


def test_rows_alike_are_found_in_every_part(tmp_path: Path) -> None:
    paths = [
        put(tmp_path, DAY, 1, 0, 1, 2, 3),
        put(tmp_path, DAY, 1, 1, 4, 5),
        put(tmp_path, DAY, 2),
    ]
    keys = pl.DataFrame({"line": [1, 2, 9]}, schema={"line": pl.Int64})
    found = lake.read_alike(paths, keys)
    assert found.select("bucket", "line").rows() == [(2, 1), (3, 2), (5, 1)]
    assert found.schema == pl.DataFrame(schema=lake.STORED).schema
    assert lake.read_alike(paths, keys.clear()).is_empty()
    assert lake.read_alike([], keys).columns == list(lake.STORED)
    every = lake.read_parts(paths)
    both = every.join(keys, on="line", how="semi", maintain_order="left")
    assert_frame_equal(found, both)


def lines(*paid: int) -> pl.DataFrame:
    """Stored scans of one till, numbered from 0, of bucket 1; `paid` is their content."""
    whole = rows(*(1 for _ in paid)).with_columns(
        pl.lit("1").alias(name) for name in ("store", "till", "transaction")
    )
    return whole.with_columns(business_day=pl.lit(DAY), paid=pl.Series(paid, dtype=pl.Int64))


def correct(root: Path, delivery: int, gone: pl.DataFrame, came: pl.DataFrame) -> None:
    lake.write(lake.taken_back_path(root, DAY, delivery), gone)
    lake.write(lake.part_path(root, DAY, delivery, 0), came)


def test_what_was_taken_back_does_not_stand(tmp_path: Path) -> None:
    """One line goes from 10 to 11 and back again, the other goes."""
    first, other = lines(10, 20), lines(11)
    lake.write(lake.part_path(tmp_path, DAY, 1, 0), first)
    correct(tmp_path, 2, first, other)
    assert lake.read_parts(lake.day_parts(tmp_path, DAY))["paid"].to_list() == [11]
    correct(tmp_path, 3, other, first[:1])
    parts = lake.parts(tmp_path)
    assert_frame_equal(lake.read_parts(parts), first[:1])
    assert_frame_equal(lake.read_parts(parts[::-1], [1]), first[:1])
    assert lake.read_parts(parts, [2]).is_empty()
    assert lake.read_parts(lake.parts(tmp_path, until=1))["paid"].to_list() == [10, 20]
    [day] = lake.by_day(parts)
    assert_frame_equal(day.collect(), first[:1])


def test_changes_are_what_came_and_what_was_taken_back(tmp_path: Path) -> None:
    first, other = lines(10, 20), lines(11)
    lake.write(lake.part_path(tmp_path, DAY, 1, 0), first)
    correct(tmp_path, 2, first, other)
    came, gone = lake.changes(lake.parts(tmp_path, after=1))
    assert_frame_equal(came, other)
    assert_frame_equal(gone, first)
    came, gone = lake.changes(lake.parts(tmp_path), [7])
    assert came.is_empty()
    assert gone.is_empty()
    assert [frame.schema for frame in lake.changes([])] == [pl.Schema(lake.STORED)] * 2


def test_days_that_nothing_was_taken_back_of_are_read_as_they_lie(tmp_path: Path) -> None:
    put(tmp_path, DAY, 1, 0, 1, 2)
    put(tmp_path, DAY, 1, 1, 3)
    put(tmp_path, date(2017, 11, 7), 2, 0, 4)
    days = [day.collect()["bucket"].to_list() for day in lake.by_day(lake.parts(tmp_path))]
    assert days == [[1, 2, 3], [4]]
    assert list(lake.by_day([])) == []


def test_what_a_killed_correction_settled_is_discarded(tmp_path: Path) -> None:
    names = {"store": ["1"], "till": ["1"], "business_day": [DAY], "transaction": ["7"]}
    for delivery in (1, 2):
        lake.write(lake.corrected_path(tmp_path, DAY, delivery), pl.DataFrame(names))
    correct(tmp_path, 2, lines(1), lines(2))
    assert lake.discard_uncommitted(tmp_path, 1) == 2
    assert [path.stem for path in tmp_path.rglob("*.parquet")] == ["00000001"]
    assert lake.corrected(tmp_path, DAY).rows() == [("1", "1", DAY, "7")]
    assert lake.corrected(tmp_path, date(2017, 11, 7)).is_empty()


@pytest.mark.parametrize(
    ("said", "free", "number"),
    [
        ("parquet: underlying IO error: No space left on device (os error 28)", 9e9, errno.ENOSPC),
        ("parquet: out of specification: Invalid thrift: transport error", 0, errno.ENOSPC),
        ("parquet: out of specification: Invalid thrift: transport error", 9e9, errno.EIO),
    ],
)
def test_what_cannot_be_written_is_said_as_the_system_says_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, free: float, number: int
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise pl.exceptions.ComputeError(said)

    monkeypatch.setattr(pl.DataFrame, "write_parquet", broken)
    monkeypatch.setattr(lake, "disk_usage", lambda _: SimpleNamespace(free=free))
    path = tmp_path / "new" / "x.parquet"
    with pytest.raises(OSError, match=r"x\.parquet") as raised:
        lake.write(path, pl.DataFrame({"a": [1]}))
    assert raised.value.errno == number
    assert not list(path.parent.iterdir())
