"""A line between stores and head office: loses requests and answers, repeats, reorders."""

import http.client
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FATES = {"fine": 0.7, "lost": 0.06, "unanswered": 0.08, "cut": 0.06, "twice": 0.05, "again": 0.05}
KEPT = 8  # requests that are kept, to be sent again much later


class Line:
    """Passes requests on to a port, or does not; `fates`: how often which."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.fates: Counter[str] = Counter()
        self.chance = random.Random("line")
        self.kept: list[tuple[str, bytes, dict[str, str]]] = []
        self.lock = threading.Lock()

    def meet(self, path: str, raw: bytes, headers: dict[str, str]) -> tuple[str, int, bytes]:
        """What becomes of a request: its fate, and what head office answered."""
        with self.lock:
            [fate] = self.chance.choices([*FATES], [*FATES.values()])
            self.fates[fate] += 1
            later = []
            if fate == "again" and len(self.kept) > KEPT:
                later.append(self.kept.pop(self.chance.randrange(len(self.kept))))
            self.kept = [*self.kept[-4 * KEPT :], (path, raw, headers)]
        if fate == "lost":
            return fate, 0, b""
        for each in later:
            self._pass(*each)  # of some time ago, perhaps another store's
        if fate == "twice":
            threading.Thread(target=self._pass, args=(path, raw, headers)).start()
        return fate, *self._pass(path, raw, headers)

    def _pass(self, path: str, raw: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("POST", path, raw, headers)
            got = connection.getresponse()
            return got.status, got.read()
        except (OSError, http.client.HTTPException):
            return 0, b""  # head office was killed
        finally:
            connection.close()


@contextmanager
def cutting(port: int) -> Iterator[tuple[Line, int]]:
    """A line to a port of this machine, and the port at its other end."""
    line = Line(port)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            wanted = {name: self.headers[name] for name in ("content-type", "authorization")}
            fate, status, said = line.meet(self.path, raw, wanted)
            self.close_connection = True
            if fate == "unanswered" or not status:
                return
            with suppress(OSError):  # the store was killed
                self.send_response(status)
                self.send_header("content-length", f"{len(said)}")
                self.end_headers()
                self.wfile.write(said[: len(said) // 2] if fate == "cut" else said)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield line, server.server_port
        finally:
            server.shutdown()
            thread.join()
