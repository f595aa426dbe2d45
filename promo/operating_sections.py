"""The sections of config.yaml for whoever runs the night: logs that are waited for, the morning."""

import re
from datetime import date, time
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from promo.sections import EmailAddress, Section, Share

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)  # by date.weekday()
ALL = "all"


def _hour(value: object) -> time:
    # YAML reads 16:00 without quotes as a number, by sixties.
    if not isinstance(value, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise ValueError('expected an hour in quotes such as "04:00"')
    return time.fromisoformat(value)


def _stores(value: object) -> tuple[str, ...] | None:
    if value == ALL:
        return None
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError('expected all, or store ids in quotes such as ["1", "7"]')
    return tuple(dict.fromkeys(value))


def _closed(value: object) -> tuple[str | date, ...]:
    given = value if isinstance(value, list) else [value]
    for each in given:
        if each not in WEEKDAYS and not isinstance(each, date):
            raise ValueError(f"expected weekdays such as sun, or days such as 2017-12-25: {each!r}")
    return tuple(given)


Hour = Annotated[time, BeforeValidator(_hour)]
Stores = Annotated[tuple[str, ...] | None, BeforeValidator(_stores)]
"""Ids of stores; None stands for all of the store table."""
ClosedDays = Annotated[tuple[Weekday | date, ...], BeforeValidator(_closed)]


class Night(Section):
    """Whose till logs a night waits for, until when, and what then."""

    stores: Stores
    closed: dict[str, ClosedDays]
    wait_until: Hour
    look_every_seconds: int = Field(ge=1, le=3600)
    missing: Literal["go_on", "stop"]
    most_missing: Share

    def is_closed(self, store: str, day: date) -> bool:
        """Whether a store sells nothing on a day, so that no log of it is expected."""
        said = (*self.closed.get(ALL, ()), *self.closed.get(store, ()))
        return day in said or WEEKDAYS[day.weekday()] in said


class Bounds(Section):
    """Where a figure is to be looked at, and where something must be done; less is worse."""

    look: float = Field(ge=0)
    act: float = Field(ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> "Bounds":
        if self.act > self.look:
            raise ValueError(f"act {self.act} comes after look {self.look}: not above it")
        return self


class Status(Section):
    """From where on the morning's report says that something is to be looked at, or done."""

    night_by: Hour
    reject_rate: Share
    short_log: Share
    fewer_lists: Share
    model_days: int = Field(ge=1)
    budget_used: float = Field(gt=0, le=1)
    offers: int = Field(ge=0, le=100)
    disk_free: Bounds
    disk_free_gb: Bounds
    mail_to: tuple[EmailAddress, ...]
