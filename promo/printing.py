"""Printing what is stored: a night or a part of it into a folder; promo.one_list prints one.

A night prints itself by the same path, so that what is printed later is what was printed then.
"""

import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import Connection, Engine, select

from promo import database, tables
from promo.config import Settings
from promo.files import only_one_in, reached
from promo.lists import stored
from promo.lists.codes.keys import CodeKeys
from promo.lists.press.books import Book, Done, Job, print_job
from promo.lists.press.formats import PrintError
from promo.lists.press.made_from import made_from
from promo.lists.press.worker import RECORDS, Shop
from promo.lists.stored import Found, Which
from promo.swapping import aside, swap_in

if TYPE_CHECKING:
    from promo.progress import Progress  # and with it what draws on a terminal


SOME = 8  # stores that are named where one has no lists


@dataclass(frozen=True)
class Wanted:
    """What to print of a night: a store's lists or all, in some formats, into a folder."""

    night: date
    formats: Sequence[str]
    store: str | None = None
    output: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """Where a night was printed, how often each file's kind, and whether it may still change."""

    folder: Path
    lists: int
    done: Done
    draft: bool


def shop(settings: Settings, engine: Engine, keys: CodeKeys) -> Shop:
    """What workers need to print for a house."""
    url = engine.url.render_as_string(hide_password=False)
    return Shop(settings, keys, url, made_from(settings))


def title(settings: Settings, night: date) -> str:
    """What the documents of a night are called."""
    return f"{settings.banner}, lists of {night}"


def by_store(lists: Iterable[Found]) -> list[Book]:
    """A book a store."""
    found: dict[str, list[Found]] = {}
    for each in lists:
        found.setdefault(each.store, []).append(each)
    # A store's id may hold any sign, also those that lead out of a folder.
    return [
        Book(some, f"stores/{quote(store, safe='').replace('.', '%2E')}")
        for store, some in found.items()
    ]


def into(
    target: Path,
    job: Job,
    own: Shop,
    progress: "Progress",
    finish: Callable[[Done, Path], None] = lambda *_: None,
    conclude: Callable[[], None] = lambda: None,
) -> Done:
    """Print a job into a folder that takes the place of `target` as a whole.

    What a dead print left is taken up, wherever it died. finish: adds to the finished folder
    before it is swapped in; conclude: says elsewhere that it is. Raises Busy where another print
    is at work on it, Misplaced, PrintError, RenderError, stored.Changed.
    """
    target = reached(target)
    working = target.with_name(f".{target.name}.new")
    records = target.with_name(f".{target.name}.made")
    with only_one_in(working, "print"):
        _take_up(target, working, records)
        total = sum(len(book.lists) for book in job.books) * len(job.formats)
        with progress.tally("volume", total) as tell:
            done = print_job(job, working, own, tell, records)
        finish(done, working)
        swap_in(working, target)
        conclude()
    shutil.rmtree(records, ignore_errors=True)
    return done


def _take_up(target: Path, working: Path, records: Path) -> None:
    """Give back to the working folder what a print finished that died before it had concluded.

    A volume's record says whether its file may be used, so that one file too many does no harm;
    and files are replaced, never changed, so that one may have two names for a while.
    """
    if not records.is_dir():
        return
    homes = [(source, working) for source in (aside(target), target)]
    for source, home in [*homes, (records, working / RECORDS)]:
        for path in source.rglob("*"):
            copy = home / path.relative_to(source)
            if path.is_file() and not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                with suppress(OSError):  # where files cannot have two names it is printed again
                    copy.hardlink_to(path)


def night(
    settings: Settings, keys: CodeKeys, wanted: Wanted, day: date, progress: "Progress"
) -> Outcome:
    """Print a night's lists as they are stored, without households that said no up to `day`.

    Raises PrintError where there is nothing to print, or the night was made again meanwhile.
    """
    target = _target(settings, wanted)
    engine = _engine(settings)
    with engine.connect() as connection:
        before = _run(connection, wanted.night)
        lists = stored.find(connection, Which(wanted.night, wanted.store), day)
        if not lists:
            raise PrintError(_nothing(connection, wanted, day))
    job = Job([Book(lists)], wanted.formats, title(settings, wanted.night), wanted.night)

    def unchanged(*_: object) -> None:
        with engine.connect() as connection:
            if _run(connection, wanted.night) != before:
                raise stored.Changed(
                    f"The night of {wanted.night} was made again while it was printed: print "
                    "it again."
                )

    done = into(target, job, shop(settings, engine, keys), progress, unchanged)
    return Outcome(target, len(lists), done, before[0] == "draft")


def _nothing(connection: Connection, wanted: Wanted, day: date) -> str:
    """Why there is nothing to print."""
    if wanted.store is None:
        return f"The night of {wanted.night} has no lists to print."
    others = stored.find(connection, Which(wanted.night), day)
    stores = list(dict.fromkeys(found.store for found in others))
    more = ", …" if len(stores) > SOME else ""
    which = f"; it has lists of {', '.join(stores[:SOME])}{more}" if stores else ""
    return f"The night of {wanted.night} has no lists of store {wanted.store!r} to print{which}."


def _target(settings: Settings, wanted: Wanted) -> Path:
    """Where a print goes; a folder that holds other things is never taken away."""
    names = [f"{wanted.night}", *wanted.formats]
    if wanted.store is not None:
        names.append(f"store-{quote(wanted.store, safe='').replace('.', '%2E')}")
    target = reached((wanted.output or settings.paths.out / "-".join(names)).absolute())
    if target.exists() and not _ours(target):
        raise PrintError(
            f"{target} is there and was not made by `promo lists print`: name a new folder."
        )
    return target


def _ours(folder: Path) -> bool:
    """Whether a print may replace a folder: an earlier print's, or an empty one; not a night's."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    return not names or ({"manifest.csv", "sha256sums"} <= names and "run.json" not in names)


def _run(connection: Connection, night: date) -> tuple[str, object]:
    table = tables.Run
    query = select(table.state, table.report).where(table.night == night)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise PrintError(f"There are no lists of {night}: run `promo nightly --day {night}`.")
    return row.state, row.report


def _engine(settings: Settings) -> Engine:
    engine = database.connect(settings.database_url)
    database.check_schema(engine)
    return engine
