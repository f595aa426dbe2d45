"""A clock that was set back is noticed; a night that is named is not doubted."""

from datetime import date, timedelta

import pytest
import small_house
from small_house import FIRST, promo

from promo import clock, config
from promo.house import House

YESTERDAY = FIRST - timedelta(1)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (FIRST, ()),
        (FIRST + timedelta(9), ()),
        (YESTERDAY, (f"there is a night of {FIRST}",)),
        (
            FIRST - timedelta(40),
            (f"there is a night of {FIRST}", f"the till logs reach {YESTERDAY}"),
        ),
    ],
)
def test_doubt(made: House, today: date, expected: tuple[str, ...]) -> None:
    found = clock.doubt(made, today)
    if not expected:
        assert found is None
    else:
        assert found == (
            f"The clock says {today}, but {' and '.join(expected)}: was it set back? The night of "
            f"{today} is made; set the clock right, or name the night that is meant with --day."
        )


def test_an_empty_house_doubts_nothing(house: House) -> None:
    assert clock.doubt(house, date(2000, 1, 1)) is None


def test_the_night_says_it(made: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config.Settings, "current_day", lambda _: YESTERDAY)
    before = {p.name: p.read_bytes() for p in (made.settings.paths.out / f"{FIRST}").iterdir()}
    assert "was it set back?" in promo(made, "nightly").stderr
    assert "was it set back?" not in promo(made, "nightly", "--day", f"{YESTERDAY}").stderr
    small_house.change(made.settings.folder, "today: null", f"today: {YESTERDAY}")
    assert "was it set back?" not in promo(made, "nightly").stderr
    after = {p.name: p.read_bytes() for p in (made.settings.paths.out / f"{FIRST}").iterdir()}
    assert after == before
