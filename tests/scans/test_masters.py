"""Master data: each table takes good rows, names bad ones, and keeps names to itself."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine, func, select

from promo import calendar, database, tables
from promo.config import Settings
from promo.scans.ingest import in_batches, ingest_master
from promo.scans.masters import MASTERS
from promo.scans.report import Report
from promo.scans.sources import read

STORES = "id,name,time_zone\n1,Main Street,America/New_York\n2,,America/Chicago\n"
PRODUCTS = "code,description,category\n614141000036,Beans,CANNED BEANS\n"
SHOPPERS = "id,name,language,suppressed\n100,Ann Smith,en,false\n200,,es,true\n"


class Desk:
    """Takes master files in."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings, self.engine = settings, engine

    def take(self, table: str, content: str) -> Report:
        path = self.settings.folder / f"{table}.csv"
        path.write_text(content, encoding="utf-8")
        batches = read(path, MASTERS[table].columns)
        return ingest_master(self.settings, self.engine, table, path.name, batches)

    def stored(self, table: str) -> list[dict[str, Any]]:
        query = select(MASTERS[table].table.__table__)
        with self.engine.connect() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
        return sorted(rows, key=str)


@pytest.fixture
def lenient(settings: Settings) -> Settings:
    """Settings under which half of a file may be wrong."""
    ingest = settings.ingest.model_copy(update={"max_reject_rate": 0.5})
    return settings.model_copy(update={"ingest": ingest})


@pytest.fixture
def desk(lenient: Settings, sqlite_engine: Engine) -> Desk:
    found = Desk(lenient, sqlite_engine)
    for table, content in [("stores", STORES), ("products", PRODUCTS), ("shoppers", SHOPPERS)]:
        assert found.take(table, content).rejects == 0
    return found


def test_every_table_on_every_database(settings: Settings, engine: Engine) -> None:
    desk = Desk(settings, engine)
    files = {
        "products": PRODUCTS,
        "stores": STORES,
        "shoppers": SHOPPERS,
        "cards": "card,shopper\n9001,100\n9002,100\n",
        "consents": "shopper,purpose,day,given\n100,lists,2017-01-01,true\n",
        "shelf_prices": "store,code,day,price\n1,614141000036,2017-01-01,199\n",
        "assortment": "store,code,day,carried\n1,614141000036,2017-01-01,no\n",
        "out_of_stock": "store,code,first_day,last_day\n,614141000036,2017-01-01,\n",
        "promotions": "code,first_day,last_day,price\n614141000036,2017-01-01,2017-01-07,99\n",
    }
    assert list(files) == list(MASTERS)
    for table, content in files.items():
        report = desk.take(table, content)
        assert (report.lines, report.rows, report.rejects) == (content.count("\n") - 1,) * 2 + (0,)
        assert len(desk.stored(table)) == report.rows
        assert desk.take(table, content).taken  # the same file again replaces the same rows
        assert len(desk.stored(table)) == report.rows


def test_a_product_as_it_is_stored(desk: Desk) -> None:
    assert desk.stored("products") == [
        {
            "id": "gtin:00614141000036",
            "domain": "gtin",
            "code": "614141000036",
            "description": "Beans",
            "brand": None,
            "brand_owner": None,
            "store_brand": False,
            "category": "CANNED BEANS",
            "category_words": "CANNED BEANS",
            "department": None,
            "size": None,
            "cost": None,
            "margin_rate": None,
            "no_coupon": False,
            "delisted": False,
        }
    ]


def test_what_is_so_in_every_store_until_told(desk: Desk) -> None:
    product = "gtin:00614141000036"
    desk.take("out_of_stock", "code,first_day\n614141000036,2017-01-02\n")
    row = {"store": "*", "product": product, "first_day": date(2017, 1, 2), "last_day": None}
    assert desk.stored("out_of_stock") == [row]
    told = "store,code,first_day,last_day\n*,614141000036,2017-01-02,2017-01-09\n"
    desk.take("out_of_stock", told)
    assert desk.stored("out_of_stock") == [row | {"last_day": date(2017, 1, 9)}]
    desk.take("assortment", "store,code,day\n1,614141000036,2017-01-02\n")
    assert desk.stored("assortment") == [
        {"store": "1", "product": product, "day": date(2017, 1, 2), "carried": True}
    ]


