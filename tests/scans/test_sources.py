"""Files in: a broken line costs that line, a broken header the file."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promo.scans import sources
from promo.scans.columns import LINE, Column
from promo.scans.sources import SourceError, read

COLUMNS = (
    Column("id", "key", "an id"),
    Column("word", "text", "a word"),
    Column("n", "integer", "a number", required=False),
)


def csv(folder: Path, content: str | bytes) -> Path:
    path = folder / "log.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def everything(
    path: Path, columns: Sequence[Column] = COLUMNS
) -> tuple[list[object], list[tuple[str, ...]]]:
    """All rows, and (line, what was expected) of all rejects."""
    rows: list[object] = []
    bad: list[tuple[str, ...]] = []
    for batch in read(path, columns):
        rows += batch.frame.rows()
        bad += batch.rejects.select("file", "line", "field", "value", "expected").rows()
        assert batch.lines == batch.frame.height + batch.rejects.height
    return rows, bad


@pytest.mark.parametrize(
    "content",
    [
        b"id,word\na,x\nb,y\n",
        b"id,word\r\na,x\r\nb,y\r\n",
        b"\xef\xbb\xbfid,word\na,x\nb,y",
        b'"id","word"\n"a","x"\nb,"y"\n',
    ],
)
def test_csv(tmp_path: Path, content: bytes) -> None:
    assert everything(csv(tmp_path, content)) == ([(2, "a", "x"), (3, "b", "y")], [])


def test_columns_in_any_order(tmp_path: Path) -> None:
    (batch,) = read(csv(tmp_path, "n,word,id\n1,x,a\n"), COLUMNS)
    assert batch.frame.columns == [LINE, "n", "word", "id"]


def test_quotes_and_empty_lines(tmp_path: Path) -> None:
    path = csv(tmp_path, 'id,word\n\na,"x, ""y"""\n   \nb,\n')
    assert everything(path) == ([(3, "a", 'x, "y"'), (5, "b", "")], [])


@pytest.mark.parametrize(
    ("line", "value", "expected"),
    [
        (b"a", "a", "2 fields, as in the header; this line has 1"),
        (b"a,b,c", "a,b,c", "2 fields, as in the header; this line has 3"),
        (b'a,"b', 'a,"b', "every quote closed on its own line"),
        (b'a,"b"c', 'a,"b"c', "every quote closed on its own line"),
        (b"a,caf\xe9", "a,caf\\xe9", "text in UTF-8"),
        (b"a," + b"x" * 999 + b",", "a," + "x" * 198, "2 fields, as in the header"),
    ],
)
def test_a_broken_line_costs_that_line(
    tmp_path: Path, line: bytes, value: str, expected: str
) -> None:
    rows, bad = everything(csv(tmp_path, b"id,word\na,x\n" + line + b"\nb,y\n"))
    assert rows == [(2, "a", "x"), (4, "b", "y")]
    assert [(r[0], str(r[1]), *r[2:4]) for r in bad] == [("log.csv", "3", "(line)", value)]
    assert bad[0][4].startswith(expected)


def test_a_broken_line_of_names_is_not_copied(tmp_path: Path) -> None:
    columns = (Column("id", "key", "an id"), Column("name", "text", "a name"))
    _, bad = everything(csv(tmp_path, "id,name\n1,Smith, Ann\n"), columns)
    assert "Smith" not in str(bad)
    assert "(personal)" in str(bad)


def test_a_file_of_broken_lines_only(tmp_path: Path) -> None:
    rows, bad = everything(csv(tmp_path, "id,word\na\nb\n"))
    assert (rows, len(bad)) == ([], 2)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "log.csv begins with an empty line; expected id, word, n"),
        ("id,word,wrod", "log.csv, line 1: unknown column 'wrod'; expected id, word, n"),
        ("id,n", r"log.csv, line 1: column `word` is missing \(a word\)"),
        ("id,word,id", "log.csv, line 1: a column stands twice"),
        ('id,"word', "log.csv, line 1: .*expected column names"),
        ("id;word", "unknown column 'id;word'"),
    ],
)
def test_a_header_that_does_not_fit(tmp_path: Path, header: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        list(read(csv(tmp_path, f"{header}\na,x\n"), COLUMNS))


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"There is no file .*none\.csv"):
        read(tmp_path / "none.csv", COLUMNS)


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_batches_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, form: str
) -> None:
    ids = [f"i{n}" for n in range(5)]
    path = tmp_path / f"log.{form}"
    frame = pl.DataFrame({"id": ids, "word": ids})
    frame.write_csv(path) if form == "csv" else frame.write_parquet(path)
    monkeypatch.setattr(sources, "BATCH_ROWS", size)
    rows, _ = everything(path)
    first = 2 if form == "csv" else 1
    assert rows == [(first + n, i, i) for n, i in enumerate(ids)]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pl.DataFrame({"id": ["a"]}), "column `word` is missing"),
        (pl.DataFrame({"id": ["a"], "word": ["x"], "m": [1]}), "unknown column 'm'"),
        (pl.DataFrame({"id": [["a"]], "word": ["x"]}), r"column `id` holds List\(String\)"),
        (pl.DataFrame({"id": [{"a": 1}], "word": ["x"]}), "column `id` holds Struct"),
        (pl.DataFrame({"id": [b"\xff"], "word": ["x"]}), "column `id` holds Binary"),
    ],
)
def test_a_parquet_file_that_does_not_fit(
    tmp_path: Path, frame: pl.DataFrame, message: str
) -> None:
    frame.write_parquet(tmp_path / "log.parquet")
    with pytest.raises(SourceError, match=message):
        list(read(tmp_path / "log.parquet", COLUMNS))


@pytest.mark.parametrize("content", [b"", b"id,word\na,x\n", b"PAR1" * 10])
def test_what_is_no_parquet_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log.parquet").write_bytes(content)
    with pytest.raises(SourceError, match=r"log\.parquet is no Parquet file"):
        list(read(tmp_path / "log.parquet", COLUMNS))


def test_an_empty_parquet_file(tmp_path: Path) -> None:
    pl.DataFrame(schema={"id": pl.String, "word": pl.String}).write_parquet(tmp_path / "a.parquet")
    assert everything(tmp_path / "a.parquet") == ([], [])


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@given(st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line)))
def test_any_bytes_give_rows_or_rejects(scratch: Path, lines: list[bytes]) -> None:
    rows, bad = everything(csv(scratch, b"\n".join([b"id,word", *lines])))
    assert len(rows) + len(bad) == sum(bool(line.strip()) for line in lines)
