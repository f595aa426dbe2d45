"""What stores have on a day: rows against a reading of them one by one; and whole nights."""

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest
import small_house
from hypothesis import given, settings
from hypothesis import strategies as st
from offers import shop
from offers.written import terms
from small_house import CATEGORY, FIRST, frame, promo, reopen
from sqlalchemy import Engine, create_engine, delete, insert, select, update

from promo import config, tables
from promo.calendar import Window
from promo.house import House
from promo.offers import live, worth
from promo.offers.at_store import AtStore
from promo.offers.live import Catalogue, Typical
from promo.offers.terms import Terms
from promo.scans.ingest import in_batches, ingest_master
from promo.sections import Margin
from promo.shoppers import prices
from promo.stocking import Stocking
from promo.tables import Base

DAY = date(2017, 11, 6)
SHIPPED = config.load(Path(__file__).parent.parent / "config.yaml")
STORES = ("1", "2", "3")
NAMES = tuple("abcdefg")
Row = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Products, offers and the rows of all tables; goods: products by offer and purchase."""

    products: list[Row]
    typical: dict[str, int]
    terms: list[Terms]
    goods: dict[tuple[int, int], list[str]]
    assortment: list[Row]
    out_of_stock: list[Row]
    promotions: list[Row]
    shelf_prices: list[Row]

    @cached_property
    def known(self) -> pl.DataFrame:
        schema = {
            "id": pl.String, "category": pl.String, "delisted": pl.Boolean, "cost": pl.Int64,
            "margin_rate": pl.Float64,
        }  # fmt: skip
        rows = [(p, self.typical[p], 3) for p in sorted(self.typical)]
        priced = pl.DataFrame(rows, prices.SCHEMA, orient="row")
        margin = Margin(default=0.25, by_category={})
        return prices.with_margins(pl.DataFrame(self.products, schema), priced, margin)

    @cached_property
    def catalogue(self) -> Catalogue:
        offers = pl.DataFrame({"id": [each.id for each in self.terms]}).with_row_index("offer")
        goods = [(o, n, p) for (o, n), some in sorted(self.goods.items()) for p in some]
        typical = pl.DataFrame(
            list(self.typical.items()), {"product": pl.String, "price": pl.Int64}, orient="row"
        )
        return Catalogue(
            offers, pl.DataFrame(), pl.DataFrame(), tuple(self.terms),
            pl.DataFrame(goods, {"offer": pl.UInt32, "purchase": pl.Int64, "product": pl.String},
                         orient="row"),
            Typical(typical),
        )  # fmt: skip


def days(least: int = -3, most: int = 3) -> st.SearchStrategy[date]:
    return st.integers(least, most).map(lambda n: DAY + timedelta(n))


def rows_of(*key: str, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    """Rows with different keys."""
    return st.lists(
        st.fixed_dictionaries(columns), max_size=12, unique_by=lambda r: tuple(r[k] for k in key)
    )


def spans(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    made = rows_of(
        "store", "product", "first_day",
        store=st.sampled_from([*STORES, "*"]), product=st.sampled_from(NAMES), first_day=days(),
        length=st.integers(0, 4), **columns,
    )  # fmt: skip

    def ended(row: Row) -> Row:
        kept = {name: value for name, value in row.items() if name not in ("length", "open")}
        last = row["first_day"] + timedelta(row["length"])
        return kept | {"last_day": None if row.get("open") else last}

    return made.map(lambda rows: [ended(row) for row in rows])


@st.composite
def offers(draw: st.DrawFn, number: int) -> tuple[Terms, dict[tuple[int, int], list[str]]]:
    kinds: list[Row] = [{"products": ["internal:a"]}, {"products": [], "brands": ["Acme"]}]
    named = st.sampled_from(kinds)
    count = draw(st.integers(1, 3))
    rules = [["all"], ["all", "any", "first_and_other"],
             ["all", "any", "first_and_other", "first_or_others", "third_and_other"]]  # fmt: skip
    more = {
        name: draw(named) | {"called": "any"} for name in ("second", "third")[: count - 1]
    } | {"rule": draw(st.sampled_from(rules[count - 1]))}  # fmt: skip
    where = draw(st.sampled_from([{}, {}, {"stores": ["1", "2"]}, {"but_not": ["2"]}]))
    rewards: list[Row] = [
        {"amount_off": 1}, {"amount_off": 2, "over_value": "nothing"}, {"new_price": "1.50"},
    ]  # fmt: skip
    reward = draw(st.sampled_from(rewards))
    made = terms(id=f"o{number}", reward=reward, where=where, **draw(named), **more)
    some = st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True)
    goods = {(number, n): sorted(draw(some)) for n in range(1, count + 1)}
    return made, goods


@st.composite
def worlds(draw: st.DrawFn) -> World:
    columns: dict[str, st.SearchStrategy[Any]] = {
        "category": st.sampled_from(["MILK", "SALT", "TEA", None]),
        "delisted": st.sampled_from([False, False, False, True]),
        "cost": st.sampled_from([None, 50]), "margin_rate": st.sampled_from([None, 0.5]),
    }  # fmt: skip
    product = st.fixed_dictionaries(columns)
    cents = st.integers(0, 400)
    products = [{"id": name} | draw(product) for name in NAMES]
    made = [draw(offers(number)) for number in range(draw(st.integers(1, 4)))]
    key = {"store": st.sampled_from(STORES), "product": st.sampled_from(NAMES), "day": days()}
    return World(
        products,
        draw(st.dictionaries(st.sampled_from(NAMES), st.integers(1, 400))),
        [each for each, _ in made],
        {k: v for _, goods in made for k, v in goods.items()},
        draw(rows_of(*key, **key, carried=st.sampled_from([True, True, False]))),
        draw(spans(open=st.booleans())),
        draw(spans(price=cents)),
        draw(rows_of(*key, **key, price=cents)),
    )


class OneByOne:
    """A second reading of the rows: no columns, no numbers, one store, product, offer at a time."""

    def __init__(self, world: World, store: str, few: int) -> None:
        self.world, self.store, self.few = world, store, few
        self.table = {row["id"]: row for row in world.products}

    def mine(self, rows: Iterable[Row]) -> list[Row]:
        return [row for row in rows if row["store"] in (self.store, "*")
                and row["first_day"] <= DAY <= (row["last_day"] or date.max)]  # fmt: skip

    def carried(self, product: str) -> bool:
        begun = [row for row in self.world.assortment
                 if row["store"] == self.store and row["day"] <= DAY]  # fmt: skip
        own = [row for row in begun if row["product"] == product]
        listed = not self.table[product]["delisted"]
        if not begun:
            return listed
        return listed and bool(own) and max(own, key=lambda row: row["day"])["carried"]

    def has(self, product: str) -> bool:
        out = {row["product"] for row in self.mine(self.world.out_of_stock)}
        return self.carried(product) and product not in out

    def fills(self, offer: int, *, stock: bool) -> bool:
        """Whether an offer can be filled, with what is in stock or with all that is carried."""
        each = self.world.terms[offer]
        filled = set()
        for number, purchase in each.purchases.items():
            goods = self.world.goods[offer, number]
            there = [p for p in goods if (self.has(p) if stock else self.carried(p))]
            all_of_them = bool(purchase.products) and len(goods) <= self.few
            if len(there) >= (len(goods) if all_of_them else 1):
                filled.add(number)
        return any(set(way) <= filled for way in each.ways)

    def why(self, offer: int) -> str | None:
        if not self.world.terms[offer].where.holds(self.store):
            return "store"
        if not self.fills(offer, stock=False):
            return "not_carried"
        return None if self.fills(offer, stock=True) else "out_of_stock"

    def own_price(self, product: str) -> int | None:
        asked = [r["price"] for r in self.mine(self.world.promotions) if r["product"] == product]
        shelf = [
            r
            for r in self.world.shelf_prices
            if (r["store"], r["product"]) == (self.store, product) and r["day"] <= DAY
        ]
        if shelf:
            asked.append(max(shelf, key=lambda row: row["day"])["price"])
        return min(asked, default=None)

    def typical(self, offer: int) -> dict[int, int] | None:
        """The median price of each purchase; None where all is as everywhere."""
        found, own = {}, False
        for number in self.world.terms[offer].purchases:
            known = []
            for product in filter(self.has, self.world.goods[offer, number]):
                asked = self.own_price(product)
                own |= asked is not None
                price = self.world.typical.get(product) if asked is None else asked
                known += [] if price is None else [price]
            if known:
                found[number] = round(median(known))  # a half to the even one, as Polars does
        return found if own else None

    def piece(self, offer: int, known: dict[str, Row]) -> tuple[float, float] | None:
        """Price and margin of a piece of the first purchase, products weighing as they sell."""
        price = margin = weight = 0.0
        for product in filter(self.has, self.world.goods[offer, 1]):
            row, asked = known[product], self.own_price(product)
            cost = row["price"] if asked is None else asked
            if cost is not None:
                sells = row["sold"] + 1
                less = 0.0 if row["price"] is None else cost - row["price"]
                earned = 0.0 if row["margin"] is None else row["margin"] + less
                price, margin = price + sells * cost, margin + sells * earned
                weight += sells
        return (price / weight, margin / weight) if weight else None


@cache
def memory() -> Engine:
    """A database in memory."""
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    return engine


def filled(world: World) -> Engine:
    """A database that holds the rows and nothing else."""
    engine = memory()
    blank = {"domain": "internal", "code": "", "description": "", "store_brand": False,
             "no_coupon": False}  # fmt: skip
    given = {
        tables.Product: [blank | row for row in world.products],
        tables.Assortment: world.assortment, tables.OutOfStock: world.out_of_stock,
        tables.Promotion: world.promotions, tables.ShelfPrice: world.shelf_prices,
    }  # fmt: skip
    with engine.begin() as connection:
        for table, rows in given.items():
            connection.execute(delete(table))
            if rows:
                connection.execute(insert(table), rows)
    return engine


def at_stores(world: World, few: int) -> AtStore | None:
    """A household in each store, called as it."""
    own = SHIPPED.model_copy(
        update={"offers": SHIPPED.offers.model_copy(update={"few_products": few})}
    )
    engine = filled(world)
    house = cast(House, SimpleNamespace(engine=engine, settings=own))
    found = Stocking(house, world.catalogue, world.known, DAY)
    found.at(pl.DataFrame({"shopper": ["2"], "store": ["2"]}))  # one before the others
    return found.at(pl.DataFrame({"shopper": STORES, "store": STORES}))


@settings(max_examples=25)
@given(worlds(), st.integers(0, 4))
def test_columns_say_what_a_reading_one_by_one_says(world: World, few: int) -> None:
    at = at_stores(world, few)
    known = {row["id"]: row for row in world.known.iter_rows(named=True)}
    for store in STORES:
        one = OneByOne(world, store, few)
        numbers = range(len(world.terms))
        gone = {n: why for n in numbers if (why := one.why(n))}
        asked = {n: p for n in numbers if n not in gone and (p := one.typical(n)) is not None}
        has = {p for p in NAMES if one.has(p)}
        categories = {row["category"] for row in world.products} - {None}
        empty = categories - {known[p]["category"] for p in has}
        if at is None:
            assert (gone, asked, empty, has) == ({}, {}, set(), set(NAMES))
            continue
        pairs = pl.DataFrame({"shopper": store, "product": NAMES})
        there = at.has(pairs, world.known).to_list()
        assert {p for p, yes in zip(NAMES, there, strict=True) if yes} == has
        candidates = pl.DataFrame(
            {"shopper": store, "offer": list(numbers)}, {"shopper": pl.String, "offer": pl.UInt32}
        )
        kept, missed = at.split(candidates)
        assert dict(missed.select("offer", "why").iter_rows()) == gone
        assert set(kept["offer"]) == set(numbers) - set(gone)
        due = pl.DataFrame({"shopper": store, "category": sorted(categories)},
                           {"shopper": pl.String, "category": pl.String})  # fmt: skip
        assert set(at.due(due)["category"]) == categories - empty
        agree_on_prices(world, one, at, asked, known)
        agree_on_lost(world, one, at, gone)


def agree_on_prices(
    world: World, one: OneByOne, at: AtStore, asked: dict[int, dict[int, int]],
    known: dict[str, Row],
) -> None:  # fmt: skip
    [shelf] = at.stores.filter(store=one.store)["shelf"]
    priced = at.shelves.priced.filter(shelf=shelf)
    assert set(priced["offer"]) == set(asked)
    unknown = world.catalogue.typical.unknown
    for row in priced.iter_rows(named=True):
        offer = row["offer"]
        rungs = at.shelves.ladder.filter(offer=offer, variant=row["variant"])
        expected = worth.ladder(world.terms[offer], asked[offer], unknown=unknown)
        found = {(r["loyalty"], r["volume"]): r["worth"] for r in rungs.iter_rows(named=True)}
        assert found == expected
        piece = one.piece(offer, known)
        if piece is None:
            assert row["own_price"] is row["own_margin"] is None
        else:
            assert (row["own_price"], row["own_margin"]) == pytest.approx(piece)


def agree_on_lost(world: World, one: OneByOne, at: AtStore, gone: dict[int, str]) -> None:
    table = one.table
    expected = set()
    for n, each in enumerate(world.terms):
        listed = [p for p in world.goods[n, 1] if not table[p]["delisted"]]
        on = {table[p]["category"] for p in listed} - {None}
        there = {table[p]["category"] for p in listed if one.has(p)}
        expected |= {(one.store, each.id, category) for category in on - there if n not in gone}
    offers = world.catalogue.offers
    assert set(at.lost(offers).filter(store=one.store).iter_rows()) == expected


def table_rows(engine: Engine, table: type[Base], *rows: Row) -> None:
    with engine.begin() as connection:
        connection.execute(insert(table), list(rows))


def test_the_rows_on_every_database(engine: Engine, tmp_path: Path) -> None:
    shop.masters(engine)
    shop.offer(engine, "a")
    own = {"product": "milk"}
    span = {"first_day": DAY - timedelta(2), "last_day": DAY}
    table_rows(engine, tables.Assortment, own | {"store": "1", "day": DAY, "carried": False},
               own | {"store": "1", "day": DAY - timedelta(1), "carried": True})  # fmt: skip
    table_rows(engine, tables.OutOfStock, {"product": "oats", "store": "*"} | span)
    table_rows(engine, tables.ShelfPrice, *(
        own | {"store": "2", "day": DAY + timedelta(day), "price": price}
        for day, price in ((-1, 90), (0, 80), (1, 10))
    ))  # fmt: skip
    table_rows(engine, tables.Promotion, own | {"store": "*", "price": 85} | span)
    paths = SHIPPED.paths.model_copy(update={"lake": tmp_path})
    house = House(SHIPPED.model_copy(update={"paths": paths}), engine)
    with engine.connect() as connection:
        offers = live.live(connection, Window(DAY, DAY), DAY)
    known = prices.with_margins(house.products, None, SHIPPED.margin)
    at = Stocking(house, offers, known, DAY).at(
        pl.DataFrame({"shopper": ["x", "y", "z"], "store": ["1", "2", "3"]})
    )
    assert at is not None
    both = pl.DataFrame({"shopper": ["x", "y", "z"] * 2, "product": ["milk"] * 3 + ["oats"] * 3})
    assert at.has(both, known).to_list() == [False, True, True, False, False, False]
    pairs = pl.DataFrame({"shopper": ["x", "y", "z"], "offer": [0, 0, 0], "loyalty": "national",
                          "volume": "heavy"}, schema_overrides={"offer": pl.UInt32})  # fmt: skip
    kept, missed = at.split(pairs)
    assert missed.select("shopper", "why").rows() == [("x", "not_carried")]
    priced, none = at.worth(kept, offers.ladder)
    assert priced.select("shopper", "worth", "own_price").rows() == [
        ("y", 80, 80.0),
        ("z", 85, 85.0),
    ]
    assert none.is_empty()


# Whole nights of the small house: three stores, two offers on cat food, o01 and o09.

PETS = [code for code, category in CATEGORY.items() if category == "CAT FOOD"]
ON_PETS = {"o09"}  # o01 has money for a list or two only


def take(house: House, table: str, *rows: Row) -> None:
    """Take rows in as `promo ingest` does."""
    given = [{"domain": "internal"} | row for row in rows]
    source = in_batches(frame(given))
    report = ingest_master(house.settings, house.engine, table, f"{table}.csv", source)
    assert (report.taken, report.rejects) == (True, 0)


def shown(house: House) -> dict[str, tuple[str, dict[str, Any]]]:
    """Store and content of every list, by household."""
    table = tables.ShopperList
    with house.engine.connect() as connection:
        found = connection.execute(select(table.shopper, table.store, table.content))
        return {row.shopper: (row.store, row.content) for row in found}


def offers_in(house: House, store: str) -> dict[str, set[int]]:
    """The offers on lists of a store's households, with what they are worth there."""
    found: dict[str, set[int]] = {}
    for own, content in shown(house).values():
        for item in content["offers"] if own == store else ():
            found.setdefault(item["offer"], set()).add(item["worth"])
    return found


