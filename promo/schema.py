"""Which schema this promo works on, and what is said where the database cannot be used."""

from pathlib import Path

from promo import mishaps
from promo.errors import Sentence

REVISION = "0011"  # of the newest migration; they are numbered, so that they can be told in order
VERSION_QUERY = "select version_num from alembic_version"


class DatabaseError(Sentence):
    """The database cannot be used; the message says what to do and never shows the password."""


def check_file(path: Path) -> None:
    """Raise DatabaseError if a database that is a file is not there: SQLite would make it."""
    if not path.is_file():
        raise DatabaseError(f"There is no database {path} yet. Run `promo init` first.")


def check_revision(at: str | None) -> None:
    """Raise DatabaseError unless a database's revision is the one this promo works on."""
    if at is None:
        raise DatabaseError("The database holds no house yet. Run `promo init`.")
    if at < REVISION:
        raise DatabaseError(
            f"The database is at version {at}, this promo works on {REVISION}. "
            "Run `promo migrate`, which takes a backup first and then upgrades it."
        )
    check_not_newer(at)


def check_not_newer(at: str) -> None:
    """Raise DatabaseError where a database, or a backup, was written by a newer promo."""
    if at > REVISION:
        raise DatabaseError(
            f"It is at version {at}, and this promo knows versions up to {REVISION}: a newer promo "
            "wrote it. Use that one, or a newer one; nothing was changed."
        )


def failed(where: str, fault: object) -> DatabaseError:
    """What is said of a database that cannot be used; fault: its driver's, its first line is told.

    That it did not answer is said only where no connection to it was made.
    """
    cause = (str(fault).strip() or type(fault).__name__).splitlines()[0]
    what = "did not do its work" if mishaps.answered(fault) else "did not answer"
    advice = mishaps.advice(fault) or "Mend that, then run it again."
    return DatabaseError(f"The database {where} {what}: {cause}. {advice}")
