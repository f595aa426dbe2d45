"""Which till logs a night expects, and which of them are in."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import small_house
from small_house import FIRST, STORES, feed, frame, promo, reopen

from promo import logs
from promo.house import House
from promo.logs import UnknownStore
from promo.operating_sections import Night
from promo.scans import arrivals
from promo.scans.ingest import in_batches, ingest_scans

SUNDAY = FIRST - timedelta(1)
SECOND = FIRST + timedelta(1)


def night(**changes: object) -> Night:
    given = {
        "stores": "all", "closed": {}, "wait_until": "04:00", "look_every_seconds": 60,
        "missing": "go_on", "most_missing": 0.5,
    }  # fmt: skip
    return Night.model_validate(given | changes)


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ({}, SUNDAY),
        ({"all": ["sun"]}, SUNDAY - timedelta(1)),
        ({"all": "sun"}, SUNDAY - timedelta(1)),
        ({"7": ["sun", "sat"]}, SUNDAY - timedelta(2)),
        ({"9": ["sun"]}, SUNDAY),
        ({"all": [SUNDAY]}, SUNDAY - timedelta(1)),
        ({"all": ["sun"], "7": [SUNDAY - timedelta(1)]}, SUNDAY - timedelta(2)),
        ({"7": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}, None),
    ],
)
def test_the_business_day_before_a_night(closed: dict[str, object], expected: date | None) -> None:
    assert logs.business_day(night(closed=closed), "7", FIRST) == expected


@pytest.fixture
def waiting(small: Path) -> House:
    """A small house that expects the logs of all its stores."""
    small_house.change(small, "stores: [] ", "stores: all ")
    return reopen(small)


def sold(store: str, day: date = FIRST, number: int = 0) -> small_house.Scan:
    """A line of a store's till log."""
    household = str(200 + next(n for n in range(3) if STORES[(200 + n) % 3] == store))
    return small_house.scan(household, day, 700 + number, "110", 200)


def test_a_log_is_in_with_its_first_line(waiting: House) -> None:
    found = logs.look(waiting, SECOND)
    assert found.expected == found.missing == dict.fromkeys(STORES, FIRST)
    assert list(found.expected) == ["1", "2", "10"]  # as numbers
    feed(waiting, [sold("10")], "10.csv")
    assert logs.look(waiting, SECOND).missing == {"1": FIRST, "2": FIRST}
    feed(waiting, [sold("1"), sold("2", SECOND)], "rest.csv")  # store 2's is of another day
    assert logs.look(waiting, SECOND).missing == {"2": FIRST}


def test_what_a_refused_delivery_left_is_not_in(waiting: House) -> None:
    rows = [sold("1", number=n) for n in range(10)]
    broken = [row | {"line": 900 + n, "paid": 10**9} for n, row in enumerate(rows)]
    report = ingest_scans(
        waiting.settings, waiting.engine, "x.csv", in_batches(frame(rows + broken))
    )
    assert not report.taken
    assert "1" in logs.look(waiting, SECOND).missing


def test_part_of_a_delivery_that_is_not_committed_is_not_in(waiting: House) -> None:
    root = waiting.settings.paths.lake
    feed(waiting, [sold("1")], "1.csv")
    until = waiting.last_delivery
    assert arrivals.of_day(root, FIRST, until).rows() == [("1", until, 1)]
    assert arrivals.of_day(root, FIRST, until - 1).is_empty()


@pytest.mark.parametrize(
    ("old", "new"),
    [("stores: all ", 'stores: ["1", "77"] '), ("closed: {} ", 'closed: {"77": [mon]} ')],
)
def test_a_store_nobody_knows_is_named(waiting: House, old: str, new: str) -> None:
    folder = waiting.settings.folder
    small_house.change(folder, old, new)
    with pytest.raises(UnknownStore, match="names '77'; expected a store of the store table"):
        logs.look(reopen(folder), FIRST)


def test_some_stores_or_none(waiting: House) -> None:
    folder = waiting.settings.folder
    small_house.change(folder, "stores: all ", 'stores: ["10", "2"] ')
    assert logs.look(reopen(folder), SECOND).missing == {"2": FIRST, "10": FIRST}
    small_house.change(folder, 'stores: ["10", "2"] ', "stores: [] ")
    assert logs.look(reopen(folder), SECOND).expected == {}


def test_a_dry_run_says_what_is_missing(waiting: House) -> None:
    said = promo(waiting, "nightly", "--day", f"{SECOND}", "--dry-run").stdout
    assert said.endswith("\nTill logs that are not in: of the stores 1, 2, 10 of 2017-11-06.\n")
    assert promo(waiting, "nightly", "--day", f"{FIRST}", "--dry-run").stdout.count("not in") == 0


def test_a_dry_run_with_a_store_nobody_knows_says_nothing_else(waiting: House) -> None:
    words = ("nightly", "--day", f"{SECOND}", "--dry-run")
    folder = waiting.settings.folder
    small_house.change(folder, "closed: {} ", 'closed: {"77": sun} ')
    found = promo(waiting, *words, code=2)
    assert found.stdout == ""
    assert "`night.closed` names '77'; expected a store" in found.stderr
    small_house.change(folder, 'closed: {"77": sun} ', "closed: {} ")
    small_house.change(folder, "stores: all ", "stores: [] ")
    for more in ((), ("--dry-run",)):  # also where no night waits for any store
        found = promo(waiting, *words[:3], *more, "--without", "all", "--without", "99", code=2)
        assert found.stdout == ""
        assert "--without names '99'; expected a store of the store table" in found.stderr
    promo(waiting, *words, "--without", "all", "--without", "10")


def test_in_words() -> None:
    assert logs.in_words({"1": FIRST, "7": SUNDAY, "9": FIRST}) == (
        "7 of 2017-11-05; 1, 9 of 2017-11-06"
    )
    many = {str(n): FIRST for n in range(1000)}
    assert logs.in_words(many, 2) == "0, 1 of 2017-11-06; 998 more"
    assert logs.as_report({"7": SUNDAY}) == [{"store": "7", "day": "2017-11-05"}]
