"""What comes in: the tables of a source, found by their names, taken in order."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import select

from promo import tables
from promo.house import House
from promo.incoming import Request, raw_offers, take
from promo.offers import catalogue
from promo.offers.terms import OfferError
from promo.scans.report import Report
from promo.scans.sources import SourceError

CONTENT = {
    "assortment": "store,code,domain,day,carried\n1,tea,internal,2017-01-01,true\n",
    "cards": "card,shopper\n9001,100\n",
    "consents": "shopper,purpose,day,given\n100,lists,2017-01-01,true\n",
    "out_of_stock": "store,code,domain,first_day\n1,tea,internal,2017-01-01\n",
    "products": "code,domain,description\ntea,internal,Tea\n",
    "promotions": "code,domain,first_day,last_day,price\ntea,internal,2017-01-01,2017-01-07,99\n",
    "scans": "at,store,till,business_day,transaction,line,card,product,domain,quantity,paid,regular"
    "\n2017-11-06T12:00:00,1,1,2017-11-06,1,0,9001,tea,internal,1,199,199\n",
    "shelf_prices": "store,code,domain,day,price\n1,tea,internal,2017-01-01,199\n",
    "shoppers": "id,name\n100,Ann\n",
    "stores": "id,time_zone\n1,America/New_York\n",
}
ORDER = [
    "products", "stores", "shoppers", "cards", "consents", "shelf_prices", "assortment",
    "out_of_stock", "promotions", "scans",
]  # fmt: skip


def request(
    source: object,
    form: str = "csv",
    table: str | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Request:
    return Request(str(source), form, table, first, last, history=False)


def taken(house: House, wanted: Request) -> list[tuple[str, str, int]]:
    """(table, source, rows) of each report."""
    reports: list[Report] = list(take(house, wanted))
    assert all(r.rejects == 0 and r.taken for r in reports)
    return [(r.table, r.source, r.rows) for r in reports]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with a file of each table."""
    folder = tmp_path / "in"
    folder.mkdir()
    for table, content in CONTENT.items():
        (folder / f"{table}.csv").write_text(content, encoding="utf-8")
    return folder


def test_a_folder_is_taken_in_the_order_in_which_its_tables_refer(
    house: House, source: Path
) -> None:
    assert taken(house, request(source)) == [(table, f"{table}.csv", 1) for table in ORDER]


def test_a_folder_of_parquet_files(house: House, source: Path) -> None:
    for table in ("stores", "shoppers"):
        pl.read_csv(source / f"{table}.csv").write_parquet(source / f"{table}.parquet")
    found = taken(house, request(source, "parquet"))
    assert found == [("stores", "stores.parquet", 1), ("shoppers", "shoppers.parquet", 1)]


def test_a_folder_may_hold_several_files_of_a_table(house: House, source: Path) -> None:
    (source / "stores.csv").rename(source / "stores-2026.csv")
    assert ("stores", "stores-2026.csv", 1) in taken(house, request(source))


