"""What the stores of the bench `sync` do while their lines are cut: the same plan each time.

Most lists are used in one store only. Some are used in several, which none of them can know; some
sales use a hard coupon whose budget does not hold all of them; some are brought back or made void.
Of a few sales the till also asks head office, before or after the store's journal comes there.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from checkout_shop import AT, basket, coupon, named, set_terms
from sqlalchemy import Engine, insert, update
from till_kit import NIGHT, card, code, fill, list_content

from promo import tables
from promo.offers import states
from promo.offers.terms import Terms

OFFERS, HARD, BUDGET = 300, 4, 40
SHARED = 0.05  # of the sales use a list that other stores may be shown as well
STOPPED = "o7"
STOPPED_AT = datetime(2017, 11, 8, 9, 0, tzinfo=UTC)  # before all sales; the stores do not know
ONLINE = {"same": 0.02, "other": 0.004, "void": 0.004, "return": 0.004}


class Item(NamedTuple):
    """One request to a store's service; online: what the till asks head office as well."""

    transaction: str
    verb: str
    body: dict[str, Any]
    online: tuple[str, dict[str, Any]] | None = None


class Chain(NamedTuple):
    """How large the bench is: stores, baskets of each, lists that several of them use."""

    stores: int
    baskets: int
    shared: int

    @property
    def names(self) -> list[str]:
        """The stores' ids; the first one's is the shop's own."""
        return [f"{number}" for number in range(1, self.stores + 1)]

    def lists(self, store: str) -> list[int]:
        """The numbers of the lists that a store may be shown."""
        own = self.shared + (int(store) - 1) * self.baskets
        return [*range(self.shared), *range(own, own + self.baskets)]

    def plan(self, store: str) -> Iterator[Item]:
        """What a store does, in its order."""
        chance = random.Random(f"sync {store}")
        shared, own = self.lists(store)[: self.shared], self.lists(store)[self.shared :]
        chance.shuffle(shared)
        for number, mine in enumerate(own):
            name = f"{number}"
            sheet = shared.pop() if chance.random() < SHARED and shared else mine
            body = basket(sheet, name, OFFERS) | {"store": store}
            if chance.random() < 0.05:
                web = coupon(chance.randrange(HARD))
                line = {"code": f"internal:{web}", "amount": 300}
                body |= {"lines": [*body["lines"], line], "coupons": [web]}
            online = _online(chance, body)
            yield Item(name, "redeem", body, online)
            # What head office takes back as well comes back in the store, too.
            drawn = chance.random() if online is None else float(online[0] != "return")
            if drawn < 0.04:
                yield Item(f"b{name}", "return", _back(body, f"b{name}"))
            elif drawn < 0.08:
                yield Item(name, "void", _void(body))


def _online(chance: random.Random, body: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    drawn = chance.random()
    for kind, share in ONLINE.items():
        drawn -= share
        if drawn < 0:
            other = body | {"lines": body["lines"][:1]}
            return kind, {"same": body, "other": other, "void": _void(body),
                          "return": _back(body, f"h{body['transaction']}")}[kind]  # fmt: skip
    return None


def _void(body: dict[str, Any]) -> dict[str, Any]:
    return named(body["transaction"]) | {"store": body["store"], "at": AT}


def _back(body: dict[str, Any], transaction: str) -> dict[str, Any]:
    of = named(body["transaction"]) | {"store": body["store"]}
    return named(transaction) | {"store": body["store"], "at": AT, "of": of}


def make_database(engine: Engine, chain: Chain, sheets: list[int], *, head_office: bool) -> None:
    """The chain's offers and stores, and some lists; head office alone knows what was stopped."""
    fill(engine, 0, OFFERS)
    set_terms(engine, OFFERS, HARD, BUDGET)
    store = {"name": None, "gln": None, "time_zone": "UTC", "language": "en"}
    with engine.begin() as connection:
        others = [store | {"id": name} for name in chain.names[1:]]
        connection.execute(insert(tables.Store), others)
        for number in range(HARD):
            table = tables.Offer
            terms = Terms.model_validate(
                {"id": coupon(number), "title": coupon(number), "funder": "f", "printable": False,
                 "hard": True, "starts": "2017-11-01", "ends": "2018-11-01",
                 "reward": {"amount_off": 100}, "products": [f"internal:{coupon(number)}"],
                 "offline": {"policy": "honour", "bearer": "store"}}
            )  # fmt: skip
            change = update(table).where(table.id == coupon(number))
            connection.execute(change.values(terms=terms.stored()))
        for start in range(0, len(sheets), 1000):
            _add_lists(connection, sheets[start : start + 1000])
        if head_office:
            states.change(connection, STOPPED, "stopped", "recall", STOPPED_AT, bearer="chain",
                          sentence="Not given any more.")  # fmt: skip


def _add_lists(connection: Any, numbers: list[int]) -> None:
    shopper = {"bucket": 0, "name": None, "language": "en", "suppressed": False}
    connection.execute(insert(tables.Shopper), [shopper | {"id": f"{n}"} for n in numbers])
    connection.execute(insert(tables.Card), [{"card": card(n), "shopper": f"{n}"} for n in numbers])
    rows = []
    for number in numbers:
        content = list_content(number, OFFERS) | {"due": []}
        rows.append({
            "key_id": 1, "counter": number, "code": code(number), "night": NIGHT,
            "shopper": f"{number}", "store": "1", "first_day": NIGHT,
            "last_day": NIGHT.replace(day=NIGHT.day + 13), "worth": 1400, "content": content,
        })  # fmt: skip
    connection.execute(insert(tables.ShopperList), rows)
