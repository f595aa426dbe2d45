"""config.yaml -> frozen, validated settings; an unknown key is an error that names it."""

import os
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from reprlib import Repr
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from babel.core import Locale, UnknownLocaleError
from babel.numbers import is_currency
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from promo import money
from promo.calendar import FORTNIGHT, Wave, Window, wave_of, window
from promo.errors import Sentence


class ConfigError(Sentence):
    """The settings cannot be used; the message names the file, the key, the value and the need."""

    exit_code = 2


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError("expected a time zone such as America/New_York") from None
    return name


def _locale(name: str) -> str:
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        raise ValueError("expected a locale such as en_US") from None
    return name


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError("expected an ISO 4217 currency such as USD")
    return code


def _rising(nights: tuple[int, ...]) -> tuple[int, ...]:
    if list(nights) != sorted(set(nights)):
        raise ValueError("nights must rise and not repeat")
    return nights


Share = Annotated[float, Field(ge=0, le=1)]
Zone = Annotated[str, AfterValidator(_zone)]
OBJECTIVES = ("retain", "convert", "grow", "trial", "reward")
Night = Annotated[int, Field(ge=0, lt=FORTNIGHT)]


TIERS = ("base", "high", "top")  # by rising spend


class Section(BaseModel):
    """A part of the settings: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Paths(Section):
    """Where things live; relative ones count from the folder of config.yaml."""

    state: Path
    lake: Path
    models: Path
    out: Path
    templates: Path


class Calendar(Section):
    """Which buckets' lists are made on which night."""

    first_night: date
    nights: Annotated[tuple[Night, ...], Field(min_length=1), AfterValidator(_rising)]


class Ingest(Section):
    """What a delivery of till lines may look like."""

    max_reject_rate: Share
    late_days: int = Field(ge=0)
    max_amount: Decimal = Field(gt=0)
    max_quantity: int = Field(gt=0)


class Profiles(Section):
    """How much of a household's past is kept."""

    keep_days: int = Field(ge=28, le=730)


class Eligibility(Section):
    """Who gets a list."""

    spend_days: int = Field(gt=0)
    min_weekly_spend: Decimal = Field(ge=0)


class Delivery(Section):
    """How lists reach the shopper, and how long that takes."""

    way: str
    lead_days: dict[str, Annotated[int, Field(ge=0, le=28)]]

    @model_validator(mode="after")
    def _known(self) -> "Delivery":
        if self.way not in self.lead_days:
            raise ValueError(f"way {self.way!r} has no entry in lead_days")
        return self


class Lists(Section):
    """What a list holds and how it is printed."""

    window_days: int = Field(gt=0, le=28)
    max_due: int = Field(ge=0, le=24)
    min_due: Share
    max_offers: int = Field(ge=0, le=16)
    paper: str = Field(pattern="^(A4|Letter)$")
    module_mm: float = Field(ge=0.40, le=0.60)
    document_type: str = Field(pattern="^[0-9]{13}$")
    pages_per_file: int = Field(gt=0, le=5000)


class Segments(Section):
    """Where the grid's and the pyramid's lines are drawn."""

    tiers: dict[str, Share]
    heavy_share: Share
    medium_share: Share
    loyal_share: float = Field(gt=0.5, le=1)
    prior_purchases: float = Field(ge=0)
    hysteresis: float = Field(ge=0, lt=1)

    @model_validator(mode="after")
    def _ordered(self) -> "Segments":
        if list(self.tiers) != ["top", "high"] or self.tiers["top"] > self.tiers["high"]:
            raise ValueError(
                f"tiers {self.tiers} must be `top` and `high`, and top's share the smaller"
            )
        if self.heavy_share > self.medium_share:
            raise ValueError(
                f"medium_share {self.medium_share} counts heavy and medium together: "
                f"not below heavy_share {self.heavy_share}"
            )
        return self


class Clubs(Section):
    """How many life-styles there are, and who belongs to one."""

    number: int = Field(ge=2, le=50)
    least_purchases: int = Field(ge=1)
    hysteresis: float = Field(ge=0)


class States(Section):
    """When a household is new, growing, fading or lapsed, a deal-seeker or a big-basket one."""

    lapsed_days: int = Field(gt=0)
    new_days: int = Field(gt=0)
    recent_days: int = Field(gt=0)
    before_days: int = Field(gt=0)
    change: Share
    sure: float = Field(ge=0)
    deal_share: Share
    big_basket: Decimal = Field(gt=0)


class Offers(Section):
    """How long promises are held."""

    late_days: int = Field(ge=0, le=28)


class Models(Section):
    """When a model is trusted."""

    worse_by: float = Field(ge=0)
    watch_tolerance: Share
    watch_errors: float = Field(ge=0)


