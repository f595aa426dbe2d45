"""Who may ask what, and how much: the store key of a request, its verbs and its limits."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from promo.checkout import store_keys
from promo.checkout.connections import Connections
from promo.checkout.limits import Limit
from promo.checkout.refusals import Refuse
from promo.checkout.store_keys import StoreKey
from promo.sections import Service

MOST_KNOWN = 10_000  # keys kept in memory, real and invented
BEARER = {"www-authenticate": "Bearer"}


class Known(NamedTuple):
    """What the database said of a key number, and when (seconds)."""

    key: StoreKey | None
    at: float


class Gate:
    """Lets requests in. Only the event loop's thread may use it."""

    def __init__(
        self, connections: Connections, limits: Service, now: Callable[[], datetime]
    ) -> None:
        self.connections = connections
        self.now = now
        self.fresh = limits.key_seconds
        self.requests = Limit(limits.requests_per_second, limits.burst)
        failed = limits.failed_codes_per_minute
        self.failures = Limit(failed / 60, failed)
        self._known: dict[int, Known] = {}

    async def key(self, header: str) -> StoreKey:
        """The key that an Authorization header bears, in force now. Raises Refuse."""
        scheme, _, token = header.partition(" ")
        parted = store_keys.parted(token.strip()) if scheme.lower() == "bearer" else None
        if parted is None:
            raise Refuse("no_key", detail="Send `Authorization: Bearer promo-…`.", headers=BEARER)
        number, secret = parted
        key = await self._read(number)
        if key is None or not key.opens_with(secret, self.now()):
            raise Refuse("no_key", detail="The key is not one in force.", headers=BEARER)
        return key

    async def _read(self, number: int) -> StoreKey | None:
        moment = seconds()
        known = self._known.get(number)
        if known is None or moment - known.at >= self.fresh:
            key = await self.connections.through_sqlalchemy(
                lambda connection: store_keys.read(connection, number)
            )
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[number] = Known(key, moment)
        return known.key

    def admit(self, key: StoreKey, verb: str) -> None:
        """Let a request of a key in, and count it. Raises Refuse."""
        moment = seconds()
        if wait := self.requests.wait(key.id, moment):
            raise Refuse("too_many", wait=wait)
        self.requests.take(key.id, moment)
        if verb not in key.verbs:
            raise Refuse("not_allowed", detail=f"The key lacks the verb `{verb}`.")
        if wait := self.failures.wait(key.id, moment):
            raise Refuse("guessing", wait=wait)

    def failed(self, key: StoreKey) -> None:
        """Count a code or card that we never gave out."""
        self.failures.take(key.id, seconds())


def seconds() -> float:
    """The event loop's clock."""
    return asyncio.get_running_loop().time()
