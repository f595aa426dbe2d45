"""What goods cost in a store that has prices of its own for them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from promo.offers.filling import Flags, Floats, Goods, Ints, Stocked, starts_of
from promo.offers.live import Catalogue


@dataclass(frozen=True)
class Priced:
    """An offer at a store's own prices.

    typical: the median price of a piece of each purchase, minor units; price and margin: of a
    piece of the first purchase, products weighing as they sell, as `candidates.with_prices` has it.
    """

    offer: int
    typical: tuple[tuple[int, int], ...]
    price: float
    margin: float


@dataclass(frozen=True)
class Prices:
    """The offers' goods, and of each product its typical price (minor units, NaN where unknown).

    typical: as a ladder has it; usual: filled in from the category; margin: what the chain earns
    on a piece; weight: how often it sells.
    """

    goods: Goods
    typical: Floats
    usual: Floats
    margin: Floats
    weight: Floats

    @classmethod
    def of(cls, goods: Goods, catalogue: Catalogue, known: pl.DataFrame) -> Self:
        """known: the product table as `prices.with_margins` gives it, sorted by id."""
        median = catalogue.typical.prices.group_by("product").agg(typical=pl.col("price").median())
        typical = known.select("id").join(
            median, left_on="id", right_on="product", how="left", maintain_order="left"
        )["typical"]
        usual, margin = (known[name].fill_null(np.nan).to_numpy() for name in ("price", "margin"))
        weight = known["sold"].cast(pl.Float64).to_numpy() + 1
        return cls(goods, typical.fill_null(np.nan).to_numpy(), usual, margin, weight)

    def priced(self, stocked: Stocked, there: Flags) -> list[Priced]:
        """The offers on what is there and has a price of its own, at these prices."""
        goods, own = self.goods, np.full(len(there), np.nan)
        own[stocked.priced] = stocked.price
        touched = np.zeros(len(goods.terms), np.bool_)
        touched[goods.offer[~np.isnan(own[goods.product]) & there[goods.product]]] = True
        if not touched.any():
            return []
        mine = np.flatnonzero(touched[goods.offer] & there[goods.product])
        medians = self._medians(np.where(np.isnan(own), self.typical, own), mine)
        price, margin = self._means(own, mine[goods.first[mine]])
        return [
            Priced(offer, tuple(medians.get(offer, ())), float(price[offer]), float(margin[offer]))
            for offer in np.flatnonzero(touched).tolist()
        ]

    def _medians(self, costs: Floats, mine: Ints) -> dict[int, list[tuple[int, int]]]:
        """The median price of what counts to each purchase, where any is known."""
        goods = self.goods
        sizes = np.diff(np.append(goods.starts, len(goods.offer)))
        part, cost = np.repeat(np.arange(len(sizes)), sizes), costs[goods.product]
        rows = mine[~np.isnan(cost[mine])]
        rows = rows[np.lexsort((cost[rows], part[rows]))]
        starts = starts_of(part[rows])
        sizes = np.diff(np.append(starts, len(rows)))
        low, high = cost[rows[starts + (sizes - 1) // 2]], cost[rows[starts + sizes // 2]]
        found: dict[int, list[tuple[int, int]]] = {}
        for number, median in zip(part[rows[starts]], np.rint((low + high) / 2), strict=True):
            named = int(goods.part_number[number]), int(median)
            found.setdefault(int(goods.part_offer[number]), []).append(named)
        return found

    def _means(self, own: Floats, mine: Ints) -> tuple[Floats, Floats]:
        """Price and margin of a piece of each offer; NaN where nothing is known.

        What the shopper pays less the chain earns less: what it pays itself stays.
        """
        goods, size = self.goods, len(self.goods.terms)
        cost = np.where(np.isnan(own), self.usual, own)
        earned = np.nan_to_num(self.margin + np.nan_to_num(cost - self.usual))
        rows = mine[~np.isnan(cost[goods.product[mine]])]
        offer, product = goods.offer[rows], goods.product[rows]
        weight = self.weight[product]
        whole = np.bincount(offer, weight, size)
        price, margin = (
            np.divide(
                np.bincount(offer, weight * each[product], size), whole,
                out=np.full(size, np.nan), where=whole > 0,
            )
            for each in (cost, earned)
        )  # fmt: skip
        return price, margin
