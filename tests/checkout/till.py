"""A till to test with: a chain of two stores, a running service, and requests to it."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from drafts import KEYS, NIGHT, draft, offer
from sqlalchemy import Engine, insert

from promo import tables
from promo.calendar import Window
from promo.checkout import serving, store_keys
from promo.checkout.service import Service
from promo.config import Settings
from promo.lists.register import Registered, register

NOW = datetime(2017, 11, 8, 12, 0, tzinfo=UTC)
LAST = date(2017, 11, 19)
CARD, OTHERS = "29001234", "29005678"  # one household has a list, the other none
NAME = "Nadine Nobodyknows"


def fill(engine: Engine) -> Registered:
    """Two stores, two households, and a list for the first."""
    store = {"gln": None, "time_zone": "America/New_York"}
    stores = [
        store | {"id": "1", "name": "Main Street", "language": "en"},
        store | {"id": "2", "name": "Calle Mayor", "language": "es"},
    ]
    shopper = {"bucket": 0, "name": NAME, "language": "en", "suppressed": False}
    cards = [{"card": CARD, "shopper": "100"}, {"card": OTHERS, "shopper": "200"}]
    offers: list[dict[str, Any]] = [
        {
            "id": id_, "starts": NIGHT, "ends": LAST, "funder": "f", "objective": "reward",
            "terms": {}, "budget_money": 100, "budget_redemptions": 100,
        }
        for id_ in ("o1", "o2", "o3")
    ]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(tables.Store), stores)
        connection.execute(insert(tables.Shopper), [shopper | {"id": i} for i in ("100", "200")])
        connection.execute(insert(tables.Card), cards)
        connection.execute(insert(tables.Offer), offers)
    return listed(engine, NIGHT, NIGHT, LAST)


def listed(engine: Engine, night: date, first: date, last: date) -> Registered:
    """A list of the first household, published."""
    made = draft(shopper="100", name=NAME, offers=tuple(offer(offer=o) for o in ("o1", "o2", "o3")))
    run = {"night": night, "wave": 1, "state": "published", "report": {}}
    with engine.begin() as connection:
        connection.execute(insert(tables.Run), [run])
        [item] = register(connection, night, Window(first, last), [made], KEYS)
    return item


def new_key(engine: Engine, store: str = "1", verbs: tuple[str, ...] = ("lookup", "sheet")) -> str:
    """A store key's token."""
    with engine.begin() as connection:
        return store_keys.add(connection, store, verbs, NOW)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def refused(self) -> str:
        """The refusal's code; nothing if it is none."""
        return str(self.json.get("refused", ""))


@dataclass
class Running:
    """A service that listens, and the lines that it has logged."""

    service: Service
    port: int
    lines: list[dict[str, Any]] = field(default_factory=list)

    def ask(
        self, path: str, body: object = None, key: str = "", method: str = "POST", **headers: str
    ) -> Answer:
        """One request on a connection of its own; a body of bytes goes as it is."""
        sent = {"content-type": "application/json"} | {k.replace("_", "-"): v
                                                      for k, v in headers.items()}  # fmt: skip
        if key:
            sent["authorization"] = f"Bearer {key}"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asked(self.port, method, path, None if body is None else raw, sent)


def asked(port: int, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, headers)
        got = connection.getresponse()
        named = {name.lower(): value for name, value in got.getheaders()}
        return Answer(got.status, named, got.read())
    finally:
        connection.close()


@contextmanager
def running(settings: Settings, engine: Engine, **limits: Any) -> Iterator[Running]:
    """A service on a free port, in a thread."""
    own = settings.model_copy(update={"service": settings.service.model_copy(update=limits)})
    with listening(own, engine, till=False) as found:
        yield found


@contextmanager
def listening(settings: Settings, engine: Engine, *, till: bool) -> Iterator[Running]:
    """The same with the till to try, or without."""
    lines: list[dict[str, Any]] = []
    service = Service(
        settings, KEYS, engine, now=lambda: NOW, write=lambda x: lines.append(dict(x)), till=till
    )
    with socket.create_server(("127.0.0.1", 0)) as ear:  # who asks before it runs waits
        port = ear.getsockname()[1]
        server = serving.server_of(service, serving.Where("127.0.0.1", port))
        thread = threading.Thread(target=server.run, args=([ear],))
        thread.start()
        try:
            yield Running(service, port, lines)
        finally:
            server.should_exit = True
            thread.join()
