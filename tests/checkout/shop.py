"""A shop to test with: offers with real terms, a household with a list, baskets to send."""

from collections.abc import Sequence
from typing import Any

from drafts import KEYS, NIGHT, draft, offer
from offers.written import terms
from sqlalchemy import Connection, Engine, func, insert, select

from checkout.till import CARD, LAST, OTHERS, Answer, Running, new_key
from promo import tables
from promo.calendar import Window
from promo.lists.codes import list_code
from promo.lists.register import register

DAY, AT = "2017-11-08", "2017-11-08T10:30:00"
VERBS = ("lookup", "quote", "reserve", "redeem", "return", "void")
CODE = list_code(KEYS, 1)
# What the shop's offers are unless a test says otherwise; `own` ones stand on the list.
OFFERS: dict[str, dict[str, Any]] = {
    "milk": {"products": ["internal:milk"]},
    "eggs": {"products": ["internal:eggs"], "reward": {"percent_off": 10},
             "funding": {"manufacturer": 50}},
    "two": {"products": ["internal:jam"], "buy": 2, "reward": {"amount_off": 1},
            "returns": "reclaim"},
}  # fmt: skip
PRODUCTS = ("milk", "eggs", "jam", "bread", "vodka", "bag")


def open_shop(
    engine: Engine, offers: dict[str, dict[str, Any]] | None = None, *,
    unlisted: Sequence[str] = (), uses: int = 1,
) -> None:  # fmt: skip
    """Two stores, two households, a list for the first with all offers that are not `unlisted`."""
    store = {"gln": None, "time_zone": "America/New_York"}
    shopper = {"bucket": 0, "name": "Nadine", "language": "en", "suppressed": False}
    all_ = offers or OFFERS
    with engine.begin() as connection:
        connection.execute(insert(tables.Store), [
            store | {"id": "1", "name": "Main Street", "language": "en"},
            store | {"id": "2", "name": "Calle Mayor", "language": "es"},
        ])  # fmt: skip
        connection.execute(insert(tables.Shopper), [shopper | {"id": i} for i in ("100", "200")])
        connection.execute(insert(tables.Card), [{"card": CARD, "shopper": "100"},
                                                 {"card": OTHERS, "shopper": "200"}])  # fmt: skip
        connection.execute(insert(tables.Product), [_product(name) for name in PRODUCTS])
        for name, changes in all_.items():
            add_offer(connection, name, changes)
        items = [
            offer(offer=name, title=name.title(), worth=100, uses=uses)
            for name in all_
            if name not in unlisted
        ]
        run = {"night": NIGHT, "wave": 1, "state": "published", "report": {}}
        connection.execute(insert(tables.Run), [run])
        made = draft(shopper="100", name="Nadine", offers=tuple(items))
        register(connection, NIGHT, Window(NIGHT, LAST), [made], KEYS)


def _product(name: str) -> dict[str, Any]:
    return {
        "id": f"internal:{name}", "domain": "internal", "code": name, "description": name,
        "store_brand": False, "no_coupon": name == "bag", "delisted": False,
        "category": "COUPON/MISC ITEMS" if name == "vodka" else None,
    }  # fmt: skip


def add_offer(connection: Connection, name: str, changes: dict[str, Any]) -> None:
    """An offer, live, with its products."""
    made = terms(id=name, **{"title": name.title(), "budget": {"money": 1000, "redemptions": 1000}}
                 | changes)  # fmt: skip
    row = {
        "id": name, "starts": made.starts, "ends": made.ends, "funder": made.funder,
        "objective": made.objective, "hard": made.hard, "budget_money": made.budget.money,
        "budget_redemptions": made.budget.redemptions, "terms": made.stored(),
    }  # fmt: skip
    connection.execute(insert(tables.Offer), [row])
    pairs = [
        {"offer": name, "product": product, "purchase": number}
        for number, purchase in made.purchases.items()
        for product in purchase.products
    ]
    if pairs:
        connection.execute(insert(tables.OfferProduct), pairs)


def items(text: str) -> list[dict[str, Any]]:
    """`milk 2 500, eggs 1 300`: product, pieces, minor units."""
    found = []
    for each in filter(None, text.split(",")):
        name, quantity, amount = each.split()
        code = name if name.startswith("0") else f"internal:{name}"
        found.append({"code": code, "quantity": int(quantity), "amount": int(amount)})
    return found


def named(
    transaction: str = "1", till: str = "3", store: str = "1", day: str = DAY
) -> dict[str, Any]:
    return {"store": store, "till": till, "day": day, "transaction": transaction}


def basket(text: str, transaction: str = "1", **more: Any) -> dict[str, Any]:
    """A body; whose it is unless `card` or `code` is told: the first household's."""
    whose: dict[str, Any] = {}
    if not {"card", "code", "nobody"} & more.keys():
        whose["code"] = CODE
    more.pop("nobody", None)
    place = {name: more.pop(name) for name in ("till", "store", "day") if name in more}
    return named(transaction, **place) | {"at": AT, "lines": items(text)} | whose | more


class Tills:
    """Tills of both stores that ask a running service."""

    def __init__(self, live: Running, engine: Engine) -> None:
        self.live, self.engine = live, engine
        self.keys = {store: new_key(engine, store, VERBS) for store in ("1", "2")}

    def ask(self, verb: str, body: dict[str, Any]) -> Answer:
        """One request, with the key of the store that it names."""
        return self.live.ask(f"/v1/{verb}", body, self.keys[body["store"]])

    def do(self, verb: str, text: str, transaction: str = "1", **more: Any) -> Any:
        """A basket sent; the answer, which must be a yes."""
        got = self.ask(verb, basket(text, transaction, **more))
        assert got.status == 200, got.body
        return got.json

    def give_back(
        self, transaction: str, *lines: tuple[int, int], of: str = "1", store: str = "1"
    ) -> Answer:
        """A return: everything, or so many of each line."""
        body = named(transaction, store=store) | {"at": AT, "of": named(of)}
        if lines:
            body["lines"] = [{"line": line, "quantity": quantity} for line, quantity in lines]
        return self.ask("return", body)

    def void(self, of: str = "1", transaction: str | None = None, day: str = DAY) -> Answer:
        """A void of a transaction of a day, under its own name or another."""
        body = named(transaction or of) | {"at": AT}
        return self.ask("void", body | ({"of": named(of, day=day)} if transaction else {}))


def used(answer: Any) -> dict[str, int]:
    """What each offer that is used takes off."""
    return {each["offer"]: each["off"] for each in answer["offers"] if each["uses"]}


def why(answer: Any) -> dict[str, str]:
    """Why offers are not used."""
    return {each["offer"]: each["why"] for each in answer["offers"] if "why" in each}


def counters(engine: Engine) -> dict[str, tuple[int, int]]:
    """Each offer's counter: uses and money."""
    table = tables.OfferCounter
    with engine.connect() as connection:
        rows = connection.execute(select(table.offer, table.uses, table.money)).all()
    return {offer: (uses, money) for offer, uses, money in rows}


def sums(engine: Engine) -> dict[str, tuple[int, int]]:
    """The same, added up from the redemptions themselves."""
    table = tables.Redemption
    query = select(table.offer, func.sum(table.uses), func.sum(table.money)).group_by(table.offer)
    with engine.connect() as connection:
        return {name: (int(uses), int(money)) for name, uses, money in connection.execute(query)}


def rows(engine: Engine) -> list[Any]:
    """All redemptions, in their order."""
    table = tables.Redemption.__table__
    with engine.connect() as connection:
        return list(connection.execute(select(table).order_by(table.c.id)))
