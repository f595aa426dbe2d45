"""Why an offer was not used: a closed set of codes, each with a sentence."""

from collections.abc import Sequence
from datetime import datetime

from promo.checkout.basket.making import Made
from promo.checkout.basket.model import Held, Why
from promo.checkout.basket.ways import Offer
from promo.offers.pricing import UNMET, unmet, worthless

REASONS: dict[str, str] = {
    "day": "The offer is not good on this day.",
    "time": "The offer is not good at this time.",
    "store": "The offer is not good in this store.",
    "no_uses": "The offer has been used as often as it may be.",
    "no_uses_household": "The household has used the offer as often as it may.",
    "no_uses_today": "The household has used the offer as often as it may today.",
    "not_bought": "None of the items is in the basket.",
    **dict(UNMET.values()),
    "over_value": "The items cost less than the offer takes off.",
    "no_saving": "There is nothing that the offer could take off.",
    "taken": "Other offers have used the items.",
    "stacking": "Another offer of its group has been used, and a basket gets one of them.",
    "exclusive": "It goes with no other offer, and others have been used.",
    "excluded": "Another offer has been used that goes with no other.",
}


def why(code: str, by: Sequence[str] = ()) -> Why:
    """A reason of REASONS."""
    return Why(code, REASONS[code], tuple(by))


def closed(held: Held, at: datetime, store: str) -> Why | None:
    """Why an offer is not good here and now; None where it is."""
    found = held.terms.closed(at, store)
    return None if found is None else why(found)


def used_up(held: Held) -> Why | None:
    """Which limit leaves an offer no use; None where there is one left."""
    codes = ("no_uses", "no_uses_household", "no_uses_today")
    for code, left in zip(codes, held.left, strict=True):
        if left is not None and left <= 0:
            return why(code)
    return None


def unused(offer: Offer, offers: Sequence[Offer], made: Made) -> Why:
    """Why an offer that could have been used was not."""
    way = offer.way(offer.belt.whole, 0)
    if way is None:
        pieces = [piece for _, piece in offer.own]
        return why(unmet(offer.terms, pieces, offer.belt.total).code)
    if not way.gives:
        return why(worthless(offer.reward).code)
    used = [other for other in offers if made.uses.get(other.place)]
    in_the_way = {
        "excluded": [other for other in used if other.exclusive],
        "exclusive": used if offer.exclusive else [],
        "stacking": [other for other in used if offer.group and other.group == offer.group],
        "taken": [other for other in used if made.taken[other.place] & offer.mask],
    }
    for code, others in in_the_way.items():
        if others:
            return why(code, [other.held.key for other in others])
    return why(worthless(offer.reward).code)
