"""A small house in which people have left traces: lists in many formats, sales, rejects."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import small_house
from checkout.till import new_key, running
from small_house import FIRST, FORTNIGHT
from sqlalchemy import Connection, Engine, insert, select, update

from promo import publishing, tables
from promo.house import House
from promo.person import totals
from promo.scans import lake

FORMATS = "[pdf, mail, html, email, receipt-80]"
TODAY = FORTNIGHT[2]
SALE = {"store": "1", "till": "7", "day": TODAY.isoformat()}


def living(built: Path, folder: Path) -> House:
    """A house whose lists of FIRST are published, some used; the first three can be written to."""
    shutil.copytree(built, folder)
    small_house.one_big_drop(folder)
    small_house.change(folder, "formats: [html, pdf]", f"formats: {FORMATS}")
    small_house.change(folder, "today: null ", f"today: {TODAY} ")
    house = small_house.reopen(folder)
    with house.engine.begin() as connection:
        for row in connection.execute(select(tables.Shopper.id)).all():
            connection.execute(
                update(tables.Shopper).where(tables.Shopper.id == row.id).values(**facts(row.id))
            )
    small_house.night(house)
    publishing.publish(house, FIRST)
    return house


def facts(shopper: str) -> dict[str, Any]:
    """Name, address and e-mail of a household: nobody else's."""
    return {"name": f"Zoë O'Brien-{shopper}", "line1": f"{shopper} Larkspur Lane",
            "city": "Springfield", "postal_code": "12345", "country": "US",
            "email": f"zoe.{shopper}@example.org"}  # fmt: skip


def listed(house: House) -> list[Any]:
    """All lists, by household."""
    sheet = tables.ShopperList.__table__
    with house.engine.connect() as connection:
        return list(connection.execute(select(sheet).order_by(sheet.c.shopper)))


def sell(house: House, row: Any, transaction: str) -> None:
    """A sale of goods of the list's first offer, with the household's card; its second is held."""
    key = new_key(house.engine, verbs=("redeem", "reserve"))
    with running(house.settings, house.engine) as live:
        for number, (verb, name) in enumerate((("redeem", ""), ("reserve", "-held"))):
            line = {"code": goods(house, row, number), "quantity": 3, "amount": 2997}
            body = SALE | {"transaction": f"{transaction}{name}", "at": f"{TODAY}T10:30:00",
                           "card": f"c{row.shopper}", "lines": [line]}  # fmt: skip
            answer = live.ask(f"/v1/{verb}", body, key)
            assert (answer.status, answer.json["off"] > 0) == (200, True), answer.body


def goods(house: House, row: Any, number: int) -> str:
    """A product of an offer on a list."""
    pair = tables.OfferProduct
    with house.engine.connect() as connection:
        query = select(pair.product).where(pair.offer == row.content["offers"][number]["offer"])
        return str(connection.execute(query.order_by(pair.product)).scalars().first())


def bring_back(house: House, transaction: str) -> int:
    """A return of all of a sale; its status."""
    key = new_key(house.engine, verbs=("return",))
    body = SALE | {"transaction": f"{transaction}-back", "at": f"{TODAY}T11:30:00",
                   "of": SALE | {"transaction": transaction}}  # fmt: skip
    with running(house.settings, house.engine) as live:
        return live.ask("/v1/return", body, key).status


def report(connection: Connection, night: date) -> dict[str, Any]:
    """What a night's run says of itself."""
    query = select(tables.Run.report).where(tables.Run.night == night)
    return dict(connection.execute(query).scalar_one())


def quote(house: House, row: Any) -> None:
    """A rejected line that quotes a card, and a night's report that names a household."""
    folder = house.settings.paths.state / "rejects"
    folder.mkdir(exist_ok=True)
    head = "file,line,field,value,expected\n"
    (folder / "cards-x.csv").write_text(
        f"{head}x.csv,1,card,c{row.shopper},else\nx.csv,2,card,c-other,else\n", encoding="utf-8"
    )
    (folder / "cards-y.csv").write_text(
        f"{head}y.csv,1,email,zoe.{row.shopper}@example.org,else\n", encoding="utf-8"
    )


def earlier_issue(engine: Engine, row: Any) -> None:
    values = {
        "key_id": row.key_id,
        "counter": row.counter,
        "issue": 1,
        "day": FIRST,
        "replaced": datetime(2017, 11, 7, tzinfo=UTC),
        "reason": "x",
        "content": row.content,
    }
    with engine.begin() as connection:
        connection.execute(insert(tables.EarlierIssue).values(**values))


def conflict(engine: Engine, row: Any) -> None:
    """A store without its line gave the household what it had had already."""
    at = datetime(2017, 11, 8, tzinfo=UTC)
    journal = {"id": "j", "store": row.store, "seq": 1, "chain": "0" * 64, "first": at, "last": at}
    values = {
        "at": at, "kind": "used_elsewhere", "store": row.store, "till": "1", "day": FIRST,
        "transaction": "t", "verb": "redeem", "offer": "o01", "key_id": row.key_id,
        "counter": row.counter, "uses": 1, "money": 100, "bearer": "chain", "journal": "j",
        "seq": 1,
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(tables.Journal).values(**journal))
        connection.execute(insert(tables.Conflict).values(**values))


def sums(house: House) -> Any:
    """All totals of a house."""
    scans = pl.concat(pl.read_parquet(p) for p in lake.parts(house.settings.paths.lake))
    shown = pl.read_parquet(house.settings.paths.lake / "shown" / f"{FIRST}.parquet")
    with house.engine.connect() as connection:
        return (
            totals.of_database(connection),
            scans.group_by("business_day", "store", "product").agg(
                pl.len(), pl.col("quantity", "paid").sum()
            ).sort("business_day", "store", "product").rows(),
            shown.height, round(shown["probability"].sum(), 9),
        )  # fmt: skip
