"""scripts/operating: units as systemd reads them, and the script that is a night."""

import configparser
import subprocess
from pathlib import Path

import pytest

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
    """Each file in its format; what cannot be taken in stays."""
    incoming, taken = tmp_path / "incoming", tmp_path / "taken"
    incoming.mkdir()
    for name in ("scans-1.csv", "scans-2.csv", "log.xml", ".half.csv", "busy.parquet"):
        (incoming / name).touch()
    programs = tmp_path / "programs"
    programs.mkdir()
    promo = programs / "promo"
    promo.write_text(
        f"""#!/bin/sh
echo "$@" >> {tmp_path}/said
case "$2" in *scans-2*) exit 1 ;; *busy*) exit 75 ;; esac
"""
    )
    promo.chmod(0o755)
    path = {"PATH": f"{programs}:/usr/bin:/bin"}
    done = subprocess.run([FOLDER / "take-in", tmp_path], env=path, check=False)
    assert done.returncode == 75
    assert sorted(each.name for each in incoming.iterdir()) == [".half.csv", "busy.parquet"]
    assert sorted(each.name for each in taken.iterdir()) == [
        "log.xml",
        "scans-1.csv",
        "scans-2.csv",
    ]
    assert (tmp_path / "said").read_text().splitlines() == [
        "ingest incoming/busy.parquet --format parquet",
        "ingest incoming/log.xml --format poslog",
        "ingest incoming/scans-1.csv --format csv",
        "ingest incoming/scans-2.csv --format csv",
    ]


def test_a_night_says_the_worst(tmp_path: Path) -> None:
    """Check and status are both looked at; a night that failed is not published."""
    programs = tmp_path / "programs"
    programs.mkdir()
    promo = programs / "promo"
    codes = {"nightly": 0, "publish": 0, "check": 3, "status": 1}

    def run() -> tuple[int, list[str]]:
        cases = "\n".join(f"{name}) exit {code} ;;" for name, code in codes.items())
        promo.write_text(f'#!/bin/sh\necho "$1" >> {tmp_path}/said\ncase "$1" in\n{cases}\nesac\n')
        promo.chmod(0o755)
        (tmp_path / "said").write_text("")
        path = {"PATH": f"{programs}:/usr/bin:/bin"}
        done = subprocess.run([FOLDER / "night", tmp_path, "2025-11-06"], env=path, check=False)
        return done.returncode, (tmp_path / "said").read_text().split()

    assert run() == (3, ["nightly", "publish", "check", "status"])
    codes |= {"nightly": 3, "check": 0}
    assert run() == (1, ["nightly", "check", "status"])
    codes |= {"nightly": 1, "status": 0}
    assert run() == (0, ["nightly", "publish", "check", "status"])
