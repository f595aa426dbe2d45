"""What only the till to try asks: off by default, behind the key, and told honestly."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from drafts import KEYS, NIGHT
from sqlalchemy import Engine, update

from checkout.corner import BREAD, GOODS, MILK, SHORT, open_corner_shop
from checkout.till import CARD, Running, listening, new_key, running
from promo import tables
from promo.checkout.till import terminal as terminal_module
from promo.checkout.till.goods import Goods
from promo.checkout.till.tryout import PAGE
from promo.checkout.till.words import WORDS
from promo.config import Settings
from promo.lists.codes import list_code
from promo.scans import lake

POSTS = ("/till/hello", "/till/items", "/till/scan")
PRICED = "(01)00614141123452(3103)001250(3922)0499"
FILES = ("/till", "/till/till.js", "/till/service.js", "/till/till.css", "/till/icon.svg",
         "/till/regular.ttf", "/till/bold.ttf")  # fmt: skip


@pytest.fixture
def shop(sqlite_engine: Engine) -> Engine:
    open_corner_shop(sqlite_engine)
    return sqlite_engine


@pytest.fixture
def both(settings: Settings, engine: Engine) -> Iterator[Running]:
    """On both databases, for what asks them."""
    open_corner_shop(engine)
    with listening(settings, engine, till=True) as found:
        yield found


@pytest.fixture
def key(shop: Engine) -> str:
    return new_key(shop)


@pytest.fixture
def live(settings: Settings, shop: Engine) -> Iterator[Running]:
    with listening(settings, shop, till=True) as found:
        yield found


def test_nothing_of_it_is_served_unless_asked_for(
    settings: Settings, shop: Engine, key: str
) -> None:
    with running(settings, shop) as plain:
        assert {plain.ask(path, method="GET").status for path in FILES} == {404}
        assert {plain.ask(path, {}, key).status for path in POSTS} == {404}


def test_the_page_is_under_a_strict_policy_and_names_nothing_outside(live: Running) -> None:
    for path in FILES:
        got = live.ask(path, method="GET")
        assert got.status == 200
        policy = got.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        if not path.endswith(".ttf"):
            assert not re.search(rb"https?://(?!www\.w3\.org/2000/svg)", got.body)
    page = live.ask("/till", method="GET").body.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|{{", page)


def test_every_word_of_the_page_is_known_and_every_known_word_is_used() -> None:
    source = "".join(PAGE.joinpath(name).read_text() for name in ("till.html", "till.js"))
    terminal = Path(terminal_module.__file__).read_text()
    on_page = set(re.findall(r'(?:say\(|data-word=)"(\w+)"', source))
    assert on_page <= set(WORDS)
    in_terminal = set(re.findall(r"""say\(["'](\w+)["']|word\(["'](\w+)|: "(help_\w+)""", terminal))
    used = on_page | {word for found in in_terminal for word in found if word}
    assert set(WORDS) - used <= {"no_answer", "unreached", "scan", "scan_hint"}


@pytest.mark.parametrize("path", POSTS)
def test_a_key_is_needed(live: Running, path: str) -> None:
    assert live.ask(path, {"text": "x"}).refused == "no_key"


def test_hello_says_where_and_how_money_is_written(live: Running, key: str) -> None:
    said = live.ask("/till/hello", {"store": "1"}, key).json
    names = ("store", "name", "day", "at", "currency", "decimals")
    assert {name: said[name] for name in names} == {
        "store": "1", "name": "Main Street 1", "day": "2017-11-08", "at": "2017-11-08T07:00:00",
        "currency": "USD", "decimals": 2,
    }  # fmt: skip
    assert said["words"]["pay"] == "Pay"
    assert live.ask("/till/hello", {"store": "2"}, key).refused == "other_store"


def test_a_day_that_is_fixed_is_the_tills_day(settings: Settings, shop: Engine, key: str) -> None:
    fixed = settings.model_copy(update={"today": date(2017, 11, 7)})
    with listening(fixed, shop, till=True) as live:
        said = live.ask("/till/hello", {}, key).json
    assert (said["day"], said["at"]) == ("2017-11-07", "2017-11-07T07:00:00")


