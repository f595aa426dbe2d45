"""Choosing on small frames: what coins, budgets, bands and pace make of the candidates."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from promo import config
from promo.choosing import Chosen, choose
from promo.config import Settings
from promo.forecasting import Forecasts
from promo.house import House
from promo.offers import control
from promo.offers.budgets import SUMS
from promo.offers.live import Catalogue
from promo.offers.terms import parse

NIGHT = date(2017, 11, 6)
SHIPPED = config.load(Path(__file__).parent.parent / "config.yaml")
CANDIDATE = {
    "shopper": pl.String, "offer": pl.UInt32, "category": pl.String, "familiar": pl.Boolean,
    "loyalty": pl.String, "volume": pl.String, "worth": pl.Int64, "probability": pl.Float64,
    "baseline": pl.Float64, "incremental_margin": pl.Float64, "value": pl.Float64,
}  # fmt: skip


def settings(slots: int = 0, held: float = 0.0, offers: int = 16, **allocation: Any) -> Settings:
    """The shipped settings, without discovery, control and pace unless told."""
    exploration = {"discovery_slots": slots, "control_offers": held}
    return SHIPPED.model_copy(
        update={
            "lists": SHIPPED.lists.model_copy(update={"max_offers": offers}),
            "exploration": SHIPPED.exploration.model_copy(update=exploration),
            "allocation": SHIPPED.allocation.model_copy(
                update={"pace": 1e9, "bands": {}} | allocation
            ),
        }
    )


def catalogue(names: str = "abc", **changes: Any) -> Catalogue:
    """Offers of 1.00 off with money for 1,000 uses; changes: of columns, and `terms`."""
    raw = {
        "funder": "Acme", "starts": "2017-11-01", "ends": "2017-12-31", "products": ["x"],
        "reward": {"amount_off": "1.00"}, "budget": {"money": 9, "redemptions": 9},
    } | changes.pop("terms", {})  # fmt: skip
    terms = tuple(parse(raw | {"id": n, "title": f"Offer {n}"}, n, "USD") for n in names)
    rows = [
        {
            "id": each.id, "title": each.title, "starts": each.starts, "ends": each.ends,
            "funder": each.funder, "objective": "reward", "buy": 1, "spend": 0, "uses_each": 1,
            "funder_share": 1.0, "handling": 0, "money_left": 100_000, "uses_left": 1000,
            "money_open": 0, "uses_open": 0,
        } | dict.fromkeys(SUMS, 0.0) | changes
        for each in terms
    ]  # fmt: skip
    empty = pl.DataFrame(schema={"offer": pl.UInt32, "product": pl.String})
    return Catalogue(pl.DataFrame(rows).with_row_index("offer"), pl.DataFrame(), empty, terms)


Candidate = tuple[str, int, str, float, int]  # household, offer, category, value, worth


def forecasts(
    rows: Sequence[Candidate], tier: str = "base", probability: float = 0.1, **more: Any
) -> Forecasts:
    columns = ["shopper", "offer", "category", "value", "worth"]
    plain = pl.DataFrame(rows, {name: CANDIDATE[name] for name in columns}, orient="row")
    full = plain.with_columns(
        familiar=pl.lit(more.get("familiar", True)), loyalty=pl.lit("national"),
        volume=pl.lit("heavy"), probability=pl.lit(probability), baseline=pl.lit(0.2),
        incremental_margin=pl.lit(1.0),
    ).select(list(CANDIDATE))  # fmt: skip
    who = (
        full.select("shopper")
        .unique()
        .sort("shopper")
        .with_columns(tier=pl.lit(tier), language=pl.lit("en"))
    )
    return Forecasts(who, pl.DataFrame(), full)


def chosen(
    rows: Sequence[Candidate],
    offers: Catalogue | None = None,
    own: Settings | None = None,
    elsewhere: Sequence[tuple[str, str]] = (),
    before: pl.DataFrame | None = None,
    **more: Any,
) -> Chosen:
    known = pl.DataFrame(schema={"id": pl.String, "brand": pl.String})
    house = cast(House, SimpleNamespace(settings=own or settings(), products=known))
    found = forecasts(rows, **more)
    return choose(NIGHT, found, offers or catalogue(), house, set(elsewhere), before)


def said(of: Chosen, column: str = "why") -> dict[str, Any]:
    """A column of the decisions by household and offer, such as `1a`."""
    rows = of.decisions.select("shopper", "offer", column).iter_rows()
    return {f"{shopper}{offer}": value for shopper, offer, value in rows}


ROWS = [("1", 0, "A", 5.0, 100), ("1", 1, "A", 3.0, 100), ("1", 2, "C", -1.0, 100),
        ("2", 0, "A", 2.0, 100)]  # fmt: skip


def test_every_candidate_is_recorded_with_its_reason() -> None:
    found = chosen(ROWS)
    assert said(found) == {"1a": "chosen", "1b": "category", "1c": "worthless", "2a": "chosen"}
    assert said(found, "beaten_by") == {"1a": None, "1b": "a", "1c": None, "2a": None}
    assert said(found, "chance") == {"1a": 1, "1b": 0, "1c": 0, "2a": 1}
    assert said(found, "chosen") == {"1a": True, "1b": False, "1c": False, "2a": True}
    assert set(said(found, "price").values()) == {0.0}  # there is plenty of everything
    assert found.listed.select("shopper", "id", "headline").rows() == [
        ("1", "a", "$1.00 off"), ("2", "a", "$1.00 off"),
    ]  # fmt: skip
    assert found.offers.equals(found.listed)
    assert found.unmet == []


def test_what_is_on_another_list_does_not_compete() -> None:
    found = chosen(ROWS, elsewhere=[("1", "a"), ("2", "b"), ("3", "a")])
    assert said(found) == {"1a": "elsewhere", "1b": "chosen", "1c": "worthless", "2a": "chosen"}
    assert said(found, "chance")["1a"] == 0
    assert found.offers.select("shopper", "id").rows() == [("1", "b"), ("2", "a")]


def test_rivals_and_funders() -> None:
    rivals = catalogue(terms={"rivals": {"offers": ["a"]}})
    apart = [("1", 0, "A", 5.0, 100), ("1", 1, "B", 3.0, 100)]
    assert said(chosen(apart, rivals)) == {"1a": "chosen", "1b": "rival"}
    found = chosen(apart, own=settings(per_funder=1))
    assert said(found) == {"1a": "chosen", "1b": "funder"}
    assert said(found, "beaten_by")["1b"] == "a"


@pytest.mark.parametrize("more", [{}, {"familiar": False}])
def test_a_held_back_offer_won_its_slot_and_leaves_it_empty(more: dict[str, Any]) -> None:
    """With control for everybody nothing is printed, and all that would have been is recorded."""
    slots = 1 if more else 0
    plain = chosen(ROWS, own=settings(slots), **more)
    held = chosen(ROWS, own=settings(slots, held=1.0), **more)
    won = {"chosen", "drawn"}
    expected = {key: "control" if why in won else why for key, why in said(plain).items()}
    assert said(held) == expected
    assert said(held, "chance") == said(plain, "chance")
    assert not any(said(held, "chosen").values())
    assert held.listed.is_empty()
    assert held.offers.drop("why").equals(plain.offers.drop("why"))


def test_which_are_held_back_is_the_coins_say_alone() -> None:
    rows = [(f"{n:03d}", 0, "A", 1.0, 100) for n in range(300)]
    own = settings(held=0.3)
    found = chosen(rows, own=own).decisions
    coins = control.pairs(found["shopper"], found["offer"], own.seed, own.exploration)
    assert (found["why"] == "control").to_list() == coins.to_list()
    assert 50 < coins.sum() < 130


def test_discovery_draws_for_its_slots_what_did_not_win() -> None:
    rows = [("1", 0, "A", 5.0, 100), ("1", 1, "B", 3.0, 100), ("1", 2, "C", 1.0, 100)]
    found = chosen(rows, own=settings(slots=1, offers=2))
    why, chance = said(found), said(found, "chance")
    assert why["1a"] == "chosen"
    assert sorted([why["1b"], why["1c"]]) == ["drawn", "slots"]
    drawn = "1b" if why["1b"] == "drawn" else "1c"
    assert chance[drawn] == pytest.approx((0.5 + (0.75 if drawn == "1b" else 0.25)) / 2)
    assert said(found, "beaten_by")[drawn] is None
    every = chosen(rows, own=settings(slots=3, offers=3))
    assert set(said(every).values()) == {"drawn"}


BANDS = {"top": ("4.00", "6.00")}


@pytest.mark.parametrize(
    ("tier", "worths", "expected", "unmet"),
    [
        ("top", (300, 200, 400), "ab", []),  # 5.00; with c it would be 9.00
        ("high", (300, 200, 400), "abc", []),  # no band
        ("top", (100, 100, 100), "abc", ["1"]),
        ("top", (700, 800, 900), "", ["1"]),
    ],
)
def test_bands_by_tier(
    tier: str, worths: tuple[int, int, int], expected: str, unmet: list[str]
) -> None:
    rows = [("1", n, "ABC"[n], value, worths[n]) for n, value in enumerate((5.0, 4.0, 1.0))]
    found = chosen(rows, own=settings(bands=BANDS), tier=tier)
    assert "".join(found.offers["id"].sort()) == expected
    assert found.unmet == unmet
    if expected == "ab":
        assert said(found)["1c"] == "band"


MANY = [(f"{n:03d}", 0, "A", 1.0 + n / 1000, 100) for n in range(200)]


def test_out_of_budget_candidates_pay_its_price() -> None:
    found = chosen(MANY, catalogue(uses_left=9, money_left=900))
    why, price = said(found), said(found, "price")
    given = [key for key, word in why.items() if word == "chosen"]
    assert set(why.values()) == {"chosen", "budget"}
    assert 9 < len(given) < 60  # a tenth of them are redeemed
    assert given == sorted(why)[-len(given) :]  # the most valuable
    assert min(price.values()) == max(price.values()) > 0.9


def test_pace_leaves_some_for_later_nights() -> None:
    def lists(pace: float, **changes: Any) -> int:
        offers = catalogue(uses_left=60, money_left=6000, **changes)
        return chosen(MANY, offers, settings(pace=pace)).offers.height

    # Good for two fortnights of lists: tonight's part is 18 of 512 buckets.
    assert 0 < lists(1) < lists(3) < lists(1e9)
    assert lists(3) == pytest.approx(3 * lists(1), abs=3)
    # The pace is of what other nights' promises leave, but never below one promise.
    held = {"uses_1": 30.0, "uses_22": 3.0, "money_1": 3000.0, "money_2": 3e5, "money_3": 3e7,
            "money_22": 3e4}  # fmt: skip
    assert 0 < lists(3, **held) < lists(3)
    assert chosen(MANY, catalogue(uses_left=1, money_left=100), settings(pace=1)).offers.height == 1


def test_an_offer_that_a_list_may_use_twice_counts_twice() -> None:
    once = chosen(MANY, catalogue(money_left=900, uses_left=10**6)).offers.height
    twice = chosen(MANY, catalogue(money_left=1800, uses_left=10**6, uses_each=2)).offers
    assert twice.height == once
    assert twice["worth"].unique().to_list() == [100]
    uses = chosen(MANY, catalogue(money_left=10**9, uses_left=9)).offers.height
    assert chosen(MANY, catalogue(money_left=10**9, uses_left=19, uses_each=2)).offers.height == (
        uses
    )


def test_promises_of_other_nights_weigh_as_tonights_do() -> None:
    """Twice the same night: its own promises, held in full, leave what they would leave."""
    left: dict[str, Any] = {"money_left": 3600, "uses_left": 10**6, "uses_each": 2}
    both = chosen(MANY, catalogue(**left)).offers.height
    n, p, c = 40, 0.1, 100
    # As the register stores them: every use of a list a promise of its own.
    stored: dict[str, Any] = {
        "uses_1": 2 * n * p, "uses_22": 2 * n * p * p, "money_1": 2 * n * p * c,
        "money_2": 2 * n * p * c**2, "money_3": 2 * n * p * c**3,
        "money_22": 2 * n * (p * c) ** 2,
    }  # fmt: skip
    assert chosen(MANY, catalogue(**left, **stored)).offers.height == both - n


def test_prices_of_the_night_before_save_time_and_nothing_else() -> None:
    offers = catalogue(uses_left=9, money_left=900)
    cold = chosen(MANY, offers)
    warm = chosen(MANY, offers, before=cold.prices)
    assert cold.prices["id"].to_list() == list("abc")
    assert cold.prices.row(0)[1:] > (0.0, 0.0) or cold.prices.row(0)[2] > 0
    assert abs(warm.offers.height - cold.offers.height) <= 1
    assert warm.offers["value"].sum() == pytest.approx(cold.offers["value"].sum(), rel=0.01)
    other = pl.DataFrame({"id": ["gone", "b"], "money": [9.9, 0.1], "uses": [0.0, 0.0]})
    fresh = chosen(MANY, offers, before=other)
    assert fresh.offers["value"].sum() == pytest.approx(cold.offers["value"].sum(), rel=0.01)


def test_the_same_night_again_is_the_same() -> None:
    one, other = (chosen(MANY, own=settings(slots=1, held=0.1)) for _ in range(2))
    assert one.decisions.equals(other.decisions)
    assert one.prices.equals(other.prices)


def test_nobody_and_nothing() -> None:
    found = chosen([])
    assert found.offers.is_empty()
    assert found.decisions.is_empty()
    assert found.prices["money"].to_list() == [0, 0, 0]
