"""Filling offers: which of them a store could fill with so much of its shelves there."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from promo.offers.live import Catalogue
from promo.offers.terms import Terms

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
NONE = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Stocked:
    """What a store says of a day; products are row numbers of the product table.

    carried: what it carries, None where that is everything; out: what it is out of; priced and
    price: products with a price of its own, and the price, in minor units.
    """

    carried: Ints | None
    out: Ints
    priced: Ints
    price: Ints

    @classmethod
    def of(cls, carried: Ints | None, out: Ints, priced: Ints, price: Ints) -> Self:
        """Several prices of one product: the lowest is asked."""
        order = np.lexsort((price, priced))
        first = starts_of(priced[order])
        return cls(carried, np.unique(out), priced[order][first], price[order][first])

    def beside(self, every: "Stocked") -> "Stocked":
        """The same, with what is so in every store."""
        return Stocked.of(
            self.carried,
            np.append(self.out, every.out),
            np.append(self.priced, every.priced),
            np.append(self.price, every.price),
        )

    @property
    def silent(self) -> bool:
        """Whether it says nothing."""
        return self.carried is None and not len(self.out) and not len(self.priced)


@dataclass(frozen=True)
class Goods:
    """The offers' goods as arrays, by offer and purchase; products by row of the product table.

    Of each entry: offer, product, first (of the first purchase). Of each part, which is an offer's
    purchase: where it starts, its offer, number and the least number of its products that a store
    must have. Of each product: listed (not delisted), category (its place in `categories`, or -1).
    """

    terms: tuple[Terms, ...]
    offer: Ints
    product: Ints
    first: Flags
    starts: Ints
    part_offer: Ints
    part_number: Ints
    least: Ints
    on: "Cells"
    listed: Flags
    category: Ints
    categories: tuple[str, ...]

    @classmethod
    def of(cls, catalogue: Catalogue, known: pl.DataFrame, few: int) -> Self:
        """known: the product table (id, category, delisted), sorted by id.

        few: the most products of which a purchase that names them by code wants all.
        """
        numbers = known.select("id").with_row_index("number")
        entries = catalogue.goods.join(numbers, left_on="product", right_on="id").sort(
            "offer", "purchase", "number"
        )
        offer, purchase, product = (
            entries[name].cast(pl.Int64).to_numpy() for name in ("offer", "purchase", "number")
        )
        names = known["category"].drop_nulls().unique().sort()
        codes = known["category"].cast(pl.Enum(names)).to_physical().cast(pl.Int64)
        category, listed = codes.fill_null(-1).to_numpy(), ~known["delisted"].to_numpy()
        starts = starts_of(offer, purchase)
        sizes = np.diff(np.append(starts, len(offer)))
        parts = zip(offer[starts].tolist(), purchase[starts].tolist(), sizes.tolist(), strict=True)
        return cls(
            terms=catalogue.terms,
            offer=offer,
            product=product,
            first=purchase == 1,
            starts=starts,
            part_offer=offer[starts],
            part_number=purchase[starts],
            least=np.array([_least(catalogue.terms[o], n, size, few) for o, n, size in parts], int),
            on=Cells.of(offer, product, category, (purchase == 1) & listed[product]),
            listed=listed,
            category=category,
            categories=tuple(names),
        )

    def unfilled(self, there: Flags) -> set[int]:
        """The offers of which no way to use them can be filled; there: shape (products,)."""
        counts = sums(there[self.product].astype(np.int64), self.starts)
        short: dict[int, set[int]] = {}
        for part in np.flatnonzero(counts < self.least).tolist():
            short.setdefault(int(self.part_offer[part]), set()).add(int(self.part_number[part]))
        return {
            offer
            for offer, numbers in short.items()
            if all(numbers & set(way) for way in self.terms[offer].ways)
        }

    def lost(self, there: Flags) -> list[tuple[int, str]]:
        """Offers and the categories they are on of which nothing is there."""
        return [(offer, self.categories[number]) for offer, number in self.on.lost(there)]

    def empty(self, there: Flags) -> list[str]:
        """The categories of which nothing is there."""
        held = self.category[there & (self.category >= 0)]
        counts = np.bincount(held, minlength=len(self.categories))
        return [self.categories[number] for number in np.flatnonzero(counts == 0).tolist()]


@dataclass(frozen=True)
class Cells:
    """The categories that offers are on: each pair's products, one pair after the other."""

    product: Ints
    starts: Ints
    offer: Ints
    category: Ints

    @classmethod
    def of(cls, offer: Ints, product: Ints, category: Ints, kept: Flags) -> Self:
        """Entries of offers' goods that are kept; category: of every product."""
        rows = np.flatnonzero(kept & (category[product] >= 0))
        rows = rows[np.lexsort((category[product[rows]], offer[rows]))]
        named = category[product[rows]]
        starts = starts_of(offer[rows], named)
        return cls(product[rows], starts, offer[rows][starts], named[starts])

    def lost(self, there: Flags) -> list[tuple[int, int]]:
        """The pairs, offer and category, of which nothing is there."""
        counts = sums(there[self.product].astype(np.int64), self.starts)
        none = counts == 0
        return list(zip(self.offer[none].tolist(), self.category[none].tolist(), strict=True))


def _least(terms: Terms, number: int, size: int, few: int) -> int:
    """How many of a purchase's products a store must have."""
    purchase = terms.purchases[number]
    by_code = purchase.products and not purchase.brands and not purchase.categories
    return size if by_code and size <= few else 1


def starts_of(*keys: Ints) -> Ints:
    """Where sorted keys begin anew."""
    if not len(keys[0]):
        return NONE
    new = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.append(0, np.flatnonzero(new) + 1)


def sums(values: Ints, starts: Ints) -> Ints:
    """The sums of parts, none of them empty."""
    return np.add.reduceat(values, starts) if len(starts) else NONE
