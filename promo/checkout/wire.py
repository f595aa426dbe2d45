"""HTTP/1.1 on the wire with bounds on what comes before a body: so many bytes, so many seconds.

The server beneath has none of its own: a head without end would fill the memory, and one that
never comes would hold a connection for ever.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD = 16_384  # bytes of a request's address and headers, and of what follows a body
HEAD_SECONDS = 10.0  # for a head to arrive, from the connection or its first byte
NOT_HTTP = "Invalid HTTP request received."


class Bounded(HttpToolsProtocol):
    """A connection whose requests begin within bounds; others are answered a plain 400."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A till has called."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It has hung up."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes; those of a head that goes on are counted."""
        went_on = self._in_head
        super().data_received(data)
        if went_on and self._in_head:
            self._head += len(data)
            if self._head > MOST_HEAD:
                self._refuse()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        """Some of its address."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_waiting()
        self._in_head = False
        super().on_headers_complete()

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._in_head, self._head, self._fields = True, 0, 0
        self._late = self.loop.call_later(HEAD_SECONDS, self._refuse)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()

    def _count(self, more: int) -> None:
        """Raise, which the parser takes for bytes that are no HTTP, where it is too much."""
        self._fields += more
        if self._fields > MOST_HEAD:
            raise ValueError("too long a head")

    def _refuse(self) -> None:
        if not self.transport.is_closing():
            self.send_400_response(NOT_HTTP)
