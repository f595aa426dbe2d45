"""A household's language: what it reads, and how it writes money, days, numbers and weights.

Numbers are in the digits of the shelf tags (0-9) in every language: so are the dates and codes that
stand beside them.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from babel.core import Locale

from promo import money, translations

if TYPE_CHECKING:
    from promo.config import Settings

NBSP = "\N{NO-BREAK SPACE}"
AFTER_NUMBER = re.compile(r"(?<=\d) (?=[^\W\d_])")
# What CLDR's patterns leave out: Spanish says `e hinojo` and `u olivas`.
BEFORE_ITS_LIKE = {
    "es": (
        (re.compile(r" y (?=h?[ií](?![aeoáéó]))", re.I), " e "),
        (re.compile(r" o (?=h?[oó8])", re.I), " u "),
    )
}
UNITS = {"kg": "kilogram", "lb": "pound"}


def noted(message: str) -> str:
    """The message itself, noted here for the translators and said elsewhere."""
    return message


@dataclass(frozen=True)
class Language:
    """One language of a chain: small, hashable, and the same in every process.

    name: as config.yaml has it (`es`); locale: of its money and dates (`es_US`); home: the chain's
    own locale; folder: the chain's templates, with its own messages and words.
    """

    name: str
    locale: str = "en_US"
    currency: str = "USD"
    home: str = "en_US"
    folder: str = ""

    @property
    def tag(self) -> str:
        """As HTML's `lang` wants it (BCP 47): `es-US`, `zh-Hans`."""
        return self.locale.replace("_", "-")

    @property
    def direction(self) -> str:
        """Which way lines run: `ltr` or `rtl`."""
        return str(_locale(self.locale).text_direction)

    def text(self, message: str, **values: object) -> str:
        """A message in this language, its `{names}` filled with `values`."""
        said = translations.messages(self.name, self.folder).gettext(message)
        return said.format_map(values) if values else said

    def many(self, one: str, many: str, count: int, **values: object) -> str:
        """The form of a message that `count` wants; `{count}` is filled with it."""
        found = translations.messages(self.name, self.folder).ngettext(one, many, count)
        return found.format_map({"count": self.number(count)} | values)

    def word(self, name: str) -> str:
        """The chain's word for a category or department; as the product file has it if none.

        A name that begins small, as it stands within a sentence, gets a word that begins small.
        """
        known = translations.words(self.name, self.folder).words
        found = known.get(name)
        if found is None and (found := known.get(name[:1].upper() + name[1:])):
            found = found[:1].lower() + found[1:]
        return found or name

    def size(self, size: str) -> str:
        """A package size with this language's units, no unit parted from its number."""
        units = translations.words(self.name, self.folder)
        said = units.units.sub(lambda unit: units.sizes[unit[0]], size) if units.sizes else size
        return AFTER_NUMBER.sub(NBSP, said)

    def title(self, title: str, titles: Mapping[str, str]) -> str:
        """An offer's title: of its `titles` by language the nearest, else `title`."""
        for name in translations.bases(self.name):
            if name in titles:
                return titles[name]
        return title

    def money(self, minor: int) -> str:
        """`125` -> `$1.25`: by this language's rules, with the currency's sign on shelf tags."""
        return money.in_words(minor, self.currency, self.locale, sign_of(self.currency, self.home))

    def day(self, day: date) -> str:
        """`Sun, Nov 19, 2017`."""
        return _dated(day, "yMMMEd", self.locale)

    def short_day(self, day: date) -> str:
        """`Nov 19`, never parted."""
        return _dated(day, "MMMd", self.locale).replace(" ", NBSP)

    def span(self, first: date, last: date) -> str:
        """`Nov 6 – 19`, never parted."""
        return _span(first, last, self.locale)

    def clock(self, at: time) -> str:
        """`4:00 PM`, `16:00`, never parted."""
        return _clock(at, self.locale)

    def number(self, number: int) -> str:
        """`1,500`."""
        return _number(number, self.locale)

    def percent(self, hundredths: int) -> str:
        """`1250` (hundredths of a per cent) -> `12.5%`."""
        return _percent(hundredths, self.locale)

    def weight(self, thousandths: int, unit: str) -> str:
        """`1500, "lb"` -> `1.5 lb`, never parted; unit: kg or lb."""
        return _weight(thousandths, unit, self.locale)

    def listed(self, items: Sequence[str], joined: Literal["and", "or"] = "and") -> str:
        """`a, b, and c`, or with `or`."""
        from babel.lists import format_list

        said = str(format_list(items, "or" if joined == "or" else "standard", self.locale))
        for pattern, spoken in BEFORE_ITS_LIKE.get(_locale(self.locale).language, ()):
            said = pattern.sub(spoken, said)
        return said


