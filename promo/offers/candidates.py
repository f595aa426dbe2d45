"""Candidates: which offers could stand on whose list, and what each is worth there."""

import math
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from promo.config import Settings
from promo.offers import at_store, habits, value
from promo.offers.allocation import Candidates
from promo.offers.at_store import AtStore
from promo.offers.live import Catalogue
from promo.offers.response import Response

NEVER = math.log(1e-12)
BASKET = "*"  # the category of an offer on the whole basket
NO_CELL = ("unknown", "none")  # loyalty and volume of a household that does not buy the category
# What an offer is worth as a share of what must be bought: so many pieces, or for so much money.
DEPTH = pl.col("worth") / pl.max_horizontal("spend", pl.col("buy") * pl.col("price"))


@dataclass(frozen=True)
class Households:
    """What is known of some households when `night` begins.

    days: as-of profile rows; products, categories: the cycles' forecasts for the lists' window;
    cells: segments.grid; redeemed: shopper and day of redemptions of our own offers; uses: shopper,
    offer (its id) and uses of it so far; at: their stores' shelves, None where nothing is known.
    """

    night: date
    days: pl.DataFrame
    products: pl.DataFrame
    categories: pl.DataFrame
    cells: pl.DataFrame
    redeemed: pl.DataFrame | None = None
    uses: pl.DataFrame | None = None
    at: AtStore | None = None

    def numbered(self) -> "Households":
        """The same with names as numbers that stand in the names' order: text is slow to join."""
        who = pl.Enum(self.days["shopper"].unique().sort())

        def coded(frame: pl.DataFrame) -> pl.DataFrame:
            return frame.with_columns(pl.col("shopper").cast(who, strict=False))

        def coded_if_any(frame: pl.DataFrame | None) -> pl.DataFrame | None:
            return None if frame is None else coded(frame).drop_nulls("shopper")

        return Households(
            self.night,
            days=coded(self.days),
            products=coded(self.products),
            categories=coded(self.categories),
            cells=coded(self.cells),
            redeemed=coded_if_any(self.redeemed),
            uses=coded_if_any(self.uses),
            at=self.at and self.at.numbered(who),
        )


@dataclass(frozen=True)
class Found:
    """The candidates, `kept`; and pairs that the household's store keeps from it, `missed`.

    kept, sorted by shopper and offer: shopper, offer (row number in the catalogue), category;
    familiar (it has bought one of the offer's products); baseline (probability that it buys one in
    the window anyway); loyalty, volume; worth (minor units, from the ladder); habit, proneness,
    depth and probability (of a redemption, `response`); anyway, incremental_margin and value (minor
    units, `value`). missed: at_store.MISSED.
    """

    kept: pl.DataFrame
    missed: pl.DataFrame


def find(
    of: Households, catalogue: Catalogue, known: pl.DataFrame, model: Response, settings: Settings
) -> Found:
    """The (household, offer) pairs worth a thought, at most `response.candidates` a household.

    known: the product table with prices and margins, as `prices.with_margins` gives it. What is
    worth nothing to the shopper is left out, and so is an offer of which the household may not use
    any more as often as a list would say, and one that its store cannot fill.

    The baseline is the forecast of the offer's products that the household has bought before and
    that its store has; where there is none, that of its category times the share of the category's
    products that the offer covers, and only the likeliest of those are looked at.
    """
    of, items = of.numbered(), _items(catalogue, known)
    of, pairs, gone = _pairs(of, catalogue, known, items, settings.response.candidates)
    pairs = _usable(pairs, of.uses, catalogue).sort(habits.PAIR)
    worth, cheap = _with_worth(pairs, of, catalogue)
    worth = worth.join(
        catalogue.offers.select("offer", "buy", "spend", "funder_share", "handling", "objective"),
        on="offer", how="left", maintain_order="left",
    )  # fmt: skip
    usual = _with_habits(worth, of, items, known)
    priced = with_prices(usual, items, known, model.usual_depth)
    priced = priced if of.at is None else _at_own_prices(priced)
    asked = priced.with_columns(days=pl.lit(settings.lists.window_days))
    chance = model.probability(asked, settings.response.elasticity)
    answered = priced.with_columns(probability=pl.Series(chance, dtype=pl.Float64))
    valued = answered.with_columns(value.value(settings.response))
    best = keep_best(valued, settings.response.candidates, settings.response.discovery_candidates)
    terms = ("buy", "spend", "funder_share", "handling", "objective", "margin")
    kept = best.drop(terms).with_columns(pl.col("shopper").cast(pl.String))
    late = _in_cells(_usable(gone, of.uses, catalogue), of.cells)
    return Found(kept, at_store.missed(late, cheap))


