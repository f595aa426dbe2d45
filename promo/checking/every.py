"""All checks, in the order in which they run: what others build on comes first."""

from collections.abc import Collection

from promo.checking import (
    folds,
    journals,
    leftovers,
    lists,
    offers,
    outputs,
    parts,
    promises,
    records,
    redemptions,
    references,
    shelf,
    tills,
)
from promo.checking.findings import Check

CHECKS: tuple[Check, ...] = (
    *references.CHECKS, *parts.CHECKS, *folds.CHECKS, *offers.CHECKS, *lists.CHECKS,
    *promises.CHECKS, *records.CHECKS, *outputs.CHECKS, *redemptions.CHECKS, *tills.CHECKS,
    *journals.CHECKS, *shelf.CHECKS, *leftovers.CHECKS,
)  # fmt: skip


def named(names: Collection[str]) -> tuple[Check, ...]:
    """The checks of some names, all where none is given. Raises KeyError."""
    unknown = sorted(set(names) - {check.name for check in CHECKS})
    if unknown:
        raise KeyError(unknown[0])
    return tuple(check for check in CHECKS if not names or check.name in names)
