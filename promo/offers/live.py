"""The live offers: those good for the whole of a window, with what is left of their budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, select

from promo import tables
from promo.calendar import Window


@dataclass(frozen=True)
class Catalogue:
    """The offers good on every day of a window, with what is left of their budgets.

    offers: offer (row number), id, title, ends, funder, objective, buy, funder_share, handling
    (minor units a use), money_left, uses_left, sorted by id; ladder: offer, loyalty, volume, worth
    (minor units); items: offer (row number in `offers`), product.
    """

    offers: pl.DataFrame
    ladder: pl.DataFrame
    items: pl.DataFrame


OFFERS = {
    "id": pl.String, "title": pl.String, "ends": pl.Date, "funder": pl.String,
    "objective": pl.String, "buy": pl.Int64, "funder_share": pl.Float64, "handling": pl.Int64,
    "money_left": pl.Int64, "uses_left": pl.Int64,
}  # fmt: skip

LADDER = {"offer": pl.UInt32, "loyalty": pl.String, "volume": pl.String, "worth": pl.Int64}


def live(connection: Connection, window: Window, night: object) -> Catalogue:
    """Offers good for the whole window, on products that are not delisted.

    Promises of other nights are held against the budgets.
    A promise is held in full and for good, as if every list were redeemed: nothing counts yet
    what was, so nothing may be released.
    """
    offer, promise = tables.Offer, tables.Promise
    good = (offer.starts <= window.first) & (offer.ends >= window.last)
    held = {
        row.offer: (row.money, row.uses)
        for row in connection.execute(
            select(
                promise.offer,
                func.sum(promise.money).label("money"),
                func.sum(promise.uses).label("uses"),
            )
            .where(promise.night != night)
            .group_by(promise.offer)
        )
    }
    found_rows = connection.execute(select(offer.__table__).where(good).order_by(offer.id)).all()
    rows = [_row(found, *held.get(found.id, (0, 0))) for found in found_rows]
    offers = pl.DataFrame(rows, schema=OFFERS, orient="row").with_row_index("offer")
    delisted = select(tables.Product.id).where(tables.Product.delisted)
    items = connection.execute(
        select(tables.OfferProduct.offer, tables.OfferProduct.product)
        .join(offer, offer.id == tables.OfferProduct.offer)
        .where(good, tables.OfferProduct.product.not_in(delisted))
    ).all()
    pairs = pl.DataFrame(
        list(map(tuple, items)), schema={"id": pl.String, "product": pl.String}, orient="row"
    )
    found = pairs.join(offers, on="id").select("offer", "product")
    return Catalogue(offers, _ladder(found_rows), found.sort("offer", "product"))


def _row(offer: Any, money_held: int, uses_held: int) -> list[Any]:
    return [
        offer.id, offer.terms["title"], offer.ends, offer.funder, offer.objective,
        offer.terms["buy"], 1.0, 0,
        offer.budget_money - int(money_held), offer.budget_redemptions - int(uses_held),
    ]  # fmt: skip


def _ladder(rows: Sequence[Any]) -> pl.DataFrame:
    cells = [(loyalty, volume) for loyalty in ("national", "store_brand", "switcher")
             for volume in ("heavy", "medium", "light")]  # fmt: skip

    def least(row: Any) -> int:
        return int(row.terms["amount_off"]["light"])

    rungs = [
        (number, loyalty, volume, row.terms["amount_off"].get(volume, least(row)))
        for number, row in enumerate(rows)
        for loyalty, volume in [*cells, ("unknown", "none")]
    ]  # fmt: skip
    return pl.DataFrame(rungs, schema=LADDER, orient="row")
