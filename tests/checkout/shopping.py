"""Baskets and offers written short: `held(buy=2)`, `reckon("a 2 600", held(...))`."""

from datetime import datetime
from typing import Any

from offers.written import lines, terms

from promo.checkout.basket.model import Held, Left, Matches, Rules, Together
from promo.checkout.basket.together import together

AT = datetime(2017, 11, 7, 15, 0)  # noqa: DTZ001 (the store's own time has no zone)


def held(
    products: str = "a", key: str = "o1", /, *, coupon: bool = False, left: Left = Left(),  # noqa: B008
    currency: str = "USD", **changes: Any,
) -> Held:  # fmt: skip
    """1.00 off one of the products, unless told otherwise; the key is the offer's id."""
    named = [f"internal:{product}" for product in products.split()]
    offer = terms(currency, id=key, products=named, **changes)
    return Held(key, offer, offer.reward.number, left, coupon)


def matches(*offers: Held) -> Matches:
    found: dict[str, list[tuple[str, int]]] = {}
    for offer in offers:
        for number, purchase in offer.terms.purchases.items():
            for product in purchase.products:
                pairs = found.setdefault(product.removeprefix("internal:"), [])
                pairs.append((offer.terms.id, number))
    return found


def reckon(
    basket: str, *offers: Held, at: datetime = AT, store: str = "1", **rules: Any
) -> Together:
    return together(
        lines(basket), offers, matches(*offers), at=at, store=store, rules=Rules(**rules)
    )


def off(given: Together) -> dict[str, int]:
    """What each offer takes off."""
    return {answer.key: answer.discount for answer in given.answers}


def why(given: Together) -> dict[str, str | None]:
    """Why each offer is not used."""
    return {each.key: None if each.why is None else each.why.code for each in given.answers}
