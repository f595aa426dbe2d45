"""`promo forget`: a household leaves the house, its totals stay, and both are proved.

First a row says whom (see `jobs`), then files are rewritten, each as a whole; then one transaction
takes the rows out of the tables and holds all totals against those before; then everything is
searched; then the row names nobody any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select, update

from promo import tables
from promo.database import CHUNK
from promo.house import House
from promo.lists.codes.keys import CodeKeys
from promo.person import jobs, lines, prints, rows, searching, set_aside, totals, whom
from promo.person.jobs import Job
from promo.person.lines import Wanted
from promo.person.searching import Found, Needles
from promo.person.whom import Whom
from promo.scans import forgotten
from promo.shoppers import profile_store


@dataclass(frozen=True)
class Outcome:
    """What was done and proved.

    totals: a line each; found: what is left of them, which should be nothing; left_out: kinds of
    facts that tell no household and were not searched; printed: folders that were cut.
    """

    households: int
    totals: list[str]
    found: list[Found]
    left_out: tuple[str, ...]
    printed: list[Path]
    notice: str


def forget(
    house: House, keys: CodeKeys, cards: Iterable[str], also: Sequence[Path],
    ids: Iterable[str] = (),
) -> Outcome:  # fmt: skip
    """Forget the households that carry some cards, and those of some ids.

    also: logs and the like to search, too. Raises UnknownCard, UnknownHousehold, Differs and Moved,
    with nothing changed by what would have been wrong; and Busy where somebody prints.
    """
    with house.engine.connect() as connection:
        people = whom.named(connection, house.settings, keys, cards, ids)
        shared = searching.shared(connection, people)
    root = house.settings.paths.lake
    scans = Wanted(whom.shoppers(people), whom.cards(people)).parts(root)
    shown = lines.nightly(root, "shown")
    work = {
        "people": [person.stored() for person in people],
        "shared": [list(fact) for fact in shared],
        "scans": [str(path.relative_to(root)) for path in scans],
        "shown": [str(path.relative_to(root)) for path in shown],
        "lake": totals.of_lake(scans, shown),
    }
    day = house.settings.current_day()
    return go_on(house, jobs.begin(house.engine, "forget", day, len(people), work), also)


def go_on(house: House, job: Job, also: Sequence[Path] = ()) -> Outcome:
    """Do what is left of a change that was begun."""
    work, root = job.work, house.settings.paths.lake
    people = [Whom.restored(each) for each in work["people"]]
    needles = Needles.of(people, [(kind, value) for kind, value in work["shared"]])
    scans, shown = ([root / path for path in work[name]] for name in ("scans", "shown"))
    printed = _files(house, job, people, scans, shown)
    after = totals.of_lake(scans, shown)
    totals.check(work["lake"], after)
    told = totals.lines(work["lake"], after) + _rows(house, job, people)
    # Once more, for a till that was at work on a list when it went.
    _rows(house, job, people)
    with house.engine.connect() as connection:
        found = searching.search(connection, house.settings, needles, also)
    notice = jobs.end(house.engine, job)
    return Outcome(len(people), told, found, needles.left_out, printed, notice)


def _files(
    house: House, job: Job, people: Sequence[Whom], scans: Sequence[Path], shown: Sequence[Path]
) -> list[Path]:
    paths, ids = house.settings.paths, whom.shoppers(people)
    wanted = Wanted(ids, whom.cards(people))
    lines.rewrite(scans, lambda frame: lines.without_household(frame, wanted))
    profile_store.refold(paths.lake, ids, house.oldest_kept(job.day))
    lines.rewrite(shown, lambda frame: lines.shown_to_nobody(frame, ids))
    lines.drop_decisions(lines.nightly(paths.lake, "decisions"), ids)
    set_aside.erase(paths.state, people)
    return prints.erase(paths.out, people)


def _rows(house: House, job: Job, people: Sequence[Whom]) -> list[str]:
    """Take a household's rows out of the tables; returns the totals, a line each. Raises Moved."""
    with jobs.alone(house.engine, job) as connection:
        before = totals.of_database(connection)
        _count_lists(connection, people)
        _reports(connection, house, people)
        cards, late = whom.cards(people), house.settings.ingest.late_days
        forgotten.remember(connection, cards, job.day, late)
        for place in rows.TABLES:
            for start in range(0, len(people), CHUNK):
                place.erase(connection, people[start : start + CHUNK])
        after = totals.of_database(connection)
        totals.check(before, after)
    return totals.lines(before, after)


def _count_lists(connection: Connection, people: Sequence[Whom]) -> None:
    """Let nights know how many lists they had, though the rows go."""
    sheet, run = tables.ShopperList, tables.Run
    query = (
        select(sheet.night, func.count())
        .where(sheet.shopper.in_(whom.shoppers(people)))
        .group_by(sheet.night)
    )
    for night, count in connection.execute(query).all():
        more = run.forgotten + count
        connection.execute(update(run).where(run.night == night).values(forgotten=more))


def _reports(connection: Connection, house: House, people: Sequence[Whom]) -> None:
    """Let nights' reports say what their folders say now, and name nobody."""
    run, names = tables.Run, dict.fromkeys(whom.shoppers(people), rows.FORGOTTEN)
    nights = {each.night for person in people for each in person.lists}
    for row in connection.execute(select(run.night, run.report)).all():
        report: dict[str, Any] = rows.renamed(row.report, names)
        night = row.night.isoformat()
        if report and (night in nights or report != row.report):
            report |= prints.files_of(house.settings.paths.out / night)
        if report != row.report:
            connection.execute(update(run).where(run.night == row.night).values(report=report))