def test_a_file_of_a_folder_is_never_passed_over(house: House, source: Path) -> None:
    (source / "artikel.csv").write_text("x\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"artikel\.csv: its name does not tell"):
        list(take(house, request(source)))
    assert house.store_names() == {}


def test_one_table_of_a_folder(house: House, source: Path) -> None:
    assert taken(house, request(source, table="stores")) == [("stores", "stores.csv", 1)]


@pytest.mark.parametrize(
    ("name", "given", "table"),
    [
        ("stores.csv", None, "stores"),
        ("stores-2017-11-06.csv", None, "stores"),
        ("shops.csv", "stores", "stores"),
        ("scans_1_2017-11-06.csv", None, "scans"),
        ("till-1.csv", "scans", "scans"),
        ("products.csv", "scans", "scans"),
    ],
)
def test_a_files_name_tells_its_table(
    house: House, source: Path, name: str, given: str | None, table: str
) -> None:
    taken(house, request(source, table="stores"))
    file = source.parent / name
    file.write_text(CONTENT[table], encoding="utf-8")
    assert [t for t, _, _ in taken(house, request(file, table=given))] == [table]


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (request("none.csv"), "There is no file none.csv"),
        (request("notes.txt"), "notes.txt: expected a file that ends in .csv"),
        (request("shops.csv", "parquet"), "shops.csv: expected a file that ends in .parquet"),
        (
            request("promo"),
            r"nothing to take in in promo; expected one of products\.csv, .*scans\.csv",
        ),
        (
            request("promo", table="cards"),
            r"nothing to take in in promo; expected one of cards\.csv",
        ),
        (request("shops.csv"), "its name does not tell what it holds. Say it with --table"),
        (request("x.csv", first=date(2017, 1, 1)), "--from and --to go with"),
        (request("x.csv", last=date(2017, 1, 1)), "--from and --to go with"),
        (request("promo", "complete-journey"), r"no transactions\.parquet in promo"),
        (
            request("installed", "complete-journey", "shelf_prices"),
            "Complete Journey has no shelf_prices",
        ),
    ],
)
def test_what_cannot_be_taken_is_met_with_a_sentence(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wanted: Request, message: str
) -> None:
    (tmp_path / "promo").mkdir()
    for name in ("notes.txt", "shops.csv"):
        (tmp_path / name).write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=message):
        list(take(house, wanted))


def test_what_came_before_a_broken_file_stays(house: House, source: Path) -> None:
    (source / "shoppers.csv").write_text("wrong\n1\n", encoding="utf-8")
    reports: list[str] = []
    with pytest.raises(SourceError, match=r"shoppers\.csv, line 1: unknown column 'wrong'"):
        reports.extend(r.table for r in take(house, request(source)))
    assert list(house.store_names()) == ["1"]


def test_history_is_passed_on(house: House, source: Path) -> None:
    taken(house, request(source))
    old = source / "scans-old.csv"
    old.write_text(CONTENT["scans"].replace("2017-11-06", "2016-11-06"), encoding="utf-8")
    (refused,) = take(house, request(old))
    assert (refused.taken, refused.rejects) == (False, 1)
    (report,) = take(house, Request(str(old), "csv", None, None, None, history=True))
    assert (report.taken, report.rows) == (True, 1)


def test_complete_journey_by_days(house: House) -> None:
    day = date(2017, 11, 6)
    assert taken(house, request("installed", "complete-journey", "stores"))
    assert taken(house, request("installed", "complete-journey", "shoppers"))
    assert taken(house, request("installed", "complete-journey", "cards"))
    (found,) = taken(house, request("installed", "complete-journey", "scans", day, day))
    assert found[:2] == ("scans", "transactions-2017-11-06-2017-11-06.parquet")
    assert found[2] > 3000
    assert house.last_delivery == 1


@pytest.mark.parametrize("form", ["file", "complete-journey"])
def test_offers_that_are_not_there(house: House, tmp_path: Path, form: str) -> None:
    with pytest.raises(OfferError, match="There is no"):
        list(raw_offers(str(tmp_path / "none.yaml"), form, house.settings))


def test_products_that_join_a_category_join_its_offers(house: House, source: Path) -> None:
    head = "code,domain,description,category\n"
    products = source / "products.csv"
    products.write_text(f"{head}tea,internal,Tea,TEAS\n", encoding="utf-8")
    taken(house, request(source, table="products"))
    offer = {
        "id": "o1", "title": "Tea", "funder": "chain", "starts": "2017-11-01", "ends": "2017-11-30",
        "reward": {"amount_off": 1}, "budget": {"money": 9, "redemptions": 9},
        "categories": ["TEAS"],
    }  # fmt: skip
    with house.engine.begin() as connection:
        found = catalogue.import_offers(connection, house.settings, [("o1", offer)])
        assert found.taken == ["o1"]
    products.write_text(f"{head}chai,internal,Chai,TEAS\n", encoding="utf-8")
    taken(house, request(source, table="products"))
    with house.engine.connect() as connection:
        joined = connection.execute(select(tables.OfferProduct.product)).scalars().all()
    assert sorted(joined) == ["internal:chai", "internal:tea"]
