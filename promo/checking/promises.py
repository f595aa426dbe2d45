"""Promises: what the table says of a night is what its lists promise, reckoned anew."""

import math
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Row, Text, case, cast, func, select

from promo import tables
from promo.checking import sheets
from promo.checking.findings import Check, Finding
from promo.checking.look import Look
from promo.checking.sheets import EARLIER, FIGURES, SHEET
from promo.lists.items import OfferItem

USED = tables.Redemption.__table__.c
NEAR = 1e-9  # relative: sums are added up in another order
DUST = 1e-6
Sums = Mapping[str, float]


def promises(look: Look) -> Iterator[Finding]:
    """The promises of each night are the sums over its lists' offers."""
    table = tables.Promise.__table__
    for run in look.runs:
        stored = sheets.by_offer(look, select(table).where(table.c.night == run.night))
        listed = sheets.night(look, run.night)
        if listed.unread:
            continue  # of lists that cannot be read no sum can be made
        reckoned, used = listed.promises.reckon(), _used_of_what_left(look, run.night)
        for offer in sorted(stored.keys() | reckoned.keys() | used.keys()):
            row = stored.get(offer)
            yield from _promise(run, offer, row, reckoned.get(offer), used.get(offer))
            if row is not None and run.report and f"{row.last_day}" != run.report["last_day"]:
                yield Finding(_where(run.night, offer), "the promise ends on", f"{row.last_day}",
                              f"{run.report['last_day']}, as its lists", ADVICE)  # fmt: skip


ADVICE = (
    "Budgets hold too much or too little for these lists: restore the database from a backup; a "
    "draft is made anew by `promo nightly`."
)


def _where(night: date, offer: str) -> str:
    return f"promises, {night}, offer {offer}"


def _promise(
    run: Row[Any],
    offer: str,
    row: Row[Any] | None,
    reckoned: Sums | None,
    used: tuple[Sums, Sums] | None,
) -> Iterator[Finding]:
    none = dict.fromkeys(FIGURES, 0.0)
    held = none if row is None else row._mapping
    least, most = used or (none, none)
    for name in FIGURES:
        on_lists = (reckoned or none)[name]
        low, high = on_lists + least[name], on_lists + most[name]
        if sheets.forgotten(run):  # what they promised stays, and stands on no list any more
            high = math.inf
        if not _between(held[name], low, high):
            yield Finding(
                _where(run.night, offer), f"`{name}` is", f"{held[name]:.10g}",
                f"{low:.10g}" + ("" if math.isclose(low, high) else f" to {high:.10g}")
                + ", the sum over the night's lists", ADVICE,
            )  # fmt: skip
            return  # the others follow from it


def _between(value: float, low: float, high: float) -> bool:
    room = NEAR * max(abs(low), abs(value)) + DUST
    return low - room <= value <= high + room


def _used_of_what_left(look: Look, night: date) -> Mapping[str, tuple[Sums, Sums]]:
    """What redemptions had taken of offers that left lists issued anew, by offer.

    That part of a promise stays, and is spent. How much of it was taken back before the new issue
    cannot be told from afterwards: so at least, and at most.
    """
    found: dict[str, tuple[dict[str, float], dict[str, float]]] = {}
    done = set[tuple[int, int, str]]()
    for row in look.rows(_taken(night)):
        key = (row.key_id, row.counter, row.offer)
        item = _on(row.earlier, row.offer)
        if key in done or item is None or _on(row.newest, row.offer) is not None:
            continue
        done.add(key)
        none = dict.fromkeys(FIGURES, 0.0)
        least, most = found.setdefault(row.offer, (none, dict(none)))
        for name, each in _of_a_use(item).items():
            least[name] += int(row.left) * each
            most[name] += int(row.taken) * each
    return found


def _on(content: str, offer: str) -> OfferItem | None:
    items = map(OfferItem.unpacked, sheets.READ(content)["offers"])
    return next((item for item in items if item.offer == offer), None)


def _taken(night: date) -> Any:
    """Promised uses by list that was issued anew and offer, with each issue, the newest first."""
    used = (
        select(
            USED.key_id, USED.counter, USED.offer, func.sum(USED.promised).label("left"),
            func.sum(case((USED.promised > 0, USED.promised), else_=0)).label("taken"),
        )
        .where(USED.night == night, USED.promised != 0)
        .group_by(USED.key_id, USED.counter, USED.offer)
        .subquery()
    )  # fmt: skip
    return (
        select(used, cast(EARLIER.content, Text).label("earlier"),
               cast(SHEET.content, Text).label("newest"))
        .join(tables.ShopperList,
              (SHEET.key_id == used.c.key_id) & (SHEET.counter == used.c.counter))
        .join(tables.EarlierIssue,
              (EARLIER.key_id == used.c.key_id) & (EARLIER.counter == used.c.counter))
        .where(SHEET.issue > 1)
        .order_by(used.c.key_id, used.c.counter, used.c.offer, EARLIER.issue.desc())
    )  # fmt: skip


def _of_a_use(item: OfferItem) -> Sums:
    """The sums of one promised use: see tables.Promise."""
    p, c = item.probability, float(item.worth)
    return {
        "uses": 1, "money": c, "money_1": p * c, "money_2": p * c**2, "money_3": p * c**3,
        "money_22": (p * c) ** 2, "uses_1": p, "uses_22": p**2,
    }  # fmt: skip


CHECKS = (Check("promises", "what is promised of offers is what lists promise", promises),)
