"""Plain words for the till's abbreviations, as a shopper reads them on the printed list.

The vocabulary is data, in ``plain_words.yaml``. A text with any lower-case letter is taken to
be plain already and only has its spacing mended, so every function here is idempotent.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

Rules = Sequence[tuple[re.Pattern[str], str]]

NAMELESS = "Other items"  # what a name that says nothing, such as MISC, is called

_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_LETTERS = re.compile(r"[^\W\d_]+")
_CLAUSE = re.compile(r"\s+-+\s*|\s*-+\s+|[:;,()\[\]]+")
_LIST = re.compile(r"\s*&\s*|(?<!\d)\s*/\s*|\s*/\s*(?!\d)|\s+AND\s+")


class _Tables(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    words: dict[str, str]
    departments: dict[str, str]
    categories: dict[str, str]
    types: dict[str, str]
    rules: list[tuple[re.Pattern[str], str]]
    type_rules: list[tuple[re.Pattern[str], str]]
    size_rules: list[tuple[re.Pattern[str], str]]
    units: dict[str, str]


@cache
def _tables() -> _Tables:
    text = resources.files("promo.scans").joinpath("plain_words.yaml").read_text("utf-8")
    # The base loader keeps every scalar a string: N, NO and ON are till tokens here.
    return _Tables.model_validate(yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader)))


@cache
def category_words(name: str) -> str:
    """Return a product category in plain words: ``FRZN POTATOES`` is ``Frozen potatoes``."""
    return _named(name, _tables().categories, _tables().rules)


@cache
def department_words(name: str) -> str:
    """Return a department in plain words: ``MEAT-PCKGD`` is ``Packaged meat``."""
    return _named(name, _tables().departments, _tables().rules)


@cache
def type_words(name: str) -> str:
    """Return a product type in plain words, without the catalogue's asides and cut-off ends."""
    return _named(name, _tables().types, [*_tables().type_rules, *_tables().rules])


@cache
def size_words(size: str) -> str:
    """Return a package size in plain words: ``12/12 OZ`` is ``12 x 12 oz``; blank stays blank."""
    text = _tidy(size)
    if _is_plain(text):
        return text
    bare = _rewrite(text, _tables().size_rules)
    words = _tidy(_LETTERS.sub(lambda found: _meaning(_tables().units, found[0]), bare))
    return words if words == text else size_words(words)


def _named(name: str, known: dict[str, str], rules: Rules) -> str:
    text = _tidy(name)
    if text in known:
        return known[text]
    if _is_plain(text):
        # A capital on "aB" would leave it without lower case, to be read as a till name next.
        return _capital(text) if _is_plain(text[1:]) else text
    return _capital(_sentence(_rewrite(text, rules))) or (NAMELESS if name else "")


def _is_plain(text: str) -> bool:
    return any(letter.islower() for letter in text)


def _tidy(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _rewrite(text: str, rules: Rules) -> str:
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return _tidy(text)


def _sentence(text: str) -> str:
    """Join the clauses of a till name with commas: ``EGGS - LARGE`` is ``eggs, large``."""
    clauses = (_listed(clause) for clause in _CLAUSE.split(text))
    return ", ".join(clause for clause in clauses if clause)


def _listed(clause: str) -> str:
    """Spell out a list: ``A/B/C`` is ``a, b and c``."""
    parts = [part for part in map(_spelled, _LIST.split(clause)) if part]
    return " and ".join([*filter(None, [", ".join(parts[:-1])]), *parts[-1:]])


def _spelled(part: str) -> str:
    return _tidy(_TOKEN.sub(lambda found: _meaning(_tables().words, found[0]), part)).strip("-./ ")


def _meaning(table: dict[str, str], token: str) -> str:
    return table.get(token.lower(), token.lower())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if len(text[:1].upper()) == 1 else text
