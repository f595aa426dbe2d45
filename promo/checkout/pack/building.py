"""Making a pack from head office's database, as of one moment of it, some rows at a time.

Whoever writes there meanwhile waits for nobody. A pack is complete or absent.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine

from promo.checkout.pack import footer, layout, reading, sections
from promo.checkout.pack.footer import Footer
from promo.checkout.pack.keys import CardKey, PackKeys
from promo.checkout.pack.numbering import Content, Face, Numbering
from promo.checkout.pack.reading import Scope
from promo.checkout.pack.writing import Writer, written
from promo.config import Settings
from promo.database import snapshot
from promo.errors import Sentence
from promo.files import replacing
from promo.offers.handed import MARKS, is_coupon

_READER = msgspec.json.Decoder(Content)


class UnknownRegion(Sentence):
    """No region of that name, or one that names stores that are not there."""

    exit_code = 2


@dataclass(frozen=True)
class Order:
    """What pack is wanted: whose, as of when, good until when, signed by whom."""

    settings: Settings
    scope: Scope
    keys: PackKeys
    now: datetime

    def footer(self, found: "Found", counts: dict[str, int]) -> Footer:
        """The footer of a base, unsigned."""
        made = self.now.astimezone(UTC)
        return Footer(
            kind="base",
            region=self.scope.region,
            stores=tuple(sorted(found.stores)),
            version=f"{made:%Y%m%dT%H%M%S.%fZ}",
            made=made.isoformat(),
            expires=(made + timedelta(hours=self.settings.packs.good_hours)).isoformat(),
            settings=sections.said(self.settings),
            counts=counts,
            code_keys=tuple(sorted(found.code_keys)),
        )


@dataclass(frozen=True)
class Known:
    """Numbers that are given already: a base's, or none."""

    faces: Numbering[Face]
    words: Numbering[str]
    windows: Numbering[tuple[str, str, str]]  # night, first day, last day
    stores: Numbering[str]
    offers: Numbering[str]

    @classmethod
    def nothing(cls) -> "Known":
        """No numbers yet."""
        return cls(Numbering({}), Numbering({}), Numbering({}), Numbering({}), Numbering({}))


class Found:
    """What was met while a pack was filled."""

    def __init__(self) -> None:
        self.stores: set[str] = set()
        self.code_keys: set[int] = set()
        self.states: dict[tuple[str, str, str], str] = {}


def build(engine: Engine, order: Order, target: Path) -> Footer:
    """Write a base pack. Raises DatabaseError, UnknownRegion; leaves what was there, then."""
    with replacing(target) as temporary:
        with snapshot(engine) as connection, written(temporary) as writer:
            found = fill(connection, writer, order, Known.nothing())
            counts = writer.counts()
        return footer.seal(temporary, order.footer(found, counts), order.keys)


def fill(connection: Connection, writer: Writer, order: Order, known: Known) -> Found:
    """Write all rows of a pack."""
    found = Found()
    filling = _Filling(connection, writer, order, known, found)
    filling.stores()
    writer.put("lists", filling.lists())
    writer.put("windows", (
        (known.windows[key], *key, state) for key, state in sorted(found.states.items())
    ))  # fmt: skip
    writer.put("faces", ((number, msgspec.json.encode(face).decode())
                         for face, number in known.faces.items()))  # fmt: skip
    writer.put("words", ((layout.word_number(place), said) for said, place in known.words.items()))
    filling.cards()
    offers = filling.offers()
    filling.uses(offers)
    filling.goods(offers)
    filling.coupons(offers)
    return found


