"""The house, for a command that holds its lock: swept of what killed ones left."""

from collections.abc import Callable

from promo import leftovers
from promo.config import Settings
from promo.house import House


def enter(settings: Settings, say: Callable[[str], None]) -> House:
    """Open the house; a change of households that was killed is finished first, and said.

    The caller holds the lock. Raises DatabaseError, Gone.
    """
    from promo.person import unfinished

    leftovers.sweep(settings)
    house = House.open(settings, patient=True)
    for said in unfinished.finish(house):
        say(said)
    return house
