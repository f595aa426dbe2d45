"""The night, stage after stage: the table of contents of the whole system.

The night of day D runs before the shops open on D. It sees what was sold before D, whatever else
has come in already, and makes lists for [D + lead days, D + lead days + 14).
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import polars as pl
from sqlalchemy import Connection, select

from promo import tables, watch
from promo.calendar import Wave, Window
from promo.database import upsert
from promo.errors import Sentence
from promo.files import swap_in, write_text
from promo.house import House
from promo.lists import pages, printing, register
from promo.lists.compose import drafts, due_items
from promo.lists.items import Draft
from promo.lists.keys import CodeKeys
from promo.offers import candidates, live
from promo.offers.allocation import Offers, Rules, allocate
from promo.progress import Progress
from promo.scans import lake
from promo.shoppers import LEVELS, cycles, households, models, profile_store, segments

BATCH_BYTES = 64 * 2**20  # of profiles on disk, worked on at a time


class AlreadyPublished(Sentence):
    """The night has left the building; nothing may move any more, and nothing needs to."""

    exit_code = 0


@dataclass(frozen=True)
class Plan:
    """What a night is going to do."""

    night: date
    wave: Wave
    window: Window
    model: models.Model


@dataclass(frozen=True)
class Forecasts:
    """What the stages know of the eligible households of some buckets."""

    households: pl.DataFrame  # shopper, name, language, store, spend, spend_year, tier
    due: pl.DataFrame  # compose.due_items
    candidates: pl.DataFrame  # candidates.find

    @staticmethod
    def concat(parts: Sequence["Forecasts"]) -> "Forecasts":
        """The forecasts of several groups of buckets as one."""
        names = ("households", "due", "candidates")
        return Forecasts(*(pl.concat([getattr(part, name) for part in parts]) for name in names))


def plan(house: House, night: date) -> Plan:
    """Look at the calendar, the model and the runs. Raises AlreadyPublished, ModelError."""
    with house.engine.connect() as connection:
        state = connection.execute(
            select(tables.Run.state).where(tables.Run.night == night)
        ).scalar()
    if state == "published":
        raise AlreadyPublished(f"The night of {night} is published; nothing was changed.")
    settings = house.settings
    model = models.in_use(settings.paths.models, night)
    return Plan(night, settings.wave(night), settings.window(night), model)


def run(
    house: House, todo: Plan, keys: CodeKeys, progress: Progress, *, per_store: bool = False
) -> dict[str, Any]:
    """Make the night's lists; returns its report, which is also `out/<night>/run.json`."""
    with progress.stage("fold") as facts:
        facts["scans"] = house.fold(todo.wave.buckets, todo.night)
    with progress.stage("watch") as facts:
        watched = watch.run(house, todo.night)
        facts["nights"] = len(watched)
    with progress.stage("forecast") as facts:
        with house.engine.connect() as connection:
            offers = live.live(connection, todo.window, todo.night)
            elsewhere = register.open_elsewhere(
                connection, todo.night, todo.window, todo.wave.buckets
            )
        groups = _groups(house, todo.wave.buckets)
        found = Forecasts.concat([forecast(house, todo, offers, group) for group in groups])
        facts["households"] = found.households.height
    with progress.stage("allocate") as facts:
        chosen = choose(found, offers, elsewhere, house.settings.lists.max_offers)
        facts["offers"] = chosen.height
    with progress.stage("compose") as facts:
        made = _in_print_order(list(drafts(found.households, found.due, chosen)))
        facts["lists"] = len(made)
    with progress.stage("register"):
        with house.engine.begin() as connection:
            _set_run(connection, todo, {})
            lists = register.register(connection, todo.night, todo.window, made, keys)
        _remember(house, todo, lists)
    with progress.stage("print") as facts:
        report = _print(house, todo, lists, watched, per_store=per_store)
        with house.engine.begin() as connection:
            _set_run(connection, todo, report)
        facts["pages"] = sum(f["pages"] for f in report["files"] if f["kind"] == "pdf")
    return report


def describe(house: House, todo: Plan) -> str:
    """What the night would do, in words."""
    buckets = todo.wave.buckets
    if not buckets:
        return f"{todo.night}: a night off; the calendar makes no lists."
    root, last = house.settings.paths.lake, house.last_delivery
    waiting = sum(profile_store.folded_through(root, bucket) < last for bucket in buckets)
    households = house.shoppers(buckets, todo.night).height
    with house.engine.connect() as connection:
        offers = live.live(connection, todo.window, todo.night).offers.height
    return (
        f"{todo.night}: wave {todo.wave.number}, buckets {buckets[0]} to {buckets[-1]} with "
        f"{households:,} households, {waiting} buckets with scans to fold in; lists good "
        f"{todo.window.first} to {todo.window.last}, from {offers:,} offers and the model "
        f"{todo.model.name}, into {house.settings.paths.out / todo.night.isoformat()}. "
        "Nothing was changed."
    )


def _groups(house: House, buckets: Sequence[int]) -> list[list[int]]:
    """The wave's buckets in groups that fit into memory; at least one group."""
    groups: list[list[int]] = [[]]
    size = 0
    for bucket in buckets:
        size += profile_store.size(house.settings.paths.lake, bucket)
        if size > BATCH_BYTES and groups[-1]:
            groups.append([])
            size = 0
        groups[-1].append(bucket)
    return groups


