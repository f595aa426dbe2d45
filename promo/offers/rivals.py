"""Rivals: offers that never stand on one list, because one of them asks for it."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from promo import tables
from promo.database import CHUNK
from promo.offers.live import Catalogue
from promo.offers.terms import Terms

Ints = NDArray[np.int64]


def pairs(catalogue: Catalogue, known: pl.DataFrame) -> Ints:
    """Row numbers of rival offers, shape (m, 2), each pair once and the lower number first.

    An offer names its rivals by funder, by offer, or by a brand among the products of the other;
    it is no rival of itself. known: the product table (id, brand).
    """
    funders = catalogue.offers["funder"].to_list()
    number = {name: row for row, name in enumerate(catalogue.offers["id"])}
    named = [terms.rivals for terms in catalogue.terms]
    sellers = _by_brand(catalogue, known) if any(rivals.brands for rivals in named) else {}
    found = set[tuple[int, int]]()
    for row, rivals in enumerate(named):
        others = {number[name] for name in rivals.offers if name in number}
        others |= {other for other, name in enumerate(funders) if name in rivals.funders}
        for brand in rivals.brands:
            others |= sellers.get(brand, set())
        found |= {(min(row, other), max(row, other)) for other in others - {row}}
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 2)


def stored(connection: Connection, names: Iterable[str]) -> Catalogue:
    """Offers as `pairs` asks for them, live or not: id and funder, first products, terms."""
    wanted = sorted(set(names))
    offer, pair = tables.Offer, tables.OfferProduct
    rows, goods = list[Any](), list[Any]()
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        rows += connection.execute(
            select(offer.id, offer.funder, offer.terms).where(offer.id.in_(some))
        ).all()
        first = (pair.purchase == 1) & pair.offer.in_(some)
        goods += connection.execute(select(pair.offer, pair.product).where(first)).all()
    rows.sort(key=lambda row: row.id)
    text = pl.String()
    offers = pl.DataFrame(
        [(row.id, row.funder) for row in rows], {"id": text, "funder": text}, orient="row"
    ).with_row_index("offer")
    items = pl.DataFrame(list(map(tuple, goods)), {"id": text, "product": text}, orient="row")
    placed = items.join(offers, on="id").select("offer", "product")
    terms = tuple(Terms.from_stored(row.terms) for row in rows)
    return Catalogue(offers, pl.DataFrame(), placed, terms)


def _by_brand(catalogue: Catalogue, known: pl.DataFrame) -> dict[str, set[int]]:
    """The offers that have a product of a brand, by brand."""
    branded = (
        catalogue.items.join(known.select("id", "brand"), left_on="product", right_on="id")
        .drop_nulls("brand")
        .group_by("brand")
        .agg(pl.col("offer").unique())
    )
    return {brand: set(offers) for brand, offers in branded.iter_rows()}
