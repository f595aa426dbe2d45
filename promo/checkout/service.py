"""The service at the tills: JSON over HTTP, under /v1. See docs/service.md.

The tills' own requests are checked in this order: how many are at work, key, limits and verb, then
the body; so that who has no key makes no work.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from sqlalchemy import Engine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from promo import database, exposition
from promo.checkout import bodies, finding_lists, metrics, openapi, opening
from promo.checkout.connections import Connections, Twice, Unavailable
from promo.checkout.finding_lists import Stored
from promo.checkout.gate import Gate
from promo.checkout.kiosk import Kiosk
from promo.checkout.pack import journal_bodies
from promo.checkout.pack.taking_in import Journals
from promo.checkout.refusals import Refuse
from promo.checkout.sales import VERBS, Sales
from promo.checkout.selling import House
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.checkout.till.tryout import Served, TryOut
from promo.checkout.watching import Watched, Write, write_line
from promo.config import Settings
from promo.language import Languages
from promo.lists.codes.keys import CodeKeys
from promo.lists.lookup import Refused
from promo.lists.sheet import Sheet
from promo.schema import DatabaseError

Work = Callable[[StoreKey, Any], Awaitable[Response]]
SWEEP_SECONDS = 3600
BUSY_SECONDS = 1.0  # after which to ask again when we cannot answer
HANG_UP = {"connection": "close"}  # else the rest of a body could come in for ever


class Service:
    """Everything that answering takes, of one house and one process."""

    def __init__(
        self,
        settings: Settings,
        keys: CodeKeys,
        engine: Engine,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        write: Write = write_line,
        till: bool = False,
        connections: Connections | None = None,
    ) -> None:
        """till: whether the till to try is served, too; connections: other than the engine's."""
        self.settings = settings
        self.keys = keys
        self.now = now
        self.write = write
        self.languages = Languages.of(settings)
        self.connections = connections or Connections(engine, settings.service.threads)
        self.gate = Gate(self.connections, settings.service, now)
        self.kiosk = Kiosk(settings, keys)
        self.metrics = metrics.Metrics()
        house = House(settings, keys)
        self.sales = Sales(house, self.languages, self.connections, self.metrics, write)
        self.journals = Journals(self.connections, self.metrics, write)
        served = Served(self.connections, self._opened, self._guessed, self._clock)
        self.till = TryOut(house, self.languages, served) if till else None
        self.document = openapi.document()

    # --- what is answered ----------------------------------------------------------------------

    async def lookup(self, key: StoreKey, asked: bodies.Opening) -> Response:
        """A list as tills see it."""
        found = await self._opened(key, asked, opening.answer)
        return JSONResponse(found)

    async def sheet(self, key: StoreKey, asked: bodies.SheetAsked) -> Response:
        """A list as it is printed."""

        def read(statements: Statements, row: Stored) -> Sheet:
            return opening.sheet(statements, row, self.keys, self.settings, self._day(key))

        sheet = await self._opened(key, asked, read)
        form = asked["format"]
        data = await self.kiosk.print(sheet, form, sheet.window.first)
        headers = {"content-type": openapi.MEDIA[form], "cache-control": "no-store"}
        return Response(data, headers=headers)

    async def _opened(
        self, key: StoreKey, asked: bodies.Opening, then: Callable[[Statements, Stored], Any]
    ) -> Any:
        """What `then` makes of the list that is asked for. Raises Refuse."""
        if asked.get("store", key.store) != key.store:
            raise Refuse("other_store")
        day = self._day(key)

        def work(statements: Statements) -> Any:
            if "card" in asked:
                return then(statements, opening.by_card(statements, asked["card"], day))
            desk = opening.desk(statements, key.store, self.settings.lists.ean_prefix, day)
            code = asked["code"]
            return then(statements, opening.by_code(statements, self.keys, code, day, desk))

        try:
            return await self.connections.read(work)
        except Refused as error:
            raise self._closed(key, error) from None

    async def sale(self, verb: str, key: StoreKey, asked: Any) -> Response:
        """A basket quoted, reserved, redeemed, brought back or made void."""
        try:
            said = await self.sales.do(verb, key, asked, self.now(), self._day(key))
        except Refused as error:
            raise self._closed(key, error) from None
        return Response(said, media_type="application/json")

    async def journal(self, key: StoreKey, asked: journal_bodies.JournalSent) -> Response:
        """What a store decided on its own while its line was down."""
        try:
            return JSONResponse(await self.journals.take(key, asked, self.now))
        except Twice as error:
            raise Unavailable(str(error)) from None

    def _closed(self, key: StoreKey, error: Refused) -> Refuse:
        """Why no list opens; codes and cards that we never gave out are counted."""
        if isinstance(error, finding_lists.Invented):
            self._guessed(key)
        return Refuse(error.reason, day=error.day)

    def _guessed(self, key: StoreKey) -> None:
        self.gate.failed(key)
        self.metrics.guesses += 1

    def warm(self) -> None:
        """Do what the first request would else wait for. Raises RenderError."""
        self.kiosk.warm(self.settings.current_day())

    def meanwhile(self) -> list[Coroutine[Any, Any, None]]:
        """What is done as long as the service runs."""
        return [self._sweeping()]

    async def _sweeping(self) -> None:
        """Forget what is old, now and then, as long as the service runs."""
        while True:
            with suppress(Unavailable):
                await self.sales.sweep(self.now(), self.settings.today or self.now().date())
            await asyncio.sleep(SWEEP_SECONDS)

    def _day(self, key: StoreKey) -> date:
        """Today in the key's store, or the day that `today` fixes for a replay."""
        return self._clock(key).date()

    def _clock(self, key: StoreKey) -> datetime:
        """The key's store's own time, on the day that `today` fixes for a replay."""
        at = self.now().astimezone(ZoneInfo(key.time_zone))
        today = self.settings.today
        return at if today is None else datetime.combine(today, at.timetz())

    async def health(self, _: Request) -> Response:
        """The process is there."""
        return JSONResponse({"ok": True})

    async def ready(self, request: Request) -> Response:
        """The database is there, and its schema is this version's."""
        loop = asyncio.get_running_loop()
        check = partial(database.check_schema, self.connections.engine)
        try:
            await loop.run_in_executor(None, check)
        except DatabaseError:
            return self._refused(request, Refuse("unavailable", wait=BUSY_SECONDS))
        return JSONResponse({"ok": True})

    async def measured(self, _: Request) -> Response:
        """Counters for Prometheus."""
        text = self.metrics.text(waiting=self.connections.waiting)
        return Response(text + self._more_measured(), headers={"content-type": exposition.TYPE})

    def _more_measured(self) -> str:
        """What else /metrics says."""
        return ""

    async def described(self, _: Request) -> Response:
        """The OpenAPI document."""
        return JSONResponse(self.document)

    # --- how a request is met ------------------------------------------------------------------

    def _posted(
        self, verb: str, kind: TypeAdapter[Any], work: Work, most: int | None = None
    ) -> Any:
        """most: bytes of a body, where it is not the setting."""

        async def endpoint(request: Request) -> Response:
            about = request.scope["promo"]
            key: StoreKey | None = None
            try:
                if self.metrics.at_work > self.settings.service.most_waiting:
                    raise Refuse("unavailable", wait=BUSY_SECONDS)
                key = await self.gate.key(request.headers.get("authorization", ""))
                about |= {"store": key.store, "key": key.id}
                self._admit(key, verb)
                asked = bodies.read(kind, await self._body(request, most))
                return await self._worked(request, key, work, asked)
            except Unavailable as error:
                about["fault"] = str(error)
                refuse = Refuse("unavailable", wait=BUSY_SECONDS)
            except Refuse as error:
                refuse = error
            return self._refused(request, refuse, key)

        return endpoint

    def _admit(self, key: StoreKey, verb: str) -> None:
        """Let a request of a key in. Raises Refuse."""
        self.gate.admit(key, verb)

    async def _worked(self, request: Request, key: StoreKey, work: Work, asked: Any) -> Response:
        """The answer to a checked request. Raises Refuse, Unavailable."""
        return await work(key, asked)

    async def _body(self, request: Request, most: int | None) -> bytes:
        """A body of JSON, no longer and no slower than is allowed. Raises Refuse."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refuse("wrong_type", detail="Send `Content-Type: application/json`.")
        limits, got = self.settings.service, bytearray()
        most = most or limits.most_body
        try:
            async with asyncio.timeout(limits.body_seconds):
                async for chunk in request.stream():
                    got += chunk
                    if len(got) > most:
                        raise Refuse("too_large", detail=f"At most {most:,} bytes.",
                                     headers=HANG_UP)  # fmt: skip
        except (TimeoutError, ClientDisconnect):
            raise Refuse("too_slow", headers=HANG_UP) from None
        return bytes(got)

    def _refused(self, request: Request, refuse: Refuse, key: StoreKey | None = None) -> Response:
        request.scope["promo"]["refused"] = refuse.code
        language = self.languages[key.language] if key else self.languages.default
        return JSONResponse(refuse.in_words(language), refuse.status, headers=refuse.headers)

    def _not_there(self, request: Request, error: Exception) -> Response:
        """A path or method that is none of ours."""
        wrong_method = isinstance(error, HTTPException) and error.status_code == 405
        headers = error.headers if isinstance(error, HTTPException) else None
        code = "wrong_method" if wrong_method else "no_such_path"
        return self._refused(request, Refuse(code, headers=headers))

    def _failed(self, request: Request, _: Exception) -> Response:
        """A fault of ours, which Watched logs."""
        return self._refused(request, Refuse("failed"))

    def app(self) -> ASGIApp:
        """The application, watched."""
        posts = {
            "/v1/lookup": self._posted("lookup", bodies.OPENING, self.lookup),
            "/v1/sheet": self._posted("sheet", bodies.SHEET, self.sheet),
            "/v1/journal": self._posted(
                "sync", journal_bodies.JOURNAL_SENT, self.journal, journal_bodies.MOST_BATCH
            ),
        } | {
            f"/v1/{verb}": self._posted(verb, kind, partial(self.sale, verb))
            for verb, kind in VERBS.items()
        }
        gets = {
            openapi.PATH: self.described, "/health": self.health, "/ready": self.ready,
            "/metrics": self.measured,
        }  # fmt: skip
        if self.till is not None:
            asked = self.till.posts.items()
            posts |= {path: self._posted("lookup", kind, work) for path, (kind, work) in asked}
            gets |= self.till.gets
        app = Starlette(
            routes=[
                *(Route(path, endpoint, methods=["POST"]) for path, endpoint in posts.items()),
                *(Route(path, endpoint, methods=["GET"]) for path, endpoint in gets.items()),
            ],
            exception_handlers={HTTPException: self._not_there, Exception: self._failed},
            lifespan=self._lifespan,
        )
        app.router.redirect_slashes = False
        return Watched(app, frozenset((*posts, *gets)), self.metrics, self.now, self.write)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(each) for each in self.meanwhile()]
        yield
        for task in tasks:
            task.cancel()
        self.kiosk.close()
        self.connections.close()