class Allocation(Section):
    """What lists and budgets must keep to."""

    overspend_risk: float = Field(gt=0, lt=1)
    response_cv: float = Field(ge=0, le=2)
    pace: float = Field(ge=1)
    per_category: int = Field(ge=1)
    per_funder: int = Field(ge=1)
    bands: dict[str, tuple[Decimal, Decimal]]
    pull: float = Field(ge=0)

    @model_validator(mode="after")
    def _bands_of_tiers(self) -> "Allocation":
        for tier, (low, high) in self.bands.items():
            if tier not in TIERS:
                raise ValueError(f"bands are by tier ({', '.join(TIERS)}), and {tier!r} is none")
            if not 0 <= low <= high:
                raise ValueError(f"band {tier} [{low}, {high}] must rise from 0 or more")
        return self


class Exploration(Section):
    """What is left to chance, so that it can be learned from and measured."""

    discovery_slots: int = Field(ge=0, le=16)
    control_households: Share
    control_offers: Share
    season_days: int = Field(gt=0)


class Margin(Section):
    """The chain's margin where the product file tells none, as a share of the price."""

    default: Share
    by_category: dict[str, Share]


class Weights(Section):
    """What an objective counts, a minor unit each."""

    margin: float = Field(ge=0, le=100)
    sales: float = Field(ge=0, le=100)
    worth: float = Field(ge=0, le=100)
    subsidy: float = Field(ge=0, le=100)


class Response(Section):
    """Priors on what offers bring, and what counts as value."""

    elasticity: float = Field(ge=0, le=5)
    anyway_odds: float = Field(ge=1, le=1000)
    kept: Share
    candidates: int = Field(gt=0, le=1000)
    discovery_candidates: int = Field(ge=0)
    weights: dict[str, Weights]

    @model_validator(mode="after")
    def _consistent(self) -> "Response":
        if self.discovery_candidates > self.candidates:
            raise ValueError(
                f"discovery_candidates {self.discovery_candidates} are part of the candidates "
                f"and not more than {self.candidates}"
            )
        if set(self.weights) != set(OBJECTIVES):
            raise ValueError(f"weights must be those of {', '.join(OBJECTIVES)}, each once")
        return self


class Categories(Section):
    """Categories with a rule of their own, by their name in the product file."""

    not_grocery: frozenset[str]
    unlisted: frozenset[str]
    sensitive: frozenset[str]
    restricted: frozenset[str]

    @property
    def never_said(self) -> frozenset[str]:
        """Neither an input to nor printed as a due item, offer, article or club."""
        return self.sensitive | self.restricted

    @property
    def never_due(self) -> frozenset[str]:
        """Everything that may not stand among the due items."""
        return self.never_said | self.not_grocery | self.unlisted


class Settings(Section):
    """All settings of one house. `folder` is where config.yaml lies."""

    folder: Path
    banner: str = Field(min_length=1)
    currency: Annotated[str, AfterValidator(_currency)]
    locale: Annotated[str, AfterValidator(_locale)]
    time_zone: Zone
    seed: int
    today: date | None
    paths: Paths
    calendar: Calendar
    ingest: Ingest
    profiles: Profiles
    eligibility: Eligibility
    delivery: Delivery
    lists: Lists
    segments: Segments
    clubs: Clubs
    states: States
    models: Models
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
        """A secret from the environment or the file beside config.yaml; None when neither is."""
        if value := os.environ.get(variable):
            return value
        path = self.folder / file
        return path.read_text(encoding="utf-8") if path.is_file() else None

    @property
    def database_url(self) -> str:
        """The database's URL; SQLite in the state folder unless a secret says otherwise."""
        url = self.secret("PROMO_DATABASE_URL", "database.url")
        return url.strip() if url else f"sqlite:///{self.paths.state / 'promo.db'}"


def load(path: Path) -> Settings:
    """Read and check a config.yaml. Raises ConfigError with one line for each fault."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"There is no settings file {path}. Name one with --config, or copy the project's "
            "config.yaml and run `promo init`."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
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
    absolute = {k: folder / v if isinstance(v, str) else v for k, v in paths.items()}
    return raw | {"paths": absolute}


def explain(source: str, error: ValidationError) -> str:
    """One sentence a fault: what, where, the value got, what was expected."""
    lines = []
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"]) or "the file as a whole"
        if fault["type"] == "extra_forbidden":
            lines.append(f"{source}: unknown key `{where}`.")
        elif fault["type"] == "missing":
            lines.append(f"{source}: `{where}` is missing.")
        else:
            message = fault["msg"].removeprefix("Value error, ")
            got = _got(fault["input"])
            lines.append(f"{source}: `{where}`{got}: {message}.")
    return "\n".join(lines)


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
