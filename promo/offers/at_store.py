"""At the household's own store: candidates that it can fill, at the prices it asks."""

from dataclasses import dataclass, replace
from typing import Self

import polars as pl

from promo.offers.shelves import ANY, NO_SAVING, NOT_CARRIED, Shelves

MISSED = {
    "shopper": pl.String, "offer": pl.UInt32, "category": pl.String, "loyalty": pl.String,
    "volume": pl.String, "baseline": pl.Float64, "why": pl.String,
}  # fmt: skip
LOST = {"store": pl.String, "id": pl.String, "category": pl.String}
HERE = ("shelf", "offer")


@dataclass(frozen=True)
class AtStore:
    """The shelves of some households' stores; homes: shopper, shelf; stores: store, shelf."""

    shelves: Shelves
    homes: pl.DataFrame
    stores: pl.DataFrame

    @classmethod
    def of(cls, shelves: Shelves, households: pl.DataFrame) -> Self:
        """households: shopper, store."""
        homes = (
            households.select("shopper", "store")
            .join(shelves.of, on="store", how="left", maintain_order="left")
            .with_columns(pl.col("shelf").fill_null(ANY))
        )
        stores = homes.select("store", "shelf").unique().sort("store")
        return cls(shelves, homes.select("shopper", "shelf"), stores)

    def numbered(self, who: pl.Enum) -> Self:
        """The same with shoppers as numbers; those that `who` lacks are left out."""
        homes = self.homes.with_columns(pl.col("shopper").cast(who, strict=False))
        return replace(self, homes=homes.drop_nulls("shopper"))

    def has(self, bought: pl.DataFrame, known: pl.DataFrame) -> pl.Series:
        """Of each row (shopper, product), whether the store has the product.

        known: the product table (id), sorted. What it does not know nobody has said is missing.
        """
        numbers = known.select(product="id").with_row_index("number")
        rows = bought.select("shopper", "product").join(
            self.homes, on="shopper", how="left", maintain_order="left"
        ).join(numbers, on="product", how="left", maintain_order="left")  # fmt: skip
        shelf, number = (rows[name].fill_null(0).to_numpy() for name in ("shelf", "number"))
        if not known.height:
            return pl.Series([True] * rows.height, dtype=pl.Boolean)
        found = self.shelves.there[shelf, number]
        return pl.Series(found | rows["number"].is_null().to_numpy(), dtype=pl.Boolean)

    def split(self, pairs: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Pairs (shopper, offer, ...) that the store can fill; and the others, with why."""
        placed = pairs.join(self.homes, on="shopper", how="left", maintain_order="left")
        told = placed.join(self.shelves.gone, on=HERE, how="left", maintain_order="left")
        kept = told.filter(pl.col("why").is_null()).select(pairs.columns)
        return kept, told.filter(pl.col("why").is_not_null()).drop("shelf")

    def in_category(self, strange: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """`split`, for households that know nothing of an offer but the category it is on.

        That counts for nothing where the store has no product of the offer in the category.
        """
        kept, gone = self.split(strange)
        placed = kept.join(self.homes, on="shopper", how="left", maintain_order="left")
        none = self.shelves.lost.with_columns(why=pl.lit(NOT_CARRIED))
        told = placed.join(none, on=[*HERE, "category"], how="left", maintain_order="left")
        lost = told.filter(pl.col("why").is_not_null()).select(gone.columns)
        return told.filter(pl.col("why").is_null()).select(kept.columns), pl.concat([gone, lost])

    def worth(self, pairs: pl.DataFrame, usual: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Pairs (shopper, offer, loyalty, volume, ...) that are worth something, with worth.

        usual: offer, loyalty, volume, worth at typical prices. Also own_price and own_margin of a
        piece, null where the store has no prices of its own; and the pairs that its prices make
        worthless, with why.
        """
        ladder = self.shelves.ladder
        every = pl.concat(
            [usual.with_columns(variant=pl.lit(0, pl.UInt32)).select(ladder.columns), ladder]
        )
        placed = (
            pairs.join(self.homes, on="shopper", how="left", maintain_order="left")
            .join(self.shelves.priced, on=HERE, how="left", maintain_order="left")
            .with_columns(pl.col("variant").fill_null(0))
        )
        rung = ["offer", "variant", "loyalty", "volume"]
        found = placed.join(every, on=rung, how="inner", maintain_order="left").drop("shelf")
        none = found.filter(pl.col("worth") <= 0, pl.col("variant") > 0)
        kept = found.filter(pl.col("worth") > 0).drop("variant")
        return kept, none.with_columns(why=pl.lit(NO_SAVING))

    def due(self, categories: pl.DataFrame) -> pl.DataFrame:
        """Rows (shopper, category, ...) but those in categories of which the store has nothing."""
        placed = categories.join(self.homes, on="shopper", how="left", maintain_order="left")
        key = ["shelf", "category"]
        found = placed.join(self.shelves.empty, on=key, how="anti", maintain_order="left")
        return found.select(categories.columns)

    def lost(self, offers: pl.DataFrame) -> pl.DataFrame:
        """Categories that offers (offer, id) are on of which a store has nothing: LOST."""
        named = self.shelves.lost.join(offers, on="offer").join(self.stores, on="shelf")
        return named.select(list(LOST)).sort(list(LOST))


def missed(*some: pl.DataFrame) -> pl.DataFrame:
    """Pairs that could not be candidates, as MISSED, one row a pair, by shopper and offer."""
    told = [each.select(list(MISSED)).cast({"shopper": pl.String}) for each in some]
    once = pl.concat(told).unique(["shopper", "offer"], keep="first", maintain_order=True)
    return once.sort("shopper", "offer")


def empty() -> pl.DataFrame:
    """No pair that is missed."""
    return pl.DataFrame(schema=MISSED)
