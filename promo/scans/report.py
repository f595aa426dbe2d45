"""What became of one file that was to be taken in: counts, faults, and what is said of it."""

from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from promo.counting import counted, verb
from promo.scans.columns import REJECT_SCHEMA
from promo.scans.sources import Batch

MOST_KINDS = 20


@dataclass
class Report:
    """What became of one file."""

    source: str
    table: str
    delivery: int | None = None
    lines: int = 0
    rows: int = 0
    repeats: int = 0
    rejects: int = 0
    corrected: int = 0  # transactions that were there and are others now
    taken_back: int = 0  # their lines that no longer stand
    unplaced: int = 0  # faulty lines of a correction that tell no transaction
    unknown_products: int = 0
    new_cards: int = 0
    moved_cards: int = 0
    first_day: date | None = None
    last_day: date | None = None
    taken: bool = True
    rejects_file: Path | None = None
    notices_file: Path | None = None
    refusal: str | None = None  # why nothing went in, where that was not for rejects
    left_out: dict[str, int] = field(default_factory=dict)
    faults: list[pl.DataFrame] = field(default_factory=list, repr=False)

    def refuse(self) -> None:
        """Say that nothing went in."""
        self.taken = False
        self.rows = self.repeats = self.unknown_products = self.corrected = self.taken_back = 0
        self.first_day = self.last_day = None

    def add_faults(self, found: pl.DataFrame, batch: Batch) -> None:
        """Count the lines at fault; a line with three faults is one reject."""
        self.faults.append(batch.placed(found))
        self.rejects += found["line"].n_unique()

    def add_batch(self, batch: Batch) -> None:
        """Count what a batch holds, and what it left out."""
        self.lines += batch.lines
        for kind, number in batch.left_out.items():
            self.left_out[kind] = self.left_out.get(kind, 0) + number

    def too_many_rejects(self, rate: float) -> bool:
        """Whether the share of rejected lines passes the rate."""
        return self.unplaced > 0 or self.rejects > rate * self.lines

    def as_dict(self) -> dict[str, Any]:
        """The numbers and names, ready for JSON."""
        found = asdict(self)
        del found["faults"]
        kept = (int, dict, type(None))
        return {k: v if isinstance(v, kept) else str(v) for k, v in found.items()}

    def as_fact(self) -> dict[str, Any]:
        """As `as_dict`, with the rejects by kind; names no value of the file."""
        return self.as_dict() | {"kinds": self.kinds()}

    def kinds(self) -> list[dict[str, Any]]:
        """field, expected and lines of the rejects, the most frequent first: at most MOST_KINDS."""
        found = pl.concat([pl.DataFrame(schema=REJECT_SCHEMA), *self.faults])
        kinds = found.group_by("field", "expected").agg(lines=pl.col("line").n_unique())
        ordered = kinds.sort("lines", "field", "expected", descending=[True, False, False])
        return ordered.head(MOST_KINDS).to_dicts()

    def in_words(self) -> str:
        """What came in and what did not, in a sentence or two."""
        if self.refusal:
            return f"{self.refusal}\nNothing was taken in from {self.source}."
        words = f"{self.table} from {self.source}: {counted(self.lines, 'line')}, {self.rows:,} in"
        if self.repeats:
            words += f", {counted(self.repeats, 'repeat')} of lines already there"
        if self.corrected:
            words += (
                f", {counted(self.corrected, 'transaction')} corrected, which takes back "
                f"{counted(self.taken_back, 'line')}"
            )
        if self.new_cards:
            words += f", {counted(self.new_cards, 'card')} seen for the first time"
        if self.moved_cards:
            words += (
                f"; {counted(self.moved_cards, 'card')} {verb(self.moved_cards, 'is', 'are')} "
                f"another household's now (listed in {self.notices_file}): their past stays where "
                "it was until `promo households split CARD --to HOUSEHOLD` lets it follow"
            )
        if self.unknown_products:
            words += (
                f"; {counted(self.unknown_products, 'line')} "
                f"{verb(self.unknown_products, 'names a product', 'name products')} that the "
                "product table lacks "
                f"(in, and listed in {self.notices_file})"
            )
        if self.left_out:
            each = (f"{number:,} {kind}" for kind, number in sorted(self.left_out.items()))
            words += f"\nBeside sales it held: {', '.join(each)}."
        if not self.taken:
            words += (
                f"\nNothing was taken in: {self._why_refused()}. They are in {self.rejects_file}."
            )
        elif self.rejects:
            words += (
                f"\n{counted(self.rejects, 'line')} {self._were} set aside in {self.rejects_file}."
            )
        return words

    @property
    def _were(self) -> str:
        return verb(self.rejects, "was", "were")

    def _why_refused(self) -> str:
        if self.unplaced:
            return (
                f"{counted(self.unplaced, 'faulty line')} of a log that corrects "
                f"{verb(self.unplaced, 'does', 'do')} not tell of which transaction, so that none "
                "can be replaced as a whole"
            )
        lines = counted(self.rejects, "line")
        return f"{lines} {self._were} rejected, more than ingest.max_reject_rate allows"
