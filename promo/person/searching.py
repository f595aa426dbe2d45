"""A search for anything of a household that is left, in everything that the house holds.

It looks into all tables, all of the lake, models, what is printed (but for what PDF packs away,
which its manifest names), lines set aside, and logs that it is told of. It knows nothing of the map
by which things are erased, so that it finds what the map forgot; and it says kinds and places,
never a value.
"""

import html
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import JSON, Connection, LargeBinary, String, Text, cast, or_, select

from promo import tables
from promo.config import Settings
from promo.person.whom import FACTS, Whom

LEAST = 6  # characters from which a fact, and letters and digits from which an id, tell a household
ID_LEAST = 8
WHOSE = frozenset({"shopper", "card", "shoppers.id"})  # columns of nothing but ids and cards
NUMBERS = frozenset({"transaction", "of_transaction", "till", "of_till", "product", "item", "unit"})
"""Columns of the tills' own numbers, which may happen to be somebody's id."""
TOGETHER = 2000  # rows looked at as one text
PACKED = (".pdf", ".png")
LONG = 12  # characters from which a value may stand within a longer one


@dataclass(frozen=True)
class Found:
    """Something that is left: what kind of value, and where."""

    kind: str
    place: str


@dataclass(frozen=True)
class Needles:
    """What is looked for: ids where ids stand, and what tells a household anywhere."""

    ids: frozenset[str]
    anywhere: tuple[tuple[str, str], ...]  # kind and value, also as JSON and HTML write it
    lists: frozenset[tuple[int, int]]
    left_out: tuple[str, ...] = ()  # kinds that tell no household, being short or others' too

    @classmethod
    def of(cls, people: Sequence[Whom], shared: Iterable[tuple[str, str]] = ()) -> "Needles":
        """What is looked for of some households; shared: facts that others have as well."""
        facts = [fact for person in people for fact in person.facts]
        others = set(shared)
        told = [fact for fact in facts if len(fact[1]) >= LEAST and fact not in others]
        ids = [("id", p.shopper) for p in people]
        ids += [("card", card) for p in people for card in p.cards]
        codes = [(kind, code) for p in people for each in p.lists for kind, code in
                 (("list code", each.code[3:]), ("short code", each.short),
                  ("short code", each.short.replace("-", "")), ("EAN-13", each.ean))]  # fmt: skip
        long = [each for each in ids if len(each[1]) >= ID_LEAST]
        values = {(kind, form) for kind, value in (*told, *long, *codes) if value
                  for form in _forms(value)}  # fmt: skip
        return cls(
            frozenset(value for _, value in ids),
            tuple(sorted(values)),
            frozenset((each.key_id, each.counter) for p in people for each in p.lists),
            tuple(sorted({kind for kind, value in facts if (kind, value) not in told})),
        )

    def in_text(self, text: str) -> set[str]:
        """The kinds of values that stand in a text as words of their own."""
        return {kind for kind, value in self.anywhere if value in text and _stands(value, text)}


def _forms(value: str) -> set[str]:
    return {value, json.dumps(value)[1:-1], html.escape(value), html.escape(value, quote=False)}


def _stands(value: str, text: str) -> bool:
    """Whether a value is a word of its own; what is long may be part of a longer one."""
    if len(value) >= LONG and value.isdecimal():
        return True
    return re.search(rf"(?<![^\W_]){re.escape(value)}(?![^\W_])", text) is not None


def shared(connection: Connection, people: Sequence[Whom]) -> list[tuple[str, str]]:
    """Facts of households that others have in theirs, too: they lead to no household alone."""
    who = tables.Shopper
    ids = [person.shopper for person in people]
    found = []
    for fact in dict.fromkeys(fact for person in people for fact in person.facts):
        holds = [getattr(who, name).contains(fact[1], autoescape=True) for name in FACTS]
        query = select(who.id).where(who.id.not_in(ids), or_(*holds)).limit(1)
        if connection.execute(query).first() is not None:
            found.append(fact)
    return found


def search(
    connection: Connection, settings: Settings, needles: Needles, also: Iterable[Path] = ()
) -> list[Found]:
    """Everything that is found, by place. also: more files or folders, such as logs."""
    paths = settings.paths
    places = [paths.lake, paths.models, paths.out, paths.state / "rejects", *also]
    found = {*_in_tables(connection, needles)}
    for place in places:
        for path in _files(place):
            found |= {Found(kind, str(path)) for kind in _in_file(path, needles)}
    return sorted(found, key=lambda each: (each.place, each.kind))


# --- the database ---------------------------------------------------------------------------------


def _in_tables(connection: Connection, needles: Needles) -> Iterator[Found]:
    for table in tables.Base.metadata.sorted_tables:
        if table.name == tables.HouseholdChange.__tablename__:
            continue  # it says whom this change is about until the change is done
        for column in table.columns:
            if isinstance(column.type, String | JSON | LargeBinary):
                plain = isinstance(column.type, LargeBinary)
                what = column if plain else cast(column, Text)
                query = select(what).execution_options(yield_per=TOGETHER)
                rows = connection.execute(query)
                for some in rows.scalars().partitions(TOGETHER):
                    name = column.name if column.name in WHOSE else f"{table.name}.{column.name}"
                    for kind in _in_values(name, column.name, some, needles):
                        yield Found(kind, f"table {table.name}, column {column.name}")
        if {"key_id", "counter"} <= set(table.columns.keys()):
            pairs = connection.execute(select(table.c.key_id, table.c.counter))
            if any((row.key_id, row.counter) in needles.lists for row in pairs):
                yield Found("list serial", f"table {table.name}")


def _in_values(whose: str, name: str, values: Iterable[object], needles: Needles) -> set[str]:
    texts = [v.decode("utf-8", "replace") if isinstance(v, bytes) else str(v)
             for v in values if v is not None]  # fmt: skip
    if whose in WHOSE:
        return {"id or card"} if needles.ids.intersection(texts) else set()
    return set() if name in NUMBERS else needles.in_text("\n".join(texts))


# --- files ----------------------------------------------------------------------------------------


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    return sorted(path for path in place.rglob("*") if path.is_file())


def _in_file(path: Path, needles: Needles) -> set[str]:
    found = needles.in_text(path.name)
    if path.suffix == ".parquet":
        schema = pl.read_parquet_schema(path)
        for name in (name for name, kind in schema.items() if kind == pl.String()):
            values = pl.scan_parquet(path).select(pl.col(name).unique()).collect()[name]
            found |= _in_values(name, name, values, needles)
    elif path.suffix not in PACKED:
        found |= needles.in_text(path.read_bytes().decode("utf-8", "replace"))
    return found
