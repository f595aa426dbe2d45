"""A store machine's folder: restarts, a lost store.db, packs taken up while tills are busy."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from drafts import KEYS
from sqlalchemy import Engine

from checkout.machine import (
    SIGNING,
    STORES,
    build,
    build_delta,
    keys_of,
    machine,
    stop,
    tills,
)
from checkout.shop import basket, open_shop, used, why
from checkout.till import NOW
from promo.checkout.pack import journal
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.found_packs import FoundPacks
from promo.checkout.pack.store_house import StoreHouse
from promo.config import Settings

LATER = NOW + timedelta(minutes=10)


@pytest.fixture
def shop(sqlite_engine: Engine) -> Engine:
    open_shop(sqlite_engine)
    return sqlite_engine


def lose(folder: Path) -> None:
    """As after a power cut that took all of store.db."""
    for each in folder.glob("store.db*"):
        each.unlink()


def outdate(folder: Path) -> None:
    """As if another version of promo had made it."""
    import sqlite3

    driver = sqlite3.connect(folder / "store.db")
    driver.execute("pragma user_version = 1")
    driver.close()


@pytest.mark.parametrize("harm", [lambda _: None, lose, outdate])
def test_what_was_answered_is_there_after_a_restart(
    harm: Callable[[Path], None], shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    keys, folder = keys_of(shop), tmp_path / "m"
    pack = build(shop, settings, tmp_path / "base.pack")
    with machine(settings, pack, folder) as store:
        till = tills(store, shop, keys)
        sold = till.ask("redeem", basket("milk 1 250, eggs 1 300"))
        void = till.void("1", "2")
        again = till.ask("redeem", basket("eggs 1 300", "3"))
    harm(folder)
    with machine(settings, pack, folder) as store:
        till = tills(store, shop, keys)
        assert till.ask("redeem", basket("milk 1 250, eggs 1 300")).body == sold.body
        assert till.void("1", "2").body == void.body
        assert till.ask("redeem", basket("eggs 1 300", "3")).body == again.body
        assert why(till.do("quote", "eggs 1 300", "4"))["eggs"] == "no_uses"
        assert till.give_back("4", of="3").json["off"] == 30
    assert journal.verify(folder / "journal").place.seq == 4


def test_a_newer_pack_is_taken_up_and_no_request_is_lost(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    keys, packs = keys_of(shop), tmp_path / "packs"
    packs.mkdir()
    base = build(shop, settings, packs / "1.pack")
    with machine(settings, packs, tmp_path / "m") as store:
        till = tills(store, shop, keys)
        ended, seen = threading.Event(), list[tuple[int, object]]()

        def busy(name: str) -> None:
            number = 0
            while not ended.is_set():
                number += 1
                got = till.ask("redeem", basket("bread 1 100", f"{name}-{number}"))
                seen.append((got.status, got.json.get("off")))

        threads = [threading.Thread(target=busy, args=(name,)) for name in "ab"]
        for each in threads:
            each.start()
        stop(shop, "milk", "It was misprinted.")
        build_delta(shop, settings, base, packs / "1.delta", LATER)
        assert store.looked() == "delta"
        assert why(till.do("quote", "milk 1 250"))["milk"] == "stopped"
        build(shop, settings, packs / "2.pack", LATER + timedelta(1))
        assert store.looked() == "base"
        ended.set()
        for each in threads:
            each.join()
        assert set(seen) == {(200, 0)}
        assert len(seen) == store.house.journal.place.seq


@pytest.mark.parametrize("where", ["folder", "file"])
def test_a_bad_newer_pack_is_named_and_the_old_one_stays(
    where: str, shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    keys, packs = keys_of(shop), tmp_path / "packs"
    packs.mkdir()
    base = build(shop, settings, packs / "1.pack")
    newer = build(shop, settings, tmp_path / "newer", LATER)
    raw = bytearray(newer.read_bytes())
    raw[5000] ^= 1
    with machine(settings, packs if where == "folder" else base, tmp_path / "m") as store:
        version = store.house.pack.about.version
        bad = packs / "2.pack" if where == "folder" else base
        made = packs / ".being-written"
        made.write_bytes(raw)
        made.replace(bad)
        store.look()
        store.look()
        [said] = [line for line in store.lines if "refused_pack" in line]
        assert (said["refused_pack"], str(bad) in said["message"]) == ("tampered", True)
        assert store.house.pack.about.version == version
        assert used(tills(store, shop, keys).do("quote", "milk 1 250")) == {"milk": 100}
        newer.replace(bad)
        store.look()
        assert store.house.pack.about.version > version


def test_the_newest_good_pack_of_a_folder_is_the_first(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    build(shop, settings, tmp_path / "1")
    good = build(shop, settings, tmp_path / "2", LATER)
    newest = build(shop, settings, tmp_path / "3", LATER + timedelta(1))
    newest.write_bytes(newest.read_bytes()[:-1] + b" ")
    said: list[PackError] = []
    packs = FoundPacks(tmp_path, None, SIGNING.public(), KEYS, tmp_path / "kept", STORES)
    found = packs.first(LATER, said.append)
    assert found.about.made_at == LATER
    assert str(good) not in str(said[0])
    found.close()


def test_a_pack_of_another_region_is_refused(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    pack = build(shop, settings, tmp_path / "1")
    packs = FoundPacks(pack, None, SIGNING.public(), KEYS, tmp_path / "kept", ("1", "77"))
    with pytest.raises(PackError, match="is not for store 77") as error:
        packs.first(NOW, lambda _: None)
    assert error.value.reason == "other_region"


def test_a_folder_without_packs_says_so(tmp_path: Path) -> None:
    packs = FoundPacks(tmp_path, None, SIGNING.public(), KEYS, tmp_path / "kept")
    with pytest.raises(PackError, match="There is no pack in"):
        packs.first(NOW, lambda _: None)


def test_an_offers_terms_and_stop_follow_the_pack(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    """What was stopped and is live again, keys that were revoked, other settings."""
    keys, folder = keys_of(shop), tmp_path / "m"
    late = settings.model_copy(
        update={"checkout": settings.checkout.model_copy(update={"late_days": 9})}
    )
    first = build(shop, late, tmp_path / "1")
    with machine(settings, first, folder) as store:
        assert store.service.sales.house.settings.checkout.late_days == 9
        store.taken_up(build(shop, settings, tmp_path / "2", LATER))
        assert store.service.sales.house.settings.checkout == settings.checkout
        till = tills(store, shop, keys)
        assert json.loads(till.ask("redeem", basket("milk 1 250")).body)["off"] == 100


def test_the_folder_is_one_machines(shop: Engine, settings: Settings, tmp_path: Path) -> None:
    keys_of(shop)
    build(shop, settings, tmp_path / "1")
    packs = FoundPacks(tmp_path / "1", None, SIGNING.public(), KEYS, tmp_path / "kept")
    pack = packs.first(NOW, lambda _: None)
    one = StoreHouse.open(tmp_path / "m", STORES, pack, lambda: NOW)
    from promo import files

    with pytest.raises(files.Busy):
        StoreHouse.open(tmp_path / "m", STORES, pack, lambda: NOW)
    one.close()
    pack.close()
