"""From prices to lists within budgets: drop what is too much, refill what is left, better the rest.

Prices leave budgets a little over- or underspent, because offers do not divide. Drops come first,
of whatever costs its list least; then what is left of budgets goes to the refused who lose least by
being let in, at the prices for all they use of other budgets; at last each household takes what it
can still better itself by, until nobody can.
"""

import numpy as np

from promo.offers import moves
from promo.offers.household import Flags, Floats, Ints, Night, Work, work
from promo.offers.ledger import Ledger, holds

MOST = 200_000  # rows that are put in order at a time
FIRST = 0.02  # of the typical value: how little whoever is moved first may lose
WIDER = 4.0
FURTHEST = 50.0  # typical values; whoever would lose more is asked last
REFILLS = 4
SOFTER = (1.0, 0.7, 0.4, 0.2)  # of the prices, for bands and rivals


def repair(
    night: Night, books: Ledger, price: Floats, chosen: Flags, unit: float, nodes: int,
    passes: int, pull: float,
) -> None:  # fmt: skip
    """Change the lists `chosen` (n,) until budgets hold and nobody can do better alone.

    unit: the typical value of a candidate; nodes: as of `search.solve`; passes: over all
    households at the end; pull: value of a minor unit of worth where a band must be given up.
    """
    room = work(night)
    _drop(night, room, books, price, chosen, unit, nodes, pull)
    _refill(night, room, books, price, chosen, unit, nodes)
    if not night.plain.all():
        for part in SOFTER:
            moves.better(night, room, books, part * price, chosen, nodes, True)
    nothing = np.zeros_like(price)
    for _ in range(passes):
        if not moves.better(night, room, books, nothing, chosen, nodes, False):
            break


class _Rows:
    """Room for rows to move: row, household, and what it costs or gains."""

    def __init__(self, n: int) -> None:
        self.row, self.household = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self.worth = np.zeros(n)

    def sorted(self, count: int, sign: int) -> tuple[Ints, Ints]:
        """The first `count` rows and their households by rising (1) or falling (-1) worth."""
        order = np.argsort(sign * self.worth[:count], kind="stable")
        return self.row[order], self.household[order]


def _drop(
    night: Night, room: Work, books: Ledger, price: Floats, chosen: Flags, unit: float,
    nodes: int, pull: float,
) -> None:  # fmt: skip
    """Drop rows until every budget holds; those who would lose least first.

    Bands are given up only when all that overspend have been asked.
    """
    rows = _Rows(min(MOST, len(chosen)) + 1)
    width = FIRST * unit
    while True:
        overspent = np.array([not holds(books, o) for o in range(len(price))], np.uint8)
        if not overspent.any():
            return
        args = night, room, price, chosen, overspent, width
        count = moves.to_spare(*args, rows.row, rows.household, rows.worth)
        last = pull if width == np.inf else 0.0
        moves.drop(night, room, books, *rows.sorted(count, 1), price, chosen, nodes, last)
        if width == np.inf and count < len(rows.row):
            return  # what still overspends did so before tonight
        if count < len(rows.row):
            width = width * WIDER if width < FURTHEST * unit else np.inf


def _refill(
    night: Night, room: Work, books: Ledger, price: Floats, chosen: Flags, unit: float, nodes: int
) -> None:
    """Let refused rows in where budgets have something left; who gains most comes first."""
    rows = _Rows(min(MOST, len(chosen)) + 1)
    width = FIRST * unit
    for _ in range(REFILLS):
        count = moves.nearest(
            night, room, books, price, chosen, width, rows.row, rows.household, rows.worth
        )
        moves.refill(night, room, books, *rows.sorted(count, -1), price.copy(), chosen, nodes)
        width *= WIDER
