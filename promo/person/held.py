"""The one map of personal data: every place where something of a household is held.

`promo export-person` gives what these places give, `promo forget` erases them; docs/privacy.md is
held against them by a test, and so are all tables, columns and folders.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from sqlalchemy import Connection

from promo import calendar, shopper, tables
from promo.house import House
from promo.person import lines, prints, rows, set_aside
from promo.person.lines import Wanted
from promo.person.rows import Rows
from promo.person.whom import Whom
from promo.scans.columns import LINE
from promo.shoppers import profile_store
from promo.shoppers.models import ModelError

Given = list[dict[str, Any]]


@dataclass(frozen=True)
class Kept:
    """Files that hold something of a household; holds, found, erased: as in rows.Rows."""

    name: str
    holds: str
    found: str
    erased: str
    give: Callable[[House, Whom], Given]


def _scans(house: House, who: Whom) -> Given:
    wanted = Wanted((who.shopper,), who.cards)
    return _plain(wanted.read(house.settings.paths.lake).drop("bucket"))


def _profile(house: House, who: Whom) -> Given:
    bucket = calendar.bucket(who.shopper)
    profile = profile_store.read(house.settings.paths.lake, [bucket])
    return _plain(profile.filter(pl.col("shopper") == who.shopper))


def _of_nights(kind: str) -> Callable[[House, Whom], Given]:
    def give(house: House, who: Whom) -> Given:
        paths = lines.nightly(house.settings.paths.lake, kind)
        return [row for frame in lines.named(paths, [who.shopper]) for row in _plain(frame)]

    return give


def _plain(frame: pl.DataFrame) -> Given:
    rows_ = frame.drop(LINE, strict=False).to_dicts()
    return [{name: rows.plain(value) for name, value in row.items()} for row in rows_]


FILES: tuple[Kept, ...] = (
    Kept("lake/scans", "every line of its shopping, with card and household",
         "by the household and by its cards",
         "card and household are cut; the line stays, as one without a card", _scans),
    Kept("lake/profiles", "what it bought, by product, store and day", "by the household",
         "folded anew: it is gone", _profile),
    Kept("lake/shown", "what stood on its lists, with which probability", "by the household",
         "household and list are cut; the rows stay, for sums over all", _of_nights("shown")),
    Kept("lake/decisions", "what nights weighed for it and why", "by the household", "deleted",
         _of_nights("decisions")),
    Kept("out", "its printed lists: pages, messages, rows of manifests",
         "by the codes of its lists",
         "pages, messages and rows are cut; what was handed over has left the house",
         lambda house, who: [*prints.give(house.settings.paths.out, [who])]),
    Kept("rejects", "rows of lines set aside that quote a card or an id",
         "by the value that is quoted", "rows are deleted",
         lambda house, who: [*set_aside.give(house.settings.paths.state, [who])]),
)  # fmt: skip

NOTHING: Mapping[str, str] = {
    "lake/corrected": "transactions that a log corrected: store, till, day and number",
    "lake/prices": "what budgets cost a night",
    "lake/products": "a copy of the products",
    "lake/voided": "transactions that others void: store, till, day and number of both",
    "lake/watch": "sums over all lists of a night",
    "models": "sums and weights over all households: none has a row of its own",
    "packs": "lists and cards under numbers that say nothing without a key; a pack made after "
    "`promo forget` has nothing of the household, and older ones soon expire",
    "logs": "neither promo's commands nor its service write a name, card, code or id",
}
"""Where nothing of any one household is held, and why."""


def places() -> tuple[Rows | Kept, ...]:
    """All places, tables first."""
    return (*rows.TABLES, *FILES)


def export(house: House, connection: Connection, who: Whom) -> dict[str, Any]:
    """All that is held of a household, place by place, and what is reckoned from it today."""
    held: dict[str, Any] = {}
    for place in places():
        held[place.name] = {"what": place.holds, "rows": _given(place, house, connection, who)}
    named = rows.reports(connection, [who])
    held["table runs"] = {"what": rows.OWN["runs"], "rows": [each["night"] for each in named]}
    return {
        "household": who.shopper,
        "cards": list(who.cards),
        "made": house.settings.current_day().isoformat(),
        "held": held,
        "reckoned": _reckoned(house, who),
    }


def _given(place: Rows | Kept, house: House, connection: Connection, who: Whom) -> Given:
    if isinstance(place, Rows):
        return place.give(connection, [who])
    return place.give(house, who)


def _reckoned(house: House, who: Whom) -> dict[str, Any] | None:
    """What `promo shopper` says of it today; None where there is no card or no model."""
    if not who.cards:
        return None
    try:
        return shopper.of_card(house, who.cards[0], house.settings.current_day(), name=True)
    except ModelError:
        return None


def as_markdown() -> str:
    """The map as the tables of docs/privacy.md."""
    head = (
        "| where | what is held | how it is found | what `promo forget` does |\n|---|---|---|---|\n"
    )
    some = "".join(f"| {p.name} | {p.holds} | {p.found} | {p.erased} |\n" for p in places())
    own = "".join(f"| table {name} | {what} | by the household | its id is cut |\n"
                  for name, what in rows.OWN.items())  # fmt: skip
    free = {f"table {name}": each.why for name, each in rows.FREE.items()} | dict(NOTHING)
    none = "".join(f"| {name} | {why} |\n" for name, why in free.items())
    return f"{head}{some}{own}\n| where nothing is held | because |\n|---|---|\n{none}"


def undeclared() -> list[str]:
    """Columns that the map does not know of: of new tables, or of such as look personal."""
    known = {place.table.__tablename__ for place in rows.TABLES} | rows.OWN.keys()
    found = []
    for table in tables.Base.metadata.sorted_tables:
        if table.name in known:
            continue
        free = rows.FREE.get(table.name)
        if free is None:
            found.append(table.name)
            continue
        found += [
            f"{table.name}.{column.name}"
            for column in table.columns
            if (column.name in SUSPECT or str(column.type) in ("JSON", "BLOB"))
            and column.name not in free.declared
        ]
    return found


SUSPECT = frozenset({
    "shopper", "household", "card", "name", "email", "phone", "line1", "line2", "address",
    "postal_code", "birthday", "key_id", "counter", "list_code", "serial", "person",
})  # fmt: skip
"""Names of columns that would be somebody's."""
