"""What the tables hold of a household: which rows, and what erasing makes of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    and_,
    cast,
    delete,
    false,
    func,
    or_,
    select,
    tuple_,
    update,
)  # fmt: skip

from promo import tables
from promo.person import whom
from promo.person.whom import Whom

FORGOTTEN = "forgotten"  # stands in reports where an id was
UNMET = "unmet_bands"  # of a night's report: the one place in it that names households
Where = Callable[[Connection, Sequence[Whom]], ColumnElement[bool]]


@dataclass(frozen=True)
class Rows:
    """Rows of one table that are about a household.

    where: which; cut: what stands in their columns when they are erased, None where they are
    deleted; holds, found, erased: the same for people.
    """

    table: type[tables.Base]
    holds: str
    found: str
    erased: str
    where: Where
    cut: Mapping[str, object] | None = None

    @property
    def name(self) -> str:
        """What the place is called."""
        return f"table {self.table.__tablename__}"

    def give(self, connection: Connection, people: Sequence[Whom]) -> list[dict[str, Any]]:
        """The rows as they are, ready for JSON."""
        found = connection.execute(
            select(self.table.__table__)
            .where(self.where(connection, people))
            .order_by(*self.table.__mapper__.primary_key)
        )
        return [{name: plain(value) for name, value in row.items()} for row in found.mappings()]

    def erase(self, connection: Connection, people: Sequence[Whom]) -> None:
        """Delete the rows, or cut the household out of them."""
        where = self.where(connection, people)
        if self.cut is None:
            connection.execute(delete(self.table).where(where))
        else:
            connection.execute(update(self.table).where(where).values(**self.cut))


def plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _by_id(column: Any) -> Where:
    return lambda _, people: column.in_(whom.shoppers(people))


def _by_list(table: Any, *, also_by_id: bool = False) -> Where:
    def where(_: Connection, people: Sequence[Whom]) -> ColumnElement[bool]:
        ids = [tuple(each) for each in whom.lists(people)]
        # Spelled out: an empty list of pairs is written differently by each database.
        of_list = tuple_(table.key_id, table.counter).in_(ids) if ids else false()
        if not also_by_id:
            return of_list
        return or_(table.shopper.in_(whom.shoppers(people)), of_list)

    return where


def _told(connection: Connection, people: Sequence[Whom]) -> ColumnElement[bool]:
    """Answers to tills that name one of the lists."""
    answer, listed = tables.TillAnswer, [each for person in people for each in person.lists]
    if not listed:
        return false()
    is_sqlite = connection.dialect.name == "sqlite"
    said = cast(answer.answer, Text) if is_sqlite else func.convert_from(answer.answer, "UTF8")
    # No list is used before its night.
    since = date.fromisoformat(min(each.night for each in listed))
    named = [said.contains(each.code, autoescape=True) for each in listed]
    return and_(answer.day >= since, or_(*named))


TABLES: tuple[Rows, ...] = (
    Rows(tables.EarlierIssue, "what stood on its lists before they were issued anew",
         "by the list's serial", "deleted", _by_list(tables.EarlierIssue)),
    Rows(tables.ShopperList, "its lists: due items, offers, codes", "by the household",
         "deleted; the night counts them as forgotten", _by_id(tables.ShopperList.shopper)),
    Rows(tables.Redemption, "the offers that it used: day, store, transaction, money",
         "by the household or the list's serial",
         "household and list are cut; offer, day, store, transaction and money stay for the books",
         _by_list(tables.Redemption, also_by_id=True),
         {"shopper": None, "key_id": None, "counter": None}),
    Rows(tables.Reservation, "offers that a basket of its holds until it is paid",
         "by the household or the list's serial", "household and list are cut",
         _by_list(tables.Reservation, also_by_id=True),
         {"shopper": None, "key_id": None, "counter": None}),
    Rows(tables.Conflict, "what stores gave it while their line was down and ought not have",
         "by the list's serial", "the list is cut; offer, day, store, transaction and money stay",
         _by_list(tables.Conflict), {"key_id": None, "counter": None}),
    Rows(tables.TillAnswer, "what tills were told of its baskets, and the sale for its return",
         "by the list's code in the answer",
         "answer and digest are cut; the sale stays, so that goods can come back", _told,
         {"answer": b"{}", "digest": FORGOTTEN}),
    Rows(tables.Consent, "what it agreed to or took back", "by the household", "deleted",
         _by_id(tables.Consent.shopper)),
    Rows(tables.Card, "its cards", "by the household", "deleted", _by_id(tables.Card.shopper)),
    Rows(tables.Shopper, "name, address, e-mail, language, whether it may be written to",
         "by its id", "deleted", _by_id(tables.Shopper.id)),
)  # fmt: skip
"""In the order in which they may be deleted."""


@dataclass(frozen=True)
class Free:
    """A table without households. `declared`: columns that look like more, and why they are not."""

    why: str
    declared: Mapping[str, str]


FREE: Mapping[str, Free] = {
    "products": Free("what the tills sell", {}),
    "versions": Free("how often tables were written anew", {"name": "a table's"}),
    "stores": Free("shops", {"name": "a shop's"}),
    "shelf_prices": Free("prices", {}),
    "assortment": Free("what stores carry", {}),
    "out_of_stock": Free("what stores are out of", {}),
    "promotions": Free("prices", {}),
    "attempts": Free(
        "runs of commands: stages, counts, how they ended",
        {"facts": "counts and names of files", "stages": "names, seconds and counts"},
    ),
    "deliveries": Free("files that came in: names and counts", {}),
    "offers": Free("offers", {"terms": "rewards and conditions"}),
    "offer_events": Free("what was done to offers", {}),
    "offer_products": Free("goods of offers", {}),
    "promises": Free("sums over all lists of a night", {}),
    "offer_counters": Free("sums over all redemptions of an offer", {}),
    "key_counters": Free("the last serial given out", {"key_id": "a key's number"}),
    "store_keys": Free("keys of stores", {}),
    "coupon_families": Free("goods of coupons", {}),
    "journals": Free("how far stores' journals are taken in", {}),
    "coupon_serials": Free(
        "serials that are taken; the transaction leads to no household",
        {"serial": "a coupon's, which a maker gave out"},
    ),
    "forgotten_cards": Free(
        "32 bits of a salted hash of each, for as long as a till log may be late", {}
    ),
}
OWN: Mapping[str, str] = {
    "household_changes": "whom a change is about, until it is done; then only what was done when",
    "runs": f"a night's report, which names households whose list stayed small (`{UNMET}`)",
}
"""Tables that erasing treats in ways of their own."""


def reports(connection: Connection, people: Sequence[Whom]) -> list[dict[str, Any]]:
    """The nights whose reports name a household: night and report."""
    ids = set(whom.shoppers(people))
    rows = connection.execute(
        select(tables.Run.night, tables.Run.report).order_by(tables.Run.night)
    )
    return [
        {"night": row.night.isoformat(), "report": dict(row.report)}
        for row in rows
        if ids & set(row.report.get(UNMET, ()))
    ]


def renamed(report: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A report that names other households, or none, in their place."""
    if UNMET not in report:
        return report
    return report | {UNMET: [names.get(each, each) for each in report[UNMET]]}
