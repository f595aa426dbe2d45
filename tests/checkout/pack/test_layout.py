"""The bytes of a list and of a card: what goes in comes out, however large the numbers."""

from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promo.checkout.pack import layout
from promo.checkout.pack.layout import Parts
from promo.checkout.pack.numbering import Numbering, Words
from promo.checkout.pack.writing import written

heads = st.tuples(
    st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**63 - 1),
    st.integers(0, 255),
)  # fmt: skip
numbers = st.integers(0, 2**16 - 1) | st.integers(0, 2**32 - 1)
some_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=24)
parts = st.builds(
    Parts,
    st.none() | st.integers(0, 2**32 - 1),
    st.lists(numbers, max_size=63).map(tuple),
    some_words,
)


@given(heads, parts)
@example((0, 0, 0, 0), Parts(None, (), ""))
@example((1, 2, 3, 5), Parts(0, (65535,) * 63, "\0"))
@example((1, 2, 3, 5), Parts(None, (65536,) * 63, "\U0010ffff"))
def test_a_list_comes_out_as_it_went_in(head: tuple[int, ...], made: Parts) -> None:
    raw = layout.pack(head, made)
    *same, _ = layout.HEADER.unpack_from(raw)
    assert tuple(same) == head
    assert layout.unpack(raw) == made
    assert raw[layout.WINDOW] == head[0].to_bytes(2, "little")


def test_more_offers_than_a_row_counts() -> None:
    with pytest.raises(ValueError, match="64 offers are on a list"):
        layout.pack((0, 0, 0, 0), Parts(None, (1,) * 64, ""))


@given(st.lists(st.integers(0, 10 * layout.PER_KEY - 1)))
def test_a_cards_lists(ids: list[int]) -> None:
    raw = layout.pack_ids(ids)
    assert layout.unpack_ids(raw) == ids
    assert isinstance(raw, int) or len(raw) == layout.LIST_BYTES * len(ids)


def test_words_are_characters_that_can_be_written() -> None:
    made = Words({})
    for place in range(70_000):
        made[f"word {place}"]
    text = "".join(made.values())
    assert text.encode().decode() == text
    assert len(set(text)) == 70_000
    again = Words(dict(islice(made.items(), 55_296)))
    assert again["another"] == chr(0xE000)
    assert again.new == [(0xE000, "another")]


def test_numbers_go_on_where_the_base_ends() -> None:
    made = Numbering[str]({"a": 0, "b": 7})
    assert [made["b"], made["c"], made["a"], made["d"], made["c"]] == [7, 8, 0, 9, 8]
    assert made.new == [(8, "c"), (9, "d")]


def test_a_delta_lies_over_its_base(tmp_path: Path) -> None:
    with written(tmp_path / "main") as connection:
        connection.execute("commit")
        for name in ("pack", "delta"):
            connection.execute(f"attach ':memory:' as {name}")
            for statement in layout.SCHEMA.split(";"):
                connection.execute(statement.replace("create table ", f"create table {name}."))
        put = "insert into {} (offer, uses, money, gone) values (?, ?, ?, ?)"
        base = [(1, 1, 1, None), (2, 2, 2, None), (3, 3, 3, None)]
        connection.executemany(put.format("pack.offer_counters"), base)
        over = [(2, 5, 5, None), (3, None, None, 1), (4, 4, 4, None)]
        connection.executemany(put.format("delta.offer_counters"), over)
        found = connection.execute(layout.merged("offer_counters")).fetchall()
        connection.execute("begin")
    assert sorted(found) == [(1, 1, 1), (2, 5, 5), (4, 4, 4)]


def test_tables_name_all_their_columns(tmp_path: Path) -> None:
    with written(tmp_path / "x") as connection, closing(connection.cursor()) as cursor:
        for name in layout.TABLES:
            columns = [row[1] for row in cursor.execute(f"pragma table_info({name})")]
            assert tuple(columns) == layout.columns(name) + ("gone",) * (name in layout.SMALL)
        names = {row[0] for row in cursor.execute("select name from sqlite_master")}
        assert names == set(layout.TABLES)
