"""scripts/operating: units as systemd reads them, and the script that is a night."""

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from promo.errors import CRASHED, INTERRUPTED
from promo.house import House

FOLDER = Path(__file__).parent.parent / "scripts" / "operating"
UNITS = sorted(FOLDER.glob("promo-*.*"))


def read(unit: Path) -> configparser.RawConfigParser:
    """A unit's sections; what stands twice is kept once."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(unit.read_text(encoding="utf-8"))
    return parser


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_says_what_it_is_and_what_it_starts(unit: Path) -> None:
    parser = read(unit)
    assert parser["Unit"]["Description"].startswith("promo: ")
    if unit.suffix == ".timer":
        assert parser["Timer"]["OnCalendar"]
        assert unit.with_suffix(".service") in UNITS
    else:
        assert parser["Service"]["ExecStart"].startswith("/opt/promo/")
        assert parser["Service"]["User"] == "promo"


@pytest.mark.parametrize("script", ["night", "take-in"])
def test_a_script_is_sound(script: str) -> None:
    subprocess.run(["bash", "-n", FOLDER / script], check=True)


def test_what_came_is_taken_in(tmp_path: Path) -> None:
    """Tables before what refers to them; what cannot be taken in stays."""
    incoming, taken = tmp_path / "incoming", tmp_path / "taken"
    incoming.mkdir()
    taken.mkdir()
    codes = {"cards-1.csv": 1, "scans-2.csv": 1, "scans-3.parquet": 75}
    names = {"scans-1.csv", "LOG.XML", "shoppers.csv", "README", ".half.csv", *codes}
    for each in (*(incoming / name for name in names), taken / "scans-1.csv"):
        each.write_text(each.name)
    cases = "\n".join(f"*{name}) exit {code} ;;" for name, code in codes.items())
    path = stub(
        tmp_path,
        f"""test "$1" = --version && exit
        echo "$2 $4" >> {tmp_path}/said\ncase "$2" in\n{cases}\nesac\n""",
    )
    done = subprocess.run([FOLDER / "take-in", tmp_path], env=path, check=False)
    assert done.returncode == 2  # for the README, which nobody knows what to do with
    left = {".half.csv", "README", "scans-3.parquet"}
    assert {each.name for each in incoming.iterdir()} == left
    assert {each.name for each in taken.iterdir()} == (names - left) | {"scans-1.csv.~1~"}
    assert (tmp_path / "said").read_text().splitlines() == [
        "incoming/shoppers.csv csv",
        "incoming/cards-1.csv csv",
        "incoming/scans-1.csv csv",
        "incoming/scans-2.csv csv",
        "incoming/scans-3.parquet parquet",
        "incoming/LOG.XML poslog",
    ]
    (incoming / "README").unlink()
    assert subprocess.run([FOLDER / "take-in", tmp_path], env=path, check=False).returncode == 75


def lost(tmp_path: Path, program: str) -> int:
    """What take-in leaves with where promo is so; the one file must stay."""
    file = tmp_path / "incoming" / "scans.csv"
    file.parent.mkdir(exist_ok=True)
    file.touch()
    path = stub(tmp_path, program)
    done = subprocess.run([FOLDER / "take-in", tmp_path], env=path, check=False)
    assert file.exists()
    return done.returncode


def test_what_a_fault_left_out_is_not_lost(tmp_path: Path) -> None:
    assert lost(tmp_path, "exit 70\n") == 70
    assert lost(tmp_path, "kill -9 $$\n") == 137
    assert lost(tmp_path, "exit 1\n") == 70  # it cannot even say its version


@pytest.mark.parametrize("fault", ["ValueError", "EOFError", "KeyboardInterrupt"])
def test_a_file_at_which_promo_itself_fails_is_not_lost(house: House, fault: str) -> None:
    folder = house.settings.folder
    program = folder / "promo.py"
    program.write_text(f"""
import sys; sys.path[:] = {sys.path!r}
from promo import cli, incoming
def take(*_):
    raise {fault}
incoming.take = take
cli.main()
""")
    code = lost(folder, f'exec {sys.executable} {program} "$@"\n')
    assert code == (INTERRUPTED if fault == "KeyboardInterrupt" else CRASHED)
    assert lost(folder, f'exec {sys.executable} -c "import promo.no_such" "$@"\n') == CRASHED


def stub(folder: Path, script: str) -> dict[str, str]:
    """An environment in which `promo` is a shell script."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    promo = programs / "promo"
    promo.write_text(f"#!/bin/sh\n{script}")
    promo.chmod(0o755)
    return {"PATH": f"{programs}:/usr/bin:/bin"}


def test_a_night_says_the_worst(tmp_path: Path) -> None:
    """Check and status are both looked at; a night that failed is not published."""
    codes = {"nightly": 0, "publish": 0, "check": 3, "status": 1}

    def run() -> tuple[int, list[str]]:
        cases = "\n".join(f"{name}) exit {code} ;;" for name, code in codes.items())
        path = stub(tmp_path, f'echo "$1" >> {tmp_path}/said\ncase "$1" in\n{cases}\nesac\n')
        (tmp_path / "said").write_text("")
        done = subprocess.run([FOLDER / "night", tmp_path, "2025-11-06"], env=path, check=False)
        return done.returncode, (tmp_path / "said").read_text().split()

    assert run() == (3, ["nightly", "publish", "check", "status"])
    codes |= {"nightly": 3, "check": 0}
    assert run() == (1, ["nightly", "check", "status"])
    codes |= {"nightly": 70}
    assert run() == (1, ["nightly", "check", "status"])
    codes |= {"nightly": 1, "status": 0}  # as Python leaves that could not load it
    assert run() == (0, ["nightly", "check", "status"])
