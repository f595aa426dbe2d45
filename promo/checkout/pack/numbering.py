"""Numbers for what many lists share: given in the order of the first meeting, the base's kept."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

Key = TypeVar("Key", bound=Hashable)


class Numbering(Generic[Key]):
    """A number for each of some things; what lists hold often is met early and has a small one."""

    def __init__(self, known: Mapping[Key, int], first: int = 0) -> None:
        self._numbers = dict(known)
        self._next = max(known.values(), default=first - 1) + 1

    def __getitem__(self, key: Key) -> int:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._next
            self._next += 1
        return number

    def items(self) -> Iterable[tuple[Key, int]]:
        """All of them with their numbers."""
        return self._numbers.items()


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


class _Due(msgspec.Struct, frozen=True, gc=False):
    words: str


class Content(msgspec.Struct, frozen=True, gc=False):
    """What a list's stored content says that tills need."""

    offers: tuple[Face, ...]
    due: tuple[_Due, ...]

    def words(self) -> Iterator[str]:
        """The due items' words."""
        return (each.words for each in self.due)
