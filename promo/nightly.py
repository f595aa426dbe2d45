"""The night, stage after stage: the table of contents of the whole system.

The night of day D runs before the shops open on D. It sees what was sold before D, whatever else
has come in already, and makes lists for [D + lead days, D + lead days + 14).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
from sqlalchemy import Connection, select

from promo import forecasting, logs, printing, records, tables, watch
from promo.choosing import choose
from promo.counting import counted
from promo.database import upsert
from promo.errors import Sentence
from promo.files import write_text
from promo.forecasting import Plan
from promo.house import House
from promo.lists import register, stored
from promo.lists.codes.keys import CodeKeys
from promo.lists.compose import Editor, drafts
from promo.lists.items import Draft
from promo.lists.press.books import Book, Done, Job
from promo.offers import control, live
from promo.progress import Progress
from promo.shoppers import profile_store

NONE: Mapping[str, date] = MappingProxyType({})


class AlreadyPublished(Sentence):
    """The night has left the building; nothing may move any more, and nothing needs to."""

    exit_code = 0


@dataclass(frozen=True)
class Made:
    """The lists that a night registered, and of what it did not print."""

    lists: list[register.Registered]
    held: int  # lists that a control coin held back
    unmet: list[str]  # households whose list stays below its band


def plan(house: House, night: date) -> Plan:
    """Look at the calendar, the model and the runs. Raises AlreadyPublished, ModelError."""
    check_open(house, night)
    return forecasting.plan(house, night)


def check_open(house: House, night: date) -> None:
    """Raise AlreadyPublished where nothing of a night may change any more."""
    with house.engine.connect() as connection:
        state = connection.execute(
            select(tables.Run.state).where(tables.Run.night == night)
        ).scalar()
    if state == "published":
        raise AlreadyPublished(f"The night of {night} is published; nothing was changed.")


def run(
    house: House,
    todo: Plan,
    keys: CodeKeys,
    progress: Progress,
    *,
    per_store: bool = False,
    without: Mapping[str, date] = NONE,
) -> dict[str, Any]:
    """Make the night's lists; returns its report, which is also `out/<night>/run.json`.

    without: till logs that had not come, the business day by store; the report says them.
    """
    with progress.stage("fold") as facts:
        fold = partial(house.fold, todo.wave.buckets, todo.night)
        facts["scans"] = house.patience.over(fold)
    with progress.stage("watch") as facts:
        watched = house.patience.over(partial(watch.run, house, todo.night))
        facts["nights"] = len(watched)
    try:
        made = _make(house, todo, keys, progress)
    except register.NoLongerLive:
        made = _make(house, todo, keys, progress)  # once more, from what is live now
    with progress.stage("print") as facts:
        about = {
            "calibration": watched, "control": made.held, "unmet_bands": made.unmet,
            "without": logs.as_report(without),
        }  # fmt: skip
        work = partial(_print, house, todo, made, keys, progress, about, per_store=per_store)
        report = house.patience.over(work)
        facts["pages"] = sum(f["pages"] for f in report["files"] if f["kind"] == "pdf")
    return report


def _make(house: House, todo: Plan, keys: CodeKeys, progress: Progress) -> Made:
    """Choose the night's lists and register them. Raises NoLongerLive."""
    with progress.stage("forecast") as facts:
        offers, elsewhere, found = house.patience.over(partial(_foreseen, house, todo))
        facts["households"] = found.households.height
    with progress.stage("allocate") as facts:
        before = records.prices_before(house.settings.paths.lake, todo.night)
        chosen = choose(todo.night, found, offers, house, elsewhere, before)
        facts["offers"] = chosen.offers.height
    with progress.stage("compose") as facts:
        editor = Editor.of(house.settings, todo.window.first)
        goods = offers.categories(house.products)
        lost = found.lost_by_store()
        composed = drafts(found.households, found.due, chosen.listed, editor, goods, lost)
        held, made = _by_coin(house, todo, composed)
        facts["lists"], facts["control"] = len(made), len(held)
    with progress.stage("register"):
        lists = house.patience.over(partial(_register, house, todo, made, keys))
        records.remember(house.settings.paths.lake, todo.night, lists, held, chosen)
    return Made(lists, len(held), chosen.unmet)


def _foreseen(
    house: House, todo: Plan
) -> tuple[live.Catalogue, set[tuple[str, str]], forecasting.Forecasts]:
    """The offers, what is open on lists of other nights, and what the households will do."""
    with house.engine.connect() as connection:
        offers = forecasting.offers_of(connection, house, todo)
        elsewhere = register.open_elsewhere(connection, todo.night, todo.window, todo.wave.buckets)
    return offers, elsewhere, forecasting.forecasts(house, todo, offers)


