"""Shelves: which offers the stores can fill on a day, and what these are worth at their prices.

A store has a product that it carries, that is not delisted and that it is not out of. It can fill
an offer where, in one of the ways to use it, it has one product of each purchase that names goods;
of a purchase that names a few products by code it must have all, because the title names them.

Prices are the store's own: the lowest promotion that runs, else its shelf price; a product without
either costs what it typically costs. Stores of which nothing is known share one shelf, ANY.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from promo.offers.filling import Flags, Stocked
from promo.offers.live import Typical, rungs_of
from promo.offers.own_prices import Priced, Prices
from promo.offers.terms import Terms

ANY = 0
NOT_CARRIED, OUT_OF_STOCK, STORE, NO_SAVING = "not_carried", "out_of_stock", "store", "no_saving"
KEPT = (NOT_CARRIED, OUT_OF_STOCK, STORE, NO_SAVING)  # why a store keeps an offer from a household
SHELF, OFFER = pl.UInt32(), pl.UInt32()
GONE = {"shelf": SHELF, "offer": OFFER, "why": pl.String()}
LOST = {"shelf": SHELF, "offer": OFFER, "category": pl.String()}
EMPTY = {"shelf": SHELF, "category": pl.String()}
PRICED = {"shelf": SHELF, "offer": OFFER, "variant": pl.UInt32(), "own_price": pl.Float64(),
          "own_margin": pl.Float64()}  # fmt: skip
LADDER = {"offer": OFFER, "variant": pl.UInt32(), "loyalty": pl.String(), "volume": pl.String(),
          "worth": pl.Int64()}  # fmt: skip


@dataclass(frozen=True)
class Shelf:
    """What is there: of the products (shape (products,)), offers, and categories.

    gone: offers that cannot be filled, and why; lost: categories of which nothing is there that
    an offer is on; empty: categories of which nothing is there at all.
    """

    there: Flags
    gone: Mapping[int, str]
    lost: Sequence[tuple[int, str]]
    empty: Sequence[str]
    priced: Sequence[Priced]

    @property
    def full(self) -> bool:
        """Whether everything is there, at the typical prices."""
        return bool(self.there.all()) and not (self.gone or self.empty or self.priced)


def shelf(prices: Prices, stocked: Stocked, store: str = "") -> Shelf:
    """What is there, where a store says so much; without a store's name, in any other store."""
    goods = prices.goods
    ranged = goods.listed.copy()
    if stocked.carried is not None:
        carried = np.zeros(len(ranged), np.bool_)
        carried[stocked.carried] = True
        ranged &= carried
    there = ranged.copy()
    there[stocked.out] = False
    gone = dict.fromkeys(goods.unfilled(there), OUT_OF_STOCK)
    gone |= dict.fromkeys(goods.unfilled(ranged), NOT_CARRIED)
    gone |= {n: STORE for n, terms in enumerate(goods.terms) if not terms.where.holds(store)}
    return Shelf(
        there,
        gone,
        [pair for pair in goods.lost(there) if pair[0] not in gone],
        goods.empty(there),
        [each for each in prices.priced(stocked, there) if each.offer not in gone],
    )


@dataclass(frozen=True)
class Shelves:
    """The shelves of some households' stores.

    of: store, shelf (row of `there`); there: (shelves, products) by row of the product table;
    gone: shelf, offer, why; lost: shelf, offer, category; empty: shelf, category; priced: shelf,
    offer, variant (of its ladder), own_price, own_margin; ladder: offer, variant, loyalty, volume,
    worth.
    """

    of: pl.DataFrame
    there: Flags
    gone: pl.DataFrame
    lost: pl.DataFrame
    empty: pl.DataFrame
    priced: pl.DataFrame
    ladder: pl.DataFrame


class Ladders:
    """What offers are worth at stores' own prices, each worked out once for equal prices."""

    def __init__(self, terms: Sequence[Terms], typical: Typical) -> None:
        self.terms, self.typical = terms, typical
        self.variants: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}
        self.rungs: list[tuple[int, int, str, str, int]] = []

    def variant(self, priced: Priced) -> int:
        """The number of an offer's ladder, from 1 on; 0 is the one at typical prices."""
        key = priced.offer, priced.typical
        if key not in self.variants:
            number = self.variants[key] = len(self.variants) + 1
            rungs = rungs_of(self.terms[priced.offer], dict(priced.typical), self.typical)
            self.rungs += [(priced.offer, number, *rung) for rung in rungs]
        return self.variants[key]


def together(shelves: Mapping[str, Shelf], other: Shelf, ladders: Ladders) -> Shelves:
    """The shelves of some stores by their names; `other` is the shelf of all the others, ANY."""
    every = [other, *shelves.values()]
    gone, lost, empty, priced = [], [], [], []
    for number, shelf in enumerate(every):
        gone += [(number, offer, why) for offer, why in shelf.gone.items()]
        lost += [(number, *pair) for pair in shelf.lost]
        empty += [(number, category) for category in shelf.empty]
        priced += [(number, p.offer, ladders.variant(p), p.price, p.margin) for p in shelf.priced]
    names = pl.DataFrame({"store": list(shelves)}, {"store": pl.String})
    return Shelves(
        names.with_columns(shelf=pl.int_range(1, pl.len() + 1, dtype=SHELF)),
        np.stack([shelf.there for shelf in every]),
        pl.DataFrame(gone, GONE, orient="row"),
        pl.DataFrame(lost, LOST, orient="row"),
        pl.DataFrame(empty, EMPTY, orient="row"),
        pl.DataFrame(priced, PRICED, orient="row").with_columns(
            pl.col("own_price", "own_margin").fill_nan(None)
        ),
        pl.DataFrame(ladders.rungs, LADDER, orient="row"),
    )
