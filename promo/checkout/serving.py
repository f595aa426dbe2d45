"""The service in a process: one event loop, a socket, and an orderly end.

SIGTERM and SIGINT end it: no new connection is taken, requests under way are finished.
"""

import json
import logging
import signal
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from promo.checkout.service import Service
from promo.checkout.watching import place
from promo.checkout.wire import Bounded
from promo.errors import Sentence

# Seconds that a connection may be idle. Longer than a proxy keeps its own (60 in nginx): else the
# proxy would send a sale into a connection that we close in that instant.
KEEP_ALIVE = 75


class ServeError(Sentence):
    """The service cannot listen where it was told to."""


@dataclass(frozen=True)
class Where:
    """Where to listen; with a certificate and its key, over TLS."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None


class AsJson(logging.Formatter):
    """What the server itself says, as JSON lines; of an exception only its kind and place."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": moment, "level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info and record.exc_info[1]:
            line["fault"] = place(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def serve(service: Service, where: Where) -> None:
    """Serve until a signal ends it. Raises ServeError, RenderError."""
    service.warm()
    server = server_of(service, where)
    # The server gives a signal on when it has ended in order; that is then no failure.
    before = {
        each: signal.signal(each, lambda *_: None) for each in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        server.run()
    except SystemExit:
        raise ServeError(
            f"Nothing can be served on {where.host} port {where.port}: is it taken? See above."
        ) from None
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def server_of(service: Service, where: Where) -> uvicorn.Server:
    """The server, which logs JSON lines and nothing personal. Raises ServeError."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(AsJson())
    logger = logging.getLogger("uvicorn")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").disabled = True  # it writes paths, which may bear a card
    config = uvicorn.Config(
        service.app(),
        host=where.host,
        port=where.port,
        ssl_certfile=where.certificate,
        ssl_keyfile=where.key,
        http=Bounded,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=service.settings.service.stop_seconds,
        ws="none",
    )
    try:
        config.load()
    except OSError as error:
        raise ServeError(f"The certificate or its key cannot be used: {error}.") from None
    return uvicorn.Server(config)
