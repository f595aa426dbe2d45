"""config.yaml -> frozen, validated settings; an unknown key is an error that names it."""

import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from reprlib import Repr
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import yaml
from pydantic import Field, ValidationError, model_validator

from promo import fault_words, money
from promo.calendar import Wave, Window, wave_of, window
from promo.coupon_section import Coupons
from promo.database_section import Database
from promo.errors import Sentence
from promo.operating_sections import Night, Status
from promo.pack_section import Packs
from promo.sections import (
    Allocation,
    Calendar,
    Categories,
    Checkout,
    Clubs,
    Currency,
    Delivery,
    Eligibility,
    Email,
    Exploration,
    Ingest,
    Lists,
    LocaleName,
    Locales,
    Margin,
    Models,
    Offers,
    Paths,
    Profiles,
    Receipt,
    Response,
    Section,
    Segments,
    Service,
    States,
    Zone,
)

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class ConfigError(Sentence):
    """The settings cannot be used; the message names the file, the key, the value and the need."""

    exit_code = 2


class Settings(Section):
    """All settings of one house. `folder` is where config.yaml lies."""

    folder: Path
    banner: str = Field(min_length=1)
    currency: Currency
    locale: LocaleName
    languages: Locales
    time_zone: Zone
    seed: int
    today: date | None
    paths: Paths
    calendar: Calendar
    database: Database
    ingest: Ingest
    night: Night
    profiles: Profiles
    eligibility: Eligibility
    delivery: Delivery
    lists: Lists
    receipt: Receipt
    email: Email
    segments: Segments
    clubs: Clubs
    states: States
    models: Models
    status: Status
    service: Service
    checkout: Checkout
    coupons: Coupons
    packs: Packs
    offers: Offers
    allocation: Allocation
    exploration: Exploration
    margin: Margin
    response: Response
    categories: Categories

    @model_validator(mode="after")
    def _enough_history(self) -> "Settings":
        if self.profiles.keep_days < self.eligibility.spend_days:
            raise ValueError(
                f"profiles.keep_days {self.profiles.keep_days} must not be below "
                f"eligibility.spend_days {self.eligibility.spend_days}"
            )
        return self

    @model_validator(mode="after")
    def _slots_to_discover(self) -> "Settings":
        if self.exploration.discovery_slots > self.lists.max_offers:
            raise ValueError(
                f"exploration.discovery_slots {self.exploration.discovery_slots} are some of "
                f"lists.max_offers {self.lists.max_offers}: not more than these"
            )
        return self

    @model_validator(mode="after")
    def _whole_amount(self) -> "Settings":
        amounts = {
            "ingest.max_amount": self.ingest.max_amount,
            "states.big_basket": self.states.big_basket,
        }
        for name, amount in amounts.items():
            try:
                self.minor(amount)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        return self

    def wave(self, night: date) -> Wave:
        """The buckets whose lists are made on this night."""
        return wave_of(night, self.calendar.first_night, self.calendar.nights)

    @property
    def lead_days(self) -> int:
        """Days from the night to the list's first day, for the way of delivery in use."""
        return self.delivery.lead_days[self.delivery.way]

    def window(self, night: date) -> Window:
        """The days that a list made on this night is for."""
        return window(night, self.lead_days, self.lists.window_days)

    @property
    def min_spend(self) -> int:
        """Minor units a household must have paid in the `spend_days` before its night."""
        weeks = Decimal(self.eligibility.spend_days) / 7
        return money.to_minor(
            (self.eligibility.min_weekly_spend * weeks).quantize(
                Decimal(1).scaleb(-money.exponent(self.currency))
            ),
            self.currency,
        )

    def current_day(self) -> date:
        """Today in the chain's zone, or the day that `today` fixes for a replay."""
        return self.today or datetime.now(ZoneInfo(self.time_zone)).date()

    def minor(self, amount: Decimal) -> int:
        """An amount of the settings in minor units."""
        return money.to_minor(str(amount), self.currency)

    def in_words(self, minor: int) -> str:
        """An amount of money as the chain writes it."""
        return money.in_words(minor, self.currency, self.locale)

    def secret(self, variable: str, file: str) -> str | None:
        """A secret from the environment or the file beside config.yaml; None when neither is.

        Raises ConfigError.
        """
        if value := os.environ.get(variable):
            return _outside(variable, value)
        path = self.folder / file
        return secret_of(path) if path.is_file() else None

    @property
    def database_url(self) -> str:
        """The database's URL; SQLite in the state folder unless a secret says otherwise."""
        url = self.secret("PROMO_DATABASE_URL", "database.url")
        return url.strip() if url else f"sqlite:///{self.paths.state / 'promo.db'}"


