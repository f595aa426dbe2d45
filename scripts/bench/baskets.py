"""Baskets and offers at random: small ones to try every order on, and a till's large ones."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from promo.checkout.basket.model import Held, Left
from promo.money import exponent
from promo.offers.basket import Line
from promo.offers.terms import Terms, parse

AT, STORE = datetime(2017, 11, 7, 15, 0), "1"  # noqa: DTZ001 (the store's own time has no zone)
OFFER: dict[str, Any] = {
    "title": "An offer", "starts": "2017-11-01", "ends": "2017-11-30",
    "budget": {"money": 500, "redemptions": 400},
}  # fmt: skip
CURRENCIES = ("USD", "JPY", "KWD")  # two decimals, none, three
MONEY = frozenset(
    {"amount_off", "new_price", "bundle_price", "free_item", "at_most", "spend", "basket",
     "handling", "money"}
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A basket, the offers held, and what its products count to."""

    lines: list[Line]
    held: list[Held]
    matches: dict[str, list[tuple[str, int]]]

    def shuffled(self, chance: random.Random, *, offers: bool = True) -> "Case":
        """The same with its lines in another order, and its offers."""
        mixed = chance.sample(self.lines, len(self.lines))
        held = chance.sample(self.held, len(self.held)) if offers else self.held
        return Case(mixed, held, self.matches)


def small(chance: random.Random, most_offers: int = 8) -> Case:
    """A few lines of few products, and offers that want the same ones."""
    products = "abcdefgh"[: chance.randint(1, 8)]
    lines = [_line(chance, products) for _ in range(chance.randint(0, 7))]
    count = chance.randint(1, most_offers)
    written = [written_offer(chance, products, f"o{n}") for n in range(count)]
    return _case(chance, lines, written, chance.choice(CURRENCIES))


def _line(chance: random.Random, products: str) -> Line:
    product, kind = chance.choice(products), chance.random()
    if kind < 0.1:
        return Line(product, -chance.randint(1, 2), -chance.choice([100, 200, 399, 250]))
    weight = chance.choice([None, None, None, chance.randint(100, 4000)])
    quantity = 1 if weight else chance.choice([1, 1, 1, 2, 3])
    amount = quantity * chance.choice([100, 150, 200, 250, 299, 399, chance.randint(1, 1200)])
    return Line(product, quantity, amount, weight, chance.choice(["kg", "lb"]),
                excluded=chance.random() < 0.05)  # fmt: skip


def written_offer(chance: random.Random, products: Sequence[str], name: str) -> dict[str, Any]:
    """An offer on some of the products, as it stands in a file; rarely on the whole basket."""
    funder = chance.choice(["Maker 7", "Maker 8", "chain"])
    offer = OFFER | {
        "id": name,
        "funder": funder,
        "uses": {"per_list": chance.choice([1, 1, 1, 2, 3])},
    }
    if chance.random() < 0.15:
        reward = chance.choice([{"percent_off": chance.choice([5, 10, "12.5"])},
                                {"amount_off": chance.choice([1, 5])}])  # fmt: skip
        offer |= {"reward": reward, "basket": chance.choice([1, 5, 10]), "uses": {"per_list": 1}}
    else:
        offer |= {"reward": _reward(chance), "products": _some(chance, products)} | _need(chance)
        offer["choose"] = chance.choice(["dearest", "dearest", "dearest", "cheapest"])
        offer["stacking"] = chance.choice([None, None, None, None, "dairy", "bread"])
        if chance.random() < 0.15:
            offer["second"] = {"products": _some(chance, products), "called": "any", "buy": 1}
            offer["rule"] = chance.choice(["all", "any"])
    offer["exclusive"] = chance.random() < 0.05
    offer["priority"] = chance.choice([0, 0, 0, 5])
    if chance.random() < 0.3:
        offer["funding"] = {"manufacturer": chance.choice([0, 33, 50, 100]), "handling": 0.08}
    return offer


def _some(chance: random.Random, products: Sequence[str]) -> list[str]:
    count = min(chance.choice([1, 1, 2, 3]), len(products))
    return [f"internal:{p}" for p in chance.sample(list(products), count)]


