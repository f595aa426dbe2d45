"""The live offers: those that may be printed for a window, with what is left of their budgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, func, select

from promo import tables
from promo.calendar import Window
from promo.offers import budgets, handed, worth
from promo.offers.terms import Terms

PRICES = {"product": pl.String, "price": pl.Int64}
GOODS = {"offer": pl.UInt32, "purchase": pl.Int64, "product": pl.String}


@dataclass(frozen=True)
class Typical:
    """What a piece of each product typically costs (product, price), and a point is worth."""

    prices: pl.DataFrame
    point: Decimal = Decimal(0)

    @cached_property
    def unknown(self) -> int:
        """What a piece is taken to cost whose price nobody knows: the median of all."""
        return self.prices.select(MEDIAN).item() or 0


@dataclass(frozen=True)
class Catalogue:
    """The offers that may be printed on lists for a window.

    offers: offer (row number), id, title, starts, ends, funder, objective, buy (pieces), uses_each
    (uses a list), funder_share (0 to 1), handling (minor units a use), money_left and uses_left
    (budget less what is spent), money_open and uses_open (what lists of other nights promise, in
    full), and the same promises as risk sums, money_1 to uses_22; sorted by id. spend: minor units
    to spend, 0 where pieces count. ladder: offer, loyalty, volume, worth (minor units to the
    shopper), all ten cells an offer. items: offer, product (of the first purchase); an offer on the
    whole basket has none. terms: those of each offer, in the order of `offers`. goods: offer,
    purchase, product of every purchase, those that are delisted too. typical: at which prices the
    ladder was worked out.
    """

    offers: pl.DataFrame
    ladder: pl.DataFrame
    items: pl.DataFrame
    terms: tuple[Terms, ...] = ()
    goods: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=GOODS))
    typical: Typical = field(default_factory=lambda: Typical(pl.DataFrame(schema=PRICES)))

    def categories(self, products: pl.DataFrame) -> dict[str, frozenset[str]]:
        """The categories of each offer's items, by id; products: id and category of all.

        Offers on the whole basket have none.
        """
        of_goods = products.select("category", product="id").drop_nulls()
        pairs = self.items.join(of_goods, on="product").select("offer", "category").unique()
        named = pairs.join(self.offers.select("offer", "id"), on="offer").group_by("id")
        found = named.agg("category").iter_rows()
        return {id_: frozenset(categories) for id_, categories in found}


OFFERS = {
    "id": pl.String, "title": pl.String, "starts": pl.Date, "ends": pl.Date, "funder": pl.String,
    "objective": pl.String, "buy": pl.Int64, "spend": pl.Int64, "uses_each": pl.Int64,
    "funder_share": pl.Float64, "handling": pl.Int64,
}  # fmt: skip
LADDER = {"offer": pl.UInt32, "loyalty": pl.String, "volume": pl.String, "worth": pl.Int64}
ITEMS = {"id": pl.String, "product": pl.String, "purchase": pl.Int64, "delisted": pl.Boolean}
MEDIAN = pl.col("price").median().round().cast(pl.Int64)


def live(
    connection: Connection,
    window: Window,
    night: date,
    prices: pl.DataFrame | None = None,
    *,
    again: bool = True,
    late_days: int = 0,
    point: Decimal = Decimal(0),
) -> Catalogue:
    """The offers that lists made on `night` may hold.

    Live, for print and not hard, good on every day of the window, with something left of the
    budget and, where it names products, one that is not delisted. The promises of `night` itself
    are left out when it may be made `again`. prices: product, price (minor units typically paid
    for a piece); shelf prices stand in where it is None. point: what a point is worth to a
    shopper, minor units.
    """
    offer = tables.Offer
    good = (
        (offer.state == "live") & ~offer.hard & handed.own(offer.id)
        & (offer.starts <= window.first) & (offer.ends >= window.last)
    )  # fmt: skip
    items = _items(connection, good)
    given_on = set(items.filter(pl.col("purchase") == 1, ~pl.col("delisted"))["id"])
    rows = connection.execute(select(offer.id, offer.terms).where(good)).all()
    # Sorted here: databases order text by rules of their own.
    every = {row.id: Terms.from_stored(row.terms) for row in sorted(rows, key=lambda row: row.id)}
    every = {
        name: terms
        for name, terms in every.items()
        if terms.printable and (name in given_on or not terms.named)
    }
    left = budgets.read(
        connection, list(every), night, without=night if again else None, late_days=late_days
    )
    some = pl.Series((left.money_left > 0) & (left.uses_left > 0))
    offers = _offers(list(every.values()), left).filter(some).with_row_index("offer")
    goods = items.join(offers.select("offer", "id"), on="id").sort("offer", "purchase", "product")
    pairs = goods.filter(~pl.col("delisted"))
    typical = Typical(_shelf_prices(connection, window.first) if prices is None else prices, point)
    kept = tuple(every[name] for name in offers["id"])
    first = pairs.filter(pl.col("purchase") == 1).select("offer", "product")
    ladder = _ladder(kept, pairs, typical)
    return Catalogue(offers, ladder, first, kept, goods.select(list(GOODS)), typical)


def _items(connection: Connection, good: ColumnElement[bool]) -> pl.DataFrame:
    """The products of offers: id (of the offer), product, purchase, delisted."""
    product, pair = tables.Product, tables.OfferProduct
    rows = connection.execute(
        select(pair.offer, pair.product, pair.purchase, product.delisted)
        .join(tables.Offer, tables.Offer.id == pair.offer)
        .join(product, product.id == pair.product)
        .where(good)
    )
    return pl.DataFrame(list(map(tuple, rows)), schema=ITEMS, orient="row")


def _offers(every: Sequence[Terms], left: budgets.Budgets) -> pl.DataFrame:
    facts = pl.DataFrame([_facts(terms) for terms in every], schema=OFFERS, orient="row")
    sums = zip(budgets.SUMS, left.open.columns(), strict=True)
    return facts.with_columns(
        money_left=pl.Series(left.money_left, dtype=pl.Int64),
        uses_left=pl.Series(left.uses_left, dtype=pl.Int64),
        money_open=pl.Series(left.open_money, dtype=pl.Int64),
        uses_open=pl.Series(left.open_uses, dtype=pl.Int64),
        **{name: pl.Series(values, dtype=pl.Float64) for name, values in sums},
    )


def _facts(terms: Terms) -> list[Any]:
    return [
        terms.id, terms.title, terms.starts, terms.ends, terms.funder, terms.objective,
        terms.pieces, terms.spending, terms.uses.per_list, terms.funder_share, terms.handling,
    ]  # fmt: skip


def _shelf_prices(connection: Connection, day: date) -> pl.DataFrame:
    """The regular price of the offers' products on a day, the median of the stores'."""
    shelf = tables.ShelfPrice
    offered = select(tables.OfferProduct.product)
    age = func.row_number().over(
        partition_by=(shelf.store, shelf.product), order_by=shelf.day.desc()
    )
    prices = (
        select(shelf.product, shelf.price, age.label("age"))
        .where(shelf.day <= day, shelf.product.in_(offered))
        .subquery()
    )
    rows = connection.execute(select(prices.c.product, prices.c.price).where(prices.c.age == 1))
    return pl.DataFrame(list(map(tuple, rows)), schema=PRICES, orient="row")


def _ladder(every: Sequence[Terms], pairs: pl.DataFrame, typical: Typical) -> pl.DataFrame:
    """What each offer is worth in each cell, at the median price of each purchase's products."""
    known = pairs.join(typical.prices, on="product").group_by("offer", "purchase").agg(MEDIAN)
    of_offer: dict[int, dict[int, int]] = {}
    for number, purchase, price in known.iter_rows():
        of_offer.setdefault(number, {})[purchase] = price
    rungs = [
        (number, *rung)
        for number, terms in enumerate(every)
        for rung in rungs_of(terms, of_offer.get(number, {}), typical)
    ]
    return pl.DataFrame(rungs, schema=LADDER, orient="row")


def rungs_of(
    terms: Terms, prices: Mapping[int, int], typical: Typical
) -> list[tuple[str, str, int]]:
    """Loyalty, volume and worth in all cells, where a piece of each purchase costs so much."""
    found = worth.ladder(terms, prices, unknown=typical.unknown, point=typical.point)
    return [(*cell, minor) for cell, minor in found.items()]
