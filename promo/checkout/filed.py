"""Files about coupons: rows of .csv, .parquet or .jsonl, each with where it stands."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promo.config import said as quoted
from promo.counting import counted
from promo.errors import Sentence
from promo.offers.terms import OfferError
from promo.offers.values import MOST_NAMES
from promo.scans import item_codes, sources
from promo.scans.columns import LINE, Column
from promo.scans.gtin import CodeError
from promo.scans.variable import Layouts

JSON_LINES = (".jsonl", ".ndjson")


class TooManyRefused(Sentence):
    """So much of a file is at fault that nothing of it is taken in."""


@dataclass
class Filed:
    """What became of a file: rows that are in, sentences on those that are not, notices."""

    taken: int = 0
    refused: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def within(self, rate: float) -> None:
        """Raise TooManyRefused where more than a share of the rows was refused."""
        rows = self.taken + len(self.refused)
        if len(self.refused) > rate * rows:
            said = [f"Refused. {sentence}" for sentence in self.refused]
            raise TooManyRefused("\n".join([
                *said, f"Nothing was taken in: {len(self.refused):,} of {counted(rows, 'row')} "
                "were refused, more than ingest.max_reject_rate allows.",
            ]))  # fmt: skip


def rows(
    path: Path, columns: Sequence[Column], done: Filed
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each row without its empty fields; lines that are no rows are refused.

    Raises SourceError where the file as a whole cannot be read.
    """
    if path.suffix in JSON_LINES:
        yield from _json_lines(path, done)
        return
    for batch in sources.read(path, columns):
        done.refused += [
            f"{path.name}, line {line}: `{name}` is {quoted(value)}; expected {expected}."
            for _, line, name, value, expected in batch.rejects.iter_rows()
        ]
        for row in batch.frame.iter_rows(named=True):
            own = {name: value for name, value in row.items()
                   if name != LINE and value is not None and str(value).strip()}  # fmt: skip
            yield f"{path.name}, line {row[LINE]}", own


def _json_lines(path: Path, done: Filed) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not path.is_file():
        raise sources.SourceError(f"There is no file {path}.")
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            where = f"{path.name}, line {number}"
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                row = None
            if isinstance(row, dict):
                yield where, {name: value for name, value in row.items() if value is not None}
            else:
                shown = line.decode("utf-8", errors="backslashreplace").strip()
                done.refused.append(
                    f"{where}: {quoted(shown)}; expected a JSON object in one line."
                )


def products(value: object, layouts: Layouts) -> tuple[str, ...]:
    """Item codes, in a list or with spaces between them, as products. Raises ValueError.

    Any form of GTIN, those with a price or weight inside with these digits zero; or internal:….
    """
    codes = value.split() if isinstance(value, str) else value
    if not isinstance(codes, list | tuple) or not all(isinstance(each, str) for each in codes):
        raise ValueError("expected item codes as text, with spaces between them or in a list")
    if len(codes) > MOST_NAMES:
        raise ValueError(f"expected at most {MOST_NAMES:,} item codes, but got {len(codes):,}")
    return tuple(dict.fromkeys(product(each, layouts) for each in codes))


def product(code: str, layouts: Layouts) -> str:
    """An item code as a product. Raises ValueError."""
    domain, _, rest = code.partition(":")
    if domain == "internal" and 0 < len(rest) <= 64:
        return code
    try:
        found = item_codes.read(rest if domain == "gtin" else code, layouts)
    except CodeError as error:
        raise ValueError(str(error).removesuffix(".")) from None
    return f"gtin:{found.product}"


def not_twice(seen: set[str], name: str, where: str) -> None:
    """Raise OfferError where a file names something again."""
    if name in seen:
        raise OfferError(f"{where}: {name} stands twice in this file; the first one counts.")
    seen.add(name)