def _pairs(
    of: Households, catalogue: Catalogue, known: pl.DataFrame, items: pl.DataFrame, most: int
) -> tuple[Households, pl.DataFrame, pl.DataFrame]:
    """The households with what their stores have of their products; pairs to look at, and not."""
    on_goods, at = set(catalogue.items["offer"]), of.at
    has = pl.lit(value=True) if at is None else at.has(of.products, known)
    of, lacking = replace(of, products=of.products.filter(has)), of.products.filter(~has)
    familiar = _familiar(of.products, items, on_goods)
    strange = _unfamiliar(of.categories, catalogue, known).join(
        familiar, on=habits.PAIR, how="anti"
    )
    if at is None:
        none = familiar.clear().with_columns(why=pl.lit(""))
        return of, pl.concat([familiar, _likeliest(strange, most)]), none
    known_once = _familiar(lacking, items, on_goods).join(familiar, on=habits.PAIR, how="anti")
    familiar, none = at.split(familiar)
    _, lost = at.split(known_once)
    strange, never = at.in_category(strange)
    never = never.join(lost, on=habits.PAIR, how="anti")
    gone = pl.concat([none, lost, _likeliest(never, most)])
    return of, pl.concat([familiar, _likeliest(strange, most)]), gone


def as_arrays(found: pl.DataFrame, shoppers: pl.Series) -> Candidates:
    """Candidates in the order of `found`; a household's number is its row in `shoppers`, sorted."""
    numbers = pl.DataFrame({"shopper": shoppers}).with_row_index("row")
    rows = found.join(numbers, on="shopper", maintain_order="left").select(
        pl.col("row", "offer", "worth").cast(pl.Int64),
        "value",
        "probability",
        category=pl.col("category").rank("dense").cast(pl.Int64),
    )
    return Candidates(
        shopper=rows["row"].to_numpy(),
        offer=rows["offer"].to_numpy(),
        category=rows["category"].to_numpy(),
        value=rows["value"].to_numpy(),
        worth=rows["worth"].to_numpy(),
        probability=rows["probability"].to_numpy(),
    )


def _items(catalogue: Catalogue, known: pl.DataFrame) -> pl.DataFrame:
    """The offers' products; every product counts for an offer on the whole basket."""
    baskets = catalogue.offers.select("offer").join(catalogue.items, on="offer", how="anti")
    return pl.concat([catalogue.items, baskets.join(known.select(product="id"), how="cross")])


def _familiar(products: pl.DataFrame, items: pl.DataFrame, on_goods: set[int]) -> pl.DataFrame:
    """Offers on products the household has bought; their category carries most of its spend.

    on_goods: the offers that are on goods, and so belong to a category.
    """
    pairs = products.join(items, on="product").with_columns(
        category=pl.when(pl.col("offer").is_in(on_goods)).then("category").otherwise(pl.lit(BASKET))
    )
    none = pl.col("probability").clip(upper_bound=1 - 1e-12).neg().log1p()
    by_category = (
        pairs.group_by("shopper", "offer", "category")
        .agg(none=none.sum(), paid=pl.col("paid").sum())
        .sort("shopper", "offer", "paid", "category", descending=[False, False, True, False])
    )
    return by_category.group_by("shopper", "offer", maintain_order=True).agg(
        category=pl.col("category").first(),
        baseline=1 - pl.col("none").sum().clip(lower_bound=NEVER).exp(),
        familiar=pl.lit(value=True),
    )


def _unfamiliar(
    categories: pl.DataFrame, catalogue: Catalogue, known: pl.DataFrame
) -> pl.DataFrame:
    """Offers in a category the household buys, on products it has not bought."""
    sizes = known.group_by("category").agg(size=pl.len())
    covered = (
        catalogue.items.join(known.select("id", "category"), left_on="product", right_on="id")
        .group_by("offer", "category")
        .agg(n=pl.len())
        .join(sizes, on="category")
        .sort("offer", "n", "category", descending=[False, True, False])
        .unique("offer", keep="first", maintain_order=True)
        .select("offer", "category", share=pl.col("n") / pl.col("size"))
    )
    return categories.join(covered, on="category").select(
        "shopper",
        "offer",
        "category",
        baseline=pl.col("probability") * pl.col("share"),
        familiar=pl.lit(value=False),
    )


