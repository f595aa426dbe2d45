"""A chain at random, to be asked twice: offers, lists, coupons, and what tills send."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from baskets import written_offer
from checkout_shop import AT, DAY, VERBS
from sqlalchemy import Engine, insert, update
from till_kit import KEYS, NIGHT, card

from promo import database, tables
from promo.checkout import store_keys
from promo.lists.codes import code_of, short_code
from promo.lists.codes.ean import ean_code
from promo.offers.terms import Offered, parse

STORES = ("1", "2")
PREFIX = "28"
LISTS, OFFERS, WEBS, SLOTS = 3_000, 300, 40, 14
GOODS = [f"p{number}" for number in range(400)]
CELLS = [f"{loyalty}/{volume}" for loyalty in ("national", "store_brand", "switcher")
         for volume in ("heavy", "medium", "light")]  # fmt: skip
MAKER = "0614141"


@dataclass
class Chain:
    """Offers and what is on each list, by the random numbers of one seed."""

    chance: random.Random
    offers: dict[str, Offered] = field(default_factory=dict)
    webs: dict[str, Offered] = field(default_factory=dict)
    lists: dict[int, list[str]] = field(default_factory=dict)
    goods: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number in range(OFFERS):
            self.offers[f"o{number}"] = self._terms(f"o{number}")
        for number in range(WEBS):
            self.webs[f"w{number}"] = self._terms(f"w{number}", printable=False,
                                                  **self._hard(number))  # fmt: skip
        for name, terms in (self.offers | self.webs).items():
            wanted = terms.purchases.values()
            self.goods[name] = [each for one in wanted for each in one.products or ()]
        for number in range(1, LISTS + 1):
            self.lists[number] = self.chance.sample(list(self.offers), SLOTS)

    def _hard(self, number: int) -> dict[str, Any]:
        """A quarter of the coupons end at a limit, and say that a store may give them alone."""
        if number % 4:
            return {}
        return {"hard": True, "offline": {"policy": "honour"},
                "budget": {"money": 1000, "redemptions": 20}}  # fmt: skip

    def _terms(self, name: str, **more: Any) -> Offered:
        while True:
            raw = written_offer(self.chance, GOODS, name) | more
            most = raw["uses"]["per_list"]
            raw["uses"] = raw["uses"] | self.chance.choice([
                {}, {}, {"per_day": most}, {"per_household": most + 1}
            ])  # fmt: skip
            try:
                return parse({k: v for k, v in raw.items() if v is not None}, name, "USD")
            except ValueError:
                continue  # a coupon that may not be hard, a reward that needs goods

    def fill(self, engine: Engine) -> dict[str, str]:
        """Write it all; returns a key of each store."""
        database.migrate(engine)
        with engine.begin() as connection:
            connection.execute(insert(tables.Store), [
                {"id": each, "name": f"Store {each}", "gln": None, "time_zone": "UTC",
                 "language": language}
                for each, language in zip(STORES, ("en", "es"), strict=True)
            ])  # fmt: skip
            run = {"night": NIGHT, "wave": 1, "state": "published", "report": {}}
            connection.execute(insert(tables.Run), [run])
            connection.execute(insert(tables.Product), [_product(name) for name in GOODS])
            every = self.offers | self.webs
            connection.execute(insert(tables.Offer), [self._offer(t) for t in every.values()])
            connection.execute(insert(tables.OfferProduct), [
                {"offer": name, "product": product, "purchase": number}
                for name, terms in every.items()
                for number, purchase in terms.purchases.items()
                for product in dict.fromkeys(purchase.products or ())
            ])  # fmt: skip
            stopped = [name for name in every if self.chance.random() < 0.04]
            connection.execute(insert(tables.OfferEvent), [
                {"offer": name, "at": datetime.now(UTC), "kind": "stopped", "reason": "recall",
                 "bearer": "chain", "sentence": f"{name} is no longer given."}
                for name in stopped
            ])  # fmt: skip
            change = update(tables.Offer).where(tables.Offer.id.in_(stopped))
            connection.execute(change.values(state="stopped"))
            self._fill_lists(connection)
            connection.execute(insert(tables.CouponFamily), [
                {"prefix": MAKER, "family": "120", "product": f"internal:{name}"}
                for name in GOODS[:40]
            ])  # fmt: skip
            now = datetime.now(UTC)
            return {each: store_keys.add(connection, each, VERBS, now) for each in STORES}

    def _fill_lists(self, connection: Any) -> None:
        numbers = list(self.lists)
        shopper = {"bucket": 0, "name": "Somebody", "language": "en", "suppressed": False}
        connection.execute(insert(tables.Shopper), [shopper | {"id": f"{n}"} for n in numbers])
        connection.execute(insert(tables.Card),
                           [{"card": card(n), "shopper": f"{n}"} for n in numbers])  # fmt: skip
        connection.execute(insert(tables.ShopperList), [self._list(n) for n in numbers])

    def _offer(self, terms: Offered) -> dict[str, Any]:
        return {
            "id": terms.id, "starts": terms.starts, "ends": terms.ends, "funder": terms.funder,
            "objective": terms.objective, "hard": terms.hard, "terms": terms.stored(),
            "budget_money": terms.budget.money if terms.hard else 10**9,
            "budget_redemptions": terms.budget.redemptions if terms.hard else 10**9,
        }  # fmt: skip

    def _list(self, number: int) -> dict[str, Any]:
        offers = [
            {
                "offer": name, "title": self.offers[name].title, "headline": "An offer",
                "worth": self.chance.randint(50, 300), "buy": self.chance.choice([1, 1, 2]),
                "category": "CATEGORY", "cell": self.chance.choice(CELLS), "probability": 0.1,
                "uses": self.offers[name].uses.per_list, "conditions": "On one item.",
            }
            for name in self.lists[number]
        ]  # fmt: skip
        due = [{"category": "CATEGORY", "words": f"Things of kind {number % 50}", "detail": "",
                "department": "Grocery", "probability": 0.5, "expected_day": "2017-11-10",
                "quantity": 1.0}]  # fmt: skip
        first = NIGHT + timedelta(7 * (number % 20 == 0))  # some begin in a week
        return {
            "key_id": 1, "counter": number, "code": code_of(KEYS, 1, number), "night": NIGHT,
            "shopper": f"{number}", "store": STORES[number % 2], "first_day": first,
            "last_day": NIGHT + timedelta(13), "worth": 1400,
            "content": {"tier": "base", "due": due, "offers": offers},
        }  # fmt: skip

    # --- what tills send --------------------------------------------------------------------------

    def requests(self, count: int, first: int = 0) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Verb, store, body of so many baskets and what becomes of them."""
        for number in range(first, first + count):
            body = self.basket(number)
            store, kind = body["store"], self.chance.random()
            yield "quote", store, body
            if kind < 0.1:
                whose: dict[str, Any] = {n: body[n] for n in ("code", "card") if n in body}
                if whose:
                    yield "lookup", store, whose
            if kind < 0.15:
                continue
            yield "redeem", store, body
            if kind < 0.25:
                yield "redeem", store, body  # nobody was sure
            elif kind < 0.28:
                yield "redeem", store, body | {"lines": body["lines"][:1]}
            elif kind < 0.45:
                yield from self._back(body)
            elif kind < 0.55:
                yield "void", store, {name: body[name] for name in (*NAMED, "at")}
                yield "redeem", store, body

    def basket(self, number: int) -> dict[str, Any]:
        """A basket of a household that is often the same few."""
        chance = self.chance
        household = chance.randint(1, LISTS if chance.random() < 0.5 else 50)
        store = chance.choice(STORES)
        offers = chance.sample(self.lists[household], chance.randint(0, 6))
        coupons = [chance.choice(list(self.webs)) for _ in range(chance.choice([0, 0, 0, 1, 2]))]
        wanted = [chance.choice(self.goods[name]) for name in (*offers, *coupons)
                  if self.goods[name]]  # fmt: skip
        wanted += [f"internal:{chance.choice(GOODS)}" for _ in range(chance.randint(0, 8))]
        if chance.random() < 0.1:
            coupons.append(self._maker_coupon(number))
        return (
            {"store": store, "till": f"{chance.randint(1, 4)}", "day": DAY,
             "transaction": f"{number}", "at": AT, "lines": [self._line(each) for each in wanted]}
            | self._whose(household, store)
            | ({"coupons": coupons} if coupons else {})
        )  # fmt: skip

    def _line(self, product: str) -> dict[str, Any]:
        chance = self.chance
        quantity = chance.choice([1, 1, 1, 2, 3])
        if chance.random() < 0.15:
            return {"code": product, "weight": chance.randint(100, 3000), "unit": "kg",
                    "amount": chance.randint(50, 1500)}  # fmt: skip
        return {"code": product, "quantity": quantity,
                "amount": quantity * chance.randint(50, 1200)}  # fmt: skip

    def _whose(self, household: int, store: str) -> dict[str, str]:
        kind = self.chance.random()
        code = code_of(KEYS, 1, household)
        if kind < 0.3:
            return {"code": code}
        if kind < 0.45:
            return {"code": short_code(KEYS, household)}
        if kind < 0.55:
            return {"code": ean_code(KEYS, household, store, PREFIX)}
        if kind < 0.85:
            return {"card": card(household)}
        if kind < 0.9:  # a digit misread
            place = self.chance.randrange(len(code))
            return {"code": f"{code[:place]}{self.chance.randrange(10)}{code[place + 1 :]}"}
        return {}

    def _maker_coupon(self, number: int) -> str:
        """AI 8110 of a maker whose families are known, with a serial number that may come twice."""
        serial = f"{1_000_000 + number % 300}"
        return f"81101{MAKER}654321" + "2050" + "110" + "0120" + f"51{serial}"

    def _back(self, body: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        of = {name: body[name] for name in NAMED}
        for turn in range(self.chance.choice([1, 1, 2])):
            own = of | {"transaction": f"{body['transaction']}-back-{turn}", "at": AT, "of": of}
            if body["lines"] and self.chance.random() < 0.6:
                own["lines"] = [{"line": self.chance.randrange(len(body["lines"])), "quantity": 1}]
            yield "return", body["store"], own


NAMED = ("store", "till", "day", "transaction")


def _product(name: str) -> dict[str, Any]:
    number = int(name[1:])
    return {
        "id": f"internal:{name}", "domain": "internal", "code": name, "description": name,
        "store_brand": False, "no_coupon": number % 37 == 0, "delisted": False,
        "category": "COUPON/MISC ITEMS" if number % 41 == 0 else None,
    }  # fmt: skip
