"""One look at the house: its settings, one moment of its database, and who is at work in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, Row, Select, select

from promo import calendar, tables
from promo.config import Settings
from promo.files import Holder, holder

STREAM = 2000  # rows of a query in memory at a time


@dataclass
class Look:
    """What checks look at; what several of them need is read once."""

    settings: Settings
    connection: Connection
    now: datetime
    today: date
    quick: bool = False
    kept: dict[tuple[str, date], object] = field(default_factory=dict)  # of what is read once

    @cached_property
    def holder(self) -> Holder | None:
        """Who is at work in the house; None where nobody is."""
        return holder(self.settings.paths.state / "promo.lock")

    def rows(self, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
        """The rows of a query, however many, a few at a time."""
        yield from self.connection.execute(query.execution_options(yield_per=STREAM))

    def frames(
        self, query: Select[*tuple[Any, ...]], schema: Mapping[str, pl.DataType]
    ) -> Iterator[pl.DataFrame]:
        """The same as columns, in pieces."""
        found = self.connection.execute(query.execution_options(yield_per=STREAM))
        for some in found.partitions():
            yield pl.DataFrame([tuple(row) for row in some], schema=schema, orient="row")

    def frame(
        self, query: Select[*tuple[Any, ...]], schema: Mapping[str, pl.DataType]
    ) -> pl.DataFrame:
        """The same as one frame."""
        return pl.concat([pl.DataFrame(schema=schema), *self.frames(query, schema)])

    @cached_property
    def deliveries(self) -> dict[int, Row[Any]]:
        """The deliveries, by number."""
        table = tables.Delivery.__table__
        return {row.id: row for row in self.rows(select(table).order_by(table.c.id))}

    @property
    def last_delivery(self) -> int:
        """The newest delivery that counts."""
        return max(self.deliveries, default=0)

    @cached_property
    def runs(self) -> list[Row[Any]]:
        """The nights in their order; in a quick look those whose lists are open, and drafts."""
        table, sheet = tables.Run.__table__, tables.ShopperList
        query = select(table).order_by(table.c.night)
        if self.quick:
            late = self.today - timedelta(self.settings.offers.late_days)
            still = select(sheet.night).where(sheet.last_day >= late)
            query = query.where((table.c.state == "draft") | table.c.night.in_(still))
        return list(self.rows(query))

    @property
    def made(self) -> list[Row[Any]]:
        """The nights whose lists are made and printed as far as the database knows.

        A night that died, or is at work, has no report yet: of its files nothing can be said.
        """
        return [run for run in self.runs if run.report]

    @cached_property
    def households(self) -> pl.DataFrame:
        """Every household: shopper, bucket as it is stored, and its `own`, which it must be."""
        table = tables.Shopper
        schema: dict[str, pl.DataType] = {"shopper": pl.String(), "bucket": pl.Int16()}
        found = self.frame(select(table.id, table.bucket), schema)
        own = [calendar.bucket(shopper) for shopper in found["shopper"]]
        return found.with_columns(own=pl.Series(own, dtype=pl.Int16))

    def shown(self, path: Path) -> str:
        """A path as it counts from the house's folder, where it lies in it."""
        folder = self.settings.folder
        return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
