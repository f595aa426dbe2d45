"""Store keys on both databases: shown once, kept as hashes, rotated, revoked."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from checkout.till import NOW, fill, new_key
from promo import tables
from promo.checkout import store_keys
from promo.checkout.store_keys import StoreKey, StoreKeyError

HOUR = timedelta(hours=1)


@pytest.fixture
def one(sqlite_engine: Engine) -> Engine:
    fill(sqlite_engine)
    return sqlite_engine


def read(engine: Engine, token: str) -> tuple[StoreKey, str]:
    """The stored key of a token, and the token's secret."""
    parted = store_keys.parted(token)
    assert parted is not None
    with engine.connect() as connection:
        found = store_keys.read(connection, parted[0])
    assert found is not None
    return found, parted[1]


def test_a_key_opens_with_its_own_secret_only(engine: Engine) -> None:
    fill(engine)
    (mine, secret), (yours, other) = (read(engine, new_key(engine)) for _ in range(2))
    assert mine.opens_with(secret, NOW)
    assert yours.opens_with(other, NOW)
    assert not mine.opens_with(other, NOW)
    assert not mine.opens_with(secret[:-1], NOW)
    assert (mine.store, set(mine.verbs)) == ("1", {"lookup", "sheet"})
    assert (mine.time_zone, mine.language) == ("America/New_York", "en")


def test_no_secret_is_stored(one: Engine) -> None:
    key, secret = read(one, new_key(one))
    with one.connect() as connection:
        rows = connection.execute(select(tables.StoreKey.__table__)).all()
    assert secret not in json.dumps([str(row) for row in rows])
    assert key.salt not in repr(key)
    assert key.hash not in repr(key)


def test_equal_secrets_have_different_hashes() -> None:
    hashes = {store_keys._hash("same", salt) for salt in ("00" * 16, "01" * 16)}
    assert len(hashes) == 2


def test_rotation_keeps_the_old_key_for_its_time(engine: Engine) -> None:
    fill(one := engine)
    old, secret = read(one, new_key(one, verbs=("sheet",)))
    with one.begin() as connection:
        token = store_keys.rotate(connection, old.id, NOW, 2 * HOUR)
    new, _ = read(one, token)
    old, _ = read(one, f"promo-{old.id}-{secret}")
    assert (new.store, new.verbs, new.expires) == (old.store, old.verbs, None)
    assert old.opens_with(secret, NOW + 2 * HOUR - timedelta(seconds=1))
    assert not old.opens_with(secret, NOW + 2 * HOUR)
    assert old.state(NOW + 2 * HOUR) == "expired"


def test_rotation_never_lengthens_a_key(one: Engine) -> None:
    with one.begin() as connection:
        token = store_keys.add(connection, "1", ["lookup"], NOW, NOW + HOUR)
        key_id = int(token.split("-")[1])
        store_keys.rotate(connection, key_id, NOW, 5 * HOUR)
    assert read(one, token)[0].expires == NOW + HOUR


def test_a_revoked_key_opens_nothing(one: Engine) -> None:
    key, secret = read(one, token := new_key(one))
    for later in (NOW, NOW + HOUR):  # the second time changes nothing
        with one.begin() as connection:
            store_keys.revoke(connection, key.id, later)
    key, _ = read(one, token)
    assert key.revoked == NOW
    assert not key.opens_with(secret, NOW)
    with one.begin() as connection, pytest.raises(StoreKeyError, match="Key 1 is revoked"):
        store_keys.rotate(connection, key.id, NOW, HOUR)


def test_keys_are_listed_by_store(one: Engine) -> None:
    for store in ("1", "2", "1"):
        new_key(one, store)
    with one.connect() as connection:
        assert [key.id for key in store_keys.listed(connection)] == [1, 2, 3]
        assert [key.id for key in store_keys.listed(connection, "1")] == [1, 3]


@pytest.mark.parametrize(
    ("store", "verbs", "said"),
    [
        ("3", ["lookup"], "There is no store '3'"),
        ("1", ["lookup", "steal"], "'steal' is no verb; expected some of lookup, sheet, quote"),
        ("1", [], "A key needs a verb"),
    ],
)
def test_what_is_no_key_is_said(one: Engine, store: str, verbs: list[str], said: str) -> None:
    with one.begin() as connection, pytest.raises(StoreKeyError, match=said):
        store_keys.add(connection, store, verbs, NOW)


def test_a_key_that_would_open_nothing_is_not_made(one: Engine) -> None:
    with one.begin() as connection:
        for ago in (timedelta(0), timedelta(days=3)):
            with pytest.raises(StoreKeyError, match=r"its last day, 20\d\d-\d\d-\d\d, is over"):
                store_keys.add(connection, "1", ["lookup"], NOW, NOW - ago)
        assert store_keys.add(connection, "1", ["lookup"], NOW, NOW + timedelta(seconds=1))


def test_a_number_without_a_key_is_said(one: Engine) -> None:
    with one.begin() as connection:
        assert store_keys.read(connection, 7) is None
        with pytest.raises(StoreKeyError, match="There is no key 7"):
            store_keys.revoke(connection, 7, NOW)


@pytest.mark.parametrize("token", ["", "promo-1-", "promo-1-short", "promo--" + "a" * 43,
                                   "promo-1-" + "a" * 44, f"promo-{'9' * 16}-{'a' * 43}",
                                   "promo-1-" + "a" * 42 + "\n"])  # fmt: skip
def test_what_is_no_token(token: str) -> None:
    assert store_keys.parted(token) is None
