"""A house in use, backed up, restored elsewhere: on SQLite and on PostgreSQL, and its next night.

Tills redeem over HTTP while the backup is made. In each restored house the tills then send all
their sales once more, as tills do when they got no answer: what the backup holds is answered as
before, byte for byte, and what came after it is booked. Then the next night is made in all three
houses, and must be the same.
"""

import http.client
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from kit import KEY, ROOT, note, promo, report
from operate_same import build, files, new_database, opened, sorting_server
from sqlalchemy import select
from till_kit import free_port, server

from promo import tables

sys.path.insert(0, str(ROOT / "tests"))

import small_house

MAIN = "from promo.cli import main; main()"
DAY = small_house.FIRST + timedelta(1)
NEXT = small_house.FIRST + timedelta(14)
LIMITS = {
    "today: null ": f"today: {DAY} ",
    "requests_per_second: 50 ": "requests_per_second: 1000000 ",
    "burst: 100 ": "burst: 1000000 ",
}
Sale = tuple[str, dict[str, Any]]  # the store's key, and what its till sends


def judge() -> None:
    """Tills that go on for ten seconds before the backup."""
    _judge(10.0, quick=False)


def judge_quickly() -> None:
    """For two."""
    _judge(2.0, quick=True)


def _judge(seconds: float, *, quick: bool) -> None:
    with tempfile.TemporaryDirectory() as name, sorting_server() as url:
        folder = Path(name)
        house = in_use(folder / "house")
        sales = baskets(house)
        before, answers, waits, backup = backed_up(house, sales, folder / "backups", seconds)
        report("backup of a running chain: slowest answer to a till meanwhile, s",
               round(max(waits), 2), 5, ok=max(waits) < 5, quick=quick)  # fmt: skip
        made, other = [finished(house)], 0
        for place, at in (("sqlite", ""), ("postgresql", new_database(url))):
            note(f"restoring on {place}")
            new = restored(backup, folder / place, at)
            check(new)
            other += otherwise(new, sales, answers, before)
            made.append(finished(new))
        report("restore: sales of before the backup that are answered otherwise", other, 0,
               ok=other == 0 and before > 0, quick=quick)  # fmt: skip
        differ = [n for each in made[1:] for n in each | made[0] if each.get(n) != made[0].get(n)]
        if differ:
            note(f"differ: {', '.join(differ[:9])}")
        report("restore: files of the next night that differ", len(differ), 0,
               ok=not differ and f"out/{NEXT}/lists.pdf" in made[0], quick=quick)  # fmt: skip


def in_use(folder: Path) -> Path:
    """The small house with all its lists published."""
    build(folder)
    small_house.one_big_drop(folder)
    for old, new in LIMITS.items():
        small_house.change(folder, old, new)
    promo(folder, "nightly", "--day", f"{small_house.FIRST}")
    promo(folder, "publish", "--day", f"{small_house.FIRST}")
    return folder


def baskets(folder: Path) -> list[Sale]:
    """A basket for each offer of each list: the offer's goods, as often as it asks for them."""
    keys = {store: promo(folder, "stores", "key", "add", "--store", store, "--till").out.split()[-1]
            for store in small_house.STORES}  # fmt: skip
    house, pair = opened(folder), tables.OfferProduct
    with house.engine.connect() as connection:
        query = select(pair.offer, pair.product).where(pair.purchase == 1)
        goods = {row.offer: row.product for row in connection.execute(query)}
        rows = connection.execute(select(tables.ShopperList.__table__)).all()
    house.engine.dispose()
    found: list[Sale] = []
    for row in sorted(rows, key=lambda row: row.counter):
        for offer in row.content["offers"]:
            line = {"code": goods[offer["offer"]], "quantity": offer["buy"], "amount": 900}
            name = {"store": row.store, "till": "1", "day": f"{DAY}",
                    "transaction": f"{len(found)}", "at": f"{DAY}T10:30:00"}  # fmt: skip
            found.append((keys[row.store], name | {"code": row.code, "lines": [line]}))
    return found


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """The service of a house, and its port."""
    port = free_port()
    words = [sys.executable, "-c", MAIN, "--config", str(folder / "config.yaml"), "serve"]
    with server([*words, "--port", f"{port}"], port, PROMO_CODE_KEYS=KEY):
        yield port


def sent(port: int, sale: Sale) -> tuple[int, bytes]:
    """What a till is answered."""
    key, body = sale
    head = {"content-type": "application/json", "authorization": f"Bearer {key}"}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("POST", "/v1/redeem", json.dumps(body), head)
        answer = connection.getresponse()
        return answer.status, answer.read()


def backed_up(
    folder: Path, sales: list[Sale], to: Path, seconds: float
) -> tuple[int, list[tuple[int, bytes]], list[float], Path]:
    """Sales before, while and after a backup is made; how many were answered before it began."""
    answers: list[tuple[int, bytes]] = []
    waits: list[float] = []
    done = threading.Event()
    pause = seconds / len(sales)

    def tills(port: int) -> None:
        for number, sale in enumerate(sales):
            if number == 2 * len(sales) // 3:
                done.wait()  # the rest comes when the backup is made
            began = time.perf_counter()
            answers.append(sent(port, sale))
            waits.append(time.perf_counter() - began)
            if not done.is_set():
                time.sleep(pause)

    with served(folder) as port:
        thread = threading.Thread(target=tills, args=(port,))
        thread.start()
        time.sleep(seconds / 2)
        before = len(answers)
        promo(folder, "backup", "--to", str(to))
        during = len(answers) - before
        done.set()
        thread.join()
    note(f"{before} sales before the backup, {during} meanwhile, of {len(sales)}")
    good = sum(status == 200 for status, _ in answers)
    if good < len(sales) or not during:
        raise SystemExit(f"bench: {len(sales) - good} sales failed, {during} came meanwhile")
    return before, answers, waits, next(to.iterdir())


def restored(backup: Path, folder: Path, url: str) -> Path:
    """The house in a new folder, on the database of a URL or on SQLite."""
    folder.mkdir()
    if url:
        (folder / "database.url").write_text(url, encoding="utf-8")
    promo(folder.parent, "restore", str(backup), "--into", str(folder))
    return folder


def check(folder: Path) -> None:
    """Hold a restored house against itself; pages of closed lists, left out, are but a look."""
    said = json.loads(promo(folder, "check", "--json", expect=(0, 1)).out)
    looks = {each["check"]: len(each["findings"]) for each in said["checks"] if each["findings"]}
    note(f"promo check: {said['wrong']} wrong, to look at: {looks or 'nothing'}")


def otherwise(
    folder: Path, sales: list[Sale], answers: list[tuple[int, bytes]], before: int
) -> int:
    """Send all sales again; how many of those before the backup are not answered as they were."""
    with served(folder) as port:
        again = [sent(port, sale) for sale in sales]
    failed = sum(status != 200 for status, _ in again)
    same = zip(again[:before], answers[:before], strict=True)
    return failed + sum(one != other for one, other in same)


def finished(folder: Path) -> dict[str, bytes]:
    """The next night, and all that the house then has of files."""
    small_house.change(folder, f"today: {DAY} ", f"today: {NEXT} ")
    house = opened(folder)
    logs = [scan for scan in small_house.SCANS if scan["business_day"] >= small_house.FIRST]
    small_house.feed(house, logs, "fortnight.csv")
    house.engine.dispose()
    promo(folder, "nightly", "--day", f"{NEXT}")
    return files(folder, ("lake", "out", "models"))