def _reward(chance: random.Random) -> dict[str, Any]:
    money = chance.choice(["0.50", "1.00", "2.00", "0.75"])
    return chance.choice([
        {"amount_off": money}, {"amount_off": money},
        {"amount_off": money, "over_value": "nothing"},
        {"amount_off": "0.30", "per": "unit"}, {"amount_off": "0.25", "per": "lb"},
        {"percent_off": chance.choice([10, 20, 50])}, {"percent_off": 50, "at_most": money},
        {"new_price": money}, {"bundle_price": "3.00"}, {"get": 1}, {"get": 1, "among": True},
        {"get": 1, "percent_off": 50}, {"get": 1, "amount_off": money}, {"free_item": "2.50"},
        {"get": 2, "among": chance.random() < 0.5}, {"get": 1, "at_most": money},
        {"free_item": "1.50", "among": False}, {"percent_off": 30, "applies_to": "first"},
        {"new_price": "1.50", "per": chance.choice(["kg", "lb"])}, {"points": 50},
        {"points": 7, "per": chance.choice(["unit", "kg", "lb"])},
    ])  # fmt: skip


def _need(chance: random.Random) -> dict[str, Any]:
    return chance.choice([
        {}, {}, {"buy": 2}, {"buy": 3}, {"spend": 4}, {"spend": 3, "or_more": False},
        {"basket": 5}, {"pounds": 1}, {"kilograms": "0.75", "or_more": False},
        {"buy": 1, "or_more": True},
    ])  # fmt: skip


def _case(
    chance: random.Random, lines: list[Line], written: list[dict[str, Any]], currency: str = "USD"
) -> Case:
    held, matches = [], dict[str, list[tuple[str, int]]]()
    for offer in written:
        content = {key: value for key, value in offer.items() if value is not None}
        terms = parse(_in(currency, content), offer["id"], currency)
        coupon = chance.random() < 0.15
        held.append(Held(terms.id, terms, terms.reward.number, _left(chance), coupon))
        if coupon and chance.random() < 0.2:  # the same coupon twice
            held.append(Held(f"{terms.id} again", terms, terms.reward.number, coupon=True))
        _match(matches, terms)
    return Case(lines, held, matches)


def _left(chance: random.Random) -> Left:
    some = [None, None, None, None, None, 1, 2]
    left = Left(chance.choice(some), chance.choice(some), chance.choice(some))
    return left._replace(household=0) if chance.random() < 0.02 else left


def _in(currency: str, written: Any) -> Any:
    """The same minor units in another currency: 0.50 is 50 yen, or 0.050 dinars."""
    if isinstance(written, list):
        return [_in(currency, each) for each in written]
    if not isinstance(written, dict):
        return written
    return {
        key: str(Decimal(str(value)).scaleb(2 - exponent(currency)))
        if key in MONEY and not isinstance(value, dict)
        else _in(currency, value)
        for key, value in written.items()
    }


def _match(matches: dict[str, list[tuple[str, int]]], terms: Terms) -> None:
    for number, purchase in terms.purchases.items():
        for product in purchase.products:
            matches.setdefault(product.removeprefix("internal:"), []).append((terms.id, number))


def large(chance: random.Random, lines: int = 60, offers: int = 14) -> Case:
    """A weekly shop with a full list: most offers on a category's products, some on a brand's."""
    products = [f"{category}-{brand}" for category in range(25) for brand in range(6)]
    bought = [
        Line(chance.choice(products), chance.choice([1, 1, 1, 1, 2, 3]), chance.randint(79, 1299))
        for _ in range(lines)
    ]
    written = []
    for n in range(offers):
        offer = written_offer(chance, products, f"o{n}")
        if "products" in offer:
            part = f"-{chance.randrange(6)}" if chance.random() < 0.15 else f"{n}-"
            some = [p for p in products if p.endswith(part) or p.startswith(part)]
            offer["products"] = [f"internal:{p}" for p in some]
            offer["stacking"] = offer["stacking"] if chance.random() < 0.3 else None
        written.append(offer)
    return _case(chance, bought, written)


def dense(chance: random.Random, lines: int = 60, offers: int = 14) -> Case:
    """The same where every offer is on nine products drawn from all, so that most overlap."""
    products = [f"p{n}" for n in range(int(lines * 1.5))]
    bought = [
        Line(chance.choice(products), chance.choice([1, 1, 1, 1, 2, 3]), chance.randint(79, 1299))
        for _ in range(lines)
    ]
    written = []
    for n in range(offers):
        offer = written_offer(chance, products, f"o{n}")
        if "products" in offer:
            offer["products"] = [f"internal:{p}" for p in chance.sample(products, 9)]
        written.append(offer)
    return _case(chance, bought, written)