def secret_of(path: Path) -> str:
    """The secret that a file holds. Raises ConfigError, which says nothing of what it holds."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _no_text(f"{path}", error) from None


def _outside(variable: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:  # bytes that are no text stand in it as half characters
        raise _no_text(variable, error) from None
    return value


def _no_text(where: str, error: UnicodeDecodeError | UnicodeEncodeError) -> ConfigError:
    return ConfigError(
        f"{where} is no text: what stands at place {error.start + 1} is not UTF-8; expected a "
        "secret in plain characters. Put it there again, from its copy."
    )


class KeysOnce(yaml.CSafeLoader):
    """YAML in which no key may stand twice: the first one would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """As the base class does it, of keys that differ."""
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for key in keys:
            if keys.count(key) > 1:
                line = node.start_mark.line + 1
                raise yaml.YAMLError(f"the key {key!r} stands twice in what begins on line {line}.")
        return super().construct_mapping(node, deep)


def load(path: Path) -> Settings:
    """Read and check a config.yaml. Raises ConfigError with one line for each fault."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), KeysOnce)
    except FileNotFoundError:
        raise ConfigError(
            f"There is no settings file {path}. Name one with --config, or copy the project's "
            "config.yaml and run `promo init`."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, ValueError) as error:  # as for a day that no month has
        raise ConfigError(f"{path} is no YAML file: {error}") from None
    if not isinstance(raw, dict):
        raise ConfigError(f"{path} holds {raw!r}; expected sections such as `lists:`.")
    if "folder" in raw:
        raise ConfigError(f"{path.name}: unknown key `folder`.")
    folder = path.resolve().parent
    try:
        return Settings.model_validate(_with_folder(raw, folder) | {"folder": folder})
    except ValidationError as error:
        raise ConfigError(explain(path.name, error)) from None


def _with_folder(raw: dict[str, Any], folder: Path) -> dict[str, Any]:
    paths = raw.get("paths")
    if not isinstance(paths, dict):
        return raw
    paths = LATER_PATHS | paths
    absolute = {k: folder / v if isinstance(v, str) else v for k, v in paths.items()}
    return raw | {"paths": absolute}


LATER_PATHS = {"backups": "backups", "packs": "packs"}
"""Where a house that was made before a path was asked for has it."""


def explain(source: str, error: ValidationError) -> str:
    """One sentence a fault: what, where, the value got, what was expected."""
    lines = []
    for fault in error.errors():
        named = fault_words.place(fault["loc"])
        where = f"`{named}`" if named else "what it holds"
        if fault["type"] == "extra_forbidden":
            lines.append(f"{source}: unknown key {where}.")
        elif fault["type"] == "missing":
            lines.append(f"{source}: {where} is missing.")
        elif not _follows(fault):
            lines.append(f"{source}: {where}{_got(fault['input'])}: {fault_words.expected(fault)}.")
    return "\n".join(lines)


def _follows(fault: "ErrorDetails") -> bool:
    """Whether a list is called too short only because what stands in it is at fault."""
    return fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]


def _got(value: object) -> str:
    """The value at fault, in words; nothing for a whole section."""
    return "" if isinstance(value, dict) else f" is {said(value)}"


def said(value: object) -> str:
    """A value as it is quoted in a sentence: shortened, and never an error of its own."""
    if not isinstance(value, str | int | float | list | dict):
        value = str(value)
        return value if len(value) <= SHORT.maxstring else f"{value[: SHORT.maxstring]}…"
    try:
        return SHORT.repr(value)
    except ValueError:  # a whole number that is too long to be written
        return "too long a number"


SHORT = Repr()
SHORT.maxlevel, SHORT.maxlist, SHORT.maxdict, SHORT.maxstring, SHORT.maxlong = 3, 8, 8, 200, 40
