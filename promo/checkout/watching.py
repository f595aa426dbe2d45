"""Around the service: each request counted and logged, each fault an answer, none without one.

A log line is one JSON object: time, route, status, milliseconds, store, key and refusal. Neither
paths nor bodies nor messages of exceptions are written: any of them may bear a card or a code.
"""

import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from promo.checkout.metrics import Metrics

Write = Callable[[Mapping[str, object]], None]


def write_line(line: Mapping[str, object]) -> None:
    """A log line on standard error."""
    sys.stderr.write(json.dumps(line, ensure_ascii=False) + "\n")


class Watched:
    """An ASGI application that is watched. What it knows of a request is in scope["promo"]."""

    def __init__(
        self,
        app: ASGIApp,
        routes: frozenset[str],
        metrics: Metrics,
        now: Callable[[], datetime],
        write: Write,
    ) -> None:
        self.app = app
        self.routes = routes
        self.metrics = metrics
        self.now = now
        self.write = write

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500
        about: dict[str, Any] = scope.setdefault("promo", {})

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self.metrics.at_work += 1
        try:
            await self.app(scope, receive, sent)
        except Exception as error:
            # It was answered with 500 already; its message stays unwritten.
            about["fault"] = place(error)
        finally:
            self.metrics.at_work -= 1
            self._tell(scope["path"], status, about, time.perf_counter() - began)

    def _tell(self, path: str, status: int, about: dict[str, Any], took: float) -> None:
        route = path if path in self.routes else "other"
        self.metrics.answered(route, status, about.get("refused", ""), took)
        line = {"time": self.now().isoformat(timespec="milliseconds"), "route": route}
        self.write(line | {"status": status, "ms": round(1e3 * took, 1)} | about)


def place(error: BaseException) -> str:
    """Kind of an exception and where it was raised: `ValueError in pages.py, line 40`."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {frames[-1].filename.rpartition('/')[2]}, line {frames[-1].lineno}"
    return type(error).__name__ + (where if frames else "")
