"""Examples: what the weights are learned from, pairs on past days and whether they were bought.

Every example asks what a night would have asked: its features are counted from the days before
its own day, its answer lies in a window that ended before the day of the fit. Six fortnightly
windows are enough, the latest ones; older ones teach an older chain.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promo.calendar import FORTNIGHT
from promo.shoppers import features
from promo.shoppers.bgnbd import Parameters
from promo.shoppers.features import Matrix, Span
from promo.shoppers.histories import Array, Histories

WINDOWS = 6
TRIPS = 4  # shopping days of a household to learn its repeats from
KINDS = ("repeat", "once")  # pairs bought on two days or more, and on one
SPANS = tuple(Span(lead, days) for lead in (0, 7) for days in (7, 14, 28))
FARTHEST = SPANS[-1].lead + SPANS[-1].days + FORTNIGHT * WINDOWS  # days back that are looked at

MOST, MOST_BESIDE = 1_000_000, 200_000  # examples of the span that is printed, and of another

Key = tuple[str, Span]  # kind of pair, span
Beside = Callable[[Histories, Parameters], Matrix]  # more columns, of shape (pairs, any)


@dataclass(frozen=True)
class Examples:
    """Features of shape (n, features.NAMES and more) and whether each pair was bought, (n,)."""

    x: Matrix
    y: Array

    @staticmethod
    def concat(parts: Iterable["Examples"]) -> "Examples":
        """The examples of several days or buckets as one."""
        parts = list(parts)
        return Examples(np.concatenate([e.x for e in parts]), np.concatenate([e.y for e in parts]))


def strides(pairs: Mapping[str, int], main: Span, spans: Iterable[Span]) -> dict[Key, int]:
    """Which part of the examples to take, one in so many; `pairs` counts those of each kind.

    All that memory allows for the repeats in the span that is printed; of others a sample, whose
    few hundred weights it is enough for.
    """
    found = {}
    for kind in KINDS:
        for span in spans:
            most = MOST if (kind, span) == ("repeat", main) else MOST_BESIDE
            found[kind, span] = max(1, round(pairs[kind] * WINDOWS / most))
    return found


def gather(
    h: Histories, p: Parameters, keep: int, every: Mapping[Key, int], beside: Beside | None = None
) -> dict[Key, Examples]:
    """The examples in some households' histories up to the day of the fit.

    `p` are the parameters of each pair of `h`; `keep` is how many days before its day an example
    may look at; `every` says which to gather, and of how many to take one; `beside` counts columns
    to stand beside the features, from what was known on an example's day.
    """
    found: dict[Key, list[Examples]] = {key: [] for key in every}
    for back in range(FORTNIGHT, FARTHEST, FORTNIGHT):
        wanted = {
            (kind, span): stride
            for (kind, span), stride in every.items()
            if 0 <= back - span.lead - span.days < FORTNIGHT * WINDOWS
        }
        if wanted:
            for key, examples in _on_a_day(h, p, keep, back, wanted, beside).items():
                found[key].append(examples)
    return {key: Examples.concat(parts) for key, parts in found.items()}


def _on_a_day(
    h: Histories, p: Parameters, keep: int, back: int, every: Mapping[Key, int],
    beside: Beside | None,
) -> dict[Key, Examples]:  # fmt: skip
    then, which = h.before(back, keep)
    more = beside(then, p.take(which)) if beside else None
    found = {}
    for thin, spans in _by_thinness(every).items():
        # Households are left out before anything is counted, single pairs only after.
        part, rows = then.one_in(thin)
        pairs = which[rows]
        of_pairs, kinds, x = p.take(pairs), of_kinds(part), None
        for span in spans:
            x = features.matrix(part, of_pairs, span, x)
            bought = h.bought(back, span.lead, span.days)[pairs].astype(np.float64)
            for kind in KINDS:
                if stride := every.get((kind, span)):
                    some = np.flatnonzero(kinds[kind])[:: max(1, stride // thin)]
                    wide = x[some] if more is None else np.hstack([x[some], more[rows[some]]])
                    found[kind, span] = Examples(wide, bought[some])
    return found


def _by_thinness(every: Mapping[Key, int]) -> dict[int, list[Span]]:
    """The spans by the stride that all their kinds have in common."""
    found: dict[int, list[Span]] = {}
    for span in dict.fromkeys(span for _, span in every):
        thin = min(stride for (_, of), stride in every.items() if of == span)
        found.setdefault(thin, []).append(span)
    return found


def of_kinds(h: Histories) -> dict[str, NDArray[np.bool_]]:
    """Of each kind, the pairs to learn from.

    A household that has come on fewer than four days has no habits yet that its repeats could
    tell of; what it bought once it is as good an example of as any. Those that stay away are
    examples too: else nobody would learn that they do.
    """
    known = (h.visits.count >= TRIPS)[h.household]
    return {"repeat": known & (h.n > 1), "once": h.n == 1}
