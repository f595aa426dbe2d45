from datetime import date, timedelta
from pathlib import Path

import pytest

from promo.config import Settings, load
from promo.offers import pacing

SETTINGS = load(Path(__file__).parent.parent.parent / "config.yaml")
FIRST = date(2017, 11, 6)  # the first night of a fortnight
LONG_AGO = date(2017, 1, 1)


def only(nights: tuple[int, ...]) -> Settings:
    calendar = SETTINGS.calendar.model_copy(update={"nights": nights})
    return SETTINGS.model_copy(update={"calendar": calendar})


def share(night: date, last_night: int, settings: Settings = SETTINGS) -> float:
    """Of an offer whose last list can be made `last_night` nights after FIRST."""
    ends = FIRST + timedelta(last_night + 13)
    return float(pacing.shares(night, [LONG_AGO], [ends], settings)[0])


@pytest.mark.parametrize(
    ("night", "last_night", "expected"),
    [
        (0, 0, 1.0),  # tonight or never
        (13, 13, 1.0),
        (0, 13, 18 / 256),  # fourteen waves, the first of 18 buckets
        (0, 27, 18 / 512),
        (7, 13, 18 / 128),  # the half that is left
        (0, -1, 1.0),  # good for no list any more; the catalogue does not hold it
    ],
)
def test_a_nights_share_is_its_part_of_the_lists_to_come(
    night: int, last_night: int, expected: float
) -> None:
    assert share(FIRST + timedelta(night), last_night) == pytest.approx(expected, abs=0.003)


def test_all_shares_of_what_is_left_use_everything_up() -> None:
    left = 1.0
    for night in range(14):
        left *= 1 - share(FIRST + timedelta(night), 13)
    assert left == 0


def test_one_big_drop_takes_all_that_the_fortnight_may() -> None:
    assert share(FIRST, 13, only((0,))) == 1.0
    assert share(FIRST, 14, only((0,))) == 0.5
    assert share(FIRST, 13, only((0, 7))) == 0.5


def test_an_offer_that_begins_later_has_its_lists_then() -> None:
    found = pacing.shares(
        FIRST, [FIRST + timedelta(7), FIRST], [FIRST + timedelta(26)] * 2, SETTINGS
    )
    assert found[0] > found[1]
