"""What a check is and what it finds: sentences that say what is wrong, where, and what to do."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

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

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            name: shown(value) if isinstance(value, str) else value
            for name, value in asdict(self).items()
        }

    @property
    def in_words(self) -> str:
        """The finding as sentences, on one line."""
        said = f"{self.where}: {self.what} {self.value}; expected {self.expected}. {self.todo}"
        return shown(said)


def shown(text: str) -> str:
    """Text that may hold a file's name, which may be any bytes, as it can be printed."""
    bytes_ = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in bytes_)


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
