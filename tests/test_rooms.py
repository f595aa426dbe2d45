"""The house's plan: who may import whom, and that modules and functions stay readable."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "promo"
ROOMS = ("scans", "shoppers", "offers", "lists", "checkout")
BASE = {
    "config", "sections", "tables", "database", "calendar", "money", "files", "errors",
    "language", "coupon_section", "stored", "translations", "schema", "emails", "patience",
    "store_tables",
    "operating_sections", "attempt_table", "exposition",
    "household_tables", "journal_tables",
    "database_section", "pack_section", "mishaps", "swapping", "leftovers",
    "counting", "fault_words",
}  # fmt: skip
SEES_EVERYTHING = {
    "nightly", "cli", "incoming", "house", "training", "publishing", "progress", "due",
    "backtesting",
    "answers", "choosing", "forecasting", "preview", "records", "why",
    "command", "model_commands", "shopper", "watch", "lesson",
    "offer_commands", "list_commands", "offering", "redeeming", "reissuing", "printing", "one_list",
    "coupon_commands",
    "conflict_commands", "serve_command", "store_commands", "streams", "fault_groups",
    "clock", "entering", "template_check", "template_commands", "till_command", "stocking",
    "attempts", "logs", "waiting", "status", "status_command",
    "person", "person_commands",
    "backing_up", "backup_commands", "backups", "capturing", "migrating", "restoring",
    "table_files",
    "checking", "check_command", "pack_commands", "packing",
    "journal_commands",
}  # fmt: skip
MOST_LINES, MOST_IN_A_FUNCTION = 400, 45


def modules() -> list[Path]:
    """All modules; migrations are history, written once and never read through."""
    return sorted(p for p in PACKAGE.rglob("*.py") if "migrations" not in p.parts)


def place(path: Path) -> str:
    """The room of a module, or the name of a module that lies in no room."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def imported(source: str) -> Iterator[str]:
    """What a source imports of promo, wherever it does: `lists` for `from promo.lists import x`."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports hide the room"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        yield from (name.split(".")[1] for name in names if name.startswith("promo."))


def allowed(who: str) -> set[str]:
    """What a room or module may import."""
    everything = BASE | SEES_EVERYTHING | set(ROOMS)
    if who in ROOMS:
        return BASE | set(ROOMS[: ROOMS.index(who) + 1])
    return BASE if who in BASE else everything


def test_every_module_has_a_place() -> None:
    places = {place(path) for path in modules()}
    assert places <= BASE | SEES_EVERYTHING | set(ROOMS) | {"__init__"}
    assert places >= BASE | set(ROOMS)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    assert set(imported(path.read_text(encoding="utf-8"))) <= allowed(place(path))


def test_the_rule_itself() -> None:
    source = """
import promo.lists.press.page
from promo import config, nightly
from promo.scans.gtin import check_digit
import json
def late():
    from promo.offers import terms
"""
    found = list(imported(source))
    assert sorted(found) == ["config", "lists", "nightly", "offers", "scans"]
    assert set(found) - allowed("config") == {"lists", "nightly", "offers", "scans"}
    assert set(found) - allowed("shoppers") == {"lists", "nightly", "offers"}
    assert set(found) - allowed("lists") == {"nightly"}
    assert set(found) <= allowed("cli")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_too_long_to_read(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MOST_LINES
    long = {
        node.name: node.end_lineno - node.lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    }
    assert {n: lines for n, lines in long.items() if lines > MOST_IN_A_FUNCTION} == {}
