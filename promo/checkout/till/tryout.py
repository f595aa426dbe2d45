"""What the till to try is served: its page, and three answers that a real till does not need.

    POST /till/hello   which store the key is of, its day and time, its money, the page's words
    POST /till/items   what to type: items for each offer of a list, with names and prices
    POST /till/scan    what a scanned text is: a list, a card, an item or a coupon

They need a store key with the verb `lookup`. Baskets go to the API as any till's do. Off unless the
service was told otherwise; see docs/decisions.md.
"""

import html
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Any, NotRequired

from pydantic import Field, TypeAdapter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from typing_extensions import TypedDict

from promo.checkout import bodies, opening, sale_bodies
from promo.checkout.connections import Connections
from promo.checkout.finding_lists import Stored
from promo.checkout.items import PLU, ItemError
from promo.checkout.refusals import Refuse
from promo.checkout.selling import House
from promo.checkout.statements import Statements
from promo.checkout.store_keys import StoreKey
from promo.checkout.till.goods import Goods
from promo.checkout.till.words import spoken
from promo.language import Language, Languages, sign_of
from promo.lists.codes import open_code
from promo.lists.codes.keys import ForgedCode, MistypedCode
from promo.money import exponent
from promo.offers.basket import Line

PAGE = files("promo.checkout.till").joinpath("page")
KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
         "svg": "image/svg+xml", "ttf": "font/ttf"}  # fmt: skip
FONTS = {"regular.ttf": "FiraSans-Regular.ttf", "bold.ttf": "FiraSans-Bold.ttf"}
# Nothing but this service's own files may run, and nothing may be asked but this service.
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}  # fmt: skip
STORE = "select name from stores where id = ?"
# What is meant as a list's code, though perhaps misread: 253 and digits, a link, a short code.
LIST_LIKE = re.compile(
    r"(?:\](?:C1|d2|Q[123]))?\(?253\)?[0-9 ]{9,}|\S*/253/\S*"
    r"|(?:[0-9A-Za-z]{4}[ -]){2}[0-9A-Za-z]{4}"
)
# AI 8110 or 8112 and more digits than any item has.
COUPON = re.compile(r"(?:\][A-Za-z][0-9])?\x1d?\(?811[02]\)?[0-9]{14,76}")


class Greeting(TypedDict):
    """Hello; `store` is where the till believes to be."""

    __pydantic_config__ = sale_bodies.CLOSED  # type: ignore[misc]
    store: NotRequired[bodies.StoreId]


class Scanned(TypedDict):
    """What a scanner sent or a person typed."""

    __pydantic_config__ = sale_bodies.CLOSED  # type: ignore[misc]
    text: Annotated[str, Field(min_length=1, max_length=1000)]


GREETING: TypeAdapter[Greeting] = TypeAdapter(Greeting)
SCANNED: TypeAdapter[Scanned] = TypeAdapter(Scanned)
Work = Callable[[StoreKey, Any], Awaitable[Response]]


@dataclass(frozen=True)
class Served:
    """What of the service the till to try uses.

    opened: a list by code or card, then something made of it; guessed: count what we never gave
    out; clock: a store's own time.
    """

    connections: Connections
    opened: Callable[[StoreKey, Any, Callable[[Statements, Stored], Any]], Awaitable[Any]]
    guessed: Callable[[StoreKey], None]
    clock: Callable[[StoreKey], datetime]


