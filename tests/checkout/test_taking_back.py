"""Returns and voids over HTTP: what was stored is given back, in whatever parts, and no more."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from drafts import KEYS
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import Engine, update

from checkout.shop import AT, CODE, Tills, basket, counters, named, open_shop, rows, sums, used
from checkout.till import NOW, running
from promo import tables
from promo.checkout import sale_bodies
from promo.checkout.refusals import Refuse
from promo.checkout.request import Request
from promo.checkout.selling import House, redeem
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.checkout.taking_back import bring_back, void
from promo.config import Settings
from promo.language import Languages


@pytest.fixture
def tills(settings: Settings, engine: Engine) -> Iterator[Tills]:
    open_shop(engine)
    with running(settings, engine) as live:
        yield Tills(live, engine)


def test_parts_of_a_sale_come_back_at_another_store_until_all_is_paid_back(tills: Tills) -> None:
    paid = tills.do("redeem", "milk 1 300, eggs 12 360, jam 2 500, bag 1 10")["to_pay"]
    first = tills.give_back("2", (2, 1), store="2").json
    assert (first["refund"], first["off"], first["lines"]) == (
        150, 100, [{"line": 2, "quantity": 1}])  # fmt: skip
    assert first["offers"][0]["uses"] == 1  # two jams no longer: the offer is good again
    assert used(tills.do("redeem", "jam 2 500", "9")) == {"two": 100}
    tills.void("9")
    rest = tills.give_back("3")
    assert first["refund"] + rest.json["refund"] == paid
    assert tills.give_back("4").refused == "not_left"
    assert tills.give_back("4", (0, 1)).refused == "not_left"
    TypeAdapter(sale_bodies.GivenBack).validate_json(rest.body)
    assert {name: money for name, (_, money) in counters(tills.engine).items()} == dict.fromkeys(
        ("milk", "eggs", "two"), 0)  # fmt: skip
    assert counters(tills.engine) == sums(tills.engine)


def test_what_is_given_back_was_stored_and_is_not_reckoned_anew(tills: Tills) -> None:
    tills.do("redeem", "milk 1 300")
    with tills.engine.begin() as connection:
        connection.execute(update(tables.Offer).values(terms={}))
    got = tills.give_back("2").json
    assert (got["refund"], got["off"]) == (200, 100)


def test_more_than_is_left_is_refused_whole(tills: Tills) -> None:
    tills.do("redeem", "milk 2 600")
    assert tills.give_back("2", (0, 3)).refused == "not_left"
    assert tills.give_back("2", (1, 1)).refused == "not_left"
    assert tills.give_back("3", (0, 1), (0, 1)).json["refund"] == 500
    assert tills.give_back("4", of="77").refused == "no_sale"


def test_another_return_of_the_same_name_is_a_conflict(tills: Tills) -> None:
    tills.do("redeem", "milk 2 600")
    assert tills.give_back("2", (0, 1)).status == 200
    assert tills.give_back("2").refused == "conflict"


def test_a_void_gives_the_uses_and_the_promises_back(tills: Tills) -> None:
    tills.do("redeem", "milk 1 300, eggs 12 360")
    got = tills.void()
    TypeAdapter(sale_bodies.Voided).validate_json(got.body)
    assert (got.json["known"], got.json["off"]) == (True, 103)
    told = [(row.kind, row.uses, row.promised, row.money) for row in rows(tills.engine)]
    assert sorted(told) == [
        ("redeem", 1, 1, 3), ("redeem", 1, 1, 100), ("void", -1, -1, -100), ("void", -1, -1, -3),
    ]  # fmt: skip
    assert counters(tills.engine) == {"milk": (0, 0), "eggs": (0, 0)}
    assert used(tills.do("redeem", "milk 1 300", "2")) == {"milk": 100}
    assert tills.ask("redeem", {**named("1"), "at": AT, "lines": []}).status == 409
    assert tills.give_back("3").refused == "voided"
    assert tills.void("1", transaction="8").refused == "voided"


def test_a_return_cannot_be_made_void_and_says_so(tills: Tills) -> None:
    """What came back and stays is sold anew."""
    tills.do("redeem", "milk 1 300")
    back = tills.give_back("2")
    before = counters(tills.engine)
    for got in (tills.void("2"), tills.void(of="2", transaction="3")):
        assert (got.status, got.refused) == (409, "a_return")
        assert got.json["cashier"].startswith("This is a return, which cannot be made void.")
    assert tills.give_back("2").body == back.body
    assert counters(tills.engine) == before
    assert tills.void().json["known"] is True


def test_a_void_that_overtakes_its_sale_stands(tills: Tills) -> None:
    """The till gave up waiting and took back what we have not even seen."""
    assert tills.void().json["known"] is False
    got = tills.ask("redeem", basket("milk 1 300"))
    assert (got.status, got.refused) == (409, "voided")
    assert not rows(tills.engine)


# --- whatever is sold and brought back ------------------------------------------------------------

OFFERS: dict[str, dict[str, Any]] = {
    "keep": {"products": ["internal:milk", "internal:jam"], "buy": 2, "reward": {"get": 1}},
    "restore": {"products": ["internal:eggs"], "reward": {"percent_off": 33},
                "returns": "restore", "uses": {"per_list": 3},
                "funding": {"manufacturer": 37, "handling": 0.08}},
    "reclaim": {"products": ["internal:jam", "internal:bread"], "spend": 4,
                "reward": {"amount_off": 1.5}, "returns": "reclaim"},
    "points": {"products": ["internal:bread"], "reward": {"points": 7}, "uses": {"per_list": 2}},
}  # fmt: skip
LINES = st.lists(
    st.tuples(
        st.sampled_from(["milk", "eggs", "jam", "bread", "bag"]), st.integers(1, 4),
        st.integers(1, 900),
    ),
    min_size=1, max_size=6,
)  # fmt: skip


class Counter_:
    """Sales without HTTP: one statement connection, names that never come twice."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        open_shop(engine, OFFERS, uses=3)
        self.statements = Statements.of(engine)
        self.house = House(settings, KEYS)
        self.key = StoreKey(1, "1", frozenset(), "", "", NOW, None, None, "UTC", "en")
        self.words, self.last = Languages.of(settings)["en"], 0

    def request(self, verb: str, **body: Any) -> Request:
        self.last += 1
        whole = named(f"{self.last}") | {"at": AT} | body
        return Request(verb, whole, self.key, NOW, NOW.date(), self.words)

    def do(self, work: Any, settings: Any, request: Request) -> Any:
        done = self.statements.in_transaction(lambda s: work(s, settings, request))
        return json.loads(getattr(done, "answer", done))

    def sell(self, lines: Any) -> tuple[dict[str, str], Any, Counter[int]]:
        """A sale of (name, pieces, amount): its name, its answer, the pieces of each line."""
        sold = [{"code": f"internal:{name}", "quantity": n, "amount": amount}
                for name, n, amount in lines]  # fmt: skip
        sale = self.request("redeem", code=CODE, lines=sold)
        answer = self.do(redeem, self.house, sale)
        left = Counter({n: pieces for n, (_, pieces, _) in enumerate(lines)})
        return sale.name._asdict(), answer, left

    def bring(self, of: dict[str, str], wanted: dict[int, int]) -> Any:
        """So many pieces of each line brought back; of all what is left, where none is named."""
        lines = [{"line": line, "quantity": pieces} for line, pieces in wanted.items()]
        body = {"of": of} | ({"lines": lines} if lines else {})
        return self.do(bring_back, self.house.settings, self.request("return", **body))

    def undo(self, of: dict[str, str]) -> Any:
        """The sale made void."""
        return self.do(void, self.house.settings, self.request("void", of=of))