class Languages:
    """All languages of a chain, by a household's tag: the nearest known, else the chain's own."""

    def __init__(
        self, default_locale: str, currency: str, locales: Mapping[str, str], folder: Path | None
    ) -> None:
        def made(name: str, locale: str) -> Language:
            return Language(name, locale, currency, default_locale, str(folder or ""))

        own = default_locale.replace("_", "-")
        self._known = {name.casefold(): made(name, locale) for name, locale in locales.items()}
        self.default = self._nearest(own) or made(own, default_locale)
        self._found: dict[str, Language] = {}

    @classmethod
    def of(cls, settings: "Settings") -> "Languages":
        """The languages that config.yaml names."""
        folder = settings.paths.templates
        return cls(settings.locale, settings.currency, settings.languages, folder)

    def __getitem__(self, tag: str) -> Language:
        found = self._found.get(tag)
        if found is None:
            found = self._found[tag] = self._nearest(tag.replace("_", "-")) or self.default
        return found

    def _nearest(self, tag: str) -> Language | None:
        names = translations.bases(tag.casefold())
        return next((self._known[name] for name in names if name in self._known), None)


@lru_cache(maxsize=64)
def sign_of(currency: str, home: str) -> str | None:
    """The chain's own currency as its shelf tags have it: `$` in en_US. None if that is unknown.

    A sign in letters that not every reader knows (Arabic, Thai) is not taken to other languages.
    """
    from babel.numbers import get_currency_symbol, get_territory_currencies

    place = _locale(home).territory
    if not place or currency not in get_territory_currencies(place):
        return None
    sign = str(get_currency_symbol(currency, home))
    foreign = any(c.isalpha() and "LATIN" not in unicodedata.name(c, "") for c in sign)
    return None if foreign else sign


@lru_cache(maxsize=64)
def _locale(name: str) -> Locale:
    return Locale.parse(name)


@lru_cache(maxsize=4096)
def _dated(day: date, skeleton: str, locale: str) -> str:
    from babel.dates import format_skeleton

    return str(format_skeleton(skeleton, day, locale=locale))


@lru_cache(maxsize=4096)
def _span(first: date, last: date, locale: str) -> str:
    from babel.dates import format_interval

    if first == last:
        return _dated(first, "MMMd", locale).replace(" ", NBSP)
    said = str(format_interval(first, last, "MMMd", locale=locale))
    return said.replace("\N{THIN SPACE}", NBSP).replace(" ", NBSP)


@lru_cache(maxsize=4096)
def _clock(at: time, locale: str) -> str:
    from babel.dates import format_time

    said = str(format_time(at, "short", locale=locale))
    return said.replace("\N{NARROW NO-BREAK SPACE}", NBSP).replace(" ", NBSP)


@lru_cache(maxsize=4096)
def _number(number: int, locale: str) -> str:
    from babel.numbers import format_decimal

    return str(format_decimal(number, locale=locale))


@lru_cache(maxsize=4096)
def _percent(hundredths: int, locale: str) -> str:
    from babel.numbers import format_percent

    share = Decimal(hundredths) / 10_000
    return str(format_percent(share, locale=locale, decimal_quantization=False))


@lru_cache(maxsize=4096)
def _weight(thousandths: int, unit: str, locale: str) -> str:
    from babel.units import format_unit

    amount = Decimal(thousandths) / 1000
    return str(format_unit(amount, UNITS[unit], "short", locale=locale)).replace(" ", NBSP)
