"""Cards that were forgotten of late: lines of days before that come late come in without them.

Of a card 32 bits of a salted hash are kept, until no till log may be so late any more: enough to
know it again, and too little to tell it from thousands of others. A card that is shown again on a
later day is a card nobody registered, as any other.
"""

import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from hashlib import blake2b

import polars as pl
from sqlalchemy import Connection, delete, select

from promo import tables
from promo.database import upsert

BYTES = 4
TABLE = tables.ForgottenCard


def remember(connection: Connection, cards: Iterable[str], day: date, late_days: int) -> None:
    """Note that cards were forgotten on a day; doing it twice is the same."""
    salt = connection.execute(select(TABLE.salt).limit(1)).scalar() or secrets.token_hex(16)
    until = day + timedelta(late_days)
    rows = [
        {"hash": hash_, "salt": salt, "day": day, "until": until}
        for hash_ in sorted({_hash(salt, card) for card in cards})
    ]
    if rows:
        upsert(connection, TABLE, rows)


def sweep(connection: Connection, newest: date) -> None:
    """Let go of what is too old to matter, in a house whose newest scans are of a day."""
    connection.execute(delete(TABLE).where(TABLE.until < newest))


class Forgotten:
    """The cards that are not to come back, as they stood when a delivery began."""

    def __init__(self, connection: Connection) -> None:
        rows = connection.execute(select(TABLE.hash, TABLE.salt, TABLE.day)).all()
        self._days = {(row.salt, row.hash): row.day for row in rows}
        self._salts = {row.salt for row in rows}

    def taken_out(self, lines: pl.DataFrame) -> pl.DataFrame:
        """Lines without the cards that were forgotten since; lines: card, business_day."""
        if not self._days:
            return lines
        cards = lines["card"].drop_nulls().unique().to_list()
        days = {card: day for card in cards if (day := self._day(card))}
        forgotten = pl.DataFrame(
            list(days.items()), {"card": pl.String, "_forgotten": pl.Date}, orient="row"
        )
        known = lines.join(forgotten, on="card", how="left", maintain_order="left")
        is_old = (pl.col("business_day") <= pl.col("_forgotten")).fill_null(value=False)
        card = pl.when(is_old).then(pl.lit(None, pl.String)).otherwise("card")
        return known.with_columns(card=card).drop("_forgotten")

    def _day(self, card: str) -> date | None:
        found = (self._days.get((salt, _hash(salt, card))) for salt in self._salts)
        return next((day for day in found if day), None)


def _hash(salt: str, card: str) -> str:
    return blake2b(card.encode(), digest_size=BYTES, salt=bytes.fromhex(salt)).hexdigest()