@pytest.fixture
def desk(settings: Settings, sqlite_engine: Engine) -> Iterator[Counter_]:
    found = Counter_(settings, sqlite_engine)
    yield found
    found.statements.close()


def check_nothing_is_left(engine: Engine) -> None:
    assert counters(engine) == sums(engine)
    assert set(counters(engine).values()) <= {(0, 0)}


@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.integers(0, 10**6), st.booleans())
def test_returns_give_back_exactly_what_was_paid(
    desk: Counter_, sqlite_engine: Engine, lines: Any, seed: int, whole: bool
) -> None:
    chance, refunds = random.Random(seed), []
    of, answer, left = desk.sell(lines)
    assert sum(line["off"] for line in answer["lines"]) == answer["off"] <= answer["total"]
    assert all(0 <= line["manufacturer"] <= line["off"] for line in answer["lines"])
    while left.total():
        some = {line: chance.randint(0, pieces) for line, pieces in left.items()}
        wanted = {} if whole else {line: pieces for line, pieces in some.items() if pieces}
        left.subtract(wanted or dict(left))
        back = desk.bring(of, wanted)
        assert back["refund"] >= 0
        assert back["off"] == sum(offer["off"] for offer in back["offers"])
        refunds.append(back)
    for name in ("off", "manufacturer", "points"):
        assert sum(back[name] for back in refunds) == answer[name]
    assert sum(back["refund"] for back in refunds) == answer["to_pay"]
    with pytest.raises(Refuse):
        desk.bring(of, {})
    undone = desk.undo(of)
    assert (undone["known"], undone["off"], undone["points"]) == (True, 0, 0)
    check_nothing_is_left(sqlite_engine)


@examples(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.integers(0, 4), st.integers(0, 10**6))
def test_a_void_after_any_returns_leaves_nothing(
    desk: Counter_, sqlite_engine: Engine, lines: Any, returns: int, seed: int
) -> None:
    chance, given_back = random.Random(seed), 0
    of, answer, left = desk.sell(lines)
    for _ in range(returns):
        line = chance.choice([*left.elements()] or [0])
        if left[line]:
            left[line] -= 1
            given_back += desk.bring(of, {line: 1})["off"]
    assert desk.undo(of)["off"] + given_back == answer["off"]
    check_nothing_is_left(sqlite_engine)
    for row in rows(sqlite_engine):
        shares = row.lines["lines"]
        assert sum(line["off"] for line in shares) == row.money
        assert sum(line["manufacturer"] for line in shares) == row.funder_money
