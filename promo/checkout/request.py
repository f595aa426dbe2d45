"""One request of a till, checked: which transaction it names, when, where, and in what words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from promo.checkout.refusals import Refuse
from promo.checkout.store_keys import StoreKey
from promo.language import Language


class Transaction(NamedTuple):
    """What a till's own records call a transaction; `day` as text, which both databases take."""

    store: str
    till: str
    day: str
    transaction: str

    @classmethod
    def of(cls, named: Mapping[str, Any]) -> "Transaction":
        """The transaction that a body names."""
        return cls(*(named[name] for name in cls._fields))

    @property
    def lock(self) -> int:
        """A number of 63 bits that stands for it."""
        text = "\x00".join(self).encode()
        return int.from_bytes(blake2b(text, digest_size=8).digest()) >> 1


class Made(Protocol):
    """Something that a till did: a request now, or one that its store answered on its own."""

    @property
    def name(self) -> Transaction:
        """The transaction that it is of."""

    @property
    def of(self) -> Transaction:
        """The sale that it is about."""

    @property
    def instant(self) -> datetime:
        """When, by the till's clock."""

    @property
    def now(self) -> datetime:
        """The service's clock."""


@dataclass(frozen=True)
class Request:
    """A checked body, the key it came with, and the service's clock."""

    verb: str
    body: Mapping[str, Any]
    key: StoreKey
    now: datetime
    today: date
    language: Language

    @cached_property
    def name(self) -> Transaction:
        """The transaction that the request is of."""
        return Transaction.of(self.body)

    @cached_property
    def of(self) -> Transaction:
        """The sale that it is about: its own transaction unless it names another."""
        return Transaction.of(self.body.get("of", self.body))

    @cached_property
    def digest(self) -> str:
        """Tells this request from another one of the same name."""
        text = json.dumps(self.body, sort_keys=True, separators=(",", ":"))
        return blake2b(text.encode(), digest_size=16).hexdigest()

    @cached_property
    def at(self) -> datetime:
        """The till's own time; it has no zone."""
        return datetime.fromisoformat(self.body["at"])

    @cached_property
    def instant(self) -> datetime:
        """The same as an instant."""
        return self.at.replace(tzinfo=ZoneInfo(self.key.time_zone))

    def check_days(self, late_days: int) -> None:
        """Raise Refuse where business day and clock do not agree with each other or with today."""
        day = date.fromisoformat(self.name.day)
        around = timedelta(1)
        if abs(self.at.date() - day) > around:
            raise Refuse("wrong_day", detail="`at` is more than a day away from `day`.")
        for each in (day, self.at.date()):
            if not self.today - timedelta(late_days) <= each <= self.today + around:
                raise Refuse("wrong_day", detail=f"Today is {self.today}; sales may be sent "
                             f"{late_days} days late.")  # fmt: skip
