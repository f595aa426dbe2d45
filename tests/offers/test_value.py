"""Value: what is given for nothing is a cost, and each objective counts what it says."""

from typing import Any

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import settings as of_hypothesis
from hypothesis import strategies as st

from promo.config import Settings
from promo.offers import value
from promo.sections import Response, Weights

SHARES = st.floats(0, 1)
PAIR: dict[str, Any] = {
    "probability": 0.05, "baseline": 0.2, "worth": 100, "price": 400.0, "margin": 100.0, "buy": 1,
    "funder_share": 1.0, "handling": 0, "objective": "reward",
}  # fmt: skip


@pytest.fixture
def priors(settings: Settings) -> Response:
    return settings.response


def only(**weights: float) -> Response:
    """Settings by which every objective counts the same."""
    zero = {"margin": 0.0, "sales": 0.0, "worth": 0.0, "subsidy": 0.0}
    each = {
        o: Weights(**(zero | weights)) for o in ("retain", "convert", "grow", "trial", "reward")
    }
    return Response(
        elasticity=0.5, anyway_odds=5, kept=0.5, candidates=40, discovery_candidates=8, weights=each
    )


def of(settings: Response, **changes: Any) -> dict[str, Any]:
    return pl.DataFrame([PAIR | changes]).with_columns(value.value(settings)).row(0, named=True)


def test_the_formula_worked_by_hand() -> None:
    found = of(only(margin=1, sales=2, worth=3, subsidy=4), funder_share=0.6, handling=8, buy=2)
    anyway = 5 * 0.2 / (5 * 0.2 + 0.8)
    new = (1 - anyway) * 0.5 * 2
    margin = new * 100 + 8 - 0.4 * 100
    assert found["anyway"] == pytest.approx(anyway)
    assert found["incremental_margin"] == pytest.approx(0.05 * margin)
    whole = margin + 2 * new * 400 + 3 * 100 - 4 * anyway * 100
    assert found["value"] == pytest.approx(0.05 * whole)


@pytest.mark.parametrize("funder_share", [0.0, 0.5, 0.9])
def test_an_offer_to_a_loyal_heavy_buyer_about_to_pay_full_price_is_a_cost(
    priors: Response, funder_share: float
) -> None:
    """It buys for certain, and would have; all the chain pays is given for nothing."""
    heavy = {"probability": 0.3, "baseline": 0.97, "funder_share": funder_share}
    found = of(priors, **heavy)
    assert found["anyway"] > 0.99
    assert found["incremental_margin"] < 0
    assert found["incremental_margin"] == pytest.approx(-0.3 * 100 * (1 - funder_share), rel=0.05)
    assert (
        of(priors, **(heavy | {"baseline": 0.02}))["incremental_margin"]
        > found["incremental_margin"]
    )


@pytest.mark.parametrize("objective", ["convert", "grow", "trial"])
def test_whoever_pays_a_sure_buyer_is_worth_less_than_one_to_be_won(
    priors: Response, objective: str
) -> None:
    sure, won = (of(priors, objective=objective, baseline=b)["value"] for b in (0.95, 0.05))
    assert sure < 0 < won


def test_a_reward_counts_what_the_shopper_gets(priors: Response) -> None:
    offers = [of(priors, probability=p, baseline=0.3)["value"] for p in (0.01, 0.02, 0.04)]
    assert offers[0] < offers[1] < offers[2]
    assert of(priors, baseline=0.95)["value"] > 0


@given(SHARES, st.floats(1, 1000))
@example(1.0, 1.0000000000000002)
def test_who_redeems_is_likelier_to_have_bought_anyway(baseline: float, odds: float) -> None:
    frame = pl.DataFrame({"b": [baseline]})
    found = frame.select(value.redeemed_anyway(pl.col("b"), odds)).item()
    assert baseline - 1e-12 <= found <= 1


@given(
    st.floats(0.001, 0.9), SHARES, SHARES, st.integers(1, 10_000), st.integers(0, 50),
    st.integers(1, 9),
)  # fmt: skip
@of_hypothesis(max_examples=30)
def test_the_funder_s_money_and_handling_never_lower_the_chain_s_margin(
    p: float, baseline: float, share: float, worth: int, handling: int, buy: int
) -> None:
    settings = only(margin=1)
    found = [
        of(settings, probability=p, baseline=baseline, worth=worth, buy=buy, **changes)
        for changes in (
            {"funder_share": 0.0}, {"funder_share": share}, {"funder_share": 1.0},
            {"funder_share": 1.0, "handling": handling},
        )
    ]  # fmt: skip
    margins = [each["incremental_margin"] for each in found]
    assert margins == sorted(margins)
    assert [each["value"] for each in found] == pytest.approx(margins)
