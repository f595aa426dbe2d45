"""What stores carry, are out of and ask for: rows made columns, when a store is first asked for.

A night's groups of buckets share what was read. Of prices only those of the goods on offer are
read, of assortments those of stores in which somebody of the households shops.
"""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import BindParameter, Connection, bindparam, or_, select

from promo.database import CHUNK
from promo.house import House
from promo.offers.at_store import AtStore
from promo.offers.filling import Goods, Ints, Stocked
from promo.offers.live import Catalogue
from promo.offers.own_prices import Prices
from promo.offers.shelves import Ladders, Shelf, shelf, together
from promo.store_tables import EVERY_STORE, Assortment, OutOfStock, Promotion, ShelfPrice
from promo.tables import Product

STORE: BindParameter[str] = bindparam("store")
DAY: BindParameter[date] = bindparam("day")
CARRIED = (
    select(Assortment.product, Assortment.carried)
    .where(Assortment.store == STORE, Assortment.day <= DAY)
    .order_by(Assortment.product, Assortment.day)
)
OUT = select(OutOfStock.product).where(
    OutOfStock.store == STORE,
    OutOfStock.first_day <= DAY,
    or_(OutOfStock.last_day.is_(None), OutOfStock.last_day >= DAY),
)
PROMOTED = select(Promotion.product, Promotion.price).where(
    Promotion.store == STORE, Promotion.first_day <= DAY, Promotion.last_day >= DAY
)
# One step into the index a product: a store's whole history of prices is long.
NEWEST = (
    select(ShelfPrice.price)
    .where(ShelfPrice.store == STORE, ShelfPrice.product == Product.id, ShelfPrice.day <= DAY)
    .order_by(ShelfPrice.day.desc())
    .limit(1)
    .scalar_subquery()
)
ON_SHELF = select(Product.id, NEWEST).where(Product.id.in_(bindparam("some", expanding=True)))
PRICED = select(ShelfPrice.price).where(ShelfPrice.store == STORE).limit(1)


class Stocking:
    """The shelves of stores on the first day of a night's lists."""

    def __init__(self, house: House, catalogue: Catalogue, known: pl.DataFrame, day: date) -> None:
        """known: the product table as `prices.with_margins` gives it."""
        goods = Goods.of(catalogue, known, house.settings.offers.few_products)
        self.engine, self.day = house.engine, day
        self.prices = Prices.of(goods, catalogue, known)
        self.ladders = Ladders(catalogue.terms, catalogue.typical)
        self.numbers = {name: number for number, name in enumerate(known["id"])}
        self.offered = known["id"].gather(np.unique(goods.product)).to_list()
        wheres = [terms.where for terms in catalogue.terms]
        self.named = {store for where in wheres for store in (*where.stores, *where.but_not)}
        self.special: dict[str, Shelf | None] = {}
        with self.engine.connect() as connection:
            every = self._stocked(connection, EVERY_STORE)
        self.every = every
        self.any = shelf(self.prices, every)

    def at(self, households: pl.DataFrame) -> AtStore | None:
        """What the households (shopper, store) find in their stores; None: all there is."""
        stores = households["store"].unique().sort().to_list()
        with self.engine.connect() as connection:
            for store in stores:
                if store not in self.special:
                    self.special[store] = self._shelf(connection, store)
        told = {store: found for store in stores if (found := self.special[store]) is not None}
        if not told and self.any.full:
            return None
        return AtStore.of(together(told, self.any, self.ladders), households)

    def _shelf(self, connection: Connection, store: str) -> Shelf | None:
        """A store's shelf; None where it is as in any store."""
        own = self._stocked(connection, store)
        if own.silent and store not in self.named:
            return None
        return shelf(self.prices, own.beside(self.every), store)

    def _stocked(self, connection: Connection, store: str) -> Stocked:
        given = {"store": store, "day": self.day}
        newest = {row[0]: row[1] for row in connection.execute(CARRIED, given).all()}
        asked = [(row[0], row[1]) for row in connection.execute(PROMOTED, given).all()]
        asked += self._on_shelf(connection, given)
        return Stocked.of(
            self._numbers([name for name, held in newest.items() if held]) if newest else None,
            self._numbers(connection.execute(OUT, given).scalars().all()),
            self._numbers([name for name, _ in asked]),
            np.array([price for _, price in asked], dtype=np.int64),
        )

    def _on_shelf(self, connection: Connection, given: dict[str, Any]) -> Iterator[tuple[str, int]]:
        """The shelf prices of goods on offer, where the store has any."""
        if connection.execute(PRICED, given).first() is None:
            return
        for start in range(0, len(self.offered), CHUNK):
            some = self.offered[start : start + CHUNK]
            for name, price in connection.execute(ON_SHELF, given | {"some": some}).all():
                if price is not None:
                    yield name, price

    def _numbers(self, names: Sequence[str]) -> Ints:
        return np.array([self.numbers[name] for name in names], dtype=np.int64)