def due_in(house: House, store: str) -> set[str]:
    return {item["category"] for own, content in shown(house).values() if own == store
            for item in content["due"]}  # fmt: skip


def decided(house: House) -> pl.DataFrame:
    return pl.read_parquet(house.settings.paths.lake / "decisions" / f"{FIRST}.parquet")


def files(house: House) -> dict[str, bytes]:
    """What left the building, and what the lake keeps of it."""
    paths = house.settings.paths
    every = [*sorted(paths.out.rglob("*")), *sorted((paths.lake / "shown").iterdir()),
             *sorted((paths.lake / "decisions").iterdir())]  # fmt: skip
    return {p.name: p.read_bytes() for p in every if p.is_file()}


@pytest.fixture
def drop(small: Path) -> House:
    """The small house, all of its lists on FIRST."""
    small_house.one_big_drop(small)
    return reopen(small)


def all_but(codes: Iterable[str], store: str, day: date = FIRST) -> list[Row]:
    """Rows of an assortment that lacks some products."""
    return [{"store": store, "code": code, "day": day, "carried": True}
            for code in CATEGORY if code not in set(codes)]  # fmt: skip


def test_no_list_of_a_store_has_what_the_store_does_not_carry(drop: House) -> None:
    take(drop, "assortment", *all_but(PETS, "1"))
    small_house.night(drop)
    assert not ON_PETS & offers_in(drop, "1").keys()
    assert "CAT FOOD" not in due_in(drop, "1")
    assert len(offers_in(drop, "1")) > 5
    assert offers_in(drop, "2").keys() | offers_in(drop, "10").keys() >= ON_PETS
    assert "CAT FOOD" in due_in(drop, "2") & due_in(drop, "10")
    missed = decided(drop).filter(why="not_carried")
    assert set(missed["offer"]) >= ON_PETS
    shopper, offer = missed.select("shopper", "offer").row(0)
    assert shown(drop)[shopper][0] == "1"
    with drop.engine.connect() as connection:
        code = connection.execute(
            select(tables.ShopperList.code).where(tables.ShopperList.shopper == shopper)
        ).scalar_one()
    said = promo(drop, "why", code, offer).stdout
    assert "The household's store does not carry what it is on" in said
    figures = decided(drop).filter(why="not_carried").select("worth", "value", "chance", "price")
    assert set(figures.rows()) == {(0, 0.0, 0.0, 0.0)}


