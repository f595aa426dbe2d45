"""What returns give back: stored amounts, whole or in parts, by each offer's policy."""

import json
from typing import Any

import pytest
from offers.written import lines

from checkout.shopping import held, matches, reckon
from promo.checkout.basket.giving_back import Returned, give_back
from promo.checkout.basket.model import Held, Part
from promo.checkout.basket.sale import Sale
from promo.offers.basket import Unit


def sold(basket: str, *offers: Held) -> Sale:
    """A sale as it comes back from where it was stored."""
    sale = Sale.of(lines(basket), offers, reckon(basket, *offers))
    assert Sale.from_stored(json.loads(json.dumps(sale.stored()))) == sale
    return sale


def returned(sale: Sale, offers: list[Held], *parts: list[Unit]) -> list[Returned]:
    """Returns of a sale, one after the other."""
    done: list[Returned] = []
    terms = {offer.terms.id: offer.terms for offer in offers}
    for units in parts:
        done.append(give_back(sale, units, done, terms, matches(*offers)))
        stored = json.loads(json.dumps(done[-1].stored()))
        assert Returned.from_stored(stored | {"others": []}) == done[-1]
    return done


BOGO: dict[str, Any] = {"reward": {"get": 1}, "buy": 1}


@pytest.mark.parametrize(
    ("policy", "refunds", "backs", "uses"),
    [
        ("keep", [500, 0], [0, 300], [0, 0]),
        ("restore", [500, 0], [0, 300], [0, 1]),
        ("reclaim", [200, 300], [300, 0], [1, 0]),  # the free one must now be paid
    ],
)
def test_a_threshold_no_longer_met(
    policy: str, refunds: list[int], backs: list[int], uses: list[int]
) -> None:
    offers = [held("a", returns=policy, **BOGO)]
    sale = sold("a 1 500, a 1 300", *offers)
    done = returned(sale, offers, [(0, 0)], [(1, 0)])
    assert [each.refund for each in done] == refunds
    assert [sum(back.discount for back in each.uses) for each in done] == backs
    assert [sum(back.uses for back in each.uses) for each in done] == uses


def test_reclaiming_never_makes_the_shopper_pay() -> None:
    offers = [held("a b", returns="reclaim", buy=2, reward={"amount_off": 5})]
    sale = sold("a 1 900, b 1 100", *offers)
    done = returned(sale, offers, [(1, 0)], [(0, 0)])
    assert [each.refund for each in done] == [0, 500]  # 50 of the 450 on `a` are left to take back
    assert sum(back.discount for each in done for back in each.uses) == 500


def test_a_basket_that_falls_below_its_sum_loses_its_discount() -> None:
    offers = [held("", returns="reclaim", basket=10, reward={"amount_off": 2})]
    sale = sold("a 1 600, b 1 600", *offers)
    [first, second] = returned(sale, offers, [(0, 0)], [(1, 0)])
    assert (first.refund, second.refund) == (400, 600)
    assert [back.discount for back in first.uses] == [200]


def test_points_and_handling_go_back_with_the_pieces() -> None:
    offers = [held("a", buy=2, reward={"points": 50}, returns="restore",
                   funding={"handling": 0.08})]  # fmt: skip
    sale = sold("a 1 300, a 1 100", *offers)
    done = returned(sale, offers, [(0, 0)], [(1, 0)])
    told = [(b.points, b.handling, b.uses) for each in done for b in each.uses]
    assert told == [(38, 0, 0), (12, 8, 1)]


def test_the_funder_gets_back_what_it_paid_on_each_piece() -> None:
    offers = [held("a b", buy=2, funding={"manufacturer": 33})]
    sale = sold("a 1 300, b 1 100", *offers)
    [done] = returned(sale, offers, [(0, 0)])
    assert dict(done.uses[0].parts) == {(0, 0): Part(75, 25, 0)}
    assert (done.refund, done.uses[0].funder) == (225, 25)


def test_what_is_back_already_or_was_never_sold_gives_nothing() -> None:
    offers = [held("a")]
    sale = sold("a 1 300", *offers)
    done = returned(sale, offers, [(0, 0)], [(0, 0)], [(7, 0)])
    assert [(each.units, each.refund, each.uses) for each in done[1:]] == [((), 0, ())] * 2


def test_pieces_that_no_offer_touched_go_back_first() -> None:
    offers = [held("a", buy=2)]
    sale = sold("a 4 1201", *offers)
    assert sale.pick(0, 1) == [(0, 2)]
    assert sale.pick(0, 3, gone=[(0, 2)]) == [(0, 3), (0, 0), (0, 1)]
    assert sale.pick(3, 1) == []
