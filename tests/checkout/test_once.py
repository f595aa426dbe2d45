"""An offer once, whoever comes at the same instant; and nothing lost or doubled when killed."""

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from checkout.shop import AT, Tills, basket, counters, named, open_shop, rows, sums, used, why
from checkout.test_serving import LISTENS, ROOT, free_port
from checkout.till import NOW, Answer, asked, new_key, running
from promo.config import Settings

TILLS, ROUNDS = 64, 2
LIMITS = {"requests_per_second": 1e6, "burst": 10**6, "most_waiting": 1000}


def at_once(tills: Tills, verb: str, bodies: list[Any]) -> list[Answer]:
    """All requests, begun together."""
    start = threading.Barrier(len(bodies), timeout=60)

    def one(body: Any) -> Answer:
        start.wait()
        return tills.ask(verb, body)

    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(threads.map(one, bodies))


@pytest.fixture
def tills(settings: Settings, engine: Engine) -> Iterator[Tills]:
    budget = {"money": 2.5, "redemptions": 100}
    web = {"products": ["internal:jam"], "printable": False, "hard": True, "budget": budget}
    open_shop(engine, {"milk": {"products": ["internal:milk"]}, "web": web}, unlisted=["web"])
    with running(settings, engine, **LIMITS) as live:
        yield Tills(live, engine)


def test_sixty_four_tills_get_one_yes(tills: Tills) -> None:
    for turn in range(ROUNDS):
        bodies = [basket("milk 1 300", f"{turn}", till=f"{n}") for n in range(TILLS)]
        answers = at_once(tills, "redeem", bodies)
        assert {answer.status for answer in answers} == {200}
        [yes] = [n for n, answer in enumerate(answers) if used(answer.json)]
        assert {why(a.json)["milk"] for n, a in enumerate(answers) if n != yes} == {"no_uses"}
        assert [a.body for a in at_once(tills, "redeem", bodies)] == [a.body for a in answers]
        assert counters(tills.engine) == sums(tills.engine) == {"milk": (1, 100)}
        undo = named(f"{turn}", till=f"{yes}") | {"at": AT}
        assert tills.ask("void", undo).json["off"] == 100


def test_one_request_sent_many_times_at_once_is_done_once(tills: Tills) -> None:
    answers = at_once(tills, "redeem", [basket("milk 1 300")] * 32)
    assert len({answer.body for answer in answers}) == 1
    assert used(answers[0].json) == {"milk": 100}
    voids = at_once(tills, "void", [named("1") | {"at": AT}] * 32)
    assert len({answer.body for answer in voids}) == 1
    assert len(rows(tills.engine)) == 2


def test_hard_offers_never_pass_their_limit(tills: Tills) -> None:
    bodies = [basket("jam 1 300", nobody=True, coupons=["web"], till=f"{n}") for n in range(TILLS)]
    answers = at_once(tills, "redeem", bodies)
    assert sum(bool(used(answer.json)) for answer in answers) == 2
    assert counters(tills.engine)["web"] == sums(tills.engine)["web"] == (2, 200)


def test_a_sale_and_its_void_at_once_leave_nothing_used(tills: Tills) -> None:
    for n in range(4):
        with ThreadPoolExecutor(2) as threads:
            sold = threads.submit(tills.ask, "redeem", basket("milk 1 300", f"v{n}"))
            gone = threads.submit(tills.void, f"v{n}")
        assert gone.result().status == 200
        assert sold.result().status == 200 or sold.result().refused == "voided"
        assert all(uses == 0 for uses, _ in counters(tills.engine).values())


def test_reservations_hold_uses_until_they_are_over(tills: Tills) -> None:
    first = tills.do("reserve", "milk 1 300", "1")
    assert used(first) == {"milk": 100}
    assert tills.ask("reserve", basket("milk 1 300", "1")).json == first
    told = tills.do("redeem", "milk 1 300", "2")
    assert why(told) == {"milk": "reserved"}
    assert used(tills.do("redeem", "milk 1 300", "3", reservation=named("1"))) == {"milk": 100}
    assert why(tills.do("redeem", "milk 1 300", "9")) == {"milk": "no_uses"}
    assert tills.void("3").status == 200
    assert used(tills.do("reserve", "milk 1 300", "4")) == {"milk": 100}
    assert used(tills.do("reserve", "jam 1 300", "4")) == {}  # the basket has changed
    assert used(tills.do("reserve", "milk 1 300", "5")) == {"milk": 100}
    assert tills.void("5").json["known"] is False  # lets it go
    assert used(tills.do("reserve", "milk 1 300", "6")) == {"milk": 100}
    tills.live.service.now = lambda: NOW + timedelta(seconds=601)
    assert used(tills.do("redeem", "milk 1 300", "7")) == {"milk": 100}
    assert counters(tills.engine)["milk"] == sums(tills.engine)["milk"] == (1, 100)


def test_reserved_hard_offers_count_against_the_limit(tills: Tills) -> None:
    bodies = [basket("jam 1 300", nobody=True, coupons=["web"], till=f"{n}") for n in range(8)]
    answers = at_once(tills, "reserve", bodies)
    assert sum(bool(used(answer.json)) for answer in answers) == 2
    got = tills.do("redeem", "jam 1 300", nobody=True, coupons=["web"], till="9")
    assert why(got) == {"web": "budget"}


# --- killed ---------------------------------------------------------------------------------------


@contextmanager
def service(folder: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    """The process, from when it listens."""
    words = ["--config", str(folder / "config.yaml"), "serve", "--port", f"{port}"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from promo.cli import main; main()", *words],
        stderr=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stderr is not None
    if not any(LISTENS.search(line) for line in process.stderr):
        raise AssertionError("it did not listen")
    drain = threading.Thread(target=process.stderr.read)
    drain.start()
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        drain.join()
        process.stderr.close()


def test_killed_at_any_instant_nothing_is_lost_and_nothing_doubled(
    folder: Path, engine: Engine
) -> None:
    config = (folder / "config.yaml").read_text()
    config = re.sub(r"today: null ", "today: 2017-11-08 ", config, count=1)
    (folder / "config.yaml").write_text(
        re.sub("requests_per_second: 50 +", "requests_per_second: 1000000 ", config)
    )
    (folder / "code.key").write_text("1:a secret for the tests\n")
    open_shop(engine, {"milk": {"products": ["internal:milk"], "uses": {"per_list": 10_000}}},
              uses=10_000)  # fmt: skip
    key = new_key(engine, "1", ("redeem",))
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    port, chance = free_port(), random.Random(7)

    def send(transaction: str) -> bytes | None:
        body = json.dumps(basket("milk 1 300", transaction)).encode()
        try:
            got = asked(port, "POST", "/v1/redeem", body, headers)
        except (OSError, http.client.HTTPException):
            return None  # the till learned nothing
        return got.body if got.status == 200 else None

    sent = [f"{n}" for n in range(30)]
    with service(folder, port) as process, ThreadPoolExecutor(6) as threads:
        asking = [(name, threads.submit(send, name)) for name in sent]
        wait([asking[chance.randint(2, 9)][1]])
        process.send_signal(signal.SIGKILL)
        acknowledged = {name: got for name, each in asking if (got := each.result())}
    with service(folder, port):
        finally_ = {name: send(name) for name in sent}
    assert None not in finally_.values()
    assert {name: finally_[name] for name in acknowledged} == acknowledged
    assert 2 <= len(acknowledged) < len(sent)
    assert counters(engine) == sums(engine) == {"milk": (len(sent), 100 * len(sent))}
    assert len(rows(engine)) == len(sent)
