"""A chain whose lists can be redeemed: real terms and goods, the service as a process, baskets."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from kit import ROOT
from sqlalchemy import Engine, insert, text, update
from till_kit import NIGHT, code, fill, free_port, server

from promo import tables
from promo.checkout import store_keys
from promo.offers.terms import parse

DAY, AT = "2017-11-08", "2017-11-08T10:30:00"
SECRET = "1:only for the bench, never in a shop"
MAIN = "from promo.cli import main; main()"
VERBS = ("lookup", "quote", "reserve", "redeem", "return", "void")
LIMITS = {"today: null ": f"today: {DAY} ",
          "requests_per_second: 50 ": "requests_per_second: 1000000 ",
          "burst: 100 ": "burst: 1000000 ", "most_waiting: 256 ": "most_waiting: 1000 ",
          "threads: 8 ": "threads: 16 "}  # fmt: skip


def open_shop(
    engine: Engine, lists: int, offers: int = 300, *, coupons: int = 0, uses: int = 0
) -> str:
    """So many lists of fourteen offers, each a minor unit off its product; a store key.

    coupons: hard offers that stand on no list, each with a budget of so many `uses`.
    """
    fill(engine, lists, offers)
    return set_terms(engine, offers, coupons, uses)


def set_terms(engine: Engine, offers: int, coupons: int = 0, uses: int = 0) -> str:
    """Terms and goods of a filled chain's offers, coupons, a store key."""
    with engine.begin() as connection:
        table = tables.Offer
        names = [f"o{number}" for number in range(offers)]
        for name in names:
            change = update(table).where(table.id == name)
            connection.execute(change.values(terms=_terms(name)))
        webs = [coupon(number) for number in range(coupons)]
        if webs:
            connection.execute(insert(table), [_coupon(name, uses) for name in webs])
        goods = [*names, *webs, *(f"x{number}" for number in range(20))]
        connection.execute(insert(tables.Product), [_product(name) for name in goods])
        pairs = [{"offer": name, "product": f"internal:{name}"} for name in [*names, *webs]]
        connection.execute(insert(tables.OfferProduct), pairs)
        return store_keys.add(connection, "1", VERBS, datetime.now(UTC))


def coupon(number: int) -> str:
    """The name of a coupon, and of its product."""
    return f"web{number}"


def _coupon(name: str, uses: int) -> dict[str, Any]:
    return {
        "id": name, "starts": NIGHT, "ends": NIGHT.replace(month=12), "funder": "f",
        "objective": "reward", "hard": True, "budget_money": 10**9, "budget_redemptions": uses,
        "terms": _terms(name, printable=False, hard=True),
    }  # fmt: skip


def _terms(name: str, **more: Any) -> dict[str, Any]:
    raw = {
        "id": name, "title": name, "funder": "f", "starts": "2017-11-01", "ends": "2018-11-01",
        "reward": {"amount_off": 1}, "products": [f"internal:{name}"],
        "budget": {"money": 1000, "redemptions": 1000},
    }  # fmt: skip
    return parse(raw | more, name, "USD").stored()


def _product(name: str) -> dict[str, Any]:
    return {
        "id": f"internal:{name}", "domain": "internal", "code": name, "description": name,
        "store_brand": False, "no_coupon": False, "delisted": False,
    }  # fmt: skip


def named(transaction: str, till: str = "1") -> dict[str, Any]:
    """A transaction as bodies name it."""
    return {"store": "1", "till": till, "day": DAY, "transaction": transaction}


def basket(number: int, transaction: str, offers: int = 300, till: str = "1") -> dict[str, Any]:
    """The basket of the household with this number: three of its offers' goods and five others."""
    goods = [f"o{(number * 7 + i * 13) % offers}" for i in (0, 4, 9)]
    goods += [f"x{(number + i) % 20}" for i in range(5)]
    lines = [{"code": f"internal:{name}", "quantity": 1, "amount": 300} for name in goods]
    return named(transaction, till) | {"at": AT, "code": code(number), "lines": lines}


def make_house(folder: Path) -> Path:
    """Settings for the service, with limits that the bench does not reach."""
    said = (ROOT / "config.yaml").read_text(encoding="utf-8")
    for old, new in LIMITS.items():
        said = said.replace(old, new, 1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(said, encoding="utf-8")
    (folder / "code.key").write_text(SECRET, encoding="utf-8")
    if not (folder / "templates").exists():
        shutil.copytree(ROOT / "templates", folder / "templates")
    return folder


@contextmanager
def served(house: Path, url: str) -> Iterator[tuple[psutil.Process, int]]:
    """The service on a core of its own, and its port."""
    port = free_port()
    words = [sys.executable, "-c", MAIN, "--config", str(house / "config.yaml"), "serve"]
    environment = {"PYTHONPATH": str(ROOT), "PROMO_DATABASE_URL": url}
    with server([*words, "--port", f"{port}"], port, **environment) as process:
        yield process, port


def faults(engine: Engine) -> list[str]:
    """What is wrong with the books: counters that are not the sums, uses given twice."""
    found = []
    with engine.connect() as connection:
        wrong = connection.execute(text(
            "select c.offer from offer_counters c left join (select offer, sum(uses) as uses, "
            "sum(money) as money from redemptions group by offer) r on r.offer = c.offer "
            "where c.uses <> coalesce(r.uses, 0) or c.money <> coalesce(r.money, 0)"
        )).scalars().all()  # fmt: skip
        found += [f"the counter of {offer} is not the sum of its redemptions" for offer in wrong]
        twice = connection.execute(text(
            "select offer, key_id, counter from redemptions where key_id is not null "
            "group by offer, key_id, counter having sum(uses) > 1"
        )).all()  # fmt: skip
        found += [f"offer {each.offer} is used twice on list {each.counter}" for each in twice]
        web = connection.execute(text(
            "select c.uses - o.budget_redemptions from offer_counters c join offers o "
            "on o.id = c.offer where o.hard"
        )).scalars().all()  # fmt: skip
        found += ["a hard offer passed its limit" for over in web if over > 0]
    return found
