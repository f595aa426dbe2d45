"""Store keys: who may ask the service what. Kept as salted hashes; a secret is shown once.

A secret is 256 random bits, not a person's password: no dictionary holds it and nobody can try
them all, so one keyed BLAKE2b is as safe as scrypt and costs a request microseconds instead of a
tenth of a second. The salt keeps equal secrets from having equal hashes.
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from promo import tables
from promo.errors import Sentence

VERBS = ("lookup", "sheet", "quote", "reserve", "redeem", "return", "void", "sync")
TILL = tuple(verb for verb in VERBS if verb not in ("sheet", "sync"))
TOKEN = re.compile("promo-([0-9]{1,15})-([A-Za-z0-9_-]{43})")
KEY = tables.StoreKey.__table__.c


class StoreKeyError(Sentence):
    """A store key cannot be made, or there is none of that number."""


@dataclass(frozen=True)
class StoreKey:
    """A key as it is stored, with what the service needs to know of its store."""

    id: int
    store: str
    verbs: frozenset[str]
    salt: str = field(repr=False)
    hash: str = field(repr=False)
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    time_zone: str
    language: str

    def opens_with(self, secret: str, now: datetime) -> bool:
        """Whether the secret is this key's and the key is in force; compared in constant time."""
        same = hmac.compare_digest(_hash(secret, self.salt), self.hash)
        return same and self.state(now) == "live"

    def state(self, now: datetime) -> str:
        """`live`, `expired` or `revoked`."""
        if self.revoked is not None and self.revoked <= now:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "live"


def parted(token: str) -> tuple[int, str] | None:
    """A token's key number and secret; None if it has not a token's form."""
    found = TOKEN.fullmatch(token)
    return (int(found[1]), found[2]) if found else None


def add(
    connection: Connection,
    store: str,
    verbs: Iterable[str],
    now: datetime,
    expires: datetime | None = None,
) -> str:
    """Make a key for a store; returns its token, which is stored nowhere. Raises StoreKeyError."""
    wanted = frozenset(verbs)
    if unknown := sorted(wanted - set(VERBS)):
        raise StoreKeyError(f"{unknown[0]!r} is no verb; expected some of {', '.join(VERBS)}.")
    if expires is not None and expires <= now:
        last = expires - timedelta(seconds=1)
        raise StoreKeyError(f"The key would open nothing: its last day, {last:%Y-%m-%d}, is over. "
                            f"Expected {now:%Y-%m-%d} or later, in UTC.")  # fmt: skip
    if not wanted:
        raise StoreKeyError(f"A key needs a verb; expected some of {', '.join(VERBS)}.")
    known = select(tables.Store.id).where(tables.Store.id == store)
    if connection.execute(known).scalar() is None:
        raise StoreKeyError(f"There is no store {store!r}. Take in the store file first.")
    secret, salt = secrets.token_urlsafe(32), secrets.token_hex(16)
    row = {
        "store": store, "verbs": ",".join(v for v in VERBS if v in wanted), "salt": salt,
        "hash": _hash(secret, salt), "created": now, "expires": expires,
    }  # fmt: skip
    made = connection.execute(insert(tables.StoreKey).returning(KEY.id), row).scalar_one()
    return f"promo-{made}-{secret}"


def rotate(connection: Connection, number: int, now: datetime, keep: timedelta) -> str:
    """Make a key like another, which stays in force for `keep`; returns the new one's token.

    Raises StoreKeyError if there is none or it is no longer in force.
    """
    old = _known(connection, number)
    if old.state(now) != "live":
        raise StoreKeyError(f"Key {number} is {old.state(now)}: make a new one instead.")
    end = now + keep if old.expires is None else min(old.expires, now + keep)
    connection.execute(update(tables.StoreKey).where(KEY.id == number).values(expires=end))
    return add(connection, old.store, old.verbs, now)


def revoke(connection: Connection, number: int, now: datetime) -> None:
    """Let a key open nothing from now on; twice is once. Raises StoreKeyError if there is none."""
    _known(connection, number)
    query = update(tables.StoreKey).where(KEY.id == number, KEY.revoked.is_(None))
    connection.execute(query.values(revoked=now))


def forget(connection: Connection, number: int) -> None:
    """Leave nothing of a key that served one till for a while, and that nobody wrote down."""
    connection.execute(delete(tables.StoreKey).where(KEY.id == number))


def read(connection: Connection, number: int) -> StoreKey | None:
    """The key of a number, or None."""
    row = connection.execute(KEYS.where(KEY.id == number)).one_or_none()
    return None if row is None else _key(row)


def listed(connection: Connection, store: str | None = None) -> list[StoreKey]:
    """All keys, or a store's, by number."""
    query = KEYS.order_by(KEY.id)
    rows = connection.execute(query if store is None else query.where(KEY.store == store))
    return [_key(row) for row in rows]


def _known(connection: Connection, number: int) -> StoreKey:
    found = read(connection, number)
    if found is None:
        raise StoreKeyError(f"There is no key {number}: see `promo stores key list`.")
    return found


KEYS = select(
    *(KEY[name] for name in ("id", "store", "verbs", "salt", "hash")),
    *(KEY[name] for name in ("created", "expires", "revoked")),
    tables.Store.time_zone,
    tables.Store.language,
).join(tables.Store, tables.Store.id == KEY.store)


def _key(row: Any) -> StoreKey:
    return StoreKey(**row._asdict() | {"verbs": frozenset(row.verbs.split(","))})


def _hash(secret: str, salt: str) -> str:
    return blake2b(secret.encode(), key=bytes.fromhex(salt), digest_size=32).hexdigest()
