"""The commands about a journal: what they say, and what they leave with."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from promo.checkout.pack.closing import mark_sent, place_of
from promo.checkout.pack.journal import Journal
from promo.cli import main

NOW = datetime(2017, 11, 8, 12, 0, tzinfo=UTC)
NAME = ["1", "3", "2017-11-08", "4711"]


def use(offer: str, uses: int) -> dict[str, Any]:
    return {"do": "insert", "table": "redemptions", "row": {"offer": offer, "uses": uses}}


DECISIONS = [
    ("redeem", NAME, [use("milk", 1), use("eggs", 1), use("milk", 1)]),
    ("void", [*NAME[:3], "4712"], [use("milk", -1)]),
    (None, None, []),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Journal.open(tmp_path / "journal", ["1"], NOW) as journal:
        for verb, name, changes in DECISIONS:
            said = {"at": NOW.isoformat(), "verb": verb, "name": name, "changes": changes}
            journal.append(said)
    return tmp_path / "journal"


def ran(*words: object) -> Result:
    return CliRunner().invoke(main, ["journal", *map(str, words)])


def test_a_sound_one(path: Path) -> None:
    result = ran("verify", path)
    assert result.exit_code == 0
    assert result.stdout.startswith("3 decisions of store 1, from 2017-11-08 12:00 UTC on, ")
    assert result.stderr == ""


def test_a_torn_one(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])
    result = ran("verify", path)
    assert result.exit_code == 0
    assert result.stdout.startswith("2 decisions of ")
    assert "bytes behind them are no whole decision" in result.stderr


def test_one_that_was_changed(path: Path) -> None:
    raw = path.read_bytes()
    first, second = (len(b"".join(raw.splitlines(keepends=True)[:n])) for n in (1, 2))
    path.write_bytes(raw.replace(b"eggs", b"ekgs"))
    result = ran("verify", path)
    assert result.exit_code == 1
    assert f"line 2 (bytes {first:,} to {second:,}): it is not what was written" in result.stderr
    assert ran("show", path).exit_code == 3
    assert ran("verify", path.with_name("none")).exit_code == 3


def test_what_it_holds(path: Path) -> None:
    assert ran("show", path).stdout.splitlines() == [
        "1  2017-11-08 12:00:00  redeem  store 1, till 3, 2017-11-08, 4711: milk 2, eggs 1",
        "2  2017-11-08 12:00:00  void  store 1, till 3, 2017-11-08, 4712: milk -1",
        "3  2017-11-08 12:00:00  other  no transaction: no uses",
    ]
    assert ran("show", path, "--after", 2).stdout.startswith("3  ")
    lines = ran("show", path, "--json").stdout.encode().splitlines()
    assert lines == [each.split(b"\t")[0] for each in path.read_bytes().splitlines()[1:]]


def test_closing_it(path: Path) -> None:
    result = ran("close", path)
    assert result.exit_code == 3
    assert "Head office is not known to have the last 3 decisions" in result.stderr
    mark_sent(path, place_of(path, 3))
    assert ran("close", path).exit_code == 0
    assert ran("verify", path).stdout.startswith("0 decisions")
