from datetime import date

import polars as pl
import pytest

from promo.offers import control
from promo.sections import Exploration

HOUSEHOLDS = pl.Series("shopper", [f"h{n}" for n in range(20_000)])


def asked(**changes: float) -> Exploration:
    plain = {
        "discovery_slots": 2, "control_households": 0.1, "control_offers": 0.05,
        "season_days": 182,
    }  # fmt: skip
    return Exploration.model_validate(plain | changes)


def test_the_share_that_was_asked_for_is_held_back() -> None:
    share = control.households(HOUSEHOLDS, 1, 3, asked()).mean()
    assert share == pytest.approx(0.1, abs=0.01)
    offers = pl.Series("offer", ["a", "b"] * 10_000)
    assert control.pairs(HOUSEHOLDS, offers, 1, asked()).mean() == pytest.approx(0.05, abs=0.008)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 0), (1.0, len(HOUSEHOLDS))])
def test_nobody_and_everybody(share: float, expected: int) -> None:
    settings = asked(control_households=share, control_offers=share)
    assert control.households(HOUSEHOLDS, 1, 0, settings).sum() == expected
    assert control.pairs(HOUSEHOLDS, HOUSEHOLDS, 1, settings).sum() == expected


def test_who_is_control_changes_with_the_season_and_not_within() -> None:
    first = control.households(HOUSEHOLDS, 1, 0, asked())
    assert first.equals(control.households(HOUSEHOLDS, 1, 0, asked()))
    again = control.households(HOUSEHOLDS, 1, 1, asked())
    assert (first & again).mean() == pytest.approx(0.01, abs=0.004)  # as chance has it


def test_an_offers_control_does_not_depend_on_company() -> None:
    offers = pl.Series("offer", ["a"] * len(HOUSEHOLDS))
    every = control.pairs(HOUSEHOLDS, offers, 1, asked())
    assert every.slice(500, 9).equals(
        control.pairs(HOUSEHOLDS.slice(500, 9), offers.slice(500, 9), 1, asked())
    )
    nothing = pl.Series("offer", [], dtype=pl.String)
    assert control.pairs(nothing, nothing, 1, asked()).len() == 0


@pytest.mark.parametrize(
    ("day", "number"),
    [("2017-01-02", 0), ("2017-07-02", 0), ("2017-07-03", 1), ("2017-01-01", -1)],
)
def test_seasons_are_counted_from_the_first_night(day: str, number: int) -> None:
    assert control.season(date.fromisoformat(day), date(2017, 1, 2), 182) == number
