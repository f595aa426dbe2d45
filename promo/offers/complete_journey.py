"""Complete Journey's campaigns and coupons as offers, for the demo.

Product lists, dates and makers are the data's. The worth stands in a maker's coupon's UPC (two
last digits, see coupon_values) and, as the chain doubled coupons up to 1.00, that is what it was
worth to the shopper. Store coupons carry no value: theirs is the median of the discounts recorded
when they were redeemed, or 1.00. Budgets and ladders are made up: the data has none.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from promo.language import Language
from promo.offers.coupon_titles import title
from promo.offers.coupon_values import CENTS_OFF, FREE_ITEM, to_shopper

REDEMPTIONS = 20  # made up, and few enough for budgets to matter
DEFAULT_CENTS = 100
LADDER = {"heavy": 125, "medium": 100, "light": 75}  # percent of the worth
ENGLISH = Language("en")
ZONE = "America/New_York"


def offers(
    source: Path, unsaid: frozenset[str], languages: Sequence[Language] = ()
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (where, raw offer) for every coupon of every campaign whose worth can be told.

    languages: in which they have titles, beside English.

    Products of a category in `unsaid`, or of none, are left out, so that no title speaks of them
    and every title is true.
    """
    products = pl.read_parquet(source / "products.parquet").filter(
        pl.col("product_category").is_not_null(), ~pl.col("product_category").is_in(list(unsaid))
    )
    dates = pl.read_parquet(source / "campaign_descriptions.parquet").sort("campaign_id")
    lines = pl.scan_parquet(source / "transactions.parquet").group_by("product_id")
    sold = lines.agg(sold=pl.len().cast(pl.Int64)).collect()
    coupons = (
        pl.read_parquet(source / "coupons.parquet")
        .join(products, on="product_id")
        .join(sold, on="product_id", how="left")
    )
    recorded = _recorded(source)
    for campaign, kind, start, end in dates.iter_rows():
        some = coupons.filter(pl.col("campaign_id") == campaign)
        for (upc,), items in sorted(some.partition_by("coupon_upc", as_dict=True).items()):
            buy, cents = _worth(str(upc), recorded)
            if cents:
                where = f"campaign {campaign} ({kind}), coupon {upc}"
                yield (
                    where,
                    _offer(campaign, str(upc), items, buy, cents)
                    | {
                        "starts": start.date(),
                        "ends": end.date(),
                        "titles": {each.name: title(items, each) for each in languages},
                    },
                )


def _worth(upc: str, recorded: dict[str, int]) -> tuple[int, int]:
    """Pieces to buy and cents off; no cents for a coupon that gives a free item."""
    code = upc[-2:]
    if upc.startswith("5") and code in FREE_ITEM:
        return 1, 0
    if upc.startswith("5") and code in CENTS_OFF:
        buy, cents = CENTS_OFF[code]
        return buy, to_shopper(cents)
    return 1, recorded.get(upc, DEFAULT_CENTS)


def _recorded(source: Path) -> dict[str, int]:
    """Median cents off, to the next five, when a coupon was redeemed: the match included."""
    local = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    lines = pl.scan_parquet(source / "transactions.parquet").filter(pl.col("coupon_disc") > 0)
    lines = lines.select(
        "household_id",
        "product_id",
        local.dt.date().alias("day"),
        cents=((pl.col("coupon_disc") + pl.col("coupon_match_disc")) * 100).round(),
    )
    redeemed = pl.scan_parquet(source / "coupon_redemptions.parquet").select(
        "household_id", "coupon_upc", "campaign_id", day=pl.col("redemption_date").dt.date()
    )
    items = pl.scan_parquet(source / "coupons.parquet")
    uses = (
        redeemed.join(items, on=["coupon_upc", "campaign_id"])
        .join(lines, on=["household_id", "product_id", "day"])
        .group_by("coupon_upc", "household_id", "day")
        .agg(pl.col("cents").max())
        .group_by("coupon_upc")
        .agg(((pl.col("cents").median() / 5).round() * 5).cast(pl.Int64))
        .collect()
    )
    return {str(upc): max(cents, 5) for upc, cents in uses.iter_rows()}


def _offer(campaign: int, upc: str, items: pl.DataFrame, buy: int, cents: int) -> dict[str, Any]:
    makers = items["manufacturer_id"].unique()
    ladder = {name: _amount(cents * percent) for name, percent in LADDER.items()}
    return {
        "id": f"cj{campaign}-{upc}",
        "title": title(items, ENGLISH),
        "funder": f"maker {makers[0]}" if len(makers) == 1 else "chain",
        "objective": "reward",
        "reward": {"amount_off": ladder["medium"]},
        "buy": buy,
        "ladder": ladder,
        "budget": {"money": ladder["heavy"] * REDEMPTIONS, "redemptions": REDEMPTIONS},
        "products": [f"internal:{p}" for p in items["product_id"].unique().sort()],
    }


def _amount(hundredths_of_cents: int) -> Decimal:
    """To the next five cents, at least five."""
    return Decimal(max(5 * round(hundredths_of_cents / 500), 5)) / 100
