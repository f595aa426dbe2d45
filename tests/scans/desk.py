"""A desk where till logs are taken in, and lines to take in; for tests."""

import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import polars as pl
from sqlalchemy import Engine, delete, func, select

from promo import calendar, tables
from promo.config import Settings
from promo.database import upsert
from promo.scans import lake
from promo.scans.canonical import COLUMNS, IDENTITY
from promo.scans.corrections import ingest_corrections
from promo.scans.ingest import ingest_scans
from promo.scans.report import Report
from promo.scans.sources import Batch, read

DAY = date(2017, 11, 6)
BEANS, TEA, UNKNOWN = "614141000036", "96385074", "4006381333931"
FIELDS = {
    "at": "2017-11-06T17:03:59",
    "store": "1",
    "till": "3",
    "business_day": "2017-11-06",
    "transaction": "1",
    "line": "0",
    "card": "9001",
    "product": BEANS,
    "domain": "gtin",
    "quantity": "2",
    "unit": "each",
    "paid": "398",
    "regular": "498",
    "store_discount": "100",
    "manufacturer_discount": "0",
}
HEADER = ",".join(FIELDS)


def scan(number: int = 0, day: date = DAY, /, **changes: str) -> str:
    """One line of a till log, the `number`th of its transaction."""
    own = {"line": str(number), "business_day": f"{day}", "at": f"{day}T17:03:59"}
    return ",".join((FIELDS | own | changes).values())


class Desk:
    """Takes till logs in, and looks at what became of them."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings, self.engine = settings, engine
        self.root = settings.paths.lake
        with engine.begin() as connection:
            for name in ("1", "2"):
                store = {"id": name, "name": None, "gln": None, "time_zone": "UTC"}
                upsert(connection, tables.Store, [store | {"language": "en"}])
            for code in (BEANS, TEA):
                upsert(connection, tables.Product, [product(code)])
            upsert(connection, tables.Shopper, [shopper("100")])
            upsert(connection, tables.Card, [{"card": "9001", "shopper": "100"}])

    def file(self, lines: Iterable[str | bytes], name: str = "scans.csv") -> Path:
        path = self.settings.folder / name
        rows = [row if isinstance(row, bytes) else row.encode() for row in lines]
        path.write_bytes(b"\n".join([HEADER.encode(), *rows]) + b"\n")
        return path

    def take(
        self, lines: Iterable[str | bytes], name: str = "scans.csv", **options: bool
    ) -> Report:
        return self.feed(read(self.file(lines, name), COLUMNS), name, **options)

    def correct(
        self, lines: Iterable[str | bytes], name: str = "corrected.csv", **options: bool
    ) -> Report:
        return self.take(lines, name, corrects=True, **options)

    def feed(
        self,
        batches: Iterable[Batch],
        name: str = "scans.csv",
        *,
        history: bool = False,
        corrects: bool = False,
    ) -> Report:
        taking = ingest_corrections if corrects else ingest_scans
        return taking(self.settings, self.engine, name, batches, history=history)

    @property
    def scans(self) -> pl.DataFrame:
        """What the lake holds, whatever part it is in."""
        return lake.read_parts(lake.parts(self.root)).sort(IDENTITY)

    def deliveries(self) -> list[int]:
        with self.engine.connect() as connection:
            return list(connection.execute(select(tables.Delivery.id).order_by("id")).scalars())

    def count(self, table: type[tables.Base]) -> int:
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar() or 0

    def empty(self) -> None:
        """Back to the day before the first delivery."""
        shutil.rmtree(self.root, ignore_errors=True)
        with self.engine.begin() as connection:
            connection.execute(delete(tables.Delivery))


def product(code: str) -> dict[str, object]:
    empty = dict.fromkeys(tables.Product.__table__.columns.keys())
    flags = dict.fromkeys(("store_brand", "no_coupon", "delisted"), False)
    own = {"id": f"gtin:{code.zfill(14)}", "domain": "gtin", "code": code, "description": "x"}
    return empty | flags | own


def shopper(name: str) -> dict[str, object]:
    own = {"id": name, "bucket": calendar.bucket(name), "name": "Ann Smith"}
    return own | {"language": "es", "suppressed": True}


def written(path: Path | None) -> list[tuple[str, int, str, str, str]]:
    """The rows of a file of rejects or notices."""
    assert path
    found = pl.read_csv(path, schema_overrides={"value": pl.String}).fill_null("")
    return found.select("file", "line", "field", "value", "expected").rows()


def lenient_settings(settings: Settings) -> Settings:
    """Those of a house that takes a file in however many of its lines are broken."""
    ingest = settings.ingest.model_copy(update={"max_reject_rate": 1.0})
    return settings.model_copy(update={"ingest": ingest})
