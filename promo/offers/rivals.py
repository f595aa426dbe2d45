"""Rivals: offers that never stand on one list, because one of them asks for it."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from promo.offers.live import Catalogue

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


def _by_brand(catalogue: Catalogue, known: pl.DataFrame) -> dict[str, set[int]]:
    """The offers that have a product of a brand, by brand."""
    branded = (
        catalogue.items.join(known.select("id", "brand"), left_on="product", right_on="id")
        .drop_nulls("brand")
        .group_by("brand")
        .agg(pl.col("offer").unique())
    )
    return {brand: set(offers) for brand, offers in branded.iter_rows()}
