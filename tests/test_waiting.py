"""A night that waits for till logs: with a clock of its own, and the house free meanwhile."""

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import small_house
from small_house import FIRST, feed, log_of, promo, reopen
from sqlalchemy import select
from test_logs import SECOND, sold
from test_nightly import contents

from promo import attempts, tables, waiting
from promo.calendar import BUCKETS
from promo.database import upsert
from promo.files import Busy, only_one
from promo.house import House
from promo.nightly import AlreadyPublished
from promo.publishing import publish
from promo.schema import DatabaseError
from promo.waiting import Asked, Clock, LogsMissing

TWO = datetime(2017, 11, 7, 7, tzinfo=UTC)  # at two in the morning of SECOND in New York
FOUR = TWO + timedelta(hours=2)
Event = Callable[[], object]


class Hours:
    """A clock that moves on when somebody sleeps; and what happens at which sleep, from 1."""

    def __init__(self, now: datetime, **happens: Event) -> None:
        self.at, self.slept = now, 0
        self.happens = {int(name[1:]): event for name, event in happens.items()}

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, self.sleep)

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.slept += 1
        assert self.slept < 1000
        self.happens.get(self.slept, lambda: None)()


@pytest.fixture
def house_(small: Path) -> Path:
    """A house at two in the morning: of FIRST's logs only store 2's is in."""
    small_house.change(small, "stores: [] ", "stores: all ")
    small_house.change(small, "most_missing: 0.50", "most_missing: 1")
    feed(reopen(small), [sold("2")], "2.csv")
    return small


def opened(folder: Path, hours: Hours, *without: str, night: date = SECOND) -> dict[str, date]:
    """What a night goes on without; it must hold the house then, and not afterwards."""
    asked = Asked(night, frozenset(without))
    lock = folder / waiting.HOUSE
    settings = reopen(folder).settings
    with (
        attempts.recorded("nightly", night, lambda: hours.at) as attempt,
        waiting.opened(settings, asked, attempt, hours.clock) as (house, missing),
    ):
        assert isinstance(house, House)
        with pytest.raises(Busy, match="nightly"), only_one(lock, "ingest"):
            pass
    with only_one(lock, "ingest"), only_one(folder / waiting.NIGHT, "nightly"):
        return missing


def row_of(folder: Path) -> dict[str, Any]:
    with reopen(folder).engine.connect() as connection:
        query = select(tables.Attempt.__table__).where(tables.Attempt.command == "nightly")
        return dict(connection.execute(query.order_by("id")).mappings().all()[-1])


def test_it_waits_until_the_last_log_is_in(house_: Path, tmp_path: Path) -> None:
    def comes(store: str) -> Event:
        def ingest() -> None:  # another process: the house is free
            rows = small_house.frame([sold(store) | {"at": f"{FIRST}T12:00:00"}]).drop("_line")
            path = tmp_path / f"scans-{store}.csv"
            rows.write_csv(path)
            promo(house_, "ingest", str(path), "--format", "csv")

        return ingest

    hours = Hours(TWO, _2=comes("1"), _5=comes("10"))
    assert opened(house_, hours) == {}
    assert (hours.slept, hours.at) == (5, TWO + timedelta(minutes=5))
    row = row_of(house_)
    assert (row["command"], row["outcome"]) == ("nightly", "done")
    (stage,) = row["stages"]
    assert (stage["stage"], stage["seconds"], stage["facts"]) == ("wait", 300, {"missing": 0})
    assert row["facts"]["without"] == []
    assert row["facts"]["waiting"] == {
        "for": [{"store": "10", "day": f"{FIRST}"}], "until": FOUR.isoformat(),
    }  # fmt: skip


