"""`promo templates check`: every edge case in every format, and what breaks, by name.

Cases are rendered in a process of their own: a template that never ends is stopped and named, and
one that brings the renderer down takes nothing else with it.
"""

import multiprocessing
import signal
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType

from promo.config import Settings
from promo.errors import Sentence
from promo.lists.press import measure
from promo.lists.press.brim import fullest
from promo.lists.press.edge_cases import edge_cases, with_right_to_left
from promo.lists.press.faults import file_name
from promo.lists.press.press import STYLES, Press
from promo.lists.press.proof import proofs
from promo.lists.sheet import Sheet

SECONDS = 10  # that one case may take in one format
GRACE = 5  # seconds more, after which the process is ended
IN_EVERY_LANGUAGE = ("an ordinary list", "all that a list may hold", "nothing at all")


class Unchecked(Sentence):
    """What is to be checked is not there."""

    exit_code = 2


class TooSlow(Exception):
    """Raised inside whatever a case is doing when its time is over."""


@dataclass(frozen=True)
class Case:
    """An edge case in a language."""

    name: str
    language: str
    sheet: Sheet

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


@dataclass(frozen=True)
class Broken:
    """What is wrong with a case in a format."""

    case: Case
    form: str
    fault: str

    def __str__(self) -> str:
        return f"{self.case}, {self.form}: {self.fault}"


def prepared(settings: Settings, banner: str | None, language: str | None) -> Settings:
    """The settings to check with: the banner asked for, and a language that runs leftwards.

    Raises Unchecked for a language that the chain has not, NoMeasure where pypdfium2 is missing.
    """
    measure.require()
    known = with_right_to_left(settings)
    if language and language not in known.languages:
        names = ", ".join(known.languages)
        raise Unchecked(f"There is no language {language!r} in `languages`; expected {names}.")
    return known.model_copy(update={"banner": banner or settings.banner})


def cases(settings: Settings, language: str | None, clubs: Sequence[str]) -> list[Case]:
    """All cases in the language asked for; else in the chain's own, and a few in each other.

    clubs: only these, by the id or a word of `content.yaml`; else all of it. Raises Unchecked.
    """
    press = Press(settings)
    known = {club.id: club.words[0] for club in press.content.clubs}
    names = [known.get(club, club) for club in clubs] or list(known.values())
    if unknown := [name for name in names if not press.content.club(name)]:
        expected = ", ".join(known) or "no clubs at all"
        raise Unchecked(f"There is no club {unknown[0]!r} in content.yaml; it has {expected}.")
    own = language or press.languages.default.name
    found = edge_cases(settings, own, names, press.library.ids)
    made = [Case(name, own, sheet) for name, sheet in found.items()]
    made += [Case(f"{style}: full to the brim", own, fullest(press, own, style))
             for style in STYLES]  # fmt: skip
    for tag in () if language else settings.languages:
        few = edge_cases(settings, tag) if tag != own else {}
        made += [Case(name, tag, few[name]) for name in IN_EVERY_LANGUAGE if few]
    return made


class Worker(AbstractContextManager["Worker"]):
    """The process that renders; another takes its place when it had to be ended."""

    def __init__(self, settings: Settings, folder: Path, seconds: int = SECONDS) -> None:
        self.settings, self.folder, self.seconds = settings, folder, seconds
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        words = (theirs, self.settings, self.folder, self.seconds)
        self._process = context.Process(target=work, args=words, daemon=True)
        self._process.start()
        theirs.close()
        # Once it has read what it needs; only from now on does the time count.
        self.forms: tuple[str, ...] = self._pipe.recv()

    def check(self, case: Case) -> list[Broken]:
        """What is wrong with a case, format by format."""
        return [
            Broken(case, form, fault) for form in self.forms for fault in self._faults(case, form)
        ]

    def _faults(self, case: Case, form: str) -> list[str]:
        try:
            self._pipe.send((case, form))
            if self._pipe.poll(self.seconds + GRACE):
                found: list[str] = self._pipe.recv()
                return found
            fault = f"the renderer was not done after {self.seconds + GRACE} seconds"
        except (EOFError, ConnectionError):
            fault = "the renderer broke down"
        self._end()
        self._start()
        return [fault]

    def _end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def __exit__(self, *_: object) -> None:
        self._end()


def work(pipe: Connection, settings: Settings, folder: Path, seconds: int) -> None:
    """Answer cases and formats with faults until the pipe is closed."""
    signal.signal(signal.SIGALRM, _over)
    folder.mkdir(parents=True, exist_ok=True)
    press = Press(settings)
    known = proofs(press)
    pipe.send(tuple(known))
    while True:
        try:
            case, form = pipe.recv()
        except EOFError:
            return
        path = folder / file_name(f"{case.language} {case.name}", form)
        proof = known[form](press, case.sheet, path)
        pipe.send(_timed(lambda: list(dict.fromkeys(proof)), seconds))  # noqa: B023


def _timed(render: Callable[[], list[str]], seconds: int) -> list[str]:
    signal.alarm(seconds)
    try:
        return render()
    except (Sentence, TooSlow) as error:
        slow = _slow(error)
        return [f"{slow} after {seconds} seconds" if slow else str(error)]
    finally:
        signal.alarm(0)


def _over(_: int, frame: FrameType | None) -> None:
    raise TooSlow(f"{_place(frame)} was not done")


def _place(frame: FrameType | None) -> str:
    """The template and the line at work in a frame, or in what called it."""
    while frame:
        template = frame.f_globals.get("__jinja_template__")
        if template and frame.f_lineno is not None:
            line = template.get_corresponding_lineno(frame.f_lineno)
            return f"the template {template.name}, line {line},"
        frame = frame.f_back
    return "the renderer"


def _slow(error: BaseException | None) -> TooSlow | None:
    """What ended a rendering, if time did: the templates' engine may fail over it once more."""
    while error and not isinstance(error, TooSlow):
        error = error.__cause__ or error.__context__
    return error if isinstance(error, TooSlow) else None
