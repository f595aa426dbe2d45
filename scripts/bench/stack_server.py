"""One server of the comparison in stack.py: a lookup by code, raw SQL, on a chosen stack.

python stack_server.py STACK ACCESS URL PORT
"""

import asyncio
import json
import sqlite3
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from till_kit import CONNECTIONS, KEYS

from promo.checkout import finding_lists, opening
from promo.lists.codes import open_code

LIST = """select l.key_id, l.counter, l.code, l.night, l.store, l.first_day, l.last_day, l.worth,
l.content, r.state from lists l join runs r on r.night = l.night
where l.key_id = ? and l.counter = ?"""
USED = """select offer, sum(uses) from redemptions where key_id = ? and counter = ?
and kind in ('redeem', 'void') group by offer"""
STOPPED = """select o.id, e.sentence from offers o left join offer_events e
on e.offer = o.id and e.kind = 'stopped' where o.state = 'stopped' and o.id in ({})"""
COLUMNS = ("key_id", "counter", "code", "night", "store", "first_day", "last_day", "worth")
WORKERS = 8
Answer = Callable[[str], Awaitable[dict[str, Any]]]


def answer(row: Any, used: Any, stopped: Any) -> dict[str, Any]:
    """The list as JSON takes it."""
    content = json.loads(row[8]) if isinstance(row[8], str) else row[8]
    gone, spent = dict(stopped), dict(used)
    offers = [
        {name: each[name] for name in ("offer", "title", "headline", "worth", "buy")}
        | {"state": "used" if each["offer"] in spent else
                    "stopped" if each["offer"] in gone else "open"}
        for each in content["offers"]
    ]  # fmt: skip
    return {
        "list_code": row[2], "state": row[9], "night": str(row[3]), "store": row[4],
        "first_day": str(row[5]), "last_day": str(row[6]), "worth": row[7], "offers": offers,
        "due": [each["words"] for each in content["due"]],
    }  # fmt: skip


def ids(row: Any) -> list[str]:
    """The offers of a list."""
    content = json.loads(row[8]) if isinstance(row[8], str) else row[8]
    return [each["offer"] for each in content["offers"]]


def find(run: Callable[[str, Any], Any], mark: str, text: str) -> dict[str, Any]:
    """A lookup over something that runs a query and gives its rows."""
    opened = open_code(KEYS, text)
    pair = (opened.key_id, opened.counter)
    row = run(LIST.replace("?", mark), pair)[0]
    used = run(USED.replace("?", mark), pair)
    chosen = ids(row)
    stopped = run(STOPPED.format(",".join([mark] * len(chosen))), chosen)
    return answer(row, used, stopped)


def of_psycopg(url: str) -> Answer:
    """psycopg's asynchronous pool."""
    from psycopg_pool import AsyncConnectionPool

    pool = AsyncConnectionPool(url, min_size=WORKERS, max_size=WORKERS, open=False,
                               kwargs={"autocommit": True, "prepare_threshold": 1})  # fmt: skip
    opening: list[Any] = []

    async def found(text: str) -> dict[str, Any]:
        if not opening:
            opening.append(1)
            await pool.open()
        opened = open_code(KEYS, text)
        pair = (opened.key_id, opened.counter)
        async with pool.connection() as connection:
            row = await (await connection.execute(LIST.replace("?", "%s"), pair)).fetchone()
            used = await (await connection.execute(USED.replace("?", "%s"), pair)).fetchall()
            chosen = ids(row)
            query = STOPPED.format(",".join(["%s"] * len(chosen)))
            stopped = await (await connection.execute(query, chosen)).fetchall()
        return answer(row, used, stopped)

    return found


def find_as_service(run: Callable[[str, Any], Any], mark: str, text: str) -> dict[str, Any]:
    """A lookup with the service's own SQL, for the bar that compares the two."""
    opened = open_code(KEYS, text)
    pair = (opened.key_id, opened.counter)
    row = run(finding_lists.BY_CODE.replace("?", mark), pair)[0]
    chosen = ids(row)
    query = opening.STATES.format(uses="redemptions", marks=",".join("?" * len(chosen)))
    query = query.replace("?", mark)
    states = run(query, (*pair, *chosen))
    used = [(offer, uses) for offer, uses, sentence in states if sentence is None]
    stopped = [(offer, sentence) for offer, _, sentence in states if sentence is not None]
    return answer(row, used, stopped)