def _register(
    house: House, todo: Plan, made: Sequence[Draft], keys: CodeKeys
) -> list[register.Registered]:
    """Register in one transaction. Done twice it gives the same serials. Raises NoLongerLive."""
    with house.engine.begin() as connection:
        _set_run(connection, todo, {})
        return register.register(connection, todo.night, todo.window, made, keys)


def describe(house: House, todo: Plan) -> str:
    """What the night would do, in words."""
    buckets = todo.wave.buckets
    if not buckets:
        return f"{todo.night}: a night off; the calendar makes no lists."
    root, last = house.settings.paths.lake, house.last_delivery
    waiting = sum(profile_store.folded_through(root, bucket) < last for bucket in buckets)
    households = house.shoppers(buckets, todo.night).height
    with house.engine.connect() as connection:
        offers = forecasting.offers_of(connection, house, todo).offers.height
    return (
        f"{todo.night}: wave {todo.wave.number}, buckets {buckets[0]} to {buckets[-1]} with "
        f"{counted(households, 'household')}, {counted(waiting, 'bucket')} with scans to fold "
        f"in; lists good {todo.window.first} to {todo.window.last}, from "
        f"{counted(offers, 'offer')} and the model {todo.model.name}, into "
        f"{house.settings.paths.out / todo.night.isoformat()}. "
        "Nothing was changed."
    )


def _by_coin(house: House, todo: Plan, made: Iterable[Draft]) -> tuple[list[Draft], list[Draft]]:
    """The lists that a coin holds back, of the season's control households; and the others."""
    everyone = list(made)
    own = house.settings.exploration
    number = control.season(todo.night, house.settings.calendar.first_night, own.season_days)
    shoppers = pl.Series("shopper", [draft.shopper for draft in everyone], dtype=pl.String)
    coins = control.households(shoppers, house.settings.seed, number, own).to_list()
    held = [draft for draft, back in zip(everyone, coins, strict=True) if back]
    kept = [draft for draft, back in zip(everyone, coins, strict=True) if not back]
    return held, sorted(kept, key=lambda draft: stored.print_order(draft.store, draft.shopper))


def _set_run(connection: Connection, todo: Plan, report: dict[str, Any]) -> None:
    row = {"night": todo.night, "wave": todo.wave.number, "state": "draft", "report": report,
           "forgotten": 0}  # fmt: skip
    upsert(connection, tables.Run, [row])


def _print(
    house: House,
    todo: Plan,
    made: Made,
    keys: CodeKeys,
    progress: Progress,
    about: dict[str, Any],
    *,
    per_store: bool,
) -> dict[str, Any]:
    """Print what is stored now, by the path that prints it later; returns the night's report."""
    settings = house.settings
    with house.engine.connect() as connection:
        lists = stored.find(connection, stored.Which(todo.night), todo.night)
    books = [Book(lists), *(printing.by_store(lists) if per_store else ())]
    title = printing.title(settings, todo.night)
    job = Job(books, settings.lists.formats, title, todo.night)
    report = _report(settings.seed, todo, made.lists) | about

    def finish(done: Done, folder: Path) -> None:
        report["files"] = [asdict(file) for file in done.files]
        write_text(folder / "run.json", json.dumps(report, indent=2) + "\n")

    def conclude() -> None:
        with house.engine.begin() as connection:
            _set_run(connection, todo, report)

    target = settings.paths.out / todo.night.isoformat()
    own = printing.shop(settings, house.engine, keys)
    printing.into(target, job, own, progress, finish, conclude)
    return report


def _report(
    seed: int,
    todo: Plan,
    lists: Sequence[register.Registered],
) -> dict[str, Any]:
    return {
        "day": todo.night.isoformat(),
        "wave": todo.wave.number,
        "buckets": list(todo.wave.buckets),
        "first_day": todo.window.first.isoformat(),
        "last_day": todo.window.last.isoformat(),
        "models": {"cycles": todo.model.name},
        "seed": seed,
        "counts": {
            "lists": len(lists),
            "stores": len({item.draft.store for item in lists}),
            "due": sum(len(item.draft.due) for item in lists),
            "offers": sum(len(item.draft.offers) for item in lists),
            "worth": sum(item.draft.worth for item in lists),
        },
        "files": [],
    }
