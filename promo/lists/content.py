"""What a chain says to its clubs and tiers: `content.yaml` in the folder of its templates."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from promo.config import KeysOnce, explain
from promo.errors import Sentence
from promo.sections import TIERS, Section, Word
from promo.translations import bases

FILE = "content.yaml"


class ContentError(Sentence):
    """The file of clubs and services cannot be used; the message names key and need."""

    exit_code = 2


class Club(Section):
    """A club as the chain addresses it, wherever the model's name for it holds one of `words`."""

    id: str = Field(pattern="^[a-z0-9-]+$")  # also of its folder of templates
    words: tuple[Word, ...] = Field(min_length=1)
    tags: frozenset[str] = frozenset()
    heading: dict[str, str]


class Service(Section):
    """A service that some tiers have, by language."""

    tiers: frozenset[str] = frozenset(TIERS)
    text: dict[str, str]


class _File(Section):
    clubs: tuple[Club, ...] = ()
    services: tuple[Service, ...] = ()


@dataclass(frozen=True)
class Content:
    """The clubs' headings and the tiers' services of a chain."""

    clubs: tuple[Club, ...] = ()
    services: tuple[Service, ...] = ()

    def club(self, name: str) -> Club | None:
        """The first club of which a word stands in the model's name for a club."""
        folded = name.casefold()
        fits = (c for c in self.clubs if any(word.casefold() in folded for word in c.words))
        return next(fits, None) if name else None

    def services_of(self, tier: str, language: str) -> tuple[str, ...]:
        """What a tier may use, in a language; what is not said in it is left out."""
        some = (in_language(s.text, language) for s in self.services if tier in s.tiers)
        return tuple(text for text in some if text)


def in_language(texts: dict[str, str], language: str) -> str:
    """The text in a language or what that is a kind of; empty if there is none."""
    return next((texts[name] for name in bases(language) if name in texts), "")


@lru_cache(maxsize=8)
def content(folder: Path) -> Content:
    """The content of a chain's templates, read once a process; empty where there is none.

    Raises ContentError.
    """
    path = folder / FILE
    if not path.is_file():
        return Content()
    try:
        read = yaml.load(path.read_text(encoding="utf-8"), KeysOnce)
        found = _File.model_validate({} if read is None else read)
    except ValidationError as error:
        raise ContentError(explain(FILE, error)) from None
    except (yaml.YAMLError, ValueError) as error:  # also days that no month has
        raise ContentError(f"{path} cannot be read: {error}") from None
    return Content(found.clubs, found.services)