def test_rows_that_take_nothing_away_change_no_byte(drop: House, tmp_path: Path) -> None:
    """Also: the way through the shelves and the way past them lead to the same lists."""
    folder = Path(shutil.copytree(drop.settings.folder, tmp_path / "plain"))
    plain = reopen(folder)
    small_house.night(plain)
    take(drop, "assortment", *(row for store in ("1", "2") for row in all_but([], store)))
    later = {"store": "1", "day": FIRST + timedelta(1), "carried": False}
    take(drop, "assortment", *all_but(PETS, "10", FIRST + timedelta(1)),
         *({"code": code} | later for code in PETS))  # fmt: skip
    past = {"first_day": FIRST - timedelta(9), "last_day": FIRST - timedelta(1)}
    ahead = {"first_day": FIRST + timedelta(1), "last_day": FIRST + timedelta(20)}
    for days_ in (past, ahead):
        take(drop, "out_of_stock", *({"store": "1", "code": code} | days_ for code in PETS))
        take(drop, "promotions", *({"code": code, "price": 1} | days_ for code in PETS))
    small_house.night(drop)
    assert files(drop) == files(plain)


def test_what_is_out_of_stock_when_the_list_begins_is_not_on_it(drop: House) -> None:
    rows = [{"store": "2", "code": code, "first_day": FIRST, "last_day": None} for code in PETS]
    take(drop, "out_of_stock", *rows)
    small_house.night(drop)
    assert not ON_PETS & offers_in(drop, "2").keys()
    assert "CAT FOOD" not in due_in(drop, "2")
    assert "out_of_stock" in set(decided(drop)["why"])


