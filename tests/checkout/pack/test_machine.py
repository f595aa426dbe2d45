"""`promo serve --pack` as a process: killed, started again, ended in order, and refused by name."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from drafts import KEYS
from sqlalchemy import Engine

from checkout.machine import SIGNING, build, keys_of
from checkout.shop import basket, counters, open_shop
from checkout.till import Answer, asked, new_key, running
from promo import cli, config
from promo.checkout.pack import journal
from promo.checkout.pack import machine as machines
from promo.checkout.pack.sending import Sending
from promo.checkout.service_address import Address
from promo.config import Settings

ROOT = Path(__file__).parent.parent.parent.parent
LISTENS = re.compile(r"running on http://127\.0\.0\.1:(\d+)")
SECRETS = "\n".join(f"{number}:{KEYS.secrets[number].hex()}" for number in (2, 1))


@pytest.fixture
def shop(folder: Path, sqlite_engine: Engine) -> Engine:
    """A machine's folder beside head office's database, on 2017-11-08."""
    file = folder / "config.yaml"
    file.write_text(file.read_text().replace("today: null ", "today: 2017-11-08 ", 1))
    (folder / "code.key").write_text(SECRETS)
    (folder / "packs.pub").write_text(SIGNING.public().text())
    open_shop(sqlite_engine)
    return sqlite_engine


@pytest.fixture
def keys(shop: Engine) -> dict[str, str]:
    return keys_of(shop)


@pytest.fixture
def pack(shop: Engine, folder: Path, keys: dict[str, str]) -> Path:
    settings = config.load(folder / "config.yaml")
    return build(shop, settings, folder / "base.pack", datetime.now(UTC))


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port, from when it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = ["--config", str(folder / "config.yaml"), "serve", "--port", f"{port}", *words]
    process = subprocess.Popen(
        [sys.executable, "-c", "from promo.cli import main; main()", *given],
        stderr=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if LISTENS.search(line):
                break
        else:
            raise AssertionError(f"it did not listen: {lines}")
        yield process, port
    finally:
        process.kill()
        process.communicate()


def redeem(port: int, key: str, transaction: str) -> Answer:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    body = json.dumps(basket("milk 1 250", transaction)).encode()
    return asked(port, "POST", "/v1/redeem", body, headers)


def test_it_is_killed_and_goes_on(folder: Path, pack: Path, keys: dict[str, str]) -> None:
    words = ("--pack", str(pack), "--store", "1")
    (folder / "templates").unlink()  # no sheet is printed here
    with serving(folder, *words) as (process, port):
        first = redeem(port, keys["1"], "1")
        assert first.json["off"] == 100
        process.send_signal(signal.SIGKILL)
        process.wait()
    with serving(folder, *words) as (process, port):
        assert redeem(port, keys["1"], "1").body == first.body
        assert redeem(port, keys["1"], "2").json["off"] == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    state = config.load(folder / "config.yaml").paths.state
    found = journal.verify(state / "line-down" / "journal")
    assert (found.place.seq, list(found.head.stores)) == (2, ["1"])


def serve(folder: Path, *words: str, code: int) -> Result:
    given = ["--config", str(folder / "config.yaml"), "serve", *words]
    found = CliRunner().invoke(cli.main, given)
    assert found.exit_code == code, found.output
    return found


def test_what_cannot_be_served_is_said(folder: Path, pack: Path) -> None:
    assert "go with --pack" in serve(folder, "--store", "1", code=2).output
    told = serve(folder, "--pack", str(pack), code=2).output
    assert "is for 2 stores (1, 2 …)" in told
    words = ("--pack", str(pack), "--store", "1")
    assert "no address such as" in serve(folder, *words, "--head-office", "x", code=2).output
    raw = bytearray(pack.read_bytes())
    raw[4100] ^= 1
    pack.write_bytes(raw)
    fresh = ("--journal", str(folder / "new"))  # where no other pack was in force
    assert "was changed since it was signed" in serve(folder, *words, *fresh, code=3).output
    (folder / "packs.pub").unlink()
    assert "no keys that verify packs" in serve(folder, *words, *fresh, code=2).output


def test_with_an_old_pack_it_starts_and_sells_nothing(
    folder: Path, shop: Engine, keys: dict[str, str]
) -> None:
    settings = config.load(folder / "config.yaml")
    pack = build(shop, settings, folder / "old.pack")
    with serving(folder, "--pack", str(pack), "--store", "1") as (_, port):
        assert redeem(port, keys["1"], "1").refused == "pack_expired"


def test_a_journal_is_sent_when_head_office_is_there(
    folder: Path, pack: Path, keys: dict[str, str], shop: Engine, settings: Settings
) -> None:
    """Decided with the line down; started again with a head office, which then has it once."""
    machine = folder / "machine"
    with serving(folder, "--pack", str(pack), "--store", "1", "--journal", str(machine)) as here:
        sold = redeem(here[1], keys["1"], "1")
    (folder / "sync.key").write_text(new_key(shop, "1", ("sync",)))
    with running(settings, shop) as office:
        asked_ = machines.Asked(
            pack, None, machine, ("1",), Address.of(f"http://127.0.0.1:{office.port}")
        )
        with machines.opened(settings, KEYS, asked_, lambda _: None) as service:
            assert service.unsent == 1
            assert service.sending is not None
            assert isinstance(service.sending, Sending)
            service.sending.sender.send()
            assert service.unsent == 0
        again = office.ask("/v1/redeem", basket("milk 1 250"), keys["1"])
    assert again.body == sold.body
    assert counters(shop)["milk"] == (1, 100)


def test_a_head_office_needs_a_key_to_send_with(folder: Path, pack: Path) -> None:
    words = ("--pack", str(pack), "--store", "1", "--head-office", "http://127.0.0.1:9")
    assert "set PROMO_SYNC_KEY" in serve(folder, *words, code=2).output
