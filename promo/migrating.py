"""`promo migrate`: an older house's database brought to this promo's schema, after a backup."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from promo import backing_up, database, schema
from promo.config import Settings
from promo.schema import DatabaseError


@dataclass(frozen=True)
class Migrated:
    """The schema before and now, and where the backup is; None where nothing was to be done."""

    before: str
    now: str
    backup: Path | None


def run(settings: Settings, engine: Engine) -> Migrated:
    """Upgrade a database, once a backup of it is made; all of it or nothing. Raises DatabaseError.

    A database that is newer than this promo, or that holds no house, is left alone.
    """
    database.check_there(engine)
    at = database.revision(engine)
    if at is None or at >= schema.REVISION:
        schema.check_revision(at)
        return Migrated(schema.REVISION, schema.REVISION, None)
    made = backing_up.back_up_database(engine, at, settings.paths.backups)
    try:
        database.migrate(engine)
    except DatabaseError as error:
        raise DatabaseError(
            f"{error}\nThe database stays at version {at}, as it was; its backup is {made.folder}."
        ) from None
    return Migrated(at, schema.REVISION, made.folder)