def test_when_the_hour_has_come_it_goes_on(
    house_: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = Hours(TWO)
    assert opened(house_, hours) == {"1": FIRST, "10": FIRST}
    assert capsys.readouterr().err == (  # once, however often it looks
        "Waits until 04:00 of 2017-11-07 for the till logs of the stores 1, 10 of 2017-11-06. "
        "`promo ingest` takes them in meanwhile; `--without STORE` goes on without.\n"
    )
    assert hours.at == FOUR
    assert [each["store"] for each in row_of(house_)["facts"]["without"]] == ["1", "10"]


def test_or_it_stops(house_: Path) -> None:
    small_house.change(house_, "missing: go_on", "missing: stop")
    with pytest.raises(LogsMissing) as caught:
        opened(house_, Hours(TWO))
    assert str(caught.value) == (
        "Of 3 till logs 2 are not in, of the stores 1, 10 of 2017-11-06. Take them in with `promo "
        "ingest` and run `promo nightly --day 2017-11-07` again, or go on without them: `promo "
        "nightly --day 2017-11-07 --without 1 --without 10`. No list was made."
    )
    row = row_of(house_)
    assert (row["outcome"], row["code"], row["sentence"]) == ("failed", 3, str(caught.value))
    with pytest.raises(LogsMissing):  # --without names the one, not the other
        opened(house_, Hours(FOUR), "1")
    assert opened(house_, Hours(FOUR), "1", "10") == {"1": FIRST, "10": FIRST}


@pytest.mark.parametrize(("most", "stops"), [("0.66", True), ("0.67", False)])
def test_where_too_many_are_missing_it_stops_all_the_same(
    house_: Path, most: str, *, stops: bool
) -> None:
    small_house.change(house_, "most_missing: 1", f"most_missing: {most}")
    hours = Hours(FOUR)
    if stops:
        with pytest.raises(LogsMissing, match="--without 1 --without 10"):
            opened(house_, hours)
    else:
        assert opened(house_, hours) == {"1": FIRST, "10": FIRST}


@pytest.mark.parametrize("without", [("1", "10"), ("all",), ("10", "1", "2")])
def test_without_a_store_it_goes_on_at_once(house_: Path, without: tuple[str, ...]) -> None:
    hours = Hours(TWO)
    # What is named and in all the same was not left out.
    assert opened(house_, hours, *without) == {"1": FIRST, "10": FIRST}
    assert hours.slept == 0


def test_it_waits_for_the_stores_that_are_not_named(house_: Path) -> None:
    hours = Hours(TWO, _3=lambda: feed(reopen(house_), [sold("1")], "1.csv"))
    assert opened(house_, hours, "10") == {"10": FIRST}
    assert hours.slept == 3


@pytest.mark.parametrize("days", [-400, -1, 2, 400])
def test_a_night_far_from_now_does_not_wait(house_: Path, days: int) -> None:
    hours = Hours(TWO - timedelta(days))
    assert set(opened(house_, hours)) == {"1", "10"}
    assert hours.slept == 0


def test_many_are_not_all_named() -> None:
    sentence = waiting.refusal(SECOND, {str(n): FIRST for n in range(30)}, 100)
    assert sentence.endswith(" `promo nightly --day 2017-11-07 --without all`. No list was made.")
    assert "6, 7 of 2017-11-06; 22 more" in sentence


def test_who_is_at_work_when_it_looks_again_is_waited_for(house_: Path) -> None:
    held = ExitStack()

    def begins() -> None:
        feed(reopen(house_), [sold("1"), sold("10")], "rest.csv")
        held.enter_context(only_one(house_ / waiting.HOUSE, "ingest"))

    hours = Hours(TWO, _2=begins, _7=held.close)
    assert opened(house_, hours) == {}
    assert hours.slept == 7


def test_but_not_for_ever(house_: Path) -> None:
    with ExitStack() as held:
        lock = only_one(house_ / waiting.HOUSE, "ingest")
        hours = Hours(TWO, _2=lambda: held.enter_context(lock))
        with pytest.raises(Busy, match=r"promo ingest .* is at work"):
            opened(house_, hours)
    assert hours.at == FOUR + waiting.PATIENCE
    assert row_of(house_)["code"] == 75


def test_who_is_at_work_at_its_first_look_sends_it_away(house_: Path) -> None:
    with only_one(house_ / waiting.HOUSE, "fit"), pytest.raises(Busy, match="promo fit"):
        opened(house_, Hours(TWO))
    row = row_of(house_)  # the morning's report says so
    assert (row["outcome"], row["code"]) == ("failed", 75)
    assert row["sentence"].startswith("promo fit (process")


def test_of_two_that_wait_the_second_leaves(house_: Path) -> None:
    def second() -> None:
        with pytest.raises(Busy, match="promo nightly"):
            opened(house_, Hours(TWO))

    hours = Hours(TWO, _1=second)
    assert set(opened(house_, hours)) == {"1", "10"}


def test_a_database_that_is_gone_for_a_minute(house_: Path) -> None:
    database, away = house_ / "promo.db", house_ / "away.db"

    def goes() -> None:
        database.rename(away)

    def comes_back() -> None:
        away.rename(database)
        feed(reopen(house_), [sold("1"), sold("10")], "rest.csv")

    hours = Hours(TWO, _2=goes, _4=comes_back)
    assert opened(house_, hours) == {}
    assert hours.slept == 4
    database.rename(away)
    with pytest.raises(DatabaseError):
        opened(house_, Hours(TWO))


def test_what_is_published_is_not_waited_for(house_: Path) -> None:
    row = {"night": SECOND, "wave": 2, "state": "published", "report": {}}
    with reopen(house_).engine.begin() as connection:
        upsert(connection, tables.Run, [row])
    hours = Hours(TWO)
    with pytest.raises(AlreadyPublished):
        opened(house_, hours)
    assert hours.slept == 0
    assert (row_of(house_)["outcome"], row_of(house_)["code"]) == ("done", 0)


# --- the log that comes late -----------------------------------------------------------------


def test_a_late_log_is_folded_when_it_comes(built: Path, tmp_path: Path) -> None:
    """A night goes on without a store; the log comes. A draft that is made again has it, and so
    has the night that follows: byte for byte as where the log was on time."""
    folder = Path(shutil.copytree(built, tmp_path / "late"))
    small_house.change(folder, "stores: [] ", "stores: all ")
    small_house.change(folder, "most_missing: 0.50", "most_missing: 1")
    small_house.change(folder, "nights: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]",
                       "nights: [1]")  # fmt: skip
    small_house.change(folder, "formats: [html, pdf]", "formats: [html]")
    rows = {store: [s for s in log_of(FIRST) if s["store"] == store] + dear(store)
            for store in small_house.STORES}  # fmt: skip
    on_time = Path(shutil.copytree(folder, tmp_path / "on time"))
    for each in (folder, on_time):
        feed(reopen(each), rows["1"] + rows["2"], "first.csv")
    feed(reopen(on_time), rows["10"], "10.csv")

    said = promo(folder, "nightly", "--day", f"{SECOND}").stderr
    assert "Without the till logs of the stores 10 of 2017-11-06: they are folded when" in said
    with reopen(folder).engine.connect() as connection:
        report = connection.execute(select(tables.Run.report)).scalar_one()
    assert report["without"] == [{"store": "10", "day": f"{FIRST}"}]
    without = contents(folder / "out")

    feed(reopen(folder), rows["10"], "10.csv")
    for house in (folder, on_time):
        promo(house, "nightly", "--day", f"{SECOND}")
    made, expected = contents(folder / "out"), contents(on_time / "out")
    assert made == expected
    assert made != without
    assert b'"without": []' in made[f"{SECOND}/run.json"]


def dear(store: str) -> list[small_house.Scan]:
    """What would change every list of a store's households: cat food, for much money."""
    return [
        small_house.scan(household, FIRST, 800 + number, "110", 900)
        for household in small_house.HOUSEHOLDS
        for number in range(3)
        if small_house.STORES[int(household) % 3] == store
    ]


def test_published_without_it_the_next_night_has_it(built: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(built, tmp_path / "late"))
    small_house.change(folder, "nights: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]",
                       "nights: [2]")  # fmt: skip
    small_house.change(folder, "formats: [html, pdf]", "formats: [html]")
    on_time = Path(shutil.copytree(folder, tmp_path / "on time"))
    rest, late, third = dear("1") + dear("2"), dear("10"), SECOND + timedelta(1)
    for house, is_late in ((reopen(folder), True), (reopen(on_time), False)):
        feed(house, log_of(FIRST) + rest + ([] if is_late else late), "first.csv")
        small_house.night(house, SECOND)  # a night off
        publish(house, SECOND)
        house.fold(range(BUCKETS), SECOND)
        if is_late:
            feed(house, late, "10.csv")
        small_house.night(house, third)
    made, expected = (contents(f / "out" / f"{third}") for f in (folder, on_time))
    assert made == expected
    assert len(made) > 3
