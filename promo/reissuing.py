"""Replacing sheets that hold a stopped offer: drafts made again, published lists issued anew.

What is printed follows from what is stored: a batch of reissued lists whose folder is missing is
printed, so a run that died in between is finished by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection, func, select

from promo import nightly, printing, tables
from promo.calendar import Window
from promo.choosing import band
from promo.house import House
from promo.language import Languages
from promo.lists import reissue, stored
from promo.lists.codes.keys import CodeKeys
from promo.lists.compose import also_on
from promo.lists.items import OfferItem
from promo.lists.press.books import Book, Job
from promo.lists.reissue import Wanted
from promo.lists.stored import Found
from promo.offers import live, rivals, states
from promo.offers.refill import Refill, Rules, Standing
from promo.offers.risk import Risk
from promo.offers.wording import Wording
from promo.progress import Progress
from promo.shoppers import prices
from promo.stocking import Stocking


@dataclass
class Reissued:
    """What was done: nights made again, lists issued anew, folders printed and their sheets."""

    nights: list[date] = field(default_factory=list)
    lists: int = 0
    offers: int = 0
    folders: dict[Path, int] = field(default_factory=dict)


def run(house: House, keys: CodeKeys, wanted: Wanted, day: date, progress: Progress) -> Reissued:
    """Replace all sheets, good on `day` or later, that hold a stopped offer.

    Raises OfferError where there is no offer of the name that is asked for.
    """
    done = Reissued()
    with house.engine.connect() as connection:
        if wanted.offer is not None:
            states.get(connection, wanted.offer)  # a name that is mistyped is no recall
        done.nights = reissue.drafts(connection, wanted, day)
    for night in done.nights:
        nightly.run(house, nightly.plan(house, night), keys, progress)
    with progress.stage("reissue") as facts, house.engine.begin() as connection:
        sheets = reissue.find(connection, wanted, day)
        by_night: dict[date, list[reissue.Sheet]] = {}
        for sheet in sheets:
            by_night.setdefault(sheet.row.night, []).append(sheet)
        now = _after_all(connection, datetime.now(UTC))
        for night, some in by_night.items():
            refill = _refill(house, connection, night, some, day)
            done.offers += reissue.reissue(connection, some, refill, day, now)
        facts["lists"] = done.lists = len(sheets)
    with progress.stage("print") as facts:
        for folder, lists in _unprinted(house, day):
            done.folders[folder] = _print(house, keys, lists, folder, day, progress)
        facts["sheets"] = sum(done.folders.values())
    return done


def _after_all(connection: Connection, now: datetime) -> datetime:
    """Now, or just after the newest batch if the clock was set back since: batches are numbered by
    their time, and a folder that is there is not printed again.
    """
    last = connection.execute(select(func.max(tables.EarlierIssue.replaced))).scalar()
    if last is None:
        return now
    last = last if last.tzinfo else last.replace(tzinfo=UTC)  # SQLite knows no zones
    return max(now, last + timedelta(microseconds=1))


def _refill(
    house: House, connection: Connection, night: date, sheets: Sequence[reissue.Sheet], day: date
) -> reissue.Refill:
    """What may come instead: what the night itself weighed, and is live now."""
    path = house.settings.paths.lake / "decisions" / f"{night}.parquet"
    if not path.is_file():
        return lambda *_: ()
    row = sheets[0].row
    window = Window(max(day, row.first_day), row.last_day)
    settings = house.settings
    catalogue = live.live(connection, window, day, again=False, late_days=settings.offers.late_days)
    languages = Languages.of(settings)
    spoken = {s.row.shopper: languages[s.row.content.get("language", "en")] for s in sheets}
    names = [sheet.row.shopper for sheet in sheets]
    weighed = pl.scan_parquet(path).filter(pl.col("shopper").is_in(names)).collect()
    weighed = _filled(house, catalogue, weighed, sheets, window.first)
    taken = {(s.row.shopper, item.offer) for s in sheets for item in (*s.leaving, *s.staying)}
    taken |= _elsewhere(connection, night, window, set(names))
    concerned = {*weighed["offer"], *(item.offer for sheet in sheets for item in sheet.staying)}
    rules = _rules(house, connection, concerned)
    refill = Refill.of(weighed, taken, catalogue, lambda name: Wording(spoken[name]), rules)
    most = {s.row.shopper: band(s.row.content["tier"], settings)[1] for s in sheets}
    goods = catalogue.categories(house.products)
    due = {s.row.shopper: [item["category"] for item in s.row.content["due"]] for s in sheets}

    def made(shopper: str, facts: dict[str, Any]) -> OfferItem:
        others = also_on(facts["offer"], facts["category"], due[shopper], goods)
        return OfferItem(**facts, also_on=others)

    def best(shopper: str, staying: Sequence[OfferItem], slots: int) -> list[OfferItem]:
        standing = [Standing(i.offer, i.category, i.worth * i.uses) for i in staying]
        found = refill.best(shopper, standing, slots, most[shopper])
        return [made(shopper, facts) for facts in found]

    return best


def _filled(
    house: House,
    catalogue: live.Catalogue,
    weighed: pl.DataFrame,
    sheets: Sequence[reissue.Sheet],
    day: date,
) -> pl.DataFrame:
    """What the night weighed, but pairs that the household's store cannot fill any more."""
    stores = [(sheet.row.shopper, sheet.row.store) for sheet in sheets]
    text = pl.String()
    homes = pl.DataFrame(stores, {"shopper": text, "store": text}, orient="row")
    known = prices.with_margins(house.products, None, house.settings.margin)
    at = Stocking(house, catalogue, known, day).at(homes.unique("shopper", maintain_order=True))
    if at is None:
        return weighed
    numbers = catalogue.offers.select("id", number="offer")
    pairs = weighed.join(numbers, left_on="offer", right_on="id", maintain_order="left")
    kept, _ = at.split(pairs.select("shopper", offer="number", id="offer"))
    key = ["shopper", "offer"]
    still = kept.select("shopper", offer="id")
    return weighed.join(still, on=key, how="semi", maintain_order="left")


