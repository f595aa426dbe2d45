"""What speaks for an item that a household has not bought: columns of numbers to be weighed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from promo.shoppers.taste_items import GROUPS, RECENT, WIDTHS, Floats, fold_in, matrix, pairs

ITEM = ("buyers", "hazard", "hazard_now", "age")
HOUSEHOLD = ("trips", "trips_now", "begun", "seen")
PRODUCT = tuple(f"share_{group}" for group in GROUPS)
OVERALL = np.float32(20)  # average products added to a household's price level and brand habit
PRIOR_PRICE, PRIOR_BRAND = np.float32(3), np.float32(4)  # and those again added to a category's


@dataclass(frozen=True)
class Households:
    """Some households, sorted, in columns: everything here depends on each one's own rows."""

    shoppers: pl.Series
    counts: csr_array  # households x items, log(1 + purchase days)
    had: csr_array  # households x items, not zero where anything was ever bought or taken back
    factors: Floats
    own: pl.DataFrame  # HOUSEHOLD

    @staticmethod
    def of(events: pl.DataFrame, level: str, day: date, items: pl.DataFrame) -> "Households":
        """The households of `taste_items.events`; `items` is the level's table."""
        shoppers = events["shopper"].unique().sort()
        known = pairs(events)
        counts = matrix(known.filter(pl.col("n") > 0), items, shoppers)
        had = matrix(known.with_columns(n=pl.lit(1)), items, shoppers)
        own = _activity(events, known, shoppers, day)
        return Households(shoppers, counts, had, fold_in(counts, items, WIDTHS[level]), own)

    def __getitem__(self, some: slice) -> "Households":
        return Households(
            self.shoppers[some], self.counts[some], self.had[some], self.factors[some],
            self.own[some],
        )  # fmt: skip


def _activity(
    events: pl.DataFrame, known: pl.DataFrame, shoppers: pl.Series, day: date
) -> pl.DataFrame:
    """How much a household shops and how readily it begins something: HOUSEHOLD, logarithms."""
    age = (pl.lit(day) - pl.col("day")).dt.total_days()
    trips = (
        events.select("shopper", "day")
        .unique()
        .group_by("shopper")
        .agg(
            trips=pl.col("day").filter(age <= RECENT).len(),
            trips_now=pl.col("day").filter(age <= RECENT // 2).len(),
        )
    )
    recent = (pl.lit(day) - pl.col("first")).dt.total_days() <= RECENT
    begun = known.group_by("shopper").agg(begun=recent.sum(), seen=pl.len())
    found = shoppers.to_frame("shopper").join(trips, on="shopper", how="left").join(
        begun, on="shopper", how="left", maintain_order="left"
    ).sort("shopper")  # fmt: skip
    return found.select((pl.col(name).fill_null(0) + 0.5).log() for name in HOUSEHOLD)


def names(level: str) -> tuple[str, ...]:
    """The features of a level, in the order in which `features` gives them."""
    if level == "category":
        return (*ITEM, *HOUSEHOLD, "factors", "neighbours")
    return (*ITEM, *PRODUCT, *HOUSEHOLD, "factors", *GROUPS, "price", "brand")


def features(some: Households, items: pl.DataFrame, level: str) -> Iterator[Floats]:
    """Matrices that broadcast to households x items, float32, one a name of `names`.

    Sparse products only, and no BLAS: a household's numbers do not depend on who stands beside it.
    """
    for name in (*ITEM, *(PRODUCT if level == "product" else ())):
        yield items[name].to_numpy().astype(np.float32)[None, :]
    for name in HOUSEHOLD:
        yield some.own[name].to_numpy().astype(np.float32)[:, None]
    factors = np.ascontiguousarray(items["factors"].to_numpy().T)
    score = csr_array(some.factors) @ factors / np.float32(len(WIDTHS[level]))
    yield _log(score)
    if level == "category":
        yield _log(some.counts @ np.ascontiguousarray(items["neighbours"].to_numpy()))
    else:
        yield from _kinship(some, items)


def _log(score: Floats) -> Floats:
    log: Floats = np.log(np.clip(score, 0, 1.5) + np.float32(0.02))
    return log


def _kinship(some: Households, items: pl.DataFrame) -> Iterator[Floats]:
    """How many products of the same category, type and maker; how near in price and brand."""
    ones = some.counts.sign()
    for group in GROUPS:
        member, sums = _grouped(items, group)
        yield np.log((ones @ sums).toarray() + np.float32(0.1))[:, member]
    price, store, base = (
        items[name].to_numpy().astype(np.float32) for name in ("price", "store_brand", "own_share")
    )
    member, sums = _grouped(items, "category")
    n, every = (ones @ sums).toarray(), ones.sum(axis=1) + OVERALL
    paid = (ones @ price / every)[:, None]
    paid = ((ones.multiply(price) @ sums).toarray() + PRIOR_PRICE * paid) / (n + PRIOR_PRICE)
    yield -np.square(paid[:, member] - price)
    usual = np.zeros(sums.shape[1], np.float32)
    usual[member] = base
    habit = np.clip(usual + (ones @ (store - base) / every)[:, None], 0.01, 0.99)
    share = (ones.multiply(store) @ sums).toarray() + PRIOR_BRAND * habit
    share /= n + PRIOR_BRAND
    own = np.log(share / np.maximum(usual, 0.02))[:, member]
    national = np.log((1 - share) / np.maximum(1 - usual, 0.02))[:, member]
    yield np.where(store > 0, own, national)


def _grouped(items: pl.DataFrame, group: str) -> tuple[NDArray[np.intp], csr_array]:
    """Which group each item is in, and items x groups with a one there."""
    member = items[group].rank("dense").to_numpy().astype(np.intp) - 1
    n = len(member)
    ones = np.ones(n, np.float32)
    return member, csr_array((ones, (np.arange(n), member)), shape=(n, member.max(initial=-1) + 1))
