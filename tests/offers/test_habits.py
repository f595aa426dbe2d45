"""Habits, counted a second time in plain Python."""

import math
from collections import defaultdict
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promo.offers import habits
from promo.shoppers import profiles

NIGHT = date(2017, 11, 6)
KNOWN = pl.DataFrame(
    [("a1", "A", "soup", False), ("a2", "A", "soup", True), ("b1", "B", "soup", False),
     ("b2", "B", "tea", False), ("x", None, None, False)],
    {**dict.fromkeys(("id", "brand_owner", "description"), pl.String), "store_brand": pl.Boolean},
    orient="row",
)  # fmt: skip
ITEMS = pl.DataFrame(
    [("soups", "a1"), ("soups", "b1"), ("own", "a2"), ("tea", "b2"), ("odd", "x"), ("odd", "a1")],
    {"offer": pl.String, "product": pl.String},
    orient="row",
)
Row = tuple[str, str, int, int, int, int]  # shopper, product, days ago, units, paid, coupon

rows = st.lists(
    st.tuples(
        st.sampled_from(["p", "q"]), st.sampled_from(KNOWN["id"].to_list()), st.integers(1, 60),
        st.integers(-1, 3), st.integers(-50, 900), st.sampled_from([0, 0, 50]),
    ),
    max_size=25,
)  # fmt: skip


def profile(bought: list[Row]) -> pl.DataFrame:
    """Profile rows, one a household, product and day."""
    schema = {
        "shopper": pl.String, "product": pl.String, "day": pl.Date, "units": pl.Int64,
        "paid": pl.Int64, "manufacturer_discount": pl.Int64,
    }  # fmt: skip
    made = [(s, p, NIGHT - timedelta(ago), *rest) for s, p, ago, *rest in bought]
    frame = pl.DataFrame(made, schema=schema, orient="row")
    keys = ["shopper", "product", "day"]
    return frame.group_by(keys).agg(pl.col("units", "paid", "manufacturer_discount").sum())


def attached(bought: list[Row], redeemed: pl.DataFrame | None = None) -> pl.DataFrame:
    days = profile(bought)
    sums = habits.pairs(profiles.purchases(days, "product"), days, ITEMS, KNOWN, NIGHT)
    offers = ITEMS.select("offer").unique().sort("offer")
    wanted = pl.DataFrame({"shopper": ["p", "q"]}).join(offers, how="cross")
    return habits.attach(wanted, sums, habits.households(days, redeemed), ITEMS, KNOWN)


def by_hand(bought: list[Row], shopper: str, offer: str) -> float:
    """The habit as the module's docstring has it."""
    days = profile(bought).filter(pl.col("shopper") == shopper).to_dicts()
    facts = {row["id"]: row for row in KNOWN.to_dicts()}
    items = set(ITEMS.filter(pl.col("offer") == offer)["product"])
    kinds = {(facts[i]["brand_owner"], facts[i]["description"]) for i in items} - {(None, None)}
    came = [row for row in days if row["units"] > 0]
    own = [row for row in came if row["product"] in items]
    used = {r["product"]: set[date]() for r in own}
    for row in days:
        if row["manufacturer_discount"] > 0 and row["product"] in used:
            used[row["product"]].add(row["day"])
    kin = [
        r for r in came
        if (facts[r["product"]]["brand_owner"], facts[r["product"]]["description"]) in kinds
    ]  # fmt: skip
    paid = max(sum(row["paid"] for row in own), 0)
    first = max(((NIGHT - row["day"]).days for row in own), default=1)
    brands = [bool(facts[i]["store_brand"]) for i in items]
    trips = len({row["day"] for row in days})
    return float(
        math.log1p(math.sqrt(paid * len(own)))
        + 0.6 * math.log1p(sum(len(found) for found in used.values()))
        + 0.05 * math.log1p(len(kin))
        + 0.25 * math.log(first)
        - 1.5 * sum(brands) / len(brands)
        - 1.8 * math.log(trips + 10)
    )


@given(rows)
@settings(max_examples=40)
def test_it_is_what_plain_python_counts(bought: list[Row]) -> None:
    for row in attached(bought).iter_rows(named=True):
        expected = by_hand(bought, row["shopper"], row["offer"])
        assert row["habit"] == pytest.approx(expected), row


@given(rows)
@settings(max_examples=40)
def test_the_order_of_the_input_is_without_effect(bought: list[Row]) -> None:
    assert attached(bought[::-1]).equals(attached(bought))


def test_what_was_bought_goes_before_its_kin_and_that_before_the_unknown() -> None:
    found = attached([("p", "a1", 9, 1, 300, 0)])
    habit = {r["offer"]: r["habit"] for r in found.iter_rows(named=True) if r["shopper"] == "p"}
    assert habit["soups"] > habit["tea"]
    kin = attached([("p", "a2", 9, 1, 300, 0)])
    near = {r["offer"]: r["habit"] for r in kin.iter_rows(named=True) if r["shopper"] == "p"}
    assert near["own"] > near["soups"] > near["tea"]


def proneness(bought: list[Row], redeemed: list[tuple[str, date]]) -> dict[str, float]:
    schema = {"shopper": pl.String, "day": pl.Date}
    used = pl.DataFrame(redeemed, schema=schema, orient="row")
    found = habits.households(profile(bought), used)
    return dict(found.select("shopper", "proneness").iter_rows())


def test_proneness_is_the_shrunk_share_of_shopping_days_with_a_coupon() -> None:
    bought: list[Row] = [("p", "a1", n, 1, 100, 50 * (n < 4)) for n in range(1, 21)]
    share = (3 + 5 * 0.06) / (20 + 5)
    assert proneness(bought, [])["p"] == pytest.approx(math.log(share))


def test_our_own_offers_count_as_coupons_but_a_day_only_once() -> None:
    bought: list[Row] = [("p", "a1", n, 1, 100, 50 * (n == 1)) for n in range(1, 11)]
    days = [NIGHT - timedelta(n) for n in (1, 2, 2, 3)]
    share = (3 + 5 * 0.06) / (10 + 5)
    assert proneness(bought, [("p", day) for day in days])["p"] == pytest.approx(math.log(share))


def test_who_never_came_is_as_prone_as_usual() -> None:
    found = attached([("p", "a1", 9, 1, 300, 0)])
    assert set(found.filter(pl.col("shopper") == "q")["proneness"]) == {math.log(habits.SHARE)}


def test_the_more_often_with_a_coupon_the_more_prone() -> None:
    seen = defaultdict(float)
    for coupons in range(6):
        bought: list[Row] = [("p", "a1", n, 1, 100, 50 * (n <= coupons)) for n in range(1, 21)]
        seen[coupons] = proneness(bought, [])["p"]
    assert list(seen.values()) == sorted(seen.values())