def _rules(house: House, connection: Connection, names: set[str]) -> Rules:
    """The rules of lists, for offers that stand or may come."""
    own = house.settings.allocation
    offers = rivals.stored(connection, names)
    ids = offers.offers["id"].to_list()
    apart = [(ids[one], ids[other]) for one, other in rivals.pairs(offers, house.products)]
    return Rules(
        Risk(own.overspend_risk, own.response_cv),
        own.per_category,
        own.per_funder,
        dict(zip(ids, offers.offers["funder"], strict=True)),
        frozenset((*apart, *((other, one) for one, other in apart))),
    )


def _elsewhere(
    connection: Connection, night: date, window: Window, shoppers: set[str]
) -> set[tuple[str, str]]:
    """(household, offer) on lists of other nights that are open in the window."""
    table = tables.ShopperList
    rows = connection.execute(
        select(table.shopper, table.content).where(
            table.night != night, table.last_day >= window.first, table.first_day <= window.last
        )
    )
    return {
        (row.shopper, offer["offer"])
        for row in rows
        if row.shopper in shoppers
        for offer in row.content["offers"]
    }


def _unprinted(house: House, day: date) -> list[tuple[Path, list[Found]]]:
    """Batches of reissued lists that are still good and have no folder yet, with their lists.

    Households that may not be written to are left out.
    """
    earlier, sheet = tables.EarlierIssue, tables.ShopperList
    with house.engine.connect() as connection:
        batches = connection.execute(
            select(earlier.day, earlier.replaced).distinct().order_by(earlier.day, earlier.replaced)
        ).all()
        numbers: dict[date, int] = {}
        found = []
        for made, replaced in batches:
            numbers[made] = numbers.get(made, 0) + 1
            # Beside the night's own folder, which a night that is made again swaps as a whole.
            folder = house.settings.paths.out / f"{made}-reissued-{numbers[made]}"
            newest = (
                (sheet.key_id == earlier.key_id)
                & (sheet.counter == earlier.counter)
                & (sheet.issue == earlier.issue + 1)
            )
            query = (
                stored.select_found(day)
                .join(earlier, newest)
                .where(earlier.day == made, earlier.replaced == replaced, sheet.last_day >= day)
            )
            lists = [] if folder.is_dir() else stored.in_print_order(connection, query)
            if lists:
                found.append((folder, lists))
    return found


def _print(
    house: House,
    keys: CodeKeys,
    lists: list[Found],
    folder: Path,
    day: date,
    progress: Progress,
) -> int:
    """Print lists as they are stored now."""
    settings = house.settings
    title = f"{settings.banner}, lists issued anew on {day}"
    job = Job([Book(lists)], settings.lists.formats, title, day)
    printing.into(folder, job, printing.shop(settings, house.engine, keys), progress)
    return len(lists)
