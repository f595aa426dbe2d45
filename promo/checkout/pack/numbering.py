"""Numbers for what many lists share: given in the order of the first meeting, the base's kept."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

Key = TypeVar("Key", bound=Hashable)


class Numbering(Generic[Key]):
    """A number for each of some things; what lists hold often is met early and has a small one."""

    def __init__(self, known: Mapping[Key, int]) -> None:
        self._numbers = dict(known)
        self._next = max(known.values(), default=-1) + 1
        self.new: list[tuple[int, Key]] = []

    def __getitem__(self, key: Key) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._next
            self._next += 1
            self.new.append((number, key))
        return number

    def __iter__(self) -> Iterator[Key]:
        return iter(self._numbers)


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
