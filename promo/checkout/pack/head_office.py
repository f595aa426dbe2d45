"""Head office, as a store machine asks it: the same request, passed on while the line is up.

What does not answer, or cannot now, is no answer, nor is what another says in its place: the
machine then decides itself. For a while after that nobody is kept waiting for the line again.
"""

import asyncio
import http.client
import json
import threading
import time
from collections.abc import Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

from promo.checkout import openapi
from promo.checkout.refusals import REFUSALS
from promo.checkout.service_address import Address

REST = 5.0  # seconds that a line which has fallen is left alone
MOST = 8 << 20  # bytes of an answer
# What head office says of itself and not of the request.
OF_ITSELF = frozenset({"too_many", "guessing", "unavailable", "failed", "too_slow", "no_such_path",
                       "wrong_method", "wrong_type"})  # fmt: skip


# What it says of a key that asks too much: the line is good for others.
OF_KEY = frozenset({"too_many", "guessing"})
# What the answer to a verb holds: a few fields, as head office may be of another version.
FORMS: Mapping[str, Set[str]] = {
    "lookup": {"list_code", "offers"},
    **{verb: {"transaction", "to_pay", "offers"} for verb in ("quote", "reserve", "redeem")},
    "return": {"transaction", "refund", "offers"},
    "void": {"transaction", "known", "offers"},
}


@dataclass(frozen=True)
class Said:
    """What was answered at head office's address, maybe by another: a network that asks to log in
    answers everything with a page of its own.
    """

    status: int
    body: bytes
    media: str

    @property
    def refused(self) -> str:
        """The code of a refusal of the service's; nothing if it is none."""
        code = "" if self.status == HTTPStatus.OK else self._told.get("refused")
        return code if isinstance(code, str) and code in REFUSALS else ""

    def is_decided(self, path: str, raw: bytes) -> bool:
        """Whether it is the service's answer to this very request."""
        if self.status != HTTPStatus.OK:
            return self.refused in REFUSALS.keys() - OF_ITSELF
        verb = path.rpartition("/")[2]
        if verb == "sheet":
            return self._kind == _kind(openapi.MEDIA[json.loads(raw)["format"]])
        return self._told.keys() >= FORMS[verb]

    @property
    def _kind(self) -> str:
        return _kind(self.media)

    @cached_property
    def _told(self) -> Mapping[str, Any]:
        """The JSON object that was said; an empty one where it is anything else."""
        if self._kind != "application/json":
            return {}
        try:
            told = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return told if isinstance(told, dict) else {}


def _kind(media: str) -> str:
    """A media type without its parameters."""
    return media.partition(";")[0].strip().lower()


class HeadOffice:
    """Connections to head office, a thread each."""

    def __init__(self, at: Address, seconds: float, threads: int) -> None:
        """seconds: how long a request waits for an answer before it is decided here."""
        self._at, self._seconds = at, seconds
        self._threads = ThreadPoolExecutor(threads, "head-office")
        self._own = threading.local()
        self._open: set[http.client.HTTPConnection] = set()
        self._rests_until = float("-inf")

    @property
    def is_down(self) -> bool:
        """Whether the line has just been found down."""
        return time.monotonic() < self._rests_until

    async def ask(self, path: str, raw: bytes, authorization: str) -> Said | None:
        """What head office decides of a request; None where it does not, now."""
        if self.is_down:
            return None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                said = await loop.run_in_executor(
                    self._threads, self._asked, path, raw, authorization
                )
        except (OSError, http.client.HTTPException):  # TimeoutError is an OSError
            self._rest()
            return None
        if said.is_decided(path, raw):
            return said
        if said.refused not in OF_KEY:
            self._rest()
        return None

    def _rest(self) -> None:
        self._rests_until = time.monotonic() + REST

    def _asked(self, path: str, raw: bytes, authorization: str) -> Said:
        kept: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if kept is not None:
            # The other side may have hung up meanwhile; nothing is done twice by asking again.
            with suppress(ConnectionError, http.client.HTTPException):
                return self._sent(kept, path, raw, authorization)
        made = self._at.connection(self._seconds)
        self._own.connection = made
        self._open.add(made)
        return self._sent(made, path, raw, authorization)

    def _sent(
        self, connection: http.client.HTTPConnection, path: str, raw: bytes, authorization: str
    ) -> Said:
        headers = {"content-type": "application/json", "authorization": authorization}
        try:
            connection.request("POST", self._at.path + path, raw, headers)
            got = connection.getresponse()
            body = got.read(MOST)
        except BaseException:
            connection.close()
            self._open.discard(connection)
            self._own.connection = None
            raise
        return Said(got.status, body, got.headers.get("content-type", ""))

    def close(self) -> None:
        """Ask no more, and hang up."""
        self._threads.shutdown(cancel_futures=True)
        for each in self._open:
            each.close()
