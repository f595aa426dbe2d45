"""What a household says at a service desk: lists or none. It holds from the next print on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from sqlalchemy import Connection, update

from promo import database, tables
from promo.config import Settings
from promo.database import count_version, upsert
from promo.person.whom import shopper_of

PURPOSE = "lists"


def agree(settings: Settings, card: str, day: date, *, given: bool) -> None:
    """Note what a card's household said on a day; the last word of a day holds.

    Raises UnknownCard.
    """
    with _writing(settings) as connection:
        row = {"shopper": shopper_of(connection, card), "purpose": PURPOSE, "day": day}
        upsert(connection, tables.Consent, [row | {"given": given}])
        count_version(connection, tables.Consent.__tablename__)


def suppress(settings: Settings, card: str, *, suppressed: bool) -> None:
    """Let a card's household be written to, or not. Raises UnknownCard."""
    who = tables.Shopper
    with _writing(settings) as connection:
        shopper = shopper_of(connection, card)
        connection.execute(update(who).where(who.id == shopper).values(suppressed=suppressed))
        count_version(connection, who.__tablename__)


@contextmanager
def _writing(settings: Settings) -> Iterator[Connection]:
    """A transaction of its own: neither waits the desk for a night, nor the night for it."""
    engine = database.connect(settings.database_url)
    database.check_schema(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()
