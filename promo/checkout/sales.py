"""Where money is at stake: baskets quoted, reserved, redeemed, brought back, made void."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from promo.checkout import answers, sale_bodies, selling, serials, taking_back
from promo.checkout.connections import Connections, Twice
from promo.checkout.metrics import Metrics
from promo.checkout.noticing import Baskets
from promo.checkout.refusals import Refuse
from promo.checkout.request import Request
from promo.checkout.selling import Done, House
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.checkout.watching import Write
from promo.language import Languages

VERBS: Mapping[str, TypeAdapter[Any]] = {
    "quote": sale_bodies.BASKET, "reserve": sale_bodies.BASKET, "redeem": sale_bodies.PAID,
    "return": sale_bodies.BRINGING, "void": sale_bodies.VOIDING,
}  # fmt: skip
EXPIRED = "delete from reservations where until < ?"


class Sales:
    """Does what tills ask, each request in one transaction."""

    def __init__(
        self, house: House, languages: Languages, connections: Connections, metrics: Metrics,
        write: Write,
    ) -> None:  # fmt: skip
        self.house = house
        self.languages = languages
        self.connections = connections
        self.metrics = metrics
        self.write = write
        self.baskets = Baskets()

    async def do(
        self, verb: str, key: StoreKey, body: Mapping[str, Any], now: datetime, today: date
    ) -> bytes:
        """A request's answer. Raises Refuse, lookup.Refused, Unavailable."""
        _check_store(verb, key, body)
        request = Request(verb, body, key, now, today, self.languages[key.language])
        if verb == "quote":
            return await self.connections.read(
                lambda statements: selling.quote(statements, self.house, request)
            )
        try:
            done = await self.connections.write(partial(self._work(verb), request=request))
        except Twice:
            raise Refuse("conflict") from None
        self._notice(request, done)
        return done.answer

    def _work(self, verb: str) -> Callable[..., Done]:
        settings = self.house.settings

        def work(statements: Statements, request: Request) -> Done:
            if verb == "redeem":
                return selling.redeem(statements, self.house, request)
            if verb == "reserve":
                return Done(selling.reserve(statements, self.house, request))
            take = taking_back.bring_back if verb == "return" else taking_back.void
            return Done(take(statements, settings, request))

        return work

    def _notice(self, request: Request, done: Done) -> None:
        """Tell who watches, without a word about whom it concerns."""
        where = {"time": request.now.isoformat(timespec="milliseconds"),
                 "store": request.name.store, "till": request.name.till}  # fmt: skip
        self.metrics.uses += done.uses
        self.metrics.off += done.off
        if self._are_many(request, done):
            self.metrics.many_baskets += 1
            self.write(where | {"noticed": "many_baskets"})
        for offer in done.spent:
            self.metrics.budgets_spent += 1
            self.write(where | {"noticed": "budget_spent", "offer": offer})

    def _are_many(self, request: Request, done: Done) -> bool:
        if done.household is None:
            return False
        found = self.baskets.count(done.household, request.name, request.instant, done.baskets)
        return found >= self.house.settings.checkout.flag_baskets

    async def sweep(self, now: datetime, today: date) -> None:
        """Forget old answers, and reservations that are over. Raises Unavailable."""
        before = today - timedelta(self.house.settings.checkout.return_days)

        def work(statements: Statements) -> None:
            answers.sweep(statements, before)
            statements.change(EXPIRED, (statements.moment(now),))
            serials.sweep(statements, now)

        await self.connections.write(work)


def _check_store(verb: str, key: StoreKey, body: Mapping[str, Any]) -> None:
    """Raise Refuse where a transaction is another store's; goods alone come back to any store."""
    own = [body, body.get("reservation", body)]
    if verb == "void":
        own.append(body.get("of", body))
    if any(named["store"] != key.store for named in own):
        raise Refuse("other_store")
