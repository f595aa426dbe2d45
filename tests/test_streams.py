"""Commands whose output nobody reads: quiet, with the exit code that a shell expects."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from promo.errors import CRASHED
from promo.house import House
from promo.streams import ENOUGH

PATHS = f"import sys; sys.path[:0] = {sys.path!r}\n"
PROGRAM = """
from promo.cli import main
main(sys.argv[1:], prog_name="promo")
"""
COMMANDS = [["--help"], ["lists", "print", "--help"], ["models", "list"], ["offers", "list"]]


def run(
    house: House, words: list[str], redirected: str = "", before: str = "", **how: int
) -> tuple[int, str]:
    """A command's exit code and what it said on standard error."""
    config = str(house.settings.folder / "config.yaml")
    command = [sys.executable, "-c", PATHS + before + PROGRAM, "--config", config, *words]
    if redirected:
        command = ["sh", "-c", f'exec "$@" {redirected}', "sh", *command]
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | how
    done = subprocess.run(command, check=False, text=True, timeout=100, **how)  # type: ignore[call-overload]
    return done.returncode, done.stderr or ""


def gone() -> int:
    """The writing end of a pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.fixture
def house_(house: House) -> House:
    (house.settings.paths.models / "prior").mkdir(parents=True)
    return house


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_reader_that_has_seen_enough(house_: House, words: list[str]) -> None:
    writer = gone()
    try:
        assert run(house_, words, stdout=writer) == (ENOUGH, "")
    finally:
        os.close(writer)


def test_nobody_reads_the_errors(house_: House) -> None:
    writer = gone()
    try:
        code, _ = run(house_, ["lookup", "x"], stderr=writer)
    finally:
        os.close(writer)
    assert code == ENOUGH


@pytest.mark.parametrize(
    ("words", "code"), [(["--help"], 0), (["stores", "key", "list"], 0), (["lookup", "x"], 11)]
)
def test_closed_outputs(house_: House, words: list[str], code: int) -> None:
    found, said = run(house_, words, ">&-")
    assert (found, "Traceback" in said) == (code, False)
    before = house_.settings.database_url.removeprefix("sqlite:///")
    kept = Path(before).read_bytes()[:16]
    assert run(house_, words, ">&- 2>&- <&-") == (code, "")
    assert Path(before).read_bytes()[:16] == kept  # nothing was said into what took their numbers


def test_a_list_is_not_printed_into_nothing(house_: House) -> None:
    code, said = run(house_, ["lists", "print", "--card", "c", "--output", "-"], ">&-")
    assert code == 2
    assert "Standard output is closed: give --output a file." in said


def test_a_fault_of_ours_keeps_its_traceback(house_: House) -> None:
    found = "from promo import one_list; one_list.seen = lambda *_: 1 / 0\n"
    code, said = run(house_, ["lookup", "x"], before=found)
    assert code == CRASHED
    assert said.startswith("Traceback")
    assert said.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.parametrize("words", [["--help"], ["offers", "list"]])
def test_a_full_disk(house_: House, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        code, said = run(house_, words, stdout=full.fileno())
    assert code == 3
    assert "No space left on device" in said
    assert len(said.splitlines()) == 1