@dataclass(frozen=True)
class _Filling:
    """One pack that is filled from one moment of the database."""

    connection: Connection
    writer: Writer
    order: Order
    known: Known
    found: Found

    @property
    def card_key(self) -> CardKey:
        return self.order.keys.card_key

    def stores(self) -> None:
        rows = list(reading.stores(self.connection, self.order.scope))
        self.found.stores |= {row.id for row in rows}
        missing = sorted(set(self.order.scope.stores or ()) - self.found.stores)
        if missing:
            raise UnknownRegion(
                f"packs.regions.{self.order.scope.region} names the store {missing[0]!r}, which is "
                "not in the store table."
            )
        numbers = self.known.stores
        self.writer.put("stores", ((numbers[row.id], *row) for row in rows))
        keys = reading.store_keys(self.connection, self.order.scope)
        at = reading.instant
        self.writer.put("store_keys", (
            (row.id, row.store, row.verbs, row.salt, row.hash,
             at(row.created), at(row.expires), at(row.revoked))
            for row in keys
        ))  # fmt: skip

    def lists(self) -> Iterator[tuple[int, bytes]]:
        pack = self._packer()
        for row in reading.lists(self.connection, self.order.scope):
            yield layout.list_id(row.key_id, row.counter), pack(row)

    def _packer(self) -> Callable[[Any], bytes]:
        known, found, household = self.known, self.found, self.card_key.household
        faces, words, stores, windows = known.faces, known.words, known.stores, known.windows

        def pack(row: Any) -> bytes:
            window = (row.night.isoformat(), row.first_day.isoformat(), row.last_day.isoformat())
            found.states[window] = row.state
            found.code_keys.add(row.key_id)
            content = read(row.content)
            return layout.pack(layout.Row(
                windows[window], stores[row.store], household(row.shopper), row.worth,
                min(row.issue, 255), [faces[each] for each in content.offers],
                [layout.word_number(words[each]) for each in content.words()],
            ))  # fmt: skip

        return pack

    def cards(self) -> None:
        number, connection = self.card_key.card, self.writer.connection
        connection.execute("create temp table loaded (card integer, list integer)")
        connection.executemany(
            "insert into loaded values (?, ?)",
            ((number(row.card), layout.list_id(row.key_id, row.counter))
             for row in reading.cards(self.connection, self.order.scope)),
        )  # fmt: skip
        rows = connection.execute("select card, list from loaded order by card, list")
        self.writer.put("cards", (
            (card, layout.pack_ids([each for _, each in lists]))
            for card, lists in groupby(rows, itemgetter(0))
        ))  # fmt: skip
        connection.execute("drop table loaded")

    def offers(self) -> set[str]:
        """Ids of the offers that were written."""
        numbers = self.known.offers
        listed = {face.offer for face, _ in self.known.faces.items()}
        # Of an offer with several stops the last one's sentence is told.
        rows = {row.id: row for row in reading.offers(self.connection, self.order.scope, listed)}
        self.writer.put("offers", (
            (numbers[row.id], row.id, row.starts.isoformat(), row.ends.isoformat(), row.funder,
             row.objective, int(row.hard), row.state, row.budget_money, row.budget_redemptions,
             row.terms, row.sentence)
            for row in rows.values()
        ))  # fmt: skip
        return set(rows)

    def uses(self, offers: set[str]) -> None:
        key, numbers, columns = self.card_key, self.known.offers, layout.ADDED["uses"].columns
        connection = self.writer.connection
        connection.execute(f"create temp table loaded ({', '.join(columns)})")
        connection.executemany(
            f"insert into loaded values ({', '.join('?' * len(columns))})",
            (
                (
                    key.household(row.shopper),
                    key.use(row.store, row.till, row.day, row.transaction, row.kind, row.offer,
                            row.number),
                    None if row.key_id is None else layout.list_id(row.key_id, row.counter),
                    numbers[row.offer], row.uses, row.promised, (row.on - layout.EPOCH).days,
                )
                for row in reading.uses(self.connection, self.order.scope, offers)
            ),
        )  # fmt: skip
        connection.execute("insert into main.uses select * from loaded order by household, tag")
        connection.execute("drop table loaded")

    def goods(self, offers: set[str]) -> None:
        numbers, categories = self.known.offers, self.order.settings.categories
        rows = reading.offer_products(self.connection, offers)
        pairs = ((numbers[row.offer], row.product, row.purchase) for row in rows)
        self.writer.put("offer_products", pairs)
        never = categories.restricted | categories.not_grocery | categories.unlisted
        self.writer.put("excluded", map(tuple, reading.excluded(self.connection, never)))
        counters = reading.hard_counters(self.connection)
        self.writer.put("offer_counters", (
            (numbers[row.offer], row.uses, row.money) for row in counters if row.offer in offers
        ))  # fmt: skip

    def coupons(self, offers: set[str]) -> None:
        self.writer.put("coupon_families", map(tuple, reading.families(self.connection)))
        names = {name for each in offers for name in coupon_names(each)}
        rows = reading.serials(self.connection)
        self.writer.put("coupon_serials", (tuple(row) for row in rows if row.coupon in names))


def coupon_names(offer: str) -> Iterable[str]:
    """The names under which a coupon's serial numbers are taken: see promo.checkout.handed."""
    if not is_coupon(offer):
        return ()
    return (offer.rpartition(":")[0],) if offer.startswith(f"{MARKS[0]}:") else (offer,)


def read(content: str) -> Content:
    """What a stored list says. Half a character, which no standard knows, is left out."""
    try:
        return _READER.decode(content)
    except msgspec.DecodeError:
        whole = json.dumps(json.loads(content), ensure_ascii=False).encode("utf-8", "ignore")
        return _READER.decode(whole)