def test_a_household_is_stored_with_its_bucket(desk: Desk) -> None:
    assert [s["bucket"] for s in desk.stored("shoppers")] == [
        calendar.bucket("100"),
        calendar.bucket("200"),
    ]


def test_one_product_however_its_code_is_written_and_the_last_row_stays(desk: Desk) -> None:
    desk.take("products", "code,description\n614141000036,Old\n00614141000036,New\n")
    assert [p["description"] for p in desk.stored("products")] == ["New"]


def test_control_characters_do_not_reach_the_printer(desk: Desk) -> None:
    desk.take("products", "code,description,size\n614141000036,Baked\tbeans\x1b,1\x01oz\n")
    (product,) = desk.stored("products")
    assert (product["description"].strip(), product["size"]) == ("Baked beans", "1 oz")


@pytest.mark.parametrize(
    ("table", "header", "good", "bad", "field", "value"),
    [
        ("products", "code,description", "96385074,Tea", "96385075,Tea", "code", "96385075"),
        ("products", "code,description", "96385074,Tea", "614141000036,", "description", ""),
        ("products", "code,description,cost", "96385074,T,5", "96385074,T,1.5", "cost", "1.5"),
        ("products", "code,description,delisted", "96385074,T,1", "96385074,T,x", "delisted", "x"),
        ("products", "code,domain,description", "1,internal,T", "1,plu,T", "domain", "plu"),
        ("stores", "id,time_zone", "3,UTC", "4,Mars/One", "time_zone", "Mars/One"),
        ("stores", "id,time_zone", "3,UTC", ",UTC", "id", ""),
        ("shoppers", "id,suppressed", "300,no", "301,perhaps", "suppressed", "perhaps"),
        ("cards", "card,shopper", "9001,100", "9002,999", "shopper", "999"),
        (
            "consents",
            "shopper,purpose,day,given",
            "100,lists,2017-01-01,1",
            "999,lists,2017-01-01,1",
            "shopper",
            "999",
        ),
        (
            "consents",
            "shopper,purpose,day,given",
            "100,lists,2017-01-01,1",
            "100,mail,2017-01-01,1",
            "purpose",
            "mail",
        ),
        (
            "shelf_prices",
            "store,code,day,price",
            "1,614141000036,2017-01-01,1",
            "1,614141000036,2017-01-02,-1",
            "price",
            "-1",
        ),
        (
            "shelf_prices",
            "store,code,day,price",
            "1,614141000036,2017-01-01,1",
            "9,614141000036,2017-01-02,1",
            "store",
            "9",
        ),
        (
            "shelf_prices",
            "store,code,day,price",
            "1,614141000036,2017-01-01,1",
            "1,96385074,2017-01-02,1",
            "product",
            "gtin:00000096385074",
        ),
        (
            "assortment",
            "store,code,day,carried",
            "1,614141000036,2017-01-01,",
            "*,614141000036,2017-01-01,yes",  # of every store only one by one
            "store",
            "*",
        ),
        (
            "out_of_stock",
            "store,code,first_day,last_day",
            "*,614141000036,2017-01-02,2017-01-02",
            "1,614141000036,2017-01-02,2017-01-01",
            "last_day",
            "2017-01-01",
        ),
        (
            "promotions",
            "store,code,first_day,last_day,price",
            "*,614141000036,2017-01-02,2017-01-02,0",
            "9,614141000036,2017-01-02,2017-01-02,0",
            "store",
            "9",
        ),
        (
            "promotions",
            "code,first_day,last_day,price",
            "614141000036,2017-01-02,2017-01-02,0",
            "614141000036,2017-01-02,2017-01-02,-1",
            "price",
            "-1",
        ),
    ],
)
def test_a_bad_row_is_named_and_the_good_one_is_in(
    desk: Desk, table: str, header: str, good: str, bad: str, field: str, value: str
) -> None:
    before = len(desk.stored(table))
    report = desk.take(table, f"{header}\n{bad}\n{good}\n")
    assert (report.lines, report.rows, report.rejects) == (2, 1, 1)
    assert report.rejects_file
    found = pl.read_csv(report.rejects_file, infer_schema=False).fill_null("")
    assert found.select("file", "line", "field", "value").rows() == [
        (f"{table}.csv", "2", field, value)
    ]
    assert len(desk.stored(table)) == before + 1


