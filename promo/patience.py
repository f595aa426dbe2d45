"""A database that is gone for a moment: wait, and do the work once more.

Only for work that may be done twice: it reads, or it is one transaction that finds what an earlier
try of it left, also where nobody knows whether that one was committed.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

from promo.errors import Sentence

Result = TypeVar("Result")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0  # seconds; each is twice the one before
# SQLSTATE classes and codes of PostgreSQL that pass by themselves.
LOST = "08"  # connection exceptions
AGAIN = "40"  # rolled back: a deadlock, or a serialization failure
PASSING = frozenset({"57P01", "57P02", "57P03", "53300", "55P03"})  # restarts; full up; locked
BUSY, LOCKED = 5, 6  # SQLite's primary result codes
# What a server that does answer says of a URL that will never do; in its own language, and a server
# that speaks another one is waited for in vain.
HOPELESS = ("authentication failed", "does not exist", "pg_hba.conf", "could not translate host")


class Gone(Sentence):
    """The database went away and did not come back in time."""

    exit_code = 75  # EX_TEMPFAIL: try again later


def passes(error: DBAPIError) -> bool:
    """Whether waiting may help: nobody answers, it hung up, or somebody else holds what we need."""
    if error.connection_invalidated:
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (BUSY, LOCKED)
    state = getattr(error.orig, "sqlstate", None)
    if state:
        return state[:2] in (LOST, AGAIN) or state in PASSING
    # A connection that could not be made has no state, only words.
    words = str(error.orig)
    return isinstance(error, OperationalError) and not any(word in words for word in HOPELESS)


def cause(error: DBAPIError) -> str:
    """The first line of what the driver says."""
    return (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Patience:
    """How long a database that is gone is waited for, in all, by one piece of work."""

    seconds: float
    say: Callable[[str], None] = _say
    sleep: Callable[[float], None] = time.sleep

    def over(self, work: Callable[[], Result]) -> Result:
        """Do some work, again as often as the database goes away. Raises Gone.

        work: may be done twice; what it raises that waiting cannot help is left to the caller.
        """
        left, pause = self.seconds, FIRST_PAUSE
        while True:
            try:
                return work()
            except DBAPIError as error:
                if not passes(error):
                    raise
                left = self._wait(error, left, pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _wait(self, error: DBAPIError, left: float, pause: float) -> float:
        """Wait a moment; returns the seconds that are left. Raises Gone where none are."""
        if left <= 0:
            raise Gone(
                f"The database did not answer: {cause(error)}. It was waited for {self.seconds:g} "
                "seconds (database.wait_seconds). When it is back, run it again: what is finished "
                "is kept."
            ) from None
        if left == self.seconds:
            self.say(
                f"The database did not answer: {cause(error)}. Waiting for it, up to "
                f"{self.seconds:g} seconds."
            )
        self.sleep(min(left, pause))
        return left - min(left, pause)