def test_a_text_tells_by_itself_what_it_is(both: Running) -> None:
    key = new_key(both.service.connections.engine)
    milk = {"name": "Whole milk", "size": "1 gal", "price": 389, "carries": False}
    unknown = {"name": "", "size": ""}
    texts: dict[str, dict[str, Any]] = {
        SHORT: {"kind": "list"},
        f"]C1{list_code(KEYS, 1)}": {"kind": "list"},
        "0000-0000-0000": {"kind": "list"},  # the lookup says what is wrong with it
        "253 95011 01530003": {"kind": "list"},
        CARD: {"kind": "card"},
        "29009999": {"kind": "nothing"},
        MILK: {"kind": "item", "code": MILK} | milk,
        f"gtin:0{MILK}": {"kind": "item", "code": f"gtin:0{MILK}"} | milk,
        PRICED: {"kind": "item", "code": PRICED, "price": 499, "carries": True} | unknown,
        "internal:new": {"kind": "item", "code": "internal:new", "price": None, "carries": False}
        | unknown,
        "9810000000005": {"kind": "nothing"},
        "8110106141416543213250110003140131": {"kind": "coupon"},
    }
    for text, found in texts.items():
        assert both.ask("/till/scan", {"text": text}, key).json == found


def test_whoever_tries_out_cards_is_stopped(settings: Settings, shop: Engine, key: str) -> None:
    few = settings.service.model_copy(update={"failed_codes_per_minute": 3})
    own = settings.model_copy(update={"service": few})
    with listening(own, shop, till=True) as live:
        got = [live.ask("/till/scan", {"text": f"9000{n}"}, key) for n in range(5)]
    assert [answer.refused for answer in got] == ["", "", "", "guessing", "guessing"]


def test_items_are_those_of_the_offers_and_a_few_without(both: Running) -> None:
    key = new_key(both.service.connections.engine)
    found = both.ask("/till/items", {"code": SHORT}, key).json["items"]
    by_offer: dict[str | None, list[str]] = {}
    for item in found:
        by_offer.setdefault(item["offer"], []).append(item["name"])
        assert item["price"] == next(p for name, _, p in GOODS.values() if name == item["name"])
    assert by_offer == {
        "cereal": ["Corn flakes", "Oat squares"], "milk": ["Whole milk"],
        "cheese": ["Cheddar, sharp"], "juice": ["Orange juice"],
        None: ["Large eggs", "Strawberry jam", "Wheat bread"],
    }  # fmt: skip
    assert both.ask("/till/items", {"card": "29009999"}, key).refused == "unknown"


def test_what_is_never_said_is_not_shown(live: Running, shop: Engine, key: str) -> None:
    with shop.begin() as connection:
        some = update(tables.Product).where(tables.Product.code.in_([f"0{MILK}", f"0{BREAD}"]))
        connection.execute(some.values(category="LAXATIVES"))
    shown = str(live.ask("/till/items", {"code": SHORT}, key).json)
    assert "Whole milk" not in shown
    assert "Wheat bread" not in shown
    assert "Cheddar" in shown


def test_prices_of_late_come_from_the_till_log(tmp_path: Path) -> None:
    def scan(line: int, days_ago: int, quantity: int, regular: int, **more: Any) -> dict[str, Any]:
        day = NIGHT - timedelta(days_ago)
        return {
            "at": datetime.combine(day, datetime.min.time()), "store": "1", "till": "1",
            "business_day": day, "transaction": "1", "line": line, "card": None,
            "product": "internal:milk", "quantity": quantity, "unit": "each", "paid": 1,
            "regular": regular, "store_discount": 0, "manufacturer_discount": 0,
            "shopper": None, "bucket": lake.NO_BUCKET,
        } | more  # fmt: skip

    scans = [
        scan(1, 0, 1000, 300), scan(2, 0, 2000, 640), scan(3, 1, 1000, 310),
        scan(4, 60, 1000, 100), scan(5, 0, -1000, 999), scan(6, 0, 1500, 999, unit="kg"),
        scan(7, 0, 1000, 0),
    ]  # fmt: skip
    frame = pl.DataFrame(scans, schema=lake.STORED)
    for (day,), part in frame.partition_by("business_day", as_dict=True).items():
        lake.write(lake.part_path(tmp_path, day, 1, 0), part)
    assert Goods(tmp_path, ()).sold == {"internal:milk": (3, 310)}
    assert Goods(tmp_path / "none", ()).sold == {}