class TryOut:
    """The page and what it asks."""

    def __init__(self, house: House, languages: Languages, served: Served) -> None:
        self.house = house
        self.languages = languages
        self.served = served
        categories = house.settings.categories
        self.goods = Goods(house.settings.paths.lake, categories.never_said)
        self._files = {file.name: file.read_bytes() for file in PAGE.iterdir()} | {
            name: files("fontpkg_fira_sans").joinpath("files", own).read_bytes()
            for name, own in FONTS.items()
        }
        source = self._files.pop("till.html").decode()
        self._page = _in_words(source, languages.default, banner=house.settings.banner)

    @property
    def posts(self) -> Mapping[str, tuple[TypeAdapter[Any], Work]]:
        """What is asked with a key, by path."""
        return {
            "/till/hello": (GREETING, self.hello),
            "/till/items": (bodies.OPENING, self.items),
            "/till/scan": (SCANNED, self.scan),
        }

    @property
    def gets(self) -> Mapping[str, Callable[[Request], Coroutine[Any, Any, Response]]]:
        """The page and its files, by path."""
        return {"/till": self.page} | {f"/till/{name}": self.file for name in self._files}

    async def page(self, _: Request) -> Response:
        """The page, in the chain's language until a key tells the store's."""
        return Response(self._page, headers=HEADERS, media_type="text/html; charset=utf-8")

    async def file(self, request: Request) -> Response:
        """A file of the page's."""
        name = request.url.path.rpartition("/")[2]
        kind = KINDS[name.rpartition(".")[2]]
        return Response(self._files[name], headers=HEADERS | {"content-type": kind})

    async def hello(self, key: StoreKey, asked: Greeting) -> Response:
        """Where the key belongs, and how money and days are written there. Raises Refuse."""
        if asked.get("store", key.store) != key.store:
            raise Refuse("other_store")
        language, settings = self.languages[key.language], self.house.settings
        at = self.served.clock(key)
        found = await self.served.connections.read(lambda on: on.rows(STORE, (key.store,)))
        return JSONResponse({
            "store": key.store, "name": found[0][0] or key.store,
            "banner": settings.banner, "day": at.date().isoformat(),
            "at": at.replace(tzinfo=None).isoformat(timespec="seconds"),
            "currency": settings.currency, "decimals": exponent(settings.currency),
            "sign": sign_of(settings.currency, settings.locale),
            "locale": language.locale, "tag": language.tag, "direction": language.direction,
            "verbs": sorted(key.verbs), "words": spoken(language),
        })  # fmt: skip

    async def items(self, key: StoreKey, asked: bodies.Opening) -> Response:
        """What to type with a list. Raises Refuse."""
        day = self.served.clock(key).date()

        def read(statements: Statements, row: Stored) -> list[dict[str, Any]]:
            return self.goods.items(statements, row, key.store, day)

        return JSONResponse({"items": await self.served.opened(key, asked, read)})

    async def scan(self, key: StoreKey, asked: Scanned) -> Response:
        """What a text is: `list`, `card`, `item`, `coupon`; `nothing` counts as a guess."""
        day = self.served.clock(key).date()
        found = await self.served.connections.read(
            lambda statements: self._told(statements, asked["text"].strip(), key, day)
        )
        if found["kind"] == "nothing":
            self.served.guessed(key)
        return JSONResponse(found)

    def _told(self, statements: Statements, text: str, key: StoreKey, day: Any) -> dict[str, Any]:
        if self._is_list(statements, text, key, day):
            return {"kind": "list"}
        if COUPON.fullmatch(text):
            return {"kind": "coupon"}
        # A PLU is an item only if the house has it: a card's number may look the same.
        if not PLU.fullmatch(text) and (line := self._line(text)) is not None:
            return self._item(statements, text, line, key, day)
        if statements.is_card(text):
            return {"kind": "card"}
        own = f"internal:{text}"
        if self.goods.named(statements, [own], key.store, day):
            return self._item(statements, own, self._line(own), key, day)
        return {"kind": "list" if LIST_LIKE.fullmatch(text) else "nothing"}

    def _is_list(self, statements: Statements, text: str, key: StoreKey, day: Any) -> bool:
        desk = opening.desk(statements, key.store, self.house.settings.lists.ean_prefix, day)
        try:
            open_code(self.house.keys, text, desk)
        except (MistypedCode, ForgedCode):
            return False
        return True

    def _line(self, text: str) -> Line | None:
        """A line of one such item; None if it is no item's code. Its amount may be 0: not known."""
        for said in ({}, {"amount": 0}):
            try:
                return self.house.reader.line({"code": text} | said, "item")
            except ItemError:
                continue
        return None

    def _item(
        self, statements: Statements, text: str, line: Line | None, key: StoreKey, day: Any
    ) -> dict[str, Any]:
        """An item: what its code carries goes before what the house knows."""
        assert line is not None
        known = self.goods.named(statements, [line.product], key.store, day).get(line.product, {})
        carried = line.amount or None
        return {
            "kind": "item", "code": text, "name": known.get("name", ""),
            "size": known.get("size", ""), "price": carried or known.get("price"),
            "carries": carried is not None,
        }  # fmt: skip


def _in_words(source: str, language: Language, **more: str) -> str:
    """The page with its `{{words}}` in a language."""
    words = spoken(language) | {"lang": language.tag, "dir": language.direction} | more
    return re.sub(r"\{\{(\w+)\}\}", lambda found: html.escape(words[found[1]]), source)