def test_what_is_delisted_is_on_no_list(drop: House) -> None:
    [products] = [rows for name, rows in small_house.masters().items() if name == "products"]
    take(drop, "products", *(row | {"delisted": True} for row in products if row["code"] in PETS))
    house = reopen(drop.settings.folder)
    small_house.night(house)
    for store in small_house.STORES:
        assert not ON_PETS & offers_in(house, store).keys()
        assert "CAT FOOD" not in due_in(house, store)


def test_an_offer_of_few_products_wants_all_of_them(drop: House) -> None:
    """o09 is on two products by code; with one of them gone the store has only half of it."""
    take(drop, "assortment", *all_but(PETS[3:], "1"))
    small_house.night(drop)
    assert "o09" not in offers_in(drop, "1")
    assert "CAT FOOD" in due_in(drop, "1")


def test_an_offer_is_worth_no_more_than_a_running_promotion_leaves(drop: House) -> None:
    span = {"first_day": FIRST, "last_day": FIRST}
    take(drop, "promotions", *({"store": "1", "code": c, "price": 40} | span for c in PETS),
         *({"store": "2", "code": c, "price": 0} | span for c in PETS))  # fmt: skip
    small_house.night(drop)
    lists = {store: offers_in(drop, store) for store in small_house.STORES}
    assert set().union(*(lists["1"].get(offer, set()) for offer in ("o01", "o09"))) <= {40}
    assert not {"o01", "o09"} & lists["2"].keys()
    assert lists["10"]["o09"] & {50, 100, 150}
    assert set(decided(drop).filter(why="no_saving")["offer"]) <= {"o01", "o09"}
    assert "no_saving" in set(decided(drop)["why"])


