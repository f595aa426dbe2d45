"""A journal sent to head office: batch after batch, from wherever head office says it is.

The place is head office's to keep, in the transaction that books a decision. A sender asks where
that is each time before it sends: so nothing is lost or booked twice whatever becomes of it in
between, and a head office that was put back from a backup is found out while nothing is decided.
What is known to be there is marked beside the journal.
"""

import http.client
import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any

from promo.checkout.pack import closing
from promo.checkout.pack.chain import JournalError, Kept, Record
from promo.checkout.pack.journal_bodies import MOST_RECORDS
from promo.checkout.pack.journal_reading import begun, records
from promo.checkout.service_address import Address
from promo.checkout.watching import place
from promo.errors import Sentence

BATCH = 1 << 18  # bytes of decisions in a batch, more only where one alone has more
SECONDS = 30.0  # for head office to answer a batch
SOON, LATE = 1.0, 60.0  # seconds before it is tried again, at first and at most
STUCK = 600.0  # the same where head office says no: until somebody has mended it
PATH = "/v1/journal"
LATER = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.SERVICE_UNAVAILABLE,
         HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)  # fmt: skip


class LineDown(Sentence):
    """Head office does not answer, or cannot now; try again after `wait` seconds, if it says so."""

    def __init__(self, message: str, wait: float = 0.0) -> None:
        super().__init__(message)
        self.wait = wait


class Stuck(Sentence):
    """Head office takes no more of the journal until somebody mends what the sentence names."""


@dataclass(frozen=True)
class Where:
    """Where head office is, the store's key that may `sync`, and how long an answer may take."""

    at: Address
    key: str
    seconds: float = SECONDS


@dataclass(frozen=True)
class Progress:
    """How far head office has a journal, and why it does not have more of it, if it does not.

    seq: -1 while head office lacks something of a closed journal that comes before.
    """

    seq: int
    fault: str = ""


