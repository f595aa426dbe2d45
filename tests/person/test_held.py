"""The map of personal data knows every table, column and folder, and the page says what it says."""

import json
from pathlib import Path
from typing import Any

import pytest
from small_house import FIRST, promo
from sqlalchemy import JSON, Column, MetaData, String, Table

from person import people
from promo import tables
from promo.house import House
from promo.person import held, rows
from promo.tables import Base

PAGE = Path(__file__).parent.parent.parent / "docs" / "privacy.md"


def test_every_table_and_column_is_declared() -> None:
    assert held.undeclared() == []
    known = (
        {place.table.__tablename__ for place in rows.TABLES} | rows.OWN.keys() | rows.FREE.keys()
    )
    assert known == Base.metadata.tables.keys()


@pytest.mark.parametrize(
    ("column", "found"),
    [
        (Column("shopper", String), ["stores.shopper"]),
        (Column("more", JSON), ["stores.more"]),
        (Column("opened", String), []),
    ],
)
def test_a_new_column_that_looks_personal_is_asked_about(
    monkeypatch: pytest.MonkeyPatch, column: Column[Any], found: list[str]
) -> None:
    own = MetaData()
    Table("stores", own, Column("name", String), column)
    monkeypatch.setattr(tables.Base, "metadata", own)
    assert held.undeclared() == found


def test_a_new_table_is_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    own = MetaData()
    Table("letters", own, Column("to", String))
    monkeypatch.setattr(tables.Base, "metadata", own)
    assert held.undeclared() == ["letters"]


def test_every_folder_of_the_lake_is_in_the_map(home: House) -> None:
    known = {place.name for place in held.FILES} | held.NOTHING.keys()
    folders = {f"lake/{path.name}" for path in home.settings.paths.lake.iterdir()}
    assert {"lake/scans", "lake/shown", "lake/decisions"} <= folders
    assert folders <= known


def test_the_page_has_the_map() -> None:
    assert held.as_markdown() in PAGE.read_text(encoding="utf-8")


def test_everything_is_given_out(home: House, tmp_path: Path) -> None:
    row, other = people.listed(home)[:2]
    people.sell(home, row, "s1")
    people.sell(home, other, "s2")
    people.quote(home, row)
    people.earlier_issue(home.engine, row)
    people.conflict(home.engine, row)
    target = tmp_path / "person.json"
    said = promo(home, "export-person", f"c{row.shopper}", "--output", str(target)).stdout
    assert str(target) in said
    given = json.loads(target.read_text(encoding="utf-8"))
    counts = {name: len(each["rows"]) for name, each in given["held"].items()}
    assert min(count for name, count in counts.items() if name != "table runs") > 0
    assert counts["table till_answers"] == counts["rejects"] == 2
    facts = people.facts(row.shopper)
    [master] = given["held"]["table shoppers"]["rows"]
    assert {name: master[name] for name in facts} == facts
    assert given["held"]["table redemptions"]["rows"][0]["shopper"] == row.shopper
    assert given["reckoned"]["tier"]
    assert {each["folder"] for each in given["held"]["out"]["rows"]} == {f"{FIRST}"}
    text = target.read_text(encoding="utf-8")
    assert not [v for v in (other.code, f"c{other.shopper}", f"zoe.{other.shopper}") if v in text]
    assert promo(home, "export-person", f"c{row.shopper}").stdout == text
    assert "No household" in promo(home, "export-person", "nobody", code=3).stderr
