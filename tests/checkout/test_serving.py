"""`promo serve` as a process: it ends in order; and `promo stores key` beside it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from checkout.till import asked, fill
from promo import cli

ROOT = Path(__file__).parent.parent.parent
LISTENS = re.compile(r"running on http://127\.0\.0\.1:(\d+)")


def promo(folder: Path, *words: str, code: int = 0) -> Result:
    found = CliRunner().invoke(cli.main, ["--config", str(folder / "config.yaml"), *words])
    assert found.exit_code == code, found.output
    return found


@pytest.fixture
def house(folder: Path, sqlite_engine: Engine) -> Path:
    """A house whose lists are made with the key in code.key, on 2017-11-08."""
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("today: null ", "today: 2017-11-08 ", 1))
    (folder / "code.key").write_text("1:a secret for the tests\n")
    fill(sqlite_engine)
    return folder


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process and its port, from when it listens."""
    command = "from promo.cli import main; main()"
    words = ["--config", str(folder / "config.yaml"), "serve", "--port", f"{free_port()}"]
    process = subprocess.Popen(
        [sys.executable, "-c", command, *words], stderr=subprocess.PIPE, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if found := LISTENS.search(line):
                break
        else:
            raise AssertionError("it did not listen")
        yield process, int(found[1])
    finally:
        process.kill()
        process.communicate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_signal_lets_requests_under_way_be_finished(house: Path) -> None:
    key = promo(house, "stores", "key", "add", "--store", "1", "--verb", "sheet").stdout.strip()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    body = json.dumps({"card": "29001234", "format": "pdf"}).encode()
    with serving(house) as (process, port), ThreadPoolExecutor(12) as threads:
        # One thread prints: when the first sheet is out, the others wait behind it.
        waiting = [threads.submit(asked, port, "POST", "/v1/sheet", body, headers)
                   for _ in range(12)]  # fmt: skip
        first = next(as_completed(waiting)).result()
        process.send_signal(signal.SIGTERM)
        answers = [each.result() for each in waiting]
        assert process.wait(30) == 0
    assert [answer.status for answer in answers] == [200] * 12
    assert {answer.body for answer in answers} == {first.body}


def test_a_port_that_is_taken_is_said(house: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = promo(house, "serve", "--port", port, code=3).stderr.splitlines()[-1]
    assert said == f"Nothing can be served on 127.0.0.1 port {port}: is it taken? See above."
    assert signal.getsignal(signal.SIGTERM) is before


def test_wrong_usage_of_serve(house: Path, tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("no certificate")
    file = str(tmp_path / "cert.pem")
    found = promo(house, "serve", "--tls-certificate", file, code=2)
    assert "--tls-certificate and --tls-key go together" in found.stderr


def test_keys_by_the_command(house: Path) -> None:
    made = promo(house, "stores", "key", "add", "--store", "1", "--until", "2099-12-31")
    past = promo(house, "stores", "key", "add", "--store", "1", "--until", "2017-12-31", code=3)
    assert past.stderr.startswith("The key would open nothing: its last day, 2017-12-31, is over.")
    assert re.fullmatch(r"promo-1-[\w-]{43}\n", made.stdout)
    assert "shown this once" in made.stderr
    turned = promo(house, "stores", "key", "add", "--store", "2", "--verb", "sheet")
    turned = promo(house, "stores", "key", "rotate", "2", "--keep-hours", "1.5")
    assert turned.stdout.startswith("promo-3-")
    assert "Key 2 still opens for 1.5 hours." in turned.stderr
    assert promo(house, "stores", "key", "revoke", "3").stdout == "Key 3 is revoked.\n"
    listed = promo(house, "stores", "key", "list").stdout
    assert re.findall(r"live|expired|revoked", listed) == ["live", "live", "revoked"]
    assert "promo-" not in listed
    only = promo(house, "stores", "key", "list", "--store", "2").stdout
    assert len(only.splitlines()) == len(listed.splitlines()) - 1


def test_what_is_wrong_with_a_key_is_said(house: Path) -> None:
    words = ["stores", "key", "add", "--store", "9"]
    assert "There is no store '9'" in promo(house, *words, code=3).stderr
    assert "There is no key 5" in promo(house, "stores", "key", "revoke", "5", code=3).stderr
