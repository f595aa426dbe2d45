"""What stands in a pack: its tables, the bytes of a list, and how a delta lies over its base.

A delta has the same tables. In `lists` and `cards` a row without content deletes the base's; in the
small tables `gone` does; rows of `uses`, `faces` and `words` are only ever added or replaced.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from struct import Struct
from typing import NamedTuple

PER_KEY = 10**9  # counters of a key id: see promo.lists.codes.keys.MAX_COUNTER
LIST_BYTES = 5  # of a list's id in `cards`
EPOCH = date(1970, 1, 1)  # from which `uses.day` counts days
# window, store, household, issue (LAST_ISSUE: that or more), offers with WIDE and OWN_WORTH
HEADER = Struct("<HHQBB")
WINDOW = slice(0, 2)  # its bytes in a row
WIDE = 0x80  # added to the number of offers where some face has a number of 65,536 or more
OWN_WORTH = 0x40  # and where the list's worth is not what its offers take off together
MOST_OFFERS = 0x3F
LAST_ISSUE = 0xFF
SURROGATES = range(0xD800, 0xE000)  # which UTF-8 has not, so no word's number

SCHEMA = """
create table lists (id integer primary key, row blob);
create table cards (card integer primary key, lists);
create table uses (household integer, tag integer, list integer, offer integer, uses integer,
  promised integer, day integer, primary key (household, tag)) without rowid;
create table faces (id integer primary key, item text);
create table words (id integer primary key, said text);
create table windows (id integer primary key, night text, first_day text, last_day text,
  state text, gone integer);
create table stores (number integer primary key, id text, name text, gln text, time_zone text,
  language text, gone integer);
create table offers (number integer primary key, id text, starts text, ends text, funder text,
  objective text, hard integer, state text, budget_money integer, budget_redemptions integer,
  terms text, sentence text, gone integer);
create table offer_products (offer integer, product text, purchase integer, gone integer,
  primary key (offer, product, purchase)) without rowid;
create table excluded (product text primary key, gone integer) without rowid;
create table coupon_families (prefix text, family text, product text, gone integer,
  primary key (prefix, family, product)) without rowid;
create table offer_counters (offer integer primary key, uses integer, money integer, gone integer);
create table hard_uses (tag integer primary key);
create table store_keys (id integer primary key, store text, verbs text, salt text, hash text,
  created text, expires text, revoked text, gone integer);
create table coupon_serials (coupon text, serial text, gone integer,
  primary key (coupon, serial)) without rowid;
"""


class Table(NamedTuple):
    """A table's key and its other columns, but for `gone`."""

    key: Sequence[str]
    rest: Sequence[str]


SMALL: Mapping[str, Table] = {  # which have a column `gone`
    "windows": Table(("id",), ("night", "first_day", "last_day", "state")),
    "stores": Table(("number",), ("id", "name", "gln", "time_zone", "language")),
    "offers": Table(
        ("number",),
        ("id", "starts", "ends", "funder", "objective", "hard", "state", "budget_money",
         "budget_redemptions", "terms", "sentence"),
    ),
    "offer_products": Table(("offer", "product", "purchase"), ()),
    "excluded": Table(("product",), ()),
    "coupon_families": Table(("prefix", "family", "product"), ()),
    "offer_counters": Table(("offer",), ("uses", "money")),
    "store_keys": Table(
        ("id",), ("store", "verbs", "salt", "hash", "created", "expires", "revoked")
    ),
    "coupon_serials": Table(("coupon", "serial"), ()),
}  # fmt: skip
BIG: Mapping[str, Table] = {
    "lists": Table(("id",), ("row",)),
    "cards": Table(("card",), ("lists",)),
}
"""Tables in which a row without content deletes the base's."""
ADDED: Mapping[str, Table] = {
    "faces": Table(("id",), ("item",)),
    "words": Table(("id",), ("said",)),
    "hard_uses": Table(("tag",), ()),
    "uses": Table(("household", "tag"), ("list", "offer", "uses", "promised", "day")),
}
"""Tables of which nothing is ever gone."""
TABLES: Mapping[str, Table] = {**BIG, **ADDED, **SMALL}


def columns(name: str) -> tuple[str, ...]:
    """The columns of a table but `gone`."""
    return (*TABLES[name].key, *TABLES[name].rest)


def merged(name: str) -> str:
    """SQL for the rows of a table as they stand in the base `pack` with `delta` over it."""
    table, names = TABLES[name], ", ".join(columns(name))
    same = " and ".join(f"d.{column} = b.{column}" for column in table.key)
    kept = " where gone is null" if name in SMALL else ""
    kept = f" where {table.rest[0]} is not null" if name in BIG else kept
    return (
        f"select {names} from delta.{name}{kept} union all select {names} from pack.{name} b "
        f"where not exists (select 1 from delta.{name} d where {same})"
    )


def list_id(key_id: int, counter: int) -> int:
    """The id of a list in a pack, from what its code says."""
    return key_id * PER_KEY + counter


class Parts(NamedTuple):
    """What follows a header: worth where it is not the offers' own, faces, due as characters."""

    worth: int | None
    faces: tuple[int, ...]
    due: str


def pack(head: Sequence[int], parts: Parts) -> bytes:
    """The bytes of a list: HEADER, perhaps its worth, a number a face, a character a due word.

    head: all of HEADER but the number of offers. UTF-8 gives frequent words one byte and all others
    two or three, and Python takes it apart in C.
    """
    own, faces, due = parts
    if len(faces) > MOST_OFFERS:
        raise ValueError(f"{len(faces)} offers are on a list; a pack holds {MOST_OFFERS}")
    offers = len(faces) | WIDE * (max(faces, default=0) > 0xFFFF)
    numbers = faces
    if own is not None:
        offers, numbers = offers | OWN_WORTH, (own, *faces)
    return HEADER.pack(*head, offers) + NUMBERS[offers].pack(*numbers) + due.encode()


def unpack(raw: bytes) -> Parts:
    """What follows the header of a list."""
    offers = raw[HEADER.size - 1]
    reader = NUMBERS[offers]
    numbers, due = reader.unpack_from(raw, HEADER.size), raw[HEADER.size + reader.size :].decode()
    return Parts(numbers[0], numbers[1:], due) if offers & OWN_WORTH else Parts(None, numbers, due)


NUMBERS = [
    Struct(f"<{'I' * bool(n & OWN_WORTH)}{n & MOST_OFFERS}{'I' if n & WIDE else 'H'}")
    for n in range(256)
]


def pack_ids(lists: Sequence[int]) -> int | bytes:
    """A card's lists: most cards have one, and SQLite writes small numbers in fewer bytes."""
    if len(lists) == 1:
        return lists[0]
    return b"".join(each.to_bytes(LIST_BYTES, "big") for each in lists)


def unpack_ids(stored: int | bytes) -> list[int]:
    """The lists that `pack_ids` wrote."""
    if isinstance(stored, int):
        return [stored]
    return [
        int.from_bytes(stored[at : at + LIST_BYTES], "big")
        for at in range(0, len(stored), LIST_BYTES)
    ]
