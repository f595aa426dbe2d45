"""Corrections: a till log that is sent again replaces what came before, whole transactions of it.

A log with `--corrects` holds whole transactions. Lines that stand as they are sent are repeats;
others come in, and what stood and is not sent again is taken back. The transaction is settled from
then on: lines of it that an uncorrected log brings later, or brings again, change nothing.

A transaction is replaced as a whole or not at all, so one with a faulty line stays as it was; and
where a faulty line does not tell its transaction, nothing of the log is taken in.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

import polars as pl
from sqlalchemy import Connection, Engine

from promo.config import Settings
from promo.scans import lake
from promo.scans.canonical import COLUMNS, IDENTITY, TRANSACTION
from promo.scans.columns import LINE, REJECT_SCHEMA, check, rejects
from promo.scans.ingest import CONTENT, Delivery, ingest_scans
from promo.scans.report import Report
from promo.scans.sources import Batch

KEYS = tuple(column for column in COLUMNS if column.name in TRANSACTION)
SUMS = ("quantity", "paid", "regular", "store_discount", "manufacturer_discount")
ONE_CONTENT = "one content a line in a log that corrects"
WHOLE = "a transaction without a faulty line; it stays as it was"


@dataclass(frozen=True)
class Change:
    """What a correction does to one business day."""

    sent: pl.DataFrame  # the lines that shall stand: `_line` and CONTENT, each once
    came: pl.DataFrame  # those of them that do not stand yet
    gone: pl.DataFrame  # lines that stand and shall not: lake.STORED
    touched: pl.DataFrame  # TRANSACTION of those that stood and become others
    repeats: int  # lines that stand already, or were sent twice

    @property
    def changed(self) -> pl.DataFrame:
        """The transactions that are not as they stand, new ones among them: TRANSACTION."""
        names = [frame.select(TRANSACTION) for frame in (self.came, self.gone)]
        return pl.concat(names).unique()


def change(lines: pl.DataFrame, standing: pl.DataFrame) -> Change:
    """Hold whole transactions (`_line`, CONTENT) against the scans of a day that stand (STORED).

    A transaction that holds nothing but lines of zeros never was: all its lines go.
    """
    nothing = pl.all_horizontal(pl.col(name) == 0 for name in SUMS).all().over(TRANSACTION)
    shown = lines.filter(~nothing)
    sent = shown.unique(CONTENT, keep="first", maintain_order=True)
    named = lines.select(TRANSACTION).unique()
    stood = standing.join(named, on=TRANSACTION, how="semi", maintain_order="left")
    came, gone = _without(sent, stood), _without(stood, sent)
    others = pl.concat([came.select(TRANSACTION), gone.select(TRANSACTION)])
    touched = stood.select(TRANSACTION).unique().join(others, on=TRANSACTION, how="semi")
    return Change(sent, came, gone, touched, shown.height - came.height)


def _without(scans: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    return scans.join(others, on=CONTENT, how="anti", nulls_equal=True, maintain_order="left")


class Correction(Delivery):
    """The lines of a log that corrects, which are held until all of it is read."""

    def __init__(
        self, settings: Settings, connection: Connection, report: Report, *, history: bool
    ) -> None:
        super().__init__(settings, connection, report, history=history)
        self.good: list[pl.DataFrame] = []
        self.named: list[pl.DataFrame] = []
        self.faults = [pl.DataFrame(schema=REJECT_SCHEMA)]
        self.places: list[pl.DataFrame] = []
        self.placing = Batch(pl.DataFrame(), pl.DataFrame(schema=REJECT_SCHEMA), 0)

    def take(self, number: int, batch: Batch) -> None:
        """Check one batch; none of its lines is written yet."""
        good, faults = self._checked(batch)
        self.good.append(good)
        self.faults += faults
        self.named.append(check(batch.frame, KEYS).good)
        if batch.places is not None:
            self.places.append(batch.places)
        self._link(number, batch)
        self.report.add_batch(batch)

    def finish(self) -> None:
        """Replace the transactions that are sound as a whole, and commit or refuse."""
        if self.good:
            if self.places:
                self.placing = replace(self.placing, places=pl.concat(self.places))
            lines, faults = self._sound(pl.concat(self.good), pl.concat(self.faults))
            days = lines.partition_by("business_day", maintain_order=True)
            late = [self._replace(some["business_day"][0], some) for some in days]
            self.report.add_faults(pl.concat([faults, *late]), self.placing)
        super().finish()

    def _sound(
        self, lines: pl.DataFrame, faults: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The lines of transactions without a fault; and all faults, theirs for company too."""
        twice = lines.unique(CONTENT, keep="first", maintain_order=True)
        twice = twice.filter(~pl.struct(IDENTITY).is_first_distinct())
        identity = pl.concat_str(IDENTITY, separator="/")
        other = twice.select(LINE, value=identity)
        faults = pl.concat([faults, self._faults(other, "line", ONE_CONTENT)])
        bad = faults.select("line").unique()
        named = pl.concat(self.named)
        self.report.unplaced = bad.join(named, left_on="line", right_on=LINE, how="anti").height
        broken = named.join(bad, left_on=LINE, right_on="line", how="semi").select(TRANSACTION)
        whole = lines.join(broken, on=TRANSACTION, how="anti", maintain_order="left")
        rest = lines.join(whole, on=LINE, how="anti", maintain_order="left").join(
            bad, left_on=LINE, right_on="line", how="anti", maintain_order="left"
        )
        company = rest.select(LINE, value=pl.concat_str(TRANSACTION, separator="/"))
        return whole, pl.concat([faults, self._faults(company, "transaction", WHOLE)])

    def _faults(self, lines: pl.DataFrame, field: str, expected: str) -> pl.DataFrame:
        return rejects(lines, field, pl.lit(expected), self.report.source)

    def _replace(self, day: date, lines: pl.DataFrame) -> pl.DataFrame:
        """Write what changes on a day, as parts that do not count yet; returns what is too late."""
        root, number = self.settings.paths.lake, self.number
        found = change(lines, lake.read_parts(lake.day_parts(root, day)))
        if day < self.oldest:
            late = lines.join(found.changed, on=TRANSACTION, how="semi", maintain_order="left")
            self.report.repeats += lines.height - late.height
            return self._too_late(late)
        self.report.repeats += found.repeats
        self.report.corrected += found.touched.height
        self.report.taken_back += found.gone.height
        self._count(day, found.came)
        self.unknown.append(self.placing.placed(self._lacking(found.sent)))
        if found.gone.height:
            self._touch(day)
            lake.write(lake.taken_back_path(root, day, number), _sorted(found.gone))
        if found.came.height:
            lake.write(lake.part_path(root, day, number, 0), self._stored(found.came))
        known = lake.corrected(root, day)
        fresh = lines.select(TRANSACTION).unique().join(known, on=TRANSACTION, how="anti")
        if fresh.height:
            lake.write(lake.corrected_path(root, day, number), fresh.sort(TRANSACTION))
        return pl.DataFrame(schema=REJECT_SCHEMA)


def _sorted(scans: pl.DataFrame) -> pl.DataFrame:
    return scans.sort("bucket", "shopper", *IDENTITY)


def ingest_corrections(
    settings: Settings,
    engine: Engine,
    source: str,
    batches: Iterable[Batch],
    *,
    history: bool = False,
) -> Report:
    """Take in a till log whose transactions replace those of the same identity in the lake."""
    return ingest_scans(settings, engine, source, batches, history=history, kind=Correction)
