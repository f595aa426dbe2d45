"""What commands note of themselves, and that a note is no reason to fail."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from promo import database, mishaps, tables
from promo.attempts import recorded
from promo.errors import Sentence
from promo.files import Busy, Holder, holder, only_one

NIGHT = date(2017, 11, 6)


class Clock:
    """A second a look."""

    def __init__(self) -> None:
        self.at = datetime(2017, 11, 6, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def rows(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        found = connection.execute(select(tables.Attempt.__table__).order_by("id")).mappings()
        return [dict(row) for row in found]


def test_a_command_that_ends_well(engine: Engine) -> None:
    with recorded("nightly", NIGHT, Clock(), source="x") as attempt:
        attempt.begin(engine)
        attempt.begin(engine)  # the same row
        progress = attempt.progress()
        with progress.stage("fold") as facts:
            facts["scans"], facts["day"] = 7, NIGHT
            (row,) = rows(engine)
            assert [stage["stage"] for stage in row["stages"]] == ["fold"]
            assert "seconds" not in row["stages"][0]
            assert (row["ended"], row["outcome"]) == (None, None)
        attempt.note(lists=3)
    (row,) = rows(engine)
    (stage,) = row["stages"]
    assert stage["facts"] == {"scans": 7, "day": "2017-11-06"}
    assert stage["seconds"] == round(progress.seconds["fold"], 3)
    assert row["facts"] == {"source": "x", "lists": 3}
    assert (row["command"], row["night"], row["outcome"], row["code"], row["sentence"]) == (
        "nightly", NIGHT, "done", 0, None,
    )  # fmt: skip
    assert row["ended"] > row["began"]


def fit(engine: Engine, work: Callable[[], None]) -> None:
    with recorded("fit", NIGHT) as attempt:
        attempt.begin(engine)
        work()


class Nothing(Sentence):
    exit_code = 0


def _quoting() -> None:
    raise ValueError("Ann Smith, 1 Main Street")


def _raises(error: BaseException) -> Callable[[], None]:
    def leave() -> None:
        raise error

    return leave


@pytest.mark.parametrize(
    ("leave", "outcome", "code", "sentence"),
    [
        (_raises(Busy("It is busy.")), "failed", 75, "It is busy."),
        (_raises(Nothing("It is done.")), "done", 0, "It is done."),
        (_raises(SystemExit(1)), "set_aside", 1, None),
        (_raises(SystemExit(3)), "failed", 3, None),
        (_raises(SystemExit()), "done", 0, None),
        (_raises(KeyboardInterrupt()), "failed", 130, "It was interrupted."),
        (_raises(OSError(28, "No space left on device", "/a/b")), "failed", 3,
         f"No space left on device: /a/b. {mishaps.NO_ROOM}"),
    ],
)  # fmt: skip
def test_a_command_that_does_not(
    sqlite_engine: Engine, leave: Callable[[], None], outcome: str, code: int, sentence: str | None
) -> None:
    with suppress(BaseException):
        fit(sqlite_engine, leave)
    (row,) = rows(sqlite_engine)
    assert (row["outcome"], row["code"], row["sentence"]) == (outcome, code, sentence)


def test_an_error_of_our_own_quotes_nobody(sqlite_engine: Engine) -> None:
    with pytest.raises(ValueError, match="Ann"):
        fit(sqlite_engine, _quoting)
    (row,) = rows(sqlite_engine)
    assert row["sentence"].startswith("An error of promo's own: ValueError in test_attempts.py, ")
    assert "Ann" not in row["sentence"]
    assert row["code"] == 70


def test_where_no_note_is_taken_the_command_goes_on(sqlite_engine: Engine, folder: Path) -> None:
    with recorded("fit", NIGHT) as attempt:
        attempt.begin(database.connect(f"sqlite:///{folder}"))  # a folder is no database
        with attempt.progress().stage("count"):
            pass
    with recorded("fit", NIGHT) as attempt:
        attempt.begin(sqlite_engine)
        sqlite_engine.dispose()
        (folder / "promo.db").rename(folder / "away.db")
        (folder / "promo.db").mkdir()
        attempt.note(lists=3)
    (folder / "promo.db").rmdir()
    (folder / "away.db").rename(folder / "promo.db")
    (row,) = rows(sqlite_engine)
    assert (row["ended"], row["facts"]) == (None, {})


def test_whether_a_process_holds_the_lock(tmp_path: Path) -> None:
    lock, own = tmp_path / "promo.lock", os.getpid()
    assert holder(lock) is None
    with only_one(lock, "fit"):
        assert holder(lock) == Holder("fit", own, lock.stat().st_mtime)
        written = lock.read_text()
    assert holder(lock) is None
    lock.write_text(written)  # what one that was killed leaves
    assert holder(lock) is None
    with only_one(lock, "fit"):
        pass
