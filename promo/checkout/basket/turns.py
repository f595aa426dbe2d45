"""Offers one after the other, each used as often as it may be before the next has its turn."""

from collections.abc import Sequence

from promo.checkout.basket.groups import Step
from promo.checkout.basket.ways import Offer


def in_turn(offers: Sequence[Offer], free: int) -> list[Step]:
    """The uses of offers that have their turn in the order given."""
    steps: list[Step] = []
    groups: set[str] = set()
    for offer in offers:
        if offer.group in groups or (offer.exclusive and steps):
            continue
        uses = _uses(offer, free)
        for _, way in uses:
            free &= ~way.mask
        steps += uses
        if uses and offer.group:
            groups.add(offer.group)
        if uses and offer.exclusive:
            break
    return steps


def _uses(offer: Offer, free: int) -> list[Step]:
    steps: list[Step] = []
    while len(steps) < offer.most:
        way = offer.way(free, len(steps))
        if way is None or not way.gives:
            break
        steps.append((offer, way))
        free &= ~way.mask
    return steps
