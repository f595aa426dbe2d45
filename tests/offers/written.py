"""Offers to test with, as they are written and as terms; changed where a test says so."""

from typing import Any

from promo.offers.basket import Line
from promo.offers.terms import Offered, parse

GOOD: dict[str, Any] = {
    "id": "o1", "title": "Oat milk", "funder": "Maker 7", "starts": "2017-11-01",
    "ends": "2017-11-30", "reward": {"amount_off": 1}, "products": ["internal:1"],
    "budget": {"money": 100, "redemptions": 50},
}  # fmt: skip
BREAD: dict[str, Any] = {"products": ["internal:2"], "called": "any bread"}
JAM: dict[str, Any] = {"products": ["internal:3"], "called": "any jam"}
# What the products of the tests' baskets count to.
PURCHASE_OF = {
    "a": (1,), "a2": (1,), "b": (2,), "c": (3,), "ab": (1, 2), "bc": (2, 3), "abc": (1, 2, 3),
}  # fmt: skip


def written(**changes: Any) -> dict[str, Any]:
    return GOOD | changes


def terms(currency: str = "USD", /, **changes: Any) -> Offered:
    return parse(written(**changes), "test", currency)


def lines(text: str) -> list[Line]:
    """`a 3 500, b 1 100 2.5lb, x 1 99 -`: product, pieces, amount; weight; `-` is excluded."""
    return [_line(*each.split()) for each in text.split(",") if each.strip()]


def _line(product: str, quantity: str, amount: str, more: str = "") -> Line:
    weight = round(float(more[:-2]) * 1000) if more[-2:] in ("kg", "lb") else None
    unit: Any = more[-2:] if weight is not None else "kg"
    return Line(product, int(quantity), int(amount), weight, unit, excluded=more == "-")
