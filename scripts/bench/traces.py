"""Traces of somebody in a house, looked for without the house's help: bytes, text and tables.

The raw bytes of SQLite's file and of its log, every table of PostgreSQL as text, Parquet decoded,
PDF as its text, and all other files as they are. Whole values only: a bench's are nobody else's.
"""

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
import pypdfium2
from sqlalchemy import create_engine, inspect, make_url, text


def traces(folder: Path, values: Sequence[str], url: str = "") -> list[str]:
    """Where any of the values stands: `file: value`, or `table: value`."""
    gc.collect()  # a lost connection would be closed while we look, and its log go
    found = [f"{path.relative_to(folder)}: {value}" for path, seen in _texts(folder)
             for value in values if value in seen]  # fmt: skip
    return found + list(_in_tables(url, values) if url else ())


def _texts(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield path, path.name
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path).cast(pl.String, strict=False)
            joined = pl.all().unique().implode().list.join("\n", ignore_nulls=True)
            yield path, "\n".join(frame.select(joined).row(0)) if frame.width else ""
        elif path.suffix == ".pdf":
            yield path, "\n".join(pages(path))
        # Whatever it is, its bytes may hold something in the clear.
        yield path, path.read_bytes().decode("latin-1")
        yield path, path.read_bytes().decode("utf-8", "replace")


def pages(path: Path) -> list[str]:
    """The text of each page of a PDF."""
    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def _in_tables(url: str, values: Sequence[str]) -> Iterator[str]:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return  # its file is one of the folder's
    engine = create_engine(parsed)
    with engine.connect() as connection:
        for table in inspect(engine).get_table_names():
            rows = connection.execute(text(f"select t::text from {table} t")).scalars()
            answers = "encode(answer, 'escape')" if table == "till_answers" else "''"
            also = connection.execute(text(f"select {answers} from {table}")).scalars()
            seen = "\n".join((*rows, *also))
            yield from (f"{table}: {value}" for value in values if value in seen)
    engine.dispose()
