"""The same nights on SQLite and on a PostgreSQL that sorts text as people do: each byte and row.

Nights, publication, uses and voids, a stopped offer, sheets issued anew: files and tables must be
the same. And what COPY is worth there: lists a second, beside the same rows as statements.
"""

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from typing import Any

import polars as pl
from kit import ROOT, note, promo, report
from sqlalchemy import Connection, Engine, create_engine, delete, insert, make_url, select, text
from till_kit import KEYS, NIGHT, fill, list_content, postgresql

from promo import database, table_files, tables
from promo.config import load
from promo.house import House
from promo.lists.codes import list_code

sys.path.insert(0, str(ROOT / "tests"))

import small_house

COLLATION = "en_US.UTF-8"
CLOCKS = {  # when a command was run, by which process, for how long
    "offer_events": ["at"], "earlier_issues": ["replaced"],
    "attempts": ["process", "began", "ended", "stages"],
}  # fmt: skip
PARTS = ("lake", "out", "models", "rejects")


def judge() -> None:
    """A fortnight; 20,000 lists by COPY."""
    _judge(14, 20_000, quick=False)


def judge_quickly() -> None:
    """Three nights; 4,000 lists by COPY."""
    _judge(3, 4_000, quick=True)


def _judge(nights: int, lists: int, *, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as name, sorting_server() as server:
        folder = Path(name)
        one, other = build(folder / "sqlite"), build(folder / "postgresql", new_database(server))
        for house in (one, other):
            note(f"{nights} nights on {house.name}")
            live(house, nights)
        here, there = everything(one, folder / "rows1"), everything(other, folder / "rows2")
        differ = sorted(each for each in here | there if here.get(each) != there.get(each))
        if differ:
            note(f"differ: {', '.join(differ[:9])}")
        value = f"{len(differ)} of {len(here)}"
        report("same bytes on both databases: files and tables that differ", value, 0,
               ok=not differ and len(here) > 20 * nights, quick=quick)  # fmt: skip
        ratio = copied(new_database(server), lists)
        report("lists by COPY: times as fast as statements", round(ratio, 1), 1, ok=ratio > 1,
               quick=quick)  # fmt: skip


@contextmanager
def sorting_server() -> Iterator[str]:
    """The URL of a PostgreSQL server that knows COLLATION."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)  # the server drops root's rights
        made = ["localedef", "-i", "en_US", "-f", "UTF-8", f"{name}/{COLLATION}"]
        subprocess.run(made, check=True, capture_output=True)
        os.environ["LOCPATH"] = name
        with postgresql() as url:
            yield url
        del os.environ["LOCPATH"]


def new_database(server: str) -> str:
    """The URL of an empty database in which text sorts as people sort it."""
    name = f"b{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        how = f"template template0 locale '{COLLATION}'"
        connection.execute(text(f"create database {name} {how}"))
    admin.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def build(folder: Path, url: str = "") -> Path:
    """The tests' small house, its offers' names such that collations differ on their order."""
    own = small_house.offers
    marks = ("B", "a", "_c", "-A", "b_")
    small_house.offers = lambda: [
        each | {"id": f"{marks[n % 5]}{each['id']}"} for n, each in enumerate(own())
    ]
    try:
        small_house.build(folder, url).engine.dispose()
    finally:
        small_house.offers = own
    if url:
        (folder / "database.url").write_text(url, encoding="utf-8")
    return folder


def opened(folder: Path) -> House:
    """The house as its settings lead to it."""
    settings = load(folder / "config.yaml")
    return House(settings, database.connect(settings.database_url))


def live(folder: Path, nights: int) -> None:
    """Nights by their commands, with all that happens to their lists; then a stop and a reissue."""
    house = opened(folder)
    for number in range(nights):
        night = small_house.FIRST + timedelta(number)
        promo(folder, "nightly", "--day", f"{night}", "--per-store")
        promo(folder, "publish", "--day", f"{night}")
        path = folder / f"used-{night}.csv"
        if write_uses(house.engine, night, path):
            promo(folder, "redemptions", "import", str(path), expect=(0, 1))
        small_house.feed(house, small_house.log_of(night), f"{night}.csv")
    stopped = most_held(house.engine)
    reason = ("--reason", "recall", "--bearer", "chain")
    promo(folder, "offers", "stop", stopped, *reason)
    promo(folder, "lists", "reissue", "--day", f"{night}")
    promo(folder, "nightly", "--day", f"{night + timedelta(1)}")
    house.engine.dispose()


def write_uses(engine: Engine, night: date, path: Path) -> int:
    """All offers of each second list used, of each fourth one taken back; returns the lines."""
    sheet = tables.ShopperList
    with engine.connect() as connection:
        found = connection.execute(select(sheet.__table__).where(sheet.night == night)).all()
    lines = []
    for number, row in enumerate(sorted(found, key=lambda row: row.counter)):
        own = {"at": datetime.combine(night, clock(17)), "store": row.store, "till": "1",
               "day": night, "transaction": f"{number}", "list_code": row.code}  # fmt: skip
        uses = [own | {"kind": "redeem", "offer": offer["offer"], "money": offer["worth"]}
                for offer in row.content["offers"] if number % 2 == 0]  # fmt: skip
        lines += uses + [one | {"kind": "void", "money": ""} for one in uses[:1] if number % 4 == 0]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, lines[0] if lines else ["at"])
        writer.writeheader()
        writer.writerows(lines)
    return len(lines)


def most_held(engine: Engine) -> str:
    """The offer that stands on most lists."""
    with engine.connect() as connection:
        contents = connection.execute(select(tables.ShopperList.content)).scalars()
        held = [offer["offer"] for content in contents for offer in content["offers"]]
    return str(max(sorted(set(held)), key=held.count))


def files(folder: Path, parts: tuple[str, ...] = PARTS) -> dict[str, bytes]:
    """What lies in some folders of a house."""
    found = (path for part in parts for path in sorted((folder / part).rglob("*")))
    return {path.relative_to(folder).as_posix(): path.read_bytes()
            for path in found if path.is_file()}  # fmt: skip


def everything(folder: Path, rows: Path) -> dict[str, bytes]:
    """Every file of a house, and every row of every table but for the clock."""
    house = opened(folder)
    with house.engine.connect() as connection:
        table_files.snapshot(connection)
        dumped = table_files.dump(connection, rows)
    house.engine.dispose()
    for table in dumped:
        for name in table.files if table.name in CLOCKS else ():
            pl.read_parquet(rows / name).drop(*CLOCKS[table.name]).write_parquet(rows / name)
    return files(folder) | {name: (rows / name).read_bytes() for t in dumped for name in t.files}


def copied(url: str, lists: int) -> float:
    """How many times as fast so many lists come in by COPY as by statements; median of turns."""
    engine = database.connect(url)
    fill(engine, 1)
    with engine.begin() as connection:
        shoppers = [{"id": f"{n}", "bucket": 0, "language": "en", "suppressed": False}
                    for n in range(1, lists)]  # fmt: skip
        database.upsert(connection, tables.Shopper, shoppers)
        connection.execute(delete(tables.ShopperList))
    contents = [list_content(number, 300) for number in range(300)]
    rows = [_row(number, contents[number % 300]) for number in range(lists)]

    def statements(connection: Connection) -> None:
        for start in range(0, lists, database.CHUNK):
            some = rows[start : start + database.CHUNK]
            connection.execute(insert(tables.ShopperList), some)

    def copy(connection: Connection) -> None:
        database.copy_in(connection, tables.ShopperList, rows)

    turns = [(_seconds(engine, statements), _seconds(engine, copy)) for _ in range(3)]
    note(f"{lists:,} lists: {min(b for _, b in turns):.2f} s by COPY, "
         f"{min(a for a, _ in turns):.2f} s by statements")  # fmt: skip
    engine.dispose()
    return statistics.median(slow / fast for slow, fast in turns)


def _row(number: int, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "key_id": 1, "counter": number, "code": list_code(KEYS, number), "night": NIGHT,
        "shopper": f"{number}", "store": "1", "first_day": NIGHT,
        "last_day": NIGHT + timedelta(13), "worth": 1400, "content": content,
    }  # fmt: skip


def _seconds(engine: Engine, work: Callable[[Connection], None]) -> float:
    """Seconds of some work, which is undone."""
    with engine.connect() as connection, connection.begin() as whole:
        began = time.perf_counter()
        work(connection)
        seconds = time.perf_counter() - began
        whole.rollback()
    return seconds
