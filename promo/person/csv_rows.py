"""CSV files of rows that are cut: read as they are, written whole or not at all."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from promo.files import replacing

Row = dict[str, str]


def read(path: Path) -> Iterator[Row]:
    """The rows by their columns; what is missing at the end of one is empty."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: value or "" for name, value in row.items()}


def write(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Put rows in the place of a file's."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
