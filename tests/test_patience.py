"""A database that is gone for a while: waited for, and what was at work done once more."""

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import small_house
from small_house import FIRST
from sqlalchemy import Engine, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from promo import database, tables
from promo.files import Busy
from promo.house import House
from promo.patience import Gone, Patience, passes


class Proxy:
    """A door to a server: open, shut, or shut for good as soon as something is said through it."""

    def __init__(self, server: str) -> None:
        self.server = server  # the server's socket
        self.at: bytes | None = None  # what makes it hang up, once
        self.after = False  # whether that is let through before
        self.open = True
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.lines: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

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
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.at and self.at in data and source.family == socket.AF_INET:
                    self.at = None
                    if self.after:
                        target.sendall(data)
                        target.recv(1, socket.MSG_PEEK)  # the server has answered: it is done
                    self.hang_up()
                    return
                target.sendall(data)
        for line in (source, target):
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
