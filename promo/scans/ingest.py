"""A delivery: checked, freed of repeats, written to the lake and committed as a whole."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import Connection, Engine, func, insert, select

from promo import calendar, tables
from promo.config import Settings
from promo.database import upsert
from promo.files import replacing
from promo.scans import canonical, forgotten, lake, masters
from promo.scans.canonical import IDENTITY, SCHEMA, TRANSACTION
from promo.scans.columns import LINE, REJECT_SCHEMA, rejects
from promo.scans.item_codes import layouts_of
from promo.scans.report import Report
from promo.scans.sources import Batch, SourceError

CONTENT = list(SCHEMA)
OTHER = (
    "a store/till/day/transaction/line that did not come before with other content; to correct "
    "what came, send its whole transaction with the option --corrects"
)
SETTLED = (
    "a line of a transaction that no correction has replaced; to change it again, send it whole "
    "with the option --corrects"
)


class Delivery:
    """The lines of one file on their way into the lake."""

    def __init__(
        self, settings: Settings, connection: Connection, report: Report, *, history: bool
    ) -> None:
        self.settings, self.connection, self.report = settings, connection, report
        last = connection.execute(select(func.max(tables.Delivery.id))).scalar() or 0
        lake.discard_uncommitted(settings.paths.lake, last)
        self.number = report.delivery = last + 1
        stores = frozenset(connection.execute(select(tables.Store.id)).scalars())
        newest = lake.newest_day(settings.paths.lake)
        late = timedelta(settings.ingest.late_days)
        self.oldest = newest - late if newest and not history else date.min
        self.rules = canonical.rules(settings, stores, settings.current_day())
        self.layouts = layouts_of(settings.checkout.item_codes)
        self.products = _column(connection, tables.Product.id)
        self.cards = _cards(connection)
        self.forgotten = forgotten.Forgotten(connection)
        self.unknown: list[pl.DataFrame] = []
        self.new_cards: set[str] = set()

    def take(self, number: int, batch: Batch) -> None:
        """Check one batch and write its good lines as parts that do not count yet."""
        report = self.report
        good, faults = self._checked(batch)
        for (day,), lines in good.group_by("business_day", maintain_order=True):
            assert isinstance(day, date)
            new, refused, unknown = self._new(day, lines)
            faults.append(refused)
            self.unknown.append(batch.placed(unknown))
            if new.height:
                path = lake.part_path(self.settings.paths.lake, day, self.number, number)
                lake.write(path, self._stored(new))
        self._link(number, batch)
        report.add_batch(batch)
        report.add_faults(pl.concat(faults), batch)

    def _link(self, number: int, batch: Batch) -> None:
        """Write which transactions void which, as parts that do not count yet."""
        root = self.settings.paths.lake
        for some in [] if batch.voids is None else batch.voids.partition_by("business_day"):
            day = some["business_day"][0]
            lake.write(lake.voided_path(root, day, self.number, number), some)

    def _checked(self, batch: Batch) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
        """The good lines of a batch, with `_line` and CONTENT; and its faults."""
        checked = canonical.read(batch.frame, self.rules, self.layouts, self.report.source)
        return self.forgotten.taken_out(checked.good), [batch.rejects, checked.rejects]

    def _new(
        self, day: date, lines: pl.DataFrame
    ) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        """Lines not seen before; rejects: too late, or seen with another content; and notices."""
        parts = lake.day_parts(self.settings.paths.lake, day)
        seen = lake.read_alike(parts, lines.select(IDENTITY)).select(CONTENT)
        fresh = lines.unique(CONTENT, keep="first", maintain_order=True).join(
            seen, on=CONTENT, how="anti", nulls_equal=True, maintain_order="left"
        )
        self.report.repeats += lines.height - fresh.height
        first = fresh.unique(IDENTITY, keep="first", maintain_order=True)
        new = first.join(seen, on=IDENTITY, how="anti", maintain_order="left")
        other = fresh.join(new, on=LINE, how="anti", maintain_order="left")
        settled = new.join(
            lake.corrected(self.settings.paths.lake, day), on=TRANSACTION, how="semi"
        )
        new = new.join(settled, on=LINE, how="anti", maintain_order="left")
        refused = [self._conflicts(other), self._settled(settled)]
        if day < self.oldest:
            refused.append(self._too_late(new))
            new = new.clear()
        found = pl.concat(refused)
        lines = lines.join(found, left_on=LINE, right_on="line", how="anti", maintain_order="left")
        self._count(day, new)
        return new, found, self._lacking(lines)

    def _conflicts(self, lines: pl.DataFrame) -> pl.DataFrame:
        return rejects(
            lines.select(LINE, value=pl.concat_str(IDENTITY, separator="/")),
            "line",
            pl.lit(OTHER),
            self.report.source,
        )

    def _settled(self, lines: pl.DataFrame) -> pl.DataFrame:
        return rejects(
            lines.select(LINE, value=pl.concat_str(TRANSACTION, separator="/")),
            "transaction",
            pl.lit(SETTLED),
            self.report.source,
        )

    def _too_late(self, lines: pl.DataFrame) -> pl.DataFrame:
        return rejects(
            lines.select(LINE, value=pl.col("business_day").cast(pl.String)),
            "business_day",
            pl.lit(f"{self.oldest} or later (ingest.late_days), or the option --history"),
            self.report.source,
        )

    def _lacking(self, kept: pl.DataFrame) -> pl.DataFrame:
        """Notices of products nobody knows; of repeats too, so that they come again as well."""
        lacking = kept.filter(~pl.col("product").is_in(self.products.implode()))
        lines = lacking.select(LINE, value="product")
        return rejects(lines, "product", pl.lit(UNKNOWN), self.report.source)

    def _count(self, day: date, new: pl.DataFrame) -> None:
        """Count the new lines, and the cards that came for the first time."""
        self.report.rows += new.height
        if new.height:
            self._touch(day)
        cards = new["card"].drop_nulls().unique()
        self.new_cards |= set(cards.filter(~cards.is_in(self.cards["card"].implode())))

    def _touch(self, day: date) -> None:
        """Widen the days that the delivery changes."""
        self.report.first_day = min(self.report.first_day or day, day)
        self.report.last_day = max(self.report.last_day or day, day)

    def _stored(self, new: pl.DataFrame) -> pl.DataFrame:
        """Add household and bucket; a card nobody registered yet is a household of its own."""
        fresh = pl.DataFrame({"card": sorted(self.new_cards)}, schema={"card": pl.String})
        fresh = fresh.with_columns(shopper=pl.col("card").map_elements(_household_of, pl.String))
        cards = pl.concat([self.cards, _with_buckets(fresh)])
        joined = new.join(cards.unique("card", keep="first"), on="card", how="left")
        return (
            joined.with_columns(pl.col("bucket").fill_null(lake.NO_BUCKET))
            .select(list(lake.STORED))
            .sort("bucket", "shopper", *IDENTITY)
        )

    def finish(self) -> None:
        """Commit the delivery, or take its parts away again when too much was rejected."""
        report = self.report
        report.unknown_products = sum(f.height for f in self.unknown)
        if report.too_many_rejects(self.settings.ingest.max_reject_rate):
            report.refuse()
            lake.discard_uncommitted(self.settings.paths.lake, self.number - 1)
            return
        self._register_cards()
        if newest := lake.newest_day(self.settings.paths.lake):
            forgotten.sweep(self.connection, newest)
        notices = f"{_stem(report)}.notices"
        report.notices_file = _write_rejects(self.settings, notices, self.unknown)
        self.connection.execute(
            insert(tables.Delivery).values(
                id=self.number,
                source=report.source,
                first_day=report.first_day,
                last_day=report.last_day,
                rows=report.rows,
                repeats=report.repeats,
                rejects=report.rejects,
            )
        )

    def _register_cards(self) -> None:
        self.report.new_cards = len(self.new_cards)
        cards = sorted(self.new_cards)
        known = set(_column(self.connection, tables.Shopper.id)) if cards else set()
        households = [
            {
                "id": _household_of(card),
                "bucket": calendar.bucket(_household_of(card)),
                "name": None,
                "language": "en",
                "suppressed": False,
            }
            for card in cards
            if _household_of(card) not in known
        ]
        upsert(self.connection, tables.Shopper, households)
        registered = [{"card": card, "shopper": _household_of(card)} for card in cards]
        upsert(self.connection, tables.Card, registered)


def _household_of(card: str) -> str:
    """The household of a card nobody registered: never the id of one that somebody did."""
    return f"card:{card}"


UNKNOWN = "a product in the product table; the line is in, and counts by category once it is there"


def _column(connection: Connection, column: object) -> pl.Series:
    values = connection.execute(select(column)).scalars()  # type: ignore[call-overload]
    return pl.Series(list(values), dtype=pl.String)


def _cards(connection: Connection) -> pl.DataFrame:
    rows = connection.execute(select(tables.Card.card, tables.Card.shopper)).all()
    schema = {"card": pl.String, "shopper": pl.String}
    return _with_buckets(pl.DataFrame(list(map(tuple, rows)), schema=schema, orient="row"))


def _with_buckets(cards: pl.DataFrame) -> pl.DataFrame:
    buckets = [calendar.bucket(shopper) for shopper in cards["shopper"]]
    return cards.with_columns(bucket=pl.Series(buckets, dtype=pl.Int16))


def ingest_scans(
    settings: Settings,
    engine: Engine,
    source: str,
    batches: Iterable[Batch],
    *,
    history: bool = False,
    kind: type[Delivery] = Delivery,
) -> Report:
    """Take a till log into the lake. `history` lets lines in however old they are.

    Raises what `batches` raises: nothing of the source is in then.
    """
    report = Report(source, "scans")
    with engine.begin() as connection:
        delivery = kind(settings, connection, report, history=history)
        try:
            for number, batch in enumerate(batches):
                delivery.take(number, batch)
        except SourceError:
            lake.discard_uncommitted(settings.paths.lake, delivery.number - 1)
            raise
        delivery.finish()
    report.rejects_file = _write_rejects(settings, _stem(report), report.faults)
    return report


def ingest_master(
    settings: Settings, engine: Engine, table: str, source: str, batches: Iterable[Batch]
) -> Report:
    """Take a file of master data into its table."""
    report, moved = Report(source, table), list[pl.DataFrame]()
    layouts = layouts_of(settings.checkout.item_codes)
    with engine.connect() as connection, connection.begin() as transaction:
        for batch in batches:
            checked = masters.check_master(connection, table, batch.frame, source, layouts)
            if table == "cards":
                moved.append(masters.moved_cards(connection, checked.good, source))
            masters.store_master(connection, table, checked.good)
            report.add_batch(batch)
            report.rows += checked.good.height
            report.add_faults(pl.concat([batch.rejects, checked.rejects]), batch)
        if report.too_many_rejects(settings.ingest.max_reject_rate):
            report.refuse()
            transaction.rollback()
            moved = []
    report.moved_cards = sum(map(len, moved))
    if table == "cards":
        report.notices_file = _write_rejects(settings, f"{_stem(report)}.notices", moved)
    report.rejects_file = _write_rejects(settings, _stem(report), report.faults)
    return report


def in_batches(frame: pl.DataFrame, rows: int = 500_000) -> Iterator[Batch]:
    """A frame with `_line` as the batches of a source."""
    for piece in frame.iter_slices(rows):
        yield Batch(piece, pl.DataFrame(schema=REJECT_SCHEMA), piece.height)


def _stem(report: Report) -> str:
    """What a file of rejects is called: a later delivery of the same name gets another one."""
    number = f"-{report.delivery:06d}" if report.delivery else ""
    return f"{report.table}{number}-{Path(report.source).stem}"


def _write_rejects(settings: Settings, stem: str, faults: list[pl.DataFrame]) -> Path | None:
    """Write what was set aside, or remove the file that an earlier try of the source left."""
    path = settings.paths.state / "rejects" / f"{stem}.csv"
    found = pl.concat([pl.DataFrame(schema=REJECT_SCHEMA), *faults])
    if not found.height:
        path.unlink(missing_ok=True)
        return None
    with replacing(path) as temporary:
        found.sort("line", maintain_order=True).write_csv(temporary)
    return path
