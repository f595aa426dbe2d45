"""Households that become one, and cards that become a household of their own; past and lists too.

The lake's lines get another household, and profiles are folded anew from them: what comes out is
what a house would hold in which it had never been otherwise. Like all changes, it is noted first
and can be done twice (see `jobs`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from promo import calendar, tables
from promo.errors import Sentence
from promo.house import House
from promo.person import jobs, lines, prints, rows, totals, whom
from promo.person.jobs import Job
from promo.person.lines import Wanted
from promo.shoppers import profile_store
from promo.tables import Card, Consent, Shopper, ShopperList


class ChangeError(Sentence):
    """Households cannot be joined or split so; the message says why."""


@dataclass(frozen=True)
class Moved:
    """What a change moved: files of the lake, and the household that has it now.

    emptied: households that have no card any more, so that only their ids lead to them.
    """

    shopper: str
    parts: int
    emptied: tuple[str, ...] = ()
    was_so: bool = False  # nothing was to be moved


def join(house: House, one: str, into: str) -> Moved:
    """Let one household be part of another: cards, past, lists, uses.

    Raises ChangeError, UnknownHousehold.
    """
    with house.engine.connect() as connection:
        one, into = (whom.household(connection, name) for name in (one, into))
    if one == into:
        raise ChangeError(f"{one} is one household already.")
    wanted = Wanted([one])
    work = {"one": one, "into": into, "cards": [], "was": [one]}
    return _begin(house, "join", wanted, work)


def split(house: House, card: str, into: str | None) -> Moved:
    """Let a card, with its past, be another household's; one that is new unless it is there.

    Lists and uses stay where they are: no list and no use names a card. A new household has
    agreed to nothing yet. What was split so before is left as it is. Raises ChangeError, and
    UnknownHousehold where `into` is another card.
    """
    into = into or f"card:{card}"
    with house.engine.connect() as connection:
        owner = connection.execute(select(Card.shopper).where(Card.card == card)).scalar()
        if owner is None:
            raise ChangeError(f"No household carries the card {card[:64]!r}.")
        if connection.execute(select(Card.card).where(Card.card == into)).scalar() is not None:
            whom.household(connection, into)  # which says whose card it is
    root, wanted = house.settings.paths.lake, Wanted((), [card])
    of = wanted.read(root)["shopper"].unique()
    if {owner, *of} == {into}:
        return Moved(into, 0, was_so=True)
    was: list[str] = sorted({owner, *of.drop_nulls()} - {into})
    work = {"one": owner, "into": into, "cards": [card], "was": was}
    moved = _begin(house, "split", wanted, work)
    return replace(moved, emptied=_without_cards(house, was))


def _without_cards(house: House, ids: Iterable[str]) -> tuple[str, ...]:
    """Of some households those to which no card leads."""
    query = select(Shopper.id).where(Shopper.id.in_(ids), Shopper.id.not_in(select(Card.shopper)))
    with house.engine.connect() as connection:
        return tuple(connection.execute(query.order_by(Shopper.id)).scalars())


def _begin(house: House, kind: str, wanted: Wanted, work: dict[str, Any]) -> Moved:
    root = house.settings.paths.lake
    parts = wanted.parts(root)
    kept = [str(path.relative_to(root)) for path in parts]
    work |= {"scans": kept, "lake": totals.of_scans(parts)}
    job = jobs.begin(house.engine, kind, house.settings.current_day(), 2, work)
    go_on(house, job)
    return Moved(work["into"], len(parts))


def go_on(house: House, job: Job) -> None:
    """Do what is left of a change that was begun."""
    root, work = house.settings.paths.lake, job.work
    parts = [root / name for name in work["scans"]]
    _lake(house, job, parts)
    totals.check({"scans": work["lake"]}, {"scans": totals.of_scans(parts)})
    if job.kind == "join":
        prints.rename(house.settings.paths.out, work["one"], work["into"])
    with jobs.alone(house.engine, job) as connection:
        before = totals.of_database(connection)
        if job.kind == "join":
            _join(connection, work["one"], work["into"])
        else:
            _split(connection, work["one"], work["into"], work["cards"])
        totals.check(before, totals.of_database(connection))
    jobs.end(house.engine, job)


def _lake(house: House, job: Job, parts: Sequence[Path]) -> None:
    """Give lines, and what nights left, to the household that has them now; fold it anew."""
    root, work = house.settings.paths.lake, job.work
    one, into, cards = work["one"], work["into"], work["cards"]
    wanted = Wanted((), cards) if cards else Wanted([one])
    lines.rewrite(parts, lambda frame: lines.of_household(frame, wanted, into))
    concerned = [*work["was"], into]
    profile_store.refold(root, concerned, house.oldest_kept(job.day))
    if job.kind == "join":
        nights = [*lines.nightly(root, "shown"), *lines.nightly(root, "decisions")]
        lines.rewrite(nights, lambda frame: lines.renamed(frame, one, into))


# --- the tables -----------------------------------------------------------------------------------


def _join(connection: Connection, one: str, into: str) -> None:
    gone = connection.execute(select(Shopper.suppressed).where(Shopper.id == one)).scalar()
    if gone is None:
        return  # done before it was killed
    if gone:
        connection.execute(update(Shopper).where(Shopper.id == into).values(suppressed=True))
    connection.execute(update(Card).where(Card.shopper == one).values(shopper=into))
    # Of two lists of a night only one can be the household's own.
    sheet = ShopperList
    moved = {"shopper": into, "joined": sheet.counter}
    connection.execute(update(sheet).where(sheet.shopper == one).values(**moved))
    for table in (tables.Redemption, tables.Reservation):
        connection.execute(update(table).where(table.shopper == one).values(shopper=into))
    _agree(connection, one, into)
    for row in connection.execute(select(tables.Run.night, tables.Run.report)).all():
        report = rows.renamed(row.report, {one: into})
        if report != row.report:
            mine = tables.Run.night == row.night
            connection.execute(update(tables.Run).where(mine).values(report=report))
    connection.execute(delete(Shopper).where(Shopper.id == one))


def _agree(connection: Connection, one: str, into: str) -> None:
    """Let both have agreed only where each did that said anything: the stricter holds."""
    query = select(Consent.shopper, Consent.purpose, Consent.day, Consent.given)
    said: dict[str, dict[str, dict[date, bool]]] = {}
    for row in connection.execute(query.where(Consent.shopper.in_([one, into]))):
        said.setdefault(row.purpose, {}).setdefault(row.shopper, {})[row.day] = row.given
    connection.execute(delete(Consent).where(Consent.shopper.in_([one, into])))
    found = [
        {"shopper": into, "purpose": purpose, "day": day, "given": given}
        for purpose, each in said.items()
        for day, given in stricter(list(each.values())).items()
    ]
    if found:
        connection.execute(insert(Consent), found)


def stricter(said: Sequence[dict[date, bool]]) -> dict[date, bool]:
    """What households that become one agree to: on each day, what all of them did by then.

    Whoever had said nothing by a day has no say in it.
    """
    found = {}
    for day in sorted({day for each in said for day in each}):
        last = [each[max(d for d in each if d <= day)] for each in said if min(each) <= day]
        found[day] = all(last)
    return found


def _split(connection: Connection, one: str, into: str, cards: Sequence[str]) -> None:
    there = connection.execute(select(Shopper.id).where(Shopper.id == into)).scalar()
    if there is None:
        old = connection.execute(select(Shopper.__table__).where(Shopper.id == one)).one()
        row = {"id": into, "bucket": calendar.bucket(into), "name": None,
               "language": old.language, "suppressed": old.suppressed}  # fmt: skip
        connection.execute(insert(Shopper).values(**row))
    connection.execute(update(Card).where(Card.card.in_(cards)).values(shopper=into))
