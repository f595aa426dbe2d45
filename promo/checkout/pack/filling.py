"""All rows of a pack, from one moment of head office's database, some at a time."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
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
from promo.lists.items import decoded
from promo.offers.handed import MARKS, is_coupon

_READER = msgspec.json.Decoder(Content)
USED = layout.columns("uses")
END = (sys.maxsize, b"")  # behind the last list


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
        self.writer.put_changed("words", known.words.new)

    def _all_lists(self) -> Iterator[tuple[int, bytes]]:
        header, packed = self._header(), self._packer()
        for row in reading.lists(self.connection, self.scope):
            *head, content = row
            yield layout.list_id(head[0], head[1]), packed(header(head), row.worth, content)

    def _changed_lists(
        self, base: Iterable[tuple[int, bytes]]
    ) -> Iterator[tuple[int, bytes | None]]:
        """Lists that are not as they are in the base, whose rows come by id; None where it is gone.

        What stands on a published list changes only with its issue: contents that are known are not
        read again.
        """
        header, old = self._header(), iter(base)
        at = next(old, END)
        doubtful: dict[int, tuple[tuple[int, ...], int, bytes]] = {}
        for row in reading.heads(self.connection, self.scope):
            number, head = layout.list_id(row[0], row[1]), header(row)
            while at[0] < number:
                yield at[0], None
                at = next(old, END)
            was = b""
            if at[0] == number:
                was, at = at[1], next(old, END)
            if not was or not self._is_same(was, head):
                doubtful[number] = (head, row.worth, was)
        while at is not END:
            yield at[0], None
            at = next(old, END)
        packed = self._packer()
        for number, content in reading.contents(self.connection, list(doubtful)):
            head, worth, was = doubtful[number]
            if (made := packed(head, worth, content)) != was:
                yield number, made

    def _is_same(self, was: bytes, head: tuple[int, ...]) -> bool:
        before = layout.HEADER.unpack_from(was)[:-1]
        return before == head and self.known.settled[head[0]] and head[-1] < layout.LAST_ISSUE

    def _header(self) -> Callable[[Sequence[Any]], tuple[int, ...]]:
        """What makes a list's header, but for the number of offers, from the columns of HEAD."""
        household, stores, windows = self.card_key.household, self.known.stores, self.known.windows
        seen: dict[tuple[date, date, date], int] = {}

        def header(row: Sequence[Any]) -> tuple[int, ...]:
            key_id, _, night, store, first_day, last_day, _, issue, shopper, state = row
            days = (night, first_day, last_day)
            if days not in seen:
                window = (night.isoformat(), first_day.isoformat(), last_day.isoformat())
                self.states[window], seen[days] = state, windows[window]
            self.code_keys.add(key_id)
            issue = min(issue, layout.LAST_ISSUE)
            return seen[days], stores[store], household(shopper), issue

        return header

    def _packer(self) -> Callable[[Sequence[int], int, str], bytes]:
        """What makes a list's bytes from its header, its worth and its stored content."""
        faces, words = self.known.faces, self.known.words

        def packed(head: Sequence[int], worth: int, content: str) -> bytes:
            found = decoded(_READER, content)
            of_offers = sum([each.worth * each.uses for each in found.offers])
            numbers = tuple([faces[each] for each in found.offers])
            due = "".join([words[each.words] for each in found.due])
            own = None if worth == of_offers else worth
            return layout.pack(head, layout.Parts(own, numbers, due))

        return packed

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
        hard = ((key.use(*row),) for row in reading.hard_uses(self.connection, self.scope, offers))
        tags = groupby(self.writer.sorted(hard, ("tag",), 1))  # two may have the same one
        self.writer.put("hard_uses", (row for row, _ in tags))

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