def forecast(house: House, todo: Plan, offers: live.Catalogue, buckets: Sequence[int]) -> Forecasts:
    """Eligible households of some buckets, what they are due to buy, offers they could get."""
    settings = house.settings
    days = house.days(buckets, todo.night)
    shoppers = house.shoppers(buckets, todo.night)
    facts = households.facts(days, settings, todo.night)
    with house.engine.connect() as connection:
        served = register.served(connection, todo.night, buckets)
    facts = facts.filter(~pl.col("shopper").is_in(served))
    eligible = households.eligible(facts, shoppers, settings.min_spend).with_columns(
        tier=segments.tier(pl.col("spend_year"), todo.model.card["tiers_from"])
    )
    unsaid = pl.col("category").is_in(list(settings.categories.never_said))
    days = days.join(eligible.select("shopper"), on="shopper", how="semi").filter(~unsaid)
    by_category, by_product = (
        cycles.forecast(days, level, todo.model, todo.night, todo.window) for level in LEVELS
    )
    cells = segments.grid(days, todo.model, settings.segments)
    known = by_product.join(
        house.products.drop("category"), left_on="product", right_on="id", how="left"
    )
    return Forecasts(
        eligible,
        due_items(by_category, known, settings),
        candidates.find(by_product, by_category, cells, offers, house.products),
    )


def choose(
    found: Forecasts,
    offers: live.Catalogue,
    elsewhere: set[tuple[str, str]],
    slots: int,
) -> pl.DataFrame:
    """The candidates that get a slot, by household and falling value, with the offers' words."""
    words = offers.offers.select("offer", "id", "title", "buy")
    named = found.candidates.join(words, on="offer", how="left", maintain_order="left")
    taken = pl.DataFrame(
        sorted(elsewhere), schema={"shopper": pl.String, "id": pl.String}, orient="row"
    )
    free = named.join(taken, on=["shopper", "id"], how="anti", maintain_order="left")
    shoppers = found.households["shopper"].sort()
    budgets = Offers(
        money=offers.offers["money_left"].to_numpy(),
        uses=offers.offers["uses_left"].to_numpy(),
        funder=offers.offers["funder"].rank("dense").to_numpy(),
    )
    rules = Rules(np.full(len(shoppers), slots, dtype=np.int64))
    chosen = free[allocate(candidates.as_arrays(free, shoppers), budgets, rules).chosen]
    return chosen.sort("shopper", "value", "offer", descending=[False, True, False])


def _in_print_order(made: list[Draft]) -> list[Draft]:
    """By store, then household; numbers in ids count as numbers."""

    def key(text: str) -> tuple[int, int, str]:
        return (0, int(text), text) if text.isdecimal() else (1, 0, text)

    return sorted(made, key=lambda draft: (key(draft.store), key(draft.shopper)))


def _set_run(connection: Connection, todo: Plan, report: dict[str, Any]) -> None:
    row = {"night": todo.night, "wave": todo.wave.number, "state": "draft", "report": report}
    upsert(connection, tables.Run, [row])


def _remember(house: House, todo: Plan, lists: Sequence[register.Registered]) -> None:
    """Write what is shown to whom, with which probability, into the lake."""
    rows = [
        (item.counter, item.draft.shopper, item.draft.tier, kind, name, probability, worth, cell)
        for item in lists
        for kind, name, probability, worth, cell in (
            *(("due", d.category, d.probability, 0, "") for d in item.draft.due),
            *(("offer", o.offer, o.probability, o.worth, o.cell) for o in item.draft.offers),
        )
    ]
    names = ("counter", "shopper", "tier", "kind", "item", "probability", "worth", "cell")
    types = (pl.Int64, pl.String, pl.String, pl.String, pl.String, pl.Float64, pl.Int64, pl.String)
    frame = pl.DataFrame(rows, schema=dict(zip(names, types, strict=True)), orient="row")
    lake.write(house.settings.paths.lake / "shown" / f"{todo.night}.parquet", frame)


def _print(
    house: House,
    todo: Plan,
    lists: Sequence[register.Registered],
    watched: list[dict[str, Any]],
    *,
    per_store: bool,
) -> dict[str, Any]:
    settings = house.settings
    names = house.store_names()
    made = [
        pages.page(
            item.draft, item.code, item.short, todo.window, names[item.draft.store], settings
        )
        for item in lists
    ]
    target = settings.paths.out / todo.night.isoformat()
    working = target.with_name(f".{target.name}.new")
    shutil.rmtree(working, ignore_errors=True)
    title = f"{settings.banner}, lists of {todo.night}"
    try:
        files = printing.print_lists(made, working, settings, todo.night, title)
        for store in dict.fromkeys(item.draft.store for item in lists) if per_store else ():
            some = [p for p, i in zip(made, lists, strict=True) if i.draft.store == store]
            # A store's id may hold any sign, also those that lead out of a folder.
            folder = Path("stores") / quote(store, safe="").replace(".", "%2E")
            printed = printing.print_lists(some, working / folder, settings, todo.night, title)
            files += [replace(file, path=str(folder / file.path)) for file in printed]
    except Sentence:
        shutil.rmtree(working, ignore_errors=True)
        raise
    report = _report(settings.seed, todo, lists, files) | {"calibration": watched}
    write_text(working / "run.json", json.dumps(report, indent=2) + "\n")
    swap_in(working, target)
    return report


def _report(
    seed: int,
    todo: Plan,
    lists: Sequence[register.Registered],
    files: Sequence[printing.Printed],
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
        "files": [asdict(file) for file in files],
    }
