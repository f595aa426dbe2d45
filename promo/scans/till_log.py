"""A till log and its product file, read and checked as `promo ingest` does, without a house."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from promo.config import Settings
from promo.scans import canonical, sources
from promo.scans.columns import LINE, REJECT_SCHEMA, Checked, Column, check, rejects
from promo.scans.item_codes import layouts_of
from promo.scans.masters import MASTERS
from promo.scans.product_ids import with_product_ids
from promo.scans.sources import SourceError

CONTENT = list(canonical.SCHEMA)
SHOWN = 3  # faults that a sentence spells out


@dataclass(frozen=True)
class Table:
    """What a file holds: its good rows with `_line`, the faults, and how many lines it has."""

    name: str
    rows: pl.DataFrame
    rejects: pl.DataFrame
    lines: int

    @property
    def set_aside(self) -> int:
        """Lines with one fault or more."""
        return self.rejects["line"].n_unique()


def read_scans(path: Path, settings: Settings) -> Table:
    """The scans of a canonical file: typed, checked, free of repeats, products by id.

    A card is its own household. Raises SourceError when the file is not there, is no till log, or
    has more faults than ingest.max_reject_rate allows.
    """
    rules = canonical.rules(settings, None, settings.current_day())
    layouts = layouts_of(settings.checkout.item_codes)

    def checked(raw: pl.DataFrame) -> Checked:
        return canonical.read(raw, rules, layouts, path.name)

    found = _read(path, canonical.COLUMNS, checked)
    fresh = found.rows.unique(CONTENT, keep="first", maintain_order=True)
    first = fresh.unique(canonical.IDENTITY, keep="first", maintain_order=True)
    other = fresh.join(first, on=LINE, how="anti", maintain_order="left")
    conflicts = rejects(
        other.select(LINE, value=pl.concat_str(canonical.IDENTITY, separator="/")),
        "line",
        pl.lit("a store/till/day/transaction/line that did not come before with other content"),
        path.name,
    )
    scans = first.with_columns(shopper="card")
    table = Table(path.name, scans, pl.concat([found.rejects, conflicts]), found.lines)
    return _within(table, settings.ingest.max_reject_rate)


def read_products(path: Path, settings: Settings) -> Table:
    """The products of a canonical file, by id; of several with one id the last one stays.

    Raises SourceError as `read_scans` does.
    """
    master = MASTERS["products"]
    layouts = layouts_of(settings.checkout.item_codes)

    def checked(raw: pl.DataFrame) -> Checked:
        typed = check(raw, master.columns, master.rules, path.name)
        coded = with_product_ids(typed.good, "code", path.name, layouts)
        return Checked(coded.good, pl.concat([typed.rejects, coded.rejects]))

    found = _read(path, master.columns, checked)
    rows = found.rows.unique("id", keep="last", maintain_order=True)
    table = Table(path.name, rows, found.rejects, found.lines)
    return _within(table, settings.ingest.max_reject_rate)


def _read(
    path: Path, columns: tuple[Column, ...], checked: Callable[[pl.DataFrame], Checked]
) -> Table:
    good, faults, lines = [], [pl.DataFrame(schema=REJECT_SCHEMA)], 0
    for batch in sources.read(path, columns):
        found = checked(batch.frame)
        good.append(found.good)
        faults += [batch.rejects, found.rejects]
        lines += batch.lines
    if not good:
        raise SourceError(f"{path.name} holds no lines; expected some after the column names.")
    return Table(path.name, pl.concat(good), pl.concat(faults), lines)


def _within(table: Table, rate: float) -> Table:
    if table.set_aside > rate * table.lines:
        raise SourceError(
            f"{table.name}: {table.set_aside:,} of {table.lines:,} lines are at fault, more than "
            f"ingest.max_reject_rate allows.\n{in_words(table.rejects)}"
        )
    return table


def in_words(faults: pl.DataFrame) -> str:
    """The first faults, one a line: where, what, got, expected."""
    first = faults.sort("line", maintain_order=True).head(SHOWN)
    said = [
        f"{file}, line {line}, {name}: got {value!r}; expected {expected}."
        for file, line, name, value, expected in first.iter_rows()
    ]
    more = faults.height - first.height
    return "\n".join([*said, f"And {more:,} more."] if more else said)
