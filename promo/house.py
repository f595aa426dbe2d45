"""One chain's house: its settings, its database, its lake; and what the stages need from them.

The only place, beside the commands themselves, where rows become columns.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, partial
from typing import Any

import polars as pl
from sqlalchemy import BigInteger, Engine, Select, cast, func, select

from promo import database, tables
from promo.config import Settings
from promo.patience import Patience
from promo.scans import lake
from promo.shoppers import examples, households, profile_store, profiles

PRODUCT_COLUMNS = (
    "id", "category", "category_words", "department", "size", "brand", "brand_owner", "store_brand",
    "description", "no_coupon", "delisted", "cost", "margin_rate",
)  # fmt: skip
TYPES: dict[str, pl.DataType] = {
    **dict.fromkeys(("store_brand", "no_coupon", "delisted"), pl.Boolean()),
    "cost": pl.Int64(),
    "margin_rate": pl.Float64(),
}


@dataclass
class House:
    """Settings and engine of one chain; frames are read when they are first asked for."""

    settings: Settings
    engine: Engine

    @classmethod
    def open(cls, settings: Settings, *, patient: bool = False) -> "House":
        """Connect, and make sure that the schema is the one this version works on.

        patient: wait for a server that does not answer yet. Raises DatabaseError, Gone.
        """
        house = cls(settings, database.connect(settings.database_url))
        if patient and house.engine.dialect.name != "sqlite":  # a file is there or is not
            house.patience.over(partial(database.touch, house.engine))
        database.check_schema(house.engine)
        return house

    @cached_property
    def patience(self) -> Patience:
        """How work that may be done twice waits for a database that is gone."""
        return Patience(self.settings.database.wait_seconds)

    def frame(
        self, query: Select[*tuple[Any, ...]], schema: dict[str, pl.DataType]
    ) -> pl.DataFrame:
        """The rows of a query as columns, named and typed by `schema`.

        Text is sorted by the caller and not by the database: each has an order of its own for it.
        """
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return pl.DataFrame([tuple(row) for row in rows], schema=schema, orient="row")

    @cached_property
    def products(self) -> pl.DataFrame:
        """All products: PRODUCT_COLUMNS, sorted by id.

        Read from a Parquet copy in the lake, made when the table has been written anew: a
        hundred thousand rows a night through SQL would cost more than the night's forecasts.
        """
        with self.engine.connect() as connection:
            number = database.version(connection, "products")
        copy = self.settings.paths.lake / "products" / f"{number:08d}.parquet"
        if not copy.is_file() or pl.read_parquet_schema(copy).keys() != set(PRODUCT_COLUMNS):
            lake.write(copy, self._products())
        for old in copy.parent.glob("????????.parquet"):
            if old.name < copy.name:  # also where the one that wrote was killed
                old.unlink(missing_ok=True)
        return pl.read_parquet(copy)

    def _products(self) -> pl.DataFrame:
        columns = [tables.Product.__table__.c[name] for name in PRODUCT_COLUMNS]
        schema = {name: TYPES.get(name, pl.String()) for name in PRODUCT_COLUMNS}
        return self.frame(select(*columns), schema).sort("id")

    def shoppers(self, buckets: Iterable[int], day: date) -> pl.DataFrame:
        """The households of some buckets: id, name, language, suppressed, consented (on `day`)."""
        said = (
            select(
                tables.Consent.shopper,
                tables.Consent.given,
                func.row_number()
                .over(partition_by=tables.Consent.shopper, order_by=tables.Consent.day.desc())
                .label("age"),
            )
            .where(tables.Consent.purpose == "lists", tables.Consent.day <= day)
            .subquery()
        )
        query = (
            select(
                tables.Shopper.id, tables.Shopper.name, tables.Shopper.language,
                tables.Shopper.suppressed, func.coalesce(said.c.given, False),
            )
            .outerjoin(said, (said.c.shopper == tables.Shopper.id) & (said.c.age == 1))
            .where(tables.Shopper.bucket.in_(list(buckets)))
        )  # fmt: skip
        text, flag = pl.String(), pl.Boolean()
        names = {"id": text, "name": text, "language": text, "suppressed": flag, "consented": flag}
        return self.frame(query, names).sort("id")

    def redeemed(self, buckets: Iterable[int], day: date) -> pl.DataFrame:
        """Uses of our own offers before `day` that still count: shopper, day, offer, counter."""
        use, undone = tables.Redemption, select(tables.Redemption.reverses)
        query = (
            select(use.shopper, use.day, use.offer, use.counter)
            .join(tables.Shopper, tables.Shopper.id == use.shopper)
            .where(use.kind == "redeem", use.day < day, tables.Shopper.bucket.in_(list(buckets)))
            .where(use.id.not_in(undone.where(tables.Redemption.reverses.is_not(None))))
            .order_by(use.id)
        )
        text, number = pl.String(), pl.Int64()
        schema = {"shopper": text, "day": pl.Date(), "offer": text, "counter": number}
        return self.frame(query, schema)

    def uses(self, buckets: Iterable[int], day: date) -> pl.DataFrame:
        """How often households used our own offers before `day`, less what they gave back.

        Columns: shopper, offer, uses.
        """
        use, shopper = tables.Redemption, tables.Shopper
        query = (
            select(use.shopper, use.offer, cast(func.sum(use.uses), BigInteger))
            .join(shopper, shopper.id == use.shopper)
            .where(use.day < day, shopper.bucket.in_(list(buckets)))
            .group_by(use.shopper, use.offer)
        )
        schema = {"shopper": pl.String(), "offer": pl.String(), "uses": pl.Int64()}
        return self.frame(query, schema).sort("shopper", "offer")

    def store_names(self) -> dict[str, str]:
        """Every store's name, its id where it has none."""
        with self.engine.connect() as connection:
            rows = connection.execute(select(tables.Store.id, tables.Store.name))
            return {row.id: row.name or f"Store {row.id}" for row in rows}

    @property
    def last_delivery(self) -> int:
        """The newest delivery whose scans count."""
        with self.engine.connect() as connection:
            return connection.execute(select(func.max(tables.Delivery.id))).scalar() or 0

    def fold(self, buckets: Iterable[int], day: date) -> int:
        """Fold what has come since the buckets' last turn; returns the scans folded in.

        Days are kept longer than they are looked at: so that an earlier night's draft can be made
        again, and so that the examples a model learns from had as long a history as tonight's.
        """
        root, last = self.settings.paths.lake, self.last_delivery
        oldest = self.oldest_kept(day)
        return sum(n for _, n in profile_store.fold_pending(root, buckets, last, oldest))

    def oldest_kept(self, day: date) -> date:
        """The oldest day that a fold on `day` keeps in profiles."""
        keep = self.settings.profiles.keep_days + self.settings.ingest.late_days
        keep += examples.FARTHEST
        root, last = self.settings.paths.lake, self.last_delivery
        # A mistyped day in the far future must not age the profiles to nothing.
        return min(day, lake.newest_day(root, last) or day) - timedelta(keep)

    def days(self, buckets: Iterable[int], day: date, *, more: int = 0) -> pl.DataFrame:
        """Profile rows of some buckets as of the beginning of `day`, with product facts.

        `more` days are added to those kept, for a look at what was known so long before.
        """
        profile = profile_store.read(self.settings.paths.lake, buckets)
        known = profiles.as_of(profile, day, self.settings.profiles.keep_days + more)
        return households.with_products(known, self.products)
