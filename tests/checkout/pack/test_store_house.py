"""A store machine's folder: restarts, a lost store.db, packs taken up while tills are busy."""

import json
import shutil
import sqlite3
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from drafts import KEYS
from sqlalchemy import Engine

from checkout import machine as machines
from checkout.machine import (
    SIGNING,
    STORES,
    Machine,
    build,
    build_delta,
    keys_of,
    machine,
    order,
    stop,
    tills,
)
from checkout.shop import basket, open_shop, used, why
from checkout.till import CARD, NOW, Running, running
from promo.checkout.pack import building, journal, store_service
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.found_packs import FoundPacks
from promo.checkout.pack.keys import PackKeys
from promo.checkout.pack.opened import Pack
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
    driver = sqlite3.connect(folder / "store.db")
    driver.execute("pragma user_version = 1")
    driver.close()


def fill_with_junk(folder: Path) -> None:
    lose(folder)
    (folder / "store.db").write_bytes(b"junk" * 5000)


def cut_short(folder: Path) -> None:
    file = folder / "store.db"
    file.write_bytes(file.read_bytes()[:20_000])


def damage_in_the_middle(folder: Path) -> None:
    file = folder / "store.db"
    raw = file.read_bytes()
    file.write_bytes(raw[:8192] + b"\xff" * (len(raw) - 12288) + raw[-4096:])


