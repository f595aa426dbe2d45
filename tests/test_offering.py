"""What is asked of budgets from the keyboard: figures that no row could hold are refused."""

from decimal import Decimal

import pytest
from offers import shop
from sqlalchemy import Engine

from promo.config import Settings
from promo.house import House
from promo.offering import set_budget
from promo.offers.terms import OfferError


@pytest.mark.parametrize(
    ("money", "redemptions", "words"),
    [
        (Decimal("1e30"), None, r"--money is 1E\+30; expected 0 to 1000000000000"),
        (Decimal(-5), None, "--money is -5; expected 0 to"),
        (Decimal("nan"), None, "--money: "),
        (None, 10**20, "--redemptions is 1(0+); expected 0 to 1000000000000"),
    ],
)
def test_a_budget_that_no_row_could_hold(
    engine: Engine, settings: Settings, money: Decimal | None, redemptions: int | None, words: str
) -> None:
    shop.masters(engine)
    shop.offer(engine, "o1")
    with pytest.raises(OfferError, match=words):
        set_budget(House(settings, engine), "o1", money, redemptions, shop.NIGHT)
