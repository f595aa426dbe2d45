"""What the morning's report is about. All of it is read before any of it is judged.

Days are calendar days, moments have a zone, money is minor units, sizes are bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from typing import Any

AT_WORK, KILLED, DONE, SET_ASIDE, FAILED = "at work", "killed", "done", "set_aside", "failed"


class Level(IntEnum):
    """How much something asks for a person."""

    OK = 0
    LOOK = 1
    ACT = 2

    @property
    def word(self) -> str:
        """ok, look or act."""
        return self.name.lower()

    @property
    def exit_code(self) -> int:
        """What `promo status` leaves with."""
        return (0, 1, 3)[self]


@dataclass(frozen=True)
class Finding:
    """A sentence for a person: what is the matter, and what to do. `about`: a store, an offer…"""

    level: Level
    kind: str
    about: str
    sentence: str


@dataclass(frozen=True)
class Stage:
    """A part of a command; `seconds` is None where it did not come to its end."""

    name: str
    seconds: float | None
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Try:
    """One run of a command, from its row of `attempts`."""

    id: int
    command: str
    night: date | None
    process: int
    began: datetime
    ended: datetime | None
    state: str  # done, set_aside, failed, at work, killed
    code: int | None
    sentence: str | None
    stages: tuple[Stage, ...]
    facts: Mapping[str, Any]

    @property
    def seconds(self) -> float | None:
        """From its begin to its end."""
        return None if self.ended is None else (self.ended - self.began).total_seconds()

    @property
    def last_stage(self) -> str | None:
        """The stage that it came to."""
        return self.stages[-1].name if self.stages else None


@dataclass(frozen=True)
class NightMade:
    """A night as its run says it; `state`: none, unfinished, draft or published."""

    day: date
    state: str
    due: bool  # by now it should have been made
    works: bool = True  # the calendar makes lists on this day
    lists: int = 0
    lists_before: int | None = None  # the same wave's, a fortnight earlier
    offers: int = 0
    due_items: int = 0
    worth: int = 0
    stores: int = 0
    control: int = 0
    model: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    tries: tuple[Try, ...] = ()

    @property
    def last(self) -> Try | None:
        """The newest try."""
        return self.tries[-1] if self.tries else None


@dataclass(frozen=True)
class RejectKind:
    """Lines that were set aside for one reason."""

    table: str
    field: str
    expected: str
    lines: int


@dataclass(frozen=True)
class File:
    """What became of one file that was to come in."""

    source: str
    table: str
    delivery: int | None
    lines: int
    rows: int
    repeats: int
    rejects: int
    taken: bool
    came: datetime
    kinds: tuple[RejectKind, ...]


@dataclass(frozen=True)
class Log:
    """A store's till log that the night expected. `delivery`: the first that brought some of it."""

    store: str
    day: date
    delivery: int | None
    came: datetime | None  # None, too, where nobody noted it
    left_out: bool  # the night went on without it
    lines: int = 0
    usual: float | None = None  # lines of that weekday, the median of some weeks


@dataclass(frozen=True)
class OfferStands:
    """An offer's budget: spent, and promised by open lists in full and as expected."""

    offer: str
    title: str
    state: str
    ends: date
    budget_money: int
    budget_redemptions: int
    spent_money: int
    spent_redemptions: int
    promised_money: int
    promised_redemptions: int
    expected_money: float
    expected_redemptions: float
    overspend: float  # chance of passing the budget

    @property
    def used(self) -> float:
        """Share of the budget that is spent or expected, by money or redemptions: the larger."""
        return max(
            _share(self.spent_money + self.expected_money, self.budget_money),
            _share(self.spent_redemptions + self.expected_redemptions, self.budget_redemptions),
        )

    @property
    def is_passed(self) -> bool:
        """Whether it has cost more than its budget."""
        return (
            self.spent_money > self.budget_money or self.spent_redemptions > self.budget_redemptions
        )


def _share(part: float, whole: int) -> float:
    return part / whole if whole else float(part > 0)


@dataclass(frozen=True)
class ModelStands:
    """The model that a night would take: its name, its age in days, a newer one set aside."""

    name: str | None  # None: there is none that can be read
    age_days: int | None
    is_prior: bool
    set_aside: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class Watched:
    """A past night's forecasts against the tills; `warning` where they are too far apart."""

    night: str
    rows: int
    predicted: float | None
    bought: float | None
    warning: str | None


@dataclass(frozen=True)
class Disk:
    """A file system and what of the house lies on it."""

    places: tuple[str, ...]
    path: str
    size: int
    free: int


@dataclass(frozen=True)
class Unfinished:
    """A forgetting, joining or splitting of households that was killed."""

    id: int
    kind: str
    day: date


@dataclass(frozen=True)
class Gone:
    """A folder that is not there: of the lake, or of the newest night that was made."""

    place: str  # lake, out
    path: str
    deliveries: int = 0  # whose lines the lake should hold
    night: date | None = None
    state: str = ""  # of that night: draft, published


@dataclass(frozen=True)
class Facts:
    """All that the report is made of."""

    banner: str
    day: date
    at: datetime
    currency: str
    night: NightMade
    others: tuple[Try, ...]  # ingest, fit and publish since the night before
    files: tuple[File, ...]
    logs: tuple[Log, ...]
    offers: tuple[OfferStands, ...]  # nearest to their budgets first
    model: ModelStands
    watched: tuple[Watched, ...]
    disks: tuple[Disk, ...]
    night_bytes: int = 0  # that the night's folder takes
    changes: tuple[Unfinished, ...] = ()  # of households, that nobody is at work on
    gone: tuple[Gone, ...] = ()


@dataclass(frozen=True)
class Report:
    """Facts and what is to be said of them, the gravest first."""

    facts: Facts
    findings: tuple[Finding, ...]
    rejects: tuple[RejectKind, ...] = field(default=())

    @property
    def level(self) -> Level:
        """The gravest finding's."""
        return max((finding.level for finding in self.findings), default=Level.OK)