def test_a_preview_counts_the_households_whose_store_has_none_of_it(drop: House) -> None:
    take(drop, "assortment", *all_but(PETS, "1"))
    folder = drop.settings.folder
    path = folder / "new.yaml"
    path.write_text(json.dumps({"offers": [small_house.offer(50, PETS, funder="New")]}))
    day = ["--day", FIRST.isoformat(), "--json"]
    found = json.loads(promo(folder, "offers", "preview", str(path), *day).stdout)
    [said] = found["offers"]
    assert said["why"]["not_carried"] > 0
    assert said["eligible"] >= said["lists"] > 0
    assert sum(said["why"].values()) - said["why"]["not_carried"] == (
        said["eligible"] - said["lists"]
    )


def test_an_offer_for_some_stores_is_on_the_lists_of_their_households(drop: House) -> None:
    with drop.engine.begin() as connection:
        there = tables.Offer.id == "o09"
        stored = connection.execute(select(tables.Offer.terms).where(there)).scalar_one()
        own = stored | {"where": {"stores": ["10"]}}
        connection.execute(update(tables.Offer).where(there).values(terms=own))
    small_house.night(drop)
    assert "o09" not in offers_in(drop, "1").keys() | offers_in(drop, "2").keys()
    assert "o09" in offers_in(drop, "10")
    assert set(decided(drop).filter(why="store")["offer"]) == {"o09"}
