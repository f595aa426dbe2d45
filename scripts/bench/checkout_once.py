"""Once: 64 tills redeem one list at one instant, round after round, on both databases.

One yes a list, every request sent again answered in the same bytes, no hard offer beyond its limit,
every counter the sum of its redemptions.
"""

import http.client
import json
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

from checkout_shop import basket, coupon, faults, make_house, open_shop, served
from kit import note, report
from till_kit import postgresql

from promo import database

TILLS = 64
GIVEN = 3  # offers of a list whose goods are in the basket
HARD = 5  # times that a round's coupon may be used


def judge() -> None:
    """1,000 rounds on each."""
    rounds(1000, quick=False)


def judge_quickly() -> None:
    """6 rounds on each."""
    rounds(6, quick=True)


def rounds(count: int, *, quick: bool) -> None:
    """Measure and report."""
    for name, opened in (("SQLite", _sqlite), ("PostgreSQL", postgresql)):
        with opened() as url, tempfile.TemporaryDirectory() as folder:
            found, again = _rounds(url, Path(folder), count)
        for fault, times in found.items():
            note(f"{name}: {fault}: {times}")
        value = {"rounds": count, "tills": TILLS, "503, asked again": again,
                 "faults": found.total()}  # fmt: skip
        report(f"once, {name}", value, 0, ok=not found, quick=quick)


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/promo.db"


def _rounds(url: str, folder: Path, count: int) -> "tuple[Counter[str], int]":
    """The faults, and how often a till had to ask again.

    Each round has a hard coupon of its own, which 64 tills want and some may have.
    """
    engine, found = database.connect(url), Counter[str]()
    key = open_shop(engine, count, coupons=count, uses=HARD)
    house = make_house(folder / "house")
    with served(house, url) as (_, port), ThreadPoolExecutor(TILLS) as threads:
        tills = [Till(port, key, number) for number in range(TILLS)]
        for turn in range(count):
            start = threading.Barrier(TILLS)
            sold = [threads.submit(till.sell, turn, start) for till in tills]
            for fault in _judged(turn, [each.result() for each in sold]):
                found[fault] += 1
            if turn % 100 == 99:
                note(f"{turn + 1} rounds, faults {dict(found)}")
    found.update(faults(engine))
    engine.dispose()
    return found, sum(till.again for till in tills)


def _judged(turn: int, answers: list[tuple[bytes, bytes]]) -> Iterator[str]:
    """The faults of a round: each till's first answer, and what it got when it asked again."""
    yes = Counter[str]()
    for first, again in answers:
        if first != again:
            yield "a request sent again got other bytes"
        answer = json.loads(first)
        if "offers" not in answer:
            yield f"no answer but {answer.get('refused')}"
        for offer in answer.get("offers", ()):
            yes[offer["offer"]] += offer["uses"]
    if yes.pop(coupon(turn), 0) != HARD:
        yield "a hard offer was not given as often as its limit allows"
    if sorted(yes.values(), reverse=True)[: GIVEN + 1] != GIVEN * [1] + [0]:
        yield "not one yes for each offer"


class Till:
    """A connection of one till."""

    def __init__(self, port: int, key: str, number: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        self.number = number
        self.again = 0  # how often it was told to ask again

    def sell(self, turn: int, start: threading.Barrier) -> tuple[bytes, bytes]:
        """One basket, begun with all others, and once more."""
        body = basket(turn, f"{turn}", till=f"{self.number}")
        lines = [*body["lines"], {"code": f"internal:{coupon(turn)}", "amount": 300}]
        asked = json.dumps(body | {"lines": lines, "coupons": [coupon(turn)]}).encode()
        start.wait()
        return self._ask(asked), self._ask(asked)

    def _ask(self, body: bytes) -> bytes:
        """The answer; as tills do, asked again after a 503, or where the connection was closed."""
        while True:
            try:
                self.connection.request("POST", "/v1/redeem", body, self.headers)
                response = self.connection.getresponse()
                said = response.read()
            except ConnectionError:
                self.connection.close()
                continue
            if response.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return said
            self.again += 1
