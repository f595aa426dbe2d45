"""A store machine to test with: a pack made from head office's database, and its service."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.found_packs import FoundPacks
from promo.checkout.pack.head_office import HeadOffice
from promo.checkout.pack.keys import PackKeys
from promo.checkout.pack.opened import Pack
from promo.checkout.pack.reading import Scope
from promo.checkout.pack.store_house import StoreHouse
from promo.checkout.pack.store_service import Sends, StoreService
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
    """A running store machine; `loops`: the one that it runs in."""

    loops: list[asyncio.AbstractEventLoop] = field(default_factory=list)

    @property
    def house(self) -> StoreHouse:
        """What it has."""
        assert isinstance(self.service, StoreService)
        return self.service.house

    def taken_up(self, base: Path, delta: Path | None = None) -> None:
        """Let a pack be in force, as the service does when it finds it."""
        assert isinstance(self.service, StoreService)
        pack = Pack.open(base, delta, SIGNING.public(), KEYS, self.service.now())
        taking = self.service.take_up(pack)
        self.run(taking)

    def look(self) -> None:
        """Look for a newer pack, as the service does now and then."""
        assert isinstance(self.service, StoreService)
        self.run(self.service.look())

    def looked(self) -> str:
        """The same; the kind of the pack in force then."""
        self.look()
        return self.house.pack.about.kind

    def run(self, what: Coroutine[Any, Any, None]) -> None:
        """Do something in the service's own loop."""
        asyncio.run_coroutine_threadsafe(what, self.loops[0]).result(30)


@contextmanager
def machine(
    settings: Settings, pack: Path, folder: Path, *, delta: Path | None = None,
    now: Callable[[], datetime] = lambda: NOW, line: HeadOffice | None = None, till: bool = False,
    stores: tuple[str, ...] = STORES, sending: Sends | None = None,
) -> Iterator[Machine]:  # fmt: skip
    """A store machine on a free port, in a thread; its own settings price nothing."""
    lines: list[dict[str, Any]] = []
    loops: list[asyncio.AbstractEventLoop] = []

    def say(error: PackError) -> None:
        lines.append({"refused_pack": error.reason, "message": str(error)})

    packs = FoundPacks(pack, delta, SIGNING.public(), KEYS, folder / "packs", stores)
    house = StoreHouse.open(folder, stores, packs.first(now(), say), now)
    service = StoreService(
        settings, KEYS, house, packs, head_office=line, sending=sending, now=now, till=till,
        write=lambda x: lines.append(dict(x)),
    )  # fmt: skip
    meanwhile = service.meanwhile

    def begun() -> list[Coroutine[Any, Any, None]]:
        loops.append(asyncio.get_running_loop())
        return meanwhile()

    service.meanwhile = begun  # type: ignore[method-assign]
    with socket.create_server(("127.0.0.1", 0)) as ear:
        port = ear.getsockname()[1]
        server = serving.server_of(service, serving.Where("127.0.0.1", port))
        thread = threading.Thread(target=server.run, args=([ear],))
        thread.start()
        try:
            found = Machine(service, port, lines, loops)
            found.ask("/health", method="GET")  # it has begun
            yield found
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


def build_delta(
    engine: Engine, settings: Settings, base: Path, target: Path, now: datetime = NOW
) -> Path:
    """What has changed since a base was made."""
    building.build_delta(engine, order(settings, now), base, target)
    return target
