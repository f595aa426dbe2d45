"""All rows of a pack, from one moment of head office's database, some at a time."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Connection

from promo.checkout.pack import layout, reading
from promo.checkout.pack.keys import CardKey
from promo.checkout.pack.known import Known, Window
from promo.checkout.pack.numbering import Content
from promo.checkout.pack.reading import Scope
from promo.checkout.pack.writing import Writer
from promo.errors import Sentence
from promo.offers.handed import MARKS, is_coupon

_READER = msgspec.json.Decoder(Content)
USED = layout.columns("uses")


class UnknownRegion(Sentence):
    """There is no region of that name, or it names a store that is not there."""

    exit_code = 2


@dataclass(frozen=True)
class Filling:
    """A pack that is filled; never: categories that no offer may touch.

    stores, code_keys, states: what was met so far.
    """

    connection: Connection
    writer: Writer
    scope: Scope
    card_key: CardKey
    never: Iterable[str]
    known: Known
    stores: set[str] = field(default_factory=set)
    code_keys: set[int] = field(default_factory=set)
    states: dict[Window, str] = field(default_factory=dict)

    def fill(self) -> None:
        """Write all tables. Raises UnknownRegion."""
        self._stores()
        self._lists()
        self._cards()
        offers = self._offers()
        self._uses(offers)
        self._goods(offers)
        self._coupons(offers)

    def _stores(self) -> None:
        rows = list(reading.stores(self.connection, self.scope))
        self.stores.update(row.id for row in rows)
        if missing := sorted(set(self.scope.stores or ()) - self.stores):
            raise UnknownRegion(
                f"packs.regions.{self.scope.region} names the store {missing[0]!r}, which is not "
                "in the store table."
            )
        self.writer.put("stores", ((self.known.stores[row.id], *row) for row in rows))
        at = reading.instant
        self.writer.put("store_keys", (
            (row.id, row.store, row.verbs, row.salt, row.hash,
             at(row.created), at(row.expires), at(row.revoked))
            for row in reading.store_keys(self.connection, self.scope)
        ))  # fmt: skip

    def _lists(self) -> None:
        known, put = self.known, self.writer.put
        if known.lists is None:
            put("lists", self._all_lists())
        else:
            self.writer.put_changed("lists", self._changed_lists(known.lists))
        states = sorted(self.states.items())
        put("windows", ((known.windows[key], *key, state) for key, state in states))
        faces = ((number, msgspec.json.encode(face).decode()) for number, face in known.faces.new)
        self.writer.put_changed("faces", faces)
        words = ((layout.word_number(place), said) for place, said in known.words.new)
        self.writer.put_changed("words", words)

    def _all_lists(self) -> Iterator[tuple[int, bytes]]:
        head = self._header()
        for row in reading.lists(self.connection, self.scope):
            yield layout.list_id(row.key_id, row.counter), self._packed(head(row), row.content)

    def _changed_lists(
        self, base: Iterable[tuple[int, bytes]]
    ) -> Iterator[tuple[int, bytes | None]]:
        """Lists that are not as they are in the base, whose rows come by id; None where it is gone.

        What stands on a published list changes only with its issue: contents that are known are not
        read again.
        """
        head, old = self._header(), iter(base)
        at = next(old, None)
        doubtful: dict[int, tuple[tuple[int, ...], bytes | None]] = {}
        for row in reading.heads(self.connection, self.scope):
            number, own = layout.list_id(row.key_id, row.counter), head(row)
            while at is not None and at[0] < number:
                yield at[0], None
                at = next(old, None)
            was = at[1] if at is not None and at[0] == number else None
            if was is not None:
                at = next(old, None)
            if was is None or not self._is_same(was, own, row):
                doubtful[number] = (own, was)
        while at is not None:
            yield at[0], None
            at = next(old, None)
        for number, content in reading.contents(self.connection, list(doubtful)):
            own, was = doubtful[number]
            made = self._packed(own, content)
            if made != was:
                yield number, made

    def _is_same(self, was: bytes, own: tuple[int, ...], row: Any) -> bool:
        window, *_, issue, _ = layout.HEADER.unpack_from(was)
        is_settled = self.known.settled[window] and issue < layout.LAST_ISSUE
        return is_settled and layout.HEADER.unpack_from(was)[:-1] == own

    def _header(self) -> Callable[[Any], tuple[int, ...]]:
        """What makes a row's header, but for the number of offers."""
        household, stores, windows = self.card_key.household, self.known.stores, self.known.windows

        def header(row: Any) -> tuple[int, ...]:
            window = (row.night.isoformat(), row.first_day.isoformat(), row.last_day.isoformat())
            self.states[window] = row.state
            self.code_keys.add(row.key_id)
            return (windows[window], stores[row.store], household(row.shopper), row.worth,
                    min(row.issue, layout.LAST_ISSUE))  # fmt: skip

        return header

    def _packed(self, header: Sequence[int], content: str) -> bytes:
        faces, words = self.known.faces, self.known.words
        found = read(content)
        return layout.pack(
            header,
            [faces[each] for each in found.offers],
            [layout.word_number(words[each.words]) for each in found.due],
        )

    def _cards(self) -> None:
        number = self.card_key.card
        rows = self.writer.sorted(
            ((number(row.card), layout.list_id(row.key_id, row.counter))
             for row in reading.cards(self.connection, self.scope)),
            ("card", "list"), 2,
        )  # fmt: skip
        self.writer.put("cards", (
            (card, layout.pack_ids([each for _, each in lists]))
            for card, lists in groupby(rows, itemgetter(0))
        ))  # fmt: skip

    def _offers(self) -> set[str]:
        """Write the offers; returns their ids."""
        numbers, listed = self.known.offers, {face.offer for face in self.known.faces}
        # Of an offer with several stops the last one's sentence is told.
        rows = {row.id: row for row in reading.offers(self.connection, self.scope, listed)}
        self.writer.put("offers", (
            (numbers[row.id], row.id, row.starts.isoformat(), row.ends.isoformat(), row.funder,
             row.objective, int(row.hard), row.state, row.budget_money, row.budget_redemptions,
             row.terms, row.sentence)
            for row in rows.values()
        ))  # fmt: skip
        return set(rows)

    def _uses(self, offers: set[str]) -> None:
        key, numbers = self.card_key, self.known.offers
        made = (
            (
                key.household(row.shopper),
                key.use(row.store, row.till, row.day, row.transaction, row.kind, row.offer,
                        row.number),
                None if row.key_id is None else layout.list_id(row.key_id, row.counter),
                numbers[row.offer], row.uses, row.promised, (row.on - layout.EPOCH).days,
            )
            for row in reading.uses(self.connection, self.scope, offers)
        )  # fmt: skip
        self.writer.put("uses", self.writer.sorted(made, USED, 2))

    def _goods(self, offers: set[str]) -> None:
        numbers = self.known.offers
        rows = reading.offer_products(self.connection, offers)
        pairs = ((numbers[row.offer], row.product, row.purchase) for row in rows)
        self.writer.put("offer_products", pairs)
        self.writer.put("excluded", map(tuple, reading.excluded(self.connection, self.never)))
        counters = reading.hard_counters(self.connection)
        self.writer.put("offer_counters", (
            (numbers[row.offer], row.uses, row.money) for row in counters if row.offer in offers
        ))  # fmt: skip

    def _coupons(self, offers: set[str]) -> None:
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
