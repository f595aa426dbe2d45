"""What stands on a list, before it has a code or a page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self, TypeVar

import msgspec
from msgspec.structs import asdict

Read = TypeVar("Read")


class DueItem(msgspec.Struct, frozen=True):
    """A category the household is about to run out of."""

    category: str
    words: str
    department: str
    detail: str
    probability: float
    expected_day: date
    quantity: float
    place: tuple[str, ...] = ()  # department and words by which the shop orders; empty: as printed

    def packed(self) -> dict[str, Any]:
        """What is stored of it."""
        return _kept(self) | {"expected_day": self.expected_day.isoformat()}


class OfferItem(msgspec.Struct, frozen=True):
    """An offer on a list: `worth` (minor units) is what it is likely to take off at the till.

    The till prices it by its terms in the household's `cell` of the grid, loyalty/volume.
    """

    offer: str
    title: str
    worth: int
    buy: int
    category: str
    cell: str
    probability: float
    uses: int = 1  # how often the list may use it
    headline: str = ""  # what it gives, in a few words; empty on lists older than words: worth off
    conditions: str = ""  # the rest of its terms
    points: int = 0  # that a use gives
    also_on: tuple[str, ...] = ()  # categories of its goods, beside its own, that the list has due

    def packed(self) -> dict[str, Any]:
        """What is stored of it."""
        return _kept(self)

    @classmethod
    def unpacked(cls, stored: Mapping[str, Any]) -> Self:
        """The offer that `stored` was packed from."""
        return msgspec.convert(stored, cls)


def _kept(item: DueItem | OfferItem) -> dict[str, Any]:
    """An item's fields; empty tuples, which nearly all have, take no room."""
    return {name: value for name, value in asdict(item).items() if value != ()}


@dataclass(frozen=True)
class Draft:
    """A list before it has a code."""

    shopper: str
    name: str
    language: str
    store: str
    tier: str
    due: tuple[DueItem, ...]
    offers: tuple[OfferItem, ...]
    club: str = ""  # the life-style's name as the model has it; empty on lists older than clubs
    articles: tuple[str, ...] = ()  # ids, as they were chosen when the list was made

    @property
    def worth(self) -> int:
        """What all offers take off, each used as often as it may, in minor units."""
        return sum(offer.worth * offer.uses for offer in self.offers)

    def content(self) -> dict[str, Any]:
        """The list's due items, offers and articles as they are packed into its row."""
        return {
            "tier": self.tier,
            "language": self.language,
            "club": self.club,
            "articles": list(self.articles),
            "due": [item.packed() for item in self.due],
            "offers": [item.packed() for item in self.offers],
        }

    @classmethod
    def restored(cls, content: str, **facts: str) -> "Draft":
        """The draft whose `content` was packed as JSON; facts: shopper, name, language, store.

        The language is the content's own, whatever the household reads by now; the fact stands in
        for it on lists that are older than languages.
        """
        packed = _packed(content)
        return cls(
            **(facts | {"language": packed.language or facts["language"]}),
            tier=packed.tier,
            due=packed.due,
            offers=packed.offers,
            club=packed.club,
            articles=packed.articles,
        )


class _Packed(msgspec.Struct, frozen=True):
    """`Draft.content` as it is read back; what older lists lack has its default."""

    tier: str
    due: tuple[DueItem, ...]
    offers: tuple[OfferItem, ...]
    language: str = ""
    club: str = ""
    articles: tuple[str, ...] = ()


# Straight into the items: with dicts between it took six times as long.
_READER = msgspec.json.Decoder(_Packed)


def _packed(content: str) -> _Packed:
    return decoded(_READER, content)


def decoded(reader: "msgspec.json.Decoder[Read]", content: str) -> Read:
    """A list's stored content, as a reader takes it.

    Half a character, which Python's JSON writes and no standard knows, is left out.
    """
    try:
        return reader.decode(content)
    except msgspec.DecodeError:
        whole = json.dumps(json.loads(content), ensure_ascii=False).encode("utf-8", "ignore")
        return reader.decode(whole)
