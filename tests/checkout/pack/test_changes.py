"""What transactions change is collected to the last bit, and can be done again anywhere."""

import json
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateTable

from checkout.pack.journals import store_db, tables
from promo.checkout.pack.changes import MUTABLE, Change, Changes, read_change, replay
from promo.tables import Base

VALUES = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.binary(max_size=4),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    st.sampled_from(["", "a\0b", "{\"a\": 1}", "ſ", 0.1, -0.0, float("inf"), 5e-324, 1e300, b""]),
)  # fmt: skip
FEW = st.sampled_from(["a", "b", 1, 2])


def empty() -> sqlite3.Connection:
    """A database in memory whose tables hold what they are given."""
    driver = sqlite3.connect(":memory:", isolation_level=None)

    for name in MUTABLE:
        driver.execute(
            str(CreateTable(Base.metadata.tables[name]).compile(dialect=sqlite.dialect()))
        )
    driver.execute("pragma ignore_check_constraints = on")
    return driver


def columns(name: str) -> list[str]:
    return [column.name for column in Base.metadata.tables[name].columns]


def keys(name: str) -> list[str]:
    return [column.name for column in Base.metadata.tables[name].primary_key]


@st.composite
def steps(draw: st.DrawFn) -> tuple[str, tuple[Any, ...]]:
    """A statement on one of the tables that often meets rows that are there.

    A redemption's second name, its transaction, is always that of its id: a row that is put back
    finds no other one in its place, as no redemption ever gives its name away.
    """
    name = draw(st.sampled_from(MUTABLE))
    key = st.integers(1, 3) if keys(name) == ["id"] else FEW
    kind = draw(st.sampled_from(["insert", "replace", "upsert", "update", "move", "delete"]))
    free = [each for each in columns(name) if (name, each) != ("redemptions", "transaction")]
    where = f'"{keys(name)[0]}" = ?'
    if kind == "delete":
        return f"delete from {name} where {where}", (draw(key),)
    if kind == "move" and name != "redemptions":
        column = draw(st.sampled_from(keys(name)))
        return f'update or ignore {name} set "{column}" = ? where {where}', (draw(key), draw(key))
    if kind in ("move", "update"):
        column = draw(st.sampled_from([each for each in free if each not in keys(name)]))
        return f'update or ignore {name} set "{column}" = ? where {where}', (
            draw(VALUES),
            draw(key),
        )
    row = {column: draw(key if column in keys(name) else VALUES) for column in columns(name)}
    if name == "redemptions":
        row["transaction"] = str(row["id"])
    listed, marks = ", ".join(f'"{column}"' for column in row), ", ".join("?" * len(row))
    word = "insert or replace" if kind == "replace" else "insert or ignore"
    sql = f"{word} into {name} ({listed}) values ({marks})"
    if kind == "upsert":
        on = ", ".join(f'"{each}"' for each in keys(name))
        sql += f' on conflict ({on}) do update set "{free[-1]}" = excluded."{free[-1]}"'
    return sql, tuple(row.values())


UNDONE = ("undone", ())


@settings(max_examples=40)
@given(st.lists(st.lists(steps() | st.just(UNDONE), max_size=6), max_size=4))
@example([[("insert into offer_counters values ('a', 1, ?)", (0.1,))]])
@example([[("insert into offer_counters values ('a', 1, 2)", ())],
          [("update offer_counters set offer = 'b' where offer = 'a'", ())]])  # fmt: skip
def test_whatever_is_done_can_be_done_again(transactions: list[list[Any]]) -> None:
    first, second = empty(), empty()
    changes, said = Changes(first), []
    for transaction in transactions:
        first.execute("begin")
        for sql, values in transaction:
            _do(first, sql, values)
        said.append(json.dumps([each.said() for each in changes.take()], allow_nan=False))
        first.execute("commit")
    for times in (1, 2):  # doing all of it twice is doing it once
        for text in said:
            replay(second, [read_change(each) for each in json.loads(text)])
        assert tables(second, MUTABLE) == tables(first, MUTABLE), times
    first.close()
    second.close()


def _do(driver: sqlite3.Connection, sql: str, values: tuple[Any, ...]) -> None:
    """A statement, or a part of a transaction that is given up."""
    if sql == "undone":
        driver.execute("savepoint some")
        driver.execute("insert or replace into offer_counters values ('a', 1, 2)")
        driver.execute("delete from offers")
        driver.execute("rollback to some")
        return
    with suppress(sqlite3.IntegrityError):  # SQLite undoes what the statement did up to there
        driver.execute(sql, values)


def test_what_is_rolled_back_was_no_change(tmp_path: Path) -> None:
    driver = store_db(tmp_path / "store.db")
    changes = Changes(driver)
    driver.execute("pragma foreign_keys = off")
    driver.execute("begin")
    driver.execute("insert into offer_counters values ('milk', 1, 100)")
    driver.execute("rollback")
    assert changes.take() == []
    driver.execute("insert into offer_counters values ('milk', 1, 100)")
    row = {"offer": "milk", "uses": 1, "money": 100}
    assert changes.take() == [Change("insert", "offer_counters", None, row)]
    assert changes.take() == []
    driver.close()


def test_a_row_that_another_one_puts_out_of_the_way_is_told() -> None:
    driver = empty()
    changes = Changes(driver)
    marks = ", ".join("1" for _ in columns("redemptions")[1:])
    for number in (1, 2):  # two ids with the same name
        driver.execute(f"insert or replace into redemptions values ({number}, {marks})")
    assert [(each.do, (each.row or each.key or {})["id"]) for each in changes.take()] == [
        ("insert", 1), ("delete", 1), ("insert", 2)
    ]  # fmt: skip
    driver.close()


def test_every_column_of_every_table_is_told() -> None:
    driver = empty()
    changes = Changes(driver)
    for name in MUTABLE:
        marks = ", ".join(f"{n}" for n, _ in enumerate(columns(name)))
        driver.execute(f"insert into {name} values ({marks})")
        [found] = changes.take()
        assert found.row is not None
        assert list(found.row) == columns(name)
        assert [int(value) for value in found.row.values()] == list(range(len(found.row)))
    driver.close()


@pytest.mark.parametrize(
    "said",
    [
        {"do": "drop", "table": "offers", "row": {}},
        {"do": "insert", "table": "stores", "row": {}},
        {"do": "insert", "table": "offers", "row": {"id) values (1); --": 1}},
        {"do": "insert", "table": "offers"},
        {"do": "delete", "table": "offers", "row": {"id": "a"}},
    ],
)
def test_what_is_no_change_of_our_tables_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_change(said)


def test_a_row_of_an_older_version_is_put_without_the_columns_that_it_lacks() -> None:
    driver = empty()
    row = {"offer": "a", "at": "2017-11-08", "kind": "stopped", "reason": "r"}
    replay(driver, [Change("insert", "offer_events", None, {"id": 7} | row)])
    assert driver.execute("select id, bearer from offer_events").fetchall() == [(7, None)]
    driver.close()


def test_what_another_rule_of_the_table_forbids_is_an_error() -> None:
    driver = empty()
    row = dict.fromkeys(columns("redemptions"), 1)
    replay(driver, [Change("insert", "redemptions", None, row)])
    with pytest.raises(sqlite3.IntegrityError):
        replay(driver, [Change("insert", "redemptions", None, row | {"id": 2})])
    driver.close()
