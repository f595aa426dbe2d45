"""Articles: recipes, plans and tips that a chain writes, and which of them stand on a list.

A file `articles/<id>.<language>.md` of the templates' folder is a YAML head between two lines of
three hyphens, and Markdown below. What is chosen is stored with the list as ids, so that a list
that is printed again shows the same.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BeforeValidator, Field, ValidationError

from promo.config import KeysOnce, explain
from promo.errors import Sentence
from promo.sections import TIERS, Section, Word
from promo.translations import bases

FILE = re.compile(
    r"(?P<id>[a-z0-9]+(?:-[a-z0-9]+)*)\.(?P<language>[A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\.md"
)
HEAD = re.compile(r"---\n(?P<head>.*?)\n---\n(?P<body>.*)", re.DOTALL)
KINDS = ("recipe", "plan", "tip")


class ArticleError(Sentence):
    """An article cannot be used; the message names the file, the key and the need."""

    exit_code = 2


def _many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[frozenset[str], BeforeValidator(_many)]
Words = Annotated[frozenset[Word], BeforeValidator(_many)]


class Head(Section):
    """What an article says of itself. `uses`: categories as the product file names them."""

    title: str = Field(min_length=1, max_length=80)
    kind: Literal["recipe", "plan", "tip"]
    uses: Names = frozenset()
    clubs: Words = frozenset()  # one of which a club's name holds; empty: any club
    tags: Names = frozenset()
    tiers: Names = frozenset(TIERS)
    first: date | None = Field(None, alias="from")
    until: date | None = None


@dataclass(frozen=True, eq=False)  # compared by identity: a key of the press's caches
class Article:
    """An article in one language; `body` is Markdown."""

    id: str
    language: str
    head: Head
    body: str


@dataclass(frozen=True)
class Reader:
    """What is known of a household when its articles are chosen; `tags` are its club's."""

    shopper: str
    language: str
    tier: str
    club: str
    tags: frozenset[str]
    due: frozenset[str]  # categories


class Library:
    """A chain's articles. Raises ArticleError where a file cannot be used."""

    def __init__(self, folder: Path) -> None:
        found = [_read(path) for path in sorted((folder / "articles").glob("*.md"))]
        self._known = {(article.id, article.language): article for article in found}
        self.ids = sorted({article.id for article in found})

    def find(self, id: str, language: str) -> Article | None:
        """An article in a language or what that is a kind of: `es-MX`, `es`."""
        names = bases(language)
        return next((self._known[id, n] for n in names if (id, n) in self._known), None)

    def choose(self, reader: Reader, day: date, never: Collection[str]) -> tuple[str, ...]:
        """At most one article of each kind, for a list that begins on `day`.

        The recipe, plan or tip that uses most of what is due comes first; the club and its tags
        weigh as much as an item each. Among equals a coin of household and day decides. An article
        on a category in `never` is never chosen.
        """
        found = []
        for kind in KINDS:
            fits = [a for a in self._in(reader.language) if a.head.kind == kind]
            fits = [a for a in fits if _may(a.head, reader, day) and not a.head.uses & set(never)]
            ranked = sorted(fits, key=lambda a: (-_score(a.head, reader), _coin(a, reader, day)))
            found += [a.id for a in ranked[:1] if _score(a.head, reader)]
        return tuple(found)

    @lru_cache(maxsize=64)  # noqa: B019 -- a library lives as long as its process
    def _in(self, language: str) -> tuple[Article, ...]:
        found = (self.find(id, language) for id in self.ids)
        return tuple(article for article in found if article)


def _may(head: Head, reader: Reader, day: date) -> bool:
    begun = head.first is None or head.first <= day
    over = head.until is not None and day > head.until
    return begun and not over and reader.tier in head.tiers and _of_club(head, reader)


def _of_club(head: Head, reader: Reader) -> bool:
    return not head.clubs or any(word.casefold() in reader.club.casefold() for word in head.clubs)


def _score(head: Head, reader: Reader) -> int:
    """Nothing for an article that has nothing to do with the household."""
    due = len(head.uses & reader.due)
    if head.uses and not due:
        return 0
    return 1 + due + bool(head.clubs) + len(head.tags & reader.tags)


def _coin(article: Article, reader: Reader, day: date) -> bytes:
    text = f"{reader.shopper}|{day}|{article.id}"
    return blake2b(text.encode(), digest_size=8).digest()


def _read(path: Path) -> Article:
    named = FILE.fullmatch(path.name)
    if not named:
        raise ArticleError(
            f"The article {path.name} is misnamed; expected <id>.<language>.md, such as "
            "lentil-soup.en.md, the id in small letters, digits and hyphens."
        )
    try:
        parts = HEAD.fullmatch(path.read_text(encoding="utf-8-sig").replace("\r\n", "\n"))
        if not parts:
            raise ArticleError(
                f"The article {path.name} has no head; expected `---`, keys such as "
                "`kind: recipe`, `---`, and the text below."
            )
        head = Head.model_validate(yaml.load(parts["head"], KeysOnce))
    except ValidationError as error:
        raise ArticleError(explain(f"articles/{path.name}", error)) from None
    except (yaml.YAMLError, ValueError) as error:  # also days that no month has
        raise ArticleError(f"The article {path.name} cannot be read: {error}") from None
    return Article(named["id"], named["language"], head, parts["body"].strip())


@lru_cache(maxsize=8)
def library(folder: Path) -> Library:
    """The articles of a chain's templates, read once a process."""
    return Library(folder)


def of_list(found: Sequence[str], known: Library, language: str) -> list[Article]:
    """The articles of a list that still exist in its language, in their order."""
    articles = (known.find(id, language) for id in found)
    return [article for article in articles if article]