def of_many_threads(url: str) -> Answer:
    """As many threads as the bench has connections."""
    return of_threads(url, CONNECTIONS, find_as_service)


def of_threads(
    url: str, workers: int = WORKERS, find: Callable[..., dict[str, Any]] = find
) -> Answer:
    """A connection of its own for each of a few threads: psycopg or sqlite3, the same code."""
    own = threading.local()
    mark = "?" if url.startswith("sqlite") else "%s"
    pool = ThreadPoolExecutor(workers)

    def run(query: str, values: Any) -> Any:
        if not hasattr(own, "connection"):
            own.connection = connected(url)
        return own.connection.execute(query, values).fetchall()

    async def found(text: str) -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, find, run, mark, text)

    return found


def connected(url: str) -> Any:
    """A connection without SQLAlchemy."""
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    import psycopg

    return psycopg.connect(url, autocommit=True, prepare_threshold=1)


def of_loop(url: str) -> Answer:
    """sqlite3 in the event loop itself."""
    connection = connected(url)

    async def found(text: str) -> dict[str, Any]:
        return find(lambda q, v: connection.execute(q, v).fetchall(), "?", text)

    return found


def of_core(url: str) -> Answer:
    """SQLAlchemy Core, in threads: statements built anew, compiled once."""
    from promo import database

    engine = database.connect(sqlalchemy_url(url))
    pool = ThreadPoolExecutor(WORKERS)

    def look(text: str) -> dict[str, Any]:
        with engine.connect() as connection:
            return by_core(connection, text)

    async def found(text: str) -> dict[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(pool, look, text)

    return found


def by_core(connection: Any, text: str) -> dict[str, Any]:
    """A lookup in SQLAlchemy's own language."""
    from sqlalchemy import func, select

    from promo.tables import Offer, OfferEvent, Redemption, Run, ShopperList

    opened = open_code(KEYS, text)
    row = connection.execute(
        select(
            *(ShopperList.__table__.c[name] for name in COLUMNS), ShopperList.content, Run.state
        ).join(Run, Run.night == ShopperList.night)
        .where(ShopperList.key_id == opened.key_id, ShopperList.counter == opened.counter)
    ).one()  # fmt: skip
    used = connection.execute(
        select(Redemption.offer, func.sum(Redemption.uses))
        .where(Redemption.key_id == row.key_id, Redemption.counter == row.counter,
               Redemption.kind.in_(("redeem", "void"))).group_by(Redemption.offer)
    )  # fmt: skip
    stopped = connection.execute(
        select(Offer.id, OfferEvent.sentence)
        .outerjoin(OfferEvent, (OfferEvent.offer == Offer.id) & (OfferEvent.kind == "stopped"))
        .where(Offer.state == "stopped", Offer.id.in_(ids(row)))
    )
    return answer(row, map(tuple, used), map(tuple, stopped))


def of_driver_sql(url: str) -> Answer:
    """SQLAlchemy's pool and raw SQL (exec_driver_sql), in threads."""
    from promo import database

    engine = database.connect(sqlalchemy_url(url))
    mark = "?" if url.startswith("sqlite") else "%s"
    pool = ThreadPoolExecutor(WORKERS)

    def look(text: str) -> dict[str, Any]:
        with engine.connect() as connection:
            return find(lambda q, v: connection.exec_driver_sql(q, tuple(v)).fetchall(), mark, text)

    async def found(text: str) -> dict[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(pool, look, text)

    return found


def of_orm(url: str) -> Answer:
    """SQLAlchemy's ORM, in threads."""
    from sqlalchemy import func, select
    from sqlalchemy.orm import Session

    from promo import database, tables

    engine = database.connect(sqlalchemy_url(url))
    pool = ThreadPoolExecutor(WORKERS)

    def look(text: str) -> dict[str, Any]:
        opened = open_code(KEYS, text)
        use = tables.Redemption
        with Session(engine) as session:
            row = session.get_one(tables.ShopperList, (opened.key_id, opened.counter))
            run = session.get_one(tables.Run, row.night)
            used = session.execute(
                select(use.offer, func.sum(use.uses))
                .where(use.key_id == row.key_id, use.counter == row.counter)
                .where(use.kind.in_(("redeem", "void"))).group_by(use.offer)
            ).all()  # fmt: skip
            chosen = [each["offer"] for each in row.content["offers"]]
            offers = session.scalars(select(tables.Offer).where(tables.Offer.id.in_(chosen)))
            stopped = [(offer.id, "") for offer in offers if offer.state == "stopped"]
            values = (row.key_id, row.counter, row.code, row.night, row.store, row.first_day,
                      row.last_day, row.worth, row.content, run.state)  # fmt: skip
            return answer(values, used, stopped)

    async def found(text: str) -> dict[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(pool, look, text)

    return found


def sqlalchemy_url(url: str) -> str:
    """The URL with the driver's name in it."""
    return url.replace("postgresql://", "postgresql+psycopg://")


ACCESS: dict[str, Callable[[str], Answer]] = {
    "async": of_psycopg, "threads": of_threads, "loop": of_loop, "core": of_core,
    "driver_sql": of_driver_sql, "orm": of_orm, "service": of_many_threads,
}  # fmt: skip


def bare(found: Answer) -> Any:
    """No framework: an ASGI function."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        message = await receive()
        body = json.dumps(await found(json.loads(message["body"])["code"])).encode()
        headers = [(b"content-type", b"application/json"),
                   (b"content-length", b"%d" % len(body))]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def starlette(found: Answer) -> Any:
    """Starlette, one route."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def lookup(request: Request) -> JSONResponse:
        return JSONResponse(await found((await request.json())["code"]))

    return Starlette(routes=[Route("/v1/lookup", lookup, methods=["POST"])])


def fastapi(found: Answer) -> Any:
    """FastAPI as its manual has it: a model in, a model out."""
    from fastapi import FastAPI
    from pydantic import BaseModel

    class Asked(BaseModel):
        code: str

    class Offer(BaseModel):
        offer: str
        title: str
        headline: str
        worth: int
        buy: int
        state: str

    class Found(BaseModel):
        list_code: str
        state: str
        night: str
        store: str
        first_day: str
        last_day: str
        worth: int
        offers: list[Offer]
        due: list[str]

    app = FastAPI()

    async def lookup(asked: Asked) -> Any:
        return await found(asked.code)

    lookup.__annotations__["asked"] = Asked
    app.post("/v1/lookup", response_model=Found)(lookup)
    return app


def blacksheep(found: Answer) -> Any:
    """BlackSheep, one route."""
    from blacksheep import Application, Request
    from blacksheep.contents import JSONContent
    from blacksheep.messages import Response

    app = Application()

    async def lookup(request: Request) -> Response:
        asked = await request.json()
        return Response(200, None, JSONContent(await found(asked["code"])))

    lookup.__annotations__.update({"request": Request, "return": Response})
    app.router.add_post("/v1/lookup", lookup)
    return app


STACKS = {"bare": bare, "starlette": starlette, "fastapi": fastapi, "blacksheep": blacksheep}


def main() -> None:
    """Serve."""
    stack, access, url, port = sys.argv[1:]
    name, _, server = stack.partition("/")
    app = STACKS[name](ACCESS[access](url))
    if server == "granian":
        from granian.server.embed import Server

        asyncio.run(Server(app, port=int(port), interface="asgi").serve())
        return
    import uvicorn

    uvicorn.run(app, port=int(port), log_level="warning", access_log=False, lifespan="off"
                if name != "blacksheep" else "on")  # fmt: skip


if __name__ == "__main__":
    main()
