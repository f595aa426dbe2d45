"""The value codes, held against the discounts that the tills of Complete Journey recorded."""

import polars as pl
import pytest

from promo.offers.coupon_values import CENTS_OFF, DOUBLED_TO, FREE_ITEM, to_shopper
from promo.scans import complete_journey

ZONE = "America/New_York"


@pytest.fixture(scope="module")
def lines() -> pl.DataFrame:
    """Lines that one maker's coupon paid for: what its code says, what the till gave (cents).

    A redemption is matched with the lines of its household and day that hold one of the coupon's
    products and a coupon discount.
    """
    source = complete_journey.folder(complete_journey.INSTALLED)
    local = pl.col("transaction_timestamp").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    discounted = (
        pl.scan_parquet(source / "transactions.parquet")
        .filter(pl.col("coupon_disc") > 0)
        .select(
            "household_id",
            "product_id",
            local.dt.date().alias("day"),
            given=(pl.col("coupon_disc") * 100).round().cast(pl.Int64),
            match=(pl.col("coupon_match_disc") * 100).round().cast(pl.Int64),
        )
    )
    upc = pl.col("coupon_upc").cast(pl.String)
    redemptions = (
        pl.scan_parquet(source / "coupon_redemptions.parquet")
        .with_row_index("redemption")
        .with_columns(upc.str.slice(-2).alias("code"), day=pl.col("redemption_date").dt.date())
        .filter(upc.str.starts_with("5"), pl.col("code").is_in(list(CENTS_OFF)))
    )
    coupons = pl.scan_parquet(source / "coupons.parquet")
    said = {code: cents for code, (_, cents) in CENTS_OFF.items()}
    return (
        redemptions.join(coupons, on=["coupon_upc", "campaign_id"])
        .join(discounted, on=["household_id", "product_id", "day"])
        .with_columns(said=pl.col("code").replace_strict(said, return_dtype=pl.Int64))
        .collect()
    )


def test_a_code_says_what_the_till_gave(lines: pl.DataFrame) -> None:
    single = lines.filter(pl.len().over("redemption") == 1)
    assert lines["redemption"].n_unique() == 1038
    assert single.height == 978
    assert (single["said"] == single["given"]).mean() >= 0.95  # type: ignore[operator]


def test_every_code_that_was_used_often_is_right_more_often_than_not(lines: pl.DataFrame) -> None:
    single = lines.filter(pl.len().over("redemption") == 1)
    by_code = single.group_by("code").agg(
        right=(pl.col("said") == pl.col("given")).mean(), n=pl.len()
    )
    often = by_code.filter(pl.col("n") >= 5)
    assert often.height > 10
    assert (often["right"] > 0.5).all()


def test_the_chain_doubled_coupons_up_to_a_dollar(lines: pl.DataFrame) -> None:
    small = lines.filter(pl.col("said") == pl.col("given"), pl.col("said") < DOUBLED_TO)
    matched = [to_shopper(cents) - cents for cents in small["given"]]
    right = (pl.Series(matched) == small["match"]).sum()
    assert small.height == 310
    assert right >= 0.98 * small.height


@pytest.mark.parametrize(
    ("cents", "worth"),
    [(10, 20), (35, 70), (50, 100), (55, 100), (99, 100), (100, 100), (101, 101), (300, 300)],
)
def test_what_a_coupon_was_worth_to_the_shopper(cents: int, worth: int) -> None:
    assert to_shopper(cents) == worth


def test_the_codes_are_two_digits_with_sound_values() -> None:
    assert all(len(code) == 2 and code.isdecimal() for code in [*CENTS_OFF, *FREE_ITEM])
    assert not FREE_ITEM & CENTS_OFF.keys()
    assert {buy for buy, _ in CENTS_OFF.values()} == {1, 2, 3, 4}
    assert all(5 <= cents <= 1000 for _, cents in CENTS_OFF.values())


@pytest.mark.parametrize(
    ("code", "expected"), [("76", (1, 100)), ("33", (2, 100)), ("50", (1, 50)), ("82", (1, 200))]
)
def test_codes_named_in_the_facts(code: str, expected: tuple[int, int]) -> None:
    assert CENTS_OFF[code] == expected
