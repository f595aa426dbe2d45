"""What can be bought at a till that has no goods of its own: names, prices, what fits an offer.

A real till knows its items. This one asks the house: a price is the store's shelf price, else what
a piece typically cost in the till logs of late, else not known; then whoever stands there types it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from promo.checkout.finding_lists import Stored
from promo.checkout.statements import Statements

LATELY = timedelta(28)  # of till logs that tell prices and what sells
PER_OFFER, WITHOUT_OFFER = 2, 4  # items shown
MANY = 32  # looked at, of which some may not be shown
NAMES = "select id, description, size, category from products where {} and not delisted"
OFFERED = """select p.offer, p.product, p.purchase from offer_products p
join products g on g.id = p.product where {} and not g.delisted and not g.no_coupon"""
SHELF = """select product, price from shelf_prices where store = ? and day <= ? and {}
order by product, day"""


class Sold(NamedTuple):
    """How often a product was sold lately, and what a piece cost at the median, minor units."""

    times: int
    price: int


class Goods:
    """The goods of a house; `never` are categories that are not shown."""

    def __init__(self, lake: Path, never: Iterable[str]) -> None:
        self.lake = lake
        self.never = frozenset(never)

    @cached_property
    def sold(self) -> Mapping[str, Sold]:
        """What was sold in the lake's newest days, by product."""
        import polars as pl

        from promo.scans import lake

        newest = lake.newest_day(self.lake)
        if newest is None:
            return {}
        days = (newest - timedelta(n) for n in range(LATELY.days))
        parts = [part for day in days for part in lake.day_parts(self.lake, day)]
        pieces = pl.col("quantity") // 1000
        whole = (pl.col("unit") == "each") & (pl.col("quantity") % 1000 == 0) & (pieces > 0)
        found = (
            pl.concat(lake.by_day(parts))
            .filter(whole & (pl.col("regular") > 0))
            .with_columns(price=pl.col("regular") / pieces)
            .group_by("product")
            .agg(pl.len().alias("times"), pl.col("price").median().round().cast(pl.Int64))
            .collect()
        )
        return {row[0]: Sold(*row[1:]) for row in found.iter_rows()}

    def named(
        self, statements: Statements, products: Sequence[str], store: str, day: date
    ) -> dict[str, dict[str, Any]]:
        """Products that may be shown, with name, size and price (None where it is not known)."""
        names = statements.rows(NAMES.format(statements.among("id")),
                                (statements.several(products),))  # fmt: skip
        shelf = SHELF.format(statements.among("product"))
        values = store, day.isoformat(), statements.several(products)
        prices = {name: sold.price for name, sold in self._sold(products)}
        prices |= dict(statements.rows(shelf, values))  # of several days the last one stays
        return {
            product: {"code": product, "name": name, "size": size or "",
                      "price": prices.get(product)}
            for product, name, size, category in names
            if category not in self.never
        }  # fmt: skip

    def _sold(self, products: Sequence[str]) -> list[tuple[str, Sold]]:
        return [(name, self.sold[name]) for name in products if name in self.sold]

    def items(
        self, statements: Statements, row: Stored | None, store: str, day: date
    ) -> list[dict[str, Any]]:
        """What to type: for each offer of a list some items, and some that no offer is for."""
        offers = [item["offer"] for item in row.content["offers"]] if row else []
        query = OFFERED.format(statements.among("p.offer"))
        wanted: dict[tuple[str, int], list[str]] = {}
        for offer, product, purchase in statements.rows(query, (statements.several(offers),)):
            wanted.setdefault((offer, purchase), []).append(product)
        on_offer = {product for some in wanted.values() for product in some}
        best = {key: sorted(some, key=self._rank)[:MANY] for key, some in wanted.items()}
        plain = self._plain(statements, on_offer)
        looked_at = [*plain, *(product for some in best.values() for product in some)]
        known = self.named(statements, looked_at, store, day)
        shown = _Shown(known)
        for offer in offers:
            for key in sorted(key for key in best if key[0] == offer):
                shown.add(offer, best[key], PER_OFFER)
        shown.add(None, plain, WITHOUT_OFFER)
        return shown.items

    def _rank(self, product: str) -> tuple[int, str]:
        sold = self.sold.get(product)
        return (-sold.times if sold else 0, product)

    def _plain(self, statements: Statements, on_offer: Collection[str]) -> list[str]:
        """Products that no offer is for: what sells best; without a till log any with a price."""
        sold = {name: sold.times for name, sold in self.sold.items() if name not in on_offer}
        if sold:
            return [name for name, _ in Counter(sold).most_common(MANY)]
        names = statements.rows("select distinct product from shelf_prices order by product", ())
        return [name for (name,) in names if name not in on_offer][:MANY]


class _Shown:
    """Items as they are shown: no two that look the same, none without a price beside one with."""

    def __init__(self, known: Mapping[str, dict[str, Any]]) -> None:
        self.known = known
        self.items: list[dict[str, Any]] = []
        self._looks = set[tuple[str, str]]()

    def add(self, offer: str | None, products: Sequence[str], most: int) -> None:
        """Some products of an offer, or of none."""
        some = [self.known[product] for product in products if product in self.known]
        priced = [item for item in some if item["price"] is not None]
        left = most
        for item in priced or some:
            look = (item["name"], item["size"])
            if left and look not in self._looks:
                self._looks.add(look)
                self.items.append(item | {"offer": offer})
                left -= 1
