"""Offers none of whose goods are in the basket, told apart before anything is reckoned.

Most of a list's offers are such at most tills; holding each against the belt costs more than all
the rest of a small basket's reckoning.
"""

from collections.abc import Sequence
from datetime import datetime

from promo.checkout.basket import reasons
from promo.checkout.basket.model import USUAL, Answer, Held, Matches, Rules, Together
from promo.checkout.basket.together import together
from promo.offers.basket import Line

GOODS = ("buy", "spend", "pounds", "kilograms")  # needs that only an offer's own goods can meet


def near(
    lines: Sequence[Line],
    held: Sequence[Held],
    matches: Matches,
    *,
    at: datetime,
    store: str,
    rules: Rules = USUAL,
) -> Together:
    """What `together` says, with the same arguments."""
    present = {
        line.product for line in lines if not line.excluded and min(line.quantity, line.amount) > 0
    }
    offers = {offer for product in present for offer, _ in matches.get(product, ())}
    close = [each for each in held if each.terms.id in offers or not _needs_goods(each)]
    given = together(lines, close, matches, at=at, store=store, rules=rules)
    answers = {answer.key: answer for answer in given.answers}
    told = tuple(answers.get(each.key) or _far(each, at, store) for each in held)
    return Together(told, given.exact, given.work)


def _needs_goods(held: Held) -> bool:
    """Whether it can give nothing without goods of its own."""
    purchases = held.terms.purchases.values()
    return all(purchase.named and purchase.need in GOODS for purchase in purchases)


def _far(held: Held, at: datetime, store: str) -> Answer:
    why = reasons.closed(held, at, store) or reasons.used_up(held) or reasons.why("not_bought")
    return Answer(held.key, (), why)
