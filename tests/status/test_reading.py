"""A small house's mornings: what its rows, files and disks say, from the first try on."""

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import small_house
from small_house import FIRST, STORES, promo, reopen
from sqlalchemy import insert

from promo import tables
from promo.files import only_one
from promo.person import jobs
from promo.status import findings, reading
from promo.status.facts import Facts, Unfinished
from promo.status.reading import Usage

DAY = ("--day", f"{FIRST}")
SUNDAY = FIRST - timedelta(1)
SEVEN = datetime(2017, 11, 6, 12, tzinfo=UTC)  # in New York
GB = 10**9


@pytest.fixture
def folder(small: Path) -> Path:
    """A house with a model of its own, which expects a log of every store."""
    small_house.one_big_drop(small)
    small_house.change(small, "stores: [] ", "stores: all ")
    small_house.change(small, "formats: [html, pdf]", "formats: [html]")
    small_house.change(small, "disk_free: {look: 0.10, act: 0.03}", "disk_free: {look: 0, act: 0}")
    small_house.change(small, "closed: {} ", f"closed: {{all: [{SUNDAY}]}} ")
    own = small / "models" / f"{FIRST}"
    shutil.copytree(small / "models" / "prior", own)
    card = json.loads((own / "card.json").read_text())
    (own / "card.json").write_text(json.dumps(card | {"fitted_for": f"{FIRST - timedelta(3)}"}))
    return small


def morning(folder: Path, day: date = FIRST, at: datetime = SEVEN) -> Facts:
    return reading.read(reopen(folder), day, at, lambda _: Usage(100 * GB, 40 * GB, 60 * GB))


def kinds(folder: Path, **changes: Any) -> set[str]:
    """The findings of a morning, but for how often offers are near their small budgets."""
    house = reopen(folder)
    found = findings.report(
        morning(folder, **changes), house.settings.status, house.settings.in_words
    )
    return {one.kind for one in found.findings if not one.kind.startswith("offer")}


def test_before_any_try(folder: Path) -> None:
    small_house.change(folder, f"closed: {{all: [{SUNDAY}]}} ", "closed: {} ")
    assert kinds(folder, at=SEVEN - timedelta(hours=2)) <= {"log-missing", "log-short"}
    assert "night-none" in kinds(folder)
    facts = morning(folder)
    assert (facts.night.state, facts.night.works, facts.night.tries) == ("none", True, ())
    assert {log.store for log in facts.logs} == set(STORES)
    assert facts.model.name == f"{FIRST}"
    assert (facts.model.age_days, facts.model.is_prior) == (3, False)
    (disk,) = facts.disks
    assert (disk.places, disk.size, disk.free) == (
        ("state", "lake", "out", "models"), 100 * GB, 60 * GB,
    )  # fmt: skip
    assert facts.offers == tuple(sorted(facts.offers, key=lambda o: (-o.used, o.offer)))
    assert "o19" not in {offer.offer for offer in facts.offers}  # it is over


def test_a_night_and_a_log_that_comes_late(folder: Path) -> None:
    """Made without two stores; one of their logs comes; published."""
    small_house.change(folder, f"closed: {{all: [{SUNDAY}]}} ", "closed: {} ")
    later = FIRST + timedelta(1)  # FIRST's own log is in of no store
    feed(folder, "2", "first.csv")
    promo(folder, "nightly", "--day", f"{later}", "--without", "1", "--without", "10")
    found = morning(folder, later)
    assert (found.night.state, found.night.works) == ("draft", False)
    assert {log.store: log.left_out for log in found.logs} == {"1": True, "2": False, "10": True}
    assert {"night-draft", "log-left-out"} <= kinds(folder, day=later)
    (one,) = found.night.tries
    assert (one.state, one.code) == ("done", 0)
    assert [stage.name for stage in one.stages] == [
        "fold", "watch", "forecast", "allocate", "compose", "register", "print",
    ]  # fmt: skip
    assert all(stage.seconds is not None for stage in one.stages)

    feed(folder, "1", "late.csv")
    assert {"night-draft", "log-left-out", "log-late"} <= kinds(folder, day=later)
    promo(folder, "publish", "--day", f"{later}")
    assert kinds(folder, day=later) >= {"log-left-out", "log-late-folded"}
    log = next(log for log in morning(folder, later).logs if log.store == "1")
    assert log.delivery == 3
    assert log.came is not None
    assert abs(log.came - datetime.now(UTC)) < timedelta(minutes=10)
    files = [(file.source, file.rows, file.taken) for file in morning(folder, later).files]
    assert files == [("first.csv", 5, True), ("late.csv", 5, True)]


