"""A pack is taken only if every byte of it is what was signed; else it is refused by name."""

import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from drafts import KEYS
from sqlalchemy import Engine

from checkout.pack import chain
from checkout.pack.chain import NOW
from checkout.pack.test_building import SECRETS, order
from promo.checkout.pack import building, footer
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.keys import PackKeys
from promo.checkout.pack.opened import Pack
from promo.config import Settings
from promo.lists.codes.keys import CodeKeys


@pytest.fixture
def pack(sqlite_engine: Engine, settings: Settings, tmp_path: Path) -> Path:
    """A base with a delta beside it."""
    chain.open_chain(sqlite_engine, random.Random(1))
    path = tmp_path / "x.pack"
    building.build(sqlite_engine, order(settings), path)
    chain.change(sqlite_engine, random.Random(1))
    later = order(settings, now=NOW + timedelta(hours=10))
    building.build_delta(sqlite_engine, later, path, tmp_path / "x.delta")
    return path


def refused(base: Path, delta: Path | None = None, *, keys: PackKeys = SECRETS,
            now: datetime = NOW, codes: CodeKeys = KEYS) -> str:  # fmt: skip
    """Why it is not opened; the sentence names the file."""
    with pytest.raises(PackError) as caught:
        Pack.open(base, delta, keys.public(), codes, now)
    assert str(base) in str(caught.value) or str(delta) in str(caught.value)
    return caught.value.reason


def test_every_changed_byte_is_found(pack: Path) -> None:
    whole, changed = pack.read_bytes(), pack.with_name("changed.pack")
    length = int(whole[-footer.TRAILER :].split()[-1])
    chance = random.Random(5)
    body = chance.sample(range(len(whole) - length), 60)
    end = chance.sample(range(len(whole) - length, len(whole)), 200)
    for place in [*body, *end, *range(len(whole) - footer.TRAILER, len(whole))]:
        for bit in {chance.randrange(8), 5}:  # 5: between small letters and capitals
            raw = bytearray(whole)
            raw[place] ^= 1 << bit
            changed.write_bytes(raw)
            assert refused(changed) in ("tampered", "not_a_pack", "unknown_key", "other_format")


@pytest.mark.parametrize(
    ("cut", "why"), [(1, "tampered"), (footer.PAGE, "not_a_pack"), (20_000, "not_a_pack")]
)
def test_half_a_pack(pack: Path, cut: int, why: str) -> None:
    pack.write_bytes(pack.read_bytes()[:-cut])
    assert refused(pack) == why


def test_more_behind_it(pack: Path) -> None:
    whole = pack.read_bytes()
    pack.write_bytes(whole + b"\0" * footer.PAGE)
    assert refused(pack) == "not_a_pack"
    pack.write_bytes(b"\0" * footer.PAGE + whole)
    assert refused(pack) == "tampered"


def test_what_is_no_pack(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.pack") == "not_there"
    assert refused(tmp_path) == "not_there"
    for raw in (b"", b"promo pack\n", b"x" * 9000, b"\xff" * 100):
        (tmp_path / "x").write_bytes(raw)
        assert refused(tmp_path / "x") == "not_a_pack"
    (tmp_path / "x").write_bytes(
        b"{}".ljust(4064) + f"{footer.MAGIC} 1 4096".rjust(31).encode() + b"\n"
    )
    assert refused(tmp_path / "x") == "tampered"
    (tmp_path / "x").write_bytes(f"{footer.MAGIC} 1 999999".rjust(31).encode() + b"\n")
    assert refused(tmp_path / "x") == "tampered"


def test_a_newer_format(pack: Path) -> None:
    whole = pack.read_bytes()
    trailer = whole[-footer.TRAILER :].replace(b"promo pack 1 ", b"promo pack 2 ")
    pack.write_bytes(whole[: -footer.TRAILER] + trailer)
    assert refused(pack) == "other_format"


def test_somebody_elses_key(pack: Path) -> None:
    assert refused(pack, keys=PackKeys({}).with_new()) == "tampered"
    other = PackKeys({5: next(iter(PackKeys({}).with_new().keys.values()))})
    assert refused(pack, keys=other) == "unknown_key"


def test_a_footer_of_ones_own(pack: Path) -> None:
    """Who has no private key cannot make a pack good for longer."""
    about = footer.read(pack)
    start = len(pack.read_bytes()) - len(about.as_bytes())
    longer = replace(about, expires=(NOW + timedelta(days=999)).isoformat())
    pack.write_bytes(pack.read_bytes()[:start] + longer.as_bytes())
    assert refused(pack) == "tampered"


def test_it_expires_and_its_delta_carries_it_on(pack: Path, settings: Settings) -> None:
    end = NOW + timedelta(hours=settings.packs.good_hours)
    delta = pack.with_name("x.delta")
    with closing(
        Pack.open(pack, None, SECRETS.public(), KEYS, end - timedelta(seconds=1))
    ) as found:
        assert not found.is_expired(NOW)
        assert found.is_expired(end)
    assert refused(pack, now=end) == "expired"
    Pack.open(pack, delta, SECRETS.public(), KEYS, end).close()
    assert refused(pack, delta, now=end + timedelta(hours=10)) == "expired"


def test_one_that_was_made_later_than_now_is_refused(pack: Path) -> None:
    """Its version would be newer than that of all right ones until its day comes."""
    Pack.open(pack, None, SECRETS.public(), KEYS, NOW - timedelta(minutes=15)).close()
    assert refused(pack, now=NOW - timedelta(minutes=16)) == "not_yet"
    assert refused(pack, pack.with_name("x.delta")) == "not_yet"


def test_the_wrong_file_in_the_wrong_place(
    pack: Path, sqlite_engine: Engine, settings: Settings
) -> None:
    delta, other = pack.with_name("x.delta"), pack.with_name("other.pack")
    assert refused(delta) == "other_kind"
    assert refused(pack, pack) == "other_kind"
    building.build(sqlite_engine, order(settings, now=NOW + timedelta(1)), other)
    assert refused(other, delta, now=NOW) == "other_base"


def test_list_codes_that_would_not_open(pack: Path) -> None:
    without = CodeKeys(KEYS.document_type, {1: KEYS.secrets[1]}, 1)
    assert refused(pack, codes=without) == "unknown_key"


def test_a_file_that_is_replaced_is_no_longer_proven(pack: Path) -> None:
    with closing(Pack.open(pack, None, SECRETS.public(), KEYS, NOW)) as found:
        shutil.copyfile(pack, pack.with_name("new"))
        pack.with_name("new").replace(pack)
        with closing(sqlite3.connect(":memory:", uri=True)) as connection:
            with pytest.raises(PackError, match="no longer the file") as caught:
                found.attach(connection)
            assert caught.value.reason == "replaced"


def test_what_it_says_is_written_one_way(pack: Path) -> None:
    about = footer.read(pack)
    raw = about.as_bytes()
    assert len(raw) % footer.PAGE == 0
    assert pack.read_bytes().endswith(raw)
    assert about.region == "banner"
    assert about.made_at == NOW
    assert about.settings["lists"]["document_type"] == KEYS.document_type