class Sender:
    """Sends one journal. One thread at a time may use it; `progress` may be read from any."""

    def __init__(self, path: Path, where: Where, *, batch: int = BATCH) -> None:
        """batch: bytes. Raises NoAddress."""
        self.path = path
        self.where = where
        self.batch = batch
        self.progress = Progress(0)
        self._marked: Kept | None = None
        self._size = -1  # of the journal when all of it had been sent
        self._path = where.at.path + PATH
        self._connection = where.at.connection(where.seconds)

    def send(self) -> int:
        """Send all that the journal holds; how many decisions of it head office has now.

        Raises LineDown, Stuck, JournalError; what was sent until then stays sent.
        """
        try:
            seq = self.ask()
            if not seq:
                self._send_closed()
            self.progress = Progress(seq)
            while some := self._next():
                self.progress = Progress(self._send(some))
            self._size = self.path.stat().st_size
        except BaseException as error:
            # Another connection: on one that broke off, half a request may lie, yet to be sent.
            self._connection.close()
            self._connection = self.where.at.connection(self.where.seconds)
            # What nobody foresaw may bear a key or a card in its message.
            fault = str(error) if isinstance(error, Sentence) else place(error)
            self.progress = Progress(self.progress.seq, fault)
            raise
        self.progress = Progress(self.progress.seq)
        return self.progress.seq

    def ask(self) -> int:
        """How many decisions of the journal head office has. Raises as `send` does."""
        return self._send([])

    def run(
        self, stop: threading.Event, every: float, tell: Callable[[str], None] = lambda _: None
    ) -> None:
        """Send whatever comes until told to stop, each `every` seconds; longer after a fault.

        tell: what to do with the sentence of a fault, when it is another than before.
        """
        tries, told = 0, ""
        while not stop.is_set():
            before = self.progress.seq
            try:
                self.send()
                tries, told, wait = 0, "", every
            except (Stuck, JournalError):
                wait = STUCK
            except Exception as error:
                # The line is down, or it is what nobody foresaw: that must not end it either.
                # A line that lets something through is there, however often it cuts.
                tries = 1 if self.progress.seq > before else tries + 1
                asked = error.wait if isinstance(error, LineDown) else 0.0
                most = LATE if self._has_more() else min(every, LATE)
                wait = max(asked, min(SOON * 2 ** min(tries - 1, 16), most))
            if self.progress.fault and self.progress.fault != told:
                told = self.progress.fault
                tell(told)
            # Stores whose lines come back together do not ask together.
            stop.wait(wait * random.uniform(0.5, 1.0) if tries else wait)
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def __enter__(self) -> "Sender":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _has_more(self) -> bool:
        """Whether something may have been decided since all was sent.

        Else all there is to send is a question, which is not put off: it finds out whether head
        office was put back while it was away.
        """
        try:
            return self.path.stat().st_size != self._size
        except OSError:
            return True

    def _next(self) -> list[Record]:
        """The decisions that come next, as many as go into a batch."""
        return list(_some(records(self.path, self.progress.seq), self.batch))

    def _send(self, some: list[Record]) -> int:
        """Send some decisions, or none to ask; head office says how many it has then."""
        body = {
            "head": begun(self.path)[0].text.decode(),
            "records": [
                {"seq": each.seq, "json": each.text.decode(), "chain": each.chain} for each in some
            ],
        }
        seq, chain = self._said(body)
        if some and seq <= self.progress.seq:
            raise LineDown("Head office takes nothing of the journal, and does not say why.")
        self._mark(seq, chain)
        return seq

    def _mark(self, seq: int, chain: str) -> None:
        """Take note of how far head office is. Raises Stuck where it has another journal."""
        kept = closing.place_of(self.path, seq)
        if kept.place.chain != chain:
            raise Stuck(
                f"Head office has other decisions up to {seq:,} than {self.path}: this journal and "
                "another copy of it went apart, on another machine or before it was put back. "
                "Nothing more of it is sent. Keep both, and find out which machine has the other."
            )
        if kept != self._marked:
            # A full disk keeps no mark; only `promo journal close` needs it, and asks for it.
            with suppress(OSError):
                closing.mark_sent(self.path, kept)
                self._marked = kept

    def _send_closed(self) -> None:
        """The closed journal before one of which head office has nothing: it may lack that, too.

        A head office that was put back from a backup does. It has all that comes before what it
        has, so what is older is looked at only where it has nothing of this one either.
        """
        before = closing.just_before(self.path)
        if before is None:
            return
        with Sender(before.path, self.where, batch=self.batch) as sender:
            if 0 < sender.ask() == before.seq:
                return
            self.progress = Progress(-1)
            sender.send()

    def _said(self, body: dict[str, Any]) -> tuple[int, str]:
        """How far head office has the journal after a batch: decision and chain.

        Raises LineDown, Stuck.
        """
        raw = json.dumps(body).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {self.where.key}"}
        try:
            status, wait, said = self._answer(raw, headers)
        except (OSError, http.client.HTTPException) as error:
            why = f"{type(error).__name__}: {error}" if f"{error}" else type(error).__name__
            raise LineDown(f"Head office at {self.where.at.url} does not answer ({why}).") from None
        try:
            answer = json.loads(said)
            if status == HTTPStatus.OK:
                return int(answer["seq"]), str(answer["chain"])
            refused, detail = str(answer["refused"]), str(answer.get("detail", ""))
        except (ValueError, KeyError, TypeError):
            raise LineDown(
                f"What answers at {self.where.at.url} is no service of promo's (status {status})."
            ) from None
        if status in LATER:
            raise LineDown(f"Head office at {self.where.at.url} cannot take it now ({refused}).",
                           float(wait) if wait.isdecimal() else 0.0)  # fmt: skip
        raise Stuck(
            f"Head office at {self.where.at.url} refuses the journal {self.path}: {refused}. "
            f"{detail} Nothing is lost: it goes on when that is mended."
        )

    def _answer(self, raw: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
        """What head office answers: status, seconds to wait, and body."""
        if self._connection.sock is not None:
            # The other side may have hung up meanwhile; nothing is done twice by sending it again.
            with suppress(ConnectionError, http.client.HTTPException):
                return self._answer_once(raw, headers)
            self._connection.close()
        return self._answer_once(raw, headers)

    def _answer_once(self, raw: bytes, headers: dict[str, str]) -> tuple[int, str, bytes]:
        self._connection.request("POST", self._path, raw, headers)
        got = self._connection.getresponse()
        return got.status, got.getheader("retry-after", ""), got.read()


def _some(all_: Iterator[Record], most: int) -> Iterator[Record]:
    """At least one, and then so many as have together not more than so many bytes."""
    size = 0
    for each in islice(all_, MOST_RECORDS):
        size += len(each.text)
        if size > most and size > len(each.text):
            return
        yield each
