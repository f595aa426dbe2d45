"""What goes into a basket's reckoning, and what comes out of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from promo.offers.basket import Unit
from promo.offers.terms import Terms

Policy = Literal["best_for_shopper", "best_for_chain", "in_order"]
# Which offers a product counts to: product -> pairs of an offer's id and its purchase, 1 to 3.
Matches = Mapping[str, Collection[tuple[str, int]]]
WORK = 100  # steps of the search for the best plan: some tens of milliseconds


class Left(NamedTuple):
    """Uses that are left, None where no limit is known; the terms' own per list holds anyway."""

    on_list: int | None = None
    household: int | None = None
    today: int | None = None


NO_LIMIT = Left()


@dataclass(frozen=True)
class Held:
    """An offer that the basket may use: on the shopper's list, or a coupon handed over.

    key: its name in this basket, such as the offer's id (two coupons of one offer need two keys);
    number: the reward's number, such as `terms.number(cell)`.
    """

    key: str
    terms: Terms
    number: int
    left: Left = NO_LIMIT
    coupon: bool = False


@dataclass(frozen=True)
class Rules:
    """How a chain decides between offers that compete.

    point: what a point counts against money, in millionths of a minor unit; one means that money
    goes first. work: the most steps that the search for the best may take.
    """

    policy: Policy = "best_for_shopper"
    point: int = 1
    work: int = WORK


USUAL = Rules()


class Part(NamedTuple):
    """What one use takes off one piece (minor units), and how much of it the funder pays."""

    off: int
    funder: int
    points: int

    @property
    def store(self) -> int:
        """What the store bears of it."""
        return self.off - self.funder


@dataclass(frozen=True)
class Use:
    """One use: the pieces that it took, and what came off each.

    `handling` is what the funder pays on top and no part of the discount. `counted` are minor units
    of the basket's sum that the offer's uses have counted as their own, this one included.
    """

    number: int
    units: tuple[Unit, ...]
    parts: Mapping[Unit, Part]
    handling: int
    counted: int = 0

    @property
    def discount(self) -> int:
        """Minor units off."""
        return sum(part.off for part in self.parts.values())

    @property
    def funder(self) -> int:
        """What the funder pays of the discount."""
        return sum(part.funder for part in self.parts.values())

    @property
    def points(self) -> int:
        """Points given."""
        return sum(part.points for part in self.parts.values())


@dataclass(frozen=True)
class Why:
    """Why an offer was not used: a code of `reasons.REASONS`, its sentence, the keys in its way."""

    code: str
    sentence: str
    by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Share:
    """What comes off one line: in all, from the funder, from the store, and the points it earns."""

    off: int
    funder: int
    points: int

    @property
    def store(self) -> int:
        """What the store bears: the price that sales tax is due on is lower by this alone."""
        return self.off - self.funder


@dataclass(frozen=True)
class Answer:
    """One offer's part in a basket; `why` says why there is none."""

    key: str
    uses: tuple[Use, ...]
    why: Why | None

    @property
    def discount(self) -> int:
        """Minor units off."""
        return sum(use.discount for use in self.uses)

    @property
    def funder(self) -> int:
        """What the funder pays of the discount."""
        return sum(use.funder for use in self.uses)

    @property
    def store(self) -> int:
        """What the store bears of the discount."""
        return self.discount - self.funder

    @property
    def points(self) -> int:
        """Points given."""
        return sum(use.points for use in self.uses)

    def shares(self) -> dict[int, Share]:
        """What comes off each line that it touches."""
        return _by_line(self.uses)


@dataclass(frozen=True)
class Together:
    """What a basket's offers give together, an answer an offer, in the order they were given in.

    exact: whether the search went through, so that nothing better is possible; work: its steps.
    """

    answers: tuple[Answer, ...]
    exact: bool
    work: int

    @property
    def discount(self) -> int:
        """Minor units off."""
        return sum(answer.discount for answer in self.answers)

    @property
    def points(self) -> int:
        """Points given."""
        return sum(answer.points for answer in self.answers)

    def shares(self) -> dict[int, Share]:
        """What comes off each line in all."""
        return _by_line(tuple(use for answer in self.answers for use in answer.uses))


def _by_line(uses: tuple[Use, ...]) -> dict[int, Share]:
    found: dict[int, Share] = {}
    for use in uses:
        for (line, _), part in use.parts.items():
            so_far = found.get(line, Share(0, 0, 0))
            found[line] = Share(
                so_far.off + part.off, so_far.funder + part.funder, so_far.points + part.points
            )
    return dict(sorted(found.items()))
