"""What the commands that change the house did, and how that ended: a row of `attempts` each.

Times are kept here and never in a night's report, which says the same however often a night is
made. A row without an end is a command that is at work or that was killed: the lock file tells.
A note is no reason for a command to fail: where the database takes none it goes on without.
"""

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, insert, update
from sqlalchemy.exc import SQLAlchemyError

from promo import mishaps, tables
from promo.errors import CRASHED, INTERRUPTED, Sentence
from promo.progress import Progress

Now = Callable[[], datetime]
DONE, SET_ASIDE, FAILED = "done", "set_aside", "failed"
OUTCOMES = {0: DONE, 1: SET_ASIDE}


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


class Attempt:
    """One run of a command: begun with its first look at the database, ended with the block."""

    def __init__(self, command: str, night: date | None, now: Now, facts: dict[str, Any]) -> None:
        self.command, self.night, self.now = command, night, now
        self.began = now()
        self.facts = facts
        self.stages: list[dict[str, Any]] = []
        self.engine: Engine | None = None
        self.id: int | None = None

    def begin(self, engine: Engine) -> None:
        """Write the row, unless it is there already."""
        if self.id is not None:
            return
        self.engine = engine
        row = {
            "command": self.command, "night": self.night, "process": os.getpid(),
            "began": self.began, "stages": self.stages, "facts": self.facts,
        }  # fmt: skip
        with suppress(SQLAlchemyError), engine.begin() as connection:
            made = insert(tables.Attempt).values(row).returning(tables.Attempt.id)
            self.id = connection.execute(made).scalar_one()

    def note(self, **facts: Any) -> None:
        """Add to what the command says of itself; ready for JSON."""
        self.facts = self.facts | facts
        self._write(facts=self.facts)

    def entered(self, stage: str) -> None:
        """Say that a stage began."""
        self.stages = [*self.stages, {"stage": stage, "began": self.now().isoformat()}]
        self._write(stages=self.stages)

    def left(self, stage: str, seconds: float, facts: dict[str, Any]) -> None:
        """Say how long the stage that was entered last took, and what it says of itself."""
        said = {name: _plain(value) for name, value in facts.items()}
        ended = self.stages[-1] | {"stage": stage, "seconds": round(seconds, 3), "facts": said}
        self.stages = [*self.stages[:-1], ended]
        self._write(stages=self.stages)

    def end(self, outcome: str, code: int, sentence: str | None = None) -> None:
        """Say how it ended."""
        self._write(outcome=outcome, code=code, sentence=sentence, ended=self.now())

    def progress(self) -> "Noted":
        """A progress whose stages are noted here."""
        return Noted(self)

    def _write(self, **values: Any) -> None:
        if self.engine is None or self.id is None:
            return
        change = update(tables.Attempt).where(tables.Attempt.id == self.id).values(values)
        with suppress(SQLAlchemyError), self.engine.begin() as connection:
            connection.execute(change)


class Noted(Progress):
    """What a command says while it works, noted with its attempt, too."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.command)
        self.attempt = attempt

    @contextmanager
    def stage(self, name: str) -> Iterator[dict[str, object]]:
        """As the base class does it."""
        self.attempt.entered(name)
        with super().stage(name) as facts:
            yield facts
        self.attempt.left(name, self.seconds[name], facts)


@contextmanager
def recorded(
    command: str, night: date | None = None, now: Now = utc_now, **facts: Any
) -> Iterator[Attempt]:
    """An attempt that ends as the block does, however it does. It begins with `begin`."""
    attempt = Attempt(command, night, now, facts)
    try:
        yield attempt
    except BaseException as error:
        attempt.end(*_ending(error))
        raise
    attempt.end(DONE, 0)


def _ending(error: BaseException) -> tuple[str, int, str | None]:
    """Outcome, exit code and sentence of a block that was left by an exception."""
    if isinstance(error, Sentence):
        return OUTCOMES.get(error.exit_code, FAILED), error.exit_code, str(error)
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else 0
        return OUTCOMES.get(code, FAILED), code, None
    if isinstance(error, KeyboardInterrupt):
        return FAILED, INTERRUPTED, "It was interrupted."
    if isinstance(error, Exception) and (mishap := mishaps.sentence(error)):
        return FAILED, mishap.exit_code, str(mishap)
    # Its message may quote a row, and with it somebody's name: kind and place are enough.
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    return FAILED, CRASHED, f"An error of promo's own: {type(error).__name__} in {where}."


def turned_away(attempt: Attempt, engine: Callable[[], Engine]) -> None:
    """Let a command that found the house busy say so; where there is no database it cannot."""
    with suppress(Sentence, OSError):
        attempt.begin(engine())


def _plain(value: object) -> object:
    """A stage's fact as JSON holds it."""
    return value if isinstance(value, int | float | str | bool | None) else str(value)
