"""What happens to machines, in a sentence: full disks, lost databases, too little memory.

Only what somebody at the keyboard can mend; anything else is a fault of this program, and keeps
its traceback. Libraries that are not loaded cannot have failed, and are not loaded for this.
"""

import errno
import re
import sys
from typing import Any

from promo.errors import Sentence

SYSTEM = re.compile(r"[^:]+ \(os error (\d+)\)")  # the system's own words, at the end of others'
AGAIN = "run it again: what is finished is kept, and nothing is half."
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NO_ROOM = f"Make room (paths.out, paths.lake and paths.state grow), then {AGAIN}"
HELD = f"Another program is at work on it. When that is done, {AGAIN}"
BACK = f"When it is back, {AGAIN}"
OTHER_TABLES = (
    "Its tables are not those of the version it says it is: bring the newest backup back, or let "
    "another database be made."
)
# What SQLite says of them; it has no code of their own.
OF_TABLES = re.compile(r"already exists|no such (table|column)|has no column|duplicate column")
# SQLite's primary result codes, and PostgreSQL's states, that somebody can do something about.
SQLITE = {
    5: HELD,
    6: HELD,
    8: "It may only be read: see whose file it is.",
    10: f"See whether its disk is sound, then {AGAIN}",
    11: "Its file is damaged: bring the newest backup back.",
    13: NO_ROOM,
    14: "See whether its folder is there and may be written.",
    26: "Its file is no database: bring the newest backup back.",
}
POSTGRESQL = {
    "53100": f"Its server has no room left. Make some there, then {AGAIN}",
    "53200": f"Its server has too little memory. Mend that, then {AGAIN}",
    "25006": "It may only be read: it is a standby, or was set so.",
    "42501": "Its user may not do that: give the user its rights.",
    **dict.fromkeys(("42P01", "42P07", "42701", "42703"), OTHER_TABLES),
    **dict.fromkeys(("57P01", "57P02", "57P03"), BACK),
}
NO_FILE = 14  # SQLite's code of a file that cannot be opened
NO_CONNECTION = ("08", "57P03")  # beginnings of PostgreSQL's states where nobody was let in


class Mishap(Sentence):
    """Something outside this program stands in the way; the message says what to do."""


def sentence(error: Exception) -> Sentence | None:
    """The failure in words; None where it is a fault of this program.

    Never what a statement was given, and never a URL: both may hold what is secret.
    """
    if isinstance(error, OSError):
        return Mishap(_of_files(error))
    if isinstance(error, MemoryError):
        return Mishap(
            "There was not enough memory. Let lists.workers or other programs be fewer, then "
            + AGAIN
        )
    return _of_database(error) or _of_columns(error)


def _of_files(error: OSError) -> str:
    where = f": {error.filename}" if error.filename else ""
    what = f"{error.strerror or error}{where}."
    if error.errno in FULL or _names_full(str(error)):
        return f"{what} {NO_ROOM}"
    return f"{what} Mend that and run it again."


def _names_full(said: str) -> bool:
    """Whether a library that gives no number names the error in its words, as Polars does."""
    return number(said) in FULL


def number(said: str) -> int | None:
    """The system's number of an error that a library tells in words only."""
    found = SYSTEM.search(said)
    return int(found[1]) if found else None


def _of_database(error: Exception) -> Sentence | None:
    known = _loaded("sqlalchemy.exc", "DBAPIError")
    if not isinstance(error, known):
        return None
    from promo import patience  # its library is loaded

    said: Any = error
    where = f"The database did not do its work: {patience.cause(said)}."
    if patience.passes(said):
        return patience.Gone(f"{where} When it is back, {AGAIN}")
    if known_advice := advice(said.orig):
        return Mishap(f"{where} {known_advice}")
    if isinstance(error, _loaded("sqlalchemy.exc", "OperationalError", "InternalError")):
        return Mishap(f"{where} Mend that, then {AGAIN}")
    return None


def answered(fault: object) -> bool:
    """Whether it was a database that said this, not a driver that found none to talk to."""
    if (code := _code(fault)) is not None:
        return code != NO_FILE
    if state := _state(fault):
        return not state.startswith(NO_CONNECTION)
    return not any(kind.__name__ == "OperationalError" for kind in type(fault).__mro__)


def advice(fault: object) -> str | None:
    """What to do about a driver's error; None where nothing in particular."""
    if (code := _code(fault)) is None:
        return POSTGRESQL.get(_state(fault))
    return SQLITE.get(code) or (OTHER_TABLES if OF_TABLES.search(str(fault)) else None)


def _code(fault: object) -> int | None:
    code = getattr(fault, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _state(fault: object) -> str:
    return getattr(fault, "sqlstate", None) or ""


def _of_columns(error: Exception) -> Sentence | None:
    if not isinstance(error, _loaded("polars.exceptions", "ComputeError")):
        return None
    said = str(error).strip().splitlines()[0]
    if "parquet" not in said.lower() and "os error" not in said.lower():
        return None
    if of_system := SYSTEM.search(said):
        return Mishap(_of_files(OSError(of_system[0])))
    return Mishap(f"A file of the lake cannot be read: {said}. Mend that, then {AGAIN}")


def _loaded(module: str, *names: str) -> tuple[type[Exception], ...]:
    """Exceptions of a library; none where it is not loaded."""
    found = sys.modules.get(module)
    return tuple(getattr(found, name) for name in names) if found else ()
