"""Redemptions in: what tills, or the coupon system a chain has already, say was used.

A line is recorded by promo.offers.redemptions, which counts it once however often it comes. Lines
are committed some hundred at a time: a run that dies is begun again with the same file.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
from sqlalchemy import Connection, select

from promo import tables
from promo.house import House
from promo.lists.finding import Asked, Lists
from promo.offers.counters import RedemptionError, lock
from promo.offers.known import Use
from promo.offers.redemptions import Redemption, record_all
from promo.offers.terms import Terms
from promo.offers.values import WHOLE
from promo.scans import sources
from promo.scans.canonical import MINOR, OLDEST
from promo.scans.columns import LINE, Column, Rule, check

TOGETHER = 500  # lines a transaction
KINDS = ("redeem", "void", "return")
COLUMNS = (
    Column("at", "moment", "a local time such as 2017-11-06T17:03:59, without a zone"),
    Column("store", "key", "a store's id"),
    Column("till", "key", "a till's id"),
    Column("day", "day", "the business day, such as 2017-11-06"),
    Column("transaction", "key", "the transaction's number"),
    Column("number", "integer", "the number of the use in its transaction", False, default=1),
    Column("kind", "choice", "redeem, void or return", False, default="redeem", choices=KINDS),
    Column("offer", "key", "an offer's id"),
    Column("uses", "integer", "how often the offer was used", required=False),
    Column("units", "integer", "how many units it was given on", required=False),
    Column("money", "integer", MINOR, required=False),
    Column("funder_money", "integer", MINOR, required=False),
    Column("list_code", "key", "the 33 digits of a list's barcode, or nothing", required=False),
    Column("card", "key", "a loyalty card's number, or nothing", required=False),
    Column("of_store", "key", "the store of the use taken back", required=False),
    Column("of_till", "key", "the till of the use taken back", required=False),
    Column("of_day", "day", "the business day of the use taken back", required=False),
    Column("of_transaction", "key", "the transaction of the use taken back", required=False),
    Column("of_number", "integer", "the number of the use taken back", required=False),
)


@dataclass
class Taken:
    """What became of a file: lines recorded, known already, refused; budgets it spent."""

    taken: int = 0
    repeated: int = 0
    refused: list[str] = field(default_factory=list)  # a sentence each
    exhausted: list[str] = field(default_factory=list)


def take(house: House, path: Path) -> Taken:
    """Record the lines of a .csv or .parquet file. Raises SourceError."""
    done = Taken()
    reader = _Reader(house)
    for batch in sources.read(path, COLUMNS):
        checked = check(batch.frame, COLUMNS, reader.rules, path.name)
        faults = pl.concat([batch.rejects, checked.rejects]).sort("line", maintain_order=True)
        done.refused += [
            f"{path.name}, line {line}: `{name}` is {value!r}; expected {expected}."
            for _, line, name, value, expected in faults.iter_rows()
        ]
        for some in checked.good.iter_slices(TOGETHER):
            with house.engine.begin() as connection:
                _record(connection, reader, some, path.name, done)
    return done


def _record(
    connection: Connection, reader: "_Reader", some: pl.DataFrame, name: str, done: Taken
) -> None:
    rows = list(some.iter_rows(named=True))
    lock(connection, {row["offer"] for row in rows} & reader.percents.keys())
    said = reader.redemptions(connection, rows)
    sound = [one for one in said if isinstance(one, Redemption)]
    recorded = iter(record_all(connection, sound))
    for row, one in zip(rows, said, strict=True):
        found = next(recorded) if isinstance(one, Redemption) else one
        if isinstance(found, RedemptionError):
            done.refused.append(f"{name}, line {row[LINE]}: {found}")
            continue
        done.repeated += found.repeated
        done.taken += not found.repeated
        if found.exhausted:
            done.exhausted.append(row["offer"])


class _Reader:
    """From a line to a redemption: with the stores' zones, the cards and the offers' funding."""

    def __init__(self, house: House) -> None:
        store, card, offer = tables.Store, tables.Card, tables.Offer
        with house.engine.connect() as connection:
            stores = connection.execute(select(store.id, store.time_zone))
            self.zones = {row.id: ZoneInfo(row.time_zone) for row in stores}
            cards = connection.execute(select(card.card, card.shopper))
            self.shoppers = {row.card: row.shopper for row in cards}
            offers = connection.execute(select(offer.id, offer.terms))
            self.percents = {row.id: Terms.from_stored(row.terms).funder_percent for row in offers}
        newest = house.settings.current_day() + timedelta(1)
        self.rules = (
            Rule(pl.col("store").is_in(list(self.zones)), "store", "a store that is known"),
            Rule(
                pl.col("day").is_between(OLDEST, newest), "day", f"a day from {OLDEST} to {newest}"
            ),
            Rule(
                (pl.col("at").dt.date() - pl.col("day")).is_between(timedelta(-1), timedelta(1)),
                "day",
                "the day of `at`, or the day before or after it",
            ),
            Rule(
                (pl.col("kind") == "void") | pl.col("money").is_not_null(),
                "money",
                f"{MINOR}; only a void needs none",
            ),
        )

    def redemptions(
        self, connection: Connection, rows: Sequence[dict[str, Any]]
    ) -> list[Redemption | RedemptionError]:
        """What checked lines say, or why one of them cannot be."""
        asked = [self._asked(row) for row in rows]
        lists = Lists.of(connection, asked)
        return [
            self._refusal(row, one, lists) or self._redemption(row, one, lists)
            for row, one in zip(rows, asked, strict=True)
        ]

    def _asked(self, row: dict[str, Any]) -> Asked:
        code = row["list_code"] and row["list_code"].replace("(253)", "253")
        return Asked(row["offer"], row["day"], code, self.shoppers.get(row["card"]))

    def _refusal(self, row: dict[str, Any], asked: Asked, lists: Lists) -> RedemptionError | None:
        if row["offer"] not in self.percents:
            return RedemptionError(f"There is no offer {row['offer']!r}.")
        if row["card"] is not None and asked.shopper is None:
            return RedemptionError("No household carries the card.")
        if row["kind"] == "redeem" and asked.code is not None and lists.on(asked) is None:
            return RedemptionError("There is no list with this code.")
        return None

    def _redemption(self, row: dict[str, Any], asked: Asked, lists: Lists) -> Redemption:
        use = Use(row["store"], row["till"], row["day"], row["transaction"], row["number"])
        reversing = row["kind"] != "redeem"
        return Redemption(
            row["offer"], use, row["at"].replace(tzinfo=self.zones[row["store"]]).astimezone(UTC),
            **self._figures(row), kind=row["kind"], of=_of(row, use) if reversing else None,
            on=None if reversing else lists.on(asked), shopper=asked.shopper,
        )  # fmt: skip

    def _figures(self, row: dict[str, Any]) -> dict[str, Any]:
        """What is not said: one use, on one unit, of which the manufacturer pays its share."""
        if row["kind"] == "void":
            return {}
        money, once = row["money"], int(row["kind"] == "redeem")
        share = abs(money) * self.percents[row["offer"]] // WHOLE * (1 if money > 0 else -1)
        own = {"uses": once, "units": once, "funder_money": share, "money": money}
        return {name: value if row[name] is None else row[name] for name, value in own.items()}


def _of(row: dict[str, Any], use: Use) -> Use:
    """The use that is taken back; what is not said of it is as in the line itself."""
    said = {name: row[f"of_{name}"] for name in Use._fields if row[f"of_{name}"] is not None}
    return use._replace(**said)
