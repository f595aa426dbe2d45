"""Numbers of things in sentences."""

import pytest

from promo.counting import counted, verb


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 coupons were"), (1, "1 coupon was"), (2, "2 coupons were"), (1000, "1,000 coupons we")],
)
def test_one_and_several(number: int, said: str) -> None:
    assert f"{counted(number, 'coupon')} {verb(number, 'was', 'were')}".startswith(said)


def test_a_plural_that_is_not_made_with_an_s() -> None:
    assert counted(1, "item of families", "items of families") == "1 item of families"
    assert counted(3, "item of families", "items of families") == "3 items of families"
