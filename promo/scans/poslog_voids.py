"""Which transactions took which back: looked up in the lake, so that no sale goes out twice."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from promo.scans import lake
from promo.scans.canonical import TRANSACTION
from promo.scans.poslog_transactions import Key

Links = dict[Key, set[Key]]  # transactions, and those that void them


def in_lake(folder: Path, wanted: set[Key]) -> dict[Key, pl.DataFrame]:
    """Lines of transactions, by what these are known by."""
    schema = {name: lake.STORED[name] for name in TRANSACTION}
    found = dict[Key, pl.DataFrame]()
    for day in sorted({key[2] for key in wanted}):
        keys = pl.DataFrame([key for key in wanted if key[2] == day], schema=schema, orient="row")
        rows = lake.read_alike(lake.day_parts(folder, day), keys)
        parted: Any = rows.partition_by(*TRANSACTION, as_dict=True)
        found |= parted
    return found


def links(pairs: Iterable[tuple[Key, Key]]) -> pl.DataFrame:
    """Pairs of a transaction and the one that voids it, as the lake keeps them."""
    rows = [(*of, *by) for of, by in pairs]
    return pl.DataFrame(rows, schema=lake.VOIDED, orient="row")


@dataclass(slots=True)
class Voided:
    """What voids came with earlier deliveries.

    without: transactions that say something else now, so that what they did before is undone.
    """

    folder: Path
    without: set[Key]
    days: dict[date, Links] = field(default_factory=dict)

    def knows(self, of: Key, by: Key) -> bool:
        """Whether the lake says already that one voids the other."""
        return by in self._links(of)

    def by(self, of: Key, but: frozenset[Key]) -> Key | None:
        """The transaction, other than `but`, by which one is void; None where it stands.

        A void counts while its lines stand and it is not void itself.
        """
        for each in sorted(self._links(of) - but - self.without):
            stands = bool(in_lake(self.folder, {each}))
            if stands and self.by(each, but | {each}) is None:
                return each
        return None

    def _links(self, of: Key) -> set[Key]:
        day = of[2]
        if day not in self.days:
            known = self.days[day] = Links()
            for row in lake.voided(self.folder, day).iter_rows():
                known.setdefault(row[:4], set()).add(row[4:])
        return self.days[day].get(of, set())
