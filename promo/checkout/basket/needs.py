"""How many pieces one use of an offer takes, at least and at most, and how often pieces suffice."""

from collections.abc import Sequence
from fractions import Fraction

from promo.checkout.basket.ways import Offer
from promo.offers.basket import POUND, Piece
from promo.offers.conditions import Purchase
from promo.offers.rewards import FreeItem, Get
from promo.offers.taking import TARGETS


def fewest(offer: Offer) -> int:
    """The fewest pieces that a use takes."""
    least = [sum(_least(offer.purchases[n]) for n in way) for way in offer.terms.ways]
    return min(least) + on_top(offer)


def reach(offer: Offer) -> int | None:
    """The most pieces that a use takes; None where no number bounds them."""
    if not all(_counted(purchase) for purchase in offer.purchases.values()):
        return None
    most = {n: p.amount if p.need == "buy" else int(p.named) for n, p in offer.purchases.items()}
    return max(sum(most[n] for n in way) for way in offer.terms.ways) + on_top(offer)


def fewest_aimed(offer: Offer) -> int:
    """The fewest pieces among which a use looks for the cheapest, to give them."""
    found = []
    for way in offer.terms.ways:
        target = TARGETS.get(offer.reward.applies_to)
        aimed = set(way) if target is None else {target} & set(way)
        found.append(sum(_least(offer.purchases[n]) for n in aimed))
    return min(found) + on_top(offer)


def on_top(offer: Offer) -> int:
    """The pieces that a use gives on top of those bought."""
    reward = offer.reward
    if not isinstance(reward, Get | FreeItem) or reward.among:
        return 0
    return pieces_given(offer)


def pieces_given(offer: Offer) -> int:
    """The pieces that a use gives, where it gives the cheapest of some."""
    return offer.reward.get if isinstance(offer.reward, Get) else 1


def enough(offer: Offer, indices: Sequence[int]) -> int:
    """How many uses some pieces are enough for, at most; none counts what they leave over."""
    uses, least = offer.most, fewest(offer)
    if least:
        uses = min(uses, len(indices) // least)
    if offer.takes_all:
        uses = min(uses, 1)
    if len(offer.terms.ways) == 1:
        for number in offer.terms.ways[0]:
            purchase = offer.purchases[number]
            if uses and purchase.need not in ("basket", "nothing"):
                pieces = [offer.piece[n] for n in indices if number in offer.piece[n].purchases]
                uses = min(uses, _times(purchase, pieces))
    return uses


def _times(purchase: Purchase, pieces: Sequence[Piece]) -> int:
    if purchase.need == "buy":
        return len(pieces) // purchase.amount
    if purchase.need == "spend":
        return sum([piece.price for piece in pieces]) // purchase.amount
    per = "lb" if purchase.need == "pounds" else "kg"
    weight = sum([weight_of(piece, per) for piece in pieces], Fraction(0))
    return int(weight * 1000 / purchase.amount)


def weight_of(piece: Piece, per: str) -> Fraction:
    """Kilograms or pounds of a piece; none where it was not weighed."""
    weight = piece.weight or Fraction(0)
    return weight / POUND if per == "lb" else weight


def _least(purchase: Purchase) -> int:
    if purchase.need == "buy":
        return purchase.amount
    return int(purchase.named and purchase.need != "nothing")


def _counted(purchase: Purchase) -> bool:
    return purchase.need in ("buy", "basket", "nothing") and not purchase.takes_all
