"""The service of a store machine: the same API and the same answers, from a pack.

With a head office it passes requests on while the line is up, and decides itself when head office
does not answer. It also decides itself as long as head office has not heard of everything that was
decided here: of two places that do not know of each other each would give the same use.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from pydantic_core import to_json
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response

from promo import exposition
from promo.checkout import answers, bodies
from promo.checkout.finding_lists import Stored
from promo.checkout.pack import journal_bodies, sections
from promo.checkout.pack.faults import PackError
from promo.checkout.pack.found_packs import FoundPacks
from promo.checkout.pack.head_office import HeadOffice, Said
from promo.checkout.pack.opened import Pack
from promo.checkout.pack.pack_statements import WAIT, PackStatements
from promo.checkout.pack.remembering import remember
from promo.checkout.pack.store_house import StoreConnections, StoreHouse
from promo.checkout.pack.turnstile import Turnstile
from promo.checkout.refusals import Refuse
from promo.checkout.request import Request
from promo.checkout.selling import House
from promo.checkout.service import Service, Work
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.checkout.watching import Write, place, write_line
from promo.config import Settings
from promo.lists.codes.keys import CodeKeys

LOOK_SECONDS = 5.0  # between two looks for a newer pack
PASSED = frozenset({"lookup", "sheet", "quote", "reserve", "redeem", "return", "void"})
# What a look for a newer pack meets on a machine in trouble, such as one whose disk is full.
TROUBLE = (OSError, sqlite3.Error)
KEPT = frozenset({"redeem", "return", "void"})  # whose answers are for good


class Sends(Protocol):
    """Sends the journal to head office as long as the service runs."""

    @property
    def sent(self) -> int:
        """The last decision that head office has taken in."""

    async def run(self) -> None:
        """Send, again and again, until it is cancelled."""

    def close(self) -> None:
        """Send no more."""


class StoreService(Service):
    """The service of one store machine, in one process."""

    def __init__(
        self, settings: Settings, keys: CodeKeys, house: StoreHouse, packs: FoundPacks, *,
        head_office: HeadOffice | None = None, sending: Sends | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC), write: Write = write_line,
        till: bool = False,
    ) -> None:  # fmt: skip
        self.own_settings = settings
        self.house = house
        self.packs = packs
        self.head_office = head_office
        self.sending = sending
        self.turnstile = Turnstile()
        # All that another process of before may have decided and not sent counts as decided here.
        self.decided = house.journal.place.seq
        self.at_work = 0  # decisions that are being made here
        priced = sections.laid_over(settings, house.pack.about.settings)
        connections = StoreConnections(house, settings.service.threads)
        super().__init__(priced, keys, house.engine, now=now, write=write, till=till,
                         connections=connections)  # fmt: skip

    # --- who may ask ------------------------------------------------------------------------------

    def _admit(self, key: StoreKey, verb: str) -> None:
        """Only tills of the stores in which the machine stands: its journal is these stores'."""
        super()._admit(key, verb)
        if key.store not in self.packs.stores:
            here = ", ".join(self.packs.stores)
            raise Refuse("other_store", detail=f"This machine stands in store {here}.")

    # --- who decides ------------------------------------------------------------------------------

    async def _worked(self, request: HttpRequest, key: StoreKey, work: Work, asked: Any) -> Any:
        verb = request.url.path.rpartition("/")[2]
        if request.url.path.startswith("/v1/") and verb in PASSED and self._may_pass:
            said = await self._passed(request, verb, key, asked)
            if said is not None:
                return said
        with self._deciding(verb):
            async with self.turnstile.passing():
                return await work(key, asked)

    @contextmanager
    def _deciding(self, verb: str) -> Iterator[None]:
        """Where a decision is made here: none of it may be asked of head office from now on."""
        if verb not in KEPT:
            yield
            return
        self.at_work += 1
        try:
            yield
        finally:
            self.at_work -= 1
            self.decided = self.house.journal.place.seq

    @property
    def _may_pass(self) -> bool:
        """Whether head office is to decide: it knows all that was decided here, and nothing is
        about to be.
        """
        if self.head_office is None or self.head_office.is_down:
            return False
        return self.unsent == 0 and not self.at_work

    @property
    def unsent(self) -> int:
        """Decisions made here that head office may not know."""
        sent = self.sending.sent if self.sending else 0
        return max(0, self.decided - sent)

    async def _passed(
        self, http: HttpRequest, verb: str, key: StoreKey, asked: Mapping[str, Any]
    ) -> Response | None:
        """What head office decided; None where it is decided here, or was."""
        assert self.head_office is not None
        request = self._request(verb, key, asked) if verb in KEPT else None
        # Meanwhile something else may be decided here, or may have been.
        if request is not None and (await self._is_known(request) or not self._may_pass):
            return None
        authorization = http.headers["authorization"]
        said = await self.head_office.ask(http.url.path, to_json(asked), authorization)
        if said is None:
            return None
        if said.refused:
            http.scope["promo"]["refused"] = said.refused
        elif request is not None:
            await self._remember(request, said)
        return Response(said.body, said.status, media_type=said.media)

    def _request(self, verb: str, key: StoreKey, asked: Mapping[str, Any]) -> Request:
        language = self.languages[key.language]
        return Request(verb, asked, key, self.now(), self._day(key), language)

    async def _is_known(self, request: Request) -> bool:
        """Whether the request was answered here before, or another one of its name."""

        def known(statements: Statements) -> bool:
            try:
                return answers.given(statements, request) is not None
            except Refuse:
                return True

        return await self.connections.read(known)

    async def _remember(self, request: Request, said: Said) -> None:
        """Keep an answer of head office's; it is journaled, and head office knows it."""

        def keep(statements: Statements) -> None:
            assert isinstance(statements, PackStatements)
            remember(statements, self.sales.house, request, said.body)

        async with self.turnstile.passing():
            await self.connections.write(keep)

    # --- what is otherwise than at head office ----------------------------------------------------

    def warm(self) -> None:
        """Nothing: no sheet is printed here, and no template need be there."""

    async def sheet(self, key: StoreKey, asked: bodies.SheetAsked) -> Response:
        """No sheet: a name and an address are on it, and no pack has them."""
        raise Refuse("line_down", wait=WAIT)

    async def journal(self, key: StoreKey, asked: journal_bodies.JournalSent) -> Response:
        """Nothing is taken in here: head office alone has the chain's books."""
        raise Refuse("no_such_path")

    async def _opened(
        self, key: StoreKey, asked: bodies.Opening, then: Callable[[Statements, Stored], Any]
    ) -> Any:
        if self.house.pack.is_expired(self.now()):
            raise Refuse("pack_expired", wait=WAIT)
        return await super()._opened(key, asked, then)

    async def ready(self, request: HttpRequest) -> Response:
        """The pack is there and good; how old it is, and what head office does not know yet."""
        if self.house.pack.is_expired(self.now()):
            return self._refused(request, Refuse("pack_expired", wait=WAIT))
        about = self.house.pack.about
        return JSONResponse({
            "ok": True,
            "pack": {
                "region": about.region, "version": about.version, "kind": about.kind,
                "age_seconds": int(self._age(about.made_at)), "expires": about.expires,
            },
            "journal": {"decisions": self.house.journal.place.seq, "unsent": self.unsent},
            "head_office": self._line(),
        })  # fmt: skip

    def _line(self) -> str:
        if self.head_office is None:
            return "none"
        return "down" if self.head_office.is_down else "up"

    def _age(self, made: datetime) -> float:
        return (self.now() - made).total_seconds()

    def _more_measured(self) -> str:
        pack, journal = self.house.pack, self.house.journal
        about = pack.about
        version = {"region": about.region, "version": about.version, "kind": about.kind}
        left = (about.expires_at - self.now()).total_seconds()
        line = float(self._line() == "up")
        return exposition.text(
            exposition.Family(name, words, ((labels, value),))
            for name, words, labels, value in (
                ("promo_pack_info", "The pack in force.", version, 1.0),
                ("promo_pack_age_seconds", "Since the pack was made.", {},
                 round(self._age(about.made_at))),
                ("promo_pack_left_seconds", "Until the pack expires.", {}, round(left)),
                ("promo_journal_decisions", "Decisions in the journal.", {}, journal.place.seq),
                ("promo_journal_unsent", "Decisions that head office may not know.", {},
                 self.unsent),
                ("promo_line_up", "Whether head office answered last.", {}, line),
            )
        )  # fmt: skip

    # --- packs ------------------------------------------------------------------------------------

    def meanwhile(self) -> list[Coroutine[Any, Any, None]]:
        """What is done as long as the service runs."""
        sending = [self.sending.run()] if self.sending else []
        return [*super().meanwhile(), self._looking(), *sending]

    async def _looking(self) -> None:
        """Look for a newer pack as long as the service runs."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except TROUBLE as error:
                self._say({"level": "error", "looking_for_packs": place(error)})

    async def look(self) -> None:
        """Take up a newer pack if there is one."""
        find = partial(self.packs.newer, self.house.pack, self.now(), self._say_refused)
        found = await asyncio.get_running_loop().run_in_executor(None, find)
        if found is not None:
            await self.take_up(found)

    async def take_up(self, pack: Pack) -> None:
        """Let another pack be in force, between two requests; a bad one is named and refused.

        Raises OSError, sqlite3.Error where the machine cannot; then the one before stays.
        """
        loop, before = asyncio.get_running_loop(), self.house.pack
        try:
            priced = sections.laid_over(self.own_settings, pack.about.settings)
            async with self.turnstile.alone():
                await loop.run_in_executor(None, self.house.take_up, pack)
                self._price_by(priced)
        except PackError as error:
            pack.close()
            self._say_refused(error)
            return
        except TROUBLE:
            pack.close()
            raise
        before.close()
        self._say({"pack": pack.about.version, "kind": pack.about.kind})

    def _price_by(self, settings: Settings) -> None:
        self.settings = settings
        self.sales.house = House(settings, self.keys)
        if self.till is not None:
            self.till.house = self.sales.house

    def _say_refused(self, error: PackError) -> None:
        self._say({"level": "error", "refused_pack": error.reason, "message": str(error)})

    def _say(self, what: Mapping[str, object]) -> None:
        self.write({"time": self.now().isoformat(timespec="milliseconds")} | dict(what))

    def close(self) -> None:
        """Let others have the folder, and hang up."""
        if self.sending is not None:
            self.sending.close()
        if self.head_office is not None:
            self.head_office.close()
        self.house.close()
