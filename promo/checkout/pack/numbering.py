"""Numbers for what many lists share: given in the order of the first meeting, the base's kept."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

import msgspec

from promo.checkout.pack.layout import SURROGATES

Key = TypeVar("Key", bound=Hashable)


class Numbering(dict[Key, int]):
    """A number for each of some things; what lists hold often is met early and has a small one.

    new: those that were not known, in their order.
    """

    def __init__(self, known: Mapping[Key, int]) -> None:
        super().__init__(known)
        self._next = max(known.values(), default=-1) + 1
        self.new: list[tuple[int, Key]] = []

    def __missing__(self, key: Key) -> int:
        number = self[key] = self._next
        self._next += 1
        self.new.append((number, key))
        return number


class Words(dict[str, str]):
    """The same for words; their numbers are characters, of which UTF-16's halves are none."""

    def __init__(self, known: Mapping[str, str]) -> None:
        super().__init__(known)
        self._next = max(map(ord, known.values()), default=-1) + 1
        self.new: list[tuple[int, str]] = []

    def __missing__(self, word: str) -> str:
        if self._next in SURROGATES:
            self._next = SURROGATES.stop
        found = self[word] = chr(self._next)
        self.new.append((self._next, word))
        self._next += 1
        return found


class Face(msgspec.Struct, frozen=True, gc=False):
    """An offer as it stands on a list, as far as tills need it; nothing of the household.

    worth: minor units; buy: pieces; cell: loyalty/volume; uses: that the list may have.
    """

    offer: str
    title: str
    worth: int
    buy: int
    cell: str
    uses: int = 1
    headline: str = ""


class Due(msgspec.Struct, frozen=True, gc=False):
    """A due item, as tills tell it."""

    words: str


class Content(msgspec.Struct, frozen=True, gc=False):
    """What a list's stored content says that tills need."""

    offers: tuple[Face, ...]
    due: tuple[Due, ...]
