"""A service for one till, in this very process, as long as the till is open."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import select

from promo import database, tables
from promo.checkout import serving, store_keys
from promo.checkout.service import Service
from promo.config import Settings
from promo.lists.codes import short_code
from promo.lists.codes.keys import CodeKeys

LONGEST = timedelta(days=1)  # that the key opens, should the till be killed


class Opened(NamedTuple):
    """Where the service is, and a key for it."""

    url: str
    key: str


@contextmanager
def opened(settings: Settings, keys: CodeKeys, store: str) -> Iterator[Opened]:
    """A service on the house's database, at a free port of this machine only, with its own key.

    Nothing is left of the key at the end; that of a till that is killed is of no use after a day.
    Raises StoreKeyError, DatabaseError.
    """
    engine = database.connect(settings.database_url)
    database.check_schema(engine)
    with engine.begin() as connection:
        now = datetime.now(UTC)
        key = store_keys.add(connection, store, store_keys.TILL, now, now + LONGEST)
    try:
        with _served(Service(settings, keys, engine, write=lambda _: None, till=True)) as url:
            yield Opened(url, key)
    finally:
        parted = store_keys.parted(key)
        assert parted is not None
        with engine.begin() as connection:
            store_keys.forget(connection, parted[0])
        engine.dispose()


@contextmanager
def _served(service: Service) -> Iterator[str]:
    """The socket listens before the server runs: who asks too early waits."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        server = serving.server_of(service, serving.Where("127.0.0.1", port))
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()


def example(settings: Settings, keys: CodeKeys, store: str) -> str | None:
    """The short code of a store's published list in force today, for who has none at hand."""
    one, run, day = tables.ShopperList, tables.Run, settings.current_day()
    query = (
        select(one.counter)
        .join(run, run.night == one.night)
        .where(run.state == "published", one.store == store, one.key_id == keys.active)
        .where(one.first_day <= day, one.last_day >= day)
        .order_by(one.worth.desc(), one.counter)
        .limit(1)
    )
    engine = database.connect(settings.database_url)
    with engine.connect() as connection:
        counter = connection.execute(query).scalar()
    engine.dispose()
    return None if counter is None else short_code(keys, counter)
