"""A small chain that packs are made of, drawn by chance; what its own service says of it."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from drafts import KEYS, NIGHT, draft, due, offer
from offers.written import terms
from sqlalchemy import Connection, Engine, delete, insert, select, update

from promo import tables
from promo.checkout import finding_lists, store_keys
from promo.checkout.pack.keys import CardKey
from promo.checkout.statements import Statements
from promo.lists.codes import code_of
from promo.lists.items import Draft

NOW = datetime(2017, 11, 8, 12, tzinfo=UTC)
TODAY = NOW.date()
# Good and over, good, good and a draft, not yet begun.
NIGHTS = {
    NIGHT - timedelta(20): "published", NIGHT - timedelta(5): "published", NIGHT: "published",
    NIGHT + timedelta(1): "draft", NIGHT + timedelta(5): "published",
}  # fmt: skip
OFFERS = tuple(f"o{n}" for n in range(8))
CELLS = ("national/heavy", "switcher/light")
WORDS = ("Milk", "Äpfel", "牛奶", "Cat food", "Bread and rolls", "🧀")
HOUSEHOLDS = tuple(f"{n}" for n in range(100, 112))
HARD = OFFERS[-1]


def open_chain(engine: Engine, chance: random.Random) -> None:
    """Three stores, some households with cards, lists of several nights, some of them used."""
    with engine.begin() as connection:
        for n in ("1", "2", "3"):
            store = {"id": n, "name": f"Store {n}", "gln": None, "time_zone": "UTC"}
            connection.execute(insert(tables.Store), [store | {"language": "en"}])
            store_keys.add(connection, n, ["lookup"], NOW)
        products = [("milk", None), ("bag", None), ("beer", "BEERS/ALES")]
        connection.execute(insert(tables.Product), [_product(*each) for each in products])
        for name in (*OFFERS, "8112:5-1"):
            _add_offer(connection, name, hard=name == HARD)
        shopper = {"bucket": 0, "name": "N", "language": "en", "suppressed": False}
        connection.execute(insert(tables.Shopper), [shopper | {"id": n} for n in HOUSEHOLDS])
        cards = [{"card": f"29{n}{i}", "shopper": n}
                 for n in HOUSEHOLDS for i in range(chance.randrange(3))]  # fmt: skip
        connection.execute(insert(tables.Card), [*cards, {"card": "2999", "shopper": "100"}])
        runs = [{"night": night, "wave": 1, "state": state, "report": {}}
                for night, state in NIGHTS.items()]  # fmt: skip
        connection.execute(insert(tables.Run), runs)
        for household in HOUSEHOLDS:
            for night in chance.sample(list(NIGHTS), chance.randrange(1, 4)):
                add_list(connection, chance, night, household)
        for number in range(25):
            use(connection, chance, f"{number}")
        serial = {"coupon": "8112:5-1", "store": "1", "till": "1", "day": TODAY}
        serial |= {"transaction": "1"}
        connection.execute(insert(tables.CouponSerial), [
            serial | {"serial": "1", "until": None}, serial | {"serial": "2", "until": NOW},
        ])  # fmt: skip
        family = {"prefix": "0614141", "family": "100", "product": "gtin:1"}
        connection.execute(insert(tables.CouponFamily), [family])


def _product(name: str, category: str | None) -> dict[str, Any]:
    return {
        "id": f"internal:{name}", "domain": "internal", "code": name, "description": name,
        "store_brand": False, "no_coupon": name == "bag", "delisted": False, "category": category,
    }  # fmt: skip


def _add_offer(connection: Connection, name: str, *, hard: bool) -> None:
    made = terms(id="x", products=["internal:milk"], hard=hard, printable=not hard)
    connection.execute(insert(tables.Offer), [{
        "id": name, "starts": made.starts, "ends": made.ends, "funder": made.funder,
        "objective": made.objective, "hard": hard, "budget_money": 10**6,
        "budget_redemptions": 10**4, "terms": made.stored(),
    }])  # fmt: skip
    connection.execute(insert(tables.OfferCounter), [{"offer": name, "uses": 3, "money": 300}])
    connection.execute(
        insert(tables.OfferProduct), [{"offer": name, "product": "internal:milk", "purchase": 1}]
    )


def content(chance: random.Random) -> Draft:
    """What a list holds."""
    chosen = chance.sample(OFFERS, chance.randrange(0, 6))
    return draft(
        offers=tuple(
            offer(offer=name, title=f"Any {chance.choice(WORDS)}", worth=chance.choice((50, 75)),
                  uses=chance.choice((1, 2)), cell=chance.choice(CELLS))
            for name in chosen
        ),
        due=tuple(due(words=words) for words in chance.sample(WORDS, chance.randrange(5))),
    )  # fmt: skip


def add_list(
    connection: Connection, chance: random.Random, night: date, household: str,
    made: Draft | None = None,
) -> None:  # fmt: skip
    """A list of a household, under the next counter of one of two keys."""
    table, key_id, made = tables.ShopperList, chance.choice((1, 2)), made or content(chance)
    last = connection.execute(
        select(table.counter).where(table.key_id == key_id).order_by(table.counter.desc())
    ).first()
    counter = (last[0] if last else 0) + chance.randrange(1, 3)
    connection.execute(insert(table), [{
        "key_id": key_id, "counter": counter, "code": code_of(KEYS, key_id, counter),
        "night": night, "shopper": household, "store": chance.choice("123"), "first_day": night,
        "last_day": night + timedelta(13), "worth": made.worth, "content": made.content(),
    }])  # fmt: skip


def use(connection: Connection, chance: random.Random, transaction: str) -> None:
    """A use of an offer by a household, on a list or from the hand; sometimes taken back."""
    rows = connection.execute(select(tables.ShopperList.__table__)).all()
    row = chance.choice(rows)
    by_hand, table = chance.random() < 0.2, tables.Redemption
    made = {
        "kind": "redeem", "offer": chance.choice(OFFERS), "shopper": row.shopper,
        "key_id": None if by_hand else row.key_id, "counter": None if by_hand else row.counter,
        "store": "1", "till": "1", "day": TODAY - timedelta(chance.randrange(3)),
        "transaction": transaction, "number": 1, "uses": 1, "units": 1, "money": 100,
        "funder_money": 100, "night": None if by_hand else row.night,
        "promised": 0 if by_hand else 1, "lines": {}, "at": NOW,
    }  # fmt: skip
    done = connection.execute(insert(table).returning(table.id), made).scalar_one()
    if chance.random() < 0.3:
        back = {"kind": "void", "reverses": done, "uses": -1, "promised": -made["promised"]}
        connection.execute(
            insert(table), [made | back | {"day": TODAY, "transaction": "v" + transaction}]
        )


def change(engine: Engine, chance: random.Random) -> None:
    """What may happen in a day: all of it, to some."""
    lists = tables.ShopperList
    with engine.begin() as connection:
        ids = connection.execute(select(lists.key_id, lists.counter)).all()
        for key_id, counter in chance.sample(ids, 6):
            of_list = (lists.key_id == key_id, lists.counter == counter)
            made = content(chance)
            anew = {"content": made.content(), "worth": made.worth, "issue": lists.issue + 1}
            change = update(lists).where(*of_list).values(anew)
            connection.execute(delete(lists).where(*of_list) if chance.random() < 0.3 else change)
        # A draft made again keeps its serials and its issues.
        drafts = lists.night.in_(select(tables.Run.night).where(tables.Run.state == "draft"))
        connection.execute(update(lists).where(drafts).values(content=content(chance).content()))
        for state in chance.sample(["published", "draft"], 1):
            connection.execute(
                update(tables.Run).where(tables.Run.state == "draft").values(state=state)
            )
        night = NIGHT + timedelta(2)
        run = {"night": night, "wave": 1, "state": "published", "report": {}}
        connection.execute(insert(tables.Run), [run])
        for household in chance.sample(HOUSEHOLDS, 3):
            add_list(connection, chance, night, household)
        connection.execute(delete(tables.Card).where(tables.Card.card == "2999"))
        connection.execute(insert(tables.Card), [{"card": "2998", "shopper": "101"}])
        for number in range(5):
            use(connection, chance, f"later {number}")
        connection.execute(
            update(tables.Offer).where(tables.Offer.id == "o1").values(state="stopped")
        )
        connection.execute(
            insert(tables.OfferEvent),
            [{"offer": "o1", "at": NOW, "kind": "stopped", "reason": "r", "sentence": "Sorry."}],
        )
        products = tables.OfferProduct
        connection.execute(delete(products).where(products.offer == "o2"))
        connection.execute(
            insert(products), [{"offer": "o2", "product": "internal:bag", "purchase": 2}]
        )
        connection.execute(update(tables.Product).values(no_coupon=~tables.Product.no_coupon))
        connection.execute(update(tables.OfferCounter).values(uses=5))
        connection.execute(
            update(tables.StoreKey).where(tables.StoreKey.id == 2).values(revoked=NOW)
        )
        connection.execute(delete(tables.CouponSerial))
        connection.execute(delete(tables.CouponFamily))


def service(engine: Engine, key: CardKey) -> dict[tuple[int, int], Any]:
    """Every list as the service finds it by its code, less what packs leave out."""
    statements = Statements.of(engine)
    found = {}
    for key_id, counter in statements.rows("select key_id, counter from lists", ()):
        [row] = statements.lists_of_code(key_id, counter)
        if row.last_day >= TODAY:
            found[key_id, counter] = as_told(row) | {"shopper": str(key.household(row.shopper))}
    statements.close()
    return found


def as_told(row: finding_lists.Stored) -> dict[str, Any]:
    """What tills are told of a list."""
    kept = ("offer", "title", "headline", "worth", "buy", "cell", "uses")
    facts = ("code", "night", "store", "first_day", "last_day", "worth", "state", "shopper")
    return {name: getattr(row, name) for name in facts} | {
        "offers": [{name: item[name] for name in kept} for item in row.content["offers"]],
        "due": [item["words"] for item in row.content["due"]],
    }


def by_card(engine: Engine) -> dict[str, list[tuple[int, int]]]:
    """The lists in force that each card opens, in the service's order."""
    statements = Statements.of(engine)
    found = {
        card: [(row[0], row[1])
               for row in statements.rows(finding_lists.BY_CARD, (card, TODAY.isoformat()))]
        for (card,) in statements.rows("select card from cards", ())
    }  # fmt: skip
    statements.close()
    return found


def uses(engine: Engine, key: CardKey) -> Counter[Any]:
    """How often households with lists used offers, by household, list, offer and day."""
    with engine.connect() as connection:
        rows = {row.id: row for row in connection.execute(select(tables.Redemption.__table__))}
        lists = connection.execute(select(tables.ShopperList.__table__)).all()
    households = {row.shopper for row in lists if row.last_day >= TODAY}
    found = Counter[Any]()
    for row in rows.values():
        if row.shopper in households:
            day = rows[row.reverses].day if row.reverses else row.day
            on = None if row.key_id is None else row.key_id * 10**9 + row.counter
            found[key.household(row.shopper), on, row.offer, day, "uses"] += row.uses
            found[key.household(row.shopper), on, row.offer, day, "promised"] += row.promised
    return found


def counted(rows: Iterable[tuple[Any, ...]]) -> Counter[Any]:
    """The same of a pack's rows: household, list, offer, day, uses, promised."""
    found = Counter[Any]()
    for household, on, offer_, day, uses_, promised in rows:
        found[household, on, offer_, date.fromisoformat(day), "uses"] += uses_
        found[household, on, offer_, date.fromisoformat(day), "promised"] += promised
    return found
