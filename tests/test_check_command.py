"""`promo check`: what it prints, as words and as JSON, and what it leaves with."""

import json
from pathlib import Path

import pytest
from small_house import promo

from promo.checking import every
from promo.house import House

DOCS = Path(__file__).parent.parent / "docs" / "check.md"


@pytest.fixture
def kept(made: House) -> House:
    """A house with a draft, its secret kept to its owner."""
    (made.settings.folder / "code.key").chmod(0o600)
    return made


def test_all_is_well(kept: House) -> None:
    told = promo(kept, "check").stdout
    assert told.endswith(f"All is well: {len(every.CHECKS)} checks found nothing.\n")
    assert all(f"\n{check.name} " in f"\n{told}" for check in every.CHECKS)
    assert promo(kept, "check", "--quick", "--only", "folded").stdout.count("\n") == 2


def test_something_to_look_at_and_something_wrong(kept: House) -> None:
    (kept.settings.folder / "code.key").chmod(0o644)
    told = promo(kept, "check", code=1).stdout
    assert "settings       1 finding " in told
    assert "\n  look: code.key: others than its owner may open it; its mode is 644" in told
    for number in range(12):
        (kept.settings.paths.out / "2017-11-06" / f"x{number}").touch()
    told = promo(kept, "check", "--only", "folders", "--only", "settings", code=3).stdout
    assert told.count("\n  wrong: ") == 10
    assert "\n  … and 2 more.\n" in told
    found = json.loads(promo(kept, "check", "--json", code=3).stdout)
    assert (found["wrong"], found["look"], found["more"]) == (12, 1, 0)
    assert [one["check"] for one in found["checks"]] == [check.name for check in every.CHECKS]
    [folders] = [one for one in found["checks"] if one["check"] == "folders"]
    assert folders["level"] == "wrong"
    assert set(folders["findings"][0]) == {
        "where", "what", "value", "expected", "todo", "level", "moves",
    }  # fmt: skip


def test_names(tmp_path: Path) -> None:
    told = promo(tmp_path, "check", "--list").stdout
    assert [line.split()[0] for line in told.splitlines()] == [c.name for c in every.CHECKS]
    told = promo(tmp_path, "check", "--only", "nonsense", code=2).output
    assert "There is no check 'nonsense'; expected database, references," in told


def test_the_page_says_what_each_check_means() -> None:
    table = DOCS.read_text(encoding="utf-8").partition("## Every check")[2].splitlines()
    rows = [line.split("|")[1].strip() for line in table if line.startswith("| `")]
    assert rows == [f"`{check.name}`" for check in every.CHECKS]
