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


def test_the_script_is_sound() -> None:
    subprocess.run(["bash", "-n", FOLDER / "night"], check=True)
