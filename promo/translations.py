"""What translators write: messages in gettext's .po files, names of goods in words/<tag>.yaml.

English is the message itself. A chain's own files, in `locale/` and `words/` of its templates, go
over those that come with promo; a message that nobody has translated stays English.
"""

import codecs
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from promo.errors import Sentence

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog, Message

SHIPPED = files("promo").joinpath("locale")


class CatalogueError(Sentence):
    """A file of translations cannot be used; the message names file, line, fault and need."""

    exit_code = 2


def bases(tag: str) -> Iterator[str]:
    """A language tag and what it is a kind of, nearest first: `zh-Hans-CN`, `zh-Hans`, `zh`."""
    parts = tag.split("-")
    return ("-".join(parts[:count]) for count in range(len(parts), 0, -1))


@lru_cache(maxsize=64)
def messages(tag: str, folder: str) -> NullTranslations:
    """The messages of a language: the chain's own in `folder`, then promo's, then English.

    Raises CatalogueError.
    """
    own: list[Traversable] = [Path(folder, "locale", f"{name}.po") for name in bases(tag)]
    shipped = [SHIPPED.joinpath(name, "promo.po") for name in bases(tag)]
    found = NullTranslations()
    for file in reversed([file for file in own + shipped if file.is_file()]):
        compiled = _compiled(read(file))
        compiled.add_fallback(found)
        found = compiled
    return found


def read(file: Traversable) -> "Catalog":
    """A .po file, of which no message can fail when it is printed. Raises CatalogueError."""
    from babel.messages.pofile import PoFileError, read_po

    try:
        catalogue = read_po(BytesIO(file.read_bytes()), abort_invalid=True)
        codecs.lookup(catalogue.charset)
    except (PoFileError, LookupError, ValueError) as error:
        raise CatalogueError(f"{file} is no catalogue of messages: {error}.") from None
    for message in catalogue:
        if message.id and message.string:
            _check(message, f"{file}, {message.id!r}")
    return catalogue


def _check(message: "Message", where: str) -> None:
    known = set[str]().union(*map(placeholders, _forms(message.id)))
    for form in _forms(message.string):
        try:
            unknown = placeholders(form) - known
        except ValueError as error:
            raise CatalogueError(f"{where}: the translation {form!r} is broken: {error}.") from None
        if unknown:
            expected = ", ".join(f"{{{name}}}" for name in sorted(known)) or "no placeholder"
            raise CatalogueError(
                f"{where}: the translation {form!r} has {{{min(unknown)}}}; expected {expected}."
            )


def _forms(text: str | Iterable[str] | None) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text or ())


def placeholders(text: str) -> set[str]:
    """The names in braces that `str.format` will fill. Raises ValueError."""
    names = set()
    for _, name, spec, conversion in string.Formatter().parse(text):
        if name is None:
            continue
        if not re.fullmatch("[a-z_]+", name) or spec or conversion:
            raise ValueError(f"{{{name}}} is no plain name in braces")
        names.add(name)
    return names


def _compiled(catalogue: "Catalog") -> GNUTranslations:
    from babel.messages.mofile import write_mo

    file = BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    return GNUTranslations(file)


@dataclass(frozen=True)
class Words:
    """The chain's own words: names of goods and departments, and of units in package sizes."""

    words: Mapping[str, str]
    sizes: Mapping[str, str]

    @cached_property
    def units(self) -> re.Pattern[str]:
        """Any of the units, the longest first, as a word of its own."""
        longest = sorted(self.sizes, key=len, reverse=True)
        return re.compile(rf"(?<![^\W\d_])(?:{'|'.join(map(re.escape, longest))})(?![^\W\d_])")


@lru_cache(maxsize=64)
def words(tag: str, folder: str) -> Words:
    """The chain's words in a language, by those of its product file. Raises CatalogueError."""
    found = Words({}, {})
    for name in reversed(list(bases(tag))):
        file = Path(folder, "words", f"{name}.yaml")
        if file.is_file():
            own = _words(file)
            found = Words({**found.words, **own.words}, {**found.sizes, **own.sizes})
    return found


def _words(file: Path) -> Words:
    try:
        read = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader) or {}
    except (yaml.YAMLError, ValueError) as error:  # also days that no month has
        raise CatalogueError(f"{file} is no YAML file: {error}") from None
    if not isinstance(read, dict) or not read.keys() <= {"words", "sizes"}:
        got = list(read) if isinstance(read, dict) else read
        raise CatalogueError(f"{file} holds {got!r}; expected the sections `words` and `sizes`.")
    return Words(*(_section(file, name, read.get(name) or {}) for name in ("words", "sizes")))


def _section(file: Path, section: str, read: object) -> dict[str, str]:
    if not isinstance(read, dict):
        raise CatalogueError(f"{file}: `{section}` is {read!r}; expected lines such as `Tea: té`.")
    for name, said in read.items():
        if not (isinstance(name, str) and isinstance(said, str) and said.strip()):
            raise CatalogueError(f"{file}: `{section}`: {name!r} is {said!r}; expected words.")
    return read
