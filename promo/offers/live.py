"""The live offers: those that may be printed for a window, with what is left of their budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, select

from promo import tables
from promo.calendar import Window
from promo.offers import budgets


@dataclass(frozen=True)
class Catalogue:
    """The offers that may be printed on lists for a window.

    offers: offer (row number), id, title, starts, ends, funder, objective, buy (pieces), uses_each
    (uses a list), funder_share (0 to 1), money_left and uses_left (budget less what is spent),
    money_open and uses_open (what lists of other nights promise, in full), and the same promises
    as risk sums, money_1 to uses_22; sorted by id. ladder: offer, loyalty, volume, worth (minor
    units to the shopper), all ten cells an offer. items: offer, product (of the first purchase).
    """

    offers: pl.DataFrame
    ladder: pl.DataFrame
    items: pl.DataFrame


OFFERS = {
    "id": pl.String, "title": pl.String, "starts": pl.Date, "ends": pl.Date, "funder": pl.String,
    "objective": pl.String, "buy": pl.Int64, "uses_each": pl.Int64, "funder_share": pl.Float64,
}  # fmt: skip
LADDER = {"offer": pl.UInt32, "loyalty": pl.String, "volume": pl.String, "worth": pl.Int64}


def live(
    connection: Connection,
    window: Window,
    night: date,
    prices: pl.DataFrame | None = None,
    *,
    late_days: int = 0,
) -> Catalogue:
    """The offers that lists made on `night` may hold.

    Live, not hard, for print, good on every day of the window, with something left of the budget
    and a product that is not delisted. The promises of `night` itself are left out: it may be made
    again. prices: product, price (minor units typically paid for a piece), or None.
    """
    offer = tables.Offer
    good = (
        (offer.state == "live") & ~offer.hard
        & (offer.starts <= window.first) & (offer.ends >= window.last)
    )  # fmt: skip
    items = _items(connection, good)
    found = connection.execute(select(offer.__table__).where(good).order_by(offer.id)).all()
    names = set(items["id"])
    rows = [row for row in found if row.id in names]
    left = budgets.read(
        connection, [row.id for row in rows], night, without=night, late_days=late_days
    )
    some = ((left.money_left > 0) & (left.uses_left > 0)).tolist()
    offers = _offers(rows, left).filter(pl.Series(some, dtype=pl.Boolean)).with_row_index("offer")
    kept = [row for row, has in zip(rows, some, strict=True) if has]
    pairs = items.join(offers, on="id").select("offer", "product").sort("offer", "product")
    return Catalogue(offers, _ladder(kept), pairs)


def _items(connection: Connection, good: ColumnElement[bool]) -> pl.DataFrame:
    """Products of the first purchase that are not delisted: id (of the offer), product."""
    product, pair = tables.Product, tables.OfferProduct
    rows = connection.execute(
        select(pair.offer, pair.product)
        .join(tables.Offer, tables.Offer.id == pair.offer)
        .join(product, product.id == pair.product)
        .where(good, pair.purchase == 1, ~product.delisted)
    )
    schema = {"id": pl.String, "product": pl.String}
    return pl.DataFrame(list(map(tuple, rows)), schema=schema, orient="row")


def _offers(rows: Sequence[Any], left: budgets.Budgets) -> pl.DataFrame:
    facts = pl.DataFrame([_facts(row) for row in rows], schema=OFFERS, orient="row")
    sums = zip(budgets.SUMS, left.open.columns(), strict=True)
    return facts.with_columns(
        money_left=pl.Series(left.money_left, dtype=pl.Int64),
        uses_left=pl.Series(left.uses_left, dtype=pl.Int64),
        money_open=pl.Series(left.open_money, dtype=pl.Int64),
        uses_open=pl.Series(left.open_uses, dtype=pl.Int64),
        **{name: pl.Series(values, dtype=pl.Float64) for name, values in sums},
    )


def _facts(row: Any) -> list[Any]:
    return [
        row.id, row.terms["title"], row.starts, row.ends, row.funder, row.objective,
        row.terms["buy"], 1, 1.0,
    ]  # fmt: skip


def _ladder(rows: Sequence[Any]) -> pl.DataFrame:
    volumes = {"heavy": "heavy", "medium": "medium", "light": "light"}
    cells = [(loyalty, volume) for loyalty in ("national", "store_brand", "switcher")
             for volume in volumes]  # fmt: skip
    rungs = [
        (number, loyalty, volume, row.terms["amount_off"][volumes.get(volume, "light")])
        for number, row in enumerate(rows)
        for loyalty, volume in [*cells, ("unknown", "none")]
    ]
    return pl.DataFrame(rungs, schema=LADDER, orient="row")
