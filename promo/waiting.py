"""A night waits for its till logs: it looks, lets go of the house, waits, and looks again.

While it waits no other command is kept from the house, least of all `promo ingest`, but a second
night is. Clock and sleep are parameters.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from promo import entering, logs, nightly
from promo.attempts import Attempt, turned_away
from promo.config import Settings
from promo.errors import Sentence
from promo.files import Busy, only_one
from promo.house import House
from promo.logs import Logs, Look
from promo.operating_sections import ALL
from promo.schema import DatabaseError

HOUSE, NIGHT = "promo.lock", "nightly.lock"
PATIENCE = timedelta(hours=1)  # with a command that is at work when the hour has come
FURTHEST = timedelta(days=1)  # from now to the hour; a night further off is tried out, not run


class LogsMissing(Sentence):
    """Till logs have not come, and the night may not go on without them."""


@dataclass(frozen=True)
class Clock:
    """What time it is, with a zone; and how to wait some seconds."""

    now: Callable[[], datetime]
    sleep: Callable[[float], None]


REAL = Clock(lambda: datetime.now(UTC), time.sleep)


@dataclass(frozen=True)
class Asked:
    """A night to be made, and the stores it need not wait for; `all` stands for every one."""

    night: date
    without: frozenset[str] = frozenset()

    def waits_for(self, missing: Logs) -> Logs:
        """The missing logs of stores that were not left out by hand."""
        if ALL in self.without:
            return {}
        return {store: day for store, day in missing.items() if store not in self.without}


@contextmanager
def opened(
    settings: Settings, asked: Asked, attempt: Attempt, clock: Clock = REAL
) -> Iterator[tuple[House, Logs]]:
    """The house, held, and the logs that the night goes on without.

    Raises LogsMissing, UnknownStore, AlreadyPublished; Busy where another command holds the house
    at the first look, or an hour after the one until which it waits.
    """
    with only_one(settings.paths.state / NIGHT, "nightly"), ExitStack() as held:
        waiter = _Waiter(settings, asked, attempt, clock)
        yield waiter.wait(held)


class _Waiter:
    def __init__(self, settings: Settings, asked: Asked, attempt: Attempt, clock: Clock) -> None:
        self.settings, self.asked, self.attempt, self.clock = settings, asked, attempt, clock
        zone = ZoneInfo(settings.time_zone)
        self.hour = datetime.combine(asked.night, settings.night.wait_until, zone).astimezone(UTC)
        self.since: datetime | None = None  # it has waited

    def wait(self, held: ExitStack) -> tuple[House, Logs]:
        """Look until the night may go on; then `held` holds the house."""
        while True:
            with ExitStack() as own:
                found = self._look(own)
                if found is not None:
                    held.push(own.pop_all())
                    self._go_on(found[1])
                    return found[0], found[1].missing
            self.clock.sleep(self.settings.night.look_every_seconds)

    def _look(self, own: ExitStack) -> tuple[House, Look] | None:
        """The house and what is in; None where that is to be looked at again."""
        try:
            own.enter_context(only_one(self.settings.paths.state / HOUSE, "nightly"))
            house = entering.enter(self.settings, _say)
            self.attempt.begin(house.engine)
            nightly.check_open(house, self.asked.night)
            logs.check_named(house, self.asked.without, "--without")
            look = logs.look(house, self.asked.night)
        except Busy:
            if self._is_patient(PATIENCE):
                return None
            turned_away(self.attempt, lambda: House.open(self.settings).engine)
            raise
        except (DatabaseError, SQLAlchemyError):
            if self._is_patient(timedelta(0)):
                return None
            raise
        if self.asked.waits_for(look.missing) and self._may_wait():
            self._waits(look)
            return None
        return house, look

    def _is_patient(self, more: timedelta) -> bool:
        """Whether what keeps it from looking is waited for: only once it has looked and waited."""
        return self.since is not None and self.clock.now() < self.hour + more

    def _may_wait(self) -> bool:
        return timedelta(0) < self.hour - self.clock.now() <= FURTHEST

    def _waits(self, look: Look) -> None:
        missing = self.asked.waits_for(look.missing)
        waiting = {"for": logs.as_report(missing), "until": self.hour.isoformat()}
        if self.attempt.facts.get("waiting") != waiting:
            self.attempt.note(waiting=waiting)
            _say(announcement(missing, self.hour.astimezone(ZoneInfo(self.settings.time_zone))))
        if self.since is None:  # whoever sees this stage finds what it waits for
            self.since = self.clock.now()
            self.attempt.entered("wait")

    def _go_on(self, look: Look) -> None:
        """Note what is missing. Raises LogsMissing where that is too much."""
        awaited = self.asked.waits_for(look.missing)
        if self.since is not None:
            seconds = (self.clock.now() - self.since).total_seconds()
            self.attempt.left("wait", seconds, {"missing": len(awaited)})
        self.attempt.note(without=logs.as_report(look.missing))
        rules = self.settings.night
        too_many = len(awaited) > rules.most_missing * len(look.expected)
        if awaited and (rules.missing == "stop" or too_many):
            raise LogsMissing(refusal(self.asked.night, awaited, len(look.expected)))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def refusal(night: date, missing: Logs, expected: int) -> str:
    """Which logs are missing and what to do, in a sentence or three."""
    named = " ".join(f"--without {store}" for store in missing)
    how = named if len(missing) <= logs.SOME else f"--without {ALL}"
    return (
        f"Of {expected:,} till logs {len(missing):,} are not in, of the stores "
        f"{logs.in_words(missing)}. Take them in with `promo ingest` and run `promo nightly --day "
        f"{night}` again, or go on without them: `promo nightly --day {night} {how}`. No list was "
        "made."
    )


def announcement(missing: Logs, until: datetime) -> str:
    """What is said of logs that a night waits for; until: in the chain's own time."""
    return (
        f"Waits until {until:%H:%M} of {until.date()} for the till logs of the stores "
        f"{logs.in_words(missing)}. `promo ingest` takes them in meanwhile; `--without STORE` goes "
        "on without."
    )


def notice(missing: Logs) -> str:
    """What is said of logs that a night goes on without."""
    return (
        f"Without the till logs of the stores {logs.in_words(missing)}: they are folded when they "
        "come. As long as this night is a draft, running it again takes them in."
    )
