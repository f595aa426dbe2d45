"""What a pack takes from head office's database: one query for each of its tables."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Select,
    Text,
    and_,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from promo import tables
from promo.checkout.pack.layout import PER_KEY, list_id
from promo.database import CHUNK

Value = TypeVar("Value")
HEAD = ("key_id", "counter", "night", "store", "first_day", "last_day", "worth", "issue", "shopper")
Rows = Iterator[Any]  # of named columns
STREAM = 5000  # rows in memory at a time
LIST, RUN, CARD = (
    tables.ShopperList.__table__.c, tables.Run.__table__.c, tables.Card.__table__.c,
)  # fmt: skip
CONTENT = cast(LIST.content, Text).label("content")
OFFER, EVENT = tables.Offer.__table__.c, tables.OfferEvent.__table__.c
PRODUCT, KEY = tables.Product.__table__.c, tables.StoreKey.__table__.c
USE = tables.Redemption.__table__.c
OF_USE = aliased(tables.Redemption)


@dataclass(frozen=True)
class Scope:
    """Whose pack: a region's stores, None for all; and which day it is there."""

    region: str
    stores: tuple[str, ...] | None
    day: date
    past_days: int  # that offers which are over stay, so that it can be said of coupons

    def in_force(self) -> Any:
        """Lists that are good on the day or will be."""
        return and_(LIST.last_day >= self.day, self.of(LIST.store))

    def of(self, store: Any) -> Any:
        """Rows of the region's stores."""
        return store.in_(self.stores) if self.stores is not None else store.is_not(None)


def _stream(connection: Connection, query: Select[*tuple[Any, ...]]) -> Rows:
    """The rows of a query, some at a time, however many there are."""
    found = connection.execution_options(yield_per=STREAM).execute(query)
    for some in found.partitions():
        yield from some


def heads(connection: Connection, scope: Scope) -> Rows:
    """Lists by key id and counter: the columns of HEAD and their nights' states, no contents."""
    return _stream(connection, _lists(scope))


def lists(connection: Connection, scope: Scope) -> Rows:
    """The same with their contents, as JSON text."""
    return _stream(connection, _lists(scope).add_columns(CONTENT))


def _lists(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(*(LIST[name] for name in HEAD), RUN.state)
        .join(tables.Run, RUN.night == LIST.night)
        .where(scope.in_force())
        .order_by(LIST.key_id, LIST.counter)
    )


def contents(connection: Connection, ids: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Contents by ids, as promo.checkout.pack.layout.list_id makes them, in their order."""
    for key_id, group in groupby(ids, key=lambda each: each // PER_KEY):
        query = select(LIST.counter, CONTENT).where(LIST.key_id == key_id).order_by(LIST.counter)
        for some in chunks([each % PER_KEY for each in group]):
            for counter, content in connection.execute(query.where(LIST.counter.in_(some))):
                yield list_id(key_id, counter), content


def cards(connection: Connection, scope: Scope) -> Rows:
    """Card, key id and counter of each list that a card opens."""
    return _stream(
        connection,
        select(CARD.card, LIST.key_id, LIST.counter)
        .join(tables.ShopperList, LIST.shopper == CARD.shopper)
        .where(scope.in_force()),
    )


def offers(connection: Connection, scope: Scope, listed: Iterable[str]) -> Rows:
    """Offers on lists in force and those that may be handed over, with what was said of a stop."""
    plain = [column for column in OFFER if column.name != "terms"]
    query = (
        select(*plain, cast(OFFER.terms, Text).label("terms"), EVENT.sentence)
        .outerjoin(tables.OfferEvent, and_(EVENT.offer == OFFER.id, EVENT.kind == "stopped"))
        .order_by(OFFER.id, EVENT.id)
    )
    since = scope.day - timedelta(scope.past_days)
    yield from _stream(connection, query.where(OFFER.ends >= since))
    for some in chunks(sorted(listed)):
        yield from connection.execute(query.where(OFFER.id.in_(some), OFFER.ends < since))


def uses(connection: Connection, scope: Scope, offers: Iterable[str]) -> Rows:
    """Rows of `redemptions` of some offers by households with lists; `on`: the day they count for.

    What is taken back counts for the day of its use: see promo.checkout.holding.
    """
    names = ("kind", "offer", "key_id", "counter", "shopper", "store", "till", "day")
    query = (
        select(*(USE[name] for name in (*names, "transaction", "number", "uses", "promised")),
               func.coalesce(OF_USE.day, USE.day).label("on"))
        .outerjoin(OF_USE, OF_USE.id == USE.reverses)
        .where(exists().where(LIST.shopper == USE.shopper, scope.in_force()))
    )  # fmt: skip
    for some in chunks(sorted(offers)):
        yield from _stream(connection, query.where(USE.offer.in_(some)))


def hard_uses(connection: Connection, scope: Scope, offers: Iterable[str]) -> Rows:
    """What names the rows of `redemptions` of hard offers at the region's stores, whoever's."""
    names = ("store", "till", "day", "transaction", "kind", "offer", "number")
    query = select(*(USE[name] for name in names)).join(tables.Offer, OFFER.id == USE.offer)
    query = query.where(OFFER.hard, scope.of(USE.store))
    for some in chunks(sorted(offers)):
        yield from _stream(connection, query.where(USE.offer.in_(some)))


def offer_products(connection: Connection, offers: Iterable[str]) -> Rows:
    """Offer, product and purchase."""
    table = tables.OfferProduct
    for some in chunks(sorted(offers)):
        query = select(table.offer, table.product, table.purchase).where(table.offer.in_(some))
        yield from _stream(connection, query)


def hard_counters(connection: Connection) -> Rows:
    """Offer, uses and money of hard offers."""
    table = tables.OfferCounter
    query = select(table.offer, table.uses, table.money).join(tables.Offer, OFFER.id == table.offer)
    return _stream(connection, query.where(OFFER.hard))


def excluded(connection: Connection, never: Iterable[str]) -> Rows:
    """Products that no offer may touch; never: categories."""
    where = or_(PRODUCT.no_coupon, PRODUCT.category.in_(sorted(never)))
    return _stream(connection, select(PRODUCT.id).where(where))


def stores(connection: Connection, scope: Scope) -> Rows:
    """The region's stores."""
    table = tables.Store
    query = select(table.id, table.name, table.gln, table.time_zone, table.language)
    return _stream(connection, query.where(scope.of(table.id)).order_by(table.id))


def store_keys(connection: Connection, scope: Scope) -> Rows:
    """Keys of the region's stores: hashes, never a secret."""
    return _stream(connection, select(*KEY).where(scope.of(KEY.store)).order_by(KEY.id))


def families(connection: Connection) -> Rows:
    """Makers' families: prefix, family, product."""
    table = tables.CouponFamily
    return _stream(connection, select(table.prefix, table.family, table.product))


def serials(connection: Connection) -> Rows:
    """Serial numbers that are used for good: coupon and serial."""
    table = tables.CouponSerial
    query = select(table.coupon, table.serial).where(table.until.is_(None))
    return _stream(connection, query)


def chunks(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Some values at a time: a statement takes only so many."""
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


def instant(at: datetime | None) -> str | None:
    """An instant as text, in UTC."""
    return None if at is None else at.isoformat()
