"""What is noticed and not refused: one household's card through many baskets at one till."""

from collections.abc import Collection
from datetime import datetime, timedelta

from promo.checkout.request import Transaction

WITHIN = timedelta(hours=1)
MOST_KEPT = 20_000  # households at tills


class Baskets:
    """Baskets of the last hour by household and till, those too in which no offer was used.

    The database knows those with offers, of all processes; the others each process remembers for
    itself. Only the event loop's thread may use it.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], dict[Transaction, datetime]] = {}

    def count(
        self, household: str, name: Transaction, at: datetime, stored: Collection[Transaction]
    ) -> int:
        """Baskets of an hour up to `at`, this one and the stored ones among them."""
        key = (household, name.store, name.till)
        if key not in self._kept and len(self._kept) >= MOST_KEPT:
            self._forget(at)
        kept = self._kept.setdefault(key, {})
        kept[name] = at
        for each in [each for each, when in kept.items() if not _is_near(when, at)]:
            del kept[each]
        return len({name, *stored} | {each for each, when in kept.items() if when <= at})

    def _forget(self, at: datetime) -> None:
        self._kept = {
            key: kept
            for key, kept in self._kept.items()
            if any(_is_near(when, at) for when in kept.values())
        }
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()


def _is_near(when: datetime, at: datetime) -> bool:
    return abs(at - when) < WITHIN
