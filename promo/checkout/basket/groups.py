"""Which offers hang together: those that decide something for each other."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from promo.checkout.basket.ways import Offer, Way, Ways

Step = tuple[Offer, Way]
NOBODY = 0


class Live(NamedTuple):
    """An offer that can be used: its uses so far, the next one, and what all left may be worth."""

    offer: Offer
    uses: int
    way: Way
    bound: int


def contested(masks: Iterable[int]) -> int:
    """The pieces that more than one offer wants."""
    once = twice = NOBODY
    for mask in masks:
        twice |= once & mask
        once |= mask
    return twice


def at_most(live: Sequence[Live]) -> int:
    """A number that no plan of these offers is worth more than: one of a stacking group."""
    most, of_group = 0, dict[str, int]()
    for offer, _, _, bound in live:
        if offer.group is None:
            most += bound
        elif bound > of_group.get(offer.group, 0):
            of_group[offer.group] = bound
    return most + sum(of_group.values())


def split(live: Sequence[Live], free: int) -> list[list[Live]]:
    """Offers in groups that share free pieces or a stacking group."""
    shared = contested([each.offer.mask & free for each in live])
    groups: list[tuple[list[Live], int, set[str]]] = []
    for one in live:
        offer = one.offer
        members, mask = [one], offer.mask & shared
        names = {offer.group} if offer.group else set[str]()
        apart = []
        for group in groups:
            if group[1] & mask or group[2] & names:
                members, mask, names = group[0] + members, group[1] | mask, group[2] | names
            else:
                apart.append(group)
        groups = [*apart, (members, mask, names)]
    return [sorted(members, key=_place) for members, _, _ in groups]


def next_uses(group: Sequence[Live]) -> list[Step]:
    """The uses that may come next: the chain's own before coupons."""
    ways = [(offer, way) for offer, _, way, _ in group if way.gives]
    return [step for step in ways if not step[0].held.coupon] or ways


def next_choices(group: Sequence[Live], free: int) -> list[Step]:
    """The uses of which one may as well come next, leaving pieces to others among them.

    Uses come to the same in any order where none touches what another takes. So it is enough to
    begin with one offer and all that could touch what it takes, or what these take: the fewest.
    """
    found = {o.place: o.ways(free, uses) for o, uses, _, _ in group}
    gives = {place for place, ways in found.items() if ways.gives}
    own = any(not o.held.coupon for o, _, _, _ in group if o.place in gives)
    offers = {o.place: o for o, _, _, _ in group if not (own and o.held.coupon)}
    ways = {place: found[place] for place in offers}
    gives &= offers.keys()
    best: list[Step] = []
    for place in sorted(gives):
        if place not in gives or len(best) == 1:
            continue
        members = _together(place, offers, ways, free)
        gives -= members
        steps = [(offers[n], way) for n in sorted(members) for way in ways[n].gives]
        if not best or len(steps) < len(best):
            best = steps
    return best


def _together(
    place: int, offers: Mapping[int, Offer], ways: Mapping[int, Ways], free: int
) -> set[int]:
    """An offer, and every other that could touch what one of them takes next."""
    inside, new, touched, names = set[int](), {place}, NOBODY, set[str | None]()
    while new:
        inside |= new
        for each in new:
            offer = offers[each]
            touched |= ways[each].mask if offer.stable else offer.mask & free
            names |= {offer.group} - {None}
        new = {
            each
            for each, offer in offers.items()
            if each not in inside and (offer.mask & touched or offer.group in names)
        }
    return inside


def _place(live: Live) -> int:
    return live.offer.place
