"""Which offers a basket gets together: by tables, rule by rule."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from offers.written import lines

from checkout.shopping import AT, held, matches, off, reckon, why
from promo.checkout.basket.belt import taken_away
from promo.checkout.basket.model import Left, Share
from promo.checkout.basket.reasons import REASONS
from promo.offers.pricing import price

HALF: dict[str, Any] = {"reward": {"percent_off": 50}}
BASKET: dict[str, Any] = {"reward": {"percent_off": 10}, "basket": 1}


def test_a_line_of_three_pieces_pays_for_two_offers_and_not_for_four() -> None:
    given = reckon("a 3 900", *(held("a", f"o{n}") for n in range(4)))
    assert off(given) == {"o0": 100, "o1": 100, "o2": 100, "o3": 0}
    assert given.shares() == {0: Share(300, 300, 0)}
    answer = given.answers[3]
    assert answer.why is not None
    assert (answer.why.code, answer.why.by) == ("taken", ("o0", "o1", "o2"))


@pytest.mark.parametrize(
    ("basket", "offers", "expected"),
    [
        # the dearer piece goes to the percentage
        ("a 1 800, a2 1 200", [held("a a2", "x"), held("a a2", "y", **HALF)], {"x": 100, "y": 400}),
        # the wide offer leaves the one piece that the narrow one can use
        ("a 1 800, b 1 200", [held("a b", "x"), held("a", "y")], {"x": 100, "y": 100}),
        # no order of taking the dearest first makes both: each leaves what the other wants
        (
            "a 1 500, b 1 450, c 1 300, d 1 200",
            [held("a b c", "x", buy=2), held("a b d", "y", buy=2)],
            {"x": 100, "y": 100},
        ),
        # where the terms say cheapest, nothing is left to others for more
        (
            "a 1 800, b 1 200",
            [held("a b", "x", choose="cheapest", **HALF), held("b", "y", reward={"amount_off": 2})],
            {"x": 400, "y": 200},
        ),
        ("a 1 800, b 1 200", [held("a b", "x", choose="cheapest", **HALF)], {"x": 100}),
        # the three that need two pieces or one: the single ones are worth more together
        (
            "a 2 600",
            [held("a", "x", buy=2, reward={"amount_off": 1.5}), held("a", "y"), held("a", "z")],
            {"x": 0, "y": 100, "z": 100},
        ),
    ],
)  # fmt: skip
def test_the_best_for_the_shopper(basket: str, offers: list[Any], expected: dict[str, int]) -> None:
    given = reckon(basket, *offers)
    assert off(given) == expected
    assert given.exact


def test_best_for_the_chain_prefers_the_funders_money_and_withholds_nothing() -> None:
    own = held("a", "own", funder="chain", reward={"amount_off": 3})
    made = held("a", "made", reward={"amount_off": 1})
    assert off(reckon("a 1 500", own, made)) == {"own": 300, "made": 0}
    assert off(reckon("a 1 500", own, made, policy="best_for_chain")) == {"own": 0, "made": 100}
    assert off(reckon("a 1 500", own, policy="best_for_chain")) == {"own": 300}
    paid = held("a", "paid", reward={"amount_off": 1}, funding={"handling": 0.10})
    assert off(reckon("a 1 500", made, paid, policy="best_for_chain")) == {"made": 0, "paid": 100}


def test_in_order_goes_by_priority_and_then_by_the_list() -> None:
    small, large = held("a", "small"), held("a", "large", reward={"amount_off": 2})
    assert off(reckon("a 1 500", small, large, policy="in_order")) == {"small": 100, "large": 0}
    first = held("a", "first", priority=1, reward={"amount_off": 0.5})
    given = reckon("a 1 500", small, large, first, policy="in_order")
    assert off(given) == {"small": 0, "large": 0, "first": 50}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("best_for_shopper", {"A": 0, "B": 100, "C": 300}),
        ("best_for_chain", {"A": 250, "B": 100, "C": 0}),
        ("in_order", {"A": 250, "B": 100, "C": 0}),
    ],
)
def test_the_policies_on_the_example_of_the_documentation(
    policy: str, expected: dict[str, int]
) -> None:
    offers = [held("a b", "A", **HALF), held("a b", "B"),
              held("a", "C", funder="chain", reward={"amount_off": 3})]  # fmt: skip
    found = off(reckon("a 1 500, b 1 200", *offers, policy=policy))
    assert sum(found.values()) == sum(expected.values())
    assert found["C"] == expected["C"]


def test_priority_decides_between_equals() -> None:
    one, other = held("a", "one"), held("a", "other", priority=1)
    assert off(reckon("a 1 500", one, other)) == {"one": 0, "other": 100}


def test_of_a_stacking_group_a_basket_gets_one() -> None:
    offers = [
        held("a", "x", stacking="dairy", uses={"per_list": 2}),
        held("b", "y", stacking="dairy", reward={"amount_off": 1.5}),
        held("c", "z"),
    ]
    given = reckon("a 2 600, b 1 300, c 1 300", *offers)
    assert off(given) == {"x": 200, "y": 0, "z": 100}  # used twice, it is still one offer
    assert why(given)["y"] == "stacking"
    assert given.answers[1].why is not None
    assert given.answers[1].why.by == ("x",)


@pytest.mark.parametrize(
    ("amount", "expected", "reasons"),
    [
        (3, {"x": 300, "y": 0, "z": 0}, {"x": None, "y": "excluded", "z": "excluded"}),
        (1.5, {"x": 0, "y": 100, "z": 100}, {"x": "exclusive", "y": None, "z": None}),
    ],
)
def test_an_exclusive_offer_goes_with_no_other(
    amount: float, expected: dict[str, int], reasons: dict[str, str | None]
) -> None:
    offers = [held("a", "x", exclusive=True, reward={"amount_off": amount}),
              held("b", "y"), held("c", "z")]  # fmt: skip
    given = reckon("a 1 500, b 1 300, c 1 300", *offers)
    assert off(given) == expected
    assert why(given) == reasons


def test_in_order_an_exclusive_offer_has_its_turn_alone_or_not_at_all() -> None:
    alone, other = held("a", "x", exclusive=True), held("b", "y")
    basket = "a 1 500, b 1 300"
    assert off(reckon(basket, alone, other, policy="in_order")) == {"x": 100, "y": 0}
    assert off(reckon(basket, other, alone, policy="in_order")) == {"y": 100, "x": 0}


def test_what_comes_off_the_whole_basket_comes_last_on_what_is_left() -> None:
    given = reckon("a 1 500, x 1 500", held("a", "o"), held("", "all", **BASKET))
    assert off(given) == {"o": 100, "all": 90}
    assert given.shares() == {0: Share(140, 140, 0), 1: Share(50, 50, 0)}


def test_percentages_on_the_basket_come_before_amounts() -> None:
    amount: dict[str, Any] = {"reward": {"amount_off": 5}, "basket": 1}
    given = reckon("x 1 1000", held("", "a", **amount), held("", "b", **BASKET))
    assert off(given) == {"a": 500, "b": 100}


def test_thresholds_are_measured_at_the_tills_prices() -> None:
    given = reckon(
        "a 1 500, x 1 500", held("a", "o"), held("", "ten", reward={"amount_off": 1}, basket=10)
    )
    assert off(given) == {"o": 100, "ten": 100}


def test_own_offers_come_before_coupons() -> None:
    own = held("a", "own", reward={"amount_off": 0.25})
    coupon = held("a", "c", coupon=True, reward={"amount_off": 2, "over_value": "nothing"})
    assert off(reckon("a 1 300", own, coupon)) == {"own": 25, "c": 0}
    assert why(reckon("a 1 300", own, coupon))["c"] == "taken"
    assert off(reckon("a 2 600", own, coupon)) == {"own": 25, "c": 200}


def test_a_piece_that_paid_for_one_coupon_pays_for_no_other() -> None:
    coupons = [held("a", key, coupon=True) for key in ("c1", "c2")]
    assert off(reckon("a 1 300", *coupons)) == {"c1": 100, "c2": 0}


@pytest.mark.parametrize(("over", "given_off"), [("nothing", 0), ("cap", 150)])
def test_an_amount_above_what_its_items_cost(over: str, given_off: int) -> None:
    coupon = held("a", "c", coupon=True, reward={"amount_off": 2, "over_value": over})
    given = reckon("a 1 150", coupon)
    assert off(given) == {"c": given_off}
    assert why(given)["c"] == (None if given_off else "over_value")


@pytest.mark.parametrize(
    ("basket", "gone"),
    [
        ("a 2 600, a -1 -300", {(0, 0)}),
        ("a 1 500, a 1 300, a -1 -300", {(1, 0)}),  # the piece of its own price
        ("a 1 500, a 1 300, a -1 -250", {(0, 0)}),  # else the dearest
        ("a 1 500, b -1 -500", set()),
        ("a 1 500, a -3 -1500", {(0, 0)}),
    ],
)
def test_returns_take_pieces_out_of_the_same_basket(basket: str, gone: set[Any]) -> None:
    assert taken_away(lines(basket)) == gone
    given = reckon(basket, held("a", uses={"per_list": 9}))
    assert not gone & {u for a in given.answers for use in a.uses for u in use.units}


def test_a_return_in_the_basket_undoes_the_offer() -> None:
    assert off(reckon("a 2 600", held("a", buy=2))) == {"o1": 100}
    given = reckon("a 2 600, a -1 -300", held("a", buy=2))
    assert (off(given), why(given)) == ({"o1": 0}, {"o1": "too_few"})


@pytest.mark.parametrize(
    ("left", "code"),
    [
        (Left(on_list=0), "no_uses"),
        (Left(household=0), "no_uses_household"),
        (Left(5, 5, 0), "no_uses_today"),
    ],
)
def test_no_use_is_left(left: Left, code: str) -> None:
    assert why(reckon("a 1 300", held("a", left=left))) == {"o1": code}


def test_the_least_of_what_is_left_holds() -> None:
    offer = held("a", left=Left(2, 3, None), uses={"per_list": 5})
    assert off(reckon("a 9 2700", offer)) == {"o1": 200}


@pytest.mark.parametrize(
    ("at", "store", "terms", "code"),
    [
        (AT + timedelta(40), "1", {}, "day"),
        (AT, "1", {"when": {"before": "15:00"}}, "time"),
        (AT, "1", {"where": {"stores": ["2"]}}, "store"),
    ],
)
def test_closed_here_and_now(at: datetime, store: str, terms: dict[str, Any], code: str) -> None:
    assert why(reckon("a 1 300", held("a", **terms), at=at, store=store)) == {"o1": code}


@pytest.mark.parametrize(
    ("basket", "terms", "code"),
    [
        ("x 1 300", {}, "not_bought"),
        ("a 1 300", {"buy": 2}, "too_few"),
        ("a 1 300", {"spend": 5}, "too_little"),
        ("a 1 300", {"basket": 5}, "basket_too_small"),
        ("a 1 300 1lb", {"pounds": 2}, "too_light"),
        ("a 1 300", {"reward": {"new_price": 4}}, "no_saving"),
    ],
)
def test_needs_that_are_not_met(basket: str, terms: dict[str, Any], code: str) -> None:
    assert why(reckon(basket, held("a", **terms))) == {"o1": code}


def test_every_reason_has_a_sentence() -> None:
    assert all(sentence.endswith(".") for sentence in REASONS.values())


def test_the_funder_pays_its_percentage_of_each_use_to_the_minor_unit() -> None:
    offer = held("a b", buy=2, funding={"manufacturer": 33, "handling": 0.08},
                 reward={"amount_off": 1})  # fmt: skip
    given = reckon("a 1 300, b 1 100", offer)
    assert given.shares() == {0: Share(75, 25, 0), 1: Share(25, 8, 0)}
    assert given.shares()[0].store == 50
    [use] = given.answers[0].uses
    assert (use.discount, use.funder, use.handling) == (100, 33, 8)
    assert (given.answers[0].funder, given.answers[0].store) == (33, 67)


def test_points_are_shared_over_the_pieces_that_earn_them() -> None:
    given = reckon("a 1 300, a 1 100", held("a", buy=2, reward={"points": 50}))
    assert given.points == 50
    assert given.shares() == {0: Share(0, 0, 38), 1: Share(0, 0, 12)}


def test_money_goes_before_points_unless_the_chain_says_what_a_point_is_worth() -> None:
    offers = held("a", "m", reward={"amount_off": 1}), held("a", "p", reward={"points": 500})
    assert off(reckon("a 1 300", *offers)) == {"m": 100, "p": 0}
    given = reckon("a 1 300", *offers, point=500_000)
    assert (given.discount, given.points) == (0, 500)


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 100), ("USD", 1), ("KWD", "0.100")])
def test_currencies_of_any_decimals(currency: str, amount: Any) -> None:
    offer = held("a", currency=currency, reward={"amount_off": amount})
    assert off(reckon("a 1 300", offer)) == {"o1": 100}


@pytest.mark.parametrize("basket", ["a 3 1000, b 2 555", "a 1 399 1.5lb, b 1 1", "b 4 1201"])
@pytest.mark.parametrize(
    "terms",
    [{}, {"uses": {"per_list": 3}}, {"reward": {"get": 1}, "buy": 2}, HALF | {"spend": 5},
     {"reward": {"bundle_price": 3}, "buy": 2, "choose": "cheapest"}, BASKET],
)  # fmt: skip
def test_one_offer_by_itself_is_priced_as_everywhere(basket: str, terms: dict[str, Any]) -> None:
    offer = held("a b" if "basket" not in terms else "", **terms)
    of = {product: [p for _, p in pairs] for product, pairs in matches(offer).items()}
    wanted = price(offer.terms, offer.number, lines(basket), of)
    given = reckon(basket, offer)
    assert len(given.answers[0].uses) == wanted.uses
    shares = {n: share for n, share in enumerate(wanted.shares) if share}
    assert {n: share.off for n, share in given.shares().items()} == shares


def test_past_its_steps_the_search_is_no_worse_than_greedy() -> None:
    offers = [held("a b c", f"o{n}", buy=1 + n % 2, uses={"per_list": 3}) for n in range(8)]
    basket = "a 4 1200, b 4 1400, c 4 900"
    short, long = reckon(basket, *offers, work=3), reckon(basket, *offers, work=100_000)
    assert not short.exact
    assert long.exact
    assert 0 < short.discount <= long.discount


def test_an_empty_basket_and_no_offers() -> None:
    assert reckon("").answers == ()
    assert why(reckon("", held("a"))) == {"o1": "not_bought"}
