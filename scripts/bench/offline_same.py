"""Same answers: random baskets at head office and at a store machine, byte for byte.

Both are real processes. Before the pack is made, and again before its delta, head office sells on
its own: so what was used elsewhere counts. Then each gets the same requests in the same order:
quoted, redeemed, sent again, sent changed, brought back, made void; by code, short code, EAN-13,
card or nobody's; with coupons of the chain's and of makers; at two stores in two languages. One
answer is another by design: a sale that a store machine does not know may be known to head office,
so it says `line_down` where head office says `no_sale`.
"""

import http.client
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from checkout_shop import make_house, served
from kit import note, report
from offline_house import PREFIX, STORES, Chain
from offline_store import build, build_delta, make_store, store_served

from promo import database

BASKETS, QUICK_BASKETS = 10_000, 400
KNOWN = ("no_sale", "line_down")
Request = tuple[str, str, dict[str, Any]]


def judge() -> None:
    """Ten thousand baskets."""
    same(BASKETS, quick=False)


def judge_quickly() -> None:
    """Four hundred."""
    same(QUICK_BASKETS, quick=True)


class Asker:
    """Asks one service, over one connection."""

    def __init__(self, port: int, keys: dict[str, str]) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.keys = keys

    def ask(self, request: Request) -> tuple[int, bytes]:
        """Status and body."""
        verb, store, body = request
        headers = {"content-type": "application/json",
                   "authorization": f"Bearer {self.keys[store]}"}  # fmt: skip
        self.connection.request("POST", f"/v1/{verb}", json.dumps(body), headers)
        got = self.connection.getresponse()
        return got.status, got.read()


def same(baskets: int, *, quick: bool) -> None:
    """Measure and report."""
    chain = Chain(random.Random(8))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        office = _changed(make_house(folder / "office"), PRINTED)
        store = _changed(make_store(folder / "store"), {})
        url = f"sqlite:///{folder / 'head-office.db'}"
        engine = database.connect(url)
        keys = chain.fill(engine)
        with served(office, url) as (_, port):
            asker = Asker(port, keys)
            _sold(asker, chain.requests(baskets // 20, 1_000_000))
            pack = build(engine, office, folder)
            _sold(asker, chain.requests(baskets // 20, 2_000_000))
            build_delta(engine, office, pack)
            packs = folder / "packs"
            packs.mkdir()
            for each in (pack, pack.with_name("newest.delta")):
                each.rename(packs / each.name)
            with store_served(store, packs, STORES) as (_, own):
                found = compared(chain.requests(baskets), asker, Asker(own, keys))
        engine.dispose()
    wrong = found.pop("differ", 0)
    value = {"baskets": baskets, "answers": found.total(), "differ": wrong}
    report("same answers", value | {"told": dict(found)}, 0, ok=not wrong, quick=quick)


# What head office alone says; the store learns it from the pack.
PRINTED = {"ean_prefix: null": f'ean_prefix: "{PREFIX}"'}

UNLIMITED = {"failed_codes_per_minute: 20 ": "failed_codes_per_minute: 1000000 "}


def _changed(house: Path, own: dict[str, str]) -> Path:
    """The same house with other settings, and no limit on guesses: one till sends them all."""
    file = house / "config.yaml"
    said = file.read_text(encoding="utf-8")
    for old, new in (own | UNLIMITED).items():
        assert old in said, old
        said = said.replace(old, new, 1)
    file.write_text(said, encoding="utf-8")
    return house


def _sold(asker: Asker, requests: Iterable[Request]) -> None:
    for each in requests:
        asker.ask(each)


def compared(requests: Iterable[Request], office: Asker, store: Asker) -> Counter[str]:
    """What was told, by verb and refusal; `differ`: answers that are not the same bytes."""
    found = Counter[str]()
    for request in requests:
        there, here = office.ask(request), store.ask(request)
        said = json.loads(there[1])
        what = said.get("refused") or ("used" if said.get("off") else "nothing")
        found[f"{request[0]} {what}"] += 1
        if there != here and (what, json.loads(here[1]).get("refused")) != KNOWN:
            found["differ"] += 1
            if found["differ"] <= 5:
                note(f"{request}\n  head office: {there}\n  the store:   {here}")
    return found
