"""Master data in: products, stores, what these carry, shoppers, cards, consents, prices."""

from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import available_timezones

import polars as pl
from babel.core import Locale
from sqlalchemy import Connection, select

from promo import calendar, emails, tables
from promo.database import count_version, upsert
from promo.scans.columns import LINE, Checked, Column, Rule, apply, check, rejects
from promo.scans.product_ids import DOMAIN, with_product_ids
from promo.scans.variable import Layouts
from promo.store_tables import EVERY_STORE

# ISO 3166-1, as the Unicode consortium's tables have it; without regions such as EU and UN.
COUNTRIES = tuple(
    sorted(
        {str(code) for code in Locale("en").territories if str(code).isalpha()}
        - {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"}
    )
)
PRODUCT = (Column("code", "key", "a product code"), DOMAIN)
CONTROL = r"[\x00-\x1f\x7f]"
ADDRESS = (
    Column("line1", "text", "the first line of an address, or nothing", required=False),
    Column("line2", "text", "the second line of an address, or nothing", required=False),
    Column("city", "text", "a town, or nothing", required=False),
    Column("region", "text", "a state or province, or nothing", required=False),
    Column("postal_code", "text", "a postal code, or nothing", required=False),
    Column("country", "choice", "a country such as US, or nothing", False, choices=COUNTRIES),
    Column("email", "text", "an e-mail address, or nothing", required=False),
)
_EMAIL = pl.col("email")
EMAIL = _EMAIL.is_null() | (
    _EMAIL.str.contains(emails.PATTERN) & (_EMAIL.str.len_chars() <= emails.MOST)
)


@dataclass(frozen=True)
class Master:
    """A table that comes in from a file: its columns, and how a row of it is stored."""

    table: type[tables.Base]
    columns: tuple[Column, ...]
    refers: dict[str, type[tables.Base]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    every_store: bool = False  # whether a row may be about all stores
    shape: Callable[[pl.DataFrame], pl.DataFrame] = pl.DataFrame.clone


def _with_bucket(frame: pl.DataFrame) -> pl.DataFrame:
    buckets = [calendar.bucket(shopper) for shopper in frame["id"]]
    return frame.with_columns(bucket=pl.Series(buckets, dtype=pl.Int64))


def _product_words(frame: pl.DataFrame) -> pl.DataFrame:
    clean = [pl.col(c).str.replace_all(CONTROL, " ") for c in ("description", "brand", "size")]
    return frame.with_columns(
        *clean, category_words=pl.col("category_words").fill_null(pl.col("category"))
    )


def _by_product(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.rename({"id": "product"})


STORE = Column("store", "key", "a store's id")
STORES = Column("store", "key", "a store's id, or * for all", required=False, default=EVERY_STORE)
OF_STORE: dict[str, type[tables.Base]] = {"store": tables.Store, "product": tables.Product}
PRICE = Rule(pl.col("price") >= 0, "price", "zero or more")
IN_ORDER = pl.col("last_day").is_null() | (pl.col("first_day") <= pl.col("last_day"))
DAYS = Rule(IN_ORDER, "last_day", "a day that is not before first_day")

MASTERS: dict[str, Master] = {
    "products": Master(
        tables.Product,
        (
            *PRODUCT,
            Column("description", "text", "what it is, in words"),
            Column("brand", "text", "the brand's name, or nothing", required=False),
            Column("brand_owner", "text", "the manufacturer, or nothing", required=False),
            Column("store_brand", "flag", "true or false", False, default=False),
            Column("category", "text", "the category: what it can be replaced by", required=False),
            Column("category_words", "text", "the category as a shopper reads it", required=False),
            Column("department", "text", "the department as a shopper reads it", required=False),
            Column("size", "text", "the package size, such as 12 oz", required=False),
            Column("cost", "integer", "a whole number of minor units", required=False),
            Column("margin_rate", "share", "a share between 0 and 1", required=False),
            Column("no_coupon", "flag", "true or false", False, default=False),
            Column("delisted", "flag", "true or false", False, default=False),
        ),
        rules=(Rule(pl.col("category").ne_missing("*"), "category", "a name; `*` stands for all"),),
        shape=_product_words,
    ),
    "stores": Master(
        tables.Store,
        (
            Column("id", "key", "a store's id"),
            Column("name", "text", "the store's name", required=False),
            Column("gln", "key", "a global location number", required=False),
            Column(
                "time_zone",
                "choice",
                "a time zone such as America/New_York",
                choices=tuple(sorted(available_timezones())),
            ),
            Column("language", "text", "a language such as en", False, default="en"),
        ),
    ),
    "shoppers": Master(
        tables.Shopper,
        (
            Column("id", "key", "a household's id"),
            Column("name", "text", "how the household is addressed", required=False),
            Column("language", "text", "a language such as en", False, default="en"),
            Column("suppressed", "flag", "true or false", False, default=False),
            *ADDRESS,
        ),
        rules=(Rule(EMAIL, "email", "an address such as ann@example.org, or nothing"),),
        shape=_with_bucket,
    ),
    "cards": Master(
        tables.Card,
        (
            Column("card", "key", "a loyalty card's number"),
            Column("shopper", "key", "the household's id"),
        ),
        refers={"shopper": tables.Shopper},
    ),
    "consents": Master(
        tables.Consent,
        (
            Column("shopper", "key", "the household's id"),
            Column("purpose", "choice", "lists", choices=("lists",)),
            Column("day", "day", "the day it was said"),
            Column("given", "flag", "true (given) or false (taken back)"),
        ),
        refers={"shopper": tables.Shopper},
    ),
    "shelf_prices": Master(
        tables.ShelfPrice,
        (
            STORE,
            *PRODUCT,
            Column("day", "day", "the day the price begins"),
            Column("price", "integer", "a whole number of minor units, zero or more"),
        ),
        refers=OF_STORE,
        rules=(PRICE,),
        shape=_by_product,
    ),
    "assortment": Master(
        tables.Assortment,
        (
            STORE,
            *PRODUCT,
            Column("day", "day", "the day from which it is so"),
            Column("carried", "flag", "true or false", False, default=True),
        ),
        refers=OF_STORE,
        shape=_by_product,
    ),
    "out_of_stock": Master(
        tables.OutOfStock,
        (
            STORES,
            *PRODUCT,
            Column("first_day", "day", "the first day without it"),
            Column("last_day", "day", "the last day without it, or nothing", required=False),
        ),
        refers=OF_STORE,
        rules=(DAYS,),
        every_store=True,
        shape=_by_product,
    ),
    "promotions": Master(
        tables.Promotion,
        (
            STORES,
            *PRODUCT,
            Column("first_day", "day", "the first day of the price"),
            Column("last_day", "day", "the last day of the price"),
            Column("price", "integer", "a whole number of minor units, zero or more"),
        ),
        refers=OF_STORE,
        rules=(PRICE, DAYS),
        every_store=True,
        shape=_by_product,
    ),
}


def check_master(
    connection: Connection, name: str, raw: pl.DataFrame, file: str, layouts: Layouts
) -> Checked:
    """Check a batch of master data, also that what it refers to is there.

    The good rows come back in the shape of the table, with `_line`.
    """
    master = MASTERS[name]
    checked = check(raw, master.columns, master.rules, file)
    faults = [checked.rejects]
    if "code" in checked.good.columns:
        checked = with_product_ids(checked.good, "code", file, layouts)
        faults.append(checked.rejects)
    good = master.shape(checked.good)
    references = [
        _reference(connection, column, table, every=master.every_store and column == STORES.name)
        for column, table in master.refers.items()
    ]
    checked = apply(good, references, file)
    return Checked(checked.good, pl.concat([*faults, checked.rejects]))


def _reference(
    connection: Connection, column: str, table: type[tables.Base], *, every: bool
) -> Rule:
    known = list(connection.execute(select(table.__mapper__.primary_key[0])).scalars())
    known += [EVERY_STORE] if every else []
    ok = pl.col(column).is_in(pl.Series(known, dtype=pl.String).implode())
    said = f"one that is in the table of {table.__tablename__}"
    return Rule(ok, column, f"{said}, or {EVERY_STORE} for all" if every else said)


def moved_cards(connection: Connection, good: pl.DataFrame, file: str) -> pl.DataFrame:
    """A notice, as rejects are written, for each card that was another household's until now."""
    card = tables.Card
    rows = connection.execute(select(card.card, card.shopper)).all()
    schema = {"card": pl.String, "was": pl.String}
    known = pl.DataFrame(list(map(tuple, rows)), schema, orient="row")
    moved = good.join(known, on="card").filter(pl.col("was") != pl.col("shopper"))
    said = pl.lit("the household that carried it until now")
    return rejects(moved.select(LINE, value="card"), "card", said, file)


def store_master(connection: Connection, name: str, good: pl.DataFrame) -> None:
    """Put checked rows in their table; of several with one key the last one stays."""
    table = MASTERS[name].table
    names = [column.name for column in table.__table__.columns]
    keys = [column.name for column in table.__mapper__.primary_key]
    rows = good.unique(keys, keep="last", maintain_order=True).select(names)
    upsert(connection, table, rows.to_dicts())
    count_version(connection, table.__tablename__)
