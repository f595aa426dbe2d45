"""Files in: CSV and Parquet, read in batches, with the line each row stands on."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from promo.errors import Sentence
from promo.scans.columns import LINE, PERSONAL, REJECT_SCHEMA, Column, reject

BATCH_ROWS = 500_000


class SourceError(Sentence):
    """A file cannot be read as what it should be; the message is a sentence."""


@dataclass(frozen=True)
class Batch:
    """Some rows of a source, as they came (with `_line`), and the lines that were no rows.

    places: where several rows may stand on one physical line, `_line` counts rows, and this tells
    the physical line (`line`, `place`) of each. left_out: how many of what kind are no scans.
    voids: transactions that others void (lake.VOIDED).
    """

    frame: pl.DataFrame
    rejects: pl.DataFrame
    lines: int  # rows and rejected lines together
    places: pl.DataFrame | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)
    voids: pl.DataFrame | None = None

    def placed(self, found: pl.DataFrame) -> pl.DataFrame:
        """Rejects with the physical lines."""
        if self.places is None:
            return found
        placed = found.join(self.places, on="line", how="left", maintain_order="left")
        return placed.with_columns(line=pl.coalesce("place", "line")).drop("place")


def read(path: Path, columns: Iterable[Column]) -> Iterator[Batch]:
    """Read a `.csv` or `.parquet` file. Raises SourceError when its header does not fit."""
    columns = tuple(columns)
    if not path.is_file():
        raise SourceError(f"There is no file {path}.")
    if path.suffix == ".parquet":
        return _parquet(path, columns)
    return _csv(path, columns)


def _check_header(path: Path, header: list[str], columns: tuple[Column, ...]) -> None:
    known = [c.name for c in columns]
    if header in ([], [""]):
        raise SourceError(f"{path.name} begins with an empty line; expected {', '.join(known)}.")
    for name in header:
        if name not in known:
            raise SourceError(
                f"{path.name}, line 1: unknown column {name[:80]!r}; expected {', '.join(known)}."
            )
    for c in columns:
        if c.required and c.name not in header:
            raise SourceError(f"{path.name}, line 1: column `{c.name}` is missing ({c.expected}).")
    if len(set(header)) != len(header):
        raise SourceError(f"{path.name}, line 1: a column stands twice.")


def _parquet(path: Path, columns: tuple[Column, ...]) -> Iterator[Batch]:
    try:
        lazy = pl.scan_parquet(path)
        schema = lazy.collect_schema()
        _check_header(path, schema.names(), columns)
        for name, dtype in schema.items():
            if dtype.is_nested() or dtype == pl.Binary:
                raise SourceError(
                    f"{path.name}: column `{name}` holds {dtype}; expected text, numbers or dates."
                )
        rows = lazy.select(pl.len()).collect().item()
        for start in range(0, rows, BATCH_ROWS):
            frame = lazy.slice(start, BATCH_ROWS).collect().with_row_index(LINE, start + 1)
            yield Batch(frame, pl.DataFrame(schema=REJECT_SCHEMA), frame.height)
    except pl.exceptions.ComputeError as error:
        raise SourceError(f"{path.name} is no Parquet file: {error}") from None


def _csv(path: Path, columns: tuple[Column, ...]) -> Iterator[Batch]:
    """A record is one physical line, so that an unclosed quote costs one line and not the file."""
    with path.open("rb") as file:
        try:
            header = _fields(file.readline().decode("utf-8-sig", errors="replace"))
        except csv.Error as error:
            raise SourceError(f"{path.name}, line 1: {error}; expected column names.") from None
        _check_header(path, header, columns)
        personal = not PERSONAL.isdisjoint(header)
        rows: list[list[str]] = []
        numbers: list[int] = []
        bad: list[dict[str, object]] = []
        for number, line in enumerate(file, 2):
            fields = _row(path.name, number, line, len(header), bad, personal=personal)
            if fields:
                rows.append(fields)
                numbers.append(number)
            if len(rows) == BATCH_ROWS:
                yield _batch(header, rows, numbers, bad)
                rows, numbers, bad = [], [], []
        if rows or bad:
            yield _batch(header, rows, numbers, bad)


def _fields(line: str) -> list[str]:
    line = line.rstrip("\r\n")
    if '"' not in line:
        return line.split(",")
    return next(csv.reader([line], strict=True))


def _row(
    file: str,
    number: int,
    line: bytes,
    width: int,
    bad: list[dict[str, object]],
    *,
    personal: bool,
) -> list[str] | None:
    """The fields of one line; None for an empty or broken one, which then stands in `bad`."""
    if not line.strip():
        return None
    shown = line.decode("utf-8", errors="backslashreplace").rstrip("\r\n")[:200]
    if personal:
        shown = "(personal)"
    try:
        fields = _fields(line.decode("utf-8"))
    except UnicodeDecodeError:
        bad.append(reject(file, number, "(line)", shown, "text in UTF-8"))
    except csv.Error:
        bad.append(reject(file, number, "(line)", shown, "every quote closed on its own line"))
    else:
        if len(fields) == width:
            return fields
        expected = f"{width} fields, as in the header; this line has {len(fields)}"
        bad.append(reject(file, number, "(line)", shown, expected))
    return None


def _batch(
    header: list[str], rows: list[list[str]], numbers: list[int], bad: list[dict[str, object]]
) -> Batch:
    columns = zip(*rows, strict=True) if rows else ([] for _ in header)
    frame = pl.DataFrame(
        {LINE: numbers} | dict(zip(header, map(list, columns), strict=True)),
        schema={LINE: pl.Int64} | dict.fromkeys(header, pl.String),
    )
    rejects = pl.DataFrame(bad, schema=REJECT_SCHEMA)
    return Batch(frame, rejects, frame.height + rejects.height)