@pytest.mark.parametrize("harm", [fill_with_junk, cut_short, damage_in_the_middle])
def test_a_damaged_store_db_is_moved_aside_and_said(
    harm: Callable[[Path], None], shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    pack, folder = build(shop, settings, tmp_path / "1"), tmp_path / "m"
    with machine(settings, pack, folder) as store:
        assert store.house.mended == ""
    harm(folder)
    with machine(settings, pack, folder) as store:
        assert "store.db was damaged" in store.house.mended
    assert (folder / "store.db.damaged").is_file()


@pytest.mark.parametrize(
    "harm", [lambda _: None, lose, outdate, fill_with_junk, cut_short, damage_in_the_middle]
)
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
    base, now = build(shop, settings, packs / "1.pack"), [LATER]
    with machine(settings, packs, tmp_path / "m", now=lambda: now[0]) as store:
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
        now[0] = LATER + timedelta(1)
        build(shop, settings, packs / "2.pack", now[0])
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


def versions(lines: list[dict[str, Any]]) -> list[str]:
    """Why packs were refused, as the log has it."""
    return [line["refused_pack"] for line in lines if "refused_pack" in line]


def test_a_machine_in_trouble_looks_again(
    shop: Engine, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No folder for copies can be made at first, as on a full disk; then store.db takes nothing."""
    monkeypatch.setattr(store_service, "LOOK_SECONDS", 0.01)
    packs = tmp_path / "packs"
    packs.mkdir()
    build(shop, settings, packs / "1.pack")
    with machine(settings, packs, tmp_path / "m") as store:
        copies = tmp_path / "m" / "packs"
        shutil.rmtree(copies)
        copies.write_text("in the way")
        build(shop, settings, packs / ".2.pack", LATER).replace(packs / "2.pack")
        seen(store, lambda: any("looking_for_packs" in line for line in store.lines))
        taken = sqlite3.OperationalError("database or disk is full")
        take_up, failed = store.house.take_up, threading.Event()

        def full(pack: Pack) -> None:
            if not failed.is_set():
                failed.set()
                raise taken
            take_up(pack)

        monkeypatch.setattr(store.house, "take_up", full)
        copies.unlink()
        seen(store, lambda: store.house.pack.about.made_at == LATER)
    faults = [line["looking_for_packs"] for line in store.lines if "looking_for_packs" in line]
    assert {each.partition(" ")[0] for each in faults} >= {"OperationalError"}
    assert len({each.partition(" ")[0] for each in faults}) == 2
    assert all(str(tmp_path) not in each for each in faults)


def seen(store: Machine, is_so: Callable[[], bool]) -> None:
    """Ask the machine until something is so."""
    while not is_so():
        assert store.ask("/health", method="GET").status == 200


@pytest.mark.parametrize("harm", ["expired", "gone", "empty", "tampered"])
def test_it_starts_with_the_pack_that_was_in_force(
    harm: str, shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    keys, packs, folder = keys_of(shop), tmp_path / "packs", tmp_path / "m"
    packs.mkdir()
    pack, at = build(shop, settings, packs / "1.pack"), NOW
    with machine(settings, packs, folder) as store:
        first = tills(store, shop, keys).ask("redeem", basket("milk 1 250"))
    if harm == "expired":
        at = NOW + timedelta(hours=settings.packs.good_hours)
    elif harm == "tampered":
        pack.write_bytes(pack.read_bytes()[:-1] + b" ")
    else:
        pack.unlink()
    if harm == "gone":
        packs.rmdir()
    with machine(settings, packs, folder, now=lambda: at) as store:
        till = tills(store, shop, keys)
        assert till.ask("redeem", basket("milk 1 250")).body == first.body
        assert till.void().status == 200
        sold = till.ask("redeem", basket("eggs 1 300", "2"))
        assert sold.refused == ("pack_expired" if harm == "expired" else "")
    why = {"gone": "not_there", "empty": "not_there", "tampered": "not_a_pack"}
    assert why.get(harm, harm) in versions(store.lines)


def test_an_expired_pack_is_in_force_until_a_newer_one_comes(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    keys, packs = keys_of(shop), tmp_path / "packs"
    packs.mkdir()
    build(shop, settings, packs / "1.pack")
    late = NOW + timedelta(hours=settings.packs.good_hours)
    with machine(settings, packs, tmp_path / "m", now=lambda: late) as store:
        assert store.ask("/ready", method="GET").refused == "pack_expired"
        build(shop, settings, packs / "2.pack", late)
        store.look()
        assert used(tills(store, shop, keys).do("redeem", "milk 1 250")) == {"milk": 100}
    assert versions(store.lines) == ["expired"]


def test_an_older_pack_at_a_start_is_not_taken(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    keys, folder = keys_of(shop), tmp_path / "m"
    old = build(shop, settings, tmp_path / "old")
    stop(shop, "milk", "It was misprinted.")
    with machine(settings, build(shop, settings, tmp_path / "new", LATER), folder):
        pass
    with machine(settings, old, folder) as store:
        assert why(tills(store, shop, keys).do("quote", "milk 1 250"))["milk"] == "stopped"
        assert store.house.pack.about.made_at == LATER
    assert versions(store.lines) == ["older"]


def test_a_copy_that_was_damaged_is_made_anew(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    pack, folder = build(shop, settings, tmp_path / "1"), tmp_path / "m"
    for cut, what in ((1, b" "), (5000, b"")):
        with machine(settings, pack, folder):
            [copy] = (folder / "packs").iterdir()
        copy.write_bytes(copy.read_bytes()[:-cut] + what)
    raw = bytearray(pack.read_bytes())
    raw[5000] ^= 1
    copy.write_bytes(raw)
    with machine(settings, pack, folder):
        assert copy.read_bytes() == pack.read_bytes()


def test_a_pack_of_a_clock_that_ran_ahead_keeps_no_other_one_away(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    packs, now = tmp_path / "packs", [NOW]
    packs.mkdir()
    build(shop, settings, packs / "1.pack")
    build(shop, settings, packs / "ahead.pack", NOW + timedelta(hours=2))
    with machine(settings, packs, tmp_path / "m", now=lambda: now[0]) as store:
        assert store.house.pack.about.made_at == NOW
        build(shop, settings, packs / "2.pack", LATER)
        store.look()
        store.look()
        assert store.house.pack.about.made_at == LATER
        assert versions(store.lines) == ["not_yet"]
        now[0] += timedelta(hours=2)  # it was this machine's clock
        store.look()
        assert store.house.pack.about.made_at == now[0]


def test_with_a_clock_that_began_anew_the_pack_in_force_goes_on(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    pack, folder = build(shop, settings, tmp_path / "1"), tmp_path / "m"
    with machine(settings, pack, folder):
        pass
    with machine(settings, pack, folder, now=lambda: NOW - timedelta(days=9000)) as store:
        assert store.house.pack.about.made_at == NOW
    assert set(versions(store.lines)) == {"not_yet"}


def test_uses_without_a_list_follow_their_household_to_a_new_pack_key(
    sqlite_engine: Engine, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = {"products": ["internal:jam"], "printable": False, "uses": {"per_household": 1}}
    open_shop(sqlite_engine, {"milk": {"products": ["internal:milk"]}, "web": once},
              unlisted=("web",))  # fmt: skip
    keys, renewed = keys_of(sqlite_engine), PackKeys({**SIGNING.keys, 2: (b"s" * 32, b"c" * 32)})
    old = build(sqlite_engine, settings, tmp_path / "old")
    monkeypatch.setattr(machines, "SIGNING", renewed)
    building.build(sqlite_engine, order(settings, LATER, renewed), tmp_path / "new")
    with machine(settings, old, tmp_path / "m") as store:
        till = tills(store, sqlite_engine, keys)
        assert used(till.do("redeem", "jam 2 500", card=CARD, coupons=["web"])) == {"web": 100}
        store.taken_up(tmp_path / "new")
        assert used(till.do("redeem", "jam 2 500", "2", card=CARD, coupons=["web"])) == {}


def test_only_its_owner_reads_what_a_machine_has(
    shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    pack, folder = build(shop, settings, tmp_path / "1"), tmp_path / "m"
    delta = build_delta(shop, settings, pack, tmp_path / "2", LATER)
    with machine(settings, pack, folder, delta=delta):
        kept = [*folder.glob("store.db*"), *(folder / "packs").iterdir()]
        assert len(kept) > 2
        assert {each.stat().st_mode & 0o777 for each in (pack, delta, *kept)} == {0o600}
        assert {each.stat().st_mode & 0o777 for each in (folder, folder / "packs")} == {0o700}


def test_hard_uses_of_nobody_count_once_when_head_office_knows_them(
    sqlite_engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    hard = {"products": ["internal:bread"], "printable": False, "hard": True,
            "offline": {"policy": "honour"},
            "budget": {"money": 1000, "redemptions": 3}}  # fmt: skip
    open_shop(sqlite_engine, {"milk": {"products": ["internal:milk"]}, "hard": hard},
              unlisted=("hard",))  # fmt: skip
    keys = keys_of(sqlite_engine)
    pack = build(sqlite_engine, settings, tmp_path / "1")

    def sold(where: Running, number: str) -> Any:
        till = tills(where, sqlite_engine, keys)
        return till.do("redeem", "bread 1 200", number, nobody=True, coupons=["hard"])

    with (
        running(settings, sqlite_engine) as office,
        machine(settings, pack, tmp_path / "m") as store,
    ):
        for number in "12":
            assert sold(office, number) == sold(store, number)  # as a sync would
        store.taken_up(build(sqlite_engine, settings, tmp_path / "2", LATER))
        assert used(sold(store, "3")) == {"hard": 100}
        assert why(sold(store, "4")) == {"hard": "budget"}
