"""What is stored of lists, read through once: what their content says, added up by night."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Row, Select, Text, cast, select, true

from promo import tables
from promo.checking.findings import Finding
from promo.checking.look import STREAM, Look
from promo.lists.items import Draft, OfferItem
from promo.offers.budgets import SUMS, Promised, promise_rows

SHEET = tables.ShopperList.__table__.c
EARLIER = tables.EarlierIssue.__table__.c
FIGURES = ("uses", "money", *SUMS)
READ = msgspec.json.Decoder(dict[str, Any]).decode
UNREAD = (msgspec.MsgspecError, ValueError, TypeError, KeyError)
MOST = 1000  # findings that are kept of a night
RESTORE = "Restore the database from a backup; a draft is made anew by `promo nightly`."


@dataclass(frozen=True)
class Sheet:
    """A list and what stands on it; `first`: what stood on it when its night was made."""

    row: Row[Any]
    draft: Draft
    first: Draft


@dataclass(frozen=True)
class Unreadable:
    """A list whose content is none."""

    row: Row[Any]
    why: str


def stream(look: Look, night: date) -> Iterator[Sheet | Unreadable]:
    """A night's lists by key and counter, read a few at a time."""
    names = ("key_id", "counter", "code", "shopper", "store", "issue", "worth", "first_day",
             "last_day", "night")  # fmt: skip
    first = (
        (EARLIER.key_id == SHEET.key_id) & (EARLIER.counter == SHEET.counter) & (EARLIER.issue == 1)
    )
    query = (
        select(*(SHEET[name] for name in names), cast(SHEET.content, Text).label("content"),
               cast(EARLIER.content, Text).label("first_content"))
        .outerjoin(tables.EarlierIssue, first)
        .where(SHEET.night == night)
        .order_by(SHEET.key_id, SHEET.counter)
    )  # fmt: skip
    for row in look.rows(query):
        try:
            draft = unpacked(row, row.content)
            begun = draft if row.first_content is None else unpacked(row, row.first_content)
        except UNREAD as error:
            yield Unreadable(row, str(error))
        else:
            yield Sheet(row, draft, begun)


def unpacked(row: Row[Any], content: str) -> Draft:
    """What a stored content says. Raises what msgspec and json raise."""
    return Draft.restored(content, shopper=row.shopper, name="", language="en", store=row.store)


@dataclass
class Promises:
    """What lists promise, by offer: sums of FIGURES, added up as lists come."""

    by_offer: dict[str, dict[str, float]] = field(default_factory=dict)
    waiting: list[Promised] = field(default_factory=list)

    def add(self, items: Sequence[OfferItem]) -> None:
        """Take a list's offers in."""
        self.waiting += [Promised(i.offer, i.probability, i.worth, i.uses) for i in items]
        if len(self.waiting) > STREAM:
            self.reckon()

    def reckon(self) -> dict[str, dict[str, float]]:
        """The sums by offer."""
        for row in promise_rows(self.waiting) if self.waiting else ():
            own = self.by_offer.setdefault(row["offer"], dict.fromkeys(FIGURES, 0))
            for name in FIGURES:
                own[name] += row[name]
        self.waiting.clear()
        return self.by_offer


@dataclass
class Night:
    """A night's lists in sums, and what is odd about single ones."""

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("lists", "due", "offers", "worth"), 0)
    )
    stores: set[str] = field(default_factory=set)
    windows: dict[tuple[Any, Any], str] = field(default_factory=dict)  # with a list's code
    promises: Promises = field(default_factory=Promises)
    offers: dict[tuple[str, bool], str] = field(default_factory=dict)  # by issued anew; a code
    odd: list[Finding] = field(default_factory=list)
    unread: int = 0  # lists of which no sum could be made

    def add(self, each: Sheet | Unreadable) -> None:
        """Count a list."""
        row = each.row
        self.counts["lists"] += 1
        self.stores.add(row.store)
        self.windows.setdefault((row.first_day, row.last_day), row.code)
        if isinstance(each, Unreadable):
            self.unread += 1
            self._say(row, "its content cannot be read:", each.why, "due items and offers")
            return
        self.counts["due"] += len(each.first.due)
        self.counts["offers"] += len(each.first.offers)
        self.counts["worth"] += each.first.worth
        self.promises.add(each.draft.offers)
        if each.draft.worth != row.worth:
            worth = f"{row.worth:,} minor units"
            self._say(row, "it is said to be worth", worth, f"{each.draft.worth:,}, as its offers")
        seen = set[str]()
        for item in each.draft.offers:
            self.offers.setdefault((item.offer, row.issue > 1), row.code)
            if item.offer in seen:
                self._say(row, "an offer stands on it twice:", item.offer, "each offer once")
            seen.add(item.offer)

    def _say(self, row: Row[Any], what: str, value: str, expected: str) -> None:
        if len(self.odd) < MOST:
            self.odd.append(Finding(f"list {row.code}", what, value, expected, RESTORE))


def night(look: Look, day: date) -> Night:
    """A night's lists, read through once a look."""
    found = look.kept.get(("lists", day))
    if found is None:
        found = look.kept["lists", day] = Night()
        for each in stream(look, day):
            found.add(each)
    assert isinstance(found, Night)
    return found


def forgotten(run: Row[Any]) -> int:
    """Lists of the night whose households were forgotten since: their rows are gone."""
    return int(run._mapping.get("forgotten", 0))


def own(columns: Any) -> ColumnElement[bool]:
    """That a list was made for the household that has it, and did not come with one that joined."""
    joined = columns.get("joined")
    return true() if joined is None else joined == 0


def by_offer(look: Look, query: Select[*tuple[Any, ...]]) -> dict[str, Row[Any]]:
    """The rows of a query by their `offer`, of which each has one."""
    return {row.offer: row for row in look.rows(query)}
