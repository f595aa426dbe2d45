"""The sections of config.yaml: what each may hold, and what is too little or too much."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.core import Locale, UnknownLocaleError
from babel.numbers import is_currency
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from promo.calendar import FORTNIGHT
from promo.emails import is_address


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


def _spoken(locales: dict[str, str]) -> dict[str, str]:
    for tag, name in locales.items():
        try:
            language = Locale.parse(tag, sep="-").language
        except (UnknownLocaleError, ValueError):
            raise ValueError(f"expected language tags such as es or zh-Hans, not {tag!r}") from None
        if Locale.parse(name).language != language:
            raise ValueError(f"expected a locale of the language {tag}, not {name}")
    return locales


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError("expected an ISO 4217 currency such as USD")
    return code


def _rising(nights: tuple[int, ...]) -> tuple[int, ...]:
    if list(nights) != sorted(set(nights)):
        raise ValueError("nights must rise and not repeat")
    return nights


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise ValueError("a format stands twice")
    return names


def _code_page(name: str) -> str:
    try:
        table = [bytes([code]).decode(name, "replace") for code in range(256)]
    except (LookupError, UnicodeError):
        table = []
    beside_ascii = "".join(table[32:127]) == "".join(map(chr, range(32, 127)))
    if not beside_ascii or table[128:].count("\ufffd") > 64:
        raise ValueError("expected a table of 256 characters such as cp858, by Python's name")
    return name


def _address(address: str) -> str:
    if not is_address(address) or "." not in address.rpartition("@")[2]:
        raise ValueError("expected an address such as lists@example.com")
    return address


MAX_HOST = 50  # characters, so that a link's QR code stays small
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")


def host_name(name: str) -> str:
    """A host's name as it may stand in a link. Raises ValueError."""
    if len(name) > MAX_HOST or not _HOST.fullmatch(name):
        raise ValueError(
            f"expected a host such as lists.example.com, at most {MAX_HOST} small letters, "
            "without https:// and without a path"
        )
    return name


FormatName = Literal["pdf", "large", "mail", "html", "email", "receipt-80", "receipt-58"]
Share = Annotated[float, Field(ge=0, le=1)]
CodePage = Annotated[str, AfterValidator(_code_page)]
EmailAddress = Annotated[str, AfterValidator(_address)]
Dots = Annotated[int, Field(ge=240, le=1280, multiple_of=8)]
Zone = Annotated[str, AfterValidator(_zone)]
HostName = Annotated[str, AfterValidator(host_name)]
LocaleName = Annotated[str, AfterValidator(_locale)]
Locales = Annotated[dict[str, LocaleName], AfterValidator(_spoken)]
Currency = Annotated[str, AfterValidator(_currency)]
OBJECTIVES = ("retain", "convert", "grow", "trial", "reward")
Night = Annotated[int, Field(ge=0, lt=FORTNIGHT)]


TIERS = ("base", "high", "top")  # by rising spend


def _word(word: str) -> str:
    if not word.strip():
        raise ValueError("an empty word stands in every club's name; expected a word, or none")
    return word


Word = Annotated[str, AfterValidator(_word)]
"""That is looked for in a club's name."""


class Section(BaseModel):
    """A part of the settings: frozen, and closed to keys it does not know."""

    # Not built before it is asked for: the settings as a whole build their sections once more.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Paths(Section):
    """Where things live; relative ones count from the folder of config.yaml."""

    state: Path
    lake: Path
    models: Path
    out: Path
    templates: Path
    backups: Path
    packs: Path


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
    max_leaves: int = Field(ge=1, le=2)
    paper: str = Field(pattern="^(A4|Letter)$")
    symbology: Literal["gs1-128", "gs1-datamatrix", "qr", "qr-link", "ean-13"]
    module_mm: float = Field(ge=0.40, le=0.60)
    matrix_mm: float = Field(ge=0.40, le=0.99)
    link_host: HostName | None
    ean_prefix: str | None = Field(pattern="^(02|04|2[0-9])$")
    document_type: str = Field(pattern="^[0-9]{13}$")
    pages_per_file: int = Field(gt=0, le=5000)
    formats: Annotated[tuple[FormatName, ...], Field(min_length=1), AfterValidator(_once)] = (
        "html", "pdf",
    )  # fmt: skip
    workers: int = Field(ge=0, le=256, default=0)

    @model_validator(mode="after")
    def _symbology_has_what_it_needs(self) -> "Lists":
        if self.symbology == "qr-link" and self.link_host is None:
            raise ValueError("symbology 'qr-link' needs a link_host such as lists.example.com")
        if self.symbology == "ean-13" and self.ean_prefix is None:
            raise ValueError("symbology 'ean-13' needs an ean_prefix: 02, 04 or 20 to 29")
        return self


class Receipt(Section):
    """What the kiosks' printers are like, all of them."""

    dots: dict[Annotated[int, Field(ge=40, le=120)], Dots]
    code_pages: dict[CodePage, Annotated[int, Field(ge=0, le=255)]]
    cjk: Literal["raster", "gb18030"]
    cutter: bool


class Email(Section):
    """From whom e-mail comes, and where it can be stopped."""

    sender: EmailAddress
    name: str | None
    unsubscribe: EmailAddress | None


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
    """How long promises are held, and how much of an offer a store must have."""

    late_days: int = Field(ge=0, le=28)
    few_products: int = Field(ge=0, le=100, default=3)


class Service(Section):
    """How much the service at the tills takes on."""

    requests_per_second: float = Field(gt=0)
    burst: int = Field(ge=1)
    failed_codes_per_minute: int = Field(ge=1)
    key_seconds: float = Field(ge=0, le=300)
    most_body: int = Field(ge=1024, le=1_048_576)
    body_seconds: float = Field(gt=0, le=60)
    most_waiting: int = Field(ge=1)
    threads: int = Field(ge=1, le=64)
    stop_seconds: int = Field(ge=1, le=300)


class Checkout(Section):
    """What tills may do with offers."""

    policy: Literal["best_for_shopper", "best_for_chain", "in_order"]
    item_codes: Literal["us", "gb", "de", "dk", "no", "se", "ee", "fi", "lt", "lv"] | None
    reserve_seconds: int = Field(ge=1, le=86_400)
    late_days: int = Field(ge=0, le=28)
    return_days: int = Field(ge=1, le=3650)
    flag_baskets: int = Field(ge=2)


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
