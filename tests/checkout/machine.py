"""A store machine to test with: a pack made from head office's database, and its service."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from drafts import KEYS
from sqlalchemy import Engine, insert, update

from checkout.shop import VERBS, Tills
from checkout.till import NOW, Running, new_key
from promo import tables
from promo.checkout import serving
from promo.checkout.pack import building
from promo.checkout.pack.building import Order
from promo.checkout.pack.found_packs import FoundPacks
from promo.checkout.pack.head_office import HeadOffice
from promo.checkout.pack.keys import PackKeys
from promo.checkout.pack.reading import Scope
from promo.checkout.pack.store_house import StoreHouse
from promo.checkout.pack.store_service import StoreService
from promo.config import Settings

SIGNING = PackKeys({1: (bytes(range(32)), bytes(range(32, 64)))})
TODAY = date(2017, 11, 8)
STORES = ("1", "2")


def order(settings: Settings, now: datetime = NOW, keys: PackKeys = SIGNING) -> Order:
    """A pack of all stores."""
    scope = Scope("banner", None, TODAY, settings.packs.past_days)
    return Order(settings, scope, keys, now)


def build(engine: Engine, settings: Settings, target: Path, now: datetime = NOW) -> Path:
    """A base pack."""
    building.build(engine, order(settings, now), target)
    return target


@dataclass
class Machine(Running):
    """A running store machine."""

    @property
    def house(self) -> StoreHouse:
        """What it has."""
        assert isinstance(self.service, StoreService)
        return self.service.house


@contextmanager
def machine(
    settings: Settings, pack: Path, folder: Path, *, delta: Path | None = None,
    now: Callable[[], datetime] = lambda: NOW, head_office: str | None = None, till: bool = False,
    stores: tuple[str, ...] = STORES,
) -> Iterator[Machine]:  # fmt: skip
    """A store machine on a free port, in a thread; its own settings price nothing."""
    lines: list[dict[str, Any]] = []
    packs = FoundPacks(pack, delta, SIGNING.public(), KEYS, stores)
    house = StoreHouse.open(folder, stores, packs.first(now(), lambda _: None), now)
    line = HeadOffice(head_office, 5.0, 4) if head_office else None
    service = StoreService(
        settings, KEYS, house, packs, head_office=line, now=now, till=till,
        write=lambda x: lines.append(dict(x)),
    )  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as ear:
        port = ear.getsockname()[1]
        server = serving.server_of(service, serving.Where("127.0.0.1", port))
        thread = threading.Thread(target=server.run, args=([ear],))
        thread.start()
        try:
            yield Machine(service, port, lines)
        finally:
            server.should_exit = True
            thread.join()
            service.close()


def keys_of(engine: Engine) -> dict[str, str]:
    """A key of each store; a pack made from now on has them, too."""
    return {store: new_key(engine, store, (*VERBS, "sheet")) for store in STORES}


def tills(live: Running, engine: Engine, keys: dict[str, str]) -> Tills:
    """Tills that ask a machine, with keys that head office made."""
    found = Tills.__new__(Tills)
    found.live, found.engine, found.keys = live, engine, keys
    return found


def stop(engine: Engine, offer: str, sentence: str) -> None:
    """An offer stopped in an emergency."""
    event = {"offer": offer, "at": NOW, "kind": "stopped", "reason": "recall",
             "bearer": "chain", "sentence": sentence}  # fmt: skip
    with engine.begin() as connection:
        connection.execute(update(tables.Offer).where(tables.Offer.id == offer),
                           {"state": "stopped"})  # fmt: skip
        connection.execute(insert(tables.OfferEvent), [event])
