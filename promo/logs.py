"""Till logs that a night expects: of each store that of its last business day before the night.

A log is in as soon as a committed delivery has a line of that store and business day.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from promo import tables
from promo.errors import Sentence
from promo.house import House
from promo.lists.stored import natural
from promo.operating_sections import ALL, Night
from promo.scans import arrivals

FARTHEST = 14  # days looked back for a day on which a store was open
SOME = 8  # stores that are named in a sentence
Logs = dict[str, date]  # by store, the business day of a log


class UnknownStore(Sentence):
    """A store that is named is none of the store table."""

    exit_code = 2


@dataclass(frozen=True)
class Look:
    """What a look found: the logs that a night expects, and those of them that are not in."""

    expected: Logs
    missing: Logs


def business_day(rules: Night, store: str, night: date) -> date | None:
    """The last day before `night` on which a store was open; None where it is always closed."""
    days = (night - timedelta(back) for back in range(1, FARTHEST + 1))
    return next((day for day in days if not rules.is_closed(store, day)), None)


def look(house: House, night: date) -> Look:
    """Which logs a night expects and which of them are not in. Raises UnknownStore."""
    wanted = expected(house, night)
    until = house.last_delivery
    in_: dict[date, set[str]] = {
        day: set(arrivals.of_day(house.settings.paths.lake, day, until)["store"])
        for day in set(wanted.values())
    }
    return Look(wanted, {store: day for store, day in wanted.items() if store not in in_[day]})


def expected(house: House, night: date) -> Logs:
    """The logs that a night expects, its stores in their order. Raises UnknownStore."""
    rules = house.settings.night
    if rules.stores is not None and not rules.stores:
        return {}
    known = _stores(house)
    _check(known, rules.stores or (), "config.yaml: `night.stores`")
    _check(known, set(rules.closed) - {ALL}, "config.yaml: `night.closed`")
    stores = sorted(known if rules.stores is None else rules.stores, key=natural)
    days = ((store, business_day(rules, store, night)) for store in stores)
    return {store: day for store, day in days if day is not None}


def check_named(house: House, stores: Iterable[str], where: str) -> None:
    """Raise UnknownStore where a store that was named is none of the store table, nor `all`."""
    if named := set(stores) - {ALL}:
        _check(_stores(house), named, where)


def _check(known: set[str], named: Iterable[str], where: str) -> None:
    if unknown := sorted(set(named) - known, key=natural):
        raise UnknownStore(
            f"{where} names {unknown[0]!r}; expected a store of the store table. Stores come in "
            "with `promo ingest` of a file stores.csv."
        )


def _stores(house: House) -> set[str]:
    with house.engine.connect() as connection:
        return set(connection.execute(select(tables.Store.id)).scalars())


def in_words(logs: Mapping[str, date], most: int = SOME) -> str:
    """Stores and their days, shortened: `1, 7 of 2017-11-05`."""
    by_day: dict[date, list[str]] = {}
    for store, day in list(logs.items())[:most]:
        by_day.setdefault(day, []).append(store)
    parts = [f"{', '.join(stores)} of {day}" for day, stores in sorted(by_day.items())]
    more = [f"{len(logs) - most:,} more"] if len(logs) > most else []
    return "; ".join(parts + more)


def as_report(missing: Mapping[str, date]) -> list[dict[str, str]]:
    """Missing logs as a night's report says them."""
    return [{"store": store, "day": day.isoformat()} for store, day in missing.items()]