def feed(folder: Path, store: str, name: str, *, broken: int = 0, code: int = 0) -> None:
    """Take in a store's log of FIRST, five lines; or some that are broken."""
    household = next(h for h in small_house.ORDINARY if STORES[int(h) % 3] == store)
    rows = [small_house.scan(household, FIRST, 700 + n, "110", 200) for n in range(5)]
    rows = [row | {"at": f"{FIRST}T12:00:00"} for row in rows]
    rows = [row | ({"product": ""} if n < broken else {}) for n, row in enumerate(rows)]
    path = folder / name
    small_house.frame(rows).drop("_line").write_csv(path)
    promo(folder, "ingest", str(path), "--format", "csv", "--table", "scans", code=code)


def test_rejects_and_refusals(folder: Path) -> None:
    feed(folder, "1", "bad.csv", broken=2, code=3)
    assert "file-refused" in kinds(folder)
    (file,) = morning(folder).files
    assert (file.source, file.lines, file.rows, file.rejects, file.taken) == (
        "bad.csv", 5, 0, 2, False,
    )  # fmt: skip
    assert [(kind.field, kind.lines) for kind in file.kinds] == [("product", 2)]
    small_house.change(folder, "max_reject_rate: 0.02 ", "max_reject_rate: 0.5 ")
    feed(folder, "1", "bad.csv", broken=1, code=1)
    found = kinds(folder)
    assert "file-refused" not in found  # it came again
    assert "rejects" in found
    promo(folder, "ingest", str(folder / "nowhere.csv"), "--format", "csv", code=3)
    assert "ingest-failed" in kinds(folder)


def test_a_night_that_fails(folder: Path) -> None:
    sound = folder / "code.key"
    sound.rename(folder / "away.key")
    said = promo(folder, "nightly", *DAY, code=3).stderr.strip()
    (one,) = morning(folder).night.tries
    assert (one.state, one.code) == ("failed", 3)
    assert one.sentence == said.splitlines()[-1]
    assert "night-failed" in kinds(folder)


KILLED = """
import signal, sys
from datetime import date
from pathlib import Path
from promo import attempts, config, database
from promo.files import only_one
folder = Path(sys.argv[1])
settings = config.load(folder / "config.yaml")
with only_one(folder / "nightly.lock", "nightly"), only_one(folder / "promo.lock", "nightly"):
    with attempts.recorded("nightly", date(2017, 11, 6)) as attempt:
        attempt.begin(database.connect(settings.database_url))
        attempt.entered("print")
        print("ready", flush=True)
        signal.pause()
"""


def test_a_night_that_is_killed(folder: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            assert "night-running" in kinds(folder)
        finally:
            os.kill(process.pid, signal.SIGKILL)
    assert "night-killed" in kinds(folder)
    (one,) = morning(folder).night.tries
    assert (one.state, one.last_stage, one.seconds) == ("killed", "print", None)
    assert one.process == process.pid


def note(folder: Path, command: str, night: date | None, outcome: str = "done") -> None:
    row: dict[str, Any] = {
        "command": command, "night": night, "process": 1, "began": SEVEN, "ended": SEVEN,
        "outcome": outcome, "code": 0, "stages": [], "facts": {},
    }  # fmt: skip
    with reopen(folder).engine.begin() as connection:
        connection.execute(insert(tables.Attempt).values(row))


def test_a_change_of_households_that_nobody_is_at_work_on(folder: Path) -> None:
    engine = reopen(folder).engine
    done = jobs.begin(engine, "join", SUNDAY, 2, {"one": "200"})
    jobs.end(engine, done)
    jobs.begin(engine, "forget", FIRST, 1, {"people": []})
    with only_one(folder / "promo.lock", "forget"):
        assert morning(folder).changes == ()
    assert morning(folder).changes == (Unfinished(2, "forget", FIRST),)
    assert "change-unfinished" in kinds(folder)


def test_which_tries_belong_to_a_morning(folder: Path) -> None:
    day = timedelta(1)
    rows = [
        ("ingest", None), ("nightly", FIRST - day), ("publish", FIRST - day), ("ingest", None),
        ("fit", FIRST), ("nightly", FIRST), ("nightly", FIRST), ("publish", FIRST),
        ("ingest", None), ("nightly", FIRST + day), ("ingest", None), ("nightly", FIRST),
    ]  # fmt: skip
    for command, night in rows:
        note(folder, command, night)
    expected = {FIRST - day: ([2], [1, 3, 4, 5]), FIRST: ([6, 7, 12], [3, 4, 5, 8, 9]),
                FIRST + day: ([10], [8, 9, 11]), FIRST + 2 * day: ([], [])}  # fmt: skip
    for night, (own, others) in expected.items():
        found = morning(folder, night)
        assert [one.id for one in found.night.tries] == own
        assert [one.id for one in found.others] == others, night
