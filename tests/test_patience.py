"""A database that is gone for a while: waited for, and what was at work done once more."""

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import small_house
from click.testing import CliRunner
from small_house import FORTNIGHT
from sqlalchemy import Engine, create_engine, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from promo import cli, database, tables
from promo.house import House
from promo.patience import Gone, Patience, passes


class Proxy:
    """A door to a server: open or shut; and it can be told to slam when something goes through."""

    def __init__(self, server: str) -> None:
        self.server = server  # the server's socket
        self.word: bytes | None = None  # what makes it hang up, once
        self.let = 0  # how often the word may go through before
        self.through = False  # whether the server still hears the word; its answer is never heard
        self.deaf = False
        self.open = True
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.lines: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def slam(self, word: bytes, *, let: int, through: bool) -> None:
        """Hang up as soon as a client says `word`, the first `let` times not counted."""
        self.word, self.let, self.through = word, let, through

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listening.accept()
                if not self.open:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.server)
                self.lines += [client, server]
                for asks, pair in ((True, (client, server)), (False, (server, client))):
                    threading.Thread(target=self._carry, args=(*pair, asks), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.deaf and not asks:
                    break
                if asks and self.word and self.word in data:
                    self.let -= 1
                if self.word and self.let < 0:
                    self.word, self.deaf = None, self.through
                    if not self.through:
                        break
                target.sendall(data)
        self.deaf = self.deaf and asks
        for line in (source, target):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()

    def hang_up(self) -> None:
        """End every connection."""
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        self.lines.clear()

    def close(self) -> None:
        self.listening.close()
        self.hang_up()


@pytest.fixture
def proxy(postgresql_server: str) -> Iterator[Proxy]:
    host = make_url(postgresql_server).query["host"]
    found = Proxy(f"{host}/.s.PGSQL.5432")
    yield found
    found.close()


def through(proxy: Proxy, url: str) -> Engine:
    """An engine whose connections go through the proxy."""
    parsed = make_url(url).set(host="127.0.0.1", port=proxy.port)
    query = {"sslmode": "disable", "gssencmode": "disable"}
    return database.connect(parsed.set(query=query).render_as_string(hide_password=False))


def nothing(*_: object) -> None:
    """No time to wait."""


def fault(orig: BaseException, *, lost: bool = False) -> DBAPIError:
    return OperationalError("select 1", {}, orig, connection_invalidated=lost)


def sqlite(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("x")
    error.sqlite_errorcode = code
    return error


def of_state(state: str) -> BaseException:
    return psycopg.errors.lookup(state)("x")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (fault(psycopg.OperationalError("connection refused")), True),
        (fault(psycopg.OperationalError("server closed the connection"), lost=True), True),
        (fault(psycopg.OperationalError('FATAL: password authentication failed for "x"')), False),
        (fault(psycopg.OperationalError('FATAL: database "x" does not exist')), False),
        *[(fault(of_state(s)), True) for s in ("57P01", "57P03", "40P01", "40001", "53300")],
        *[(fault(of_state(s)), False) for s in ("53100", "53200", "57014", "58030")],
        *[(fault(sqlite(c)), True) for c in (5, 6, 517, 262)],
        *[(fault(sqlite(c)), False) for c in (10, 13, 8, 11, 14)],
        (IntegrityError("x", {}, psycopg.errors.lookup("23505")("x")), False),
    ],
)
def test_what_passes(error: DBAPIError, *, expected: bool) -> None:
    assert passes(error) == expected


def test_waiting_ends() -> None:
    said: list[str] = []
    slept: list[float] = []

    def work() -> None:
        raise fault(psycopg.OperationalError("connection refused\nby somebody"))

    with pytest.raises(Gone, match=r"refused\. It was waited for 50 seconds") as caught:
        Patience(50, said.append, slept.append).over(work)
    assert slept == [1, 2, 4, 8, 15, 15, 5]
    assert said == [
        "The database did not answer: connection refused. Waiting for it, up to 50 seconds."
    ]
    assert caught.value.exit_code == 75


def test_what_waiting_cannot_help_is_not_done_again() -> None:
    done = []

    def work() -> None:
        done.append(1)
        raise fault(sqlite(13))

    with pytest.raises(OperationalError):
        Patience(50, nothing, nothing).over(work)
    assert done == [1]


def test_a_server_that_is_gone_for_a_minute(proxy: Proxy, postgresql_server: str) -> None:
    engine = through(proxy, postgresql_server)
    slept: list[float] = []

    def ask() -> int:
        with engine.connect() as connection:
            return int(connection.execute(text("select 7")).scalar_one())

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        proxy.open = sum(slept) >= 60

    assert ask() == 7
    proxy.open = False
    proxy.hang_up()  # also what waits in the pool
    assert Patience(120, nothing, sleep).over(ask) == 7
    assert sum(slept) == 60
    engine.dispose()


def test_a_file_that_somebody_else_writes(sqlite_engine: Engine) -> None:
    other = sqlite3.connect(str(sqlite_engine.url.database))
    other.execute("begin immediate")

    def count() -> int:
        with sqlite_engine.begin() as connection:
            connection.execute(text("pragma busy_timeout=0"))
            database.count_version(connection, "products")
            return database.version(connection, "products")

    assert Patience(9, nothing, lambda _: other.rollback()).over(count) == 1
    other.close()


@pytest.fixture
def far(proxy: Proxy, postgresql_server: str, tmp_path: Path) -> Iterator[House]:
    """A small house whose database is on the other side of the proxy."""
    admin = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("create database far"))
    url = make_url(postgresql_server).set(database="far").render_as_string(hide_password=False)
    near = small_house.build(tmp_path / "far", url)
    near.engine.dispose()
    house = House(near.settings, through(proxy, url))
    yield house
    house.engine.dispose()
    with admin.connect() as connection:
        connection.execute(text("drop database far with (force)"))
    admin.dispose()


def test_cut_off_at_a_commit(far: House, proxy: Proxy) -> None:
    """Lost before the server heard it, or after it was done and before anybody knew: the same."""
    said: list[str] = []
    far.patience = Patience(10, said.append, nothing)
    made = 0
    cuts = [(0, False), (0, True), (1, False), (1, True)]  # of the register, of the run's report
    for number, (night, (let, heard)) in enumerate(zip(FORTNIGHT[:4], cuts, strict=True)):
        proxy.slam(b"COMMIT", let=let, through=heard)
        report = small_house.night(far, night)
        made += report["counts"]["lists"]
        assert proxy.word is None
        assert len(said) == number + 1
        with far.engine.connect() as connection:
            sheet, run = tables.ShopperList, tables.Run
            serials = connection.execute(select(sheet.counter).order_by(sheet.counter)).scalars()
            assert list(serials) == list(range(1, made + 1))
            assert connection.execute(select(tables.KeyCounter.last)).scalar_one() == made
            stored = select(run.report).where(run.night == night)
            assert connection.execute(stored).scalar_one() == report
    assert made > 4


def test_a_command_that_finds_no_server(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("PROMO_DATABASE_URL", f"postgresql://me:hunter2@127.0.0.1:{port}/x")
    small_house.change(folder, "wait_seconds: 120 ", "wait_seconds: 0 ")
    found = CliRunner().invoke(cli.main, ["--config", str(folder / "config.yaml"), "nightly"])
    assert found.exit_code == 75
    assert "did not answer" in found.output
    assert "run it again" in found.output
    assert "hunter2" not in found.output
    assert found.output.count("\n") == 1