def test_past_the_rate_nothing_goes_in(settings: Settings, sqlite_engine: Engine) -> None:
    desk = Desk(settings, sqlite_engine)
    report = desk.take("stores", "id,time_zone\n1,UTC\n2,Mars/One\n")
    assert (report.taken, report.rows, report.rejects) == (False, 0, 1)
    assert desk.stored("stores") == []
    with sqlite_engine.connect() as connection:
        assert database.version(connection, "stores") == 0


@pytest.mark.parametrize("line", ["100,Ann Smith,en,perhaps", "100,Ann, Smith,en,no", '100,"Ann,,'])
def test_a_name_is_not_copied_into_the_rejects(desk: Desk, folder: Path, line: str) -> None:
    report = desk.take("shoppers", f"id,name,language,suppressed\n{line}\n300,,en,no\n")
    assert report.rejects == 1
    for path in (folder / "rejects").iterdir():
        assert "Ann" not in path.read_text(encoding="utf-8")


ADDRESSES = """id,name,line1,line2,city,region,postal_code,country,email
300,Ann,12 Elm Street,Apt 4,Springfield,OH,45501,US,ann@example.org
301,,,,,,,,
302,Bob,3 Oak Street,,Springfield,OH,45501,USA,bob@example.org
303,Cy,4 Oak Street,,Springfield,OH,45501,US,"cy@example.org, dee@example.org"
304,Di,5 Oak Street,,Springfield,OH,45501,US,di at example.org
305,Ed,6 Oak Street,,Springfield,OH,45501,US,ed@[127.0.0.1]
306,Flo,7 Oak Street,,Springfield,OH,45501,US,{long}@example.org
""".format(long="f" * 243)


def test_where_households_live(settings: Settings, sqlite_engine: Engine, folder: Path) -> None:
    lenient = settings.ingest.model_copy(update={"max_reject_rate": 1.0})
    desk = Desk(settings.model_copy(update={"ingest": lenient}), sqlite_engine)
    report = desk.take("shoppers", ADDRESSES)
    assert (report.taken, report.rejects) == (True, 5)
    names = ("line1", "line2", "city", "region", "postal_code", "country", "email")
    assert [[row[name] for name in names] for row in desk.stored("shoppers")] == [
        ["12 Elm Street", "Apt 4", "Springfield", "OH", "45501", "US", "ann@example.org"],
        [None] * 7,
    ]
    assert report.rejects_file
    faults = report.rejects_file.read_text(encoding="utf-8")
    assert ',country,USA,"a country such as US' in faults
    assert faults.count(",email,") == 4
    assert not [word for word in ("Oak", "bob@", "dee@", "di at", "Cy", "45501") if word in faults]


def test_a_corrected_file_takes_the_rejects_away(desk: Desk) -> None:
    wrong = desk.take("stores", "id,time_zone\n3,Mars/One\n4,UTC\n")
    assert wrong.rejects_file
    assert wrong.rejects_file.is_file()
    right = desk.take("stores", "id,time_zone\n3,UTC\n4,UTC\n")
    assert right.rejects_file is None
    assert not wrong.rejects_file.exists()


def test_a_file_counts_as_a_new_version_of_its_table(desk: Desk) -> None:
    with desk.engine.connect() as connection:
        before = database.version(connection, "products")
    desk.take("products", PRODUCTS)
    with desk.engine.connect() as connection:
        assert database.version(connection, "products") == before + 1


def test_more_rows_than_one_statement_takes(desk: Desk) -> None:
    frame = pl.DataFrame(
        {"_line": range(1, 5002), "code": [f"c{n}" for n in range(5001)]}
    ).with_columns(domain=pl.lit("internal"), description=pl.lit("x"))
    ingest_master(desk.settings, desk.engine, "products", "p", in_batches(frame, 3000))
    with desk.engine.connect() as connection:
        count = connection.execute(select(func.count()).select_from(tables.Product)).scalar()
    assert count == 5002