def _usable(pairs: pl.DataFrame, uses: pl.DataFrame | None, catalogue: Catalogue) -> pl.DataFrame:
    """Pairs of which the household may still use what a list promises."""
    rooms = [
        (terms.id, number, terms.uses.per_household - terms.uses.per_list)
        for number, terms in enumerate(catalogue.terms)
        if terms.uses.per_household is not None
    ]
    if uses is None or not rooms:
        return pairs
    most = pl.DataFrame(
        rooms, {"id": pl.String, "offer": pl.UInt32, "most": pl.Int64}, orient="row"
    )
    over = uses.join(most, left_on="offer", right_on="id").filter(pl.col("uses") > pl.col("most"))
    return pairs.join(over.select("shopper", offer="offer_right"), on=habits.PAIR, how="anti")


def _likeliest(pairs: pl.DataFrame, number: int) -> pl.DataFrame:
    ranked = pairs.sort("shopper", "baseline", "offer", descending=[False, True, False])
    return ranked.filter(pl.int_range(pl.len()).over("shopper") < number)


def _in_cells(pairs: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """Pairs with loyalty and volume."""
    return pairs.join(
        cells, on=["shopper", "category"], how="left", maintain_order="left"
    ).with_columns(pl.col("loyalty").fill_null(NO_CELL[0]), pl.col("volume").fill_null(NO_CELL[1]))


def _with_worth(
    pairs: pl.DataFrame, of: Households, catalogue: Catalogue
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs with loyalty, volume and worth; and those that the store's prices make worthless."""
    placed, cell = _in_cells(pairs, of.cells), ["offer", "loyalty", "volume"]
    if of.at is not None:
        return of.at.worth(placed, catalogue.ladder)
    found = placed.join(catalogue.ladder, on=cell, how="inner", maintain_order="left")
    return found.filter(pl.col("worth") > 0), at_store.empty()


def _with_habits(
    pairs: pl.DataFrame, of: Households, items: pl.DataFrame, known: pl.DataFrame
) -> pl.DataFrame:
    sums = habits.pairs(of.products, of.days, items, known, of.night)
    homes = habits.households(of.days, of.redeemed)
    return habits.attach(pairs, sums, homes, items, known)


def with_prices(
    pairs: pl.DataFrame, items: pl.DataFrame, known: pl.DataFrame, usual_depth: float
) -> pl.DataFrame:
    """Pairs (offer, worth, buy, spend) with price and margin of a piece, and depth, in their order.

    Depth is the worth's share of what must be bought: so many pieces, or for so much money.
    Products of an offer weigh as they sell. Where no price is known the offer is taken to be as
    deep as usual and to earn nothing.
    """
    weight = pl.col("sold") + 1
    found = items.sort("offer", "product").join(
        known, left_on="product", right_on="id", maintain_order="left"
    )
    of_offer = (
        found.drop_nulls("price")
        .group_by("offer", maintain_order=True)
        .agg((pl.col(name) * weight).sum() / weight.sum() for name in ("price", "margin"))
    )
    usual = pl.col("worth") / pl.col("buy") / usual_depth
    return (
        pairs.join(of_offer, on="offer", how="left", maintain_order="left")
        .with_columns(pl.col("price").fill_null(usual), pl.col("margin").fill_null(0.0))
        .with_columns(depth=DEPTH)
    )


def _at_own_prices(priced: pl.DataFrame) -> pl.DataFrame:
    """`with_prices`, where a store has prices of its own at these."""
    own = pl.coalesce(pl.col("own_price").clip(lower_bound=1), "price")
    return (
        priced.with_columns(price=own, margin=pl.coalesce("own_margin", "margin"))
        .with_columns(depth=DEPTH)
        .drop("own_price", "own_margin")
    )


def keep_best(valued: pl.DataFrame, number: int, discovery: int) -> pl.DataFrame:
    """The best `number` of each household, up to `discovery` unfamiliar ones among them."""
    strange = ~pl.col("familiar")
    ranked = valued.sort("shopper", "value", "offer", descending=[False, True, False])
    marked = ranked.with_columns(kept=strange & (strange.cum_sum().over("shopper") <= discovery))
    room = number - pl.col("kept").sum().over("shopper")
    place = (~pl.col("kept")).cum_sum().over("shopper")
    return marked.filter(pl.col("kept") | (place <= room)).drop("kept").sort("shopper", "offer")
