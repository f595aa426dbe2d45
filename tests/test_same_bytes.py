"""The same nights on SQLite and PostgreSQL: every file and every row is the same.

The offers' names are such that people sort them otherwise than bytes, and the PostgreSQL of the
tests sorts as people do.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import small_house
from small_house import FIRST
from sqlalchemy import create_engine, make_url, select, text

from promo import redeeming, reissuing, table_files, tables
from promo.house import House
from promo.lists.reissue import Wanted
from promo.offers import states
from promo.progress import Progress
from promo.publishing import publish

NIGHTS = [FIRST + timedelta(n) for n in range(3)]
MARKS = ("B", "a", "_c", "-A", "b_")
CLOCKS = {"offer_events": "at", "earlier_issues": "replaced"}  # when a command was run


@pytest.fixture
def renamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Offers whose names no two collations put in the same order."""
    own = small_house.offers

    def offers() -> list[dict[str, Any]]:
        return [each | {"id": f"{MARKS[n % 5]}{each['id']}"} for n, each in enumerate(own())]

    monkeypatch.setattr(small_house, "offers", offers)


@contextmanager
def on_postgresql(server: str, collation: str) -> Iterator[str]:
    """The URL of an empty database."""
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        how = f"template template0 locale '{collation}'"
        connection.execute(text(f"create database same_bytes {how}"))
    yield make_url(server).set(database="same_bytes").render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text("drop database same_bytes with (force)"))
    admin.dispose()


def fortnight_begins(folder: Path, url: str) -> dict[str, bytes]:
    """Three nights with all that happens to their lists; what there is afterwards."""
    house = small_house.build(folder, url)
    for night in NIGHTS:
        small_house.night(house, night)
        publish(house, night)
        _redeem(house, night)
        small_house.feed(house, small_house.log_of(night), f"{night}.csv")
    _stop(house)
    last = NIGHTS[-1] + timedelta(1)
    keys = small_house.keys(house.settings)
    assert reissuing.run(house, keys, Wanted(), last, Progress("reissue", terminal=False)).lists
    small_house.night(house, last)
    found = _files(folder) | _rows(house, folder / "rows")
    house.engine.dispose()
    return found


def _redeem(house: House, night: date) -> None:
    """Of each third list all offers are used, and of each fifth one use is taken back again."""
    sheet = tables.ShopperList
    with house.engine.connect() as connection:
        rows = connection.execute(select(sheet.__table__).where(sheet.night == night)).all()
    rows = sorted(rows, key=lambda row: row.counter)
    lines = []
    for number, row in enumerate(rows):
        own = {"at": datetime.combine(night, time(17)), "store": row.store, "till": "1",
               "day": night, "transaction": f"{number}", "list_code": row.code}  # fmt: skip
        uses = [own | {"kind": "redeem", "offer": offer["offer"], "money": offer["worth"]}
                for offer in row.content["offers"] if number % 3 == 0]  # fmt: skip
        lines += uses
        lines += [one | {"kind": "void", "money": ""} for one in uses[:1] if number % 5 == 0]
    path = house.settings.folder / f"redemptions-{night}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, lines[0])
        writer.writeheader()
        writer.writerows(lines)
    assert redeeming.take(house, path).refused == []


def _stop(house: House) -> None:
    """Stop what stands on most lists."""
    with house.engine.begin() as connection:
        contents = connection.execute(select(tables.ShopperList.content)).scalars()
        held = [offer["offer"] for content in contents for offer in content["offers"]]
        most = max(sorted(set(held)), key=held.count)
        moment = datetime(2017, 11, 9).astimezone()
        states.change(
            connection, most, "stopped", "recall", moment, bearer="chain", sentence="Sorry."
        )


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for part in ("lake", "out", "models", "rejects")
        for path in (folder / part).rglob("*")
        if path.is_file()
    }


def _rows(house: House, folder: Path) -> dict[str, bytes]:
    """Every row of every table, as a backup has it, but for the clock."""
    with house.engine.connect() as connection:
        table_files.snapshot(connection)
        dumped = table_files.dump(connection, folder)
    for table in dumped:
        if table.name in CLOCKS:
            for name in table.files:
                pl.read_parquet(folder / name).drop(CLOCKS[table.name]).write_parquet(folder / name)
    rows = {table.name: table.rows for table in dumped}
    assert min(rows[t] for t in ("lists", "promises", "runs", "offer_counters", "redemptions")) > 2
    return {f"rows/{name}": (folder / name).read_bytes() for t in dumped for name in t.files}


def test_the_same_nights_on_both(
    renamed: None, postgresql_server: str, collation: str, tmp_path: Path
) -> None:
    one = fortnight_begins(tmp_path / "sqlite", "")
    with on_postgresql(postgresql_server, collation) as url:
        other = fortnight_begins(tmp_path / "postgresql", url)
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    assert {f"out/{night}/manifest.csv" for night in NIGHTS} < one.keys()
