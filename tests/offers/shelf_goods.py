"""Offers and their goods for tests of what stores have: products a to f, a category each two."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from offers.written import terms
from promo.offers.filling import Flags, Goods, Ints, Stocked
from promo.offers.live import GOODS, PRICES, Catalogue, Typical
from promo.offers.own_prices import Prices

NAMES = "abcdef"
CATEGORIES = ("MILK", "MILK", "SALT", "SALT", "TEA", None)


def known(delisted: str = "", **prices: float) -> pl.DataFrame:
    """The product table; a margin of 10, sold 9 times, where a price is known."""
    return pl.DataFrame(
        [(n, c, n in delisted, prices.get(n), 10.0 if n in prices else None, 9)
         for n, c in zip(NAMES, CATEGORIES, strict=True)],
        {"id": pl.String, "category": pl.String, "delisted": pl.Boolean, "price": pl.Float64,
         "margin": pl.Float64, "sold": pl.Int64}, orient="row",
    )  # fmt: skip


def catalogue(
    *goods: Sequence[str], typical: Mapping[str, int] | None = None, **changes: Any
) -> Catalogue:
    """Offers by the goods of their purchases, such as ["ab", "c"]: 1.00 off, or as changes say."""
    every = []
    for number, purchases in enumerate(goods):
        more = {
            name: {"brands": ["Acme"], "called": "any"}
            for name, _ in zip(("second", "third"), purchases[1:], strict=False)
        }
        first = {"products": [], "brands": ["Acme"]}
        every.append(terms(id=f"o{number}", **(first | more | changes)))
    rows = [(o, n, p) for o, parts in enumerate(goods) for n, some in enumerate(parts, 1)
            for p in some]  # fmt: skip
    table = pl.DataFrame(list((typical or {}).items()), PRICES, orient="row")
    offers = pl.DataFrame({"id": [each.id for each in every]}).with_row_index("offer")
    pairs = pl.DataFrame(rows, GOODS, orient="row")
    items = pairs.filter(pl.col("purchase") == 1).select("offer", "product")
    return Catalogue(offers, pl.DataFrame(), items, tuple(every), pairs, Typical(table))


def goods_of(offers: Catalogue, few: int = 0, delisted: str = "") -> Goods:
    return Goods.of(offers, known(delisted), few)


def prices_of(offers: Catalogue, few: int = 0, delisted: str = "", **prices: float) -> Prices:
    table = known(delisted, **prices)
    return Prices.of(Goods.of(offers, table, few), offers, table)


def numbers(names: str) -> Ints:
    return np.array([NAMES.index(name) for name in names], dtype=np.int64)


def there(names: str) -> Flags:
    return np.array([name in names for name in NAMES])


def stocked(carried: str | None = None, out: str = "", **prices: int) -> Stocked:
    """What a store says; prices of its own by product."""
    held = None if carried is None else numbers(carried)
    asked = np.array(list(prices.values()), dtype=np.int64)
    return Stocked.of(held, numbers(out), numbers("".join(prices)), asked)
