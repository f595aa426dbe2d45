"""What a check is and what it finds: sentences that say what is wrong, where, and what to do."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from promo.checking.look import Look

WRONG, LOOK = "wrong", "look"
SOME = 5  # values that are named where there are many


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    `wrong`: two places of the house contradict each other. `look`: nothing is lost or false, and a
    person should know of it all the same.
    """

    where: str  # a file, a row or rows
    what: str
    value: str
    expected: str
    todo: str  # a sentence
    level: str = WRONG
    moves: bool = False  # whether a command at work may be about to set it right

    @property
    def in_words(self) -> str:
        """The finding as sentences."""
        return f"{self.where}: {self.what} {self.value}; expected {self.expected}. {self.todo}"


Found = Iterable[Finding]


@dataclass(frozen=True)
class Check:
    """One thing that the house is held to: its name, what it holds in a line, and how."""

    name: str
    holds: str
    find: "Callable[[Look], Found]"


def several(values: Iterable[object]) -> str:
    """The first of some values, and how many more there are."""
    every = [str(value) for value in values]
    more = f" and {len(every) - SOME:,} more" if len(every) > SOME else ""
    return ", ".join(every[:SOME]) + more
